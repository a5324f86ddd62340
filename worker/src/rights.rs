//! What visitors may do with their receipts: take them along, restrict and erase them. All are theirs who hold the choice: by its
//! cookie, or, on a registered site's page, by the sealed choice that the page keeps and sends.
//! Source: GDPR Art. 15(3), 17, 18 and 20.

use crate::cookie;
use crate::decision::{NOT_HERE, is_same_origin, read_body, standing};
use crate::ledger::{Ledger, Refusal};
use crate::site::Site;
use crate::visit::Visit;
use crate::{answer, drop_in, pages};
use postern_consent::{Decision, Reason, State};
use postern_receipt::Sha256Hex;
use postern_receipt::export::{Exported, Parties, PurposeWords, VendorParty, dpv, kantara};
use postern_rewrite::expire_denied;
use url::Url;
use web_sys::Response;
use worker::{Env, Result};

/// The visitor, and the registered site's page that asks for them, if one does. `None` if it brings no readable choice.
async fn holder(site: &Site, visit: Visit) -> Option<(Visit, Option<Url>)> {
    match drop_in::page_of(site, &visit) {
        Some(page) => {
            let sealed = read_body(&visit).await.ok()?;
            Some((visit.on(site, page.clone(), Some(sealed.trim())), Some(page)))
        }
        None => Some((visit, None)),
    }
}

/// The visitor's receipts as a JSON array; an empty one for who brings no choice.
async fn exported(site: &Site, env: &Env, visit: &Visit) -> std::result::Result<String, Refusal> {
    match visit.state {
        State::Decided(choice) => Ledger::at(site, env, choice.shard)?.export(choice.subject).await,
        _ => Ok("[]".to_string()),
    }
}

/// Answers `GET /_postern/consent/receipts.json`, and `POST` from a registered site's page: the receipts, whole, newest
/// first, at most 200.
pub async fn receipts(site: &Site, env: &Env, visit: Visit) -> Result<Response> {
    let is_read = matches!(visit.method.as_str(), "GET" | "HEAD");
    let Some((visit, page)) = holder(site, visit).await.filter(|(_, page)| is_read != page.is_some()) else {
        return answer::text(403, NOT_HERE);
    };
    let receipts = match exported(site, env, &visit).await {
        Ok(receipts) => receipts,
        Err(refusal) => return answer::text(refusal.status, &refusal.sentence),
    };
    let headers = answer::headers("application/json")?;
    headers.set("content-disposition", "attachment; filename=\"receipts.json\"")?;
    page.as_ref().map_or(Ok(()), |page| drop_in::allow(&headers, page))?;
    answer::with(200, &format!("{{\"receipts\":{receipts}}}\n"), &headers)
}

/// Another form to take receipts along in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// JSON-LD in the Data Privacy Vocabulary.
    Dpv,
    /// Kantara Consent Receipts 1.1.
    Kantara,
}

/// Answers `GET /_postern/consent/receipts.jsonld` and `…/receipts.kantara.json`: the same receipts, in the words of others.
pub async fn receipts_as(site: &Site, env: &Env, visit: &Visit, view: View) -> Result<Response> {
    let found = match exported(site, env, visit).await {
        Ok(found) => found,
        Err(refusal) => return answer::text(refusal.status, &refusal.sentence),
    };
    let Ok(receipts) = serde_json::from_str::<Vec<serde_json::Value>>(&found) else {
        return answer::text(503, "The record of choices answered in a way nobody here can read.");
    };
    let shown: Vec<serde_json::Value> = receipts
        .iter()
        .filter_map(|each| each.get("receipt"))
        .filter_map(|receipt| {
            let parties = parties(site, receipt);
            let exported = Exported { receipt, origin: &visit.origin(), parties: parties.as_ref() };
            match view {
                View::Dpv => Some(dpv(exported)),
                View::Kantara => kantara(exported),
            }
        })
        .collect();
    let (content_type, name) = match view {
        View::Dpv => ("application/ld+json", "receipts.jsonld"),
        View::Kantara => ("application/json", "receipts.kantara.json"),
    };
    let headers = answer::headers(content_type)?;
    headers.set("content-disposition", &format!("attachment; filename=\"{name}\""))?;
    answer::with(200, &format!("{}\n", serde_json::Value::from(shown)), &headers)
}

/// Who is who in a receipt, if it was given under the policy in force.
fn parties(site: &Site, receipt: &serde_json::Value) -> Option<Parties> {
    let policy = site.policy.as_ref().ok()?;
    let hash = Sha256Hex::parse(receipt.get("policy_sha256")?.as_str()?).ok()?.0;
    let policy = policy.variant(policy.place_of_hash(|of| of == hash)?)?;
    let language = policy.language_for(receipt.get("lang")?.as_str(), None);
    let purposes = policy.purposes.iter().map(|purpose| {
        let (title, text) = language.texts.category(purpose.category);
        PurposeWords { id: purpose.category.name().into(), title: title.into(), text: text.into() }
    });
    let vendors = policy.vendors().iter().map(|vendor| VendorParty {
        id: vendor.id.clone(),
        name: vendor.name.clone(),
        category: vendor.category.name().into(),
    });
    let controller = &policy.controller;
    Some(Parties {
        controller: controller.name.clone(),
        address: controller.address.clone(),
        contact: controller.contact.clone(),
        authority: (controller.authority.name.clone(), controller.authority.url.clone()),
        purposes: purposes.collect(),
        vendors: vendors.collect(),
    })
}

/// Answers `POST /_postern/restrict`, a form of the consent page: receipts are kept and used for nothing else, or again as
/// before. The choice stays as it is. A registered site's page asks for the one here and for the other at `POST /_postern/unrestrict`.
pub async fn restrict(site: &Site, env: &Env, visit: Visit, is_restricted: bool) -> Result<Response> {
    if !is_same_origin(&visit) {
        return match holder(site, visit).await {
            Some((visit, Some(page))) => restrict_there(site, env, &visit, &page, is_restricted).await,
            _ => answer::text(403, NOT_HERE),
        };
    }
    let Ok(body) = read_body(&visit).await else { return answer::text(400, "This did not arrive whole.") };
    let fields: Vec<_> = url::form_urlencoded::parse(body.as_bytes()).collect();
    let is_restricted = match fields.as_slice() {
        [(name, value)] if name == "restrict" && value == "yes" => true,
        [(name, value)] if name == "restrict" && value == "no" => false,
        _ => return answer::text(400, "Send restrict=yes or restrict=no."),
    };
    if let State::Decided(choice) = visit.state {
        let done = match Ledger::at(site, env, choice.shard) {
            Ok(ledger) => ledger.restrict(choice.subject, visit.now_ms, is_restricted).await,
            Err(refusal) => Err(refusal),
        };
        if let Err(Refusal { status, sentence }) = done {
            return pages::not_recorded(site, &visit, status, &sentence);
        }
    }
    answer::see_other(&format!("{}#receipts", postern_view::CONSENT_PATH))
}

async fn restrict_there(
    site: &Site,
    env: &Env,
    visit: &Visit,
    page: &Url,
    is_restricted: bool,
) -> Result<Response> {
    let done = match visit.state {
        State::Decided(choice) => match Ledger::at(site, env, choice.shard) {
            Ok(ledger) => ledger.restrict(choice.subject, visit.now_ms, is_restricted).await,
            Err(refusal) => Err(refusal),
        },
        _ => Err(Refusal { status: 400, sentence: "This is not a choice.".into() }),
    };
    let headers = answer::headers("application/json")?;
    drop_in::allow(&headers, page)?;
    match done {
        Ok(()) => {
            let standing = standing(site, visit, &visit.decision);
            answer::with(200, &serde_json::Value::from(standing).to_string(), &headers)
        }
        Err(Refusal { status, sentence }) => answer::with(status, &sentence, &headers),
    }
}

/// Answers `POST /_postern/erase`, by form or script: receipts and choice are gone, what was granted is withdrawn, and the
/// next page asks anew.
pub async fn erase(site: &Site, env: &Env, visit: Visit) -> Result<Response> {
    let is_form = visit
        .header("content-type")
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    if !is_same_origin(&visit) && (is_form || drop_in::page_of(site, &visit).is_none()) {
        return answer::text(403, NOT_HERE);
    }
    let Some((visit, page)) = holder(site, visit).await else {
        return answer::text(400, "This is not a choice.");
    };
    if let State::Decided(choice) = visit.state {
        let erased = match Ledger::at(site, env, choice.shard) {
            Ok(ledger) => ledger.erase(choice.subject, visit.now_ms).await,
            Err(refusal) => Err(refusal),
        };
        if let Err(Refusal { status, sentence }) = erased {
            return if is_form {
                pages::not_recorded(site, &visit, status, &sentence)
            } else {
                answer::text(status, &sentence)
            };
        }
    }
    let nothing = Decision::deny_all(Reason::NotAsked);
    let headers = answer::headers("application/json")?;
    if let Some(page) = &page {
        drop_in::allow(&headers, page)?;
    } else {
        for gone in cookie::gone() {
            headers.append("set-cookie", &gone)?;
        }
        let cookies = visit.header("cookie").unwrap_or("");
        for cookie in expire_denied(cookies, &visit.url, &site.grants(&nothing)) {
            headers.append("set-cookie", &cookie)?;
        }
        headers.set("clear-site-data", &site.clear_site_data())?;
    }
    if is_form {
        headers.set("location", postern_view::CONSENT_PATH)?;
        return answer::with(303, "", &headers);
    }
    let mut body = standing(site, &visit, &nothing);
    if page.is_some() {
        // What the page keeps is empty from now on.
        body.insert("token".into(), "".into());
    }
    answer::with(200, &serde_json::Value::from(body).to_string(), &headers)
}
