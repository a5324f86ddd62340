//! Each fault a policy file can have, with its message word for word, and what a sound file means.
#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy exempts test functions, not their helpers")]

use postern_consent::{Category, CategorySet};
use postern_policy::{KnownVendor, Policy};
use proptest::prelude::*;

const KNOWN: [KnownVendor<'_>; 6] = [
    ("ga4", Category::Analytics, "Google Analytics 4"),
    ("gtm", Category::Functional, "Google Tag Manager"),
    ("google-ads", Category::Marketing, "Google Ads"),
    ("meta-pixel", Category::Marketing, "Meta Pixel"),
    ("posthog", Category::Analytics, "PostHog"),
    ("youtube", Category::Social, "YouTube"),
];

const SHOP: &str = include_str!("../../../postern.toml");

/// The smallest file that stands; 26 lines.
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

[categories.analytics]
title = "Measuring visits"
text = "Counts visits."

[categories.marketing]
title = "Advertising"
text = "Shows adverts."
"#;

fn parse(text: &str) -> Policy {
    Policy::parse(text, &KNOWN).unwrap_or_else(|error| panic!("{error}"))
}

fn faults(text: &str) -> String {
    Policy::parse(text, &KNOWN).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn each_broken_file_says_where_why_and_what_to_do() {
    // (what is replaced, by what, the whole message)
    for (old, new, message) in [
        (
            "\"shop\"",
            "\"Shop 1\"",
            "postern.toml:2: site.id: \"Shop 1\" is not a slug; use a-z, 0-9 and -, at most 40 signs, first a letter",
        ),
        ("id = \"shop\"\n", "", "postern.toml:1: site.id: is missing; add a slug, as in id = \"shop\""),
        ("id = \"shop\"", "id = 7", "postern.toml:2: site.id: is a whole number; write a text in quotes"),
        ("id = \"shop\"", "id = \" \"", "postern.toml:2: site.id: is empty; write it or remove the key"),
        (
            "id = \"shop\"",
            "id = \"shop",
            "postern.toml:2: not valid TOML: invalid basic string, expected `\"`",
        ),
        (
            "id = \"shop\"",
            "id = \"sh\\u0000p\"",
            "postern.toml:2: site.id: has a control character (U+0000); remove it",
        ),
        (
            "\"en\"\n",
            "\"en\"\norigin = \"https://shop.example/\"\n",
            "postern.toml:4: site.origin: \"https://shop.example/\" is not an origin; write scheme and host only, as in https://shop.example",
        ),
        (
            "\"en\"\n",
            "\"en\"\nhosts = [\"Shop.example\"]\n",
            "postern.toml:4: site.hosts: \"Shop.example\" is not a host name; write it in lower case without scheme or port, as in shop.example",
        ),
        (
            "\"en\"\n",
            "\"en\"\nhosts = \"shop.example\"\n",
            "postern.toml:4: site.hosts: is a text; write a list, as in [\"shop.example\"]",
        ),
        (
            "\"en\"\n",
            "\"en\"\nhots = []\n",
            "postern.toml:4: site.hots: unknown key; did you mean \"hosts\"?",
        ),
        (
            "\"en\"\n",
            "\"en\"\ncolour = 1\n",
            "postern.toml:4: site.colour: unknown key; use one of id, origin, hosts, language, languages, drop_in",
        ),
        (
            "\"en\"\n",
            "\"English\"\n",
            "postern.toml:3: site.language: \"English\" is not a language tag; write one as in en, el or pt-BR",
        ),
        (
            "https://dpc.example",
            "dpc.example",
            "postern.toml:9: controller.authority.url: \"dpc.example\" is not a URL; write it in full, as in https://shop.example/privacy",
        ),
        (
            "\"/privacy\"",
            "\"privacy\"",
            "postern.toml:12: notice.url: \"privacy\" is not a link; write a path as in /privacy or a full https:// URL",
        ),
        (
            "2026-05-01",
            "\"May 2026\"",
            "postern.toml:14: notice.updated: \"May 2026\" is not a date; write YYYY-MM-DD",
        ),
        (
            "version = \"1\"",
            "version = \"May 2026\"",
            "postern.toml:13: notice.version: \"May 2026\" is not a version; use 1 to 40 of A-Z, a-z, 0-9, . _ and -",
        ),
        (
            "\"EU\"",
            "\"UK\"",
            "postern.toml:17: profile.name: unknown profile \"UK\"; use one of EU, FR, IT, IE, ES, GR, BE, DE, GB, US-CA, US, other, by-country",
        ),
        (
            "\"EU\"",
            "\"EU\"\ngrant_days = 366",
            "postern.toml:18: profile.grant_days: 366 days is longer than the 365 that profile EU allows (CNIL 2020-091 s.39; EDPB 05/2020: refresh at intervals); write 365 or less",
        ),
        (
            "\"EU\"",
            "\"ES\"\ngrant_days = 500",
            "postern.toml:18: profile.grant_days: 500 days is longer than browsers keep a cookie; write 400 or less",
        ),
        (
            "\"EU\"",
            "\"IT\"\nrefusal_days = 30",
            "postern.toml:18: profile.refusal_days: 30 days is shorter than the 180 that profile IT demands (Garante 231/2021 s.6.2 (binding: no earlier re-ask)); write 180 or more",
        ),
        (
            "\"EU\"",
            "\"EU\"\nrefusal_days = 401",
            "postern.toml:18: profile.refusal_days: 401 days is longer than browsers keep a cookie; write 400 or less",
        ),
        (
            "\"EU\"",
            "\"EU\"\ngrant_days = 0",
            "postern.toml:18: profile.grant_days: 0 is not a number of days; write 1 or more",
        ),
        (
            "\"EU\"",
            "\"EU\"\ndnt = \"obey\"",
            "postern.toml:18: profile.dnt: unknown rule \"obey\"; use one of deny, ignore",
        ),
        (
            "[categories.marketing]",
            "[categories.necessary]\nenabled = false",
            "postern.toml:24: categories.necessary.enabled: the necessary needs no consent and cannot be switched; remove this key",
        ),
        (
            "[categories.marketing]",
            "[categories.adverts]",
            "postern.toml:23: categories.adverts: unknown key; use one of necessary, functional, analytics, marketing, social",
        ),
        (
            "Counts visits.",
            "By  continuing you\\nagree.",
            "postern.toml:21: categories.analytics.text: says \"by continuing\": nobody consents by silence; say what the buttons do instead",
        ),
        (
            "Counts visits.",
            "You are Deemed to have accepted.",
            "postern.toml:21: categories.analytics.text: says \"deemed to have accepted\": nobody consents by silence; say what the buttons do instead",
        ),
        (
            "[categories.marketing]",
            "[vendors.meta-pixel]\ncategory = \"adverts\"\n[categories.marketing]",
            "postern.toml:24: vendors.meta-pixel.category: unknown category \"adverts\"; use one of necessary, functional, analytics, marketing, social",
        ),
        (
            "[categories.marketing]",
            "[vendors.meta-pixel]\ncategory = \"analytics\"\n[categories.marketing]",
            "postern.toml:24: vendors.meta-pixel.category: Meta's tools serve advertising and can only be \"marketing\", not \"analytics\"; remove this key",
        ),
        (
            "[categories.marketing]",
            "[vendors.posthog]\nhost = \"us.i.posthog.com\"\n[categories.marketing]",
            "postern.toml:24: vendors.posthog.host: \"us.i.posthog.com\" is not in the EU, and profile EU needs it; use eu.i.posthog.com",
        ),
        (
            "[categories.marketing]",
            "[vendors.youtube]\n[categories.marketing]",
            "postern.toml:23: vendors.youtube.category: category \"social\" is not offered, so this vendor could never run; add [categories.social] or set enabled = false",
        ),
        (
            "[categories.marketing]",
            "[vendors.ga5]\n[categories.marketing]",
            "postern.toml:23: vendors.ga5: unknown vendor; did you mean \"ga4\"? if not, give it name and category",
        ),
        (
            "[categories.marketing]",
            "[vendors.matomo]\n[categories.marketing]",
            "postern.toml:23: vendors.matomo: unknown vendor; give it name and category",
        ),
        (
            "[categories.marketing]",
            "[vendors.ga4]\nenabled = 1\n[categories.marketing]",
            "postern.toml:24: vendors.ga4.enabled: is a whole number; write true or false",
        ),
        (
            "[categories.marketing]",
            "[vendors.ga4]\ncountry = \"US\"\ntransfer = \"none\"\n[categories.marketing]",
            "postern.toml:25: vendors.ga4.transfer: data goes to US with no safeguard, and profile EU needs one; use adequacy, DPF, SCC or IDTA, or set enabled = false",
        ),
        (
            "[categories.marketing]",
            "[vendors.ga4]\ncountry = \"usa\"\n[categories.marketing]",
            "postern.toml:24: vendors.ga4.country: \"usa\" is not a country code; write two capital letters as in DE",
        ),
        (
            "[categories.marketing]",
            "[vendors.ga4]\nrole = \"boss\"\n[categories.marketing]",
            "postern.toml:24: vendors.ga4.role: unknown role \"boss\"; use one of processor, joint, independent",
        ),
        (
            "[categories.marketing]",
            "[banner]\nlayout = \"wall\"\n[categories.marketing]",
            "postern.toml:24: banner.layout: unknown layout \"wall\"; use one of bar, box, centre",
        ),
        (
            "[categories.marketing]",
            "[texts]\ntitel = \"x\"\n[categories.marketing]",
            "postern.toml:24: texts.titel: unknown key; did you mean \"title\"?",
        ),
        (
            "[categories.marketing]",
            "[texts]\nthird_parties = \"Some companies.\"\n[categories.marketing]",
            "postern.toml:24: texts.third_parties: must contain {count}, which is filled in when shown; add it",
        ),
    ] {
        assert!(SOUND.contains(old), "{old}");
        assert_eq!(faults(&SOUND.replacen(old, new, 1)), message);
    }
}

#[test]
fn every_fault_is_told_not_only_the_first() {
    let broken = SOUND.replace("\"EU\"", "\"XX\"").replace("\"shop\"", "\"!\"").replace("2026-05-01", "7");
    let error = Policy::parse(&broken, &KNOWN).unwrap_err();
    let lines: Vec<_> = error.issues().iter().map(|issue| issue.line).collect();
    assert_eq!(lines, [2, 14, 17]);
    assert_eq!(
        faults(""),
        "postern.toml:1: site.id: is missing; add a slug, as in id = \"shop\"\n\
         postern.toml:1: site.language: is missing; add the language of the texts, as in language = \"en\"\n\
         postern.toml:1: controller.name: is missing; add who is responsible, as in name = \"Shop Ltd\"\n\
         postern.toml:1: controller.address: is missing; add a postal address\n\
         postern.toml:1: controller.contact: is missing; add a mail address or a URL\n\
         postern.toml:1: controller.authority.name: is missing; add the supervisory authority's name\n\
         postern.toml:1: controller.authority.url: is missing; add the supervisory authority's page for complaints\n\
         postern.toml:1: notice.url: is missing; add where the cookie notice stands, as in url = \"/privacy\"\n\
         postern.toml:1: notice.version: is missing; add the notice's version, as in version = \"2026-05\"\n\
         postern.toml:1: notice.updated: is missing; add the date of the last change, as in updated = 2026-05-01\n\
         postern.toml:1: profile.name: is missing; add a legal profile, as in name = \"EU\"\n\
         postern.toml:1: categories: no category is offered; add at least one, as in [categories.analytics] with title and text"
    );
}

#[test]
fn a_language_that_is_not_built_in_needs_every_text() {
    let message = faults(&SOUND.replace("\"en\"", "\"eo\""));
    assert!(
        message.starts_with(
            "postern.toml:1: texts: no built-in texts for \"eo\"; write these too: title, body, "
        ),
        "{message}"
    );
    // What the file says of its categories is said, and what it says nowhere is not.
    assert!(!message.contains("analytics_title") && message.contains("social_title"), "{message}");
}

/// What is warned of where a category is described in one language of many.
fn one_language(line: &str, category: &str) -> String {
    let count = postern_policy::Texts::BUILT_IN_TAGS.len() - 1;
    format!(
        "postern.toml:{line}: categories.{category}.text: is said in the site's own language alone, and readers of {count} others see what is built in; write {category}_text under [texts.<language>], or list the languages you speak in site.languages"
    )
}

#[test]
fn warnings_leave_the_file_standing() {
    let text = format!(
        "{SOUND}[vendors.ga4]\nrole = \"processor\"\ncountry = \"US\"\n[vendors.heatmap]\nname = \"Heatmap\"\ncategory = \"analytics\"\ncountry = \"DE\"\n[vendors.posthog]\n"
    );
    let warnings: Vec<_> = parse(&text).warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            one_language("21", "analytics"),
            one_language("25", "marketing"),
            "postern.toml:26: vendors.ga4.dpa_url: is missing; a processor needs a data processing agreement (GDPR Art. 28): add its address".to_owned(),
            "postern.toml:26: vendors.ga4.transfer: is missing; visitors are told where data goes and under what safeguard: add it".to_owned(),
            "postern.toml:29: vendors.heatmap: is not in the catalogue and has no hosts, paths or cookies here: it is named to visitors, but nothing of it is held; add them".to_owned(),
            "postern.toml:33: vendors.posthog.country: is missing; visitors are told where data goes and under what safeguard: add it".to_owned(),
        ]
    );
}

#[test]
fn the_demo_shop_is_sound_and_without_warnings() {
    let policy = parse(SHOP);
    assert_eq!(policy.warnings(), []);
    let ids: Vec<_> = policy.vendors().iter().map(|vendor| vendor.id.as_str()).collect();
    assert_eq!(ids, ["ga4", "google-ads", "gtm", "meta-pixel", "posthog", "youtube"]);
    let profile = policy.profile();
    assert_eq!(profile.offered, CategorySet::ALL.without(Category::Necessary));
    assert_eq!((profile.grant_ttl_minutes, profile.refusal_ttl_minutes), (180 * 1440, 180 * 1440));
    assert!(profile.is_dnt_denial);
    assert_eq!(profile.policy, policy.tag());
}

#[test]
fn posthog_may_stand_anywhere_outside_the_eu_profiles() {
    let us =
        format!("{}[vendors.posthog]\nhost = \"us.i.posthog.com\"\n", SOUND.replace("\"EU\"", "\"US-CA\""));
    assert_eq!(parse(&us).vendors()[0].host.as_deref(), Some("us.i.posthog.com"));
    for host in ["eu.i.posthog.com", "eu-assets.i.posthog.com", "ph.shop.example"] {
        parse(&format!("{SOUND}[vendors.posthog]\nhost = \"{host}\"\n"));
    }
    for host in ["app.posthog.com", "posthog.com", "us-assets.i.posthog.com", "neu.posthog.com"] {
        assert!(
            faults(&format!("{SOUND}[vendors.posthog]\nhost = \"{host}\"\n")).contains("is not in the EU")
        );
    }
}

#[test]
fn a_disabled_vendor_is_checked_but_not_listed() {
    let text = format!("{SOUND}[vendors.youtube]\nenabled = false\n");
    assert!(parse(&text).vendors().is_empty());
    assert!(faults(&format!("{text}colour = 1\n")).contains("vendors.youtube.colour: unknown key"));
}

#[test]
fn the_tag_follows_what_is_asked_and_nothing_else() {
    let text = format!("{SOUND}[vendors.ga4]\nrole = \"processor\"\ncountry = \"US\"\ntransfer = \"DPF\"\n");
    let policy = parse(&text);
    for (old, new) in [
        ("Counts visits.", "Counts visits and clicks."),
        ("\"Advertising\"", "\"Adverts\""),
        ("version = \"1\"", "version = \"2\""),
        ("role = \"processor\"", "role = \"joint\""),
        ("country = \"US\"", "country = \"CA\""),
        ("[vendors.ga4]", "[vendors.ga4]\ncategory = \"marketing\""),
        ("[vendors.ga4]", "[vendors.posthog]\n[vendors.ga4]"),
    ] {
        assert!(text.contains(old), "{old}");
        assert_ne!(parse(&text.replace(old, new)).tag(), policy.tag(), "{new}");
    }
    for (old, new) in [
        ("[vendors.ga4]", "[banner]\nlayout = \"box\"\n[vendors.ga4]"),
        ("[vendors.ga4]", "[texts]\naccept = \"Yes\"\n[vendors.ga4]"),
        ("\"EU\"", "\"EU\"\ngrant_days = 90"),
        ("1 Row, Dublin", "2 Row, Dublin"),
        ("\"DPF\"", "\"SCC\""),
    ] {
        let changed = parse(&text.replace(old, new));
        assert_eq!(changed.tag(), policy.tag(), "{new}");
        assert_ne!(changed.hash(), policy.hash(), "{new}");
    }
    // Spelling is not meaning.
    let spelled = format!("# a remark\n{}", text.replace("\"EU\"", "'EU'\ndnt = \"deny\""));
    assert_eq!(parse(&spelled).hash(), policy.hash());
}

#[test]
fn the_parts_a_receipt_names_have_their_own_hashes() {
    let policy = parse(SOUND);
    let changed = parse(&SOUND.replace("Counts visits.", "Counts."));
    let purpose = |policy: &Policy, category| policy.purpose_sha256(category, policy.own_language());
    assert_ne!(purpose(&policy, Category::Analytics), purpose(&changed, Category::Analytics));
    assert_eq!(purpose(&policy, Category::Marketing), purpose(&changed, Category::Marketing));
    assert_eq!(purpose(&policy, Category::Social), None);
    let texts = |policy: &Policy| policy.texts_sha256(policy.own_language());
    assert_ne!(texts(&policy), texts(&changed));
    let german = policy.language("de").unwrap();
    assert_ne!(policy.texts_sha256(german), texts(&policy));
    assert_ne!(policy.purpose_sha256(Category::Analytics, german), purpose(&policy, Category::Analytics));
    assert_eq!(policy.vendors_sha256(), changed.vendors_sha256());
}

#[test]
fn a_file_too_large_is_not_read() {
    let text = format!("{SOUND}#{}", "x".repeat(256 * 1024));
    assert_eq!(
        faults(&text),
        format!("postern.toml:1: the file has {} bytes; keep it under 262144", text.len())
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = Policy::parse(&text, &KNOWN);
    }

    #[test]
    fn no_cut_or_altered_file_panics(cut in 0usize..2000, at in 0usize..2000, sign in any::<char>()) {
        let cut_text: String = SHOP.chars().take(cut).collect();
        let _ = Policy::parse(&cut_text, &KNOWN);
        let altered: String =
            SHOP.chars().enumerate().map(|(index, old)| if index == at { sign } else { old }).collect();
        let _ = Policy::parse(&altered, &KNOWN);
    }
}

#[test]
fn as_many_vendors_as_a_choice_can_name_are_taken_and_no_more() {
    let with = |count: usize| {
        let vendor = |number| format!("[vendors.v{number}]\nname = \"V\"\ncategory = \"analytics\"\n");
        SOUND.to_owned() + &(0..count).map(vendor).collect::<String>()
    };
    let sound = parse(&with(128));
    assert_eq!(sound.vendors().len(), 128);
    assert_eq!(sound.place_of(&sound.vendors()[127].id), Some(127));
    assert!(
        faults(&with(129)).contains(
            "vendors: 129 vendors are enabled, and a choice can name 128; set enabled = false for those that the site does not use"
        ),
        "{}",
        faults(&with(129))
    );
    let disabled = with(129) + "enabled = false\n";
    assert_eq!(parse(&disabled).vendors().len(), 128);
}
