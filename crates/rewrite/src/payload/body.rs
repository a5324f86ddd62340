//! A body without its wrappings, by its shape; and a changed one wrapped again as it came.
//!
//! What lives here: gzip that nobody declared, forms whose field `data` is JSON in base64 or LZString.
//! What never does: believing a content type, knowing vendors (`facts`).

use super::{
    BEGINNING_BYTES, DECODED_BYTES_MAX, VALUES_MAX,
    fields::{self, encode},
    gzip::{self, Unpacked},
    lz::read_lz,
    multipart,
    text::decode,
};
use base64::{
    Engine,
    alphabet::STANDARD as ALPHABET,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use serde_json::Value;

/// The field in which vendors hide JSON.
pub(super) const DATA: &str = "data";

/// base64 with or without its padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A body, taken out of gzip.
#[derive(Debug)]
pub(super) struct Body {
    /// Did it come as gzip?
    pub(super) is_packed: bool,
    /// What it is.
    pub(super) content: Content,
}

/// What a body is.
#[derive(Debug)]
pub(super) enum Content {
    /// There is none.
    Nothing,
    /// It begins as JSON does.
    Json(String),
    /// Fields, in one line or several.
    Fields(String),
    /// A form in parts, without files; and the same as fields.
    Parts(String, String),
    /// Cut off, broken or too long: how it begins.
    Beginning(String),
    /// Nothing a collector sends.
    Other,
}

/// How JSON stands in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// As it is.
    Plain,
    /// base64.
    Base64,
    /// LZString, then base64.
    Lz,
}

/// Reads a body. One that is cut is never read as a whole, so nobody takes its rest for clean.
pub(super) fn read_body(body: &[u8], encoding: &str, is_cut: bool) -> Body {
    let encoding = encoding.trim();
    let is_known =
        ["", "identity", "gzip", "x-gzip"].iter().any(|known| known.eq_ignore_ascii_case(encoding));
    if body.is_empty() || !is_known {
        let content = if body.is_empty() { Content::Nothing } else { Content::Other };
        return Body { is_packed: false, content };
    }
    if !gzip::is_gzip(body) {
        return Body { is_packed: false, content: read_content(body.to_vec(), is_cut) };
    }
    let content = match gzip::unpack(body) {
        Unpacked::Whole(bytes) => read_content(bytes, is_cut),
        Unpacked::Beginning(bytes) => read_content(bytes, true),
    };
    Body { is_packed: true, content }
}

fn read_content(bytes: Vec<u8>, is_cut: bool) -> Content {
    let text = match String::from_utf8(bytes) {
        Ok(text) if !is_cut => text,
        Ok(text) => return beginning(text.as_bytes()),
        Err(error) => return beginning(error.as_bytes()),
    };
    if is_json(&text) {
        Content::Json(text)
    } else if text.starts_with("--") {
        multipart::as_fields(&text).map_or(Content::Other, |fields| Content::Parts(text, fields))
    } else if fields::is_fields(&text) {
        Content::Fields(text)
    } else {
        Content::Other
    }
}

fn beginning(bytes: &[u8]) -> Content {
    let bytes = bytes.get(..BEGINNING_BYTES).unwrap_or(bytes);
    Content::Beginning(String::from_utf8_lossy(bytes).into_owned())
}

/// Does the text begin as JSON does?
pub(super) fn is_json(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '['])
}

/// The JSON in a field, by its shape: what says how it is coded stands elsewhere, or nowhere.
pub(super) fn read_data(raw_value: &str) -> Option<(Coding, String)> {
    // Forms write "+" for a space. base64 has no spaces, so there it was a "+" that nobody encoded.
    let plain = decode(&raw_value.replace('+', " "));
    if is_json(&plain) {
        return Some((Coding::Plain, plain));
    }
    let packed = decode(raw_value).replace(' ', "+");
    let standard = packed.replace('-', "+").replace('_', "/");
    // Up to the padding, or to where it was cut off.
    let is_sign = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '+' | '/');
    let length = standard.find(|sign| !is_sign(sign)).unwrap_or(standard.len());
    let standard = standard.get(..length - usize::from(length % 4 == 1)).unwrap_or_default();
    if let Some(text) = LENIENT.decode(standard).ok().and_then(|bytes| String::from_utf8(bytes).ok())
        && is_json(&text)
    {
        return Some((Coding::Base64, text));
    }
    read_lz(&packed, DECODED_BYTES_MAX).filter(|text| is_json(text)).map(|text| (Coding::Lz, text))
}

/// JSON as a field's value. LZString is answered in base64: who reads the one reads the other.
pub(super) fn write_data(coding: Coding, json: &str) -> String {
    match coding {
        Coding::Plain => encode(json),
        Coding::Base64 | Coding::Lz => encode(&STANDARD.encode(json)),
    }
}

/// The JSON, if it is whole, and not so many values that parsing them would cost too much.
pub(super) fn parse(json: &str) -> Option<Value> {
    let is_start = |byte: &u8| matches!(byte, b',' | b':' | b'[' | b'{');
    if json.bytes().filter(is_start).count() > VALUES_MAX {
        return None;
    }
    serde_json::from_str(json.strip_prefix('\u{feff}').unwrap_or(json)).ok()
}
