//! The options of a policy file: defaults, each fault and warning word for word, and what is hashed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy exempts test functions, not their helpers")]

use postern_consent::Category;
use postern_policy::{ClearTarget, KnownVendor, Policy};

const KNOWN: [KnownVendor<'_>; 5] = [
    ("ga4", Category::Analytics, "Google Analytics 4"),
    ("google-fonts", Category::Functional, "Google Fonts"),
    ("meta-pixel", Category::Marketing, "Meta Pixel"),
    ("posthog", Category::Analytics, "PostHog"),
    ("stripe", Category::Necessary, "Stripe"),
];

/// A file that stands; options are written after its last line, which is the 26th.
const SOUND: &str = r#"[site]
id = "shop"
language = "en"
hosts = ["shop.example", "www.shop.example"]

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
marketing = {}
functional = {}
social = {}

# The options follow.
"#;

/// What every vendor says, so that no other warning is given.
const PLACE: &str = "role = \"independent\"\ncountry = \"DE\"\n";

fn with(options: &str) -> String {
    format!("{SOUND}{options}\n")
}

fn vendor(id: &str, options: &str) -> String {
    with(&format!("[vendors.{id}]\n{PLACE}{options}"))
}

fn own(options: &str) -> String {
    vendor("acme", &format!("name = \"Acme\"\ncategory = \"analytics\"\n{options}"))
}

fn parse(text: &str) -> Policy {
    Policy::parse(text, &KNOWN).unwrap_or_else(|error| panic!("{error}"))
}

fn faults(text: &str) -> String {
    Policy::parse(text, &KNOWN).map(|_| ()).unwrap_err().to_string()
}

fn warnings(text: &str) -> Vec<String> {
    parse(text).warnings().iter().map(ToString::to_string).collect()
}

#[test]
fn the_defaults_are_the_safe_ones() {
    let policy = parse(SOUND);
    let edge = &policy.edge;
    assert_eq!(
        (edge.strict, edge.lockdown, edge.clean_landing, edge.report_unknown),
        (false, false, false, true)
    );
    assert_eq!(edge.clear_site_data, []);
    let mode = &policy.consent_mode;
    assert_eq!((mode.ads_data_redaction, mode.url_passthrough, mode.wait_for_update_ms), (true, false, 500));
    assert_eq!((policy.receipts.keep_months, policy.receipts.longer.len()), (12, 0));
    let known = parse(&vendor("ga4", ""));
    let ga4 = &known.vendors()[0];
    assert!(!ga4.is_cookieless && ga4.reason.is_none());
    for list in [&ga4.hosts, &ga4.paths, &ga4.cookies, &ga4.params, &ga4.storage] {
        assert!(list.is_empty());
    }
    assert_eq!(known.warnings(), []);
}

#[test]
fn each_option_is_read() {
    let text = own(r#"host = "acme.example"
hosts = ["cdn.acme.example/t/*/a.js", "acme.example"]
paths = ["/ingest/"]
cookies = ["_acme", "_acme_*"]
params = ["acme_id"]
storage = ["acme:*"]
[edge]
strict = true
lockdown = true
clean_landing = true
clear_site_data = ["cache", "cache"]
report_unknown = false
[consent_mode]
ads_data_redaction = false
url_passthrough = false
wait_for_update = 5000
[receipts]
keep_months = 24
marketing = 36
social = 24"#);
    let policy = parse(&text);
    assert_eq!(policy.warnings(), []);
    let acme = &policy.vendors()[0];
    assert_eq!(acme.host.as_deref(), Some("acme.example"));
    assert_eq!(acme.hosts, ["acme.example", "cdn.acme.example/t/*/a.js"]);
    assert_eq!((acme.paths[0].as_str(), acme.params[0].as_str()), ("/ingest/", "acme_id"));
    assert_eq!((acme.cookies[1].as_str(), acme.storage[0].as_str()), ("_acme_*", "acme:*"));
    let edge = &policy.edge;
    assert_eq!(
        (edge.strict, edge.lockdown, edge.clean_landing, edge.report_unknown),
        (true, true, true, false)
    );
    assert_eq!(edge.clear_site_data, [ClearTarget::Cache]);
    let mode = &policy.consent_mode;
    assert_eq!(
        (mode.ads_data_redaction, mode.url_passthrough, mode.wait_for_update_ms),
        (false, false, 5000)
    );
}

#[test]
fn receipts_of_a_category_are_kept_longer_where_the_site_says_so() {
    let receipts = parse(&with("[receipts]\nkeep_months = 24\nsocial = 24\nmarketing = 120")).receipts;
    assert_eq!((receipts.keep_months, receipts.longer), (24, vec![(Category::Marketing, 120)]));
    assert_ne!(parse(SOUND).hash(), parse(&with("[receipts]\nmarketing = 36")).hash());
    assert_eq!(parse(SOUND).hash(), parse(&with("[receipts]\nmarketing = 12")).hash());
}

#[test]
fn each_fault_says_where_why_and_what_to_do() {
    // (the file, the whole message)
    for (text, message) in [
        (with("[edge]\nstict = true"), "postern.toml:28: edge.stict: unknown key; did you mean \"strict\"?"),
        (with("[edge]\nstrict = \"yes\""), "postern.toml:28: edge.strict: is a text; write true or false"),
        (
            with("[edge]\nclear_site_data = [\"cookies\"]"),
            "postern.toml:28: edge.clear_site_data: \"cookies\" would delete the site's own cookies and ours, which holds the refusal; use cache or storage (cookies of denied vendors are expired one by one)",
        ),
        (
            with("[edge]\nclear_site_data = [\"*\"]"),
            "postern.toml:28: edge.clear_site_data: \"*\" would delete the site's own cookies and ours, which holds the refusal; use cache or storage (cookies of denied vendors are expired one by one)",
        ),
        (
            with("[edge]\nclear_site_data = [\"executionContexts\"]"),
            "postern.toml:28: edge.clear_site_data: unknown target \"executionContexts\"; use one of cache, storage",
        ),
        (
            with("[edge]\nclear_site_data = true"),
            "postern.toml:28: edge.clear_site_data: is true or false; write a list, as in [\"shop.example\"]",
        ),
        (
            with("[consent_mode]\nwait_for_update = 5001"),
            "postern.toml:28: consent_mode.wait_for_update: 5001 ms is out of range; write 0 to 5000",
        ),
        (
            with("[receipts]\nkeep_months = 0"),
            "postern.toml:28: receipts.keep_months: 0 months is out of range; write 1 to 120",
        ),
        (
            with("[receipts]\nkeep_months = 24\nmarketing = 12"),
            "postern.toml:29: receipts.marketing: 12 months is less than keep_months = 24, and one receipt is about several categories; write more, or lower keep_months",
        ),
        (
            with("[consent_mode]\nwait_for_update = -1"),
            "postern.toml:28: consent_mode.wait_for_update: -1 ms is out of range; write 0 to 5000",
        ),
        (
            with("[consent_mode]\nwait_for_update = 0.5"),
            "postern.toml:28: consent_mode.wait_for_update: is a fraction; write a whole number of milliseconds",
        ),
        (
            own("hosts = [\"acme\"]"),
            "postern.toml:32: vendors.acme.hosts: \"acme\" is not an address; write a host with a dot, and perhaps how the path begins, as in cdn.example.com/tracker/",
        ),
        (
            own("hosts = [\"shop.example/acme/\"]"),
            "postern.toml:32: vendors.acme.hosts: \"shop.example/acme/\" is the site's own; name the paths that lead to the vendor, as in paths = [\"/ingest/\"]",
        ),
        (
            own("host = \"shop.example\""),
            "postern.toml:32: vendors.acme.host: \"shop.example\" is the site's own; name the paths that lead to the vendor, as in paths = [\"/ingest/\"]",
        ),
        (
            own("paths = [\"/\"]"),
            "postern.toml:32: vendors.acme.paths: \"/\" is not the beginning of a path; write it from the first / on and more than that, as in /ingest/\n\
             postern.toml:32: vendors.acme.paths: \"/\" covers our own pages under /_postern/; write another",
        ),
        (
            own("paths = [\"ingest/\"]"),
            "postern.toml:32: vendors.acme.paths: \"ingest/\" is not the beginning of a path; write it from the first / on and more than that, as in /ingest/",
        ),
        (
            own("paths = [\"/_postern/decision\"]"),
            "postern.toml:32: vendors.acme.paths: \"/_postern/decision\" covers our own pages under /_postern/; write another",
        ),
        (
            own("hosts = [\"acme.example\"]\ncookies = [\"*\"]"),
            "postern.toml:33: vendors.acme.cookies: \"*\" is not a name; use up to 100 signs without blanks, * for any run of them, but not * alone",
        ),
        (
            own("hosts = [\"acme.example\"]\nparams = [\"a=b\"]\nstorage = [\"a b\"]"),
            "postern.toml:33: vendors.acme.params: \"a=b\" is not a name; use up to 100 signs without blanks, * for any run of them, but not * alone\n\
             postern.toml:34: vendors.acme.storage: \"a b\" is not a name; use up to 100 signs without blanks, * for any run of them, but not * alone",
        ),
        (
            own("cookies = \"_acme\""),
            "postern.toml:32: vendors.acme.cookies: is a text; write a list, as in [\"shop.example\"]",
        ),
        (
            own("cookies = [\"_acme\"]\ncookieless = 1"),
            "postern.toml:33: vendors.acme.cookieless: is a whole number; write true or false",
        ),
        (
            vendor("posthog", "hosts = [\"us-assets.i.posthog.com/static/\"]"),
            "postern.toml:30: vendors.posthog.hosts: \"us-assets.i.posthog.com\" is not in the EU, and profile EU needs it; use eu.i.posthog.com",
        ),
        (
            vendor(
                "ga4",
                "category = \"necessary\"\nreason = \"We cannot live without counting every visit.\"",
            ),
            "postern.toml:30: vendors.ga4.category: the catalogue files it under \"analytics\": it needs consent (ePrivacy Directive Art. 5(3)) and cannot be \"necessary\"; remove this key",
        ),
        (
            vendor("google-fonts", "category = \"necessary\""),
            "postern.toml:30: vendors.google-fonts.category: the catalogue files it under \"functional\": it needs consent (ePrivacy Directive Art. 5(3)) and cannot be \"necessary\"; remove this key",
        ),
        (
            vendor("meta-pixel", "category = \"necessary\""),
            "postern.toml:30: vendors.meta-pixel.category: Meta's tools serve advertising and can only be \"marketing\", not \"necessary\"; remove this key",
        ),
        (
            vendor("meta-capi", "name = \"Meta\"\ncategory = \"analytics\"\npaths = [\"/capi/\"]"),
            "postern.toml:31: vendors.meta-capi.category: Meta's tools serve advertising and can only be \"marketing\", not \"analytics\"; remove this key",
        ),
        (
            vendor("login", "name = \"Login\"\ncategory = \"necessary\"\nhosts = [\"login.example\"]"),
            "postern.toml:27: vendors.login.reason: is missing; say in 40 signs or more why the page cannot do without this vendor",
        ),
        (
            vendor(
                "login",
                "name = \"Login\"\ncategory = \"necessary\"\nhosts = [\"login.example\"]\nreason = \"We need it.\"",
            ),
            "postern.toml:33: vendors.login.reason: has 11 signs; say in 40 or more why the page cannot do without this vendor",
        ),
    ] {
        assert_eq!(faults(&text), message);
    }
}

#[test]
fn what_may_run_but_should_be_mended_is_warned_of() {
    for (text, expected) in [
        (
            with("[consent_mode]\nurl_passthrough = true"),
            "postern.toml:28: consent_mode.url_passthrough: puts click identifiers into the site's own links while their storage is denied, so that visitors are told apart all the same; remove this key",
        ),
        (
            with("[edge]\nclear_site_data = [\"cache\", \"storage\"]"),
            "postern.toml:28: edge.clear_site_data: \"storage\" deletes what the site itself keeps in the browser too; keep it only if nothing is lost",
        ),
        (
            vendor("ga4", "cookieless = true"),
            "postern.toml:30: vendors.ga4.cookieless: it is sent hits without consent: no identifiers, but the visitor's address, browser and page reach it, and EDPB Guidelines 2/2023 ask consent for that too; remove this key unless a lawyer said so",
        ),
        (
            own("params = [\"acme\"]\nstorage = [\"acme\"]"),
            "postern.toml:27: vendors.acme: is not in the catalogue and has no hosts, paths or cookies here: it is named to visitors, but nothing of it is held; add them",
        ),
    ] {
        assert_eq!(warnings(&text), [expected]);
    }
}

#[test]
fn a_vendor_with_anything_to_hold_it_by_needs_no_warning() {
    for options in [
        "host = \"acme.example\"",
        "hosts = [\"acme.example\"]",
        "paths = [\"/ingest/\"]",
        "cookies = [\"_acme\"]",
    ] {
        assert_eq!(warnings(&own(options)), [""; 0], "{options}");
    }
}

#[test]
fn the_necessary_may_be_listed_and_moved_to_where_it_is_asked_for() {
    let text = vendor("stripe", "");
    assert_eq!(parse(&text).vendors()[0].category, Category::Necessary);
    assert_eq!(parse(&vendor("stripe", "category = \"necessary\"")).vendors()[0].reason, None);
    let moved = parse(&vendor("stripe", "category = \"functional\""));
    assert_eq!(moved.vendors()[0].category, Category::Functional);
    let login = parse(&vendor(
        "login",
        "name = \"Login\"\ncategory = \"necessary\"\nhosts = [\"login.example\"]\nreason = \"Customers sign in through it; it loads on their act.\"",
    ));
    assert!(login.vendors()[0].reason.is_some());
    assert_eq!(login.warnings(), []);
}

#[test]
fn identifiers_of_a_landing_are_sent_away_or_kept() {
    assert!(parse(&own("[edge]\nhold_landing = true")).edge.hold_landing);
    let both = faults(&own("[edge]\nclean_landing = true\nhold_landing = true"));
    assert!(
        both.contains("cannot keep for a grant what clean_landing sends away; remove one of the two"),
        "{both}"
    );
}

#[test]
fn options_are_in_the_hash_and_not_in_the_tag() {
    let plain = parse(&own("hosts = [\"acme.example\"]"));
    let mut seen = vec![plain.hash()];
    for options in [
        "hosts = [\"acme.example\", \"b.acme.example\"]",
        "host = \"acme.example\"\nhosts = [\"acme.example\"]",
        "hosts = [\"acme.example\"]\npaths = [\"/a/\"]",
        "hosts = [\"acme.example\"]\ncookies = [\"/a/\"]",
        "hosts = [\"acme.example\"]\nparams = [\"/a/\"]",
        "hosts = [\"acme.example\"]\nstorage = [\"/a/\"]",
        "hosts = [\"acme.example\"]\ncookieless = true",
        "hosts = [\"acme.example\"]\nreason = \"It counts visits, for which the visitor is asked.\"",
        "hosts = [\"acme.example\"]\n[edge]\nstrict = true",
        "hosts = [\"acme.example\"]\n[edge]\nlockdown = true",
        "hosts = [\"acme.example\"]\n[edge]\nclean_landing = true",
        "hosts = [\"acme.example\"]\n[edge]\nhold_landing = true",
        "hosts = [\"acme.example\"]\n[edge]\nclear_site_data = [\"cache\"]",
        "hosts = [\"acme.example\"]\n[edge]\nclear_site_data = [\"storage\"]",
        "hosts = [\"acme.example\"]\n[edge]\nreport_unknown = false",
        "hosts = [\"acme.example\"]\n[consent_mode]\nads_data_redaction = false",
        "hosts = [\"acme.example\"]\n[consent_mode]\nurl_passthrough = true",
        "hosts = [\"acme.example\"]\n[consent_mode]\nwait_for_update = 0",
    ] {
        let policy = parse(&own(options));
        assert_eq!(policy.tag(), plain.tag(), "{options}");
        assert!(!seen.contains(&policy.hash()), "{options}");
        seen.push(policy.hash());
    }
    // Defaults written out mean the same.
    let spelled = parse(&own(
        "hosts = [\"acme.example\"]\npaths = []\ncookieless = false\n[edge]\nstrict = false\nreport_unknown = true\n[consent_mode]\nwait_for_update = 500",
    ));
    assert_eq!(spelled.hash(), plain.hash());
}
