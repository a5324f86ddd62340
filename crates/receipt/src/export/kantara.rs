//! A receipt as a Kantara Consent Receipt 1.1.0 (2018-02-20); sections in brackets are that text's. It is about consent that
//! was given, so a refusal has none. A telephone number of the controller, which that text wants, no policy here has.

use crate::export::{Exported, maybe, object, text};
use crate::time::Timestamp;
use serde_json::Value;

/// The receipt in that form; `None` where it grants nothing, or its time cannot be read.
#[must_use]
pub fn kantara(exported: Exported<'_>) -> Option<Value> {
    let at = Timestamp::parse(exported.text("/at"))?;
    let is_given = |(_, state): &(&str, &str)| *state == "ConsentGiven";
    let categories = exported.purposes().filter(is_given).map(|(purpose, _)| {
        let names: Vec<&str> = exported.vendors_of(purpose).map(|vendor| vendor.name.as_str()).collect();
        given(&exported, exported.words(purpose).map_or(purpose, |words| &words.text), purpose, &names)
    });
    let vendors = exported.states("vendors").filter(is_given).map(|(id, _)| {
        let known = exported.vendor(id);
        let name = known.map_or(id, |vendor| &vendor.name);
        given(&exported, name, known.map_or(id, |vendor| &vendor.category), &[name])
    });
    let purposes: Vec<Value> = categories.chain(vendors).collect();
    if purposes.is_empty() {
        return None;
    }
    let parties = exported.parties;
    let contact = parties.map(|parties| parties.contact.as_str());
    let address = parties.map_or(Value::Null, |parties| object(&[("streetAddress", text(&parties.address))]));
    let name = parties.map_or(exported.text("/controller"), |parties| &parties.controller);
    let controller = object(&[
        ("piiController", text(name)),
        ("onBehalf", false.into()),
        ("contact", maybe(contact)),
        ("address", address),
        ("email", maybe(contact.filter(|contact| contact.contains('@')))),
    ]);
    let service =
        object(&[("service", text(exported.text("/controller"))), ("purposes", Value::Array(purposes))]);
    Some(object(&[
        ("version", text("KI-CR-v1.1.0")),
        ("jurisdiction", text(exported.text("/profile"))),
        // Whole seconds [4.3.3].
        ("consentTimestamp", at.unix_seconds().into()),
        ("collectionMethod", text(format!("form on the site, {}", exported.text("/method")))),
        ("consentReceiptID", text(exported.text("/receipt_id"))),
        ("language", text(exported.text("/lang"))),
        ("piiPrincipalId", text(exported.text("/subject"))),
        ("piiControllers", Value::Array(vec![controller])),
        ("policyUrl", text(exported.absolute("/notice/uri"))),
        ("services", Value::Array(vec![service])),
        ("sensitive", false.into()),
        ("spiCat", Value::Array(Vec::new())),
    ]))
}

/// One purpose that consent was given to.
fn given(exported: &Exported<'_>, purpose: &str, category: &str, vendors: &[&str]) -> Value {
    let end =
        format!("{}, or withdrawn at {}", exported.text("/valid_until"), exported.absolute("/withdraw_uri"));
    let names = vendors.join(", ");
    object(&[
        ("purpose", text(purpose)),
        ("purposeCategory", Value::Array(vec![text(category)])),
        ("consentType", text("EXPLICIT")),
        ("piiCategory", Value::Array(vec![text("as told in the notice")])),
        ("primaryPurpose", false.into()),
        ("termination", text(end)),
        ("thirdPartyDisclosure", (!vendors.is_empty()).into()),
        // Must be there if anything is disclosed [4.5.11].
        ("thirdPartyName", maybe((!vendors.is_empty()).then_some(names.as_str()))),
    ])
}
