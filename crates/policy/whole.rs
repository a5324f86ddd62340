//! When a language is whole. Part of the build script; `tests/whole.rs` looks whether it would stop a build.

use std::collections::BTreeSet;

/// Where what is looked for in every language is read from.
pub const MEASURE: &str = "en";

/// A language's tag, and key and text in the order of its file.
pub type Language = (String, Vec<(String, String)>);

/// What this language lacks, has too much, or says with other braces than English.
pub fn compare((tag, entries): &Language, english: &[(String, String)]) -> Vec<String> {
    let keys: Vec<&str> = entries.iter().map(|(key, _)| key.as_str()).collect();
    let wanted: Vec<&str> = english.iter().map(|(key, _)| key.as_str()).collect();
    let missing =
        wanted.iter().filter(|key| !keys.contains(key)).map(|key| format!("{tag}: {key}: is missing"));
    let unknown =
        keys.iter().filter(|key| !wanted.contains(key)).map(|key| format!("{tag}: {key}: is unknown"));
    let mut faults: Vec<String> = missing.chain(unknown).collect();
    for (key, text) in entries {
        if text.is_empty() || text.trim() != text || text.chars().any(char::is_control) {
            faults.push(format!("{tag}: {key}: is empty, has blanks around it or a control character"));
        }
        let braces = english.iter().find(|(known, _)| known == key).map(|(_, text)| braces(text));
        if braces.is_some_and(|wanted| wanted != self::braces(text)) {
            faults.push(format!("{tag}: {key}: has other braces than {MEASURE}"));
        }
    }
    faults
}

/// What stands in braces, and any brace that has no partner.
fn braces(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).map(|rest| rest.split_once('}').map_or(rest, |(name, _)| name)).collect()
}
