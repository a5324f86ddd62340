//! The languages a site speaks, and which of them a visitor reads: the page's, else what the browser asks for, else
//! the site's own. Words themselves are `texts`'.

use postern_sort::sorted_by_key;
use std::borrow::Cow;
use std::collections::BTreeMap;

use postern_consent::{Category, CategorySet};

use crate::policy::Policy;
use crate::texts::Texts;

/// Ranges of one `Accept-Language` that are looked at: a browser sends fewer than ten.
const RANGES_MAX: usize = 32;

/// Tags under which people ask for a language that has its texts under another. Source: IANA language subtag
/// registry (`iw` is `he`; `nb` and `nn` are within `no`); Unicode CLDR, likely subtags.
const ALIASES: [(&str, &str); 6] = [
    ("no", "nb"),
    ("nn", "nb"),
    ("iw", "he"),
    ("zh-tw", "zh-Hant"),
    ("zh-hk", "zh-Hant"),
    ("zh-mo", "zh-Hant"),
];

/// Scripts that run from right to left, and languages usually written in one. Source: Unicode CLDR, script metadata.
const SCRIPTS_RTL: [&str; 8] = ["adlm", "arab", "hebr", "mand", "nkoo", "rohg", "syrc", "thaa"];
const LANGUAGES_RTL: [&str; 11] = ["ar", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"];

/// What is shown in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Language {
    /// BCP 47, as it stands in `lang` and in receipts.
    pub tag: String,
    /// Built-in texts with the site's own over them.
    pub texts: Texts,
    /// What of it the site wrote itself, where it differs from what is built in, by key.
    pub(crate) own: BTreeMap<&'static str, String>,
}

impl Language {
    pub(crate) fn new(tag: &str, texts: Texts) -> Self {
        Self { tag: tag.to_owned(), texts, own: BTreeMap::new() }
    }

    /// Puts the site's own text over the built-in one.
    pub(crate) fn set_own(&mut self, key: &'static str, text: String) {
        if self.texts.text(key) != Some(&text) {
            self.texts.set(key, text.clone());
            self.own.insert(key, text);
        }
    }

    /// `"rtl"` or `"ltr"`, by the script the tag names, else by the one the language is usually written in.
    #[must_use]
    pub fn direction(&self) -> &'static str {
        let mut subtags = self.tag.split('-');
        let primary = subtags.next().unwrap_or_default();
        let script =
            subtags.find(|subtag| subtag.len() == 4 && subtag.bytes().all(|byte| byte.is_ascii_alphabetic()));
        let is_rtl = match script {
            Some(script) => SCRIPTS_RTL.iter().any(|rtl| rtl.eq_ignore_ascii_case(script)),
            None => LANGUAGES_RTL.contains(&primary),
        };
        if is_rtl { "rtl" } else { "ltr" }
    }

    /// The titles of these categories, less the necessary, as the language lists things; `none` if there are none.
    #[must_use]
    pub fn titles(&self, categories: CategorySet) -> String {
        let asked = categories.without(Category::Necessary);
        let titles: Vec<&str> = asked.iter().map(|category| self.texts.category(category).0).collect();
        if titles.is_empty() { self.texts.none.clone().into_owned() } else { titles.join(self.comma()) }
    }

    /// What stands between the members of a list. Source: Unicode CLDR, list patterns.
    #[must_use]
    pub fn comma(&self) -> &'static str {
        match self.tag.split('-').next() {
            Some("ja" | "zh") => "、",
            Some("ar" | "ckb" | "fa" | "ps" | "sd" | "ug" | "ur") => "، ",
            _ => ", ",
        }
    }
}

impl Policy {
    /// Every language a visitor can be shown, the site's own first. Never empty.
    pub fn languages(&self) -> impl Iterator<Item = &Language> {
        std::iter::once(&self.own_language).chain(&self.other_languages)
    }

    /// The site's own language.
    #[must_use]
    pub fn own_language(&self) -> &Language {
        &self.own_language
    }

    /// The language of that very tag, if visitors can be shown it.
    #[must_use]
    pub fn language(&self, tag: &str) -> Option<&Language> {
        self.languages().find(|language| language.tag == tag)
    }

    /// What a visitor is shown: in the language of the page (its `lang`), else in the one that the browser likes best
    /// (`Accept-Language`), else in the site's own. Source: standards.md requirement 29.
    #[must_use]
    pub fn language_for(&self, page: Option<&str>, accept: Option<&str>) -> &Language {
        let tags: Vec<&str> = self.languages().map(|language| language.tag.as_str()).collect();
        let found = page
            .and_then(|range| look_up(range, &tags))
            .or_else(|| accept_ranges(accept.unwrap_or_default()).find_map(|range| look_up(range, &tags)));
        found.and_then(|tag| self.language(tag)).unwrap_or(&self.own_language)
    }
}

/// The tag of the built-in texts that fit a tag best.
pub(crate) fn built_in_tag(tag: &str) -> Option<&'static str> {
    look_up(tag, &Texts::BUILT_IN_TAGS)
}

/// The tag that fits a range best: the same, or one that it narrows; failing these, one of the same language.
/// Source: RFC 4647 section 3.4, "lookup", and 3.3.1, "basic filtering".
fn look_up<'tags>(range: &str, tags: &[&'tags str]) -> Option<&'tags str> {
    let mut range = Cow::Borrowed(range.trim());
    // A tag has at most 35 signs (RFC 5646 section 4.4.1); what is longer is none.
    if range.len() > 35 {
        return None;
    }
    loop {
        let alias = ALIASES.iter().find(|(asked, _)| asked.eq_ignore_ascii_case(&range)).map(|(_, tag)| *tag);
        for wanted in [Some(&*range), alias].into_iter().flatten() {
            if let Some(tag) = tags.iter().find(|tag| tag.eq_ignore_ascii_case(wanted)) {
                return Some(tag);
            }
        }
        let Some((mut shorter, _)) = range.rsplit_once('-') else {
            let is_of = |tag: &&&str| {
                tag.split('-').next().is_some_and(|primary| primary.eq_ignore_ascii_case(&range))
            };
            return tags.iter().find(is_of).copied();
        };
        // A subtag of one sign only introduces the next.
        if let Some((before, last)) = shorter.rsplit_once('-')
            && last.len() == 1
        {
            shorter = before;
        }
        range = Cow::Owned(shorter.to_owned());
    }
}

/// The ranges of an `Accept-Language`, what is liked best first; those not wanted and those that cannot be read are
/// left out. Source: RFC 9110 sections 12.4.2 and 12.5.4.
fn accept_ranges(header: &str) -> impl Iterator<Item = &str> {
    let ranges: Vec<(&str, u16)> = header
        .split(',')
        .take(RANGES_MAX)
        .filter_map(|item| {
            let mut parts = item.split(';').map(str::trim);
            let range = parts.next().filter(|range| !range.is_empty() && *range != "*")?;
            let weight = match parts.next() {
                None => 1000,
                Some(weight) => {
                    thousandths(weight.strip_prefix(['q', 'Q'])?.trim_start().strip_prefix('=')?.trim())?
                }
            };
            (weight > 0).then_some((range, weight))
        })
        .collect();
    sorted_by_key(ranges, |(_, weight)| std::cmp::Reverse(*weight)).into_iter().map(|(range, _)| range)
}

/// `qvalue`: `0` to `1` with at most three digits behind the point. Source: RFC 9110 section 12.4.2.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    if rest.len() > 3 || !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part: u16 = format!("{rest:0<3}").parse().ok()?;
    match (whole, part) {
        ("0", part) => Some(part),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TAGS: [&str; 7] = ["en", "de", "de-CH", "nb", "zh-Hans", "he", "pt-BR"];

    #[test]
    fn a_range_finds_its_tag_or_a_wider_one_and_no_other() {
        for (range, tag) in [
            ("de", Some("de")),
            ("DE", Some("de")),
            ("de-AT", Some("de")),
            ("de-ch-1996", Some("de-CH")),
            ("de-x-y", Some("de")),
            ("no", Some("nb")),
            ("nn-NO", Some("nb")),
            ("iw", Some("he")),
            ("zh-Hans-CN", Some("zh-Hans")),
            ("zh-TW", Some("zh-Hans")),
            ("pt", Some("pt-BR")),
            ("pt-PT", Some("pt-BR")),
            ("pt-BR", Some("pt-BR")),
            ("den", None),
            ("d", None),
            ("*", None),
            ("", None),
            ("-", None),
            ("de_AT", None),
        ] {
            assert_eq!(look_up(range, &TAGS), tag, "{range:?}");
        }
        assert_eq!(look_up("zh-HK", &["zh-Hans", "zh-Hant"]), Some("zh-Hant"));
        assert_eq!(look_up(&format!("de-{}", "a".repeat(40)), &TAGS), None);
    }

    #[test]
    fn accept_language_is_read_as_the_standard_says() {
        let ranges = |header| accept_ranges(header).collect::<Vec<_>>();
        for (header, expected) in [
            ("", vec![]),
            ("de", vec!["de"]),
            ("en;q=0.5, de", vec!["de", "en"]),
            ("da, en-gb;q=0.8, en;q=0.7", vec!["da", "en-gb", "en"]),
            ("fr;q=0, de;q=0.001", vec!["de"]),
            ("a;q=0.300,b;q=0.31, c;q=1.000", vec!["c", "b", "a"]),
            ("a;q=1.1, b;q=-1, c;q=0.1234, d;q=x, e;q, f;x=1, g ; q = 0.2", vec!["g"]),
            ("*, de;q=0.1", vec!["de"]),
            (",, ;q=1,", vec![]),
        ] {
            assert_eq!(ranges(header), expected, "{header:?}");
        }
        assert_eq!(accept_ranges(&"x,".repeat(10_000)).count(), RANGES_MAX);
    }

    #[test]
    fn the_direction_is_the_scripts() {
        for (tag, direction) in [
            ("en", "ltr"),
            ("ar", "rtl"),
            ("ar-EG", "rtl"),
            ("he", "rtl"),
            ("fa-IR", "rtl"),
            ("ur-Latn", "ltr"),
            ("az-Arab", "rtl"),
            ("pa-arab-PK", "rtl"),
            ("zh-Hans", "ltr"),
        ] {
            assert_eq!(Language::new(tag, Texts::default()).direction(), direction, "{tag}");
        }
    }

    proptest! {
        #[test]
        fn no_header_panics_and_what_is_found_is_there(header in any::<String>(), range in any::<String>()) {
            prop_assert!(accept_ranges(&header).count() <= RANGES_MAX);
            prop_assert!(look_up(&range, &TAGS).is_none_or(|tag| TAGS.contains(&tag)));
        }
    }
}
