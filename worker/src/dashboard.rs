//! The dashboard, its interfaces for programs, and the page of the register. A Worker of its own has them (`dashboard`), since this one has no room for them: here
//! it is seen who asks, and what they ask is handed on, over a binding that nobody else can reach.

use crate::site::Site;
use crate::sites::Sites;
use crate::visit::Visit;
use crate::{answer, archive, pages, platform, release, zone};
use postern_receipt::{Person, Role};
use serde_json::Value;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::{Headers, RequestInit, Response};
use worker::{Env, Result};

/// The binding of the dashboard's Worker in `wrangler.toml`.
const BINDING: &str = "DASHBOARD";

/// What is for programs: they show a token, or are let in by the platform.
const FOR_PROGRAMS: [&str; 2] = ["api/", "metrics"];

/// What is of all sites at once that somebody keeps.
const OF_ALL: [&str; 2] = ["dashboard/sites", "api/v1/sites"];

/// Answers what is asked of the dashboard at `path` below our folder.
pub async fn serve(site: &Rc<Site>, env: &Env, visit: &Visit, method: &str, path: &str) -> Result<Response> {
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
    let wanted =
        visit.url.query_pairs().find(|(name, id)| name == "site" && !id.is_empty()).map(|(_, id)| id);
    let kept = kept(site, env, &person);
    let told = if OF_ALL.contains(&path) {
        kept.iter().collect()
    } else {
        let is_wanted = |one: &&Rc<Site>| one.id() == wanted.as_deref().unwrap_or(site.id());
        kept.iter().find(is_wanted).into_iter().collect::<Vec<_>>()
    };
    if told.is_empty() {
        let sentence = "There is no site of that name that you keep.";
        return if is_for_programs {
            answer::text(404, sentence)
        } else {
            pages::failure(404, "No such site", sentence)
        };
    }
    hand_on(site, env, visit, &person, None, &told).await
}

/// The sites that somebody keeps who is logged in on this one, as they are shown.
fn kept(site: &Rc<Site>, env: &Env, person: &Person) -> Vec<Rc<Site>> {
    if !site.keeps_all(person) {
        return vec![Rc::clone(site)];
    }
    let as_shown = |one: &Rc<Site>| if one.name == site.name { Rc::clone(site) } else { release::shown(one) };
    Sites::of(env).all().map(as_shown).collect()
}

/// Has the dashboard's Worker answer this person; `error` is what was wrong with a form of theirs.
pub async fn hand_on(
    site: &Rc<Site>,
    env: &Env,
    visit: &Visit,
    person: &Person,
    error: Option<&str>,
    told: &[&Rc<Site>],
) -> Result<Response> {
    let Ok(dashboard) = env.service(BINDING) else { return absent() };
    let request = message(site, env, visit, person, error.unwrap_or(""), told)?;
    match dashboard.fetch_request(request).await {
        Ok(answered) => Ok(answered.into()),
        Err(error) => {
            answer::log(&format!("the dashboard cannot be reached: {error}"));
            absent()
        }
    }
}

/// Who asks for what, where, and of which sites: these are the message's body, a JSON array of `[id, name, today, policy]`.
fn message(
    site: &Rc<Site>,
    env: &Env,
    visit: &Visit,
    person: &Person,
    error: &str,
    told: &[&Rc<Site>],
) -> Result<worker::Request> {
    let headers = Headers::new()?;
    for (name, value) in [
        ("postern-home", site.id()),
        ("postern-kept", &kept(site, env, person).len().to_string()),
        ("postern-role", person.role.name()),
        ("postern-error", error),
        ("accept-language", visit.header("accept-language").unwrap_or("")),
    ] {
        headers.set(name, value)?;
    }
    let one = |site: &&Rc<Site>| {
        let today = zone::day(site, visit.now_ms).number();
        Value::from(vec![
            site.id().into(),
            site.name.as_str().into(),
            today.into(),
            Value::from(site.source.as_str()),
        ])
    };
    let sites = Value::from(told.iter().map(one).collect::<Vec<_>>());
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_headers(&headers);
    init.set_body(&JsValue::from_str(&sites.to_string()));
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
