//! A page view: the visitor's request to the origin, the answer back, with everything that is not
//! granted held. The plans come from `postern-rewrite`; here they are run.

use crate::counting::View;
use crate::site::Site;
use crate::stream::{CHUNK_BYTES, Passage, Rewriter, passed_on};
use crate::visit::{Visit, read_headers};
use crate::{
    OWN_FOLDER, answer, assets, collect, cookie, counting, experiment, hearing, observing, pages, proxy,
    spoken,
};
use futures_util::AsyncReadExt;
use postern_consent::State;
use postern_rewrite::{
    BodyPlan, Charset, Destination, FileKind, Grants, Headers, Injection, LinkFilter, Locked, OwnSources,
    PRESCAN_BYTES, PageRewriter, RequestFacts, ResponseFacts, ResponsePlan, Syntax, XmlRewriter,
    is_locked_target, locked_target, map_location, map_set_cookie, plan_request, plan_response,
    strange_cookies, strip_denied, stripped, stub_rows,
};
use postern_stats::Kind;
use std::rc::Rc;
use url::Url;
use wasm_bindgen::JsCast;
use wasm_streams::ReadableStream;
use web_sys::{Response, ResponseInit};
use worker::{Context, Env, Result};

/// Serves one request of the site.
pub async fn guard(site: &Rc<Site>, env: &Env, context: &Context, mut visit: Visit) -> Result<Response> {
    if site.is_lost {
        return pages::failure(
            503,
            "This page cannot be shown just now",
            "Nobody knows which site this address belongs to: /_postern/health says why.",
        );
    }
    let destination = Destination::of(&visit.headers);
    let grants = site.grants(&visit.decision);
    let mut hit = None;
    // What a visitor opens is a page, whatever its address looks like.
    if !grants.is_open() && (destination != Destination::Page || visit.method != "GET") {
        match collect::judge(site, &visit, &grants).await? {
            collect::Verdict::Passes => {}
            collect::Verdict::Dropped(vendor) => {
                counting::count_call(site, env, context, &visit, "refused", vendor);
                return answer::nothing();
            }
            collect::Verdict::Anonymous(vendor, stripped) => {
                counting::count_call(site, env, context, &visit, "anonymous", vendor);
                hit = Some(stripped);
            }
        }
    }
    if let Some(clean) = site.clean_landing(&visit, &grants).filter(|_| destination == Destination::Page) {
        return answer::found(&clean);
    }
    let must_inject = !grants.is_open()
        || visit.decision.must_ask
        || site.has_reopen_button()
        || site.announces_change(&visit);
    // A page made ahead would show the choice of then: the browser asks again when it is wanted.
    if must_inject
        && destination.is_document()
        && visit.header("sec-purpose").is_some_and(|value| value.contains("prefetch"))
    {
        return answer::text(503, "pages that depend on a choice are not fetched ahead");
    }
    let plan = plan_request(&RequestFacts {
        target: visit.target(),
        headers: &visit.headers,
        grants: &grants,
        destination,
        will_rewrite: must_inject,
    });
    let asked = match &hit {
        Some(hit) => proxy::ask_anonymously(site, &visit, hit).await?,
        None => proxy::ask(site, &visit, &plan).await?,
    };
    let response = match asked {
        Ok(response) => response,
        Err(page) => {
            observing::see(site, Kind::Fault, "origin-unreachable", visit.url.path(), visit.now_ms);
            observing::send_soon(site, env, context, visit.now_ms);
            return Ok(page);
        }
    };
    // A connection that changes protocol has no body of ours to read.
    if response.status() == 101 {
        return Ok(response);
    }
    if destination == Destination::Page && visit.way.is_none() {
        visit.way = experiment::draw(site, &visit);
    }
    let mut headers = read_headers(&response.headers());
    let is_renamed = rename(site, &visit.url, &mut headers);
    // Made only for what is rendered: an image costs nothing of it.
    let parts =
        (must_inject && destination.is_document()).then(|| Parts::of(site, &visit, destination, &headers));
    let parts = parts.unwrap_or_default();
    let file = FileKind::of(&visit.headers, &headers);
    let lockdown = site
        .lockdown(&visit, &grants)
        .filter(|_| destination.is_document() || file == Some(FileKind::Worker));
    let mut plan = plan_response(&ResponseFacts {
        status: response.status(),
        headers: &headers,
        destination,
        request_cookies: visit.header("cookie").unwrap_or(""),
        url: &visit.url,
        grants: &grants,
        must_inject,
        own: &parts.own,
        is_locked: is_locked_target(visit.target()),
        lockdown: lockdown.as_deref(),
        file,
    });
    if plan.is_page && visit.method == "GET" {
        if let Some((_, cookie)) = hearing::hear(site, env, &visit).await {
            plan.append.push(("set-cookie".into(), cookie));
        }
        // A page that is locked or passed has no question in it, and one that is given up was counted before it led on to itself.
        let is_asking = matches!(plan.body, BodyPlan::Rewrite { syntax: Syntax::Html, inject: true });
        let asking = parts.view.filter(|_| is_asking);
        let view = asking.or_else(|| View::of(site, &visit, false));
        if let Some(view) = view.filter(|_| !is_locked_target(visit.target())) {
            if view.is_first {
                plan.append.push(("set-cookie".into(), cookie::asked(site, &visit)));
            }
            counting::count_page(site, env, context, &visit, view, asking.is_some());
        }
        if !grants.is_open() && !visit.is_bot() {
            for vendor in stripped(visit.target(), &visit.headers, &headers, &grants) {
                counting::count_gate(site, visit.now_ms, "stripped", vendor.id);
            }
        }
        if !visit.is_bot() {
            let strange = strange_cookies(&visit.headers, &headers, &grants);
            observing::see_cookies(site, &strange, visit.url.path(), visit.now_ms);
        }
        for (is_faulty, name) in
            [(site.policy.is_err(), "policy-unusable"), (site.key.is_err(), "cookie-key-unusable")]
        {
            if is_faulty {
                observing::see(site, Kind::Fault, name, visit.url.path(), visit.now_ms);
            }
        }
        observing::send_soon(site, env, context, visit.now_ms);
    }
    let from_origin =
        Answer { site, context, visit: &visit, response: &response, headers: &headers, grants: &grants };
    match plan.body {
        BodyPlan::Pass if !is_renamed && plan.remove.is_empty() && plan.append.is_empty() => Ok(response),
        BodyPlan::Pass => from_origin.copy(response.body().as_ref(), &plan, None),
        BodyPlan::Withhold => answer::nothing(),
        BodyPlan::Lock(Locked::Asked) => from_origin.locked(&plan),
        BodyPlan::Lock(_) | BodyPlan::Refuse => {
            answer::log(
                "the origin sent what cannot be read here: an encoding other than gzip or br, or two types",
            );
            observing::see(site, Kind::Fault, "unreadable-encoding", visit.url.path(), visit.now_ms);
            observing::send_soon(site, env, context, visit.now_ms);
            match plan.body {
                BodyPlan::Lock(Locked::Either) => from_origin.locked(&plan),
                BodyPlan::Lock(_) => from_origin.copy(response.body().as_ref(), &plan, None),
                _ => pages::unreadable(),
            }
        }
        BodyPlan::File(kind) => {
            let passed = from_origin.own_file(plan, kind).await;
            observing::send_soon(site, env, context, visit.now_ms);
            passed
        }
        BodyPlan::Rewrite { syntax, inject } => {
            let parts = inject.then_some((parts.injection, parts.own));
            from_origin.rewrite(&plan, syntax, parts).await
        }
    }
}

/// What of ours goes into a page, and what CSP must let through for it.
#[derive(Default)]
struct Parts {
    injection: Injection,
    own: OwnSources,
    /// What the page counts as, where it says something in a language.
    view: Option<View>,
}

impl Parts {
    fn of(site: &Rc<Site>, visit: &Visit, destination: Destination, headers: &Headers) -> Self {
        let is_page = destination == Destination::Page;
        // Identifiers that the stub holds stand nowhere in the page where a script could find them.
        let grants = site.grants(&visit.decision);
        let landing = site.held_query(visit, &grants).filter(|_| is_page);
        let clean = landing.as_ref().and_then(|_| strip_denied(visit.target(), &grants));
        let return_to = clean.unwrap_or_else(|| visit.target().to_string());
        let is_denying = !grants.is_open();
        // Without policy or key nothing can be recorded, so nothing is asked: the page stays denied.
        let (script, hash) = if is_denying {
            (assets::STUB, assets::STUB_HASH)
        } else {
            (assets::HANDLE, assets::HANDLE_HASH)
        };
        let policy = site.asking(visit.way);
        let shown = policy.filter(|_| is_page && site.working().is_some());
        let style = shown.map(|policy| {
            let css = if visit.decision.must_ask {
                postern_view::banner_css(policy)
            } else {
                postern_view::reopen_css(policy, is_denying)
            };
            if site.announces_change(visit) { css + postern_view::CHANGE_CSS } else { css }
        });
        let held_style = policy.map(postern_view::held_css);
        let is_decided = match (visit.decision.must_ask, site.lockdown(visit, &grants)) {
            (true, _) => 0,
            (false, None) => 1,
            // The browser refuses by a policy that a page cannot lift: another choice takes another page.
            (false, Some(_)) => 2,
        };
        let state = format!(
            "{:02x}|{}|{is_decided}|{}",
            visit.decision.granted.bits(),
            assets::gate_url(),
            site.consent_mode()
        );
        let more = if is_denying { stub_rows(&grants, &[visit.host()]) } else { String::new() };
        let mut attributes = vec![("data-postern-state", state.as_str())];
        if !more.is_empty() {
            attributes.push(("data-postern-more", &more));
        }
        if let Some(landing) = &landing {
            attributes.push(("data-postern-landing", landing));
        }
        let written = |(name, value): &(&str, &str)| {
            format!(" {name}=\"{}\"", value.replace('&', "&amp;").replace('"', "&quot;"))
        };
        let attributes_written: String = attributes.iter().map(written).collect();
        let mut hashes = vec![hash.to_string()];
        // Who has chosen has the stub in the browser's store: the gate fetches it after a choice. A site that trusts by
        // nonce or hash alone takes no address.
        let is_chosen = is_denying && matches!(visit.state, State::Decided(_));
        let is_stored = is_chosen
            && !headers.iter().any(|(name, value)| {
                name.starts_with("content-security") && value.contains("strict-dynamic")
            });
        let mut head = if is_stored {
            // With its origin: the page's base may be another's.
            let address = format!("{}{}", visit.origin(), assets::stub_url());
            format!("<script{attributes_written} src=\"{address}\"></script>")
        } else {
            format!("<script{attributes_written}>{script}</script>")
        };
        if is_chosen {
            hashes.push(assets::LATCH_HASH.to_string());
            head.push_str(&format!("<script>{}</script>", assets::LATCH));
        }
        // In XML our HTML is no markup: a link to the visitor's own page stands for the banner.
        let language = shown.map(|policy| policy.language_for(None, visit.header("accept-language")));
        let link = language.map(|language| (postern_view::CONSENT_PATH, &*language.texts.reopen));
        if let Some(css) = &style {
            head.push_str(&format!("<style>{css}</style>"));
        }
        let shows_banner = style.is_some() && visit.decision.must_ask;
        let view = View::of(site, visit, shows_banner).filter(|_| is_page);
        let words = spoken::words(
            Rc::clone(site),
            visit,
            &visit.origin(),
            if is_page { spoken::Place::Page } else { spoken::Place::Within },
            return_to,
            view,
        );
        Self {
            view,
            injection: Injection::in_language(head, words).with_xml(&attributes, script, link),
            own: OwnSources {
                script_hashes: hashes,
                style_hashes: [&style, &held_style]
                    .into_iter()
                    .flatten()
                    .map(|css| postern_view::css_hash(css))
                    .collect(),
                folder: format!("{}{OWN_FOLDER}", visit.origin()),
                has_picture: view.is_some_and(|view| view.is_first),
            },
        }
    }
}

/// Names the visitor's host where the origin names itself. True if anything changed.
fn rename(site: &Site, public: &Url, headers: &mut Headers) -> bool {
    let Some(origin) = site.origin.as_ref().filter(|origin| origin.origin() != public.origin()) else {
        return false;
    };
    let mut has_changed = false;
    for (name, value) in headers {
        let renamed = match name.as_str() {
            "location" | "content-location" => map_location(value, origin, public),
            "set-cookie" => map_set_cookie(value, public),
            _ => None,
        };
        if let Some(renamed) = renamed {
            *value = renamed;
            has_changed = true;
        }
    }
    has_changed
}

/// An answer of the origin's, and for whom it is.
pub struct Answer<'request> {
    /// Which site it is for.
    pub site: &'request Rc<Site>,
    /// The platform's request.
    pub context: &'request Context,
    /// Who asks, and for what.
    pub visit: &'request Visit,
    /// The answer as it came.
    pub response: &'request Response,
    /// Its headers, as read.
    pub headers: &'request Headers,
    /// What may pass.
    pub grants: &'request Grants,
}

impl Answer<'_> {
    /// The origin's answer with planned headers and this body.
    pub fn copy(
        &self,
        body: Option<&web_sys::ReadableStream>,
        plan: &ResponsePlan,
        content_type: Option<&str>,
    ) -> Result<Response> {
        Ok(Response::new_with_opt_readable_stream_and_init(body, &self.head(plan, content_type)?)?)
    }

    /// The same with a body that is all there.
    pub fn with_bytes(
        &self,
        bytes: &[u8],
        plan: &ResponsePlan,
        content_type: Option<&str>,
    ) -> Result<Response> {
        let body = js_sys::Uint8Array::from(bytes);
        Ok(Response::new_with_opt_js_u8_array_and_init(Some(&body), &self.head(plan, content_type)?)?)
    }

    /// Status and headers, as planned.
    fn head(&self, plan: &ResponsePlan, content_type: Option<&str>) -> Result<ResponseInit> {
        let kept = web_sys::Headers::new()?;
        let headers = self.headers.iter().filter(|(name, _)| !plan.remove.contains(name));
        for (name, value) in headers.chain(&plan.append) {
            kept.append(name, value)?;
        }
        if let Some(content_type) = content_type {
            kept.set("content-type", content_type)?;
        }
        let init = ResponseInit::new();
        init.set_status(self.response.status());
        init.set_status_text(&self.response.status_text());
        init.set_headers(kept.as_ref());
        Ok(init)
    }

    /// The page with its links taken out; the policy that the plan puts beside it sees to the rest.
    fn locked(&self, plan: &ResponsePlan) -> Result<Response> {
        let Some(body) = self.response.body().filter(|_| self.visit.method != "HEAD") else {
            return self.copy(None, plan, None);
        };
        let source = ReadableStream::from_raw(body.unchecked_into()).into_async_read();
        self.copy(
            Some(&passed_on(self.context, Vec::new(), source, Some(LinkFilter::default()))?),
            plan,
            None,
        )
    }

    /// What it says it is; empty if nothing.
    pub fn content_type(&self) -> &str {
        self.headers.iter().find(|(name, _)| name == "content-type").map_or("", |(_, value)| value.as_str())
    }

    async fn rewrite(
        &self,
        plan: &ResponsePlan,
        syntax: Syntax,
        parts: Option<(Injection, OwnSources)>,
    ) -> Result<Response> {
        let Self { visit, grants, .. } = self;
        let content_type = self.content_type();
        let Some(body) = self.response.body().filter(|_| visit.method != "HEAD") else {
            return self.copy(None, plan, None);
        };
        let mut source = ReadableStream::from_raw(body.unchecked_into()).into_async_read();
        // The charset must be known before the headers leave; a header that names it saves the wait.
        let mut first = Vec::new();
        let mut buffer = vec![0; CHUNK_BYTES];
        while first.len() < PRESCAN_BYTES && !content_type.to_ascii_lowercase().contains("charset=") {
            match source.read(&mut buffer).await {
                Ok(0) => break,
                Ok(count) => first.extend_from_slice(buffer.get(..count).unwrap_or_default()),
                Err(_) => return pages::origin_broke_off(),
            }
        }
        let charset = match syntax {
            Syntax::Html => Charset::of(content_type, &first),
            Syntax::Xml => Charset::of_xml(content_type, &first),
        };
        let essence = content_type.split(';').next().unwrap_or("").trim();
        let labelled = charset
            .header_label()
            .filter(|_| !essence.is_empty())
            // An XML document leaves as UTF-8, whatever it came in.
            .map(|label| if syntax == Syntax::Xml { "UTF-8" } else { label })
            .map(|label| format!("{essence}; charset={label}"));
        let demanded = plan.demanded_nonces.clone();
        let rewriter = match syntax {
            Syntax::Html => {
                let rewriter = PageRewriter::new(charset, &visit.url, grants, parts);
                Rewriter::Html(Box::new(rewriter.with_demanded_nonces(demanded)))
            }
            Syntax::Xml => {
                let rewriter = XmlRewriter::new(charset, &visit.url, grants, parts);
                Rewriter::Xml(Box::new(rewriter.with_demanded_nonces(demanded)))
            }
        };
        let passage = Passage {
            rewriter,
            site: Rc::clone(self.site),
            grants: (*grants).clone(),
            path: visit.url.path().to_string(),
            // With its host: a path that begins with two slashes would name another.
            locked: format!("{}{}", visit.origin(), locked_target(visit.target())),
            is_bot: visit.is_bot(),
            now_ms: visit.now_ms,
        };
        let readable = passage.begin(self.context, source, first)?;
        self.copy(Some(&readable), plan, labelled.as_deref())
    }
}
