//! Cuts XML into tokens: the pieces that a browser's parser takes one by one. Knows where each ends, nothing of
//! what it means. Source: XML 1.0, sections 2.4 to 2.8, 3.1.

use crate::RewriteError;
use quick_xml::parser::{ElementParser, Parser};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Characters between tags, references unresolved.
    Text,
    /// `<a b="c">` or `<a/>`.
    Start,
    /// `</a>`.
    End,
    /// `<![CDATA[…]]>`.
    CharacterData,
    /// `<!--…-->`.
    Comment,
    /// `<?…?>`, the XML declaration among them.
    Instruction,
    /// `<!DOCTYPE …>` without declarations of its own.
    Doctype,
}

/// What begins a section of characters that are no markup.
pub const CDATA: &str = "<![CDATA[";

/// What ends it.
pub const CDATA_END: &str = "]]>";

const DOCTYPE: &str = "<!DOCTYPE";

/// The token at the beginning of `text` and its length; `None` if more must come first. Text is handed out as far
/// as it is there, but never with half a reference at its end.
///
/// # Errors
/// [`RewriteError::IllFormed`] where no token can begin so, [`RewriteError::Entities`] for a document type that
/// declares things.
pub fn first(text: &str, is_last: bool) -> Result<Option<(Kind, usize)>, RewriteError> {
    if !text.starts_with('<') {
        return Ok(text_length(text, is_last).map(|length| (Kind::Text, length)));
    }
    let bytes = text.as_bytes();
    let found = match bytes.get(1) {
        None => None,
        Some(b'/') => text.find('>').map(|end| (Kind::End, end + 1)),
        Some(b'?') => ends(text, 2, "?>").map(|end| (Kind::Instruction, end)),
        Some(b'!') if text.starts_with("<!--") => ends(text, 4, "-->").map(|end| (Kind::Comment, end)),
        Some(b'!') if text.starts_with(CDATA) => {
            ends(text, CDATA.len(), CDATA_END).map(|end| (Kind::CharacterData, end))
        }
        Some(b'!') if text.starts_with(DOCTYPE) => doctype_length(text)?.map(|end| (Kind::Doctype, end)),
        Some(b'!') if ["<!--", CDATA, DOCTYPE].iter().any(|begin| begin.starts_with(text)) => None,
        Some(byte) if byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':') || !byte.is_ascii() => {
            ElementParser::default().feed(bytes).map(|end| (Kind::Start, end + 1))
        }
        Some(_) => return Err(RewriteError::IllFormed("no tag can begin so")),
    };
    match found {
        None if is_last => Err(RewriteError::IllFormed("it ends within a tag")),
        found => Ok(found),
    }
}

/// Where what has begun with `begun` bytes ends.
fn ends(text: &str, begun: usize, end: &str) -> Option<usize> {
    text.get(begun..)?.find(end).map(|at| begun + at + end.len())
}

/// Up to the next markup; where none is there yet, up to a reference that has not ended.
fn text_length(text: &str, is_last: bool) -> Option<usize> {
    let length = text.find('<').or_else(|| {
        let open =
            text.rfind('&').filter(|at| !is_last && !text.get(*at..).is_some_and(|rest| rest.contains(';')));
        Some(open.unwrap_or(text.len()))
    });
    length.filter(|length| *length > 0)
}

/// A document type, if it has ended. What it could declare (entities, attributes by default) would let a document
/// hold what cannot be seen in its markup.
fn doctype_length(text: &str) -> Result<Option<usize>, RewriteError> {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'[') => return Err(RewriteError::Entities),
            (None, b'>') => return Ok(Some(at + 1)),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_token_ends_where_browsers_end_it() {
        for (text, expected) in [
            ("a &amp; b<c>", Some((Kind::Text, 9))),
            ("a &am", Some((Kind::Text, 2))),
            ("&am", None),
            ("<a b='>' c=\">\">x", Some((Kind::Start, 15))),
            ("<a", None),
            ("</a >x", Some((Kind::End, 5))),
            ("<!-- <a> -- ->-->x", Some((Kind::Comment, 17))),
            ("<!-->-->x", Some((Kind::Comment, 8))),
            ("<!-", None),
            ("<![CDATA[<a>]]]>x", Some((Kind::CharacterData, 16))),
            ("<![CDATA[]]>", Some((Kind::CharacterData, 12))),
            ("<?a '?>'?>", Some((Kind::Instruction, 7))),
            ("<?>?>", Some((Kind::Instruction, 5))),
            ("<!DOCTYPE a PUBLIC \"[>'\" '>'>x", Some((Kind::Doctype, 29))),
            ("<!DOCTYPE a", None),
        ] {
            assert_eq!(first(text, false), Ok(expected), "{text}");
        }
        for text in ["< a>", "<1>", "<!ELEMENT a>", "<!doctype a>", "<>"] {
            assert!(matches!(first(text, false), Err(RewriteError::IllFormed(_))), "{text}");
        }
        assert_eq!(first("<!DOCTYPE a [ <!ENTITY b 'c'> ]>", false), Err(RewriteError::Entities));
        assert!(first("<a b='>", true).is_err());
    }
}
