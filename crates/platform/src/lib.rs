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
    /// Between groups of three digits.
    pub group: String,
    /// Before a fraction.
    pub decimal: String,
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
        let format = NumberFormat::new(&Array::of1(&tag.into()), &Object::new());
        let written = format.format().call1(&JsValue::UNDEFINED, &JsValue::from_f64(12_345.6));
        let written = written.ok().and_then(|text| text.as_string()).unwrap_or_default();
        // Digits may be those of another script: what stands between two and the last is what is looked for.
        let signs: Vec<char> = written.chars().collect();
        let (group, decimal) = match signs.as_slice() {
            [_, _, group, _, _, _, decimal, _] => (group.to_string(), decimal.to_string()),
            _ => (String::new(), ".".to_owned()),
        };
        Self { tag: tag.to_owned(), group, decimal }
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
