//! A receipt as JSON-LD in the W3C community group's Data Privacy Vocabulary 2, by its guide to ISO/IEC TS 27560: the field
//! by field table is in `docs/receipt.md`. The context stands in the document, so that nothing need be fetched to read it.

use crate::export::{Exported, VendorParty, maybe, object, text};
use serde_json::Value;

/// What the short names in the document stand for.
const CONTEXT: [(&str, &str); 4] = [
    ("dct", "http://purl.org/dc/terms/"),
    ("dpv", "https://w3id.org/dpv#"),
    ("eu-gdpr", "https://w3id.org/dpv/legal/eu/gdpr#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
];

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

fn resource(iri: impl AsRef<str>) -> Value {
    object(&[("@id", text(iri))])
}

fn moment(moment: &str) -> Value {
    object(&[("@type", text("xsd:dateTime")), ("@value", text(moment))])
}

fn recipient(id: &str, name: Option<&str>) -> Value {
    object(&[("@type", text("dpv:Recipient")), ("dct:identifier", text(id)), ("dpv:hasName", maybe(name))])
}

/// The receipt as a consent record of that vocabulary.
#[must_use]
pub fn dpv(exported: Exported<'_>) -> Value {
    let parties = exported.parties;
    let context = CONTEXT.map(|(name, iri)| (name, text(iri)));
    let previous = exported.text("/previous");
    let controller = object(&[
        ("@type", text("dpv:DataController")),
        ("dct:identifier", text(exported.text("/controller"))),
        ("dpv:hasName", maybe(parties.map(|parties| parties.controller.as_str()))),
        ("dpv:hasAddress", maybe(parties.map(|parties| parties.address.as_str()))),
        ("dpv:hasContact", maybe(parties.map(|parties| parties.contact.as_str()))),
    ]);
    let notice = object(&[
        ("@id", text(exported.absolute("/notice/uri"))),
        ("@type", text("dpv:ConsentNotice")),
        ("dct:hasVersion", text(exported.text("/notice/version"))),
        ("dct:language", text(exported.text("/lang"))),
        ("dct:identifier", text(format!("sha256:{}", exported.text("/notice/sha256")))),
    ]);
    let authority = parties.map_or(Value::Null, |parties| {
        let (name, page) = &parties.authority;
        object(&[
            ("@id", text(page)),
            ("@type", text("dpv:DataProtectionAuthority")),
            ("dpv:hasName", text(name)),
        ])
    });
    let singles = exported.states("vendors").map(|(id, state)| single(&exported, id, state));
    let processes = exported
        .purposes()
        .map(|(purpose, state)| process(&exported, purpose, state, exported.vendors_of(purpose)))
        .chain(singles);
    object(&[
        ("@context", object(&context)),
        ("@id", text(format!("urn:uuid:{}", exported.text("/receipt_id")))),
        ("@type", text("dpv:ConsentRecord")),
        ("dct:conformsTo", resource("https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr")),
        ("dct:identifier", text(exported.text("/receipt_id"))),
        (
            "dct:replaces",
            if previous.is_empty() { Value::Null } else { resource(format!("urn:uuid:{previous}")) },
        ),
        ("dct:language", text(exported.text("/lang"))),
        ("dct:hasVersion", text(exported.text("/schema"))),
        (
            "dpv:hasDataSubject",
            object(&[
                ("@id", text(subject(&exported))),
                ("@type", text("dpv:DataSubject")),
                ("dct:identifier", text(exported.text("/subject"))),
            ]),
        ),
        ("dpv:hasDataController", controller),
        ("dpv:hasNotice", notice),
        ("dpv:hasJurisdiction", text(exported.text("/profile"))),
        ("dpv:hasConsentControl", resource(exported.absolute("/withdraw_uri"))),
        (
            "dpv:hasStorageCondition",
            object(&[
                ("@type", text("dpv:StorageCondition")),
                ("dct:description", text(exported.text("/retention"))),
            ]),
        ),
        ("dpv:hasAuthority", authority),
        ("dpv:hasProcess", Value::Array(processes.collect())),
    ])
}

fn subject(exported: &Exported<'_>) -> String {
    format!("urn:postern:subject:{}", exported.text("/subject"))
}

fn process<'a>(
    exported: &Exported<'_>,
    purpose: &str,
    state: &str,
    vendors: impl Iterator<Item = &'a VendorParty>,
) -> Value {
    let words = exported.words(purpose);
    let recipients = vendors.map(|vendor| recipient(&vendor.id, Some(&vendor.name)));
    // Which data each purpose needs is told in the notice, whose text the record names by hash.
    let data = object(&[
        ("@type", text("dpv:PersonalData")),
        ("dct:isReferencedBy", resource(exported.absolute("/notice/uri"))),
    ]);
    object(&[
        ("@type", text("dpv:Process")),
        (
            "dpv:hasPurpose",
            object(&[
                ("@type", text(purpose_class(purpose))),
                ("dct:identifier", text(purpose)),
                ("dct:title", maybe(words.map(|words| words.title.as_str()))),
                ("dct:description", maybe(words.map(|words| words.text.as_str()))),
            ]),
        ),
        ("dpv:hasLegalBasis", basis(exported)),
        ("dpv:hasPersonalData", data),
        ("dpv:hasRecipient", Value::Array(recipients.collect())),
        ("dpv:hasConsentStatus", status(exported, state)),
    ])
}

/// One vendor that was let in by itself, or no longer is.
fn single(exported: &Exported<'_>, id: &str, state: &str) -> Value {
    let known = exported.vendor(id);
    let class = known.map_or("dpv:Purpose", |vendor| purpose_class(&vendor.category));
    object(&[
        ("@type", text("dpv:Process")),
        ("dpv:hasPurpose", object(&[("@type", text(class))])),
        ("dpv:hasLegalBasis", basis(exported)),
        ("dpv:hasRecipient", recipient(id, known.map(|vendor| vendor.name.as_str()))),
        ("dpv:hasConsentStatus", status(exported, state)),
    ])
}

fn basis(exported: &Exported<'_>) -> Value {
    resource(format!("eu-gdpr:{}", exported.text("/basis")))
}

fn status(exported: &Exported<'_>, state: &str) -> Value {
    let by = match exported.text("/actor") {
        "data_subject" => resource(subject(exported)),
        _ => text(exported.text("/controller")),
    };
    object(&[
        ("@type", text(format!("dpv:{state}"))),
        ("dpv:isIndicatedAtTime", moment(exported.text("/at"))),
        ("dpv:isIndicatedBy", by),
        ("dpv:hasIndicationMethod", text(exported.text("/method"))),
        ("dct:valid", moment(exported.text("/valid_until"))),
    ])
}
