//! A receipt as a Kantara Consent Receipt 1.1.0 (2018-02-20); sections in brackets are that text's. It is about consent that
//! was given, so a refusal has none. A telephone number of the controller, which that text wants, no policy here has.

use crate::export::Exported;
use crate::time::Timestamp;
use serde_json::{Map, Value, json};

/// The receipt in that form; `None` where it grants nothing, or its time cannot be read.
#[must_use]
pub fn kantara(exported: Exported<'_>) -> Option<Value> {
    let at = Timestamp::parse(exported.text("/at"))?;
    let given: Vec<Value> = exported
        .purposes()
        .filter(|(_, state)| *state == "ConsentGiven")
        .map(|(purpose, _)| {
            let names: Vec<&str> = exported.vendors_of(purpose).map(|vendor| vendor.name.as_str()).collect();
            given(&exported, exported.words(purpose).map_or(purpose, |words| &words.text), purpose, &names)
        })
        .chain(exported.states("vendors").filter(|(_, state)| *state == "ConsentGiven").map(|(id, _)| {
            let vendors = exported.parties.map(|parties| parties.vendors.as_slice()).unwrap_or_default();
            let known = vendors.iter().find(|vendor| vendor.id == id);
            let name = known.map_or(id, |vendor| &vendor.name);
            given(&exported, name, known.map_or(id, |vendor| &vendor.category), &[name])
        }))
        .collect();
    if given.is_empty() {
        return None;
    }
    let mut controller = Map::new();
    let name = exported.parties.map_or(exported.text("/controller"), |parties| &parties.controller);
    controller.insert("piiController".into(), name.into());
    controller.insert("onBehalf".into(), false.into());
    if let Some(parties) = exported.parties {
        controller.insert("contact".into(), parties.contact.as_str().into());
        controller.insert("address".into(), json!({ "streetAddress": parties.address }));
        if parties.contact.contains('@') {
            controller.insert("email".into(), parties.contact.as_str().into());
        }
    }
    Some(json!({
        "version": "KI-CR-v1.1.0",
        "jurisdiction": exported.text("/profile"),
        // Whole seconds [4.3.3].
        "consentTimestamp": at.unix_seconds(),
        "collectionMethod": format!("form on the site, {}", exported.text("/method")),
        "consentReceiptID": exported.text("/receipt_id"),
        "language": exported.text("/lang"),
        "piiPrincipalId": exported.text("/subject"),
        "piiControllers": [controller],
        "policyUrl": exported.absolute("/notice/uri"),
        "services": [{ "service": exported.text("/controller"), "purposes": given }],
        "sensitive": false,
        "spiCat": [],
    }))
}

/// One purpose that consent was given to.
fn given(exported: &Exported<'_>, purpose: &str, category: &str, vendors: &[&str]) -> Value {
    let mut given = json!({
        "purpose": purpose,
        "purposeCategory": [category],
        "consentType": "EXPLICIT",
        "piiCategory": ["as told in the notice"],
        "primaryPurpose": false,
        "termination": format!("{}, or withdrawn at {}", exported.text("/valid_until"), exported.absolute("/withdraw_uri")),
        "thirdPartyDisclosure": !vendors.is_empty(),
    });
    // Must be there if anything is disclosed [4.5.11].
    if let (false, Some(given)) = (vendors.is_empty(), given.as_object_mut()) {
        given.insert("thirdPartyName".into(), vendors.join(", ").into());
    }
    given
}
