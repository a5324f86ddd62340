//! Taking a decision: checked, recorded, and only then told. Source: standards.md 5.4.

use crate::cookie::{self, ASKED_COOKIE, kept};
use crate::ledger::{CHANGED, Ledger, Refusal, body_hash};
use crate::messages::{ActMessage, METHODS, layer_of};
use crate::site::Site;
use crate::spoken::Place;
use crate::visit::Visit;
use crate::{answer, asked, counting, drop_in, pages, sealing, shards, spoken};
use futures_util::StreamExt;
use js_sys::Uint8Array;
use postern_consent::{Category, CategorySet, Decision, Minutes, Reason, State, Subject, VendorSet};
use postern_policy::Policy;
use postern_receipt::Method;
use postern_rewrite::{Grants, expire_denied, stub_rows};
use postern_stats::{Dimension, Facts, wait_of};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::rc::Rc;
use url::Url;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;
use worker::{Env, Result};

/// Longest body: the choice, five names, a tag, a key, a return address of 2 kB and a hundred vendors fit.
const BODY_BYTES_MAX: usize = 4096;

/// A decision as the page sends it. Unknown fields are refused.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    choice: String,
    #[serde(default)]
    categories: Vec<String>,
    /// Single vendors beyond them.
    #[serde(default)]
    vendors: Vec<String>,
    policy: String,
    #[serde(default)]
    layer: u8,
    #[serde(default)]
    lang: String,
    /// Has anybody touched the page? A program that answers for its user has not, as far as browsers tell.
    /// Source: HTML standard, "sticky activation".
    #[serde(default)]
    active: Option<bool>,
    /// The sealed choice so far, from pages that keep it themselves.
    #[serde(default)]
    token: String,
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

/// Said to who sends a choice from elsewhere.
pub const NOT_HERE: &str = "A choice can only be made on the site itself.";

/// The sealed choice that a page keeps itself.
fn kept_choice(body: &str) -> Option<String> {
    serde_json::from_str::<Asked>(body).ok().map(|asked| asked.token).filter(|token| !token.is_empty())
}

/// Answers `POST /_postern/decision`.
pub async fn decide(site: &Site, env: &Env, visit: Visit) -> Result<Response> {
    let is_form = visit
        .header("content-type")
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    let body = read_body(&visit).await;
    // A page of a site that is not behind us brings the choice it keeps.
    let page = drop_in::page_of(site, &visit).filter(|_| !is_form);
    let visit = match (&page, &body) {
        (Some(page), Ok(body)) => visit.on(site, page.clone(), kept_choice(body).as_deref()),
        _ => visit,
    };
    if page.is_none() && !is_same_origin(&visit) {
        return if is_form {
            pages::not_recorded(site, &visit, 403, NOT_HERE)
        } else {
            answer::text(403, NOT_HERE)
        };
    }
    match take(site, env, &visit, is_form, body).await {
        Ok(taken) => answer(site, &visit, &taken, is_form, page.as_ref()),
        Err(Refused(status, sentence)) if is_form => pages::not_recorded(site, &visit, status, &sentence),
        Err(Refused(status, sentence)) => {
            let refused = answer::text(status, &sentence)?;
            // Its page may read why.
            page.as_ref().map_or(Ok(()), |page| drop_in::allow(&refused.headers(), page))?;
            Ok(refused)
        }
    }
}

async fn take(
    site: &Site,
    env: &Env,
    visit: &Visit,
    is_form: bool,
    body: std::result::Result<String, Refused>,
) -> std::result::Result<Taken, Refused> {
    let is_json =
        visit.header("content-type").is_some_and(|value| value.split(';').next() == Some("application/json"));
    if !is_form && !is_json {
        return refuse(415, "Send application/json or a form.");
    }
    let body = body?;
    let Some((policy, _)) = site.recording() else {
        return refuse(503, "Choices cannot be recorded here just now.");
    };
    let mut asked = if is_form { parse_form(&body)? } else { parse_json(&body)? };
    if let Some(name) = visit.header("idempotency-key") {
        asked.key = name.to_ascii_lowercase().replace('-', "");
    }
    // A page that names no version is of one from before pages did; nobody gains by naming another than theirs.
    let tag = asked::tag(policy);
    let Some(said) = asked::parse(&asked.policy).filter(|said| said.tag == tag) else {
        return refuse(409, CHANGED);
    };
    let release = said.release.or_else(|| site.release.get());
    let wanted = wanted(policy, &asked, visit)?;
    let (subject, shard) = shards::home(site, env, &visit.state, &asked.key, &said).await?;
    // Only a language that is spoken here can have been read; no name of another refuses a choice.
    let lang = policy.language_for(Some(&asked.lang), None).tag.clone();
    let mut facts = facts(site, visit, &said, release, wanted.method, &lang, asked.active == Some(false));
    // Those that this act lets in; what was in before was counted then.
    for vendor in site.named(wanted.vendors.difference(visit.decision.vendors)) {
        facts = facts.with(Dimension::Vendor, &vendor.id);
    }
    let granted = visit.profile.grantable(visit.signals, wanted.granted);
    let before = site.grants(&visit.decision);
    // With its category: one that is let in by itself is told of above.
    let now = Grants::new(Rc::clone(&site.catalogue), granted);
    for vendor in site.catalogue.listed().iter().filter(|vendor| now.allows(vendor) && !before.allows(vendor))
    {
        facts = facts.with(Dimension::Gate, &format!("released/{}", vendor.id));
    }
    let message = ActMessage {
        release,
        way: said.way,
        granted: granted.bits(),
        vendors: site.named(wanted.vendors).map(|vendor| vendor.id.clone()).collect(),
        is_answered: wanted.is_answered,
        decided_ms: wanted.decided_ms,
        method: METHODS.iter().position(|known| *known == wanted.method).unwrap_or(usize::MAX),
        lang,
        key: asked.key.clone(),
        body_sha256: body_hash(&body),
        facts: facts.write(),
        ..signed(visit, subject)
    };
    if message.release.is_none() && !message.is_refusal() {
        return refuse(503, "Nothing can be granted here just now.");
    }
    let now = Minutes::from_unix_ms(visit.now_ms);
    let recorded = Ledger::at(site, env, shard)?.record(&message).await?;
    let choice = recorded.choice(policy, shard);
    let Some((choice, (sealed, cookie))) =
        choice.and_then(|choice| Some((choice, kept(site, visit, &choice)?)))
    else {
        return refuse(503, "The record of choices answered in a way nobody here can read.");
    };
    // What holds from now on is decided as on the next page.
    let state = State::Decided(choice);
    let decision = postern_consent::decide(&visit.profile, visit.signals, &state, now);
    let grants = site.grants(&decision);
    let mut headers = vec![("set-cookie", cookie), ("location", safe_return(&asked.return_to))];
    let is_narrower = !visit.decision.granted.difference(decision.granted).is_empty()
        || !visit.decision.vendors.difference(decision.vendors).is_empty();
    if is_narrower {
        headers.push(("clear-site-data", site.clear_site_data()));
    }
    // What scripts cannot see is removed here; what they can, the gate removes as well.
    let cookies = visit.header("cookie").unwrap_or("");
    // The choice stands in its place: whoever is asked again when it holds no longer is asked for the first time then.
    if cookies.contains(ASKED_COOKIE) {
        headers.push(("set-cookie", cookie::asked_no_more()));
    }
    headers
        .extend(expire_denied(cookies, &visit.url, &grants).into_iter().map(|cookie| ("set-cookie", cookie)));
    // The receipt is durable by now: whether the log can sign its word on it changes nothing.
    let promise =
        sealing::promise(&site.log, shard, recorded.commitment, recorded.leaf_index, recorded.at_unix_ms)
            .await;
    Ok(Taken { headers, decision, sealed, receipt_id: recorded.receipt_id, promise })
}

/// What is counted of an act beside its receipt.
fn facts(
    site: &Site,
    visit: &Visit,
    said: &asked::Said<'_>,
    release: Option<u64>,
    method: Method,
    lang: &str,
    is_by_agent: bool,
) -> Facts {
    // The page that asked, as far as browsers name it: of one elsewhere, its site alone.
    let page = visit.header("referer").filter(|_| !visit.is_drop_in).and_then(|page| Url::parse(page).ok());
    let page =
        page.filter(|page| page.host_str() == Some(visit.host()) && page.path() != "/_postern/decision");
    let mut facts = counting::facts_of(site, visit, page.as_ref().map(Url::path), release)
        .with(Dimension::Language, lang)
        .with(Dimension::Layer, layer_of(method));
    if let Some(sent_s) = said.sent_s {
        facts = facts.with(Dimension::Wait, wait_of((visit.now_ms / 1000).saturating_sub(sent_s)));
    }
    facts.is_by_agent = is_by_agent;
    facts.is_first = visit.is_asked && visit.decision.must_ask;
    facts.is_bot = visit.is_bot();
    facts
}

/// What every act of this visitor says of who sends it; the rest is empty.
pub fn signed(visit: &Visit, subject: Subject) -> ActMessage {
    ActMessage {
        host: visit.host().to_string(),
        subject: subject.0,
        address: visit.address().to_string(),
        gpc: visit.signals.gpc,
        dnt: visit.signals.dnt,
        adpc_withdrawn: visit.signals.withdrawn.bits(),
        adpc_objected: visit.signals.objected,
        country: visit.place.country.clone(),
        region: visit.place.region.clone(),
        user_agent: visit.header("user-agent").unwrap_or("").to_string(),
        now_ms: visit.now_ms,
        ..ActMessage::default()
    }
}

/// A decision that is recorded.
struct Taken {
    headers: Vec<(&'static str, String)>,
    decision: Decision,
    sealed: String,
    receipt_id: String,
    /// The log's signed word on the receipt.
    promise: Option<String>,
}

fn answer(site: &Site, visit: &Visit, taken: &Taken, is_form: bool, page: Option<&Url>) -> Result<Response> {
    let answer = answer::headers("application/json")?;
    // Cookies are the site's own where it is behind us; another site's page keeps the choice and cleans up itself.
    for (name, value) in taken.headers.iter().filter(|_| page.is_none()) {
        if *name != "location" || is_form {
            answer.append(name, value)?;
        }
    }
    answer.set("postern-receipt", &taken.receipt_id)?;
    answer.set("postern-granted", &format!("{:02x}", taken.decision.granted.bits()))?;
    if is_form {
        return answer::with(303, "", &answer);
    }
    let mut body = standing(site, visit, &taken.decision);
    body.insert("receipt".into(), taken.receipt_id.as_str().into());
    if let Some(promise) = &taken.promise {
        body.insert("promise".into(), promise.as_str().into());
    }
    if let Some(page) = page {
        drop_in::allow(&answer, page)?;
        body.insert("token".into(), taken.sealed.as_str().into());
    }
    answer::with(200, &Value::from(body).to_string(), &answer)
}

/// What holds for this visitor: by name for people and programs, and in the form of the stub's state for pages.
pub fn standing(site: &Site, visit: &Visit, decision: &Decision) -> Map<String, Value> {
    let grants = site.grants(decision);
    let rows = stub_rows(&grants, &[visit.host()]);
    let rows = serde_json::from_str(&rows).unwrap_or_else(|_| Value::Array(Vec::new()));
    let granted: Vec<Value> = decision.granted.iter().map(|category| category.name().into()).collect();
    let vendors: Vec<Value> = grants.vendors().iter().map(|vendor| vendor.id.into()).collect();
    [
        ("granted", granted.into()),
        ("vendors", vendors.into()),
        ("answered", (!decision.must_ask).into()),
        ("open", grants.is_open().into()),
        ("bits", decision.granted.bits().into()),
        ("more", rows),
    ]
    .map(|(name, value): (&str, Value)| (name.to_owned(), value))
    .into_iter()
    .collect()
}

/// Answers `GET /_postern/state`: a page that was left, or that another has overtaken, asks what holds now. With
/// `settings`, in that language, for a page that has come without them.
pub async fn state(site: &Rc<Site>, env: &Env, visit: &Visit) -> Result<Response> {
    let headers = answer::headers("application/json")?;
    let mut body = standing(site, visit, &visit.decision);
    let settings = visit.url.query_pairs().find(|(name, _)| name == "settings");
    if let Some((_, lang)) = settings {
        // Where a form leads back to, should the gate fail: the page that asks, without what its address carried.
        let page = visit.header("referer").and_then(|page| page.parse::<url::Url>().ok());
        let return_to = page.map_or_else(|| "/".into(), |page| safe_return(page.path()));
        let receipt = latest_receipt(site, env, visit).await;
        let place = Place::Script { receipt, is_own_page: true };
        spoken::add_banner(&mut body, Rc::clone(site), visit, &visit.origin(), &lang, return_to, place);
    }
    answer::with(200, &Value::from(body).to_string(), &headers)
}

/// The name of the visitor's newest receipt, and whether all are restricted. Where it cannot be read the settings come without.
pub async fn latest_receipt(site: &Site, env: &Env, visit: &Visit) -> Option<(String, bool)> {
    let State::Decided(choice) = visit.state else { return None };
    let receipts = Ledger::at(site, env, choice.shard).ok()?.receipts(choice.subject).await.ok()?;
    let is_restricted = receipts.is_restricted;
    receipts.receipts.into_iter().next().map(|receipt| (receipt.receipt_id, is_restricted))
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
    // Who says how much comes sends no more: that is read in one piece, which takes half the time.
    let said_bytes = visit.header("content-length").and_then(|length| length.parse::<usize>().ok());
    if said_bytes.is_some_and(|bytes| bytes <= bytes_max) {
        let read = async { JsFuture::from(visit.request.array_buffer()?).await };
        let Ok(buffer) = read.await else { return refuse(400, "This did not arrive whole.") };
        return text_of(Uint8Array::new(&buffer).to_vec());
    }
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
    text_of(body)
}

fn text_of(body: Vec<u8>) -> std::result::Result<String, Refused> {
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
            "vendor" => asked.vendors.push(value.into_owned()),
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

/// What a visitor wants to hold from now on, and how it was expressed.
struct Wanted {
    method: Method,
    granted: CategorySet,
    vendors: VendorSet,
    is_answered: bool,
    decided_ms: u64,
}

fn wanted(policy: &Policy, asked: &Asked, visit: &Visit) -> std::result::Result<Wanted, Refused> {
    let mut categories = CategorySet::EMPTY;
    for name in &asked.categories {
        match Category::parse(name).filter(|category| policy.offered().contains(*category)) {
            Some(category) => categories = categories.with(category),
            None => return refuse(400, &format!("There is no category {name:?} here.")),
        }
    }
    // A vendor's box beside its category's says nothing more.
    let mut vendors = VendorSet::EMPTY;
    for id in &asked.vendors {
        match policy.place_of(id).zip(policy.vendors().iter().find(|vendor| vendor.id == *id)) {
            Some((_, vendor)) if vendor.category == Category::Necessary => {}
            Some((_, vendor)) if categories.contains(vendor.category) => {}
            Some((place, _)) => vendors = vendors.with(place),
            None => return refuse(400, &format!("There is no vendor {id:?} here.")),
        }
    }
    let new = |method, granted, vendors| {
        Ok(Wanted { method, granted, vendors, is_answered: true, decided_ms: visit.now_ms })
    };
    match asked.choice.as_str() {
        "accept" => new(Method::AcceptAll, policy.offered(), VendorSet::EMPTY),
        "reject" => new(Method::RejectAll, CategorySet::EMPTY, VendorSet::EMPTY),
        "withdraw" => new(Method::WithdrawAll, CategorySet::EMPTY, VendorSet::EMPTY),
        "save" if asked.layer == 2 => new(Method::LayerTwoSave, categories, vendors),
        "save" => new(Method::PageSave, categories, vendors),
        "load" => load(policy, asked, visit, vendors),
        other => refuse(
            400,
            &format!("There is no choice {other:?}; there are accept, reject, save, load and withdraw."),
        ),
    }
}

/// One vendor's content is let in: everything else stays as it is, and as long as it would.
fn load(
    policy: &Policy,
    asked: &Asked,
    visit: &Visit,
    vendors: VendorSet,
) -> std::result::Result<Wanted, Refused> {
    let ([id], []) = (asked.vendors.as_slice(), asked.categories.as_slice()) else {
        return refuse(400, "One vendor is loaded at a time.");
    };
    let category = policy.vendors().iter().find(|vendor| vendor.id == *id).map(|vendor| vendor.category);
    if category
        .is_none_or(|category| !visit.profile.grantable(visit.signals, CategorySet::ALL).contains(category))
    {
        return refuse(409, "Your browser's own signal keeps this off.");
    }
    let stored = match visit.state {
        State::Decided(choice) if visit.decision.reason == Reason::Chosen => Some(choice),
        _ => None,
    };
    let before = stored.map_or(VendorSet::EMPTY, |choice| choice.vendors);
    // Of a category that is granted already it is one more.
    let is_granted = category.is_some_and(|category| visit.decision.granted.contains(category));
    let vendors = if is_granted { VendorSet::EMPTY } else { vendors };
    Ok(Wanted {
        method: Method::VendorLoad,
        granted: visit.decision.granted,
        vendors: before.iter().chain(vendors.iter()).collect(),
        is_answered: stored.is_some_and(|choice| choice.is_answered),
        decided_ms: stored.map_or(visit.now_ms, |choice| choice.decided_at.to_unix_ms()),
    })
}

/// A path of this site and nothing else, or an attacker's link could send the visitor away.
pub fn safe_return(path: &str) -> String {
    let is_safe = path.starts_with('/')
        && !path.starts_with("//")
        && !path.starts_with("/\\")
        && path.bytes().all(|byte| byte.is_ascii_graphic());
    if is_safe { path.to_string() } else { "/".to_string() }
}
