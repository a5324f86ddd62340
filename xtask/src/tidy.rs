//! `cargo xtask tidy`: the house's rules, as checks that fail.

use crate::root;
use std::path::{Path, PathBuf};

/// Longest Rust file.
const LINES_MAX: usize = 500;

/// Which rooms a room may import. Arrows only point down. Source: ARCHITECTURE.md.
const MAY_IMPORT: [(&str, &[&str]); 15] = [
    ("crates/consent", &[]),
    ("crates/sort", &[]),
    ("crates/catalogue", &["consent"]),
    ("crates/receipt", &["consent", "sort"]),
    ("crates/stats", &[]),
    ("crates/platform", &["stats"]),
    ("crates/policy", &["consent", "sort"]),
    ("crates/rewrite", &["catalogue", "consent", "sort"]),
    ("crates/view", &["consent", "policy", "sort", "stats"]),
    ("crates/gate", &["consent"]),
    ("crates/verifier", &["consent", "receipt"]),
    ("crates/cli", &["catalogue", "consent", "policy", "receipt"]),
    (
        "worker",
        &["catalogue", "consent", "platform", "policy", "receipt", "rewrite", "sort", "stats", "view"],
    ),
    ("dashboard", &["catalogue", "consent", "platform", "policy", "receipt", "stats", "view"]),
    ("xtask", &["consent"]),
];

/// What must never be linked into the page, each for its bytes. Source: style.md section 3.
const NOT_IN_THE_PAGE: [&str; 9] = [
    "serde",
    "serde_json",
    "serde-wasm-bindgen",
    "url",
    "regex",
    "gloo-net",
    "gloo-storage",
    "wasm-bindgen-futures",
    "getrandom",
];

/// Checks every rule and says every breach.
///
/// # Errors
/// The breaches, a line each.
pub fn tidy() -> Result<(), String> {
    let mut breaches = Vec::new();
    let root = root();
    let mut files = Vec::new();
    for folder in ["crates", "dashboard", "worker", "xtask"] {
        rust_files(&root.join(folder), &mut files);
    }
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let name = file.strip_prefix(&root).unwrap_or(&file).display().to_string();
        if !text.starts_with("//!") && !text.starts_with("#!") {
            breaches.push(format!("{name}: begin with //! and what lives here"));
        }
        if text.lines().count() > LINES_MAX && !name.ends_with("generated.rs") {
            breaches.push(format!("{name}: longer than {LINES_MAX} lines"));
        }
        let is_shared = name.starts_with("crates/")
            && !name.starts_with("crates/gate")
            && !name.starts_with("crates/cli");
        if is_shared && text.contains("cfg(target") {
            breaches.push(format!("{name}: no shared crate may ask where it runs"));
        }
    }
    let architecture = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap_or_default();
    for (room, allowed) in MAY_IMPORT {
        let file = root.join(room).join("Cargo.toml");
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        if text.is_empty() {
            breaches.push(format!("{room}: there is no such room; mend the list in xtask/src/tidy.rs"));
        }
        if !architecture.contains(&format!("`{room}`")) {
            breaches.push(format!("ARCHITECTURE.md does not name `{room}`"));
        }
        let Some(dependencies) =
            text.split("[dependencies]").nth(1).and_then(|rest| rest.split("\n[").next())
        else {
            continue;
        };
        for line in dependencies.lines() {
            let Some((dependency, _)) = line.split_once([' ', '=']) else { continue };
            if let Some(imported) = dependency.strip_prefix("postern-")
                && !allowed.contains(&imported)
            {
                breaches.push(format!("{room} imports {imported}: arrows only point down"));
            }
            if room == "crates/gate" && NOT_IN_THE_PAGE.contains(&dependency) {
                breaches.push(format!("{room} links {dependency}: too many bytes for the page"));
            }
        }
    }
    breaches.extend(dependency_breach(&root));
    for folder in std::fs::read_dir(root.join("crates")).into_iter().flatten().flatten() {
        let room = format!("crates/{}", folder.file_name().to_string_lossy());
        if !MAY_IMPORT.iter().any(|(known, _)| *known == room) {
            breaches.push(format!("{room}: not in the list of rooms in xtask/src/tidy.rs"));
        }
    }
    if breaches.is_empty() {
        Ok(())
    } else {
        Err(format!("the house is not tidy:\n  {}", breaches.join("\n  ")))
    }
}

/// Every crate that is linked into the page, by name, against the list that was agreed on. With `BLESS=1`
/// the list is written anew.
fn dependency_breach(root: &Path) -> Option<String> {
    let mut command = std::process::Command::new("cargo");
    command.args([
        "tree",
        "--offline",
        "-p",
        "postern-gate",
        "-e",
        "normal",
        "--target",
        "wasm32-unknown-unknown",
    ]);
    let tree = crate::run::output(command.args(["--prefix", "none", "--format", "{p}"]).current_dir(root))?;
    let mut names: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    names.sort_unstable();
    names.dedup();
    let found = names.join("\n") + "\n";
    let file = root.join("crates/gate/dependencies.txt");
    if std::env::var_os("BLESS").is_some() {
        let _ = std::fs::write(&file, &found);
    }
    let agreed = std::fs::read_to_string(&file).unwrap_or_default();
    (agreed != found).then(|| {
        "crates/gate: another set of crates is linked into the page than crates/gate/dependencies.txt names; \
         give the reason in the commit and run with BLESS=1"
            .to_string()
    })
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") && !path.ends_with("build") {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
