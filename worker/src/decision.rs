//! Taking a decision: checked, recorded, and only then told. Source: standards.md 5.4.

use crate::ledger::{ActMessage, Ledger, METHODS, Refusal, body_hash};
use crate::random::random;
use crate::site::Site;
use crate::visit::{CONSENT_COOKIE, Visit};
use crate::{answer, pages};
use futures_util::StreamExt;
use js_sys::Uint8Array;
use postern_consent::{Category, CategorySet, State, Subject};
use postern_policy::Policy;
use postern_receipt::Method;
use postern_rewrite::expire_denied;
use serde::Deserialize;
use wasm_bindgen::JsCast;
use web_sys::Response;
use worker::{Env, Result};

/// Longest body: the choice, five names, a tag, a key and a return address of 2 kB fit thrice.
const BODY_BYTES_MAX: usize = 4096;

/// A decision as the page sends it. Unknown fields are refused.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    choice: String,
    #[serde(default)]
    categories: Vec<String>,
    policy: String,
    #[serde(default)]
    layer: u8,
    #[serde(default)]
    lang: String,
    /// Forms only: the act's name, and where to go afterwards.
    #[serde(skip)]
    key: String,
    #[serde(skip)]
    return_to: String,
}

/// Why a decision is not taken. Nothing has been written then.
pub struct Refused(u16, String);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self(refusal.status, refusal.sentence)
    }
}

fn refuse<T>(status: u16, sentence: &str) -> std::result::Result<T, Refused> {
    Err(Refused(status, sentence.into()))
}

/// Answers `POST /_postern/decision`.
pub async fn decide(site: &Site, env: &Env, visit: Visit) -> Result<Response> {
    let is_form = visit
        .header("content-type")
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    let body = read_body(&visit).await;
    match take(site, env, &visit, is_form, body).await {
        Ok(headers) => answer(headers, is_form),
        Err(Refused(status, sentence)) if is_form => pages::not_recorded(status, &sentence),
        Err(Refused(status, sentence)) => answer::text(status, &sentence),
    }
}

async fn take(
    site: &Site,
    env: &Env,
    visit: &Visit,
    is_form: bool,
    body: std::result::Result<String, Refused>,
) -> std::result::Result<Vec<(&'static str, String)>, Refused> {
    if !is_same_origin(visit) {
        return refuse(403, "A choice can only be made on the site itself.");
    }
    let is_json =
        visit.header("content-type").is_some_and(|value| value.split(';').next() == Some("application/json"));
    if !is_form && !is_json {
        return refuse(415, "Send application/json or a form.");
    }
    let body = body?;
    let Some((policy, key)) = site.working() else {
        return refuse(503, "Choices cannot be recorded here just now.");
    };
    let mut asked = if is_form { parse_form(&body)? } else { parse_json(&body)? };
    if let Some(name) = visit.header("idempotency-key") {
        asked.key = name.to_ascii_lowercase().replace('-', "");
    }
    if asked.policy != format!("{:08x}", policy.tag().0) {
        return refuse(409, "What is asked has changed since this page was opened. Please reload it.");
    }
    let (method, wanted) = wanted(policy, &asked)?;
    let granted = visit.profile.grantable(visit.signals, wanted);
    let subject = match visit.state {
        State::Decided(choice) => choice.subject,
        _ => Subject(random()),
    };
    let message = ActMessage {
        host: visit.host().to_string(),
        subject: subject.0,
        granted: granted.bits(),
        method: METHODS.iter().position(|known| *known == method).unwrap_or(usize::MAX),
        // Only a language that is spoken here can have been read; no name of another refuses a choice.
        lang: policy.language_for(Some(&asked.lang), None).tag.clone(),
        gpc: visit.signals.gpc,
        dnt: visit.signals.dnt,
        adpc_withdrawn: visit.signals.withdrawn.bits(),
        adpc_objected: visit.signals.objected,
        country: visit.place.country.clone(),
        region: visit.place.region.clone(),
        user_agent: visit.header("user-agent").unwrap_or("").to_string(),
        key: asked.key.clone(),
        body_sha256: body_hash(&body),
        now_ms: visit.now_ms,
    };
    let recorded = Ledger::of(site, env)?.record(&message).await?;
    let Some(choice) = recorded.choice(policy.tag()) else {
        return refuse(503, "The record of choices answered in a way nobody here can read.");
    };
    let max_age_seconds = u64::from(visit.profile.ttl_minutes(choice.granted)) * 60;
    let sealed = key.seal(visit.host(), &choice);
    let cookie = format!(
        "{CONSENT_COOKIE}={sealed}; Path=/; Max-Age={max_age_seconds}; Secure; HttpOnly; SameSite=Lax"
    );
    let granted = choice.granted.with(Category::Necessary);
    let mut headers = vec![
        ("set-cookie", cookie),
        ("postern-granted", format!("{:02x}", granted.bits())),
        ("postern-receipt", recorded.receipt_id),
        ("location", safe_return(&asked.return_to)),
    ];
    if !visit.decision.granted.difference(granted).is_empty() {
        headers.push(("clear-site-data", site.clear_site_data()));
    }
    // What scripts cannot see is removed here; what they can, the gate removes as well.
    let cookies = visit.header("cookie").unwrap_or("");
    headers.extend(
        expire_denied(cookies, &visit.url, &site.grants(granted))
            .into_iter()
            .map(|cookie| ("set-cookie", cookie)),
    );
    Ok(headers)
}

fn answer(headers: Vec<(&'static str, String)>, is_form: bool) -> Result<Response> {
    let answer = answer::headers("application/json")?;
    for (name, value) in &headers {
        if *name != "location" || is_form {
            answer.append(name, value)?;
        }
    }
    let granted =
        headers.iter().find(|(name, _)| *name == "postern-granted").map_or("", |(_, value)| value.as_str());
    let set = u8::from_str_radix(granted, 16).ok().and_then(CategorySet::from_bits).unwrap_or_default();
    let names: Vec<&str> = set.iter().map(Category::name).collect();
    let receipt =
        headers.iter().find(|(name, _)| *name == "postern-receipt").map_or("", |(_, value)| value.as_str());
    let body = serde_json::json!({ "granted": names, "receipt": receipt }).to_string();
    answer::with(if is_form { 303 } else { 200 }, if is_form { "" } else { &body }, &answer)
}

/// Browsers say where a request comes from; what does not say it, or says elsewhere, is refused.
pub fn is_same_origin(visit: &Visit) -> bool {
    let origin = visit.header("origin").filter(|origin| *origin != "null");
    let is_origin_ours = origin.is_none_or(|origin| origin == visit.origin());
    match visit.header("sec-fetch-site") {
        Some(place) => place == "same-origin" && is_origin_ours,
        None => origin.is_some() && is_origin_ours,
    }
}

pub async fn read_body(visit: &Visit) -> std::result::Result<String, Refused> {
    read_body_of(visit, BODY_BYTES_MAX).await
}

/// A request's body as text, of so many bytes at most.
pub async fn read_body_of(visit: &Visit, bytes_max: usize) -> std::result::Result<String, Refused> {
    let Some(stream) = visit.request.body() else { return Ok(String::new()) };
    let mut chunks = wasm_streams::ReadableStream::from_raw(stream.unchecked_into()).into_stream();
    let mut body = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let Ok(chunk) = chunk else { return refuse(400, "This did not arrive whole.") };
        let chunk = Uint8Array::new(&chunk);
        if body.len() + chunk.length() as usize > bytes_max {
            return refuse(413, &format!("This has at most {bytes_max} bytes."));
        }
        body.extend(chunk.to_vec());
    }
    String::from_utf8(body).map_err(|_| Refused(400, "This is UTF-8 text.".into()))
}

fn parse_json(body: &str) -> std::result::Result<Asked, Refused> {
    serde_json::from_str(body).map_err(|error| Refused(400, format!("This is not a choice: {error}.")))
}

fn parse_form(body: &str) -> std::result::Result<Asked, Refused> {
    let mut asked = Asked::default();
    for (name, value) in url::form_urlencoded::parse(body.as_bytes()) {
        match name.as_ref() {
            "choice" => asked.choice = value.into_owned(),
            "category" => asked.categories.push(value.into_owned()),
            "policy" => asked.policy = value.into_owned(),
            "key" => asked.key = value.into_owned(),
            "return" => asked.return_to = value.into_owned(),
            "lang" => asked.lang = value.into_owned(),
            "layer" => asked.layer = value.parse().unwrap_or(0),
            other => return refuse(400, &format!("A choice has no field {other:?}.")),
        }
    }
    Ok(asked)
}

/// How it was expressed, and what is wanted.
fn wanted(policy: &Policy, asked: &Asked) -> std::result::Result<(Method, CategorySet), Refused> {
    let mut categories = CategorySet::EMPTY;
    for name in &asked.categories {
        match Category::parse(name).filter(|category| policy.offered().contains(*category)) {
            Some(category) => categories = categories.with(category),
            None => return refuse(400, &format!("There is no category {name:?} here.")),
        }
    }
    match asked.choice.as_str() {
        "accept" => Ok((Method::AcceptAll, policy.offered())),
        "reject" => Ok((Method::RejectAll, CategorySet::EMPTY)),
        "withdraw" => Ok((Method::WithdrawAll, CategorySet::EMPTY)),
        "save" if asked.layer == 2 => Ok((Method::LayerTwoSave, categories)),
        "save" => Ok((Method::PageSave, categories)),
        other => refuse(
            400,
            &format!("There is no choice {other:?}; there are accept, reject, save and withdraw."),
        ),
    }
}

/// A path of this site and nothing else, or an attacker's link could send the visitor away.
pub fn safe_return(path: &str) -> String {
    let is_safe = path.starts_with('/')
        && !path.starts_with("//")
        && !path.starts_with("/\\")
        && path.bytes().all(|byte| byte.is_ascii_graphic());
    if is_safe { path.to_string() } else { "/".to_string() }
}
