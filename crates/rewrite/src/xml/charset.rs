//! Which encoding an XML document is in: byte order mark, header, the shape of its first bytes, its declaration.
//! Source: RFC 7303 section 3; XML 1.0, appendix F.

use crate::Charset;
use crate::charset::label_in;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

impl Charset {
    /// The charset of an XML document from its `Content-Type` and its first bytes ([`crate::PRESCAN_BYTES`] are
    /// enough). Whatever it is, the document leaves as UTF-8, and its `charset` must say so.
    #[must_use]
    pub fn of_xml(content_type: &str, first_bytes: &[u8]) -> Self {
        let encoding = Encoding::for_bom(first_bytes)
            .map(|(encoding, _)| encoding)
            .or_else(|| label_in(content_type.as_bytes()))
            .or_else(|| by_shape(first_bytes))
            .or_else(|| declared(first_bytes))
            .unwrap_or(UTF_8);
        Self { encoding, is_declared: true }
    }
}

fn by_shape(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [b'<', 0, second, 0, ..] if *second != 0 => Some(UTF_16LE),
        [0, b'<', 0, second, ..] if *second != 0 => Some(UTF_16BE),
        _ => None,
    }
}

fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let rest = bytes.strip_prefix(b"<?xml")?;
    let rest = rest.get(..rest.iter().position(|byte| *byte == b'>')?)?;
    let text = String::from_utf8_lossy(rest);
    let name = text.get(encoding_name(&text)?)?;
    // A declaration that can be read as ASCII cannot be in UTF-16.
    let encoding = Encoding::for_label(name.as_bytes())?;
    Some(if encoding.is_ascii_compatible() { encoding } else { UTF_8 })
}

/// Where in an XML declaration the name of its encoding stands.
pub(super) fn encoding_name(declaration: &str) -> Option<std::ops::Range<usize>> {
    let at = declaration.find("encoding")?;
    let open = at + declaration.get(at..)?.find(['"', '\''])?;
    let quote = declaration.get(open..)?.chars().next()?;
    let length = declaration.get(open + 1..)?.find(quote)?;
    Some(open + 1..open + 1 + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_charset_is_found_where_browsers_find_it() {
        for (content_type, bytes, expected) in [
            ("text/xml", &b"<a/>"[..], "UTF-8"),
            ("text/xml; charset=koi8-r", b"<?xml version='1.0' encoding='utf-8'?>", "KOI8-R"),
            ("text/xml", b"<?xml version='1.0' encoding = \"ISO-8859-1\"?>", "windows-1252"),
            ("text/xml", b"<?xml version='1.0' encoding='utf-16'?>", "UTF-8"),
            ("text/xml", b"<?xml version='1.0'?><a encoding='koi8-r'/>", "UTF-8"),
            ("text/xml", b"<\0a\0", "UTF-16LE"),
            ("text/xml", b"\0<\0a", "UTF-16BE"),
            ("text/xml; charset=koi8-r", b"\xEF\xBB\xBF<a/>", "UTF-8"),
            ("text/xml", b"<?xml version='1.0' encoding='nonsense'?>", "UTF-8"),
        ] {
            assert_eq!(Charset::of_xml(content_type, bytes).encoding.name(), expected, "{content_type}");
        }
    }
}
