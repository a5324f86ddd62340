//! Golden files.
#![allow(clippy::unwrap_used, reason = "clippy exempts test functions, not their helpers")]

use std::path::Path;

/// Compares with `tests/golden/<name>`, one tag a line; `BLESS=1` writes it instead.
pub fn check_golden(name: &str, markup: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let text = markup.replace("><", ">\n<") + "\n";
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == text, "{name} differs; run with BLESS=1 and read the diff");
}
