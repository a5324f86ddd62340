//! The schema for editors, `postern.schema.json`, against the parser: the same keys, words, defaults.

use postern_consent::Category;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use toml::de::{DeTable, DeValue};

use crate::section::ASKED;
use crate::{BY_COUNTRY, KnownVendor, Policy, legal_profile_names};

const SCHEMA: &str = include_str!("../postern.schema.json");
const SHOP: &str = include_str!("../../../postern.toml");
const KNOWN: [KnownVendor<'_>; 6] = [
    ("ga4", Category::Analytics, "Google Analytics 4"),
    ("gtm", Category::Functional, "Google Tag Manager"),
    ("google-ads", Category::Marketing, "Google Ads"),
    ("meta-pixel", Category::Marketing, "Meta Pixel"),
    ("posthog", Category::Analytics, "PostHog"),
    ("youtube", Category::Social, "YouTube"),
];

/// Keys the parser knows only to refuse them in their own words.
const REFUSED: [&str; 3] = ["enabled", "default", "required"];

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

/// The demo shop with the tables it leaves out.
fn whole_shop() -> String {
    format!(
        "{SHOP}\n[categories.necessary]\ntitle = \"Needed\"\ntext = \"Keeps your choice.\"\n[texts.de]\nclose = \"Zu\"\n\
         [notice.change]\nfrom = 2026-12-01\nuntil = 2026-12-31\n\
         [experiment]\nname = \"x\"\nfrom = 2026-12-01\nuntil = 2026-12-31\n[experiment.variants.y]\nlayout = \"box\"\n\
         [experiment.variants.y.texts.de]\nclose = \"Zu\"\n"
    )
}

/// Follows a reference within the schema.
fn resolve<'s>(root: &'s Value, node: &'s Value) -> &'s Value {
    match node["$ref"].as_str() {
        Some(reference) => root.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
        None => node,
    }
}

/// Every table of the schema by its path, with its keys; a table under any name has `*` for it.
fn tables(root: &Value, node: &Value, path: &str, found: &mut BTreeMap<String, BTreeSet<String>>) {
    let node = resolve(root, node);
    if let Some(properties) = node["properties"].as_object() {
        assert_eq!(node["additionalProperties"], false, "{path}: the parser knows no other key");
        found.insert(path.to_owned(), properties.keys().cloned().collect());
        for (key, child) in properties {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            tables(root, child, &path, found);
        }
        for child in node["patternProperties"].as_object().into_iter().flat_map(|patterns| patterns.values())
        {
            tables(root, child, &format!("{path}.*"), found);
        }
    } else if node["additionalProperties"].is_object() {
        tables(root, &node["additionalProperties"], &format!("{path}.*"), found);
    }
}

#[test]
fn the_schema_has_every_key_the_parser_asks_for_and_no_other() {
    let schema = schema();
    let mut written = BTreeMap::new();
    tables(&schema, &schema, "", &mut written);

    ASKED.take();
    Policy::parse(&whole_shop(), &KNOWN).unwrap();
    let mut asked: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, keys) in ASKED.take() {
        // Tables under names of the file's own choosing.
        let path = path.replacen("experiment.variants.y", "experiment.variants.*", 1);
        let named = ["vendors", "texts", "figures.pages", "experiment.variants.*.texts"]
            .into_iter()
            .find(|table| path.starts_with(&format!("{table}.")));
        let path = named.map_or(path, |table| format!("{table}.*"));
        let is_refused = |key: &&str| path == "categories.necessary" && REFUSED.contains(key);
        let keys = keys.into_iter().filter(|key| !is_refused(key)).map(str::to_owned);
        asked.entry(path.clone()).or_default().extend(keys);
    }
    assert_eq!(written, asked);
}

/// Shape only: types, words, bounds and keys; patterns are the parser's own affair.
fn check(root: &Value, node: &Value, value: &DeValue<'_>, path: &str) {
    let node = resolve(root, node);
    if let Some(words) = node["enum"].as_array() {
        assert!(words.iter().any(|word| word.as_str() == value.as_str()), "{path}");
        return;
    }
    match (node["type"].as_str().unwrap(), value) {
        // A date may stand without quotes, which JSON does not have.
        ("string", DeValue::Datetime(_)) => {}
        ("string", DeValue::String(text)) => {
            let length = text.chars().count() as u64;
            assert!(length >= node["minLength"].as_u64().unwrap_or(0), "{path}");
            assert!(length <= node["maxLength"].as_u64().unwrap_or(u64::MAX), "{path}");
        }
        ("boolean", DeValue::Boolean(_)) => {}
        ("integer", DeValue::Integer(number)) => {
            let number: u64 = number.as_str().parse().unwrap();
            assert!(node["minimum"].as_u64().unwrap() <= number, "{path}");
            assert!(node["maximum"].as_u64().unwrap() >= number, "{path}");
        }
        ("array", DeValue::Array(items)) => {
            items.iter().for_each(|item| check(root, &node["items"], item.get_ref(), path));
        }
        ("object", DeValue::Table(table)) => check_table(root, node, table, path),
        (expected, found) => panic!("{path}: {expected} is expected, and there is {found:?}"),
    }
}

fn check_table(root: &Value, node: &Value, table: &DeTable<'_>, path: &str) {
    for required in node["required"].as_array().into_iter().flatten() {
        assert!(table.contains_key(required.as_str().unwrap()), "{path}: {required} is missing");
    }
    for (key, value) in table.iter() {
        let key = key.get_ref();
        let path = format!("{path}.{key}");
        let named = node["patternProperties"].as_object().and_then(|patterns| patterns.values().next());
        let other = named.unwrap_or(&node["additionalProperties"]);
        let child = node["properties"].get(key.as_ref()).unwrap_or(other);
        assert!(child.is_object(), "{path}: unknown to the schema");
        check(root, child, value.get_ref(), &path);
    }
}

/// `# key = value` and `# [table]` become lines; prose stays a remark.
fn with_every_option(text: &str) -> String {
    let is_option = |line: &str| {
        line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| !key.contains([' ', '`']))
    };
    let lines: Vec<_> = text
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|line| is_option(line)).unwrap_or(line))
        // The shop has a profile already, and the reason is a blank to fill in.
        .filter(|line| !line.starts_with("name = \"by-country\"") && !line.starts_with("reason = "))
        .collect();
    lines.join("\n")
}

#[test]
fn the_demo_shop_is_valid_with_and_without_the_options_it_shows() {
    let schema = schema();
    let every = with_every_option(SHOP);
    for text in [SHOP, &whole_shop(), &every] {
        let table = DeTable::parse(text).unwrap();
        check_table(&schema, &schema, table.get_ref(), "");
    }
    let policy = Policy::parse(&every, &KNOWN).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(policy.warnings(), []);
    assert!(policy.vendors().iter().any(|vendor| vendor.id == "acme"));
    for option in ["clear_site_data", "wait_for_update", "refusal_days", "cookieless"] {
        assert!(every.lines().any(|line| line.starts_with(option)), "{option}");
    }
}

#[test]
fn the_words_of_the_schema_are_the_parsers() {
    let schema = schema();
    let words = |pointer: &str| -> Vec<String> {
        let words = schema.pointer(pointer).unwrap().as_array().unwrap();
        words.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let mut profiles = legal_profile_names();
    profiles.push(BY_COUNTRY);
    assert_eq!(words("/properties/profile/properties/name/enum"), profiles);
    // The parser names the words it knows when it is given another.
    for (pointer, table, key) in [
        ("/properties/profile/properties/dnt/enum", "profile", "dnt"),
        ("/properties/banner/properties/layout/enum", "banner", "layout"),
        ("/properties/banner/properties/reopen/enum", "banner", "reopen"),
        ("/properties/banner/properties/theme/properties/scheme/enum", "banner.theme", "scheme"),
        ("/properties/banner/properties/theme/properties/font/enum", "banner.theme", "font"),
        ("/properties/edge/properties/clear_site_data/items/enum", "edge", "clear_site_data"),
        ("/$defs/vendor/properties/role/enum", "vendors.x", "role"),
        ("/$defs/vendor/properties/transfer/enum", "vendors.x", "transfer"),
        ("/$defs/vendor/properties/category/enum", "vendors.x", "category"),
    ] {
        let value = if key == "clear_site_data" { "[\"?\"]" } else { "\"?\"" };
        let error = Policy::parse(&format!("[{table}]\n{key} = {value}"), &KNOWN).unwrap_err().to_string();
        let known = format!("use one of {}", words(pointer).join(", "));
        assert!(error.lines().any(|line| line.ends_with(&known)), "{pointer}: {error}");
    }
}

#[test]
fn the_defaults_of_the_schema_are_the_parsers() {
    let schema = schema();
    // The shop says some of them itself; here it says none.
    let said = ["dnt = ", "layout = ", "reopen = ", "time_zone = "];
    let plain: Vec<_> = SHOP.lines().filter(|line| !said.iter().any(|key| line.starts_with(key))).collect();
    let plain = plain.join("\n");
    let plain_hash = Policy::parse(&plain, &KNOWN).unwrap().hash();
    let mut count = 0;
    for (table, pointer) in [
        ("profile", "/properties/profile/properties"),
        ("banner", "/properties/banner/properties"),
        ("banner.theme", "/properties/banner/properties/theme/properties"),
        ("banner.theme.light", "/properties/banner/properties/theme/properties/light/properties"),
        ("banner.theme.dark", "/properties/banner/properties/theme/properties/dark/properties"),
        ("edge", "/properties/edge/properties"),
        ("consent_mode", "/properties/consent_mode/properties"),
        ("receipts", "/properties/receipts/properties"),
        ("figures", "/properties/figures/properties"),
        ("vendors.posthog", "/$defs/vendor/properties"),
    ] {
        for (key, node) in schema.pointer(pointer).unwrap().as_object().unwrap() {
            let Some(default) = node.get("default") else { continue };
            let header = format!("\n[{table}]");
            let text = if plain.contains(&header) {
                plain.replace(&header, &format!("{header}\n{key} = {default}"))
            } else {
                format!("{plain}{header}\n{key} = {default}\n")
            };
            let policy = Policy::parse(&text, &KNOWN).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(policy.hash(), plain_hash, "{table}.{key} = {default}");
            count += 1;
        }
    }
    assert_eq!(count, 33);
}
