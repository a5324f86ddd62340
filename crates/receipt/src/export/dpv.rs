//! A receipt as JSON-LD in the W3C community group's Data Privacy Vocabulary 2, by its guide to ISO/IEC TS 27560: the field
//! by field table is in `docs/receipt.md`. The context stands in the document, so that nothing need be fetched to read it.

use crate::export::{Exported, VendorParty};
use serde_json::{Map, Value, json};

/// What a category is called there.
fn purpose_class(category: &str) -> &'static str {
    match category {
        "functional" => "dpv:ServicePersonalisation",
        "analytics" => "dpv:ServiceUsageAnalytics",
        "marketing" => "dpv:Advertising",
        "social" => "dpv:ServiceProvision",
        _ => "dpv:Purpose",
    }
}

fn moment(text: &str) -> Value {
    json!({ "@type": "xsd:dateTime", "@value": text })
}

fn named(id: &str, class: &str, name: Option<&str>) -> Value {
    let mut party = Map::new();
    party.insert("@type".into(), class.into());
    party.insert("dct:identifier".into(), id.into());
    if let Some(name) = name {
        party.insert("dpv:hasName".into(), name.into());
    }
    party.into()
}

/// The receipt as a consent record of that vocabulary.
#[must_use]
pub fn dpv(exported: Exported<'_>) -> Value {
    let id = |uuid: &str| json!({ "@id": format!("urn:uuid:{uuid}") });
    let subject = format!("urn:postern:subject:{}", exported.text("/subject"));
    let mut controller = named(
        exported.text("/controller"),
        "dpv:DataController",
        exported.parties.map(|it| it.controller.as_str()),
    );
    if let (Some(parties), Some(controller)) = (exported.parties, controller.as_object_mut()) {
        controller.insert("dpv:hasAddress".into(), parties.address.as_str().into());
        controller.insert("dpv:hasContact".into(), parties.contact.as_str().into());
    }
    let notice = exported.absolute("/notice/uri");
    let mut record = Map::new();
    let mut say = |name: &str, value: Value| record.insert(name.to_owned(), value);
    say(
        "@context",
        json!({
            "dct": "http://purl.org/dc/terms/",
            "dpv": "https://w3id.org/dpv#",
            "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
            "xsd": "http://www.w3.org/2001/XMLSchema#",
        }),
    );
    say("@id", format!("urn:uuid:{}", exported.text("/receipt_id")).into());
    say("@type", "dpv:ConsentRecord".into());
    say("dct:conformsTo", json!({ "@id": "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr" }));
    say("dct:identifier", exported.text("/receipt_id").into());
    if !exported.text("/previous").is_empty() {
        say("dct:replaces", id(exported.text("/previous")));
    }
    say("dct:language", exported.text("/lang").into());
    say("dct:hasVersion", exported.text("/schema").into());
    say(
        "dpv:hasDataSubject",
        json!({ "@id": subject, "@type": "dpv:DataSubject", "dct:identifier": exported.text("/subject") }),
    );
    say("dpv:hasDataController", controller);
    say(
        "dpv:hasNotice",
        json!({
            "@id": notice,
            "@type": "dpv:ConsentNotice",
            "dct:hasVersion": exported.text("/notice/version"),
            "dct:language": exported.text("/lang"),
            "dct:identifier": format!("sha256:{}", exported.text("/notice/sha256")),
        }),
    );
    say("dpv:hasJurisdiction", exported.text("/profile").into());
    say("dpv:hasConsentControl", json!({ "@id": exported.absolute("/withdraw_uri") }));
    say(
        "dpv:hasStorageCondition",
        json!({ "@type": "dpv:StorageCondition", "dct:description": exported.text("/retention") }),
    );
    if let Some(parties) = exported.parties {
        let (name, page) = &parties.authority;
        say(
            "dpv:hasAuthority",
            json!({ "@id": page, "@type": "dpv:DataProtectionAuthority", "dpv:hasName": name }),
        );
    }
    let vendors: Vec<Value> =
        exported.states("vendors").map(|(id, state)| single(&exported, id, state)).collect();
    let processes: Vec<Value> = exported
        .purposes()
        .map(|(purpose, state)| process(&exported, purpose, state, exported.vendors_of(purpose)))
        .chain(vendors)
        .collect();
    say("dpv:hasProcess", processes.into());
    record.into()
}

fn process<'a>(
    exported: &Exported<'_>,
    purpose: &str,
    state: &str,
    vendors: impl Iterator<Item = &'a VendorParty>,
) -> Value {
    let mut about = Map::new();
    about.insert("@type".into(), purpose_class(purpose).into());
    about.insert("dct:identifier".into(), purpose.into());
    if let Some(words) = exported.words(purpose) {
        about.insert("dct:title".into(), words.title.as_str().into());
        about.insert("dct:description".into(), words.text.as_str().into());
    }
    let recipients: Vec<Value> =
        vendors.map(|vendor| named(&vendor.id, "dpv:Recipient", Some(&vendor.name))).collect();
    json!({
        "@type": "dpv:Process",
        "dpv:hasPurpose": about,
        "dpv:hasLegalBasis": { "@id": format!("eu-gdpr:{}", exported.text("/basis")) },
        // Which data each purpose needs is told in the notice, whose text the record names by hash.
        "dpv:hasPersonalData": { "@type": "dpv:PersonalData", "dct:isReferencedBy": { "@id": exported.absolute("/notice/uri") } },
        "dpv:hasRecipient": recipients,
        "dpv:hasConsentStatus": status(exported, state),
    })
}

/// One vendor that was let in by itself, or no longer is.
fn single(exported: &Exported<'_>, id: &str, state: &str) -> Value {
    let vendors = exported.parties.map(|parties| parties.vendors.as_slice()).unwrap_or_default();
    let known = vendors.iter().find(|vendor| vendor.id == id);
    json!({
        "@type": "dpv:Process",
        "dpv:hasPurpose": { "@type": known.map_or("dpv:Purpose", |vendor| purpose_class(&vendor.category)) },
        "dpv:hasLegalBasis": { "@id": format!("eu-gdpr:{}", exported.text("/basis")) },
        "dpv:hasRecipient": named(id, "dpv:Recipient", known.map(|vendor| vendor.name.as_str())),
        "dpv:hasConsentStatus": status(exported, state),
    })
}

fn status(exported: &Exported<'_>, state: &str) -> Value {
    let by = match exported.text("/actor") {
        "data_subject" => json!({ "@id": format!("urn:postern:subject:{}", exported.text("/subject")) }),
        _ => exported.text("/controller").into(),
    };
    json!({
        "@type": format!("dpv:{state}"),
        "dpv:isIndicatedAtTime": moment(exported.text("/at")),
        "dpv:isIndicatedBy": by,
        "dpv:hasIndicationMethod": exported.text("/method"),
        "dct:valid": moment(exported.text("/valid_until")),
    })
}
