//! A page on its way through: trackers made inert, our parts put in, every other byte left alone.
//!
//! Held elements keep everything they had: an address moves from `src` to `data-postern-src`, a
//! script's type to `data-postern-type`, and the need is written beside it. The gate puts all of it
//! back. An inline script or style that must be held stays as an empty one, with its twin, inert,
//! behind it. Other inline scripts are left alone: they only queue, and the loaders they insert meet
//! the stub, which stands before them in the same page.

mod inline;
mod page;
pub(crate) mod rules;

use crate::address::Base;
use crate::grants::Grants;
use crate::xml::escape;
use crate::{Charset, OwnSources};
use encoding_rs::{Decoder, UTF_8};
pub(crate) use inline::INLINE_BYTES_MAX;
use lol_html::html_content::{Comment, DocumentEnd, Element, TextChunk, TextType};
use lol_html::{
    AsciiCompatibleEncoding, DocumentContentHandlers, ElementContentHandlers, HtmlRewriter, MemorySettings,
    OutputSink, Selector, Settings,
};
pub(crate) use page::{Page, add, marks};
use postern_catalogue::Vendor;
pub use rules::refresh_address;
use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;
use std::str::FromStr;
use url::Url;

/// Memory one page may take: the longest tag or attribute that is kept while it arrives. A page of
/// any size streams through; a single tag of more than this is refused.
pub(crate) const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What of ours goes into a page. All of it is ASCII, so that it reads the same in every encoding.
#[derive(Clone, Debug, Default)]
pub struct Injection {
    head: String,
    body: String,
    embed_note: String,
    xml_script: String,
    xml_link: String,
}

impl Injection {
    /// `head` goes first into the head and must be ASCII, since scripts know no character references;
    /// `body` goes first into the body and is empty in frames; `embed_note` stands in a held frame,
    /// with `{vendor}` replaced by the vendor's name.
    #[must_use]
    pub fn new(head: String, body: &str, embed_note: &str) -> Self {
        debug_assert!(head.is_ascii());
        Self { head, body: as_ascii(body), embed_note: as_ascii(embed_note), ..Self::default() }
    }

    /// The same, with what goes into a page that is XML, where neither `head` nor `body` can stand: a script with
    /// these attributes (name and plain value), and in a page's body a link (address and plain words). The text of
    /// the script is the very text given here, so its hash for CSP is the same as in HTML; it must hold no carriage
    /// return, which XML would change.
    #[must_use]
    pub fn with_xml(mut self, attributes: &[(&str, &str)], script: &str, link: Option<(&str, &str)>) -> Self {
        const XHTML: &str = "http://www.w3.org/1999/xhtml";
        let attributes: String =
            attributes.iter().map(|(name, value)| format!(" {name}=\"{}\"", escape(value))).collect();
        // The end of a section within it is written as the ends of two sections.
        let text = script.replace("]]>", "]]]]><![CDATA[>");
        self.xml_script = format!("<script xmlns=\"{XHTML}\"{attributes}><![CDATA[{text}]]></script>");
        self.xml_link = link
            .map(|(address, words)| {
                format!("<p xmlns=\"{XHTML}\"><a href=\"{}\">{}</a></p>", escape(address), escape(words))
            })
            .unwrap_or_default();
        self
    }

    /// Script and link for a page that is XML; empty where there are none.
    pub(crate) fn xml(&self) -> (String, String) {
        (self.xml_script.clone(), self.xml_link.clone())
    }

    /// What stands in a held frame of that vendor.
    pub(crate) fn note_of(&self, owner: &Vendor) -> String {
        self.embed_note.replace("{vendor}", owner.name)
    }

    /// Where a policy hands trust on, the script of ours may only load the gate if it has one of its nonces.
    /// Source: HTML standard, "descendant script fetch options".
    fn carry_nonce(&mut self, demanded: &[Vec<String>]) {
        let first = demanded.first().into_iter().flatten();
        let common = first.filter(|nonce| demanded.iter().all(|list| list.contains(nonce)));
        if let Some(nonce) = common.into_iter().find(|nonce| is_nonce(nonce)) {
            for markup in [&mut self.head, &mut self.xml_script] {
                *markup = markup.replacen("<script ", &format!("<script nonce=\"{nonce}\" "), 1);
            }
        }
    }
}

/// What the nonce of a policy can be made of. Source: CSP Level 3, `base64-value`.
fn is_nonce(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte))
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
    /// An XML document is ill-formed: browsers stop there as well.
    IllFormed(&'static str),
    /// An XML document declares entities, which could stand for anything.
    Entities,
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
            Self::IllFormed(what) => write!(f, "the document is not well-formed XML: {what}; mend it"),
            Self::Entities => f.write_str(
                "the document type declares things of its own; write out what its entities stand for",
            ),
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

/// What was seen on a page that has passed.
#[derive(Debug, Default)]
pub struct Seen {
    /// Third parties that neither catalogue nor policy knows, in order of name.
    pub unknown: Vec<String>,
    /// Vendors of whom something was held, or whose snippet is there, once each.
    pub held: Vec<&'static Vendor>,
}

/// Rewrites one page, chunk by chunk. The output does not depend on where the chunks are cut.
pub struct PageRewriter {
    inner: HtmlRewriter<'static, Sink>,
    sink: Sink,
    page: Rc<RefCell<Page>>,
    /// For encodings in which markup is not ASCII.
    decoder: Option<Decoder>,
}

impl PageRewriter {
    /// A rewriter for a page at `base`. Without `injection` nothing is put in; `own` is what a policy in the
    /// page's own markup must let through for it.
    #[must_use]
    pub fn new(
        charset: Charset,
        base: &Url,
        grants: &Grants,
        injection: Option<(Injection, OwnSources)>,
    ) -> Self {
        let (injection, own) = injection.unzip();
        Self::of_page(charset, Page::new(Base::new(base.clone()), grants.clone(), injection, own))
    }

    /// Scripts of the markup that have none of the nonces of one of these lists are never released; ours takes one.
    #[must_use]
    pub fn with_demanded_nonces(self, demanded: Vec<Vec<String>>) -> Self {
        self.page.borrow_mut().demand(demanded);
        self
    }

    fn of_page(charset: Charset, page: Page) -> Self {
        let decoder = charset.is_transcoded().then(|| charset.encoding.new_decoder());
        let encoding = AsciiCompatibleEncoding::new(if decoder.is_some() { UTF_8 } else { charset.encoding });
        let sink = Sink::default();
        let page = Rc::new(RefCell::new(page));
        let settings = settings(&page, encoding.unwrap_or_else(AsciiCompatibleEncoding::utf_8));
        Self { inner: HtmlRewriter::new(settings, sink.clone()), sink, page, decoder }
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

    /// Ends the page and returns its last bytes, and what was seen on it.
    ///
    /// # Errors
    /// [`RewriteError`]; nothing more must be sent.
    pub fn end(mut self) -> Result<(Vec<u8>, Seen), RewriteError> {
        if let Some(decoder) = &mut self.decoder {
            let rest = decode(decoder, &[], true);
            self.inner.write(rest.as_bytes())?;
        }
        self.inner.end()?;
        let seen = self.page.borrow_mut().take_seen();
        Ok((std::mem::take(&mut self.sink.0.borrow_mut()), seen))
    }
}

pub(crate) fn decode(decoder: &mut Decoder, chunk: &[u8], is_last: bool) -> String {
    let capacity = decoder.max_utf8_buffer_length(chunk.len()).unwrap_or(chunk.len() * 3 + 16);
    let mut text = String::with_capacity(capacity);
    let _ = decoder.decode_to_string(chunk, &mut text, is_last);
    text
}

/// The selectors, constants of this file; a test parses each. Every element is asked for, since any can carry
/// an address in its style.
const EVERY_ELEMENT: &str = "*";
const INLINE: &str = "script, style";
const NOSCRIPT: &str = "noscript";

fn on(selector: &str) -> Option<Cow<'static, Selector>> {
    Selector::from_str(selector).ok().map(Cow::Owned)
}

fn settings(page: &Rc<RefCell<Page>>, encoding: AsciiCompatibleEncoding) -> Settings<'static, 'static> {
    let memory = MemorySettings::new().with_max_allowed_memory_usage(PAGE_BYTES_MAX);
    let mut settings = Settings::new().with_encoding(encoding).with_memory_settings(memory).with_strict(true);
    let (is_denying, injects) = (!page.borrow().grants.is_open(), page.borrow().injects());
    let mut handle = |selector: &str, handlers: ElementContentHandlers<'static>| {
        if let Some(selector) = on(selector) {
            settings = std::mem::take(&mut settings).append_element_content_handler((selector, handlers));
        }
    };
    let shared = Rc::clone(page);
    let every = move |element: &mut Element<'_, '_>| shared.borrow_mut().element(element);
    handle(EVERY_ELEMENT, ElementContentHandlers::default().element(every));
    if is_denying {
        let shared = Rc::clone(page);
        let inline = move |text: &mut TextChunk<'_>| {
            shared.borrow_mut().inline_text(text);
            Ok(())
        };
        handle(INLINE, ElementContentHandlers::default().text(inline));
        let shared = Rc::clone(page);
        let noscript = move |text: &mut TextChunk<'_>| {
            // In SVG it is an element like any other, and what stands in it is no text.
            if text.text_type() != TextType::Data {
                shared.borrow_mut().noscript_text(text);
            }
            Ok(())
        };
        handle(NOSCRIPT, ElementContentHandlers::default().text(noscript));
        let shared = Rc::clone(page);
        let comments = move |comment: &mut Comment<'_>| {
            shared.borrow_mut().comment(comment);
            Ok(())
        };
        settings =
            settings.append_document_content_handler(DocumentContentHandlers::default().comments(comments));
    }
    if injects {
        let shared = Rc::clone(page);
        settings = settings.append_document_content_handler(DocumentContentHandlers::default().end(
            move |end: &mut DocumentEnd<'_>| {
                end.append(&shared.borrow_mut().take_rest(), lol_html::html_content::ContentType::Html);
                Ok(())
            },
        ));
    }
    settings
}

#[cfg(test)]
mod tests;
