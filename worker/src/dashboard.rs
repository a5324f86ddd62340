//! The dashboard, its interfaces for programs, and the page of the register. A Worker of its own has them (`dashboard`), since this one has no room for them: here
//! it is seen who asks, and what they ask is handed on, over a binding that nobody else can reach.

use crate::pages::Keeper;
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
const OF_ALL: [&str; 3] = ["dashboard/sites", "api/v1/sites", "api/v1/sites.csv"];

/// Answers what is asked of the dashboard at `path` below our folder.
pub async fn serve(site: &Rc<Site>, env: &Env, visit: &Visit, method: &str, path: &str) -> Result<Response> {
    if !["GET", "HEAD"].contains(&method) {
        let refused = answer::text(405, "Figures are read.")?;
        refused.headers().set("allow", "GET, HEAD")?;
        return Ok(refused);
    }
    let is_for_programs = FOR_PROGRAMS.iter().any(|beginning| path.starts_with(beginning));
    let has_token = visit.header("authorization").is_some();
    let keeper = match pages::keeper(site, visit).await.filter(|_| !has_token) {
        Some(keeper) => keeper,
        None if is_for_programs && !has_token && platform::program(site, visit).await.is_none() => {
            let asked = answer::text(401, "Show a token.")?;
            asked.headers().set("www-authenticate", "Bearer")?;
            return Ok(asked);
        }
        None if is_for_programs || has_token => {
            let person = match archive::bearer(site, env, visit, Role::Viewer).await? {
                Ok(person) => person,
                Err(refused) => return Ok(refused),
            };
            let keeps_all = if has_token { site.access.keeps_all(person) } else { site.is_platform_shared() };
            Keeper { person: person.clone(), keeps_all, is_by_page: false, is_by_platform: !has_token }
        }
        None => return pages::to_login(visit),
    };
    let wanted =
        visit.url.query_pairs().find(|(name, id)| name == "site" && !id.is_empty()).map(|(_, id)| id);
    let kept = kept(site, env, visit, &keeper);
    let told = if OF_ALL.contains(&path) {
        kept.iter().collect()
    } else {
        let is_wanted = |one: &&Rc<Site>| one.id == wanted.as_deref().unwrap_or(&site.id);
        kept.iter().find(is_wanted).into_iter().collect::<Vec<_>>()
    };
    let fault = match told.first() {
        None => Some((404, "No such site", "There is no site of that name that you keep.".to_string())),
        Some(one) if !OF_ALL.contains(&path) => one.policy.as_ref().err().map(|fault| {
            (
                503,
                "The figures cannot be found",
                format!("Nobody knows whose they are while the policy cannot be read. {fault}"),
            )
        }),
        Some(_) => None,
    };
    if let Some((status, title, sentence)) = fault {
        return if is_for_programs {
            answer::text(status, &sentence)
        } else {
            pages::failure(status, title, &sentence)
        };
    }
    hand_on(site, env, visit, &keeper.person, None, &told, kept.len()).await
}

/// The sites that somebody keeps, as they are shown: all, or the one whose address this is. Wherever pages of a site are, its scripts could
/// ask in the name of who is logged in: there a session reaches that site alone.
fn kept(site: &Rc<Site>, env: &Env, visit: &Visit, keeper: &Keeper) -> Vec<Rc<Site>> {
    let sites = Sites::of(env);
    let is_safe = !keeper.is_by_page || sites.is_for_keepers(visit.host());
    if !keeper.keeps_all || !is_safe {
        return vec![Rc::clone(site)];
    }
    let as_shown = |one: &Rc<Site>| if one.name == site.name { Rc::clone(site) } else { release::shown(one) };
    // Whom the platform lets in by the list of all is not let in by a site's own.
    let lets_in = |one: &&Rc<Site>| !keeper.is_by_platform || one.is_platform_shared();
    sites.all().filter(lets_in).map(as_shown).collect()
}

/// Shows who keeps the register that of this site; `error` is what was wrong with a form of theirs.
pub async fn show_register(
    site: &Rc<Site>,
    env: &Env,
    visit: &Visit,
    keeper: &Keeper,
    error: Option<&str>,
) -> Result<Response> {
    let kept = kept(site, env, visit, keeper).len();
    hand_on(site, env, visit, &keeper.person, error, &[site], kept).await
}

/// Has the dashboard's Worker answer this person; `error` is what was wrong with a form of theirs.
async fn hand_on(
    site: &Rc<Site>,
    env: &Env,
    visit: &Visit,
    person: &Person,
    error: Option<&str>,
    told: &[&Rc<Site>],
    kept: usize,
) -> Result<Response> {
    let Ok(dashboard) = env.service(BINDING) else { return absent() };
    let request = message(site, visit, person, error.unwrap_or(""), told, kept)?;
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
    visit: &Visit,
    person: &Person,
    error: &str,
    told: &[&Rc<Site>],
    kept: usize,
) -> Result<worker::Request> {
    let headers = Headers::new()?;
    for (name, value) in [
        ("postern-home", site.id.as_str()),
        ("postern-kept", &kept.to_string()),
        ("postern-role", person.role.name()),
        ("postern-error", error),
        ("accept-language", visit.header("accept-language").unwrap_or("")),
    ] {
        headers.set(name, value)?;
    }
    let one = |site: &&Rc<Site>| {
        let today = zone::day(site, visit.now_ms).number();
        Value::from(vec![
            site.id.as_str().into(),
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
