//! `[texts]` and `[texts.<language>]`: the site's own words over those that are built in, and in which languages
//! visitors are spoken to.

use crate::cause::Cause;
use crate::language::{Language, built_in_tag};
use crate::lint::{lint_text, lint_twins};
use crate::parse::Offered;
use crate::policy::Site;
use crate::section::{Report, Section};
use crate::texts::{PLACEHOLDERS, Texts, category_keys};
use crate::value::is_language;

/// A language with what is built in for it; every text empty where nothing is.
pub(crate) fn starting_with(tag: &str) -> Language {
    Language::new(tag, built_in_tag(tag).and_then(Texts::built_in).unwrap_or_default())
}

/// Reads the site's own words into `own`, and gives the other languages: those of `[site] languages`, else all that
/// are built in and those the site wrote itself.
pub(crate) fn read_words(
    mut texts: Section<'_>,
    report: &mut Report<'_>,
    site: &Site,
    offered: &Offered,
    own: &mut Language,
) -> Vec<Language> {
    let written = texts.tables(report);
    for category in offered.categories.iter() {
        // Both say the same thing, and nobody could say which of them holds.
        for key in category_keys(category).into_iter().filter(|key| own.own.contains_key(key)) {
            if texts.has(key) {
                texts.refuse(report, key, Cause::SaidTwice(category.name()));
            }
        }
    }
    read_language(&mut texts, report, own);

    let mut others: Vec<Language> = Vec::new();
    for (tag, mut section) in written {
        let built_in = Texts::BUILT_IN_TAGS.into_iter().find(|known| known.eq_ignore_ascii_case(&tag));
        let tag = built_in.map_or(tag, str::to_owned);
        let mut language = starting_with(&tag);
        if !is_language(&tag) {
            section.refuse(report, "", Cause::Language(tag));
        } else if tag.eq_ignore_ascii_case(&site.language) {
            section.refuse(report, "", Cause::OwnLanguage);
        } else if !site.languages.is_empty() && !site.languages.contains(&tag) {
            section.refuse(report, "", Cause::LanguageNotListed(tag));
        } else {
            read_language(&mut section, report, &mut language);
            others.push(language);
            section.close(report);
        }
    }
    let is_there = |others: &[Language], tag: &str| others.iter().any(|language| language.tag == tag);
    if site.languages.is_empty() {
        // What the site's own language began with is not a second language beside it.
        let first = built_in_tag(&site.language);
        let more = Texts::BUILT_IN_TAGS.into_iter().filter(|tag| Some(*tag) != first);
        let more: Vec<Language> = more.filter(|tag| !is_there(&others, tag)).map(starting_with).collect();
        others.extend(more);
    }
    for tag in site.languages.iter().filter(|tag| **tag != site.language && is_language(tag)) {
        if !is_there(&others, tag) {
            let language = starting_with(tag);
            check_whole(&texts, report, &language);
            others.push(language);
        }
    }
    texts.close(report);
    // What a purpose is in the site's own words, readers of the other languages are not told.
    for (category, line) in &offered.described {
        let [_, key] = category_keys(*category);
        let count = others.iter().filter(|other| !other.own.contains_key(key)).count();
        if own.own.contains_key(key) && count > 0 {
            let path = format!("categories.{}.text", category.name());
            report.warn(*line, path, Cause::WordsInOneLanguage { key, count });
        }
    }
    others
}

/// The site's own words of one language, and whether nothing is missing then.
pub(crate) fn read_language(section: &mut Section<'_>, report: &mut Report<'_>, language: &mut Language) {
    for key in Texts::KEYS {
        let Some(text) = section.text(report, key) else { continue };
        lint_text(section, report, key, &text);
        let placeholders = PLACEHOLDERS.iter().find(|(name, _)| name == key).map_or(&[][..], |(_, all)| *all);
        for placeholder in placeholders.iter().filter(|placeholder| !text.contains(**placeholder)) {
            section.refuse(report, key, Cause::PlaceholderMissing(placeholder));
        }
        language.set_own(key, text);
    }
    let texts = &language.texts;
    if !texts.accept.is_empty() && !texts.reject.is_empty() {
        lint_twins(section, report, &texts.accept, &texts.reject);
    }
    check_whole(section, report, language);
}

fn check_whole(section: &Section<'_>, report: &mut Report<'_>, language: &Language) {
    let is_missing = |key: &&&str| language.texts.text(key).is_none_or(str::is_empty);
    let missing: Vec<&'static str> = Texts::KEYS.iter().filter(is_missing).copied().collect();
    if !missing.is_empty() && is_language(&language.tag) {
        let cause = Cause::TextsIncomplete { language: language.tag.clone(), keys: missing };
        section.refuse(report, "", cause);
    }
}
