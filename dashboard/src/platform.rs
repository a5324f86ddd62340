//! What the platform knows of languages: how they write numbers, and what they call countries and languages.

use js_sys::Intl::{DisplayNames, DisplayNamesOptions, DisplayNamesType, NumberFormat};
use js_sys::{Array, Object};
use wasm_bindgen::JsValue;

/// How a language writes numbers.
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
    pub fn of(accept_language: &str) -> Self {
        let asked = accept_language.split([',', ';']).next().unwrap_or("").trim();
        let is_tag = !asked.is_empty()
            && asked.len() <= 35
            && asked.split('-').all(|part| {
                (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
            });
        // A tag that only looks like one would be an error that ends the program.
        let tags = if is_tag { Array::of1(&asked.into()) } else { Array::new() };
        let known = NumberFormat::supported_locales_of(&tags, &Object::new());
        let tag = known.get(0).as_string().unwrap_or_else(|| "en".into());
        let format = NumberFormat::new(&Array::of1(&tag.as_str().into()), &Object::new());
        let written = format.format().call1(&JsValue::UNDEFINED, &JsValue::from_f64(12_345.6));
        let written = written.ok().and_then(|text| text.as_string()).unwrap_or_default();
        // Digits may be those of another script: what stands between two and the last is what is looked for.
        let signs: Vec<char> = written.chars().collect();
        let [_, _, group, _, _, _, decimal, _] = signs.as_slice() else {
            return Self { tag, group: String::new(), decimal: ".".into() };
        };
        Self { tag, group: group.to_string(), decimal: decimal.to_string() }
    }
}

fn name_of(kind: DisplayNamesType, code: &str) -> String {
    let is_code = code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') && code.len() <= 35;
    let is_shaped = match kind {
        DisplayNamesType::Region => code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic()),
        _ => code.split('-').next().is_some_and(|part| (2..=3).contains(&part.len())),
    };
    if !is_code || !is_shaped {
        return code.to_owned();
    }
    let options = DisplayNamesOptions::new();
    options.set_type(kind);
    let names = DisplayNames::new(&Array::of1(&"en".into()), &options);
    names.of(code).map_or_else(|| code.to_owned(), String::from)
}

/// A country's name by its code.
pub fn country_name(code: &str) -> String {
    name_of(DisplayNamesType::Region, code)
}

/// A language's name by its tag.
pub fn language_name(tag: &str) -> String {
    name_of(DisplayNamesType::Language, tag)
}
