//! What a receipt says: one golden made by another program, and what no input can put into it.
#![allow(clippy::unwrap_used, reason = "clippy exempts test functions, not their helpers")]

use postern_consent::{Category, CategorySet, Outcome, PolicyTag, Profile, Signal, Signals, Subject};
use postern_receipt::{
    Act, Client, HostName, Method, Notice, NoticeUri, Previous, Receipt, ReceiptId, Retention, Setting,
    Sha256Hex, Word, canonical_json, commitment,
};
use proptest::prelude::*;

const GPC: Signals = Signals { gpc: true, ..Signals::NONE };

fn words(words: &[&str]) -> Vec<Word> {
    words.iter().map(|word| Word::parse(word).unwrap()).collect()
}

fn setting() -> Setting {
    let offered = CategorySet::EMPTY.with(Category::Analytics).with(Category::Marketing);
    Setting {
        controller: Word::parse("luxmoor").unwrap(),
        profile: Word::parse("EU").unwrap(),
        rules: Profile {
            offered,
            grant_ttl_minutes: 180 * 1440,
            refusal_ttl_minutes: 90 * 1440,
            is_dnt_denial: true,
            policy: PolicyTag(7),
        },
        scope: vec![HostName::parse("luxmoor.example").unwrap()],
        lang: Word::parse("en").unwrap(),
        purposes: vec![(Category::Analytics, [0xaa; 32]), (Category::Marketing, [0xbb; 32])],
        vendors: words(&["clarity", "youtube"]),
        vendors_sha256: [0xcc; 32],
        notice: Notice {
            uri: NoticeUri::parse("/privacy").unwrap(),
            version: Word::parse("2026-11").unwrap(),
            sha256: Sha256Hex([0xdd; 32]),
        },
        policy_sha256: [0xee; 32],
        release: Some(7),
        withdraw_uri: NoticeUri::parse("/_postern/consent").unwrap(),
        retention: Retention::default(),
    }
}

fn act(granted: CategorySet) -> Act {
    Act {
        receipt_random: [1; 16],
        subject: Subject([2; 16]),
        at_unix_ms: 1_795_346_441_987,
        granted,
        vendors: Vec::new(),
        decided_unix_ms: 1_795_346_441_987,
        method: Method::LayerTwoSave,
        signals: GPC,
        client: Client::of("Mozilla/5.0 Chrome/156"),
    }
}

#[test]
fn the_canonical_receipt_and_its_commitment_are_what_another_program_computes() {
    // tests/golden.py made both: json.dumps(sort_keys, no spaces) and hashlib, nothing of ours.
    let golden = include_str!("golden/receipt.json");
    let (json, hash) = golden.split_once('\n').unwrap();
    let previous = Previous {
        receipt_id: ReceiptId::from_random([3; 16]),
        granted: CategorySet::EMPTY.with(Category::Marketing),
        vendors: words(&["clarity"]),
    };
    let analytics = CategorySet::EMPTY.with(Category::Analytics);
    let act = Act { vendors: words(&["youtube", "nobody"]), ..act(analytics) };
    let receipt = Receipt::write(&setting(), &act, Some(previous));
    assert_eq!(canonical_json(&receipt).unwrap(), json);
    assert_eq!(Sha256Hex(commitment(&[5; 32], json)).to_string(), hash.trim());
}

#[test]
fn each_offered_purpose_is_stated_and_no_other() {
    for bits in 0..=0x1f {
        let granted = CategorySet::from_bits(bits).unwrap();
        let receipt = Receipt::write(&setting(), &act(granted), None);
        let stated: Vec<_> = receipt.purposes().iter().map(|purpose| purpose.id).collect();
        assert_eq!(stated, [Category::Analytics, Category::Marketing]);
        assert_eq!(receipt.granted(), granted.intersection(setting().rules.offered));
    }
}

#[test]
fn a_refusal_and_a_grant_last_as_long_as_the_profile_says() {
    let valid_until = |granted| Receipt::write(&setting(), &act(granted), None).valid_until().to_string();
    assert_eq!(valid_until(CategorySet::EMPTY.with(Category::Analytics)), "2027-05-21T11:20:41Z");
    assert_eq!(valid_until(CategorySet::EMPTY), "2027-02-20T11:20:41Z");
    // Granting only what is not offered is a refusal.
    assert_eq!(valid_until(CategorySet::NECESSARY.with(Category::Social)), "2027-02-20T11:20:41Z");
}

#[test]
fn methods_have_the_words_of_appendix_a() {
    for (method, word) in [
        (Method::AcceptAll, "\"layer1.accept_all\""),
        (Method::RejectAll, "\"layer1.reject_all\""),
        (Method::LayerTwoSave, "\"layer2.save\""),
        (Method::WithdrawAll, "\"withdraw.all\""),
        (Method::PageSave, "\"page.save\""),
        (Method::VendorLoad, "\"placeholder.load\""),
        (Method::from(Signal::Gpc), "\"gpc\""),
        (Method::from(Signal::Adpc), "\"adpc\""),
        (Method::from(Signal::Dnt), "\"dnt\""),
        (Method::Expiry, "\"expiry\""),
    ] {
        assert_eq!(canonical_json(&method).unwrap(), word);
    }
}

/// What hostile visitors and pages send, with marks a test can look for.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        Just("203.0.113.77".to_owned()),
        Just("2001:db8::77".to_owned()),
        Just("luxmoor.example/clinic/hiv?email=a@b.example".to_owned()),
        Just(
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.7777.88 Safari/537.36"
                .to_owned()
        ),
        Just("/account/7?token=secret#x".to_owned()),
        Just("a@b.example".to_owned()),
        Just("\"},\"outcome\":\"accepted\"".to_owned()),
    ]
}

proptest! {
    #[test]
    fn no_input_brings_an_address_a_user_agent_a_query_or_a_mail_address_in(
        user_agent in hostile(), host in hostile(), word in hostile(), uri in hostile(),
    ) {
        let mut setting = setting();
        if let Ok(host) = HostName::parse(&host) { setting.scope.push(host); }
        if let Ok(uri) = NoticeUri::parse(&uri) { setting.notice.uri = uri; }
        let act = Act { client: Client::of(&user_agent), ..act(CategorySet::ALL) };
        let json = canonical_json(&Receipt::write(&setting, &act, None)).unwrap();
        for mark in ["203.0.113.77", "2001:db8", "?", "#", "@", "secret", "hiv", "Mozilla", "7777.88", "AppleWebKit"] {
            prop_assert!(!json.contains(mark), "{mark} in {json}");
        }
        // The user agent leaves one of eight classes behind, and no other trace.
        let plain = Act { client: Client::of(""), ..act };
        let without = canonical_json(&Receipt::write(&setting, &plain, None)).unwrap();
        let classes = ["chromium", "webkit", "gecko", "other", "desktop", "mobile"];
        let strip = |text: &str| classes.iter().fold(text.to_owned(), |text, class| {
            text.replace(&format!("\"{class}\""), "")
        });
        prop_assert_eq!(strip(&json), strip(&without));
        if let Ok(word) = Word::parse(&word) {
            prop_assert!(!word.as_str().contains(['/', '?', '@', ':', '"']));
        }
    }
}

#[test]
fn letting_one_vendor_in_prolongs_nothing_and_answers_nothing() {
    let later = Act {
        vendors: words(&["youtube"]),
        at_unix_ms: 1_795_346_441_987 + 86_400_000,
        method: Method::VendorLoad,
        ..act(CategorySet::EMPTY)
    };
    let receipt = Receipt::write(&setting(), &later, None);
    assert_eq!(receipt.outcome(), Outcome::Vendor);
    assert_eq!(receipt.valid_until().to_string(), "2027-05-21T11:20:41Z");
    assert!(!receipt.is_withdrawal());
    let previous = Previous {
        receipt_id: receipt.receipt_id().clone(),
        granted: receipt.granted(),
        vendors: receipt.vendors(),
    };
    let refusal = Receipt::write(&setting(), &act(CategorySet::EMPTY), Some(previous));
    assert_eq!(refusal.outcome(), Outcome::Withdrawn);
    assert!(refusal.is_withdrawal() && refusal.vendors().is_empty());
}
