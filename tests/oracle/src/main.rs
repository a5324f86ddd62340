//! Compares which parameters leave an address when nothing is granted with what ClearURLs strips and, if a file of
//! its rules is given, AdGuard. Prints a row for each name: who strips it on a host nobody has rules for.
//!
//! `cargo run --release -- [ruleset_17.json]`; `docs/parameters.md` says what the differences mean.

use clearurls::UrlCleaner;
use postern_catalogue::{Catalogue, VENDORS};
use postern_consent::CategorySet;
use postern_rewrite::{Destination, Grants, Headers, RequestFacts, plan_request};
use regex_syntax::hir::{Hir, HirKind};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::process::Command;
use std::rc::Rc;

/// Samples of one regular expression, at most.
const SAMPLES_MAX: usize = 48;

/// Where a name was found.
#[derive(Default)]
struct Known {
    is_ours: bool,
    clear_urls: bool,
    clear_urls_elsewhere: bool,
    adguard: bool,
    adguard_elsewhere: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut names: BTreeMap<String, Known> = BTreeMap::new();
    for pattern in VENDORS.iter().flat_map(|vendor| vendor.params) {
        names.entry(pattern.replace('*', "x1")).or_default();
    }
    for (is_global, rule) in clear_urls_rules()? {
        let hir = regex_syntax::ParserBuilder::new().build().parse(&rule)?;
        for name in samples(&hir).into_iter().filter(|name| is_name(name)) {
            let known = names.entry(name).or_default();
            known.clear_urls_elsewhere |= !is_global;
        }
    }
    if let Some(file) = std::env::args().nth(1) {
        for (is_global, name) in adguard_rules(&std::fs::read_to_string(file)?)? {
            let known = names.entry(name).or_default();
            known.adguard |= is_global;
            known.adguard_elsewhere |= !is_global;
        }
    }
    let cleaner = UrlCleaner::from_embedded_rules()?;
    let grants = Grants::new(Rc::new(Catalogue::default()), CategorySet::NECESSARY);
    println!("name\tours\tclearurls\tadguard\tclearurls elsewhere\tadguard elsewhere");
    for (name, known) in &mut names {
        let target = format!("/p?a=1&{name}=v&b=2");
        known.is_ours = is_stripped_by_us(&target, &grants);
        let address = format!("https://shop.example{target}");
        known.clear_urls = cleaner.clear_single_url_str(&address)? == "https://shop.example/p?a=1&b=2";
        let row = [
            known.is_ours,
            known.clear_urls,
            known.adguard,
            known.clear_urls_elsewhere,
            known.adguard_elsewhere,
        ];
        println!("{name}\t{}", row.map(|is| if is { "x" } else { "-" }).join("\t"));
    }
    Ok(())
}

fn is_stripped_by_us(target: &str, grants: &Grants) -> bool {
    let headers: Headers = Vec::new();
    let plan = plan_request(&RequestFacts {
        target,
        headers: &headers,
        grants,
        destination: Destination::Page,
        will_rewrite: true,
    });
    plan.target.as_deref() == Some("/p?a=1&b=2")
}

/// Every rule of ClearURLs, and whether it holds on every host. Read where the package keeps them.
fn clear_urls_rules() -> Result<Vec<(bool, String)>, Box<dyn Error>> {
    let out = Command::new("cargo").args(["metadata", "--format-version", "1"]).output()?.stdout;
    let metadata: Value = serde_json::from_slice(&out)?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let manifest = packages
        .filter(|package| package["name"] == "clearurls")
        .find_map(|package| package["manifest_path"].as_str())
        .ok_or("no such package")?;
    let rules: Value =
        serde_json::from_str(&std::fs::read_to_string(manifest.replace("Cargo.toml", "data.minify.json"))?)?;
    let providers = rules["providers"].as_object().ok_or("no providers")?;
    let rules = providers.iter().flat_map(|(provider, rules)| {
        let rules = rules["rules"].as_array().into_iter().flatten().filter_map(Value::as_str);
        rules.map(move |rule| (provider == "globalRules", rule.to_string()))
    });
    Ok(rules.collect())
}

/// Every name of AdGuard's list, and whether it goes on every host.
fn adguard_rules(text: &str) -> Result<Vec<(bool, String)>, Box<dyn Error>> {
    let rules: Value = serde_json::from_str(text)?;
    let mut out = Vec::new();
    for rule in rules.as_array().into_iter().flatten() {
        let removed = &rule["action"]["redirect"]["transform"]["queryTransform"]["removeParams"];
        let scope = ["urlFilter", "requestDomains", "initiatorDomains", "regexFilter"];
        let is_global = scope.iter().all(|key| rule["condition"].get(key).is_none());
        let names = removed.as_array().into_iter().flatten().filter_map(Value::as_str);
        out.extend(names.filter(|name| is_name(name)).map(|name| (is_global, name.to_string())));
    }
    Ok(out)
}

/// Can it stand in a query as it is?
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.:~!$".contains(&byte))
}

/// Some of the texts that an expression matches: each alternative, each repetition not at all and once.
fn samples(hir: &Hir) -> BTreeSet<String> {
    let mut out: BTreeSet<String> = match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => [String::new()].into(),
        HirKind::Literal(literal) => [String::from_utf8_lossy(&literal.0).into_owned()].into(),
        HirKind::Class(class) => {
            let first = match class {
                regex_syntax::hir::Class::Unicode(class) => class.ranges().last().map(|range| range.start()),
                regex_syntax::hir::Class::Bytes(class) => {
                    class.ranges().last().map(|range| char::from(range.start()))
                }
            };
            first.map(String::from).into_iter().collect()
        }
        HirKind::Repetition(repetition) => {
            let once = samples(&repetition.sub);
            let least = repetition.min.max(1) as usize;
            let mut all: BTreeSet<String> = once.iter().map(|text| text.repeat(least)).collect();
            if repetition.min == 0 {
                all.insert(String::new());
            }
            all
        }
        HirKind::Capture(capture) => samples(&capture.sub),
        HirKind::Concat(parts) => parts.iter().fold([String::new()].into(), |all: BTreeSet<String>, part| {
            let next = samples(part);
            let joined = all.iter().flat_map(|head| next.iter().map(move |tail| format!("{head}{tail}")));
            joined.take(SAMPLES_MAX).collect()
        }),
        HirKind::Alternation(parts) => parts.iter().flat_map(samples).collect(),
    };
    while out.len() > SAMPLES_MAX {
        out.pop_last();
    }
    out
}
