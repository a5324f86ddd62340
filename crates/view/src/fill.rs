//! Filling the places in a text. One pass: what is filled in is never read for places again.

use postern_policy::Language;
use std::borrow::Cow;

/// `template` with each `{name}` replaced by its value; unknown places stay as they are.
pub(crate) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let place = after.split_once('}').and_then(|(name, after)| {
            values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value, after))
        });
        match place {
            Some((value, after)) => {
                out.push_str(value);
                rest = after;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// A date or a version in the order it is written, also among words that run from the right, where its parts would
/// change places. Source: Unicode UAX 9, LRI and PDI.
pub(crate) fn in_order<'t>(language: &Language, text: &'t str) -> Cow<'t, str> {
    match language.direction() {
        "rtl" => Cow::Owned(format!("\u{2066}{text}\u{2069}")),
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_once() {
        let values = [("a", "{b}"), ("b", "B")];
        for (template, expected) in
            [("", ""), ("{a}{b}", "{b}B"), ("{c} {a", "{c} {a"), ("{{b}}", "{B}"), ("x{b}y", "xBy")]
        {
            assert_eq!(fill(template, &values), expected);
        }
    }
}
