//! A start tag that can be changed. What is not changed stays as it was written, byte for byte.

use super::token::{Attribute, Span};
use super::tree::Space;
use crate::references::unescape;
use encoding_rs::{EncoderResult, Encoding, UTF_8};
use std::borrow::Cow;

/// A start tag on its way through.
pub struct Tag<'page> {
    /// All of it, brackets included.
    bytes: &'page [u8],
    name: Span,
    attributes: &'page [Attribute],
    lower_name: &'page str,
    /// Its element's namespace.
    pub space: Space,
    /// Does it end with `/>`?
    pub is_self_closing: bool,
    /// The encoding of the page.
    pub encoding: &'static Encoding,
    removed: Vec<String>,
    set: Vec<(String, Vec<u8>)>,
}

/// Bytes of a page as its text.
pub fn decode_text<'page>(bytes: &'page [u8], encoding: &'static Encoding) -> Cow<'page, str> {
    match std::str::from_utf8(bytes) {
        // ASCII reads the same in every encoding that a page can be cut in.
        Ok(text) if encoding == UTF_8 || text.is_ascii() => Cow::Borrowed(text),
        _ => encoding.decode_without_bom_handling(bytes).0,
    }
}

/// A character of a style sheet, escaped. Source: CSS Syntax Module Level 3, section 4.3.7.
pub fn escape_in_style(c: char) -> String {
    format!("{:x} ", u32::from(c))
}

/// A character of a script, escaped. Source: ECMAScript 2026, section 12.9.4.
pub fn escape_in_script(c: char) -> String {
    format!("u{{{:x}}}", u32::from(c))
}

/// A text of a script or style sheet as bytes of the page. What the encoding lacks (what could not be read, above all)
/// is written as the language escapes it, less its backslash: a reference would mean something else there.
pub fn encode_text(text: &str, encoding: &'static Encoding, escape: fn(char) -> String) -> Vec<u8> {
    let mut encoder = encoding.new_encoder();
    let mut out = vec![0; encoder.max_buffer_length_from_utf8_without_replacement(text.len()).unwrap_or(0)];
    let (mut read, mut written) = (0, 0);
    loop {
        let rest = text.get(read..).unwrap_or_default();
        let room = out.get_mut(written..).unwrap_or_default();
        let (result, took, gave) = encoder.encode_from_utf8_without_replacement(rest, room, true);
        read += took;
        written += gave;
        match result {
            EncoderResult::InputEmpty => break,
            EncoderResult::Unmappable(c) => {
                let before = text.get(..read - c.len_utf8()).unwrap_or_default();
                let backslashes = before.bytes().rev().take_while(|byte| *byte == b'\\').count();
                let start = if backslashes % 2 == 0 { "\\" } else { "" };
                let escaped = format!("{start}{}", escape(c));
                out.splice(written..written, escaped.bytes());
                written += escaped.len();
            }
            EncoderResult::OutputFull => out.resize(out.len() * 2 + 64, 0),
        }
    }
    out.truncate(written);
    out
}

impl<'page> Tag<'page> {
    /// A tag of those bytes, cut already.
    pub fn new(
        bytes: &'page [u8],
        name: Span,
        lower_name: &'page str,
        attributes: &'page [Attribute],
        (space, is_self_closing): (Space, bool),
        encoding: &'static Encoding,
    ) -> Self {
        Self {
            bytes,
            name,
            attributes,
            lower_name,
            space,
            is_self_closing,
            encoding,
            removed: Vec::new(),
            set: Vec::new(),
        }
    }

    /// Its element's name, lower-case.
    pub const fn name(&self) -> &'page str {
        self.lower_name
    }

    /// The names of its attributes as they were written, and their values, references unresolved.
    pub fn attributes(&self) -> impl Iterator<Item = (&'page [u8], &'page [u8])> {
        let bytes = self.bytes;
        self.attributes.iter().map(|attribute| (attribute.name.of(bytes), attribute.value.of(bytes)))
    }

    /// The value of an attribute as it is written now, references unresolved.
    pub fn raw(&self, name: &str) -> Option<&[u8]> {
        let is_removed = || self.removed.iter().any(|removed| removed == name);
        let set = self.set.iter().find(|(set, _)| set == name).map(|(_, value)| value.as_slice());
        set.or_else(|| {
            let (_, value) =
                self.attributes().find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))?;
            (!is_removed()).then_some(value)
        })
    }

    /// The value of an attribute as browsers read it.
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        let text = decode_text(self.raw(name)?, self.encoding);
        Some(match text {
            Cow::Borrowed(text) => unescape(text),
            Cow::Owned(text) => Cow::Owned(unescape(&text).into_owned()),
        })
    }

    /// Is there such an attribute?
    pub fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// Sets an attribute to what is escaped already, but for quotes. A value that was there is replaced in its place.
    pub fn set_raw(&mut self, name: &str, value: Vec<u8>) {
        match self.set.iter_mut().find(|(set, _)| set == name) {
            Some((_, set)) => *set = value,
            None => self.set.push((name.into(), value)),
        }
    }

    /// Sets an attribute to a text, readable in every encoding.
    pub fn set(&mut self, name: &str, text: &str) {
        self.set_raw(name, super::injection::as_ascii(&text.replace('&', "&amp;")).into_bytes());
    }

    /// Removes an attribute, and those that would count once it is gone.
    pub fn remove(&mut self, name: &str) {
        self.set.retain(|(set, _)| set != name);
        self.removed.push(name.into());
    }

    /// The tag as it is now.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        if self.set.is_empty() && self.removed.is_empty() {
            return out.extend_from_slice(self.bytes);
        }
        out.push(b'<');
        out.extend_from_slice(self.name.of(self.bytes));
        let mut is_written = vec![false; self.set.len()];
        for attribute in self.attributes {
            let name = attribute.name.of(self.bytes);
            let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
            match self.set.iter().position(|(set, _)| is(set)) {
                Some(index) => {
                    // Of several with one name the first is the one that counts.
                    if let Some(is_written) = is_written.get_mut(index).filter(|is_written| !**is_written) {
                        *is_written = true;
                        self.write_set(index, out);
                    }
                }
                None if self.removed.iter().any(|removed| is(removed)) => {}
                None => {
                    // A name can begin with an equals sign, but not behind a space and another name.
                    out.extend_from_slice(if name.starts_with(b"=") { b" /" } else { b" " });
                    let whole = attribute.whole.of(self.bytes);
                    out.extend_from_slice(whole);
                    // A value left out at the end of a tag would take what stands behind it now.
                    if attribute.value.of(self.bytes).is_empty()
                        && whole.len() > name.len()
                        && whole.ends_with(b"=")
                    {
                        out.extend_from_slice(b"\"\"");
                    }
                }
            }
        }
        for (index, _) in is_written.iter().enumerate().filter(|(_, is_written)| !**is_written) {
            self.write_set(index, out);
        }
        out.extend_from_slice(if self.is_self_closing { b" />" } else { b">" });
    }

    fn write_set(&self, index: usize, out: &mut Vec<u8>) {
        let Some((name, value)) = self.set.get(index) else { return };
        out.push(b' ');
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"=\"");
        write_quoted(value, out);
        out.push(b'"');
    }
}

/// What is escaped but for its quotes, for a place between double quotes.
pub fn write_quoted(value: &[u8], out: &mut Vec<u8>) {
    for piece in value.split_inclusive(|byte| *byte == b'"') {
        match piece.strip_suffix(b"\"") {
            Some(before) => {
                out.extend_from_slice(before);
                out.extend_from_slice(b"&quot;");
            }
            None => out.extend_from_slice(piece),
        }
    }
}
