//! The markup as it ships: golden files for the banner and the pages, the hooks, and hostile texts.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, not their helpers"
)]

mod check;
mod shop;

use check::check_golden;
use postern_consent::{Category, CategorySet, Outcome, Signal};
use postern_policy::Policy;
use postern_stats::Day;
use postern_view::{
    ActLine, BannerFacts, ConsentPage, Place, ReceiptLine, ReopenFacts, RequestLine, RequestsPage, banner,
    banner_css, consent_page, error_page, login_page, reopen, requests_page, shown_page,
};
use proptest::prelude::*;
use shop::{KNOWN, SHOP, facts, granted, page_facts, shop};

#[test]
fn the_markup_is_the_golden_one() {
    let policy = shop();
    check_golden("banner-asking.html", &banner(&facts(&policy)).into_string());
    let decided = BannerFacts {
        granted: granted(CategorySet::NECESSARY.with(Category::Analytics)),
        must_ask: false,
        ..facts(&policy)
    };
    check_golden("banner-decided.html", &banner(&decided).into_string());
    check_golden("consent.html", &consent_page(&page_facts(&policy)).into_string());
    check_golden(
        "login.html",
        &login_page("/_postern/dashboard?days=7&from=\"", Some("That token is not right.")).into_string(),
    );
    check_golden(
        "error.html",
        &error_page(502, "The shop does not answer", "Try again in a minute.").into_string(),
    );
    let whole = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>Shop</title><style>{}</style></head><body>{}<main><h1>Shop</h1><p>Goods.</p></main></body></html>",
        banner_css(&policy),
        banner(&facts(&policy)).into_string()
    );
    check_golden("page-with-banner.html", &whole);
}

#[test]
fn what_was_asked_is_a_page_by_itself_with_the_settings_where_they_were_answered() {
    let policy = shop();
    let facts = facts(&policy);
    let asked = banner(&facts);
    let page = |with_settings| {
        shown_page("a <receipt>", facts.language, "#postern{}", &asked, with_settings).into_string()
    };
    let (closed, open) = (page(false), page(true));
    assert!(closed.contains(&asked.clone().into_string()));
    assert!(closed.contains("<title>a &lt;receipt&gt;</title><style>#postern{}</style>"), "{closed}");
    assert_eq!(
        open.replacen("<dialog open id=\"postern-settings\"", "<dialog id=\"postern-settings\"", 1),
        closed
    );
    assert_ne!(open, closed);
    assert!(!closed.contains("<script"));
}

#[test]
fn nothing_is_checked_that_is_not_granted() {
    let policy = shop();
    for bits in 0..=0x1f {
        let categories = CategorySet::from_bits(bits).unwrap();
        let markup = banner(&BannerFacts { granted: granted(categories), ..facts(&policy) }).into_string();
        for category in policy.offered().iter() {
            let start = markup.find(&format!("value=\"{}\"", category.name())).unwrap();
            let end = start + markup[start..].find('>').unwrap();
            assert_eq!(
                markup[start..end].contains("checked"),
                categories.contains(category),
                "{}",
                category.name()
            );
        }
        assert!(!markup.contains("data-consent-category=\"necessary\""));
    }
}

#[test]
fn layer_one_and_the_reopening_link_are_never_shown_together() {
    let policy = shop();
    let asking = banner(&facts(&policy)).into_string();
    let decided = banner(&BannerFacts { must_ask: false, ..facts(&policy) }).into_string();
    assert!(asking.contains("<section aria-labelledby=\"postern-title\"><form"));
    assert!(asking.contains("data-consent-action=\"open\" hidden>"));
    assert!(!decided.contains("<section"));
    assert!(decided.contains("data-consent-action=\"open\">"));
}

#[test]
fn a_signal_that_was_honoured_is_told_in_both_layers_and_on_the_page() {
    let policy = shop();
    let honoured = &Signal::ALL;
    let markup = banner(&BannerFacts { honoured, ..facts(&policy) }).into_string();
    let page = consent_page(&ConsentPage { honoured, ..page_facts(&policy) }).into_string();
    for signal in Signal::ALL {
        let note = format!("<p data-postern-signal=\"{}\">", signal.name());
        assert_eq!((markup.matches(&note).count(), page.matches(&note).count()), (2, 1), "{note}");
    }
    assert!(!banner(&facts(&policy)).into_string().contains("data-postern-signal"));
}

#[test]
fn refusing_takes_as_many_acts_as_accepting_and_looks_the_same() {
    let policy = shop();
    let markup = banner(&facts(&policy)).into_string();
    let section = &markup[markup.find("<section").unwrap()..markup.find("</section>").unwrap()];
    let buttons: Vec<_> = section
        .match_indices("<button")
        .map(|(at, _)| section[at..at + section[at..].find('>').unwrap()].to_owned())
        .collect();
    assert_eq!(buttons.len(), 3);
    // The two differ in their words and in nothing a style could tell apart.
    assert_eq!(buttons[0].replace("reject", "accept"), buttons[1]);
    let order: Vec<_> = ["reject", "accept", "settings"]
        .map(|action| section.find(&format!("data-consent-action=\"{action}\"")).unwrap())
        .into();
    assert!(order.is_sorted());
}

#[test]
fn a_site_with_its_own_link_gets_none_of_ours_and_its_layout() {
    let text = SHOP.replace("reopen = \"button\"", "reopen = \"own-link\"").replace("\"bar\"", "\"box\"");
    let policy = Policy::parse(&text, &KNOWN).unwrap();
    let markup = banner(&facts(&policy)).into_string();
    assert!(!markup.contains("data-consent-action=\"open\""));
    assert!(markup.contains("data-postern-layout=\"box\""));
}

#[test]
fn a_language_written_from_the_right_says_so() {
    let policy = shop();
    let language = policy.language("ar").unwrap();
    let markup = banner(&BannerFacts { language, ..facts(&policy) }).into_string();
    assert!(markup.contains("lang=\"ar\" dir=\"rtl\"") && markup.contains("name=\"lang\" value=\"ar\""));
    assert!(markup.contains(&*language.texts.analytics_text) && !markup.contains("Measuring visits"));
    // Its parts would change places among words from the right.
    assert!(
        markup.contains("\u{2066}2026-11-20\u{2069}") && markup.contains("\u{2066}2026-11\u{2069}"),
        "{markup}"
    );
    assert!(!banner(&facts(&policy)).into_string().contains('\u{2066}'));
    let page = consent_page(&ConsentPage { language, ..page_facts(&policy) }).into_string();
    assert!(page.contains("<html lang=\"ar\" dir=\"rtl\">"));
    assert!(page.contains("?lang=de&amp;return=/shop\" lang=\"de\""), "{page}");
    let facts =
        ReopenFacts { policy: &policy, language, policy_hex: "0123abcd", change: None, can_release: false };
    assert!(reopen(&facts).into_string().contains("/_postern/consent?lang=ar\""));
}

#[test]
fn every_page_has_its_frame_and_no_script_or_style() {
    let policy = shop();
    for page in [
        consent_page(&page_facts(&policy)).into_string(),
        login_page("", None).into_string(),
        error_page(404, "No such page", "Check the address.").into_string(),
    ] {
        assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\" dir=\"ltr\">"));
        for (part, count) in [
            ("<title>", 1),
            ("<h1", 1),
            ("<main>", 1),
            ("<header>", 1),
            ("<script", 0),
            ("<style", 0),
            (" style=", 0),
            (" onclick", 0),
        ] {
            assert_eq!(page.matches(part).count(), count, "{part}");
        }
    }
    let markup = banner(&facts(&policy)).into_string();
    for part in ["<script", "<style", " style=", "http-equiv", "<h1"] {
        assert!(!markup.contains(part), "{part}");
    }
    let is_handler = |rest: &str| {
        rest.split_once("=\"").is_some_and(|(name, _)| name.bytes().all(|byte| byte.is_ascii_lowercase()))
    };
    assert!(!markup.split(" on").skip(1).any(is_handler));
}

#[test]
fn ids_are_unique_and_labels_find_theirs() {
    let policy = shop();
    let page = format!(
        "{}{}",
        consent_page(&page_facts(&policy)).into_string(),
        banner(&BannerFacts { must_ask: false, ..facts(&policy) }).into_string()
    );
    let values = |attribute: &str| -> Vec<String> {
        let start = format!(" {attribute}=\"");
        page.split(&start).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    let ids = values("id");
    for id in &ids {
        assert_eq!(ids.iter().filter(|other| *other == id).count(), 1, "{id}");
    }
    for attribute in ["aria-labelledby", "aria-describedby", "for"] {
        for id in values(attribute) {
            assert!(ids.contains(&id), "{attribute} {id}");
        }
    }
}

#[test]
fn hostile_texts_stay_texts() {
    let hostile = "<script>alert(1)</script>\\\"' onload=x <!-- ]]> {purposes} &amp;";
    let text = SHOP
        .replace("Luxmoor Ltd", hostile)
        .replace(
            "[categories.analytics]",
            &format!("[categories.analytics]\ntitle = '''{hostile}'''\ntext = '''{hostile}'''"),
        )
        .replace("[vendors.ga4]", &format!("[vendors.ga4]\nname = \"{hostile}\""));
    let policy = Policy::parse(&text, &KNOWN).unwrap();
    let bad = "\"><script>alert(2)</script>";
    let lines = [ReceiptLine {
        id: bad,
        at: bad,
        outcome: Outcome::Refused,
        granted: CategorySet::EMPTY,
        offered: CategorySet::ALL,
    }];
    let request = RequestLine {
        number: 1,
        kind: bad,
        reference: bad,
        received: Day::from_unix_ms(0, 0),
        due: Day::from_unix_ms(0, 0),
        standing: bad,
        is_overdue: true,
        is_open: true,
        can_extend: true,
    };
    let register = RequestsPage {
        place: Place { site: bad, is_other: true, has_several: true, may_register: true },
        kinds: &[bad],
        today: Day::from_unix_ms(0, 0),
        requests: &[request],
        acts: &[ActLine { at_unix_ms: 0, who: bad, what: bad }],
        error: Some(bad),
    };
    for markup in [
        banner(&BannerFacts { key: bad, return_to: bad, policy_hex: bad, ..facts(&policy) }),
        consent_page(&ConsentPage {
            receipts: &lines,
            key: bad,
            return_to: bad,
            error: Some(bad),
            ..page_facts(&policy)
        }),
        requests_page(&register),
        login_page(bad, Some(bad)),
        error_page(500, bad, bad),
    ] {
        let markup = markup.into_string();
        assert!(!markup.contains("<script"), "{markup}");
        assert!(!markup.contains("' onload=x <!--"), "{markup}");
        assert!(markup.contains("&lt;script&gt;"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_changes_the_tags(text in "[^\\u{0}-\\u{1f}\\u{7f}-\\u{9f}]{1,60}") {
        let tags = |policy: &Policy, key: &str| {
            let markup = banner(&BannerFacts { key, return_to: key, ..facts(policy) }).into_string();
            (markup.matches('<').count(), markup.matches('>').count())
        };
        let plain = tags(&shop(), "key");
        let quoted = format!("\"x{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let shop = SHOP
            .replace("\"Luxmoor Ltd\"", &quoted)
            .replace("[categories.analytics]", &format!("[categories.analytics]\ntitle = {quoted}"))
            .replace("[vendors.ga4]", &format!("[vendors.ga4]\nname = {quoted}"))
            + &format!("\n[texts]\naccept = {quoted}\n");
        let policy = Policy::parse(&shop, &KNOWN).unwrap();
        prop_assert_eq!(tags(&policy, &text), plain);
    }
}
