//! Addresses in inline scripts that start a request before any code runs, or that no code of ours can stop:
//! imports of modules, and the JSON of import maps and speculation rules.
//! Source: ECMAScript 2026, section 16.2 (imports), 13.3.10 (`import()`); HTML standard, "import maps",
//! "speculation rules".

use memchr::memmem;
use postern_sort::sorted_by_key;
use std::borrow::Cow;
use std::ops::Range;

/// What an inline script is, by its `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScriptKind {
    /// A classic script.
    Classic,
    /// A module.
    Module,
    /// An import map or speculation rules: JSON that browsers act on.
    Rules,
    /// Data, or code that browsers do not run.
    Inert,
}

impl ScriptKind {
    /// From the `type` attribute (or `None`) as browsers read it.
    /// Source: HTML standard, "prepare the script element"; MIME Sniffing, "JavaScript MIME type".
    pub fn of(kind: Option<&str>) -> Self {
        let kind = kind.unwrap_or("").trim().to_ascii_lowercase();
        match kind.as_str() {
            "" => Self::Classic,
            "module" => Self::Module,
            "importmap" | "speculationrules" => Self::Rules,
            kind if kind.ends_with("javascript") || kind.ends_with("ecmascript") => Self::Classic,
            "text/livescript" | "text/jscript" => Self::Classic,
            kind if kind.starts_with("text/javascript1.") => Self::Classic,
            _ => Self::Inert,
        }
    }
}

/// Every address that the script names in such a place.
pub fn addresses(script: &str, kind: ScriptKind) -> Vec<Cow<'_, str>> {
    literals(script, kind).into_iter().map(|(_, address)| address).collect()
}

/// The same with where each stands, its quotes left out; in order.
pub fn literals(script: &str, kind: ScriptKind) -> Vec<(Range<usize>, Cow<'_, str>)> {
    match kind {
        ScriptKind::Inert => Vec::new(),
        ScriptKind::Rules => strings(script),
        // `from` stands in modules only; in a classic script it is a name like any other.
        ScriptKind::Classic => after_words(script, &["import"]),
        ScriptKind::Module => after_words(script, &["import", "from"]),
    }
}

/// Every string literal.
fn strings(script: &str) -> Vec<(Range<usize>, Cow<'_, str>)> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(step) = script.get(at..).and_then(|rest| rest.find(['"', '\'', '`'])) {
        let Some(found) = literal_at(script, at + step) else { break };
        at = found.0.end + 1;
        out.push(found);
    }
    out
}

/// Every string literal that one of these words stands before, with white space, comments and opening brackets
/// between them.
fn after_words<'script>(script: &'script str, words: &[&str]) -> Vec<(Range<usize>, Cow<'script, str>)> {
    let mut out = Vec::new();
    for word in words {
        for at in memmem::find_iter(script.as_bytes(), word) {
            let is_own_word = !script
                .get(..at)
                .unwrap_or("")
                .ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.'));
            let quote = is_own_word.then(|| quote_after(script, at + word.len())).flatten();
            out.extend(quote.and_then(|quote| literal_at(script, quote)));
        }
    }
    sorted_by_key(out, |(range, _)| range.start)
}

/// Where a quote stands after white space, comments and opening brackets, if one does.
fn quote_after(script: &str, mut at: usize) -> Option<usize> {
    loop {
        let rest = script.get(at..)?;
        // A byte order mark is white space here.
        let trimmed = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        at += rest.len() - trimmed.len();
        if trimmed.starts_with(['"', '\'', '`']) {
            return Some(at);
        }
        at += match trimmed.as_bytes() {
            [b'(', ..] => 1,
            [b'/', b'*', ..] => trimmed.find("*/")? + 2,
            [b'/', b'/', ..] => trimmed.find(['\n', '\r', '\u{2028}', '\u{2029}'])?,
            _ => return None,
        };
    }
}

/// The literal whose quote stands there; one without an end goes on to the end.
fn literal_at(script: &str, open: usize) -> Option<(Range<usize>, Cow<'_, str>)> {
    let quote = *script.as_bytes().get(open)?;
    let body = script.get(open + 1..)?;
    let end = end_of(body, quote);
    Some((open + 1..open + 1 + end, unescape(body.get(..end)?)))
}

fn end_of(body: &str, quote: u8) -> usize {
    let mut is_escaped = false;
    for (index, byte) in body.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            byte if byte == quote => return index,
            _ => {}
        }
    }
    body.len()
}

/// A literal's text with its escapes resolved.
fn unescape(literal: &str) -> Cow<'_, str> {
    if !literal.contains('\\') {
        return Cow::Borrowed(literal);
    }
    let mut out = String::with_capacity(literal.len());
    let mut rest = literal;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let hex = |range: std::ops::Range<usize>| {
            after.get(range).and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32)
        };
        let (c, used) = match after.as_bytes().first() {
            Some(b'x') => (hex(1..3), 3),
            Some(b'u') if after.as_bytes().get(1) == Some(&b'{') => {
                let end = after.find('}').unwrap_or(after.len());
                (hex(2..end), end + 1)
            }
            Some(b'u') => (hex(1..5), 5),
            Some(b'\n') => (None, 1),
            _ => (after.chars().next(), after.chars().next().map_or(0, char::len_utf8)),
        };
        out.extend(c);
        rest = after.get(used..).unwrap_or("");
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_kind_is_read_as_browsers_read_it() {
        for (kind, expected) in [
            (None, ScriptKind::Classic),
            (Some(" Text/JavaScript "), ScriptKind::Classic),
            (Some("application/ecmascript"), ScriptKind::Classic),
            (Some("MODULE"), ScriptKind::Module),
            (Some("importmap"), ScriptKind::Rules),
            (Some("speculationrules"), ScriptKind::Rules),
            (Some("application/ld+json"), ScriptKind::Inert),
            (Some("text/plain"), ScriptKind::Inert),
        ] {
            assert_eq!(ScriptKind::of(kind), expected, "{kind:?}");
        }
    }

    #[test]
    fn imports_are_found_and_other_strings_are_not() {
        for (script, expected) in [
            ("import 'a'; import b from \"b\"; export * from 'c';", &["a", "b", "c"][..]),
            ("import{x}from'a'", &["a"]),
            ("import(/* webpack */ 'a')", &["a"]),
            ("import // it's\n /* \" */ ('a')", &["a"]),
            ("import(('a'))", &["a"]),
            ("import ( `a` )", &["a"]),
            ("import('\\x2f\\u002fhost\\u{2f}')", &["//host/"]),
            ("let reimport='a', from='b', x = y.import('c')", &[]),
            ("// don't\nimport 'a'", &["a"]),
            ("let s = 'x'", &[]),
        ] {
            assert_eq!(addresses(script, ScriptKind::Module), expected, "{script}");
        }
        assert!(addresses("let x = from('a')", ScriptKind::Classic).is_empty());
        assert_eq!(addresses("import('a')", ScriptKind::Classic), ["a"]);
    }

    #[test]
    fn every_string_of_a_map_is_an_address() {
        assert_eq!(
            addresses(r#"{"imports":{"x":"https:\/\/h\/"}}"#, ScriptKind::Rules),
            ["imports", "x", "https://h/"]
        );
        assert!(addresses("{\"x\":\"y\"}", ScriptKind::Inert).is_empty());
    }

    proptest! {
        #[test]
        fn no_text_panics(script in "[import(from)'\"`\\\\u{}x0-9é/* \n]{0,60}") {
            for kind in [ScriptKind::Classic, ScriptKind::Module, ScriptKind::Rules] {
                let _ = addresses(&script, kind);
            }
        }
    }
}
