//! Which encoding a page is in: byte order mark, header, then the `meta` in its first kilobyte.
//! Source: HTML standard, "determining the character encoding".

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// How much of a page is looked at for a `meta` charset before its headers are sent.
pub const PRESCAN_BYTES: usize = 1024;

/// An encoding, and whether the `Content-Type` header already says so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Charset {
    pub(crate) encoding: &'static Encoding,
    /// Found somewhere, or only assumed?
    pub(crate) is_declared: bool,
}

impl Charset {
    /// The charset of a page from its `Content-Type` and its first bytes ([`PRESCAN_BYTES`] are enough).
    #[must_use]
    pub fn of(content_type: &str, first_bytes: &[u8]) -> Self {
        let declared = |encoding| Self { encoding, is_declared: true };
        if let Some((encoding, _)) = Encoding::for_bom(first_bytes) {
            return declared(encoding);
        }
        if let Some(encoding) = label_in(content_type.as_bytes()) {
            return declared(encoding);
        }
        let scanned = first_bytes.get(..PRESCAN_BYTES).unwrap_or(first_bytes);
        match meta_charset(scanned) {
            // A page whose meta can be read as ASCII cannot be UTF-16.
            Some(encoding) if !encoding.is_ascii_compatible() => declared(UTF_8),
            Some(encoding) => declared(encoding),
            // A name nobody knows is replaced by what it falls back to, so that the browser and this
            // parser read the same page.
            None => Self {
                encoding: WINDOWS_1252,
                is_declared: content_type.to_ascii_lowercase().contains("charset="),
            },
        }
    }

    /// The `charset` that the answer must declare, since what we put in front pushes the page's own
    /// `meta` out of the browser's sight; `None` where nothing was declared and the browser guesses.
    #[must_use]
    pub fn header_label(&self) -> Option<&'static str> {
        // What no HTML rewriter can read in place leaves as UTF-8.
        let encoding = if self.is_transcoded() { UTF_8 } else { self.encoding };
        self.is_declared.then(|| encoding.name())
    }

    pub(crate) fn is_transcoded(&self) -> bool {
        !self.encoding.is_ascii_compatible()
    }
}

fn meta_charset(bytes: &[u8]) -> Option<&'static Encoding> {
    let lower = bytes.to_ascii_lowercase();
    let mut rest = lower.as_slice();
    while let Some(start) = find(rest, b"<meta") {
        rest = rest.get(start + 5..)?;
        let end = rest.iter().position(|byte| *byte == b'>').unwrap_or(rest.len());
        if let Some(encoding) = rest.get(..end).and_then(label_in) {
            return Some(encoding);
        }
    }
    None
}

/// The encoding named after `charset=` in a header or an attribute.
pub(crate) fn label_in(text: &[u8]) -> Option<&'static Encoding> {
    let lower = text.to_ascii_lowercase();
    let start = find(&lower, b"charset")? + 7;
    let rest = lower.get(start..)?.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let end = rest.iter().position(|byte| b" \t\r\n\"';>/".contains(byte)).unwrap_or(rest.len());
    Encoding::for_label(rest.get(..end)?)
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_charset_is_found_where_browsers_find_it() {
        for (content_type, bytes, expected) in [
            ("text/html; charset=utf-8", &b""[..], Some("UTF-8")),
            ("text/html;CHARSET=\"ISO-8859-1\"", b"", Some("windows-1252")),
            ("text/html", b"<!doctype html><META Charset = 'euc-jp'>", Some("EUC-JP")),
            (
                "text/html",
                b"<meta name=a><meta http-equiv=content-type content=\"text/html; charset=koi8-r\">",
                Some("KOI8-R"),
            ),
            ("text/html", b"\xEF\xBB\xBF<p>", Some("UTF-8")),
            ("text/html; charset=utf-16le", b"", Some("UTF-8")),
            ("text/html", b"\xFF\xFE<\x00", Some("UTF-8")),
            ("text/html", b"<meta charset=utf-16>", Some("UTF-8")),
            ("text/html; charset=nonsense", b"<p>", Some("windows-1252")),
            ("text/html", b"<p>", None),
        ] {
            assert_eq!(Charset::of(content_type, bytes).header_label(), expected, "{content_type}");
        }
    }
}
