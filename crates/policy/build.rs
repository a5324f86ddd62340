//! Turns `texts/*.toml` into a table, and stops the build where a language is not whole: a key that is missing or
//! unknown, an empty text, a brace that English does not have. Runs on the machine that builds; nothing of it ships.

mod whole;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use toml::de::DeTable;
use whole::{Language, MEASURE, compare};

fn main() -> Result<(), String> {
    let folder = Path::new("texts");
    println!("cargo:rerun-if-changed={}", folder.display());
    let listed = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let languages: Vec<Language> = files.iter().map(|file| read(file)).collect::<Result<_, _>>()?;
    let Some((_, english)) = languages.iter().find(|(tag, _)| tag == MEASURE) else {
        return Err(format!("{}: {MEASURE}.toml is missing", folder.display()));
    };
    let faults: Vec<String> = languages.iter().flat_map(|language| compare(language, english)).collect();
    if !faults.is_empty() {
        return Err(format!("texts that are not whole:\n  {}", faults.join("\n  ")));
    }
    let out = std::env::var("OUT_DIR").map_err(|error| format!("OUT_DIR: {error}"))?;
    let table = Path::new(&out).join("languages.rs");
    std::fs::write(&table, write(&languages, english))
        .map_err(|error| format!("{}: {error}", table.display()))
}

fn read(file: &Path) -> Result<Language, String> {
    let name = file.display();
    let tag = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let is_tag = tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_tag || file.extension().is_none_or(|extension| extension != "toml") {
        return Err(format!("{name}: a language's file is named by its tag, as in pt-BR.toml"));
    }
    let text = std::fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
    let table = DeTable::parse(&text).map_err(|error| format!("{name}: {error}"))?;
    let mut entries: Vec<(usize, String, String)> = Vec::new();
    for (key, value) in table.get_ref().iter() {
        let Some(text) = value.get_ref().as_str() else {
            return Err(format!("{name}: {}: is no text", key.get_ref()));
        };
        entries.push((key.span().start, key.get_ref().to_string(), text.to_owned()));
    }
    entries.sort();
    Ok((tag.to_owned(), entries.into_iter().map(|(_, key, text)| (key, text)).collect()))
}

/// Languages that are alike stand together in the table: what compresses a Worker looks back 32 kB, and finds the words of
/// the neighbours there. 3.5 kB, measured. The order has no other meaning; a language that is not named stands at the end.
const NEIGHBOURS: [&str; 39] = [
    "de", "en", "nl", "da", "nb", "sv", "et", "fi", "hr", "sl", "eu", "tr", "es", "pt", "ca", "it", "fr",
    "ro", "lv", "lt", "mt", "is", "ga", "he", "zh-Hans", "ja", "ko", "ar", "fa", "ur", "cs", "sk", "pl",
    "hu", "hi", "bg", "ru", "uk", "el",
];

fn write(languages: &[Language], english: &[(String, String)]) -> String {
    let mut out = String::new();
    let keys: Vec<&str> = english.iter().map(|(key, _)| key.as_str()).collect();
    let _ = writeln!(out, "texts!({});", keys.join(", "));
    let tags: Vec<&str> = languages.iter().map(|(tag, _)| tag.as_str()).collect();
    let _ = writeln!(out, "impl Texts {{\n    /// The languages that are built in, BCP 47, in order.");
    let _ = writeln!(out, "    pub const BUILT_IN_TAGS: [&'static str; {}] = {tags:?};\n}}", tags.len());
    let _ = writeln!(out, "/// Tag, and the texts in the order of [`Texts::KEYS`], a line each.");
    let _ = writeln!(out, "static BUILT_IN: [(&str, &str); {}] = [", languages.len());
    let mut neighbours: Vec<&Language> = languages.iter().collect();
    let place = |tag: &str| NEIGHBOURS.iter().position(|known| *known == tag).unwrap_or(NEIGHBOURS.len());
    neighbours.sort_by_key(|(tag, _)| place(tag));
    for (tag, entries) in neighbours {
        let text = |key: &&str| entries.iter().find(|(known, _)| known == key).map_or("", |(_, text)| text);
        let texts: Vec<&str> = keys.iter().map(text).collect();
        let _ = writeln!(out, "    ({tag:?}, {:?}),", texts.join("\n"));
    }
    out + "];\n"
}
