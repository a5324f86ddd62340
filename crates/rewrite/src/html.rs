//! A page on its way through: trackers made inert, our parts put in, every other byte left alone.
//!
//! Held elements keep everything they had: an address moves from `src` to `data-postern-src`, a
//! script's type to `data-postern-type`, and the need is written beside it. The gate puts all of it
//! back. Inline scripts are left alone: they only queue, and the loaders they insert meet the stub,
//! which stands before them in the same page.

use crate::Charset;
use crate::address::{Base, denied_owner, denied_owner_in_srcset};
use encoding_rs::{Decoder, UTF_8};
use lol_html::html_content::{ContentType, DocumentEnd, Element, TextChunk};
use lol_html::{
    AsciiCompatibleEncoding, DocumentContentHandlers, ElementContentHandlers, HandlerResult, HtmlRewriter,
    MemorySettings, OutputSink, Selector, Settings,
};
use postern_catalogue::Vendor;
use postern_consent::CategorySet;
use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;
use std::str::FromStr;
use url::Url;

/// Memory one page may take: the longest tag or attribute that is kept while it arrives. A page of
/// any size streams through; a single tag of more than this is refused.
const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The longest `noscript` that is looked into; a longer one loses its content.
const NOSCRIPT_BYTES_MAX: usize = 64 * 1024;

/// What of ours goes into a page. All of it is ASCII, so that it reads the same in every encoding.
#[derive(Clone, Debug, Default)]
pub struct Injection {
    head: String,
    body: String,
    embed_note: String,
}

impl Injection {
    /// `head` goes first into the head and must be ASCII, since scripts know no character references;
    /// `body` goes first into the body and is empty in frames; `embed_note` stands in a held frame,
    /// with `{vendor}` replaced by the vendor's name.
    #[must_use]
    pub fn new(head: String, body: &str, embed_note: &str) -> Self {
        debug_assert!(head.is_ascii());
        Self { head, body: as_ascii(body), embed_note: as_ascii(embed_note) }
    }
}

/// Markup with every other character written as a reference.
fn as_ascii(markup: &str) -> String {
    if markup.is_ascii() {
        return markup.to_string();
    }
    let mut out = String::with_capacity(markup.len() + 64);
    for c in markup.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            out.push_str(&format!("&#{};", u32::from(c)));
        }
    }
    out
}

/// Why a page could not be rewritten. What was returned before is safe to send; nothing after it is.
#[derive(Debug, PartialEq, Eq)]
pub enum RewriteError {
    /// A single tag is longer than the limit.
    TooLong,
    /// The markup is one that browsers and this parser could read differently.
    Ambiguous,
    /// Anything else the parser refuses.
    Parser(String),
}

impl std::fmt::Display for RewriteError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLong => write!(f, "a tag of the page is longer than {PAGE_BYTES_MAX} bytes; shorten it"),
            Self::Ambiguous => {
                f.write_str("the markup can be read in two ways; close the element that hides text")
            }
            Self::Parser(message) => write!(f, "the page cannot be parsed: {message}"),
        }
    }
}

impl std::error::Error for RewriteError {}

impl From<lol_html::errors::RewritingError> for RewriteError {
    fn from(error: lol_html::errors::RewritingError) -> Self {
        use lol_html::errors::RewritingError;
        match error {
            RewritingError::MemoryLimitExceeded(_) => Self::TooLong,
            RewritingError::ParsingAmbiguity(_) => Self::Ambiguous,
            RewritingError::ContentHandlerError(error) => Self::Parser(error.to_string()),
            other => Self::Parser(other.to_string()),
        }
    }
}

#[derive(Clone, Default)]
struct Sink(Rc<RefCell<Vec<u8>>>);

impl OutputSink for Sink {
    fn handle_chunk(&mut self, chunk: &[u8]) {
        self.0.borrow_mut().extend_from_slice(chunk);
    }
}

/// What the handlers share while a page passes.
struct Page {
    base: Base,
    granted: CategorySet,
    injection: Option<Injection>,
    is_head_done: bool,
    is_body_done: bool,
    noscript: String,
}

/// Rewrites one page, chunk by chunk. The output does not depend on where the chunks are cut.
pub struct PageRewriter {
    inner: HtmlRewriter<'static, Sink>,
    sink: Sink,
    /// For encodings in which markup is not ASCII.
    decoder: Option<Decoder>,
}

impl PageRewriter {
    /// A rewriter for a page at `base`. Without `injection` nothing is put in.
    #[must_use]
    pub fn new(charset: Charset, base: &Url, granted: CategorySet, injection: Option<Injection>) -> Self {
        Self::with_base(charset, Base::new(base.clone()), granted, injection)
    }

    fn with_base(charset: Charset, base: Base, granted: CategorySet, injection: Option<Injection>) -> Self {
        let decoder = charset.is_transcoded().then(|| charset.encoding.new_decoder());
        let encoding = AsciiCompatibleEncoding::new(if decoder.is_some() { UTF_8 } else { charset.encoding });
        let sink = Sink::default();
        let page = Page {
            base,
            granted,
            injection,
            is_head_done: false,
            is_body_done: false,
            noscript: String::new(),
        };
        let settings =
            settings(Rc::new(RefCell::new(page)), encoding.unwrap_or_else(AsciiCompatibleEncoding::utf_8));
        Self { inner: HtmlRewriter::new(settings, sink.clone()), sink, decoder }
    }

    /// Takes the next bytes of the page and returns what can be sent.
    ///
    /// # Errors
    /// [`RewriteError`]; the rest of the page must not be sent.
    pub fn write(&mut self, chunk: &[u8]) -> Result<Vec<u8>, RewriteError> {
        match &mut self.decoder {
            None => self.inner.write(chunk)?,
            Some(decoder) => self.inner.write(decode(decoder, chunk, false).as_bytes())?,
        }
        Ok(std::mem::take(&mut self.sink.0.borrow_mut()))
    }

    /// Ends the page and returns its last bytes.
    ///
    /// # Errors
    /// [`RewriteError`]; nothing more must be sent.
    pub fn end(mut self) -> Result<Vec<u8>, RewriteError> {
        if let Some(decoder) = &mut self.decoder {
            let rest = decode(decoder, &[], true);
            self.inner.write(rest.as_bytes())?;
        }
        self.inner.end()?;
        Ok(std::mem::take(&mut self.sink.0.borrow_mut()))
    }
}

fn decode(decoder: &mut Decoder, chunk: &[u8], is_last: bool) -> String {
    let capacity = decoder.max_utf8_buffer_length(chunk.len()).unwrap_or(chunk.len() * 3 + 16);
    let mut text = String::with_capacity(capacity);
    let _ = decoder.decode_to_string(chunk, &mut text, is_last);
    text
}

/// Where a page without a `body` tag begins to be seen, at the latest: the banner goes before the first of
/// these. At the very end it could stand inside a tag that was never closed.
const BODY_BEGINS: &str = "main";

/// Elements that can start a request, and the attributes with which they do.
const STARTERS: [(&str, &[&str]); 15] = [
    ("script", &["src", "href", "xlink:href"]),
    ("iframe", &["src", "srcdoc"]),
    ("img", &["src", "srcset"]),
    ("source", &["src", "srcset"]),
    ("link", &["href", "imagesrcset"]),
    ("object", &["data"]),
    ("video", &["src", "poster"]),
    ("image", &["href", "xlink:href"]),
    ("use", &["href", "xlink:href"]),
    ("frame", &["src"]),
    ("embed", &["src"]),
    ("audio", &["src"]),
    ("track", &["src"]),
    ("input", &["src"]),
    // Starts nothing itself, and is here so that the gate stands before it as before all others.
    ("base", &[]),
];

fn on(selector: &str) -> Option<Cow<'static, Selector>> {
    // The selectors are constants of this file; a test parses each.
    Selector::from_str(selector).ok().map(Cow::Owned)
}

fn settings(page: Rc<RefCell<Page>>, encoding: AsciiCompatibleEncoding) -> Settings<'static, 'static> {
    let memory = MemorySettings::new().with_max_allowed_memory_usage(PAGE_BYTES_MAX);
    let mut settings = Settings::new().with_encoding(encoding).with_memory_settings(memory).with_strict(true);
    let (is_denying, injects) = {
        let page = page.borrow();
        (page.granted != CategorySet::ALL, page.injection.is_some())
    };
    let mut handle = |selector: &str, handlers: ElementContentHandlers<'static>| {
        if let Some(selector) = on(selector) {
            settings = std::mem::take(&mut settings).append_element_content_handler((selector, handlers));
        }
    };
    if injects {
        let page = Rc::clone(&page);
        handle(
            &format!("head, body, {BODY_BEGINS}"),
            ElementContentHandlers::default().element(move |element: &mut Element<'_, '_>| {
                page.borrow_mut().inject(element);
                Ok(())
            }),
        );
    }
    if is_denying {
        // A handler of its own for each element knows its attributes without asking for its name.
        for (name, attributes) in STARTERS {
            let starter = Rc::clone(&page);
            handle(
                name,
                ElementContentHandlers::default().element(move |element: &mut Element<'_, '_>| {
                    let mut page = starter.borrow_mut();
                    page.inject(element);
                    page.hold(element, name, attributes)
                }),
            );
        }
        let noscript = Rc::clone(&page);
        handle(
            "noscript",
            ElementContentHandlers::default().text(move |text: &mut TextChunk<'_>| {
                noscript.borrow_mut().hold_in_noscript(text);
                Ok(())
            }),
        );
    }
    if injects {
        settings = settings.append_document_content_handler(DocumentContentHandlers::default().end(
            move |end: &mut DocumentEnd<'_>| {
                let mut page = page.borrow_mut();
                let rest = page.take_head() + &page.take_body();
                end.append(&rest, ContentType::Html);
                Ok(())
            },
        ));
    }
    settings
}

impl Page {
    fn take_head(&mut self) -> String {
        if std::mem::replace(&mut self.is_head_done, true) {
            return String::new();
        }
        self.injection.as_mut().map(|injection| std::mem::take(&mut injection.head)).unwrap_or_default()
    }

    fn take_body(&mut self) -> String {
        if std::mem::replace(&mut self.is_body_done, true) {
            return String::new();
        }
        self.injection.as_mut().map(|injection| std::mem::take(&mut injection.body)).unwrap_or_default()
    }

    /// Puts the gate before anything that could start a request, and the banner first in the body.
    fn inject(&mut self, element: &mut Element<'_, '_>) {
        if self.is_head_done && self.is_body_done {
            return;
        }
        let name = element.tag_name();
        if !self.is_head_done {
            let head = self.take_head();
            if name == "head" {
                element.prepend(&head, ContentType::Html);
            } else {
                element.before(&head, ContentType::Html);
            }
        }
        if self.is_body_done || matches!(name.as_str(), "head" | "script" | "link" | "base") {
            return;
        }
        let body = self.take_body();
        if name == "body" {
            element.prepend(&body, ContentType::Html);
        } else {
            element.before(&body, ContentType::Html);
        }
    }

    fn hold(&mut self, element: &mut Element<'_, '_>, name: &str, attributes: &[&str]) -> HandlerResult {
        if name == "base" {
            if let Some(base) = element.get_attribute("href").and_then(|href| self.base.moved(&href)) {
                self.base = base;
            }
            return Ok(());
        }
        let mut owner = None;
        for attribute in attributes {
            let Some(value) = element.get_attribute(attribute) else { continue };
            let found = if attribute.ends_with("srcset") {
                denied_owner_in_srcset(&value, &self.base, self.granted)
            } else if *attribute == "srcdoc" {
                self.denied_owner_in_markup(&value)
            } else {
                denied_owner(&value, &self.base, self.granted)
            };
            if let Some(found) = found {
                let held = format!("data-postern-{}", attribute.trim_start_matches("xlink:"));
                element.set_attribute(&held, &value)?;
                element.remove_attribute(attribute);
                owner = Some(found);
            }
        }
        if let Some(owner) = owner {
            self.mark(element, name, owner)?;
        }
        Ok(())
    }

    fn mark(&self, element: &mut Element<'_, '_>, name: &str, owner: &Vendor) -> HandlerResult {
        element.set_attribute("data-postern-need", &format!("{:x}", owner.need.categories().bits()))?;
        element.set_attribute("data-postern-vendor", owner.id)?;
        if name == "script" {
            let original = element.get_attribute("type").unwrap_or_default();
            element.set_attribute("data-postern-type", &original)?;
            element.set_attribute("type", "text/plain")?;
        }
        if name == "iframe"
            && let Some(injection) = &self.injection
        {
            element.set_attribute("srcdoc", &injection.embed_note.replace("{vendor}", owner.name))?;
        }
        Ok(())
    }

    /// The owner of anything denied in markup that a script or frame would insert.
    fn denied_owner_in_markup(&self, raw: &str) -> Option<&'static Vendor> {
        let markup = htmlize::unescape_attribute(raw);
        let owner = Rc::new(RefCell::new(None::<&'static Vendor>));
        let mut settings = Settings::new();
        for (name, attributes) in STARTERS {
            let (found, base) = (Rc::clone(&owner), self.base.clone());
            let granted = self.granted;
            let look = move |element: &mut Element<'_, '_>| {
                let values = attributes.iter().filter_map(|attribute| element.get_attribute(attribute));
                // Read as a list, an address is a list of one.
                let denied = values.filter_map(|value| denied_owner_in_srcset(&value, &base, granted)).next();
                let mut owner = found.borrow_mut();
                *owner = owner.or(denied);
                Ok(())
            };
            if let Some(selector) = on(name) {
                let handlers = ElementContentHandlers::default().element(look);
                settings = settings.append_element_content_handler((selector, handlers));
            }
        }
        let mut rewriter = HtmlRewriter::new(settings, |_: &[u8]| {});
        let _ = rewriter.write(markup.as_bytes());
        let _ = rewriter.end();
        *owner.borrow()
    }

    /// A `noscript` is text to a parser that expects scripts, and markup to a browser without them. It
    /// is kept until it is whole; a piece that is nothing but trackers' markup leaves empty-handed.
    fn hold_in_noscript(&mut self, text: &mut TextChunk<'_>) {
        let is_last = text.last_in_text_node();
        if self.noscript.len() <= NOSCRIPT_BYTES_MAX {
            self.noscript.push_str(text.as_str());
        }
        if !is_last {
            text.remove();
            return;
        }
        let content = std::mem::take(&mut self.noscript);
        let held =
            if content.len() > NOSCRIPT_BYTES_MAX { String::new() } else { self.hold_in_markup(&content) };
        text.replace(&held, ContentType::Html);
    }

    /// The same markup with everything denied in it held.
    fn hold_in_markup(&self, markup: &str) -> String {
        let charset = Charset { encoding: UTF_8, is_declared: true };
        let mut inner = PageRewriter::with_base(charset, self.base.clone(), self.granted, None);
        let rewritten = inner.write(markup.as_bytes()).and_then(|mut out| {
            out.extend(inner.end()?);
            Ok(out)
        });
        rewritten.ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

#[cfg(test)]
#[path = "html_tests.rs"]
mod tests;
