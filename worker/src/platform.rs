//! Who the platform's login (Cloudflare Access) has let in, where it stands before the pages of those who keep the site. Its token
//! is checked here with each request: signature, application and time; what it then means says `postern-receipt`.

use crate::answer;
use crate::decision::is_same_origin;
use crate::outside;
use crate::signing::subtle;
use crate::site::Site;
use crate::visit::Visit;
use js_sys::{Array, Object, Reflect, Uint8Array};
use postern_receipt::{Assertion, Expected, People, Person};
use std::cell::{Cell, RefCell};
use url::Url;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::CryptoKey;

/// The header with the token; the platform takes it from no visitor, and we believe nobody without the signature.
const HEADER: &str = "cf-access-jwt-assertion";

/// Where a team's keys are. Source: developers.cloudflare.com/cloudflare-one, "Validate JWTs".
const KEYS_PATH: &str = "/cdn-cgi/access/certs";

/// How long they are kept: what the platform has taken back is not believed for longer.
const KEEP_MS: u64 = 3_600_000;

/// How soon they are asked for again, whatever strangers send.
const ASK_AGAIN_MS: u64 = 10_000;

/// What says who it lets in: a site with one of its own lets in nobody by those of all.
pub const ACCESS: [&str; 3] = ["ACCESS_TEAM", "ACCESS_AUDIENCE", "ACCESS_PEOPLE"];

/// What a deployment says of the platform's login.
pub struct PlatformLogin {
    expected: Expected,
    people: People,
    /// Is that the list of all sites of the deployment?
    pub is_shared: bool,
    /// The team's keys by their names.
    keys: RefCell<Vec<(String, CryptoKey)>>,
    fetched_ms: Cell<u64>,
    /// When they may be asked for again.
    ask_after_ms: Cell<u64>,
}

impl PlatformLogin {
    /// What variables and secrets say; `None` if nothing, and a sentence if it is not whole.
    pub fn read(text: impl Fn(&str) -> Option<String>, is_shared: bool) -> Option<Result<Self, String>> {
        let all = ACCESS.map(text);
        if all.iter().all(Option::is_none) {
            return None;
        }
        let [Some(team), Some(audience), Some(people)] = all else {
            return Some(Err(
                "the platform's login needs all of ACCESS_TEAM, ACCESS_AUDIENCE and ACCESS_PEOPLE; until then it lets nobody in"
                    .into(),
            ));
        };
        let people = People::parse(&people).map_err(|error| error.to_string());
        let team = Url::parse(&team).ok().filter(|url| {
            // Keys that came by http could be anybody's, but for a machine's own.
            url.scheme() == "https" || matches!(url.host_str(), Some("127.0.0.1" | "localhost"))
        });
        let team = team.ok_or_else(|| {
            "the variable ACCESS_TEAM is no address like https://team.cloudflareaccess.com".to_string()
        });
        Some(team.and_then(|team| {
            let issuer = team.origin().ascii_serialization();
            Ok(Self {
                expected: Expected { issuer, audience },
                people: people?,
                is_shared,
                keys: RefCell::default(),
                fetched_ms: Cell::new(0),
                ask_after_ms: Cell::new(0),
            })
        }))
    }
}

/// Whom the platform has let in, where they ask by no page at all: as programs do, and browsers where somebody types an address. What
/// a page has a browser send, be it the site's own, is nobody's here, since the platform's word goes along with it unasked.
pub async fn program<'site>(site: &'site Site, visit: &Visit) -> Option<&'site Person> {
    let is_by_page = visit.header("origin").is_some()
        || visit.header("sec-fetch-site").is_some_and(|place| place != "none");
    if is_by_page { None } else { person(site, visit).await }
}

/// Whom the platform has let in, if this request is theirs: a page of another site, which their browser sends it for, is nobody, but
/// for a link that leads here.
pub async fn person<'site>(site: &'site Site, visit: &Visit) -> Option<&'site Person> {
    let login = site.platform.as_ref()?.as_ref().ok()?;
    let token = visit.header(HEADER)?;
    let is_from_elsewhere = visit.header("sec-fetch-site").is_some_and(|place| place != "none")
        || visit.header("origin").is_some();
    let is_followed = visit.method == "GET" && visit.header("sec-fetch-mode") == Some("navigate");
    if is_from_elsewhere && !is_followed && !is_same_origin(visit) {
        return None;
    }
    match who(login, token, visit.now_ms).await {
        Ok(who) => login.people.find(&who),
        Err(error) => {
            answer::log(&error);
            None
        }
    }
}

async fn who(login: &PlatformLogin, token: &str, now_ms: u64) -> Result<String, String> {
    let assertion = Assertion::parse(token).map_err(|error| error.to_string())?;
    let is_signed = match key(login, &assertion.key_id, now_ms).await {
        Some(key) => is_signed(&key, &assertion).await.unwrap_or(false),
        None => false,
    };
    assertion.who(is_signed, &login.expected, now_ms / 1000).map_err(|error| error.to_string())
}

async fn is_signed(key: &CryptoKey, assertion: &Assertion<'_>) -> Result<bool, JsValue> {
    let (signature, text) =
        (Uint8Array::from(assertion.signature.as_slice()), Uint8Array::from(assertion.signed.as_bytes()));
    let verified = subtle()?.verify_with_str_and_js_u8_array_and_js_u8_array(RSA, key, &signature, &text)?;
    Ok(JsFuture::from(verified).await?.is_truthy())
}

/// The name that WebCrypto has for it. Source: W3C WebCrypto 20; RFC 7518 3.3 (RS256).
const RSA: &str = "RSASSA-PKCS1-v1_5";

/// The team's key of that name. Keys change every few weeks: a name that is not known has them asked for again.
async fn key(login: &PlatformLogin, key_id: &str, now_ms: u64) -> Option<CryptoKey> {
    let PlatformLogin { keys, fetched_ms, ask_after_ms, .. } = login;
    let kept = || keys.borrow().iter().find(|(id, _)| id == key_id).map(|(_, key)| key.clone());
    let is_fresh = now_ms < fetched_ms.get().saturating_add(KEEP_MS);
    if let Some(key) = kept().filter(|_| is_fresh) {
        return Some(key);
    }
    if now_ms < ask_after_ms.get() {
        return None;
    }
    if is_fresh {
        // A name that nobody knows: perhaps a new key, perhaps a stranger's, of which many may come at once. Where there are no
        // keys yet, requests at the same moment ask each for itself, since one may not wait for what another has begun.
        ask_after_ms.set(now_ms + ASK_AGAIN_MS);
    }
    match fetch_keys(&login.expected.issuer).await {
        Ok(fetched) => {
            keys.replace(fetched);
            fetched_ms.set(now_ms);
            kept()
        }
        Err(error) => {
            ask_after_ms.set(now_ms + ASK_AGAIN_MS);
            answer::log(&format!("the keys of the platform's login cannot be had: {error}"));
            None
        }
    }
}

async fn fetch_keys(issuer: &str) -> Result<Vec<(String, CryptoKey)>, String> {
    match outside::ask(&format!("{issuer}{KEYS_PATH}"), None).await? {
        (200, text) => read_keys(&text).await.map_err(|error| answer::message(&error)),
        (status, _) => Err(format!("the platform answered {status}")),
    }
}

async fn read_keys(text: &str) -> Result<Vec<(String, CryptoKey)>, JsValue> {
    let listed = js_sys::JSON::parse(text)?;
    let algorithm = Object::new();
    Reflect::set(&algorithm, &"name".into(), &RSA.into())?;
    Reflect::set(&algorithm, &"hash".into(), &"SHA-256".into())?;
    let uses = Array::of1(&"verify".into());
    let mut keys = Vec::new();
    for jwk in Array::from(&Reflect::get(&listed, &"keys".into())?).iter() {
        let Some(id) = Reflect::get(&jwk, &"kid".into())?.as_string() else { continue };
        // One that is no such key leaves the others.
        if let Ok(import) =
            subtle()?.import_key_with_object("jwk", jwk.unchecked_ref(), &algorithm, false, &uses)
            && let Ok(key) = JsFuture::from(import).await
        {
            keys.push((id, key.unchecked_into()));
        }
    }
    Ok(keys)
}
