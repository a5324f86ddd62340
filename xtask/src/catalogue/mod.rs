//! `cargo xtask gen`: vendor data files → the edge's static tables, the stub's table, shared vectors.
//!
//! The data files are the only place where a vendor fact is written. What `lint` refuses, no build can
//! ship. Matching itself is `postern-catalogue`'s and the stub's; `model` is what they must agree with.

mod calls;
mod innocent;
mod lint;
#[cfg(test)]
mod lint_tests;
mod model;
mod pattern;
mod rust;
mod schema;
mod stub;
mod vectors;

use model::Model;
use schema::{KeepFile, VendorFile};
use std::collections::BTreeMap;
use std::path::Path;

/// What one generation writes: path from the repository root → content.
pub type Outputs = BTreeMap<String, String>;

/// Reads every vendor file and renders everything that follows from them.
///
/// # Errors
/// The file's name, what is wrong in it, and what to write instead.
pub fn generate(root: &Path) -> Result<Outputs, String> {
    let (vendors, keep) = read(&root.join("crates/catalogue"))?;
    lint::check_all(&vendors, &keep)?;
    let model = Model::new(&vendors)?;
    Ok(Outputs::from([
        ("crates/catalogue/src/generated.rs".into(), rust::render(&vendors, &model, &keep)?),
        ("www/stub/calls.js".into(), calls::render(&vendors)?),
        ("www/stub/catalogue.js".into(), stub::render(&vendors, &model)?),
        ("tests/vectors/urls.json".into(), vectors::urls(&vendors, &model)?),
        ("tests/vectors/allowed.json".into(), vectors::allowed(&vendors)),
        ("tests/vectors/cookies.json".into(), vectors::cookies(&vendors, &keep)),
        ("tests/vectors/params.json".into(), vectors::params(&vendors)),
    ]))
}

/// The vendors, by id, and what is kept.
fn read(folder: &Path) -> Result<(Vec<VendorFile>, KeepFile), String> {
    let path = folder.join("keep.toml");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let keep: KeepFile = toml::from_str(&text).map_err(|error| format!("keep.toml: {error}"))?;
    let folder = folder.join("vendors");
    let paths = std::fs::read_dir(&folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let mut vendors = Vec::new();
    for path in paths {
        let shown = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{shown}: {error}"))?;
        vendors.push(lint::parse_vendor(&shown, &text)?);
    }
    vendors.sort_by(|one, other| one.id.cmp(&other.id));
    Ok((vendors, keep))
}

/// Writes the outputs, or with `is_check` says which are not what the vendor files make them.
///
/// # Errors
/// A faulty vendor file, a file that cannot be written, or a stale output.
pub fn write_or_check(root: &Path, is_check: bool) -> Result<(), String> {
    let mut stale = Vec::new();
    for (name, content) in generate(root)? {
        let path = root.join(&name);
        // Generated Rust is formatted like all Rust; only the formatter decides about white space.
        let squeeze = |text: &str| match name.ends_with(".rs") {
            true => {
                let bare: String = text.split_whitespace().collect();
                bare.replace(",}", "}").replace(",]", "]").replace(",)", ")")
            }
            false => text.to_string(),
        };
        if std::fs::read_to_string(&path).is_ok_and(|found| squeeze(&found) == squeeze(&content)) {
            continue;
        }
        if is_check {
            stale.push(name);
            continue;
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        std::fs::write(&path, content).map_err(|error| format!("{name}: {error}"))?;
        println!("wrote {name}");
    }
    if stale.is_empty() { Ok(()) } else { Err(format!("stale, run `cargo xtask gen`: {}", stale.join(", "))) }
}
