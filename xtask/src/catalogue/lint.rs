//! What a vendor file must not say. What is refused here, no build can ship.
//!
//! Each refusal is a sentence that says what to write instead; `lint_tests` has a faulty file for each.

use super::model::Model;
use super::pattern::{Address, Shape, Snippet, UrlRule, is_glob, may_share_name};
use super::schema::{KeepFile, VendorFile};
use std::collections::BTreeSet;

/// Shortest written reason why something needs no consent, characters: one full sentence.
const REASON_CHARS_MIN: usize = 40;

/// Addresses every second site has, which no shape may claim on a host it does not know.
const INNOCENT: [&str; 26] = [
    "/",
    "/?id=1",
    "/e/",
    "/s/",
    "/i",
    "/a",
    "/track",
    "/track/",
    "/collect",
    "/collect?v=1",
    "/batch/",
    "/capture/",
    "/flags/",
    "/tr/",
    "/tr/?id=1",
    "/api/send",
    "/api/event",
    "/script.js",
    "/config.js",
    "/js/app.js",
    "/js/script.js",
    "/js/script.min.js",
    "/static/main.js",
    "/assets/array-utils.js",
    "/img/a.jpg",
    "/img/a.jpg?v=2&id=7",
];

/// Reads one file and refuses what is wrong in it alone.
pub(super) fn parse_vendor(shown: &str, text: &str) -> Result<VendorFile, String> {
    let vendor: VendorFile = toml::from_str(text).map_err(|error| format!("{shown}: {error}"))?;
    check(&vendor, text).map_err(|error| format!("{shown}: {error}"))?;
    if shown != format!("{}.toml", vendor.id) {
        return Err(format!("{shown}: id is {:?}; name the file after it", vendor.id));
    }
    Ok(vendor)
}

/// Every group of facts that has a source of its own: key in `source`, and whether the file has any.
fn groups(vendor: &VendorFile) -> [(&'static str, bool); 15] {
    [
        ("company", true),
        ("urls", !vendor.urls.is_empty()),
        ("first_party", !vendor.first_party.is_empty()),
        ("inline", !vendor.inline.is_empty()),
        ("cookies", !vendor.cookies.is_empty()),
        ("cookie_values", !vendor.cookie_values.is_empty()),
        ("third_party_cookies", !vendor.third_party_cookies.is_empty()),
        ("lifetimes", !vendor.lifetimes.is_empty()),
        ("params", !vendor.params.is_empty()),
        ("storage", !vendor.storage.is_empty()),
        ("databases", !vendor.databases.is_empty()),
        ("globals", !vendor.globals.is_empty()),
        ("consent_api", !vendor.consent_api.is_empty()),
        (
            "links",
            !(vendor.links.privacy.is_empty()
                && vendor.links.dpa.is_empty()
                && vendor.links.disclosure.is_empty()),
        ),
        ("payload", !vendor.payload.is_empty()),
    ]
}

fn check(vendor: &VendorFile, text: &str) -> Result<(), String> {
    vendor.need_bits()?;
    check_law(vendor)?;
    for (key, value) in [("name", &vendor.name), ("company", &vendor.company), ("country", &vendor.country)] {
        if value.trim().is_empty() {
            return Err(format!("{key} is empty; visitors are told it"));
        }
    }
    if !["processor", "joint", "independent"].contains(&vendor.role.as_str()) {
        return Err(format!("unknown role {:?}; use processor, joint or independent", vendor.role));
    }
    let is_loaded = [&vendor.urls, &vendor.first_party, &vendor.cookies].iter().any(|list| !list.is_empty());
    if vendor.privacy_url.is_empty() && is_loaded {
        return Err("privacy_url is empty; visitors are sent there (only parameters may do without)".into());
    }
    for link in [&vendor.privacy_url, &vendor.links.privacy, &vendor.links.dpa, &vendor.links.disclosure] {
        if !link.is_empty() && !link.starts_with("https://") {
            return Err(format!("{link:?} is no link; begin it with https://"));
        }
    }
    check_date(&vendor.checked)?;
    check_sources(vendor)?;
    let matched = [&vendor.urls, &vendor.first_party, &vendor.params, &vendor.cookies, &vendor.storage];
    if matched.iter().all(|list| list.is_empty()) {
        return Err("names nothing to match".into());
    }
    if (!vendor.urls.is_empty() || !vendor.first_party.is_empty()) && vendor.examples.is_empty() {
        return Err("has addresses and no examples to test them by".into());
    }
    check_names(vendor)?;
    check_patterns(vendor)?;
    check_calls(vendor)?;
    check_payloads(vendor, text)
}

fn check_law(vendor: &VendorFile) -> Result<(), String> {
    let category = vendor.category.as_deref().unwrap_or_default();
    let is_meta = vendor.company.starts_with("Meta ") || vendor.id.starts_with("meta-");
    if is_meta && !["marketing", "social"].contains(&category) {
        return Err(
            "what is Meta's is marketing or social, never anything else (standards.md requirement 7)".into(),
        );
    }
    if vendor.id.starts_with("meta-") && category != "marketing" {
        return Err("Meta's pixel can only be marketing (standards.md requirement 7)".into());
    }
    match (vendor.is_necessary(), vendor.reason.trim().chars().count()) {
        (true, length) if length < REASON_CHARS_MIN => {
            Err(format!("necessary needs a written reason of {REASON_CHARS_MIN} characters or more"))
        }
        (false, length) if length > 0 => {
            Err("reason is for what is necessary; this needs consent anyway".into())
        }
        (true, _) if !vendor.first_party.is_empty() => {
            Err("a necessary vendor is let through on its own hosts only; remove first_party".into())
        }
        (true, _) if vendor.optional => {
            Err("necessary is never held, so optional says nothing; remove it".into())
        }
        _ => Ok(()),
    }
}

pub(super) fn check_date(text: &str) -> Result<(), String> {
    let parts: Vec<u16> = text.split('-').filter_map(|part| part.parse().ok()).collect();
    match (text.len(), parts.as_slice()) {
        (10, [2020..=2099, 1..=12, 1..=31]) => Ok(()),
        _ => Err(format!("checked is {text:?}; write the day as 2026-11-22")),
    }
}

fn check_sources(vendor: &VendorFile) -> Result<(), String> {
    let groups = groups(vendor);
    for (key, sentence) in &vendor.source {
        let is_group = key == "all" || groups.iter().any(|(group, _)| group == key);
        if !is_group {
            return Err(format!("source.{key}: there is no such group of facts"));
        }
        if groups.iter().any(|(group, has_any)| group == key && !has_any) {
            return Err(format!("source.{key}: the file has no such facts; remove it"));
        }
        if sentence.trim().chars().count() < 10 {
            return Err(format!("source.{key}: write in a short sentence how it is known"));
        }
    }
    for (group, has_any) in groups {
        // What is sent was seen where it was sent to.
        let is_covered = vendor.source.contains_key(group)
            || vendor.source.contains_key("all")
            || (group == "payload" && vendor.source.contains_key("urls"));
        if has_any && !is_covered {
            return Err(format!("source.{group} is missing; every fact needs one (or write source.all)"));
        }
    }
    Ok(())
}

/// Names: none twice, none that would match everything, identifiers without what breaks a pattern.
fn check_names(vendor: &VendorFile) -> Result<(), String> {
    let lists = [
        ("urls", &vendor.urls),
        ("first_party", &vendor.first_party),
        ("inline", &vendor.inline),
        ("cookies", &vendor.cookies),
        ("cookie_values", &vendor.cookie_values),
        ("third_party_cookies", &vendor.third_party_cookies),
        ("params", &vendor.params),
        ("storage", &vendor.storage),
        ("databases", &vendor.databases),
        ("globals", &vendor.globals),
        ("examples", &vendor.examples),
    ];
    for (group, list) in lists {
        let mut seen = BTreeSet::new();
        for entry in list {
            if !seen.insert(entry) {
                return Err(format!("{group}: {entry:?} stands there twice"));
            }
            if entry.trim() != entry || entry.is_empty() {
                return Err(format!("{group}: {entry:?} is empty or has blanks around it"));
            }
        }
    }
    for (group, list) in [
        ("cookies", &vendor.cookies),
        ("params", &vendor.params),
        ("storage", &vendor.storage),
        ("databases", &vendor.databases),
    ] {
        let too_wide = |name: &&String| name.contains('*') && name.replace('*', "").len() < 3;
        if let Some(name) = list.iter().find(too_wide) {
            return Err(format!("{group}: {name:?} would match what is not theirs; write more of it"));
        }
    }
    for name in vendor.lifetimes.keys() {
        let is_theirs = |cookie: &String| is_glob(cookie, name);
        if !vendor.cookies.iter().chain(&vendor.third_party_cookies).any(is_theirs) {
            return Err(format!("lifetimes: {name:?} is none of its cookies; add it there"));
        }
    }
    for shape in &vendor.cookie_values {
        let literal = shape.replace(['*', '#'], "");
        let is_plain = !shape.contains("##") && shape.matches('*').count() <= 1;
        if literal.len() < 4
            || !is_plain
            || shape.bytes().zip(shape.bytes().skip(1)).any(|(a, b)| a == b'#' && b.is_ascii_digit())
        {
            return Err(format!(
                "cookie_values: {shape:?} is not telling; # is a run of digits, * (once) anything"
            ));
        }
    }
    Ok(())
}

fn check_patterns(vendor: &VendorFile) -> Result<(), String> {
    for pattern in &vendor.urls {
        UrlRule::parse(pattern)?;
    }
    for pattern in &vendor.inline {
        Snippet::parse(pattern)?;
    }
    for pattern in &vendor.first_party {
        let shape = Shape::parse(pattern)?;
        shape.ending()?;
        let innocent =
            INNOCENT.iter().find(|url| Address::parse(url).is_some_and(|address| shape.is_match(&address)));
        if let Some(innocent) = innocent {
            return Err(format!(
                "first_party: {pattern:?} also matches {innocent:?} of any site; write more of it"
            ));
        }
    }
    for example in &vendor.examples {
        if Address::parse(example).is_none() {
            return Err(format!("examples: {example:?} is no address"));
        }
    }
    Ok(())
}

/// What is called is written into a script of ours, so it is a path of plain names.
fn check_calls(vendor: &VendorFile) -> Result<(), String> {
    if !vendor.consent_call.is_empty() && vendor.consent_api.is_empty() {
        return Err("consent_call without consent_api; say in a sentence what the calls do".into());
    }
    for call in &vendor.consent_call {
        if !["granted", "denied"].contains(&call.when.as_str()) {
            return Err(format!("consent_call: unknown when {:?}; use granted or denied", call.when));
        }
        let is_sign = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');
        if call.call.split('.').any(|name| name.is_empty() || !name.chars().all(is_sign)) {
            return Err(format!(
                "consent_call: {:?} is no path of names, as in posthog.opt_in_capturing",
                call.call
            ));
        }
    }
    Ok(())
}

fn check_payloads(vendor: &VendorFile, text: &str) -> Result<(), String> {
    for payload in &vendor.payload {
        if !["query", "json"].contains(&payload.kind.as_str()) {
            return Err(format!("payload: unknown kind {:?}; use query or json", payload.kind));
        }
        if payload.marks.is_empty() {
            return Err("payload: without marks it would be everybody's; write what tells it".into());
        }
    }
    let mut after = text.lines().skip_while(|line| line.trim() != "[[payload]]");
    match after.find(|line| line.starts_with('[') && line.trim() != "[[payload]]") {
        Some(line) => Err(format!("{} stands after [[payload]]; payloads stand last", line.trim())),
        None => Ok(()),
    }
}

/// Refuses what is wrong between the files.
pub(super) fn check_all(vendors: &[VendorFile], keep: &KeepFile) -> Result<(), String> {
    check_date(&keep.checked).map_err(|error| format!("keep.toml: {error}"))?;
    if keep.source.trim().is_empty() {
        return Err("keep.toml: source is empty; every fact needs it".into());
    }
    check_claims(vendors, keep)?;
    let model = Model::new(vendors)?;
    for (index, vendor) in vendors.iter().enumerate() {
        for example in &vendor.examples {
            let owner = Address::parse(example).and_then(|address| model.owner(&address));
            if owner != Some(index) {
                let found =
                    owner.and_then(|index| vendors.get(index)).map_or("nobody", |owner| owner.id.as_str());
                return Err(format!("{}.toml: example {example:?} belongs to {found}", vendor.id));
            }
        }
    }
    for (rule, index) in model.rules() {
        let Some(vendor) = vendors.get(*index).filter(|vendor| vendor.optional) else { continue };
        let below = model.rules().iter().find(|(other, owner)| {
            vendors.get(*owner).is_some_and(VendorFile::is_held)
                && rule.rank() < other.rank()
                && rule.may_overlap(other)
        });
        if let Some((other, _)) = below {
            return Err(format!(
                "{}.toml: {}{} lies inside {}{}, so where it is not listed the page and the edge would disagree",
                vendor.id, rule.host, rule.path, other.host, other.path
            ));
        }
    }
    Ok(())
}

/// One thing has one need: what two vendors claim, both must need the same for.
fn check_claims(vendors: &[VendorFile], keep: &KeepFile) -> Result<(), String> {
    type List = fn(&VendorFile) -> Vec<&String>;
    let kinds: [(&str, List); 5] = [
        ("address", |vendor| vendor.urls.iter().collect()),
        ("address", |vendor| vendor.first_party.iter().collect()),
        // The stub has one list for both.
        ("name", |vendor| vendor.cookies.iter().chain(&vendor.storage).collect()),
        ("parameter", |vendor| vendor.params.iter().collect()),
        ("database", |vendor| vendor.databases.iter().collect()),
    ];
    for (kind, list) in kinds {
        let is_same = |one: &str, other: &str| match kind {
            "address" => one.eq_ignore_ascii_case(other),
            _ => may_share_name(one, other),
        };
        for (index, vendor) in vendors.iter().enumerate() {
            for other in vendors.iter().skip(index + 1) {
                if vendor.need_bits()? == other.need_bits()? {
                    continue;
                }
                for one in list(vendor) {
                    if let Some(two) = list(other).into_iter().find(|two| is_same(one, two)) {
                        return Err(format!(
                            "{}.toml and {}.toml both claim the {kind} {one:?} ({two:?}) and need different grants; \
                             leave it to one of them",
                            vendor.id, other.id
                        ));
                    }
                }
            }
            if kind == "name" && !vendor.is_necessary() {
                for one in list(vendor) {
                    if let Some(kept) = keep.cookies.iter().find(|kept| may_share_name(one, kept)) {
                        return Err(format!(
                            "{}.toml: {one:?} would take {kept:?}, which keep.toml keeps",
                            vendor.id
                        ));
                    }
                }
            }
        }
    }
    Ok(())
}
