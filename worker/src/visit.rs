//! One request as facts: where to, by what method, with which headers, and what may run for it.

use crate::asked;
use crate::cookie::{ASKED_COOKIE, CONSENT_COOKIE};
use crate::experiment;
use crate::site::Site;
use js_sys::Reflect;
use postern_consent::{Decision, Minutes, Profile, Signal, Signals, State, decide};
use postern_rewrite::{Headers, cookie_value, signals};
use postern_stats::is_bot;
use url::Url;
use wasm_bindgen::JsValue;

/// A request, read once.
pub struct Visit {
    /// The platform's own request, for its body and for passing it on.
    pub request: web_sys::Request,
    /// Upper-case method.
    pub method: String,
    /// The address the visitor sees.
    pub url: Url,
    /// All headers, names lower-case.
    pub headers: Headers,
    /// The browser's own signals.
    pub signals: Signals,
    /// What the consent cookie says.
    pub state: State,
    /// Where the visitor is.
    pub place: Place,
    /// The rules that bind there.
    pub profile: Profile,
    /// What may run.
    pub decision: Decision,
    /// Is the page on a site that is not behind us? It keeps their choice itself, and no cookie of ours.
    pub is_drop_in: bool,
    /// Has the browser been counted as asked, in this session, what is asked now?
    pub is_asked: bool,
    /// The way they are asked, by its place, where they have part in the site's experiment.
    pub way: Option<usize>,
    /// Now, Unix milliseconds.
    pub now_ms: u64,
}

/// Where the platform finds the visitor to be. Never read from a header, which anybody can send.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// ISO 3166-2, less the country.
    pub region: Option<String>,
}

impl Place {
    fn of(request: &web_sys::Request) -> Self {
        let platform = Reflect::get(request, &"cf".into()).unwrap_or(JsValue::UNDEFINED);
        let read =
            |name: &str| Reflect::get(&platform, &name.into()).ok().and_then(|value| value.as_string());
        Self { country: read("country"), region: read("regionCode") }
    }
}

impl Visit {
    /// Reads a request to that address.
    pub fn of(site: &Site, request: web_sys::Request, url: Url) -> Self {
        let headers = read_headers(&request.headers());
        let signals = signals(&headers);
        let now_ms = worker::Date::now().as_millis();
        let host = url.host_str().unwrap_or("");
        let cookie = |name| header(&headers, "cookie").and_then(|cookies| cookie_value(cookies, name));
        let state = site.state(host, cookie(CONSENT_COOKIE));
        let asked = cookie(ASKED_COOKIE);
        let tag = site.policy.as_ref().ok().map(asked::tag);
        let is_asked = tag.is_some() && tag.as_deref() == asked.and_then(|asked| asked.split('.').next());
        let place = Place::of(&request);
        let profile = site.profile(place.country.as_deref(), place.region.as_deref());
        let decision = decide(&profile, signals, &state, Minutes::from_unix_ms(now_ms));
        // Who has chosen is asked in the site's own way, should they look again.
        let way = experiment::kept(site, asked, now_ms).filter(|_| decision.must_ask);
        Self {
            method: request.method(),
            request,
            url,
            headers,
            signals,
            state,
            profile,
            place,
            decision,
            is_drop_in: false,
            is_asked,
            way,
            now_ms,
        }
    }

    /// The same visitor on a page of another site of ours, with the choice that page keeps.
    #[must_use]
    pub fn on(self, site: &Site, page: Url, sealed: Option<&str>) -> Self {
        let state = site.state(page.host_str().unwrap_or(""), sealed);
        let decision = decide(&self.profile, self.signals, &state, Minutes::from_unix_ms(self.now_ms));
        // Without a cookie of ours on that page nobody would be asked in the same way twice, or is known to have been asked.
        Self { url: page, state, decision, is_drop_in: true, is_asked: false, way: None, ..self }
    }

    /// The browser's own signals that deny something here.
    pub fn honoured(&self) -> Vec<Signal> {
        self.profile.honoured(self.signals).collect()
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The first parameter of that name in the address.
    pub fn query(&self, wanted: &str) -> Option<String> {
        self.url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    }

    /// The page's path; of one elsewhere the site alone is known.
    pub fn page_path(&self) -> Option<&str> {
        (!self.is_drop_in).then(|| self.url.path())
    }

    /// Is it no browser of a visitor's, by its own word?
    pub fn is_bot(&self) -> bool {
        // An agent without a user agent is no browser.
        is_bot(self.header("user-agent").unwrap_or(""))
    }

    /// The visitor's network address as the platform says it, which takes it from no visitor; empty where there is none.
    /// Never stored.
    pub fn address(&self) -> &str {
        self.header("cf-connecting-ip").unwrap_or("")
    }

    /// Host name without port.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or("")
    }

    /// Path and query, byte for byte.
    pub fn target(&self) -> &str {
        self.url.as_str().get(self.origin().len()..).unwrap_or("/")
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }
}

fn header<'headers>(headers: &'headers Headers, wanted: &str) -> Option<&'headers str> {
    headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
}

/// All headers in order; `set-cookie` once per cookie, as the platform's iterator gives them.
pub fn read_headers(headers: &web_sys::Headers) -> Headers {
    worker::Headers(headers.clone()).entries().collect()
}
