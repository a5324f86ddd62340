//! What visitors may do with their receipts: take them along, and erase them. Both are theirs who hold the choice: by its
//! cookie, or, on a registered site's page, by the sealed choice that the page keeps and sends.
//! Source: GDPR Art. 15(3), 17 and 20.

use crate::decision::{NOT_HERE, is_same_origin, read_body, standing};
use crate::ledger::{Ledger, Refusal};
use crate::site::Site;
use crate::visit::{CONSENT_COOKIE, Visit};
use crate::{answer, drop_in, pages};
use postern_consent::{Decision, Reason, State};
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

/// Answers `GET /_postern/consent/receipts.json`, and `POST` from a registered site's page: the receipts, whole, newest
/// first, at most 200.
pub async fn receipts(site: &Site, env: &Env, visit: Visit) -> Result<Response> {
    let is_read = matches!(visit.method.as_str(), "GET" | "HEAD");
    let Some((visit, page)) = holder(site, visit).await.filter(|(_, page)| is_read != page.is_some()) else {
        return answer::text(403, NOT_HERE);
    };
    let found = match visit.state {
        State::Decided(choice) => match Ledger::of(site, env) {
            Ok(ledger) => ledger.export(choice.subject).await,
            Err(refusal) => Err(refusal),
        },
        _ => Ok("[]".to_string()),
    };
    let receipts = match found {
        Ok(receipts) => receipts,
        Err(refusal) => return answer::text(refusal.status, &refusal.sentence),
    };
    let headers = answer::headers("application/json")?;
    headers.set("content-disposition", "attachment; filename=\"receipts.json\"")?;
    page.as_ref().map_or(Ok(()), |page| drop_in::allow(&headers, page))?;
    answer::with(200, &format!("{{\"receipts\":{receipts}}}\n"), &headers)
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
        let erased = match Ledger::of(site, env) {
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
        let gone = format!("{CONSENT_COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax");
        headers.append("set-cookie", &gone)?;
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
