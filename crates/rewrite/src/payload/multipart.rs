//! Forms sent in parts: how fbevents.js sends what does not fit into an address.
//!
//! What lives here: parts of text, read and left out. What never does: files; a form with one is no hit.
//! Source: RFC 7578; fbevents.js 2.9.248 (`sendBeacon` of a `FormData`).

use super::{MULTIPART_BYTES_MAX, rule::Rule, text::clean};
use std::ops::Range;

/// A part of a form.
struct Part {
    name: String,
    /// All of it: from its delimiter up to the next.
    whole: Range<usize>,
    value: Range<usize>,
}

/// The form's fields as a query would say them; `None` if it is no form, too long, or has a file.
pub(super) fn as_fields(body: &str) -> Option<String> {
    let parts = read_parts(body)?;
    let mut out = url::form_urlencoded::Serializer::new(String::new());
    for part in &parts {
        out.append_pair(&part.name, body.get(part.value.clone())?);
    }
    Some(out.finish())
}

/// The form without parts that identify somebody.
pub(super) fn strip_parts(body: &str, rule: &Rule) -> Option<String> {
    let parts = read_parts(body)?;
    let mut out = String::with_capacity(body.len());
    for part in &parts {
        if rule.is_id(&part.name) {
            continue;
        }
        let value = body.get(part.value.clone())?;
        out.push_str(body.get(part.whole.start..part.value.start)?);
        match clean(value, rule.text(&part.name)) {
            Some(cleaned) => out.push_str(&cleaned),
            None => out.push_str(value),
        }
        out.push_str(body.get(part.value.end..part.whole.end)?);
    }
    out.push_str(body.get(parts.last()?.whole.end..)?);
    Some(out)
}

fn read_parts(body: &str) -> Option<Vec<Part>> {
    if body.len() > MULTIPART_BYTES_MAX {
        return None;
    }
    let delimiter = body.split("\r\n").next().filter(|line| line.starts_with("--") && line.len() > 2)?;
    let between = format!("\r\n{delimiter}");
    let mut parts = Vec::new();
    let mut start = 0;
    loop {
        let headers = start + delimiter.len() + 2;
        let value = headers + body.get(headers..)?.find("\r\n\r\n")? + 4;
        let end = value + body.get(value..)?.find(&between)?;
        parts.push(Part {
            name: name(body.get(headers..value)?)?,
            // Delimiters begin behind the line end that belongs to them.
            whole: start..end + 2,
            value: value..end,
        });
        start = end + 2;
        match body.get(start + delimiter.len()..)? {
            rest if rest.starts_with("\r\n") => {}
            rest if rest.starts_with("--") => return Some(parts),
            _ => return None,
        }
    }
}

/// The name in a part's headers; `None` if there is none, or if it is a file.
fn name(headers: &str) -> Option<String> {
    let lower = headers.to_ascii_lowercase();
    if lower.contains("filename") {
        return None;
    }
    let start = lower.find("; name=\"")? + 8;
    Some(headers.get(start..)?.split_once('"')?.0.to_owned())
}
