//! Pages of our own: health, consent page, login, and what visitors see when something fails.

use crate::ledger::Ledger;
use crate::random::random;
use crate::site::Site;
use crate::sites::Sites;
use crate::visit::Visit;
use crate::{answer, asked, platform};
use postern_consent::{Minutes, State};
use postern_receipt::{Person, Timestamp};
use postern_rewrite::cookie_value;
use postern_view::{ConsentPage, Load, ReceiptLine};
use web_sys::Response;
use worker::{Env, Result};

/// The session of who keeps the site.
const SESSION_COOKIE: &str = "__Host-postern-session";

/// How long a session lasts, minutes.
const SESSION_MINUTES: u32 = 12 * 60;

/// How long a wrong token makes its sender wait: with 96 random bits guessing is hopeless anyhow; this
/// keeps a script from trying at full speed.
const WRONG_TOKEN_DELAY_MS: u64 = 500;

/// 32 random hex digits: the name of one act.
pub fn random_hex() -> String {
    random::<16>().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Can decisions be taken? 200, or 503 with what to do, a line each.
pub fn health(site: &Site, env: &Env) -> Result<Response> {
    let mut faults = site.faults();
    faults.extend(
        Ledger::of(site, env).err().map(|_| "the binding LEDGER is missing: see wrangler.toml".to_string()),
    );
    if faults.is_empty() && site.release.get().is_none() {
        faults.push(
            "this version of what visitors are asked with is not in the log, so nobody is asked: publish it, or see the Worker's log"
                .to_string(),
        );
    }
    if !faults.is_empty() {
        return answer::text(503, &faults.join("\n"));
    }
    let mut lines = vec!["ok".to_string()];
    lines.extend(site.told());
    if site.name.is_empty() {
        lines.extend(Sites::of(env).unreached());
    }
    answer::text(200, &lines.join("\n"))
}

/// That Global Privacy Control is honoured, and since when this says so.
pub fn gpc(site: &Site) -> Result<Response> {
    // Without a policy the signal is honoured as well, and nobody knows since when.
    let statement = match &site.policy {
        Ok(policy) => serde_json::json!({ "gpc": true, "lastUpdate": policy.notice.updated }),
        Err(_) => serde_json::json!({ "gpc": true }),
    };
    let headers = answer::headers("application/json")?;
    headers.set("cache-control", "public, max-age=86400")?;
    answer::with(200, &format!("{statement}\n"), &headers)
}

pub fn failure(status: u16, title: &str, what_to_do: &str) -> Result<Response> {
    answer::page(status, &postern_view::error_page(status, title, what_to_do).into_string())
}

/// The origin cannot be reached, or could not prove who it is.
pub fn origin_unreachable() -> Result<Response> {
    let what = "The site behind this address did not answer, or could not prove that it is the right one. Please try again in a minute.";
    failure(502, "The site cannot be reached", what)
}

/// The origin's page broke off before enough of it was there to begin with.
pub fn origin_broke_off() -> Result<Response> {
    answer::log("the origin's answer broke off at the beginning of a page");
    failure(502, "The site's answer broke off", "Please try again in a minute.")
}

/// The origin takes too long.
pub fn origin_late() -> Result<Response> {
    failure(504, "The site takes too long to answer", "Please try again in a minute.")
}

/// The origin's page is in an encoding that cannot be read here, so it cannot be made safe.
pub fn unreadable() -> Result<Response> {
    let what = "The site sent this page in an encoding that cannot be checked for trackers, so it is not shown. \
                The site's owner can mend it: send pages as gzip, br or uncompressed.";
    failure(502, "This page cannot be shown", what)
}

/// A decision by form that was not taken.
pub fn not_recorded(site: &Site, visit: &Visit, status: u16, sentence: &str) -> Result<Response> {
    let Ok(policy) = &site.policy else {
        return failure(status, "Your choice was not saved", sentence);
    };
    let language = policy.language_for(None, visit.header("accept-language"));
    answer::page(status, &postern_view::not_saved_page(language, sentence).into_string())
}

/// The visitor's own page: what holds, how to change it, and their receipts.
pub async fn consent(site: &Site, env: &Env, visit: &Visit) -> Result<Response> {
    // What was granted can be taken back, whatever can be asked.
    let is_holding = matches!(visit.state, State::Decided(_));
    let can_choose = site.working().or_else(|| site.recording().filter(|_| is_holding)).is_some();
    let Some(policy) = site.asking(visit.way).filter(|_| can_choose) else {
        let what = "Choices cannot be recorded here just now, so nothing but the necessary runs.";
        return failure(503, "Cookie settings", what);
    };
    let mut error = None;
    let mut receipts = Vec::new();
    let mut is_restricted = false;
    if let State::Decided(choice) = visit.state {
        let found = match Ledger::at(site, env, choice.shard) {
            Ok(ledger) => ledger.receipts(choice.subject).await,
            Err(refusal) => Err(refusal),
        };
        match found {
            Ok(found) => (receipts, is_restricted) = (found.receipts, found.is_restricted),
            Err(refusal) => error = Some(refusal.sentence),
        }
    }
    let times: Vec<String> =
        receipts.iter().map(|receipt| Timestamp::from_unix_ms(receipt.at_unix_ms).to_string()).collect();
    let lines: Vec<ReceiptLine> = receipts
        .iter()
        .zip(&times)
        .map(|(receipt, at)| ReceiptLine {
            id: &receipt.receipt_id,
            at,
            outcome: receipt.outcome,
            granted: receipt.granted,
            offered: receipt.offered,
        })
        .collect();
    let language = policy.language_for(visit.query("lang").as_deref(), visit.header("accept-language"));
    // Without JavaScript the banner leads here and says where from; otherwise a choice leads back here.
    let return_to = visit.query("return").map_or_else(
        || format!("{}?lang={}", postern_view::CONSENT_PATH, language.tag),
        |path| crate::decision::safe_return(&path),
    );
    let came_from = visit.header("referer").and_then(|referer| referer.strip_prefix(&visit.origin()));
    let is_saved =
        came_from.is_some_and(|path| path.starts_with(postern_view::CONSENT_PATH)) && !lines.is_empty();
    // The link in a held frame leads here, where one provider's content can be asked for without JavaScript.
    let load = visit.query("vendor").and_then(|id| policy.vendors().iter().find(|vendor| vendor.id == id));
    let load_key = random_hex();
    let page = postern_view::consent_page(&ConsentPage {
        policy,
        language,
        policy_hex: &asked::of(site, policy, &visit.state, visit.way, visit.now_ms),
        granted: site.granted(&visit.decision),
        must_ask: visit.decision.must_ask,
        honoured: &visit.honoured(),
        key: &random_hex(),
        return_to: &return_to,
        load: load.map(|vendor| Load { vendor, key: &load_key }),
        receipts: &lines,
        is_restricted,
        is_saved,
        error: error.as_deref(),
    });
    answer::page(200, &page.into_string())
}

/// Somebody who keeps the site.
pub struct Keeper {
    /// Who.
    pub person: Person,
    /// Do they keep all sites of this deployment? By the list that has let them in, since a name on another may be another's.
    pub keeps_all: bool,
    /// Has a page had a browser send who they are? A script of the site's can do so.
    pub is_by_page: bool,
    /// Has the platform let them in?
    pub is_by_platform: bool,
}

/// Who is logged in: by a session of ours, or by the platform.
pub async fn keeper(site: &Site, visit: &Visit) -> Option<Keeper> {
    let cookie = visit.header("cookie").and_then(|cookies| cookie_value(cookies, SESSION_COOKIE));
    let now = Minutes::from_unix_ms(visit.now_ms);
    let key = site.key.as_ref().ok();
    // Who was taken off the list, or has another role or token now, logs in anew, or cannot.
    let open = |mark: &str| key?.open_session(&session_scope(site, visit, mark), cookie, now).ok();
    let session = site.access.in_session(open);
    let is_by_platform = session.is_none();
    let (person, keeps_all) = match session {
        Some(person) => (person, site.access.keeps_all(person)),
        None => (platform::person(site, visit).await?, site.is_platform_shared()),
    };
    Some(Keeper { person: person.clone(), keeps_all, is_by_page: true, is_by_platform })
}

/// For whom a session is sealed: the host, and the token it was begun with.
fn session_scope(site: &Site, visit: &Visit, mark: &str) -> String {
    format!("{}/{mark}", site.scope(visit.host()))
}

/// Leads to the login form, and from there back to what was asked for.
pub fn to_login(visit: &Visit) -> Result<Response> {
    let to = [("to", visit.target())].into_iter().filter(|(_, to)| visit.method == "GET" && is_kept_page(to));
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(to).finish();
    let mark = if query.is_empty() { "" } else { "?" };
    answer::see_other(&format!("{}{mark}{query}", postern_view::LOGIN_PATH))
}

/// Is that a page of those who keep the site, other than the one that a login leads to anyway?
fn is_kept_page(target: &str) -> bool {
    let is_one = |path: &str| {
        let rest = target.strip_prefix(path);
        rest.is_some_and(|rest| {
            rest.starts_with(['?', '/']) || rest.is_empty() && path == postern_view::REQUESTS_PATH
        })
    };
    [postern_view::DASHBOARD_PATH, postern_view::REQUESTS_PATH].into_iter().any(is_one)
        && target.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The login form, for a page that is opened then, with what was wrong before.
pub fn login_form(to: &str, error: &str) -> Result<Response> {
    let status = if error.is_empty() { 200 } else { 403 };
    let error = (!error.is_empty()).then_some(error);
    answer::page(status, &postern_view::login_page(to, error).into_string())
}

/// Takes a token and gives a session.
pub async fn login(site: &Site, env: &Env, visit: &Visit) -> Result<Response> {
    if !crate::decision::is_same_origin(visit) {
        return answer::text(403, "Log in on the site itself.");
    }
    let Ok(body) = crate::decision::read_body(visit).await else {
        return answer::text(400, "That is no login form.");
    };
    let field = |wanted: &str| {
        let mut fields = url::form_urlencoded::parse(body.as_bytes());
        fields.find(|(name, _)| name == wanted).map(|(_, value)| value).unwrap_or_default()
    };
    let (token, to) = (field("token"), field("to"));
    let Ok(key) = &site.key else {
        return login_form(&to, "Nobody can log in: the secret COOKIE_KEY is missing.");
    };
    if site.access.is_empty() {
        return login_form(
            &to,
            "Nobody can log in: the secrets DASHBOARD_TOKEN and ACCESS_TOKENS are missing.",
        );
    }
    // Each try is counted before the token is looked at, so that trying in parallel gains nothing.
    if let Ok(ledger) = Ledger::of(site, env)
        && let Err(refusal) = ledger.count_token(visit.address()).await
        && refusal.status == 429
    {
        return answer::page(429, &postern_view::login_page(&to, Some(&refusal.sentence)).into_string());
    }
    let Some(person) = site.access.find(token.trim()) else {
        worker::Delay::from(std::time::Duration::from_millis(WRONG_TOKEN_DELAY_MS)).await;
        return login_form(&to, "That is not the token.");
    };
    let now = Minutes::from_unix_ms(visit.now_ms);
    let Some(ends_at) = Minutes::new(now.count() + SESSION_MINUTES) else {
        return login_form(&to, "The clock of this machine is wrong.");
    };
    note(site, env, visit, person, "logged in").await;
    let mark = site.access.mark(person).unwrap_or_default();
    let session = key.seal_session(&session_scope(site, visit, &mark), person, ends_at);
    let is_for_keepers = Sites::of(env).is_for_keepers(visit.host());
    let answer = answer::see_other(if is_kept_page(&to) {
        &to
    } else if is_for_keepers {
        postern_view::DASHBOARD_SITES_PATH
    } else {
        postern_view::DASHBOARD_PATH
    })?;
    let seconds = SESSION_MINUTES * 60;
    answer.headers().set(
        "set-cookie",
        &format!("{SESSION_COOKIE}={session}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict"),
    )?;
    Ok(answer)
}

/// Notes what somebody did. That it cannot be noted keeps nobody from reading figures; the platform's log has it then.
pub async fn note(site: &Site, env: &Env, visit: &Visit, person: &Person, what: &str) {
    let who = person.name.as_str();
    let noted = match Ledger::of(site, env) {
        Ok(ledger) => ledger.note(visit.now_ms, who, what).await,
        Err(refusal) => Err(refusal),
    };
    if noted.is_err() {
        answer::log(&format!("{who} {what}, which could not be noted"));
    }
}

/// Ends the session.
pub fn logout(visit: &Visit) -> Result<Response> {
    if !crate::decision::is_same_origin(visit) {
        return answer::text(403, "Log out on the site itself.");
    }
    let answer = answer::see_other(postern_view::LOGIN_PATH)?;
    answer.headers().set(
        "set-cookie",
        &format!("{SESSION_COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict"),
    )?;
    Ok(answer)
}
