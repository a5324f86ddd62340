//! The demo shop as these tests see it: its policy, what its vendors leave, and what banner and page are given.
#![allow(dead_code, reason = "each test file uses a part")]

use postern_consent::{Category, CategorySet, Outcome, Signal, VendorSet};
use postern_policy::{KnownVendor, Policy};
use postern_view::{BannerFacts, ConsentPage, Granted, ReceiptLine, VendorTraces};
use std::sync::LazyLock;

pub const KNOWN: [KnownVendor<'_>; 6] = [
    ("ga4", Category::Analytics, "Google Analytics 4"),
    ("gtm", Category::Functional, "Google Tag Manager"),
    ("google-ads", Category::Marketing, "Google Ads"),
    ("meta-pixel", Category::Marketing, "Meta Pixel"),
    ("posthog", Category::Analytics, "PostHog"),
    ("youtube", Category::Social, "YouTube"),
];
pub const SHOP: &str = include_str!("../../../../postern.toml");
pub const KEY: &str = "00112233445566778899aabbccddeeff";
pub const RECEIPT: &str = "01010101-0101-4101-8101-010101010101";

pub const RECEIPTS: [ReceiptLine<'_>; 1] = [ReceiptLine {
    id: RECEIPT,
    at: "2026-11-22T11:20:41Z",
    outcome: Outcome::Partial,
    granted: CategorySet::EMPTY.with(Category::Analytics),
    offered: CategorySet::ALL,
}];

/// The demo shop in three languages, so that a new one does not change every golden file.
pub fn shop() -> Policy {
    let speaking = "language = \"en\"\nlanguages = [\"de\", \"ar\"]\n";
    Policy::parse(&SHOP.replacen("language = \"en\"\n", speaking, 1), &KNOWN).unwrap()
}

/// What the vendors of the shop leave, as the catalogue has it, less most of it.
pub static TRACES: LazyLock<Vec<VendorTraces>> = LazyLock::new(|| {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let cookie = |name: &str, days| (name.to_owned(), days);
    vec![
        VendorTraces {
            id: "ga4".into(),
            cookies: vec![cookie("_ga", Some(730)), cookie("_gat", Some(0)), cookie("AMP_TOKEN", None)],
            storage: Vec::new(),
        },
        VendorTraces {
            id: "posthog".into(),
            cookies: vec![cookie("ph_phc_*", Some(365))],
            storage: names(&["ph_phc_*", "ph_debug"]),
        },
    ]
});

pub fn granted(categories: CategorySet) -> Granted<'static> {
    Granted {
        categories,
        vendors: VendorSet::EMPTY,
        traces: &TRACES,
        country_name: |tag, code| match (tag, code) {
            ("en", "US") => "United States".into(),
            ("en", "DE") => "Germany".into(),
            _ => format!("{code} in {tag}"),
        },
    }
}

pub fn facts(policy: &Policy) -> BannerFacts<'_> {
    BannerFacts {
        policy,
        change: None,
        policy_hex: "0123abcd_0_ttp8gaj",
        granted: granted(CategorySet::NECESSARY),
        must_ask: true,
        honoured: &[],
        key: KEY,
        return_to: "/",
        language: policy.own_language(),
        receipt: None,
        is_own_page: true,
        is_counted: true,
    }
}

pub fn page_facts(policy: &Policy) -> ConsentPage<'_> {
    ConsentPage {
        policy,
        language: policy.own_language(),
        policy_hex: "0123abcd_0_ttp8gaj",
        granted: granted(CategorySet::NECESSARY.with(Category::Analytics)),
        must_ask: false,
        honoured: &[Signal::Gpc],
        key: KEY,
        return_to: "/shop",
        load: None,
        receipts: &RECEIPTS,
        is_restricted: false,
        is_saved: true,
        error: None,
    }
}
