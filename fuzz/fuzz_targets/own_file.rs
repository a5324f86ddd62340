#![no_main]
//! Which kind of file, then any bytes as one that the site serves.

use postern_fuzz::{denied, page_url};
use postern_rewrite::{FileKind, plan_file};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((kind, bytes)) = data.split_first() else { return };
    let (kind, content_type) = match kind % 4 {
        0 => (FileKind::Style, "text/css"),
        1 => (FileKind::Script, "text/javascript"),
        2 => (FileKind::Rules, "application/speculationrules+json"),
        _ => (FileKind::Style, "text/css; charset=shift_jis"),
    };
    let plan = plan_file(kind, content_type, bytes, &page_url(), &denied(), "");
    assert_eq!(plan.is_personal, plan.replacement.is_some());
    let Some((replaced, charset)) = plan.replacement else { return };
    let again = plan_file(kind, &format!("text/x; charset={charset}"), &replaced, &page_url(), &denied(), "");
    assert!(again.replacement.is_none(), "held again: {}", String::from_utf8_lossy(&replaced));
});
