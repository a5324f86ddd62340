//! Asking the origin, and nothing else.

use crate::site::Site;
use crate::visit::Visit;
use crate::{answer, pages};
use futures_util::future::{Either, select};
use js_sys::Uint8Array;
use postern_rewrite::{OF_VISITOR, RequestPlan, StrippedHit, TELLING};
use std::pin::pin;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Request, RequestInit, Response, WorkerGlobalScope};
use worker::{Delay, Result};

/// Asks the origin what the plan says; `Err` is the page that tells the visitor why there is no answer.
pub async fn ask(
    site: &Site,
    visit: &Visit,
    plan: &RequestPlan,
) -> Result<std::result::Result<Response, Response>> {
    send(site, request(site, visit, plan)?).await
}

/// Sends a hit on with nothing of the visitor in it or around it.
pub async fn ask_anonymously(
    site: &Site,
    visit: &Visit,
    hit: &StrippedHit,
) -> Result<std::result::Result<Response, Response>> {
    let base = site.origin.as_ref().unwrap_or(&visit.url).origin().ascii_serialization();
    let mark = if hit.query.is_empty() { "" } else { "?" };
    let target = format!("{base}{}{mark}{}", visit.url.path(), hit.query);
    let headers = web_sys::Headers::new()?;
    let is_kept = |name: &str| !OF_VISITOR.contains(&name) && !TELLING.contains(&name);
    for (name, value) in visit.headers.iter().filter(|(name, _)| is_kept(name)) {
        headers.append(name, value)?;
    }
    headers.delete("content-length")?;
    let init = RequestInit::new();
    init.set_method(&visit.method);
    init.set_headers(headers.as_ref());
    init.set_redirect(web_sys::RequestRedirect::Manual);
    if let Some(body) = &hit.body {
        init.set_body(&Uint8Array::from(body.as_slice()));
    }
    send(site, Request::new_with_str_and_init(&target, &init)?).await
}

async fn send(site: &Site, request: Request) -> Result<std::result::Result<Response, Response>> {
    let controller = AbortController::new()?;
    let init = RequestInit::new();
    init.set_signal(Some(&controller.signal()));
    let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
    let fetched = pin!(JsFuture::from(scope.fetch_with_request_and_init(&request, &init)));
    let late = pin!(Delay::from(Duration::from_millis(site.origin_timeout_ms)));
    match select(fetched, late).await {
        Either::Left((Ok(response), _)) => Ok(Ok(response.unchecked_into())),
        Either::Left((Err(error), _)) => {
            answer::log(&format!("the origin cannot be reached: {}", answer::message(&error)));
            Ok(Err(pages::origin_unreachable()?))
        }
        Either::Right(_) => {
            controller.abort();
            answer::log(&format!("the origin sent nothing for {} ms", site.origin_timeout_ms));
            Ok(Err(pages::origin_late()?))
        }
    }
}

/// The visitor's request, changed as planned. Where nothing changes it is the very same object.
fn request(site: &Site, visit: &Visit, plan: &RequestPlan) -> Result<Request> {
    let is_elsewhere = site.origin.as_ref().filter(|origin| origin.origin() != visit.url.origin());
    if is_elsewhere.is_none() && *plan == RequestPlan::default() {
        return Ok(visit.request.clone()?);
    }
    let target = plan.target.as_deref().unwrap_or_else(|| visit.target());
    let base = is_elsewhere.unwrap_or(&visit.url).origin().ascii_serialization();
    // A request is a dictionary with every member a `RequestInit` has: method, headers, body, redirect.
    let init: &RequestInit = visit.request.unchecked_ref::<JsValue>().unchecked_ref();
    let request = Request::new_with_str_and_init(&format!("{base}{target}"), init)?;
    let headers = request.headers();
    for name in &plan.remove {
        headers.delete(name)?;
    }
    for (name, value) in &plan.set {
        headers.set(name, value)?;
    }
    if is_elsewhere.is_some() {
        // The origin's own checks (CSRF) compare these with the name it knows itself by.
        for name in ["origin", "referer"] {
            if let Some(value) = headers.get(name)?
                && let Some(tail) = value.strip_prefix(&visit.origin())
            {
                headers.set(name, &format!("{base}{tail}"))?;
            }
        }
    }
    Ok(request)
}
