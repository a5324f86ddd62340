//! The edge. A request comes in; either it is ours, or it goes to the site and back, guarded.
//!
//! What lives here: platform values turned into facts, plans run, the Ledger's storage, answers.
//! What never does: rules. What may run, pass or be counted is decided in the crates below.

mod answer;
mod archive;
mod asked;
mod assets;
mod bucket;
mod collect;
mod cookie;
mod counting;
mod countries;
mod dashboard;
mod decision;
mod drop_in;
mod experiment;
mod guard;
mod hearing;
mod ledger;
mod ledger_log;
mod ledger_object;
mod ledger_schema;
mod ledger_store;
mod log_files;
mod memory;
mod messages;
mod observing;
mod outside;
mod own_file;
mod pages;
mod platform;
mod proxy;
mod random;
mod register;
mod release;
mod report;
mod rights;
mod rollup;
mod sealing;
mod settings;
mod shards;
mod shown;
mod signing;
mod site;
mod sites;
mod spoken;
mod stream;
mod sweeping;
mod together;
mod visit;
mod witnessing;
mod zone;

use site::Site;
use sites::Sites;
use std::rc::Rc;
use url::Url;
use worker::{Context, Env, event};

/// Everything of ours is below this path; the origin never sees a request for it.
const OWN_FOLDER: &str = "/_postern/";

/// What is for visitors of a site, and so not on the host of those who keep the sites.
const OF_VISITORS: [&str; 10] =
    ["asked", "consent", "decision", "erase", "log/", "report", "restrict", "site.js", "state", "unrestrict"];

/// What is of the site alone whose address it is, for those who keep it.
const OF_ADDRESS: [&str; 4] = ["export", "publish", "requests", "shown"];

/// Where a site says that it honours Global Privacy Control. Source: W3C GPC, section 4.
const GPC_PATH: &str = "/.well-known/gpc.json";

#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, context: Context) -> worker::Result<web_sys::Response> {
    let url = Url::parse(&request.url()).map_err(|error| worker::Error::RustError(error.to_string()))?;
    let sites = Sites::of(&env);
    // A dot at the end names the same host.
    let host = url.host_str().unwrap_or("").trim_end_matches('.');
    if sites.is_for_keepers(host) {
        let Some(path) = url.path().strip_prefix(OWN_FOLDER) else {
            return answer::see_other(postern_view::DASHBOARD_SITES_PATH);
        };
        if OF_VISITORS.iter().any(|beginning| path.starts_with(beginning)) {
            return answer::text(404, "no site is here");
        }
    }
    let site = sites.at(host);
    let site = release::current(&env, site).await;
    let visit = visit::Visit::of(&site, request, url);
    if visit.url.path() == GPC_PATH {
        return pages::gpc(&site);
    }
    if visit.url.path().starts_with(OWN_FOLDER) {
        return route(&site, &env, &context, visit).await;
    }
    guard::guard(&site, &env, &context, visit).await
}

/// Is that part of the dashboard, or of its interfaces for programs?
fn is_dashboard(path: &str) -> bool {
    path == "metrics" || ["dashboard", "api/"].iter().any(|beginning| path.starts_with(beginning))
}

async fn route(
    site: &Rc<Site>,
    env: &Env,
    context: &Context,
    visit: visit::Visit,
) -> worker::Result<web_sys::Response> {
    let path = visit.url.path().strip_prefix(OWN_FOLDER).unwrap_or_default().to_string();
    // Whose these are the address says alone; nobody is to take them for another's.
    if OF_ADDRESS.contains(&path.as_str())
        && visit
            .url
            .query_pairs()
            .any(|(name, id)| name == "site" && !id.is_empty() && id != site.id.as_str())
    {
        return answer::text(
            400,
            "This is of the site whose address it is: ask for another's on a host of its own.",
        );
    }
    match (visit.method.as_str(), path.as_str()) {
        ("GET" | "HEAD", "health") => pages::health(site, env),
        ("GET" | "HEAD", "consent") => pages::consent(site, env, &visit).await,
        ("GET" | "HEAD" | "POST", "consent/receipts.json") => rights::receipts(site, env, visit).await,
        ("GET" | "HEAD", "consent/receipts.jsonld") => {
            rights::receipts_as(site, env, &visit, rights::View::Dpv).await
        }
        ("GET" | "HEAD", "consent/receipts.kantara.json") => {
            rights::receipts_as(site, env, &visit, rights::View::Kantara).await
        }
        ("GET" | "HEAD", "receipt.schema.json") => assets::receipt_schema(),
        ("POST", "restrict") => rights::restrict(site, env, visit, true).await,
        ("POST", "unrestrict") => rights::restrict(site, env, visit, false).await,
        ("POST", "erase") => rights::erase(site, env, visit).await,
        ("POST", "report") => report::take(site, env, context, &visit).await,
        ("GET" | "HEAD", "state") => decision::state(site, env, &visit).await,
        ("POST", "state") => drop_in::state(site, env, context, visit).await,
        ("GET" | "HEAD", "site.js") => drop_in::script(site),
        ("OPTIONS", "decision" | "state") => drop_in::preflight(site, &visit),
        ("POST", "decision") => decision::decide(site, env, visit).await,
        (method, path) if is_dashboard(path) => dashboard::serve(site, env, &visit, method, path).await,
        ("GET", "asked") => counting::count_drawn(site, env, context, &visit),
        ("GET", "shown") => shown::serve(site, env, &visit).await,
        ("POST", "publish") => release::publish(site, env, &visit).await,
        ("GET", "export") => archive::serve(site, env, &visit).await,
        ("GET" | "HEAD", "requests") => register::show(site, env, &visit).await,
        ("POST", "requests") => register::change(site, env, &visit).await,
        ("GET" | "HEAD", "login") => pages::login_form(&visit.query("to").unwrap_or_default(), ""),
        ("POST", "login") => pages::login(site, env, &visit).await,
        ("POST", "logout") => pages::logout(&visit),
        ("GET" | "HEAD", file) if file.starts_with(signing::LOG_FOLDER) => {
            log_files::serve(site, env, file).await
        }
        ("GET" | "HEAD", file) => assets::serve(file, &visit),
        _ => answer::text(405, "this address takes another method"),
    }
}
