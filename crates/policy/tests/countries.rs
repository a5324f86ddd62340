//! A site by country: each visitor's numbers, and that what is asked does not depend on the place.
#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy exempts test functions, not their helpers")]

use postern_consent::Category;
use postern_policy::{KnownVendor, Policy, legal_profile, legal_profile_for, legal_profile_names};
use proptest::prelude::*;

const DAY: u32 = 24 * 60;
const KNOWN: [KnownVendor<'_>; 6] = [
    ("ga4", Category::Analytics, "Google Analytics 4"),
    ("gtm", Category::Functional, "Google Tag Manager"),
    ("google-ads", Category::Marketing, "Google Ads"),
    ("meta-pixel", Category::Marketing, "Meta Pixel"),
    ("posthog", Category::Analytics, "PostHog"),
    ("youtube", Category::Social, "YouTube"),
];
const SHOP: &str = include_str!("../../../postern.toml");

fn shop(profile: &str) -> String {
    let from = "name = \"EU\"\ndnt = \"deny\"";
    assert!(SHOP.contains(from));
    SHOP.replacen(from, profile, 1)
}

fn parse(profile: &str) -> Policy {
    Policy::parse(&shop(profile), &KNOWN).unwrap_or_else(|error| panic!("{error}"))
}

fn days(policy: &Policy, country: Option<&str>, region: Option<&str>) -> (String, u32, u32) {
    let profile = policy.profile_for(country, region);
    (
        policy.legal_for(country, region).name,
        profile.grant_ttl_minutes / DAY,
        profile.refusal_ttl_minutes / DAY,
    )
}

#[test]
fn each_visitor_has_the_numbers_of_their_country() {
    // Grants as long as allowed, 365 and 400 at most; refusals as the site says, or longer where they must.
    let policy = parse("name = \"by-country\"\ngrant_days = 365\nrefusal_days = 200");
    let members = "AT BG CY CZ DK EE FI HR HU IS LI LT LU LV MT NL NO PL PT RO SE SI SK".split(' ');
    for country in members {
        assert_eq!(days(&policy, Some(country), None), ("EU".into(), 365, 200), "{country}");
    }
    for (country, region, name, grant, refusal) in [
        (Some("BE"), None, "BE", 365, 200),
        (Some("DE"), None, "DE", 365, 200),
        (Some("ES"), None, "ES", 365, 200),
        (Some("FR"), None, "FR", 180, 200),
        (Some("GR"), None, "GR", 365, 200),
        (Some("IE"), None, "IE", 180, 200),
        (Some("IT"), None, "IT", 365, 200),
        (Some("GB"), None, "GB", 365, 200),
        (Some("US"), Some("CA"), "US-CA", 365, 365),
        (Some("US"), Some("NY"), "US", 365, 200),
        (Some("CH"), None, "other", 365, 200),
        (Some("US"), None, "strictest", 180, 365),
        (Some("XX"), None, "strictest", 180, 365),
        (Some("T1"), None, "strictest", 180, 365),
        (None, None, "strictest", 180, 365),
    ] {
        assert_eq!(days(&policy, country, region), (name.into(), grant, refusal), "{country:?} {region:?}");
    }
    // Who asks without a place gets the strictest.
    assert_eq!(policy.profile(), policy.profile_for(None, None));
}

#[test]
fn without_numbers_of_the_site_each_profiles_own_hold() {
    let policy = parse("name = \"by-country\"");
    assert_eq!(policy.warnings(), []);
    assert_eq!(days(&policy, Some("ES"), None), ("ES".into(), 180, 180));
    assert_eq!(days(&policy, Some("US"), Some("CA")), ("US-CA".into(), 180, 365));
}

#[test]
fn a_number_that_some_profile_does_not_allow_is_warned_of_not_refused() {
    let policy = parse("name = \"by-country\"\ngrant_days = 365\nrefusal_days = 180");
    let warnings: Vec<_> = policy.warnings().iter().map(|issue| issue.cause.to_string()).collect();
    assert_eq!(
        warnings,
        [
            "365 days is longer than some profiles allow; grants there last 180 under FR, 180 under IE",
            "180 days is shorter than some profiles demand; refusals there last 365 under US-CA",
        ]
    );
    for numbers in ["grant_days = 401", "refusal_days = 401"] {
        let text = shop(&format!("name = \"by-country\"\n{numbers}"));
        let error = Policy::parse(&text, &KNOWN).unwrap_err().to_string();
        assert!(
            error.contains("401 days is longer than browsers keep a cookie; write 400 or less"),
            "{error}"
        );
    }
}

#[test]
fn a_named_profile_holds_wherever_the_visitor_is() {
    let policy = parse("name = \"GB\"\ngrant_days = 300\ndnt = \"ignore\"");
    for place in [None, Some("FR"), Some("XX")] {
        assert_eq!(policy.profile_for(place, None), policy.profile());
        assert_eq!(policy.legal_for(place, None), legal_profile("GB").unwrap());
    }
    assert_eq!(policy.profile().grant_ttl_minutes, 300 * DAY);
    assert!(!policy.profile().is_dnt_denial);
}

#[test]
fn a_receipts_profile_leads_back_to_its_numbers() {
    for profile in
        ["name = \"by-country\"\ngrant_days = 365\ndnt = \"ignore\"", "name = \"GB\"\ngrant_days = 300"]
    {
        let policy = parse(profile);
        for (country, region) in [
            (Some("FR"), None),
            (Some("GB"), None),
            (Some("US"), Some("CA")),
            (Some("CH"), None),
            (Some("XX"), None),
            (None, None),
        ] {
            let name = policy.legal_for(country, region).name;
            assert_eq!(policy.profile_named(&name), Some(policy.profile_for(country, region)), "{name}");
        }
        assert_eq!(policy.profile_named("nowhere"), None);
    }
}

#[test]
fn who_cannot_be_placed_is_heard_in_every_signal() {
    let policy = parse("name = \"by-country\"\ndnt = \"ignore\"");
    assert!(policy.profile_for(None, None).is_dnt_denial);
    assert!(policy.profile_for(Some("XX"), None).is_dnt_denial);
    assert!(!policy.profile_for(Some("DE"), None).is_dnt_denial);
    let policy = parse("name = \"by-country\"");
    assert!(policy.profile_for(Some("DE"), None).is_dnt_denial);
}

#[test]
fn vendors_are_judged_by_the_strictest() {
    let text =
        shop("name = \"by-country\"").replace("host = \"eu.i.posthog.com\"", "host = \"us.i.posthog.com\"");
    let error = Policy::parse(&text, &KNOWN).unwrap_err().to_string();
    assert!(
        error.contains("\"us.i.posthog.com\" is not in the EU, and profile strictest needs it"),
        "{error}"
    );
}

#[test]
fn the_hash_tells_profiles_apart_and_the_tag_does_not() {
    let mut hashes = Vec::new();
    let tag = parse("name = \"EU\"").tag();
    for name in legal_profile_names().into_iter().chain(["by-country", "by-country\"\ngrant_days = 90 #"]) {
        let policy = parse(&format!("name = \"{name}\""));
        assert_eq!(policy.tag(), tag, "{name}");
        assert!(!hashes.contains(&policy.hash()), "{name}");
        hashes.push(policy.hash());
    }
    assert_eq!(
        parse("name = \"by-country\"\ngrant_days = 180").hash(),
        parse("name = \"by-country\"").hash()
    );
}

proptest! {
    #[test]
    fn no_place_widens_what_its_law_allows(
        country in prop_oneof!["[A-Z]{2}", ".{0,4}"], region in prop_oneof!["[A-Z]{2}", ".{0,3}"],
        grant_days in 1u32..=400, refusal_days in 1u32..=400,
    ) {
        let policy =
            parse(&format!("name = \"by-country\"\ngrant_days = {grant_days}\nrefusal_days = {refusal_days}"));
        let legal = legal_profile_for(Some(&country), Some(&region));
        let profile = policy.profile_for(Some(&country), Some(&region));
        prop_assert!(profile.grant_ttl_minutes <= legal.grant_days_max.min(grant_days) * DAY);
        prop_assert!(profile.refusal_ttl_minutes >= legal.refusal_days_min.max(refusal_days) * DAY);
        prop_assert_eq!(profile.policy, policy.tag());
        prop_assert_eq!(profile.offered, policy.offered());
    }
}
