//! Addresses in inline scripts that start a request before any code runs, or that no code of ours can stop:
//! imports of modules, and the JSON of import maps and speculation rules.
//! Source: ECMAScript 2026, section 16.2 (imports), 13.3.10 (`import()`); HTML standard, "import maps",
//! "speculation rules".

use std::borrow::Cow;

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
    match kind {
        ScriptKind::Inert => Vec::new(),
        ScriptKind::Rules => strings(script, |_| true),
        // `from` stands in modules only; in a classic script it is a name like any other.
        ScriptKind::Classic => strings(script, |before| follows(before, "import")),
        ScriptKind::Module => strings(script, |before| follows(before, "import") || follows(before, "from")),
    }
}

/// String literals whose text before the quote passes `is_wanted`.
fn strings(script: &str, is_wanted: impl Fn(&str) -> bool) -> Vec<Cow<'_, str>> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(step) = script.get(at..).and_then(|rest| rest.find(['"', '\'', '`'])) {
        let open = at + step;
        let quote = script.as_bytes().get(open).copied().unwrap_or_default();
        let Some(body) = script.get(open + 1..) else { break };
        if !is_wanted(script.get(..open).unwrap_or("")) {
            // Not skipped to its end: a quote in a comment or pattern would hide what comes after.
            at = open + 1;
            continue;
        }
        let end = end_of(body, quote);
        out.push(unescape(body.get(..end).unwrap_or("")));
        at = open + 1 + end + 1;
    }
    out
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

/// Does `before` end in that word, with white space, comments and an opening bracket after it?
fn follows(before: &str, word: &str) -> bool {
    let mut rest = before.trim_end();
    rest = rest.strip_suffix('(').unwrap_or(rest).trim_end();
    while let Some(start) = rest.strip_suffix("*/").and_then(|rest| rest.rfind("/*")) {
        rest = rest.get(..start).unwrap_or("").trim_end();
        rest = rest.strip_suffix('(').unwrap_or(rest).trim_end();
    }
    let Some(head) = rest.strip_suffix(word) else { return false };
    !head.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.'))
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
