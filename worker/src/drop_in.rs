//! Sites that are not behind the Worker: one script tag of ours in their pages. The decision, the banner, the gate and
//! the receipts are the same; the choice is kept by the page in its own storage, sealed as the cookie is, and every
//! page asks here what it is worth. Until the answer is there, everything is held.
//!
//! What this cannot do is told in `docs/drop-in.md`: what stands in the HTML before the script has run is the page's.

use crate::site::Site;
use crate::spoken::Place;
use crate::visit::Visit;
use crate::{answer, assets, counting, decision, hearing, spoken};
use std::rc::Rc;
use url::Url;
use web_sys::{Headers, Response};
use worker::{Context, Env, Result};

/// The registered site that a page of this request belongs to.
pub fn page_of(site: &Site, visit: &Visit) -> Option<Url> {
    let origin = visit.header("origin")?;
    let registered = &site.policy.as_ref().ok()?.site.drop_in;
    registered.iter().find(|known| known.as_str() == origin).and_then(|known| Url::parse(known).ok())
}

/// Lets a registered site's page read the answer.
pub fn allow(headers: &Headers, page: &Url) -> Result<()> {
    headers.set("access-control-allow-origin", &page.origin().ascii_serialization())?;
    Ok(headers.append("vary", "Origin")?)
}

/// Answers what a browser asks before it sends a choice from another origin. Source: Fetch, CORS-preflight.
pub fn preflight(site: &Site, visit: &Visit) -> Result<Response> {
    let Some(page) = page_of(site, visit) else {
        return answer::text(403, "this site is not registered: add its origin to site.drop_in");
    };
    let headers = Headers::new()?;
    allow(&headers, &page)?;
    headers.set("access-control-allow-methods", "POST")?;
    headers.set("access-control-allow-headers", "content-type, idempotency-key")?;
    headers.set("access-control-max-age", "7200")?;
    answer::with(204, "", &headers)
}

/// Answers `GET /_postern/site.js`: the stub, knowing what this site's policy says.
pub fn script(site: &Site) -> Result<Response> {
    let Some(policy) = site.policy.as_ref().ok().filter(|policy| !policy.site.drop_in.is_empty()) else {
        return answer::text(404, "no site is registered: add its origin to site.drop_in");
    };
    // Nobody can tell yet which of the registered sites' pages asks.
    let pages: Vec<Url> = policy.site.drop_in.iter().filter_map(|origin| Url::parse(origin).ok()).collect();
    let hosts: Vec<&str> = pages.iter().filter_map(Url::host_str).collect();
    let nothing = postern_consent::Decision::deny_all(postern_consent::Reason::NotAsked);
    let rows = postern_rewrite::stub_rows(&site.grants(&nothing), &hosts);
    let state = format!("01|{}|0|{}", assets::gate_url(), site.consent_mode());
    let arguments = [state, rows].map(|text| serde_json::Value::from(text).to_string()).join(",");
    let headers = answer::headers("text/javascript; charset=utf-8")?;
    headers.set("cache-control", "public, max-age=300")?;
    headers.set("cross-origin-resource-policy", "cross-origin")?;
    headers.set("access-control-allow-origin", "*")?;
    let (told, stub, banner) = (assets::TOLD, assets::STUB, assets::DROP_IN);
    answer::with(200, &format!("{told}({arguments});{stub};{banner}\n"), &headers)
}

/// Answers `POST /_postern/state` of a registered site's page, whose body is the choice it keeps: what holds. With `page`,
/// said by each page once, the banner too, and with `settings` the settings, in the page's language.
pub async fn state(site: &Rc<Site>, env: &Env, context: &Context, visit: Visit) -> Result<Response> {
    let Some(page) = page_of(site, &visit) else {
        return answer::text(403, "this site is not registered: add its origin to site.drop_in");
    };
    let headers = answer::headers("application/json")?;
    allow(&headers, &page)?;
    let Ok(sealed) = decision::read_body(&visit).await else {
        return answer::with(400, "{}", &headers);
    };
    let edge = visit.origin();
    let lang = visit.query("lang").unwrap_or_default();
    let (is_page, is_settings) = (visit.query("page").is_some(), visit.query("settings").is_some());
    let visit = visit.on(site, page, Some(sealed.trim()).filter(|sealed| !sealed.is_empty()));
    let mut body = decision::standing(site, &visit, &visit.decision);
    if let Some((sealed, _)) = hearing::hear(site, env, &visit).await {
        body.insert("token".into(), sealed.into());
    }
    if is_page || is_settings {
        let receipt = if is_settings { decision::latest_receipt(site, env, &visit).await } else { None };
        let place = Place::Script { receipt, is_own_page: false };
        spoken::add_banner(&mut body, Rc::clone(site), &visit, &edge, &lang, "/".into(), place);
    }
    if let Some(view) = counting::View::of(site, &visit, visit.decision.must_ask).filter(|_| is_page) {
        counting::count_page(site, env, context, &visit, view, false);
    }
    answer::with(200, &serde_json::Value::from(body).to_string(), &headers)
}
