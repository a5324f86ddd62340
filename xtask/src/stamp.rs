//! Doing nothing where nothing changed: a stamp is a hash of all that goes in.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

/// Hash over names and contents of these files and folders (build outputs below them left out).
#[must_use]
pub fn of(root: &Path, inputs: &[&str]) -> String {
    let mut files = Vec::new();
    for input in inputs {
        collect(&root.join(input), &mut files);
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.strip_prefix(root).unwrap_or(&file).hash(&mut hasher);
        std::fs::read(&file).unwrap_or_default().hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if ["target", "build", "node_modules", ".wrangler"].contains(&name) {
        return;
    }
    match std::fs::read_dir(path) {
        Ok(entries) => entries.flatten().for_each(|entry| collect(&entry.path(), files)),
        Err(_) => files.push(path.to_path_buf()),
    }
}

/// Is this the stamp that was left there?
#[must_use]
pub fn is_current(file: &Path, stamp: &str) -> bool {
    std::fs::read_to_string(file).is_ok_and(|found| found == stamp)
}

/// Leaves a stamp.
///
/// # Errors
/// The file cannot be written.
pub fn leave(file: &Path, stamp: &str) -> Result<(), String> {
    std::fs::write(file, stamp).map_err(|error| format!("{}: {error}", file.display()))
}
