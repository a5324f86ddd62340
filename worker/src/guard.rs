//! A page view: the visitor's request to the origin, the answer back, with everything that is not
//! granted held. The plans come from `postern-rewrite`; here they are run.

use crate::site::Site;
use crate::visit::{Visit, read_headers};
use crate::{OWN_FOLDER, answer, assets, counting, pages, proxy};
use futures_util::AsyncReadExt;
use js_sys::Uint8Array;
use postern_rewrite::{
    BodyPlan, Charset, Destination, Grants, Headers, Injection, OwnSources, PRESCAN_BYTES, PageRewriter,
    RequestFacts, ResponseFacts, ResponsePlan, map_location, map_set_cookie, plan_request, plan_response,
};
use postern_view::BannerFacts;
use url::Url;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_streams::ReadableStream;
use wasm_streams::readable::IntoAsyncRead;
use web_sys::{Response, ResponseInit, TransformStream, WritableStreamDefaultWriter};
use worker::{Context, Env, Result};

/// Serves one request of the site.
pub async fn guard(site: &Site, env: &Env, context: &Context, visit: Visit) -> Result<Response> {
    let destination = Destination::of(&visit.headers);
    let grants = site.grants(visit.decision.granted);
    let is_elsewhere = destination != Destination::Page;
    if is_elsewhere && grants.denied_path(visit.url.path(), visit.url.query().unwrap_or("")).is_some() {
        return answer::nothing();
    }
    let must_inject = !grants.is_open() || visit.decision.must_ask || site.has_reopen_button();
    let plan = plan_request(&RequestFacts {
        target: visit.target(),
        headers: &visit.headers,
        grants: &grants,
        destination,
        will_rewrite: must_inject,
    });
    let response = match proxy::ask(site, &visit, &plan).await? {
        Ok(response) => response,
        Err(page) => return Ok(page),
    };
    // A connection that changes protocol has no body of ours to read.
    if response.status() == 101 {
        return Ok(response);
    }
    let mut headers = read_headers(&response.headers());
    let is_renamed = rename(site, &visit.url, &mut headers);
    // Made only for what is rendered: an image costs nothing of it.
    let parts = (must_inject && destination.is_document()).then(|| Parts::of(site, &visit, destination));
    let parts = parts.unwrap_or_default();
    let plan = plan_response(&ResponseFacts {
        status: response.status(),
        headers: &headers,
        destination,
        request_cookies: visit.header("cookie").unwrap_or(""),
        url: &visit.url,
        grants: &grants,
        must_inject,
        own: &parts.own,
    });
    if plan.is_page && visit.method == "GET" {
        counting::count_page(site, env, context, &visit, parts.shows_banner);
    }
    match plan.body {
        BodyPlan::Pass if !is_renamed && plan.remove.is_empty() && plan.append.is_empty() => Ok(response),
        BodyPlan::Pass => copy(&response, response.body().as_ref(), &headers, &plan, None),
        BodyPlan::Withhold => answer::nothing(),
        BodyPlan::Refuse => {
            answer::log("the origin sent a page in an encoding that cannot be read here");
            pages::unreadable()
        }
        BodyPlan::Rewrite { inject } => {
            let parts = inject.then_some((parts.injection, parts.own));
            rewrite(&response, &visit, &headers, &plan, &grants, parts).await
        }
    }
}

/// What of ours goes into a page, and what CSP must let through for it.
#[derive(Default)]
struct Parts {
    injection: Injection,
    own: OwnSources,
    shows_banner: bool,
}

impl Parts {
    fn of(site: &Site, visit: &Visit, destination: Destination) -> Self {
        let is_page = destination == Destination::Page;
        let is_denying = !site.grants(visit.decision.granted).is_open();
        // Without policy or key nothing can be recorded, so nothing is asked: the page stays denied.
        let banner = site.working().filter(|_| is_page).map(|(policy, _)| {
            let policy_hex = pages::policy_hex(policy);
            if !is_denying && !visit.decision.must_ask {
                return postern_view::reopen(policy, &policy_hex).into_string();
            }
            let facts = BannerFacts {
                policy,
                policy_hex: &policy_hex,
                granted: visit.decision.granted,
                must_ask: visit.decision.must_ask,
                key: &pages::random_hex(),
                return_to: visit.target(),
                receipt_id: None,
                lang: &policy.site.language,
            };
            postern_view::banner(&facts).into_string()
        });
        let (script, hash) = if is_denying {
            (assets::STUB, assets::STUB_HASH)
        } else {
            (assets::HANDLE, assets::HANDLE_HASH)
        };
        let style = banner
            .as_ref()
            .map(|_| if is_denying { postern_view::BANNER_CSS } else { postern_view::REOPEN_CSS });
        let is_decided = u8::from(!visit.decision.must_ask);
        let state = format!("{:02x}|{}|{is_decided}", visit.decision.granted.bits(), assets::gate_url());
        let more = if is_denying { site.stub_rows(visit.host()) } else { String::new() };
        let more = more.replace('&', "&amp;").replace('"', "&quot;");
        let more = if more.is_empty() { more } else { format!(" data-postern-more=\"{more}\"") };
        let mut head = format!("<script data-postern-state=\"{state}\"{more}>{script}</script>");
        if let Some(css) = style {
            head.push_str(&format!("<style>{css}</style>"));
        }
        let embed_note = site.policy.as_ref().map(|policy| postern_view::embed_note(policy).into_string());
        Self {
            shows_banner: banner.is_some() && visit.decision.must_ask,
            injection: Injection::new(head, &banner.unwrap_or_default(), &embed_note.unwrap_or_default()),
            own: OwnSources {
                script_hashes: vec![hash.to_string()],
                style_hashes: style.map(postern_view::css_hash).into_iter().collect(),
                folder: format!("{}{OWN_FOLDER}", visit.origin()),
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

/// The origin's answer with planned headers and this body.
fn copy(
    response: &Response,
    body: Option<&web_sys::ReadableStream>,
    headers: &Headers,
    plan: &ResponsePlan,
    content_type: Option<&str>,
) -> Result<Response> {
    let kept = web_sys::Headers::new()?;
    for (name, value) in headers.iter().filter(|(name, _)| !plan.remove.contains(name)).chain(&plan.append) {
        kept.append(name, value)?;
    }
    if let Some(content_type) = content_type {
        kept.set("content-type", content_type)?;
    }
    let init = ResponseInit::new();
    init.set_status(response.status());
    init.set_status_text(&response.status_text());
    init.set_headers(kept.as_ref());
    Ok(Response::new_with_opt_readable_stream_and_init(body, &init)?)
}

async fn rewrite(
    response: &Response,
    visit: &Visit,
    headers: &Headers,
    plan: &ResponsePlan,
    grants: &Grants,
    parts: Option<(Injection, OwnSources)>,
) -> Result<Response> {
    let content_type =
        headers.iter().find(|(name, _)| name == "content-type").map_or("", |(_, value)| value.as_str());
    let Some(body) = response.body().filter(|_| visit.method != "HEAD") else {
        return copy(response, None, headers, plan, None);
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
    let charset = Charset::of(content_type, &first);
    let essence = content_type.split(';').next().unwrap_or("").trim();
    let labelled = charset
        .header_label()
        .filter(|_| !essence.is_empty())
        .map(|label| format!("{essence}; charset={label}"));
    let rewriter = PageRewriter::new(charset, &visit.url, grants, parts)
        .with_demanded_nonces(plan.demanded_nonces.clone());
    let pipe = Pipe::new()?;
    wasm_bindgen_futures::spawn_local(pass(rewriter, source, buffer, first, pipe.writer));
    copy(response, Some(&pipe.readable), headers, plan, labelled.as_deref())
}

/// How much is read at once, at most. Each piece costs a crossing to the platform and back; a piece is
/// handed on as soon as it is there, whatever its size.
const CHUNK_BYTES: usize = 64 * 1024;

/// The platform's own pipe: it is pumped to the visitor without coming back to us, and a write is done
/// when its bytes are taken, so a page of any size needs the memory of one piece.
struct Pipe {
    readable: web_sys::ReadableStream,
    writer: WritableStreamDefaultWriter,
}

impl Pipe {
    fn new() -> Result<Self> {
        let class = js_sys::Reflect::get(&js_sys::global(), &"IdentityTransformStream".into())?;
        let pipe: TransformStream =
            js_sys::Reflect::construct(class.unchecked_ref::<js_sys::Function>(), &js_sys::Array::new())?
                .unchecked_into();
        Ok(Self { readable: pipe.readable(), writer: pipe.writable().get_writer()? })
    }
}

/// Passes a page through the rewriter as the visitor takes it. What breaks ends the page there: a page
/// that stops is seen; a page that goes on unchecked would leak.
async fn pass(
    mut rewriter: PageRewriter,
    mut source: IntoAsyncRead<'static>,
    mut buffer: Vec<u8>,
    first: Vec<u8>,
    writer: WritableStreamDefaultWriter,
) {
    let mut read = first;
    loop {
        if read.is_empty() {
            match source.read(&mut buffer).await {
                Ok(0) => break,
                Ok(count) => read.extend_from_slice(buffer.get(..count).unwrap_or_default()),
                Err(error) => {
                    answer::log("the origin's answer broke off in the middle of a page");
                    let _ = JsFuture::from(writer.abort_with_reason(&error.to_string().into())).await;
                    return;
                }
            }
        }
        match rewriter.write(&read) {
            // The visitor has gone: so does the origin's answer, when its reader is dropped.
            Ok(out) if !out.is_empty() && write(&writer, &out).await.is_err() => return,
            Ok(_) => read.clear(),
            Err(error) => return refuse(&writer, &error).await,
        }
    }
    match rewriter.end() {
        Ok((rest, _)) => {
            if rest.is_empty() || write(&writer, &rest).await.is_ok() {
                let _ = JsFuture::from(writer.close()).await;
            }
        }
        Err(error) => refuse(&writer, &error).await,
    }
}

async fn write(writer: &WritableStreamDefaultWriter, bytes: &[u8]) -> std::result::Result<(), JsValue> {
    JsFuture::from(writer.write_with_chunk(&Uint8Array::from(bytes))).await.map(|_| ())
}

async fn refuse(writer: &WritableStreamDefaultWriter, error: &postern_rewrite::RewriteError) {
    answer::log(&format!("a page was not passed on: {error}"));
    let _ = JsFuture::from(writer.abort_with_reason(&error.to_string().into())).await;
}
