//! A page on its way through: trackers made inert, our parts put in, every other byte left alone.
//!
//! Held elements keep everything they had: an address moves from `src` to `data-postern-src`, a
//! script's type to `data-postern-type`, and the need is written beside it. The gate puts all of it
//! back. An inline script or style that must be held stays as an empty one, with its twin, inert,
//! behind it. Other inline scripts are left alone: they only queue, and the loaders they insert meet
//! the stub, which stands before them in the same page.

mod injection;
mod inline;
mod page;
pub(crate) mod rules;
mod tag;
mod token;
mod tree;

use crate::address::Base;
use crate::grants::Grants;
use crate::references::unescape;
use crate::{Charset, OwnSources};
use encoding_rs::{Decoder, UTF_8};
pub use injection::Injection;
pub(crate) use inline::INLINE_BYTES_MAX;
pub(crate) use page::{Page, add, marks};
use postern_catalogue::Vendor;
pub use rules::refresh_address;
use std::borrow::Cow;
use std::fmt;
use tag::Tag;
pub(crate) use tag::{decode_text, encode_text, escape_in_script, escape_in_style};
use token::{Content, Kind, Lexer};
use tree::{Ambiguous, Tree};
use url::Url;

/// Memory one page may take: the longest tag or attribute that is kept while it arrives. A page of
/// any size streams through; a single tag of more than this is refused.
pub(crate) const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

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
}

impl fmt::Display for RewriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "a tag of the page is longer than {PAGE_BYTES_MAX} bytes; shorten it"),
            Self::Ambiguous => {
                f.write_str("the markup can be read in two ways; close the element that hides text")
            }
            Self::IllFormed(what) => write!(f, "the document is not well-formed XML: {what}; mend it"),
            Self::Entities => f.write_str(
                "the document type declares things of its own; write out what its entities stand for",
            ),
        }
    }
}

impl std::error::Error for RewriteError {}

impl From<Ambiguous> for RewriteError {
    fn from(_: Ambiguous) -> Self {
        Self::Ambiguous
    }
}

/// What was seen on a page that has passed.
#[derive(Debug, Default)]
pub struct Seen {
    /// Third parties that neither catalogue nor policy knows, in order of name.
    pub unknown: Vec<String>,
    /// Vendors of whom something was held, once each.
    pub held: Vec<&'static Vendor>,
    /// Vendors whose snippet is there and was left alone, once each: it only queues.
    pub snippets: Vec<&'static Vendor>,
}

impl Seen {
    /// Everybody known who was seen.
    pub fn vendors(&self) -> impl Iterator<Item = &'static Vendor> {
        self.held.iter().chain(&self.snippets).copied()
    }
}

/// Rewrites one page, chunk by chunk. The output does not depend on where the chunks are cut.
pub struct PageRewriter {
    page: Page,
    lexer: Lexer,
    tree: Tree,
    /// What has come and is no whole token yet.
    pending: Vec<u8>,
    out: Vec<u8>,
    /// Did the page end within a tag or a comment?
    is_cut_off: bool,
    /// The content of a `noscript` while it arrives.
    noscript: Option<Vec<u8>>,
    /// Scripts and styles of SVG that have been looked into and are not over, by how many elements are open while they are.
    left_open: Vec<usize>,
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
    pub fn with_demanded_nonces(mut self, demanded: Vec<Vec<String>>) -> Self {
        self.page.demand(demanded);
        self
    }

    fn of_page(charset: Charset, mut page: Page) -> Self {
        let decoder = charset.is_transcoded().then(|| charset.encoding.new_decoder());
        page.encoding = if decoder.is_some() { UTF_8 } else { charset.encoding };
        Self {
            page,
            lexer: Lexer::default(),
            tree: Tree::default(),
            pending: Vec::new(),
            out: Vec::new(),
            is_cut_off: false,
            noscript: None,
            left_open: Vec::new(),
            decoder,
        }
    }

    /// A whole document, rewritten.
    fn rewritten(text: &str, page: Page) -> Result<(String, Seen), RewriteError> {
        let mut rewriter = Self::of_page(Charset { encoding: UTF_8, is_declared: true }, page);
        let mut out = rewriter.write(text.as_bytes())?;
        let (rest, seen) = rewriter.end()?;
        out.extend(rest);
        Ok((String::from_utf8_lossy(&out).into_owned(), seen))
    }

    /// Takes the next bytes of the page and returns what can be sent.
    ///
    /// # Errors
    /// [`RewriteError`]; the rest of the page must not be sent.
    pub fn write(&mut self, chunk: &[u8]) -> Result<Vec<u8>, RewriteError> {
        self.out.reserve(chunk.len());
        match &mut self.decoder {
            None => self.take(chunk, false)?,
            Some(decoder) => {
                let text = decode(decoder, chunk, false);
                self.take(text.as_bytes(), false)?;
            }
        }
        // What follows the beginning of an inline script waits until all of it is known.
        let Some(inline) = &mut self.page.inline else { return Ok(std::mem::take(&mut self.out)) };
        let kept = self.out.split_off(std::mem::take(&mut inline.from));
        Ok(std::mem::replace(&mut self.out, kept))
    }

    /// Ends the page and returns its last bytes, and what was seen on it.
    ///
    /// # Errors
    /// [`RewriteError`]; nothing more must be sent.
    pub fn end(mut self) -> Result<(Vec<u8>, Seen), RewriteError> {
        let rest = self.decoder.take().map(|mut decoder| decode(&mut decoder, &[], true)).unwrap_or_default();
        self.take(rest.as_bytes(), true)?;
        self.end_texts()?;
        let rest = self.page.take_rest();
        self.out.extend_from_slice(rest.as_bytes());
        Ok((self.out, self.page.take_seen()))
    }

    /// A piece of markup, rewritten, and whether what stands behind it is read as if it were not there.
    fn rewritten_piece(markup: &[u8], page: Page) -> Result<(Vec<u8>, Seen, bool), RewriteError> {
        let encoding = page.encoding;
        let mut rewriter = Self::of_page(Charset { encoding, is_declared: true }, page);
        let mut out = rewriter.write(markup)?;
        rewriter.take(&[], true)?;
        let is_whole = !rewriter.is_cut_off && !rewriter.lexer.is_within_text() && rewriter.tree.is_plain();
        let (rest, seen) = rewriter.end()?;
        out.extend(rest);
        Ok((out, seen, is_whole))
    }

    /// Takes all whole tokens of what is there.
    fn take(&mut self, chunk: &[u8], is_last: bool) -> Result<(), RewriteError> {
        let joined = (!self.pending.is_empty()).then(|| {
            let mut joined = std::mem::take(&mut self.pending);
            joined.extend_from_slice(chunk);
            joined
        });
        let mut rest = joined.as_deref().unwrap_or(chunk);
        while !rest.is_empty() {
            let knows_cdata = self.tree.knows_cdata();
            let found = self.lexer.next(rest, false, knows_cdata).or_else(|| {
                self.is_cut_off |= is_last;
                if is_last { self.lexer.next(rest, true, knows_cdata) } else { None }
            });
            let Some((kind, length)) = found else { break };
            let (token, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            self.token(kind, token)?;
            rest = after;
        }
        if rest.len() > PAGE_BYTES_MAX {
            return Err(RewriteError::TooLong);
        }
        self.pending = rest.to_vec();
        Ok(())
    }

    fn token(&mut self, kind: Kind, token: &[u8]) -> Result<(), RewriteError> {
        match kind {
            Kind::Start { is_self_closing } => return self.start(token, is_self_closing),
            Kind::End => self.end_tag(token)?,
            Kind::Text => match &mut self.noscript {
                Some(noscript) if noscript.len() <= inline::NOSCRIPT_BYTES_MAX => {
                    noscript.extend_from_slice(token);
                }
                Some(_) => {}
                None => self.text(token)?,
            },
            Kind::CharacterData(content) => {
                self.out.extend_from_slice(token);
                // Here it stands for itself, in the text around it for what is escaped.
                let escaped = content.of(token).iter().flat_map(|byte| match byte {
                    b'&' => b"&amp;".as_slice(),
                    byte => std::slice::from_ref(byte),
                });
                let escaped: Vec<u8> = escaped.copied().collect();
                self.collect(&escaped)?;
            }
            Kind::Comment(content) => match self.held_comment(content.of(token)) {
                Some(held) => {
                    self.out.extend_from_slice(b"<!--");
                    self.out.extend_from_slice(&held);
                    self.out.extend_from_slice(b"-->");
                }
                None => self.out.extend_from_slice(token),
            },
            Kind::Declaration => self.out.extend_from_slice(token),
            Kind::Unfinished => {
                self.end_texts()?;
                let rest = self.page.take_rest();
                self.out.extend_from_slice(rest.as_bytes());
                self.out.extend_from_slice(token);
            }
        }
        Ok(())
    }

    fn held_comment(&mut self, content: &[u8]) -> Option<Vec<u8>> {
        if self.page.grants.is_open() { None } else { self.page.comment(content) }
    }

    fn start(&mut self, token: &[u8], is_self_closing: bool) -> Result<(), RewriteError> {
        let name = lowered(self.lexer.name.of(token));
        let name = &*name;
        let (space, content) = {
            let attributes = &self.lexer.attributes;
            let has_attribute = |names: &[&str], values: &[&str]| {
                attributes.iter().any(|attribute| {
                    let name = attribute.name.of(token);
                    let value = decode_text(attribute.value.of(token), UTF_8);
                    let value = unescape(&value);
                    names.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
                        && (values.is_empty() || values.iter().any(|known| value.eq_ignore_ascii_case(known)))
                })
            };
            self.tree.start(name.as_bytes(), is_self_closing, has_attribute)?
        };
        self.left_open.retain(|depth| *depth <= self.tree.depth());
        if let Some(inline) = &self.page.inline
            && (space == tree::Space::Html || matches!(name, "script" | "style"))
        {
            // In SVG a script or style may have another in it, or HTML, and go on behind that.
            if inline.is_svg && self.tree.depth() >= inline.depth {
                self.left_open.push(inline.depth);
            }
            // Or HTML has ended it without its end tag.
            self.end_inline()?;
        }
        if let Some(inline) = &mut self.page.inline {
            inline.has_elements = true;
        }
        let encoding = self.page.encoding;
        let attributes = &self.lexer.attributes;
        let mut tag = Tag::new(token, self.lexer.name, name, attributes, (space, is_self_closing), encoding);
        let was_inline = self.page.inline.is_some();
        let (before, within) = self.page.element(&mut tag);
        self.out.extend_from_slice(before.as_bytes());
        tag.write_to(&mut self.out);
        self.out.extend_from_slice(within.as_bytes());
        if content == Content::Text("noscript") && !self.page.grants.is_open() {
            self.noscript = Some(Vec::new());
        }
        if !was_inline && let Some(inline) = &mut self.page.inline {
            inline.from = self.out.len();
            inline.depth = self.tree.depth();
        }
        // An element that ends itself has no text.
        if space != tree::Space::Html && is_self_closing && !was_inline {
            self.page.inline = None;
        }
        self.lexer.read_as(content);
        Ok(())
    }

    fn end_tag(&mut self, token: &[u8]) -> Result<(), RewriteError> {
        let name = lowered(self.lexer.name.of(token));
        let name = &*name;
        self.tree.end(name.as_bytes());
        self.left_open.retain(|depth| *depth <= self.tree.depth());
        let is_over = self.page.inline.as_ref().is_some_and(|inline| {
            if inline.is_svg {
                self.tree.depth() < inline.depth
            } else {
                inline.tag == name || !self.tree.knows_cdata()
            }
        });
        if is_over {
            self.end_inline()?;
        }
        self.end_noscript();
        self.out.extend_from_slice(token);
        Ok(())
    }

    fn text(&mut self, token: &[u8]) -> Result<(), RewriteError> {
        let room = self.page.inline.as_ref().map(|inline| INLINE_BYTES_MAX.saturating_sub(inline.text.len()));
        let is_svg = self.page.inline.as_ref().is_some_and(|inline| inline.is_svg);
        let (first, rest) = match room {
            // What is longer than anybody looks into is judged by its beginning.
            Some(room) if !is_svg => token.split_at_checked(room).unwrap_or((token, &[])),
            _ => (token, &[][..]),
        };
        self.out.extend_from_slice(first);
        self.collect(first)?;
        if !rest.is_empty() {
            self.end_inline()?;
            self.out.extend_from_slice(rest);
        }
        Ok(())
    }

    /// Text of an inline script or style. In SVG it is not sent at all if it is longer than anybody looks into.
    fn collect(&mut self, text: &[u8]) -> Result<(), RewriteError> {
        // What stands before it has left by now, and means another thing with this behind it.
        if self.left_open.contains(&self.tree.depth()) && !text.trim_ascii().is_empty() {
            return Err(RewriteError::Ambiguous);
        }
        let Some(inline) = &mut self.page.inline else { return Ok(()) };
        inline.text.extend_from_slice(text);
        if inline.is_svg && inline.text.len() > INLINE_BYTES_MAX {
            inline.text.clear();
            self.out.truncate(inline.from);
        }
        Ok(())
    }

    fn end_inline(&mut self) -> Result<(), RewriteError> {
        let Some(inline) = self.page.inline.take() else { return Ok(()) };
        let content = self.out.split_off(inline.from);
        match self.page.end_inline(&inline, &content) {
            // Without the elements what follows would be read differently.
            Some(_) if inline.has_elements => return Err(RewriteError::Ambiguous),
            Some(held) => self.out.extend_from_slice(&held),
            None => self.out.extend_from_slice(&content),
        }
        Ok(())
    }

    fn end_noscript(&mut self) {
        if let Some(content) = self.noscript.take() {
            let held = self.page.noscript(&content);
            self.out.extend_from_slice(&held);
        }
    }

    /// What had not ended when the page did.
    fn end_texts(&mut self) -> Result<(), RewriteError> {
        self.end_inline()?;
        self.end_noscript();
        Ok(())
    }
}

/// A name in lower case; copied only where it is not.
fn lowered(name: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(name) {
        Ok(name) if !name.bytes().any(|byte| byte.is_ascii_uppercase()) => Cow::Borrowed(name),
        _ => Cow::Owned(String::from_utf8_lossy(name).to_ascii_lowercase()),
    }
}

pub(crate) fn decode(decoder: &mut Decoder, chunk: &[u8], is_last: bool) -> String {
    let capacity = decoder.max_utf8_buffer_length(chunk.len()).unwrap_or(chunk.len() * 3 + 16);
    let mut text = String::with_capacity(capacity);
    let _ = decoder.decode_to_string(chunk, &mut text, is_last);
    text
}

#[cfg(test)]
mod own_tests;
#[cfg(test)]
mod tests;
