//! Files of the site's own that make browsers ask for more, on their way to the visitor. What is held in them is
//! `postern-rewrite`'s to say; here they are read and sent.

use crate::guard::Answer;
use crate::stream::{CHUNK_BYTES, passed_on};
use crate::visit::Visit;
use crate::{assets, observing, pages};
use futures_util::AsyncReadExt;
use postern_rewrite::{FILE_BYTES_MAX, FileKind, Grants, ResponsePlan, plan_file, stub_rows};
use wasm_bindgen::JsCast;
use wasm_streams::ReadableStream;
use web_sys::Response;
use worker::Result;

impl Answer<'_> {
    /// A file of the site's own, less what must be held in it.
    pub async fn own_file(&self, mut plan: ResponsePlan, kind: FileKind) -> Result<Response> {
        let Self { site, visit, grants, headers, .. } = self;
        let Some(body) = self.response.body().filter(|_| visit.method != "HEAD") else {
            return self.copy(None, &plan, None);
        };
        let mut source = ReadableStream::from_raw(body.unchecked_into()).into_async_read();
        let (mut first, mut is_whole) = (Vec::new(), false);
        let mut buffer = vec![0; CHUNK_BYTES];
        while first.len() < FILE_BYTES_MAX && !is_whole {
            match source.read(&mut buffer).await {
                Ok(0) => is_whole = true,
                Ok(count) => first.extend_from_slice(buffer.get(..count).unwrap_or_default()),
                Err(_) => return pages::origin_broke_off(),
            }
        }
        let content_type = self.content_type();
        let guard = if kind == FileKind::Worker { worker_guard(visit, grants) } else { String::new() };
        let file = plan_file(kind, content_type, &first, &visit.url, grants, &guard);
        observing::see_page(site, &file.seen, grants, visit.url.path(), visit.is_bot(), visit.now_ms);
        let essence = content_type.split(';').next().unwrap_or("").trim();
        let mut labelled = None;
        match &file.replacement {
            Some((_, charset)) => {
                plan.replace_body();
                labelled = Some(format!("{essence}; charset={charset}")).filter(|_| !essence.is_empty());
            }
            None if file.is_personal => plan.keep_personal(headers),
            None => {}
        }
        // What is read here is unpacked, and packed again on its way: not into as many bytes.
        if headers.iter().any(|(name, _)| name == "content-encoding") {
            plan.remove.push("content-length".into());
        }
        let bytes = file.replacement.map_or(first, |(bytes, _)| bytes);
        if is_whole {
            return self.with_bytes(&bytes, &plan, labelled.as_deref());
        }
        let readable = passed_on(self.context, bytes, source, None)?;
        self.copy(Some(&readable), &plan, labelled.as_deref())
    }
}

/// What goes before a worker's script.
fn worker_guard(visit: &Visit, grants: &Grants) -> String {
    let rows = stub_rows(grants, &[visit.host()]);
    let more = if rows.is_empty() { "[]" } else { &rows };
    let is_decided = u8::from(!visit.decision.must_ask);
    format!("{}({},{more},{is_decided});", assets::WORKER_GUARD, grants.granted().bits())
}
