//! Which language a visitor reads, what a site can say itself in each, and what of it is asked.
#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy exempts test functions, not their helpers")]

use postern_consent::{Category, CategorySet};
use postern_policy::{Language, Policy, Texts};

/// A site whose own language is English; 20 lines.
const SOUND: &str = r#"[site]
id = "shop"
language = "en"

[controller]
name = "Shop Ltd"
address = "1 Row, Dublin"
contact = "privacy@shop.example"
authority = { name = "DPC", url = "https://dpc.example" }

[notice]
url = "/privacy"
version = "1"
updated = 2026-05-01

[profile]
name = "EU"

[categories]
analytics = {}
"#;

fn parse(text: &str) -> Policy {
    Policy::parse(text, &[]).unwrap_or_else(|error| panic!("{error}"))
}

fn faults(text: &str) -> String {
    Policy::parse(text, &[]).map(|_| ()).unwrap_err().to_string()
}

/// The same site speaking these languages.
fn speaking(languages: &str) -> String {
    SOUND.replace("\"en\"\n", &format!("\"en\"\nlanguages = {languages}\n"))
}

fn tags(policy: &Policy) -> Vec<&str> {
    policy.languages().map(|language| language.tag.as_str()).collect()
}

#[test]
fn every_language_is_whole_and_says_its_name() {
    let english = Texts::built_in("en").unwrap();
    for tag in Texts::BUILT_IN_TAGS {
        let texts = Texts::built_in(tag).unwrap();
        for key in Texts::KEYS {
            let text = texts.text(key).unwrap();
            assert!(!text.is_empty(), "{tag} {key}");
            let same = ["transfer_dpf", "language", "fact_role", "lifetime_session", "erase", "copy"];
            let is_sentence = text.split(' ').count() > 3;
            let is_untranslated = tag != "en" && is_sentence && text == english.text(key).unwrap();
            assert!(!is_untranslated || same.contains(key), "{tag} {key} is English");
        }
        let names = Texts::BUILT_IN_TAGS.map(|tag| Texts::built_in(tag).unwrap().language);
        assert_eq!(names.iter().filter(|name| **name == texts.language).count(), 1, "{tag}");
    }
    assert_eq!(Texts::built_in("eo"), None);
    assert!(Texts::BUILT_IN_TAGS.contains(&"en"));
}

#[test]
fn the_official_languages_of_the_union_are_there() {
    let official = "bg cs da de el en es et fi fr ga hr hu it lt lv mt nl pl pt ro sk sl sv";
    for tag in official.split(' ') {
        assert!(Texts::BUILT_IN_TAGS.contains(&tag), "{tag}");
    }
    assert!(Texts::BUILT_IN_TAGS.len() >= 30);
}

#[test]
fn the_page_goes_before_the_browser_and_the_browser_before_the_site() {
    let policy = parse(&speaking("[\"en\", \"de\", \"fr\", \"ar\"]"));
    for (page, accept, expected) in [
        (None, None, "en"),
        (Some("de"), Some("fr"), "de"),
        (Some("de-AT"), Some("fr"), "de"),
        (Some("xx"), Some("fr-CA, de;q=0.9"), "fr"),
        (Some(""), Some("it, ar;q=0.2"), "ar"),
        (None, Some("it, *"), "en"),
        (None, Some("de;q=0"), "en"),
        (None, Some("\u{0}"), "en"),
    ] {
        assert_eq!(policy.language_for(page, accept).tag, expected, "{page:?} {accept:?}");
    }
    assert_eq!(policy.language("it"), None);
    assert_eq!(policy.language("ar").map(Language::direction), Some("rtl"));
}

#[test]
fn all_languages_are_spoken_unless_the_site_says_which() {
    let policy = parse(SOUND);
    assert_eq!(tags(&policy).len(), Texts::BUILT_IN_TAGS.len());
    assert_eq!(tags(&policy).first(), Some(&"en"));
    assert_eq!(tags(&parse(&speaking("[\"de\"]"))), ["en", "de"]);
    // A site in Austrian German does not speak German beside it.
    let austrian = parse(&SOUND.replace("\"en\"", "\"de-AT\""));
    assert!(!tags(&austrian).contains(&"de"));
    assert_eq!(austrian.language_for(None, Some("de, en;q=0.5")).tag, "de-AT");
    assert_eq!(austrian.own_language().texts.accept, Texts::built_in("de").unwrap().accept);
}

#[test]
fn a_site_has_words_of_its_own_in_each_language() {
    let text = format!(
        "{SOUND}\n[texts]\naccept = \"Yes to all\"\n[texts.de]\naccept = \"Allem zustimmen\"\nanalytics_title = \"Besuche zählen\"\n"
    );
    let policy = parse(&text);
    assert_eq!(policy.own_language().texts.accept, "Yes to all");
    let german = policy.language("de").unwrap();
    assert_eq!(german.texts.accept, "Allem zustimmen");
    assert_eq!(
        german.titles(CategorySet::ALL.without(Category::Social)).split(", ").nth(1),
        Some("Besuche zählen")
    );
    assert_eq!(german.titles(CategorySet::EMPTY), german.texts.none);
    assert_eq!(policy.language("fr").unwrap().texts.accept, Texts::built_in("fr").unwrap().accept);
}

#[test]
fn each_fault_says_where_why_and_what_to_do() {
    for (text, message) in [
        (
            speaking("[\"German\"]"),
            "postern.toml:4: site.languages: \"German\" is not a language tag; write one as in en, el or pt-BR",
        ),
        (
            format!("{SOUND}[texts.german]\n"),
            "postern.toml:21: texts.german: \"german\" is not a language tag; write one as in en, el or pt-BR",
        ),
        (
            format!("{SOUND}[texts.en]\n"),
            "postern.toml:21: texts.en: is the site's own language: write its texts under [texts] itself",
        ),
        (
            format!("{}[texts.fr]\ntitle = \"Bonjour\"\n", speaking("[\"de\"]")),
            "postern.toml:22: texts.fr: \"fr\" is not among site.languages; add it there or remove these texts",
        ),
        (
            format!("{SOUND}[texts.de]\naccpt = \"Ja\"\n"),
            "postern.toml:22: texts.de.accpt: unknown key; did you mean \"accept\"?",
        ),
        (
            format!("{SOUND}[texts.de]\nbody = \"Für {{purposes}}\"\n"),
            "postern.toml:22: texts.de.body: must contain {controller}, which is filled in when shown; add it",
        ),
        (
            format!(
                "{}[texts]\nanalytics_title = \"Counts\"\n",
                SOUND.replace("analytics = {}", "analytics = { title = \"Measures\" }")
            ),
            "postern.toml:22: texts.analytics_title: is said under categories.analytics already; remove one of the two",
        ),
    ] {
        assert_eq!(faults(&text), message);
    }
    for text in [speaking("[\"eo\"]"), format!("{SOUND}[texts.eo]\ntitle = \"Elekto\"\n")] {
        assert!(
            faults(&text).contains(": no built-in texts for \"eo\"; write these too: "),
            "{}",
            faults(&text)
        );
    }
}

#[test]
fn a_described_category_is_to_be_described_in_every_language() {
    let described = SOUND.replace("analytics = {}", "analytics = { text = \"Counts.\" }");
    let warnings = |text: &str| parse(text).warnings().iter().map(ToString::to_string).collect::<Vec<_>>();
    let one = warnings(&described.replace("\"en\"\n", "\"en\"\nlanguages = [\"de\"]\n"));
    assert_eq!(
        one,
        [
            "postern.toml:21: categories.analytics.text: is said in the site's own language alone, and readers of 1 others see what is built in; write analytics_text under [texts.<language>], or list the languages you speak in site.languages"
        ]
    );
    let german = "[texts.de]\nanalytics_text = \"Zählt.\"\n";
    let both = format!("{}{german}", described.replace("\"en\"\n", "\"en\"\nlanguages = [\"de\"]\n"));
    assert_eq!(warnings(&both), [""; 0]);
    assert_eq!(warnings(&described.replace("\"en\"\n", "\"en\"\nlanguages = [\"en\"]\n")), [""; 0]);
}

#[test]
fn switching_languages_asks_nobody_again_and_other_words_on_a_category_do() {
    let plain = parse(SOUND);
    for text in [
        speaking("[\"de\"]"),
        format!("{SOUND}[texts.de]\naccept = \"Ja\"\n"),
        format!("{SOUND}[texts.de]\nsocial_text = \"Zeigt Filme.\"\n"),
        // What is built in, written out, is not another wording.
        SOUND.replace("analytics = {}", "analytics = { title = \"Measuring visits\" }"),
    ] {
        assert_eq!(parse(&text).tag(), plain.tag(), "{text}");
    }
    let german = parse(&format!("{SOUND}[texts.de]\nanalytics_text = \"Zählt.\"\n"));
    let other = parse(&format!("{SOUND}[texts.de]\nanalytics_text = \"Zählt alles.\"\n"));
    let french = parse(&format!("{SOUND}[texts.fr]\nanalytics_text = \"Zählt.\"\n"));
    let tags = [plain.tag(), german.tag(), other.tag(), french.tag()];
    for (place, tag) in tags.iter().enumerate() {
        assert_eq!(tags.iter().position(|same| same == tag), Some(place));
    }
    assert_ne!(parse(&speaking("[\"de\"]")).hash(), plain.hash());
    assert_ne!(german.hash(), plain.hash());
}

#[test]
fn the_tag_of_a_site_with_words_of_its_own_is_what_it_was_before_there_were_languages() {
    let own = SOUND.replace("analytics = {}", "analytics = { title = \"Visits\", text = \"Counts.\" }");
    // sha256 over the length-prefixed form "postern-asked/1", computed by another program.
    assert_eq!(format!("{:08x}", parse(&own).tag().0), "1e16caad");
}
