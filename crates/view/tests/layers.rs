//! What stands in layer 2, in a held frame and in the announcement of a change.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "clippy exempts test functions, not their helpers"
)]

mod shop;

use postern_consent::{CategorySet, VendorSet};
use postern_policy::Policy;
use postern_stats::Day;
use postern_view::{
    BannerFacts, ConsentPage, Granted, Load, OwnReceipt, ReopenFacts, banner, consent_page, held_css,
    held_note, reopen,
};
use shop::{KEY, KNOWN, SHOP, facts, granted, page_facts, shop};

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

#[test]
fn each_vendor_has_a_switch_that_is_on_with_its_category_or_by_itself() {
    let policy = shop();
    let is_on = |granted: Granted<'_>, id: &str| {
        let markup = banner(&BannerFacts { granted, ..facts(&policy) }).into_string();
        let start = markup.find(&format!("data-consent-vendor=\"{id}\"")).unwrap();
        markup[start..start + markup[start..].find('>').unwrap()].contains("checked")
    };
    for vendor in policy.vendors() {
        let place = policy.place_of(&vendor.id).unwrap();
        let alone = Granted { vendors: VendorSet::EMPTY.with(place), ..granted(CategorySet::NECESSARY) };
        let category = granted(CategorySet::NECESSARY.with(vendor.category));
        for other in policy.vendors() {
            assert!(!is_on(granted(CategorySet::NECESSARY), &other.id));
            assert_eq!(is_on(alone, &other.id), other.id == vendor.id, "{} alone", vendor.id);
            assert_eq!(is_on(category, &other.id), other.category == vendor.category, "{}", other.id);
        }
    }
    let page = ConsentPage {
        granted: Granted { vendors: VendorSet::EMPTY.with(5), ..granted(CategorySet::NECESSARY) },
        ..page_facts(&policy)
    };
    let page = consent_page(&page).into_string();
    assert!(page.contains("data-postern-state=\"youtube\">YouTube: Allowed</dd>"), "{page}");
}

#[test]
fn of_a_vendor_all_is_told_that_is_known_and_nothing_else() {
    let policy = shop();
    let markup = banner(&facts(&policy)).into_string();
    let of = |id: &str| {
        let start = markup.find(&format!("data-consent-vendor=\"{id}\"")).unwrap();
        markup[start..start + markup[start..].find("</li>").unwrap()].to_owned()
    };
    let row = |name: &str, fact: &str| format!("<div><dt>{name}</dt><dd>{fact}</dd></div>");
    let [ga4, posthog, meta] = ["ga4", "posthog", "meta-pixel"].map(of);
    for expected in [
        row("Role", "works on our behalf"),
        row("Where data goes", "United States"),
        row("Safeguard for the transfer", "Data Privacy Framework"),
        row("Cookies, with lifetime in days", "_ga (730), _gat (&lt; 1), AMP_TOKEN"),
        "<a href=\"https://business.safety.google/adsprocessorterms/\">Data processing terms</a>".to_owned(),
    ] {
        assert!(ga4.contains(&expected), "{expected} in {ga4}");
    }
    assert!(posthog.contains(&row("Storage in the browser", "ph_phc_*, ph_debug")), "{posthog}");
    assert!(!ga4.contains("Storage in the browser") && !posthog.contains("Safeguard"));
    assert!(!meta.contains("Cookies,") && !meta.contains("Data processing terms"), "{meta}");
    // Lists are joined as the language joins them.
    let language = policy.language("ar").unwrap();
    let markup = banner(&BannerFacts { language, ..facts(&policy) }).into_string();
    assert!(markup.contains("<bdi dir=\"ltr\">_ga (730)، _gat (&lt; 1)، AMP_TOKEN</bdi>"), "{markup}");
}

#[test]
fn a_change_is_announced_apart_from_the_question_on_its_days_alone() {
    let change = "updated = 2026-11-20\n[notice.change]\nfrom = 2026-12-01\nuntil = 2026-12-31\n";
    let text = SHOP.replace("updated = 2026-11-20\n", change);
    let policy = Policy::parse(&text, &KNOWN).unwrap();
    let first = day("2026-12-01").number();
    assert_eq!(
        [first - 1, first, first + 30, first + 31].map(|day| policy.change_on(day).is_some()),
        [false, true, true, false]
    );
    let change = policy.change_on(first);
    let language = policy.language("de").unwrap();
    let asking = banner(&BannerFacts { change, language, ..facts(&policy) }).into_string();
    let facts = ReopenFacts { policy: &policy, language, policy_hex: "0123abcd", change, can_release: false };
    for markup in [asking, reopen(&facts).into_string()] {
        let start = markup.find("<dialog id=\"postern-change\" open").unwrap();
        let notice = &markup[start..start + markup[start..].find("</dialog>").unwrap()];
        assert!(notice.contains("Ab dem 2026-12-01 gilt"), "{notice}");
        assert!(notice.contains("<form method=\"dialog\">") && notice.contains("href=\"/privacy\""));
        // It has nothing that could change a consent.
        assert!(!notice.contains("data-consent") && !notice.contains("name="), "{notice}");
    }
    assert!(
        !banner(&BannerFacts { change: None, ..self::facts(&policy) })
            .into_string()
            .contains("postern-change")
    );
}

#[test]
fn a_held_frame_names_its_provider_and_leads_to_it_alone_and_to_the_settings() {
    let policy = shop();
    let language = policy.language("ar").unwrap();
    let note = held_note(language, &held_css(&policy), "/film?a=1&b").into_string();
    assert!(note.starts_with("<html lang=\"ar\" dir=\"rtl\">"), "{note}");
    let load = "href=\"/_postern/consent?lang=ar&amp;return=/film%3Fa%3D1%26b&amp;vendor={vendor-id}\" target=\"_top\"";
    assert!(note.contains(load) && note.contains("data-consent-vendor=\"{vendor-id}\""), "{note}");
    assert!(note.contains("href=\"/_postern/consent?lang=ar\" target=\"_top\""));
    assert_eq!(note.matches("{vendor}").count(), 4, "{note}");
    let youtube = policy.vendors().iter().find(|vendor| vendor.id == "youtube").unwrap();
    let load = Some(Load { vendor: youtube, key: "load-key" });
    let page = consent_page(&ConsentPage { load, ..page_facts(&policy) }).into_string();
    let start = page.find("class=\"load\"").unwrap();
    let form = &page[start..start + page[start..].find("</form>").unwrap()];
    for part in [
        "value=\"load-key\"",
        "name=\"vendor\" value=\"youtube\"",
        "name=\"choice\" value=\"load\"",
        ">Load YouTube</button>",
    ] {
        assert!(form.contains(part), "{part} in {form}");
    }
    assert!(!form.contains(KEY) && !form.contains("name=\"category\""));
}

#[test]
fn the_settings_of_who_has_a_receipt_give_it_to_be_copied_taken_along_and_erased() {
    let policy = shop();
    let id = "00000000-0000-4000-8000-000000000000";
    let without = banner(&BannerFacts { must_ask: false, ..facts(&policy) }).into_string();
    let own = |is_restricted| Some(OwnReceipt { id, is_restricted });
    let with = banner(&BannerFacts { must_ask: false, receipt: own(false), ..facts(&policy) }).into_string();
    for action in ["copy", "export", "erase"] {
        let hook = format!("data-consent-action=\"{action}\"");
        assert_eq!((without.contains(&hook), with.contains(&hook)), (false, true), "{action}");
    }
    assert!(with.contains(&format!("<code>{id}</code>")));
    // None of these is a choice: a form without the gate must not send one.
    for button in with.split("<button ").skip(1).filter(|rest| !rest.contains("name=\"choice\"")) {
        assert!(button.starts_with("type=\"button\"") || button.contains("settings"), "{button}");
    }
    // Our page knows nobody by what another site's page keeps.
    let elsewhere = BannerFacts { must_ask: false, is_own_page: false, ..facts(&policy) };
    assert!(without.contains("#receipts\""));
    assert!(!banner(&elsewhere).into_string().contains("#receipts\""));
    // So what our page is for elsewhere is here: restricting them, or lifting that.
    assert!(!with.contains("\"restrict\"") && !with.contains("\"unrestrict\""));
    for (is_restricted, action, label) in
        [(false, "restrict", "Restrict my receipts"), (true, "unrestrict", "Lift the restriction")]
    {
        let elsewhere = banner(&BannerFacts { receipt: own(is_restricted), ..elsewhere }).into_string();
        let button = format!("data-consent-action=\"{action}\">{label}</button>");
        assert!(elsewhere.contains(&button), "{elsewhere}");
        assert_eq!(elsewhere.contains("Your receipts are restricted"), is_restricted);
    }
}
