//! What both Workers ask of the platform's JavaScript, whose tables of zones, names and numbers would be larger than the Workers:
//! the day somewhere, names of countries and languages, how a language writes numbers.
//!
//! What never lives here: rules, requests, storage. It answers in a Worker alone, or in a browser.

use js_sys::Intl::{DisplayNames, DisplayNamesOptions, DisplayNamesType, NumberFormat};
use js_sys::{Array, Date, Function, Object, Reflect};
use postern_stats::Day;
use wasm_bindgen::{JsCast, JsValue};

/// The day in a time zone at a moment, Unix milliseconds; `None` where the platform knows no such zone.
#[must_use]
pub fn day_in(zone: &str, now_ms: u64) -> Option<Day> {
    #[allow(clippy::cast_precision_loss, reason = "milliseconds of this era need 41 bits")]
    let date = Date::new(&JsValue::from_f64(now_ms as f64));
    let options = Object::new();
    Reflect::set(&options, &"timeZone".into(), &zone.into()).ok()?;
    // Not the binding's own method: it lets an error through that ends the whole program.
    let method: Function = Reflect::get(&date, &"toLocaleDateString".into()).ok()?.dyn_into().ok()?;
    // Swedish dates are those of ISO 8601.
    let text = method.call2(&date, &"sv-SE".into(), &options).ok()?.as_string()?;
    Day::parse(&text).ok()
}

/// The platform's name for a code; the code itself where it knows none, or where it is none, which is an error there.
fn name_of(kind: DisplayNamesType, tag: &str, code: &str) -> String {
    let options = DisplayNamesOptions::new();
    options.set_type(kind);
    let names = DisplayNames::new(&Array::of1(&tag.into()), &options);
    // Not the binding's own method, as above: codes come from anybody.
    let find = || {
        let method: Function = Reflect::get(&names, &"of".into()).ok()?.dyn_into().ok()?;
        method.call1(&names, &code.into()).ok()?.as_string()
    };
    find().unwrap_or_else(|| code.to_owned())
}

fn is_letters(text: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// The name of a country in a language; the code itself where the platform knows none. `tag` must be well-formed (BCP 47).
#[must_use]
pub fn country_name(tag: &str, code: &str) -> String {
    name_of(DisplayNamesType::Region, tag, code)
}

/// The name of a language in another; the tag itself where the platform knows none. `tag` must be well-formed (BCP 47).
#[must_use]
pub fn language_name(tag: &str, named: &str) -> String {
    name_of(DisplayNamesType::Language, tag, named)
}

/// How a language writes numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// BCP 47.
    pub tag: String,
    /// Between groups of digits.
    pub group: String,
    /// Before a fraction.
    pub decimal: String,
    /// From how many digits on there are groups: 4, or 5 where `1234` has none.
    pub grouped_from: usize,
    /// Digits of a group left of the last, which has three: 3, or 2 as in `12,34,567`.
    pub group_digits: usize,
}

impl Numbers {
    /// Those of the first language that a header asks for; those of English where it asks for none that is known.
    /// Source: RFC 9110 12.5.4 (Accept-Language).
    #[must_use]
    pub fn of(accept_language: &str) -> Self {
        let asked = accept_language.split([',', ';']).next().unwrap_or("").trim();
        let is_tag = asked.len() <= 35
            && asked.split('-').enumerate().all(|(place, part)| {
                if place == 0 {
                    is_letters(part, 2..=3)
                } else {
                    (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
                }
            });
        // A tag that only looks like one would be an error that ends the program.
        let list = Array::of1(&asked.into());
        let is_known = is_tag && is_supported(&list);
        let tag = if is_known { asked } else { "en" };
        // The page's words are English, whose digits these are as well.
        let options = Object::new();
        let _ = Reflect::set(&options, &"numberingSystem".into(), &"latn".into());
        let format = NumberFormat::new(&Array::of1(&tag.into()), &options);
        let written = |number: f64| {
            let text = format.format().call1(&JsValue::UNDEFINED, &JsValue::from_f64(number));
            text.ok().and_then(|text| text.as_string()).unwrap_or_default()
        };
        Self::read(tag, &written(1234.0), &written(12_345_678.9))
    }
}

impl Numbers {
    /// What a language's `1234` and `12345678.9` say of it. What cannot be read is written without groups.
    fn read(tag: &str, short: &str, long: &str) -> Self {
        let runs: Vec<&str> =
            long.split(|sign: char| !sign.is_ascii_digit()).filter(|run| !run.is_empty()).collect();
        let signs: Vec<&str> =
            long.split(|sign: char| sign.is_ascii_digit()).filter(|sign| !sign.is_empty()).collect();
        let (group, decimal, group_digits) = match (runs.as_slice(), signs.as_slice()) {
            // The fraction, the last group, and the one before it.
            ([.., before, _, _], [group, .., decimal]) => (*group, *decimal, before.len()),
            (_, [.., decimal]) => ("", *decimal, 3),
            _ => ("", ".", 3),
        };
        let is_short_grouped = !group.is_empty() && short.contains(group);
        Self {
            tag: tag.to_owned(),
            group: group.to_owned(),
            decimal: decimal.to_owned(),
            grouped_from: if is_short_grouped { 4 } else { 5 },
            group_digits,
        }
    }
}

/// Does the platform know one of these languages? By a call whose error is caught: tags come from anybody.
fn is_supported(tags: &Array) -> bool {
    let find = || {
        let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
        let format = Reflect::get(&intl, &"NumberFormat".into()).ok()?;
        let method: Function = Reflect::get(&format, &"supportedLocalesOf".into()).ok()?.dyn_into().ok()?;
        Some(Array::from(&method.call1(&format, tags).ok()?).length() > 0)
    };
    find().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_language_writes_says_how_it_groups() {
        // As Node 24 writes them, by `Intl.NumberFormat` with Latin digits.
        for (tag, short, long, expected) in [
            ("en", "1,234", "12,345,678.9", (",", ".", 4, 3)),
            ("de", "1.234", "12.345.678,9", (".", ",", 4, 3)),
            ("fr", "1\u{202f}234", "12\u{202f}345\u{202f}678,9", ("\u{202f}", ",", 4, 3)),
            ("es", "1234", "12.345.678,9", (".", ",", 5, 3)),
            ("hi", "1,234", "1,23,45,678.9", (",", ".", 4, 2)),
            ("de-CH", "1’234", "12’345’678.9", ("’", ".", 4, 3)),
            ("", "1234", "12345678.9", ("", ".", 5, 3)),
            ("", "", "", ("", ".", 5, 3)),
        ] {
            let Numbers { group, decimal, grouped_from, group_digits, .. } = Numbers::read(tag, short, long);
            assert_eq!((group.as_str(), decimal.as_str(), grouped_from, group_digits), expected, "{tag}");
        }
    }
}
