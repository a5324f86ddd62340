//! Fields `name=value&…`: queries, forms, and lines of them.
//!
//! What lives here: reading them without touching a byte, and leaving some out. What never does: which
//! (`rule`).

use super::{
    FIELDS_MAX,
    rule::Rule,
    text::{clean_encoded, decode},
};

/// One field as it was sent.
#[derive(Clone, Debug)]
pub(super) struct Field<'text> {
    /// Its name, decoded.
    pub(super) name: String,
    /// All of it, encoded.
    raw: &'text str,
}

impl<'text> Field<'text> {
    /// Its value, decoded.
    pub(super) fn value(&self) -> String {
        decode(self.raw_value())
    }

    /// Its value as it was sent.
    pub(super) fn raw_value(&self) -> &'text str {
        self.raw.split_once('=').map_or("", |(_, value)| value)
    }
}

/// The first [`FIELDS_MAX`] fields of a query or a body; each line of a body is a hit of its own.
pub(super) fn read_fields(text: &str) -> Vec<Field<'_>> {
    let raw = text.split(['&', '\n']).map(|raw| raw.strip_suffix('\r').unwrap_or(raw));
    raw.filter(|raw| !raw.is_empty())
        .take(FIELDS_MAX)
        .map(|raw| Field { name: decode_name(raw.split_once('=').map_or(raw, |(name, _)| name)), raw })
        .collect()
}

/// Is the text written like a query? Its first field has a name, and no sign that names do not have.
pub(super) fn is_fields(text: &str) -> bool {
    let name = text.split_once('=').map_or("", |(name, _)| name);
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.$~%[]".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(is_sign)
}

/// The fields without those that identify somebody, and with other values where `replace` has one for a
/// name; `None` if they are more than are looked at. What stays keeps its order and its bytes, line ends too.
pub(super) fn strip_fields(text: &str, rule: &Rule, replace: &[(&str, String)]) -> Option<String> {
    if text.bytes().filter(|byte| matches!(byte, b'&' | b'\n')).count() >= FIELDS_MAX {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches(['\r', '\n']);
        let mut is_first = true;
        for raw in content.split('&') {
            let (raw_name, raw_value) = raw.split_once('=').unwrap_or((raw, ""));
            let name = decode_name(raw_name);
            let other = replace.iter().find(|(replaced, _)| *replaced == name);
            if other.is_none() && rule.is_id(&name) {
                continue;
            }
            if !is_first {
                out.push('&');
            }
            is_first = false;
            let cleaned =
                other.map(|(_, value)| value.clone()).or_else(|| clean_encoded(raw_value, rule.text(&name)));
            match cleaned {
                Some(value) => {
                    out.push_str(raw_name);
                    out.push('=');
                    out.push_str(&value);
                }
                None => out.push_str(raw),
            }
        }
        out.push_str(line.get(content.len()..).unwrap_or_default());
    }
    Some(out)
}

/// A name as forms encode it.
fn decode_name(raw: &str) -> String {
    decode(&raw.replace('+', " "))
}

/// A value as forms encode it.
pub(super) fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
