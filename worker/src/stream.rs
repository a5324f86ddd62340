//! A page streaming through the rewriter, and what happens when it cannot.

use crate::site::Site;
use crate::{answer, observing};
use futures_util::AsyncReadExt;
use js_sys::Uint8Array;
use postern_rewrite::{Grants, LinkFilter, PageRewriter, RewriteError, Seen, XmlRewriter, break_out};
use postern_stats::Kind;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_streams::readable::IntoAsyncRead;
use web_sys::{TransformStream, WritableStreamDefaultWriter};
use worker::{Context, Result};

/// How much is read at once, at most. Each piece costs a crossing to the platform and back; a piece is
/// handed on as soon as it is there, whatever its size.
pub const CHUNK_BYTES: usize = 64 * 1024;

/// What a page goes through, by how browsers read it.
pub enum Rewriter {
    /// HTML.
    Html(Box<PageRewriter>),
    /// XML.
    Xml(Box<XmlRewriter>),
}

impl Rewriter {
    fn write(&mut self, chunk: &[u8]) -> std::result::Result<Vec<u8>, RewriteError> {
        match self {
            Self::Html(rewriter) => rewriter.write(chunk),
            Self::Xml(rewriter) => rewriter.write(chunk),
        }
    }

    fn end(self) -> std::result::Result<(Vec<u8>, Seen), RewriteError> {
        match self {
            Self::Html(rewriter) => rewriter.end(),
            Self::Xml(rewriter) => rewriter.end(),
        }
    }

    /// What leads on from a page that is given up; an XML document just ends, and browsers say where.
    fn way_on(&self, locked: &str) -> Option<String> {
        matches!(self, Self::Html(_)).then(|| break_out(locked))
    }
}

/// A page on its way.
pub struct Passage {
    /// What it goes through.
    pub rewriter: Rewriter,
    /// Which site it is of.
    pub site: Rc<Site>,
    /// What may pass.
    pub grants: Grants,
    /// The page's path.
    pub path: String,
    /// Where the same page can be had with nothing in it alive.
    pub locked: String,
    /// Is it a bot's?
    pub is_bot: bool,
    /// When it was asked for, Unix milliseconds.
    pub now_ms: u64,
}

/// The platform's own pipe: it is pumped to the visitor without coming back to us, and a write is done
/// when its bytes are taken, so a page of any size needs the memory of one piece.
fn pipe() -> Result<(web_sys::ReadableStream, WritableStreamDefaultWriter)> {
    let class = js_sys::Reflect::get(&js_sys::global(), &"IdentityTransformStream".into())?;
    let pipe: TransformStream =
        js_sys::Reflect::construct(class.unchecked_ref::<js_sys::Function>(), &js_sys::Array::new())?
            .unchecked_into();
    Ok((pipe.readable(), pipe.writable().get_writer()?))
}

/// Those bytes, and behind them what is left of a source; through a filter, if one is given.
pub fn passed_on(
    context: &Context,
    first: Vec<u8>,
    mut source: IntoAsyncRead<'static>,
    mut filter: Option<LinkFilter>,
) -> Result<web_sys::ReadableStream> {
    let (readable, writer) = pipe()?;
    // As in `Passage::begin`: what waits for a visitor who has left would stay in memory.
    context.wait_until(async move {
        let mut read = first;
        let mut buffer = vec![0; CHUNK_BYTES];
        loop {
            let out = filter.as_mut().map_or_else(|| read.clone(), |filter| filter.write(&read));
            // The reader has gone: so does the source, when its reader is dropped.
            if !out.is_empty() && write(&writer, &out).await.is_err() {
                return;
            }
            read.clear();
            match source.read(&mut buffer).await {
                Ok(0) => break,
                Ok(count) => read.extend_from_slice(buffer.get(..count).unwrap_or_default()),
                Err(error) => {
                    let _ = JsFuture::from(writer.abort_with_reason(&error.to_string().into())).await;
                    return;
                }
            }
        }
        let rest = filter.map(LinkFilter::end).unwrap_or_default();
        if rest.is_empty() || write(&writer, &rest).await.is_ok() {
            let _ = JsFuture::from(writer.close()).await;
        }
    });
    Ok(readable)
}

impl Passage {
    /// Starts to pass the page on, as the visitor takes it; gives what they read. `first` was read before.
    ///
    /// When a visitor leaves, the platform forgets whatever waits in their request, and what it holds in our memory
    /// would stay there: measured 160 kB for each. As a task the request waits for, it is told, and ends.
    pub fn begin(
        self,
        context: &Context,
        source: IntoAsyncRead<'static>,
        first: Vec<u8>,
    ) -> Result<web_sys::ReadableStream> {
        let (readable, writer) = pipe()?;
        context.wait_until(self.pass(source, first, writer));
        Ok(readable)
    }

    async fn pass(
        mut self,
        mut source: IntoAsyncRead<'static>,
        first: Vec<u8>,
        writer: WritableStreamDefaultWriter,
    ) {
        let way_on = self.rewriter.way_on(&self.locked);
        let mut buffer = vec![0; CHUNK_BYTES];
        let mut read = first;
        loop {
            if read.is_empty() {
                match source.read(&mut buffer).await {
                    Ok(0) => break,
                    Ok(count) => read.extend_from_slice(buffer.get(..count).unwrap_or_default()),
                    Err(error) => {
                        answer::log("the origin's answer broke off in the middle of a page");
                        observing::see(&self.site, Kind::Fault, "origin-broke-off", &self.path, self.now_ms);
                        let _ = JsFuture::from(writer.abort_with_reason(&error.to_string().into())).await;
                        return;
                    }
                }
            }
            match self.rewriter.write(&read) {
                // The visitor has gone: so does the origin's answer, when its reader is dropped.
                Ok(out) if !out.is_empty() && write(&writer, &out).await.is_err() => return,
                Ok(_) => read.clear(),
                Err(error) => {
                    return give_up(&self.site, &self.path, way_on, self.now_ms, &writer, &error).await;
                }
            }
        }
        match self.rewriter.end() {
            Ok((rest, seen)) => {
                observing::see_page(&self.site, &seen, &self.grants, &self.path, self.is_bot, self.now_ms);
                if rest.is_empty() || write(&writer, &rest).await.is_ok() {
                    let _ = JsFuture::from(writer.close()).await;
                }
            }
            Err(error) => give_up(&self.site, &self.path, way_on, self.now_ms, &writer, &error).await,
        }
    }
}

/// What was sent so far is safe, and the rest cannot be told apart: the visitor is led to the same page, locked.
async fn give_up(
    site: &Site,
    path: &str,
    way_on: Option<String>,
    now_ms: u64,
    writer: &WritableStreamDefaultWriter,
    error: &RewriteError,
) {
    answer::log(&format!("a page was not passed on as it is: {error}"));
    observing::see(site, Kind::Fault, "rewriter", path, now_ms);
    let Some(way_on) = way_on else {
        let _ = JsFuture::from(writer.abort_with_reason(&error.to_string().into())).await;
        return;
    };
    if write(writer, way_on.as_bytes()).await.is_ok() {
        let _ = JsFuture::from(writer.close()).await;
    }
}

async fn write(writer: &WritableStreamDefaultWriter, bytes: &[u8]) -> std::result::Result<(), JsValue> {
    JsFuture::from(writer.write_with_chunk(&Uint8Array::from(bytes))).await.map(|_| ())
}
