//! The dashboard, its interfaces for programs, and the page of the register. A Worker of its own has them (`dashboard`), since this one has no room for them: here
//! it is seen who asks, and what they ask is handed on, over a binding that nobody else can reach.

use crate::site::Site;
use crate::visit::Visit;
use crate::{answer, archive, pages, platform, zone};
use postern_receipt::{Person, Role};
use wasm_bindgen::JsValue;
use web_sys::{Headers, RequestInit, Response};
use worker::{Env, Result};

/// The binding of the dashboard's Worker in `wrangler.toml`.
const BINDING: &str = "DASHBOARD";

/// What is for programs: they show a token, or are let in by the platform.
const FOR_PROGRAMS: [&str; 2] = ["api/", "metrics"];

/// Answers what is asked of the dashboard at `path` below our folder.
pub async fn serve(site: &Site, env: &Env, visit: &Visit, method: &str, path: &str) -> Result<Response> {
    if !["GET", "HEAD"].contains(&method) {
        let refused = answer::text(405, "Figures are read.")?;
        refused.headers().set("allow", "GET, HEAD")?;
        return Ok(refused);
    }
    let is_for_programs = FOR_PROGRAMS.iter().any(|beginning| path.starts_with(beginning));
    let has_token = visit.header("authorization").is_some();
    let person = match pages::person(site, visit).await.filter(|_| !has_token) {
        Some(person) => person,
        None if is_for_programs && !has_token && platform::program(site, visit).await.is_none() => {
            let asked = answer::text(401, "Show a token.")?;
            asked.headers().set("www-authenticate", "Bearer")?;
            return Ok(asked);
        }
        None if is_for_programs || has_token => {
            match archive::bearer(site, env, visit, Role::Viewer).await? {
                Ok(person) => person.clone(),
                Err(refused) => return Ok(refused),
            }
        }
        None => return answer::see_other(postern_view::LOGIN_PATH),
    };
    hand_on(site, env, visit, &person, None).await
}

/// Has the dashboard's Worker answer this person; `error` is what was wrong with a form of theirs.
pub async fn hand_on(
    site: &Site,
    env: &Env,
    visit: &Visit,
    person: &Person,
    error: Option<&str>,
) -> Result<Response> {
    let Ok(dashboard) = env.service(BINDING) else { return absent() };
    let request = message(site, visit, person, error.unwrap_or(""))?;
    match dashboard.fetch_request(request).await {
        Ok(answered) => Ok(answered.into()),
        Err(error) => {
            answer::log(&format!("the dashboard cannot be reached: {error}"));
            absent()
        }
    }
}

/// Who asks for what, and of which site: its policy is the message's body.
fn message(site: &Site, visit: &Visit, person: &Person, error: &str) -> Result<worker::Request> {
    let headers = Headers::new()?;
    let id = site.policy.as_ref().map_or("postern", |policy| policy.site.id.as_str());
    for (name, value) in [
        ("postern-site", id),
        ("postern-role", person.role.name()),
        ("postern-today", &zone::day(site, visit.now_ms).number().to_string()),
        ("postern-error", error),
        ("accept-language", visit.header("accept-language").unwrap_or("")),
    ] {
        headers.set(name, value)?;
    }
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_headers(&headers);
    init.set_body(&JsValue::from_str(&site.source));
    let address = format!("https://dashboard.internal{}", visit.target());
    Ok(web_sys::Request::new_with_str_and_init(&address, &init)?.into())
}

fn absent() -> Result<Response> {
    pages::failure(
        503,
        "The dashboard is not here",
        "Whoever deployed Postern can add it: docs/dashboard.md.",
    )
}
