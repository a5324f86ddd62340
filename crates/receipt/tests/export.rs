//! Receipts against the published schema, and in the words of others.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, not their helpers"
)]

mod store;

use boon::{Compiler, SchemaIndex, Schemas};
use postern_consent::{Category, CategorySet, Signal};
use postern_receipt::export::{Exported, Parties, PurposeWords, VendorParty, dpv, kantara};
use postern_receipt::{Fresh, Method, SCHEMA_JSON, Word, append, expire};
use proptest::prelude::*;
use serde_json::{Value, json};
use store::{Memory, ROOM, request, setting};

const ORIGIN: &str = "https://shop.example";

fn schema() -> (Schemas, SchemaIndex) {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("receipt.schema.json", serde_json::from_str(SCHEMA_JSON).unwrap()).unwrap();
    let index = compiler.compile("receipt.schema.json", &mut schemas).unwrap();
    (schemas, index)
}

/// A visitor who accepts, lets in one vendor, goes back on marketing by a signal, withdraws; another whose grant runs out.
fn acts() -> Vec<Value> {
    let mut setting = setting();
    setting.vendors = vec![Word::parse("youtube").unwrap()];
    let mut store = Memory::default();
    let without_marketing = CategorySet::ALL.without(Category::Marketing);
    for (key, subject, granted, method, vendor) in [
        (1, 1, CategorySet::EMPTY, Method::VendorLoad, Some("youtube")),
        (2, 1, CategorySet::ALL, Method::AcceptAll, None),
        (3, 1, without_marketing, Method::from(Signal::Gpc), None),
        (4, 1, CategorySet::EMPTY, Method::WithdrawAll, None),
        (5, 2, CategorySet::ALL, Method::PageSave, Some("youtube")),
        (6, 3, CategorySet::EMPTY, Method::RejectAll, None),
    ] {
        let mut act = request(&setting, key, subject, granted);
        act.act.method = method;
        act.act.vendors = vendor.into_iter().map(|id| Word::parse(id).unwrap()).collect();
        append(&mut store, &act).unwrap();
    }
    let fresh = || Fresh { receipt_random: [7; 16], salt: [8; 32] };
    assert_eq!(expire(&mut store, 1_900_000_000_000, 21_990, ROOM, fresh), Ok(1));
    store.rows.iter().map(|row| serde_json::from_str(&row.json).unwrap()).collect()
}

fn parties() -> Parties {
    let words =
        |id: &str| PurposeWords { id: id.into(), title: format!("{id}!"), text: format!("About {id}.") };
    Parties {
        controller: "Luxmoor Ltd".into(),
        address: "1 Mill Lane, Leeds".into(),
        contact: "privacy@luxmoor.example".into(),
        authority: ("ICO".into(), "https://ico.example/complain".into()),
        purposes: ["functional", "analytics", "marketing", "social"].map(words).into(),
        vendors: vec![
            VendorParty { id: "ga4".into(), name: "Google Analytics 4".into(), category: "analytics".into() },
            VendorParty { id: "youtube".into(), name: "YouTube".into(), category: "social".into() },
        ],
    }
}

#[test]
fn every_act_makes_a_receipt_of_the_published_schema() {
    let (schemas, index) = schema();
    let acts = acts();
    let methods: Vec<_> = acts.iter().map(|receipt| receipt["method"].as_str().unwrap()).collect();
    assert_eq!(
        methods,
        [
            "placeholder.load",
            "layer1.accept_all",
            "gpc",
            "withdraw.all",
            "page.save",
            "layer1.reject_all",
            "expiry"
        ]
    );
    for receipt in &acts {
        schemas.validate(receipt, index).unwrap_or_else(|error| panic!("{error:#}\n{receipt}"));
    }
    // Each place of it is looked at: without it, or with something else there, it is no receipt.
    let mut refused = 0;
    for name in acts[1].as_object().unwrap().keys() {
        let mut without = acts[1].clone();
        without.as_object_mut().unwrap().remove(name);
        // Receipts from before there were versions in the log name none.
        assert_eq!(schemas.validate(&without, index).is_ok(), name == "release", "{name}");
        for other in [json!(true), json!("?"), json!(["@"])] {
            let mut wrong = acts[1].clone();
            wrong[name] = other;
            assert!(schemas.validate(&wrong, index).is_err(), "{name}: {wrong}");
            refused += 1;
        }
    }
    assert_eq!(refused, 25 * 3);
    let mut more = acts[1].clone();
    more["account"] = json!("7");
    assert!(schemas.validate(&more, index).is_err());
    // What other channels and those who rely on a receipt need has its place.
    more.as_object_mut().unwrap().remove("account");
    more["channel"] = json!("sms");
    more["relying_parties"] = json!(["partner"]);
    schemas.validate(&more, index).unwrap();
}

#[test]
fn a_receipt_says_in_the_data_privacy_vocabulary_what_it_says() {
    let (acts, parties) = (acts(), parties());
    for receipt in &acts {
        let record = dpv(Exported { receipt, origin: ORIGIN, parties: Some(&parties) });
        assert_eq!(record["@id"], format!("urn:uuid:{}", receipt["receipt_id"].as_str().unwrap()));
        assert_eq!(record["dct:conformsTo"]["@id"], "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr");
        assert_eq!(record["dpv:hasNotice"]["@id"], "https://shop.example/privacy");
        assert_eq!(record["dpv:hasConsentControl"]["@id"], "https://shop.example/_postern/consent");
        assert_eq!(record["dpv:hasDataController"]["dpv:hasAddress"], "1 Mill Lane, Leeds");
        let stated =
            |part: &str| receipt[part].as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap());
        let states: Vec<_> =
            stated("purposes").chain(stated("vendors")).map(|state| format!("dpv:{state}")).collect();
        let processes = record["dpv:hasProcess"].as_array().unwrap();
        let found: Vec<_> =
            processes.iter().map(|one| one["dpv:hasConsentStatus"]["@type"].as_str().unwrap()).collect();
        assert_eq!(found, states);
        let replaced = record.pointer("/dct:replaces/@id").and_then(Value::as_str);
        assert_eq!(replaced, receipt["previous"].as_str().map(|id| format!("urn:uuid:{id}")).as_deref());
    }
    let record = dpv(Exported { receipt: &acts[1], origin: ORIGIN, parties: Some(&parties) });
    let analytics = &record["dpv:hasProcess"][1];
    assert_eq!(
        analytics["dpv:hasPurpose"],
        json!({
            "@type": "dpv:ServiceUsageAnalytics", "dct:identifier": "analytics", "dct:title": "analytics!",
            "dct:description": "About analytics.",
        })
    );
    assert_eq!(analytics["dpv:hasRecipient"][0]["dpv:hasName"], "Google Analytics 4");
    let status = &analytics["dpv:hasConsentStatus"];
    assert_eq!(status["dpv:isIndicatedAtTime"]["@value"], acts[1]["at"]);
    assert_eq!(
        status["dpv:isIndicatedBy"],
        record["dpv:hasDataSubject"]["@id"].as_str().map(|id| json!({ "@id": id })).unwrap()
    );
    // Nobody indicated what ran out but the controller.
    let expired = dpv(Exported { receipt: &acts[6], origin: ORIGIN, parties: None });
    assert_eq!(
        expired["dpv:hasProcess"][0]["dpv:hasConsentStatus"]["dpv:isIndicatedBy"],
        acts[6]["controller"]
    );
    assert!(expired.get("dpv:hasAuthority").is_none());
}

#[test]
fn what_was_given_is_a_kantara_receipt_and_nothing_else_is() {
    let (acts, parties) = (acts(), parties());
    let of = |receipt| kantara(Exported { receipt, origin: ORIGIN, parties: Some(&parties) });
    let is_one: Vec<bool> = acts.iter().map(|receipt| of(receipt).is_some()).collect();
    assert_eq!(is_one, [true, true, true, false, true, false, false]);
    let one = of(&acts[2]).unwrap();
    // Required: sections 4.3 to 4.5 of the specification.
    assert_eq!(one["version"], "KI-CR-v1.1.0");
    assert_eq!(one["consentTimestamp"], json!(1_795_346_441));
    for name in
        ["jurisdiction", "collectionMethod", "consentReceiptID", "language", "piiPrincipalId", "policyUrl"]
    {
        assert!(one[name].as_str().is_some_and(|text| !text.is_empty()), "{name}");
    }
    assert_eq!(one["piiControllers"][0]["email"], "privacy@luxmoor.example");
    let purposes = one["services"][0]["purposes"].as_array().unwrap();
    let categories: Vec<_> =
        purposes.iter().map(|purpose| purpose["purposeCategory"][0].as_str().unwrap()).collect();
    assert_eq!(categories, ["functional", "analytics", "social"]);
    for purpose in purposes {
        assert_eq!(
            purpose["thirdPartyDisclosure"].as_bool().unwrap(),
            purpose.get("thirdPartyName").is_some()
        );
        assert_eq!(purpose["consentType"], "EXPLICIT");
    }
    let vendor = of(&acts[0]).unwrap();
    assert_eq!(vendor["services"][0]["purposes"][0]["thirdPartyName"], "YouTube");
}

proptest! {
    /// Whatever is written is of the schema, and no view panics on what is no receipt.
    #[test]
    fn whatever_is_written_is_of_the_schema(bits in 0u8..=0x1f, before in 0u8..=0x1f, text in "\\PC{0,60}") {
        let (schemas, index) = schema();
        let (setting, mut store) = (setting(), Memory::default());
        for (key, bits) in [(1, before), (2, bits)] {
            append(&mut store, &request(&setting, key, 1, CategorySet::from_bits(bits).unwrap())).unwrap();
        }
        for row in &store.rows {
            let receipt: Value = serde_json::from_str(&row.json).unwrap();
            prop_assert!(schemas.validate(&receipt, index).is_ok());
        }
        for receipt in [json!(text), json!({ "purposes": text, "at": text }), json!({ "purposes": [text], "vendors": {} })] {
            let record = dpv(Exported { receipt: &receipt, origin: ORIGIN, parties: None });
            prop_assert_eq!(&record["@type"], "dpv:ConsentRecord");
            prop_assert_eq!(kantara(Exported { receipt: &receipt, origin: ORIGIN, parties: None }), None);
        }
    }
}
