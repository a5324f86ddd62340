//! Comparing what is there with a payload's marks.
//!
//! What lives here: the grammar of marks, over fields, over parsed JSON, and over text that cannot be
//! parsed. What never does: marks themselves (`facts`), reading bodies (`body`).

use super::{Kind, Payload, fields::Field};
use postern_sort::sorted_by_key;
use serde_json::Value;

/// The address of a request.
#[derive(Debug)]
pub(super) struct Address<'facts> {
    /// Its path.
    pub(super) path: &'facts str,
    /// Its parameters.
    pub(super) fields: Vec<Field<'facts>>,
}

/// A mark's alternative, taken apart.
#[derive(Clone, Copy)]
struct Mark<'mark> {
    name: &'mark str,
    value: Option<&'mark str>,
}

impl<'mark> From<&'mark str> for Mark<'mark> {
    fn from(text: &'mark str) -> Self {
        match text.split_once('=') {
            Some((name, value)) => Self { name, value: Some(value) },
            None => Self { name: text, value: None },
        }
    }
}

impl<'mark> Mark<'mark> {
    /// The last key on its path that is no place in an array.
    fn key(self) -> &'mark str {
        self.name.rsplit('.').find(|key| !is_place(key)).unwrap_or_default()
    }

    fn is_value(self, text: &str) -> bool {
        self.value.is_none_or(|pattern| is_match(pattern, text))
    }
}

/// Are all marks there? `body` are fields of a body that is written like a query.
pub(super) fn in_fields(payload: &Payload, address: &Address, body: &[Field]) -> bool {
    payload.kind == Kind::Query
        && hold(payload, address, |mark| address.fields.iter().chain(body).any(|field| is_field(field, mark)))
}

/// Are all marks there, in this JSON?
pub(super) fn in_json(payload: &Payload, address: &Address, value: &Value) -> bool {
    is_telling(payload) && hold(payload, address, |mark| is_at(value, mark.name, mark))
}

/// Does JSON tell the payload?
fn is_telling(payload: &Payload) -> bool {
    payload.kind == Kind::Json && !is_of_event(payload)
}

/// Is the payload about one event of a hit, which others tell?
fn is_of_event(payload: &Payload) -> bool {
    payload.marks.iter().any(|mark| mark.starts_with('.'))
}

/// Is that event of a hit one that the payload is about?
pub(super) fn in_event(payload: &Payload, event: &Value) -> bool {
    let is_mark =
        |one: &str| one.strip_prefix('.').map(Mark::from).is_some_and(|mark| is_at(event, mark.name, mark));
    is_of_event(payload) && payload.marks.iter().all(|mark| mark.split('|').any(is_mark))
}

/// Could all marks be there, with these keys? Never says no where [`in_json`] says yes, as long as senders
/// escape nothing in the names of marks; none does.
pub(super) fn in_keys(payload: &Payload, address: &Address, keys: &[&str]) -> bool {
    is_telling(payload)
        && hold(payload, address, |mark| keys.contains(&mark.key()) || keys.contains(&mark.name))
}

/// Those keys of a text that marks of these payloads ask for. One pass without parsing: most JSON that
/// passes is the site's own and has none.
pub(super) fn known_keys(payloads: impl Iterator<Item = &'static Payload>, text: &str) -> Vec<&str> {
    let marks = payloads
        .filter(|payload| is_telling(payload))
        .flat_map(|payload| payload.marks.iter().flat_map(|mark| mark.split('|')))
        .map(Mark::from);
    let mut known = sorted_by_key(marks.flat_map(|mark| [mark.key(), mark.name]).collect(), |key| *key);
    known.dedup();
    let mut keys: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('"') {
        let bytes = after.as_bytes();
        let mut end = 0;
        while let Some(byte) = bytes.get(end).filter(|byte| **byte != b'"') {
            end += if *byte == b'\\' { 2 } else { 1 };
        }
        let Some(key) = after.get(..end) else { break };
        rest = after.get(end + 1..).unwrap_or_default();
        let is_key = rest.trim_ascii_start().starts_with(':');
        if is_key && known.binary_search(&key).is_ok() && !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// Could all marks be there, in this text that begins as JSON does but cannot be parsed? Keys and values
/// are looked for as they are written, wherever they stand.
pub(super) fn in_text(payload: &Payload, address: &Address, text: &[u8]) -> bool {
    is_telling(payload) && hold(payload, address, |mark| is_in_text(text, mark))
}

/// Do two marks or more ask for something in the query, and is it all there? Then the address alone tells
/// whose hit it is, whatever became of the body.
pub(super) fn in_address(payload: &Payload, address: &Address) -> bool {
    let is_of_query = |mark: &&&str| mark.starts_with('?');
    payload.marks.iter().filter(is_of_query).count() > 1
        && payload.marks.iter().filter(is_of_query).all(|mark| is_held(mark, address, &|_| false))
}

fn hold(payload: &Payload, address: &Address, is_here: impl Fn(Mark) -> bool) -> bool {
    payload.marks.iter().all(|mark| is_held(mark, address, &is_here))
}

fn is_held(mark: &str, address: &Address, is_here: &dyn Fn(Mark) -> bool) -> bool {
    mark.split('|').any(|one| {
        if one.starts_with('/') {
            address.path.trim_end_matches('/').ends_with(one)
        } else if let Some(one) = one.strip_prefix('?') {
            address.fields.iter().any(|field| is_field(field, one.into()))
        } else {
            is_here(one.into())
        }
    })
}

fn is_field(field: &Field, mark: Mark) -> bool {
    is_match(mark.name, &field.name) && mark.value.is_none_or(|_| mark.is_value(&field.value()))
}

/// Is there a value the mark asks for at that path? Arrays on the way are looked through.
fn is_at(value: &Value, path: &str, mark: Mark) -> bool {
    match value {
        Value::Array(items) => match path.split_once('.').unwrap_or((path, "")) {
            (place, rest) if is_place(place) => {
                let item = place.parse::<usize>().ok().and_then(|place| items.get(place));
                item.is_some_and(|item| is_at(item, rest, mark))
            }
            _ => items.iter().any(|item| is_at(item, path, mark)),
        },
        Value::Object(_) if path.is_empty() => mark.value.is_none(),
        Value::Object(map) => {
            // A key may itself have dots.
            map.get(path).is_some_and(|value| is_at(value, "", mark))
                || path
                    .split_once('.')
                    .is_some_and(|(key, rest)| map.get(key).is_some_and(|value| is_at(value, rest, mark)))
        }
        _ if !path.is_empty() => false,
        Value::Null => false,
        Value::String(text) => mark.is_value(text),
        Value::Number(number) => mark.is_value(&number.to_string()),
        Value::Bool(is) => mark.is_value(if *is { "true" } else { "false" }),
    }
}

/// Is that step of a path a place in an array?
fn is_place(step: &str) -> bool {
    !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit())
}

/// Is the mark's last key there, and behind it the beginning of its value? What a pattern has behind its
/// first run may stand anywhere.
fn is_in_text(text: &[u8], mark: Mark) -> bool {
    let mut literals = mark.value.unwrap_or_default().split('*');
    let beginning = literals.next().unwrap_or_default();
    let is_there = |literal: &str| {
        literal.is_empty() || text.windows(literal.len()).any(|part| part == literal.as_bytes())
    };
    if !literals.all(is_there) {
        return false;
    }
    let place = mark.name.rsplit('.').next().filter(|step| is_place(step)).and_then(|step| step.parse().ok());
    let mut rest = text;
    while let Some(quote) = rest.iter().position(|byte| *byte == b'"') {
        rest = rest.get(quote + 1..).unwrap_or_default();
        let is_key = |key: &str| {
            let after = rest.strip_prefix(key.as_bytes())?.strip_prefix(b"\"")?.trim_ascii_start();
            Some(after.strip_prefix(b":")?.trim_ascii_start())
        };
        let Some(mut value) = is_key(mark.key()).or_else(|| is_key(mark.name)) else { continue };
        match (value.strip_prefix(b"["), place) {
            // A list may hold it anywhere, so its key is all that can be asked for; but for its first place.
            (Some(_), None) => return true,
            (Some(list), Some(0)) => value = list.trim_ascii_start(),
            (Some(list), Some(place)) => {
                let items = list.split(|byte| *byte == b']').next().unwrap_or_default();
                if items.iter().filter(|byte| **byte == b',').count() >= place {
                    return true;
                }
                continue;
            }
            (None, Some(_)) => continue,
            (None, None) => {}
        }
        value = value.strip_prefix(b"\"").unwrap_or(value);
        let is_same = |(sign, byte): (u8, &u8)| sign == *byte || (sign == b'#' && byte.is_ascii_digit());
        if value.len() >= beginning.len() && beginning.bytes().zip(value).all(is_same) {
            return true;
        }
    }
    false
}

/// Does the pattern match the whole of the text? `*` is any run of signs, `#` a digit.
pub(super) fn is_match(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut seen) = (0, 0);
    // Where to take up again if what follows the last run does not fit: one sign more for the run.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let sign = pattern.get(at);
        if sign == Some(&b'*') {
            at += 1;
            retry = Some((at, seen));
            continue;
        }
        let byte = text.get(seen);
        let is_same = match (sign, byte) {
            (None, None) => return true,
            (Some(b'#'), Some(byte)) => byte.is_ascii_digit(),
            (Some(sign), Some(byte)) => sign == byte,
            _ => false,
        };
        if is_same {
            at += 1;
            seen += 1;
        } else {
            let Some((from, start)) = retry.filter(|(_, start)| *start < text.len()) else { return false };
            at = from;
            seen = start + 1;
            retry = Some((from, seen));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patterns_match_whole_texts() {
        for (pattern, text, expected) in [
            ("G-*", "G-ABC", true),
            ("G-*", "AG-ABC", false),
            ("v", "v2", false),
            ("*", "", true),
            ("ud[*", "ud[em]", true),
            ("###*", "123", true),
            ("###*", "12x", false),
            ("*a*b", "xaxbxb", true),
            ("*a*b", "xaxbx", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(is_match(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn paths_go_through_arrays_and_places() {
        let value = serde_json::json!([{"a": {"b": [1, "x-1"]}, "c.d": "e", "n": null, "o": {}}]);
        for (mark, expected) in [
            ("a", true),
            ("a.b", true),
            ("a.b=x-*", true),
            ("a.b=1", true),
            ("a.b.0=1", true),
            ("a.b.1=1", false),
            ("a.b.2", false),
            ("c.d=e", true),
            ("n", false),
            ("o", true),
            ("o=*", false),
            ("b", false),
            ("a.b.c", false),
        ] {
            assert_eq!(is_at(&value, Mark::from(mark).name, mark.into()), expected, "{mark}");
            if expected {
                let text = value.to_string();
                assert!(is_in_text(text.as_bytes(), mark.into()), "{mark}");
            }
        }
    }

    #[test]
    fn text_that_cannot_be_parsed_shows_its_marks() {
        let text = br#"{ "api_key" : "phc_1", "batch":[{"event":"x","e":["0.8.9",1"#;
        for (mark, expected) in [
            ("api_key=phc_*", true),
            ("api_key=phx_*", false),
            ("batch.event=x", true),
            ("batch", true),
            ("token", false),
            ("phc_1", false),
            ("e.0=#.*", true),
            ("e.0=x*", false),
            ("e.1", true),
            ("e.2", false),
            ("event.0", false),
        ] {
            assert_eq!(is_in_text(text, mark.into()), expected, "{mark}");
        }
    }

    proptest! {
        #[test]
        fn a_text_matches_its_own_pattern(text in "[a-c]{0,12}", at in 0_usize..12) {
            prop_assert!(is_match(&text, &text));
            let at = at.min(text.len());
            let pattern = format!("{}*{}", &text[..at], &text[at..]);
            prop_assert!(is_match(&pattern, &text));
        }
    }
}
