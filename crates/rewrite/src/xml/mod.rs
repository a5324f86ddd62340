//! An XML document on its way through: XHTML, SVG, and whatever else a browser shows as a document of its own.
//!
//! The rules are those of HTML (`html::rules`), chosen by namespace. What differs is the syntax: any element can
//! end itself, prefixes stand for namespaces, a text can stand in a CDATA section. Documents stream token by token,
//! since a sitemap may be fifty megabytes; nothing is kept but the token that is arriving and an inline script.
//! Browsers stop where a document is ill-formed, and so does this rewriter. What must be held and cannot be marked
//! (`<?xml-stylesheet?>`) leaves, and no grant brings it back before the next view.

mod charset;
mod element;
mod inject;
mod inline;
mod tag;
mod token;

use crate::address::Base;
use crate::html::{PAGE_BYTES_MAX, Page};
use crate::references::unescape;
use crate::{Charset, Grants, Injection, OwnSources, RewriteError, Seen};
use encoding_rs::{Decoder, UTF_8};
use inline::Inline;
use quick_xml::name::{NamespaceResolver, PrefixDeclaration, QName, ResolveResult};
use std::borrow::Cow;
use tag::Tag;
pub(crate) use tag::escape;
use token::Kind;
use url::Url;

/// Elements within elements deeper than this are refused. Chromium stops there as well.
/// Source: `kMaxXMLTreeDepth` in Blink's `xml_document_parser.cc`.
const DEPTH_MAX: usize = 5000;

/// Namespaces bound at one place, at most.
const BINDINGS_MAX: usize = 1024;

/// The namespaces that mean something to a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Space {
    Xhtml,
    Svg,
    MathMl,
    XLink,
    Other,
}

impl Space {
    fn of(found: ResolveResult<'_>) -> Result<Self, RewriteError> {
        match found {
            ResolveResult::Unbound => Ok(Self::Other),
            ResolveResult::Unknown(_) => Err(RewriteError::IllFormed("a prefix is not declared")),
            ResolveResult::Bound(name) => Ok(match name.0 {
                "http://www.w3.org/1999/xhtml" => Self::Xhtml,
                "http://www.w3.org/2000/svg" => Self::Svg,
                "http://www.w3.org/1998/Math/MathML" => Self::MathMl,
                "http://www.w3.org/1999/xlink" => Self::XLink,
                _ => Self::Other,
            }),
        }
    }
}

/// Where in a document the rewriter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before anything.
    Start,
    /// Before the root element.
    Prolog,
    /// Within the root element.
    Root,
    /// After the root element.
    Epilog,
}

/// Rewrites one XML document, chunk by chunk. The output does not depend on where the chunks are cut, and is UTF-8
/// whatever came in: the answer's `charset` must say so.
pub struct XmlRewriter {
    decoder: Decoder,
    /// Does the document come in another encoding than it leaves in?
    is_transcoded: bool,
    /// What has come and is no whole token yet.
    pending: String,
    out: String,
    page: Page,
    names: NamespaceResolver,
    place: Place,
    has_doctype: bool,
    /// The elements around this place, by name.
    open: Vec<String>,
    /// The addresses that `xml:base` moved to, each with the number of elements around its own.
    bases: Vec<(usize, Base)>,
    /// The inline scripts and styles around this place.
    inline: Vec<Inline>,
    ours: inject::Ours,
}

impl XmlRewriter {
    /// A rewriter for a document at `base`. Without `injection` nothing is put in; `own` is what a policy in the
    /// document's own markup must let through for it. Of the injection only [`Injection::with_xml`] is put in.
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
        self.ours = inject::Ours::of(self.page.injection());
        self
    }

    pub(crate) fn of_page(charset: Charset, mut page: Page) -> Self {
        page.speak(None);
        let is_transcoded = charset.encoding != UTF_8;
        let decoder = if is_transcoded {
            charset.encoding.new_decoder_with_bom_removal()
        } else {
            UTF_8.new_decoder_without_bom_handling()
        };
        let mut names = NamespaceResolver::default();
        names.set_max_namespace_bindings(BINDINGS_MAX);
        Self {
            decoder,
            is_transcoded,
            pending: String::new(),
            out: String::new(),
            ours: inject::Ours::of(page.injection()),
            page,
            names,
            place: Place::Start,
            has_doctype: false,
            open: Vec::new(),
            bases: Vec::new(),
            inline: Vec::new(),
        }
    }

    /// Takes the next bytes of the document and returns what can be sent.
    ///
    /// # Errors
    /// [`RewriteError`]; the rest of the document must not be sent.
    pub fn write(&mut self, chunk: &[u8]) -> Result<Vec<u8>, RewriteError> {
        let text = crate::html::decode(&mut self.decoder, chunk, false);
        self.pending.push_str(&text);
        self.take_tokens(false)?;
        // What follows the beginning of an inline script waits until all of it is known.
        let end = self.inline.first().map_or(self.out.len(), |inline| inline.from);
        let kept = self.out.split_off(end);
        self.inline.iter_mut().for_each(|inline| inline.from -= end);
        Ok(std::mem::replace(&mut self.out, kept).into_bytes())
    }

    /// Ends the document and returns its last bytes, and what was seen on it.
    ///
    /// # Errors
    /// [`RewriteError`]; nothing more must be sent.
    pub fn end(mut self) -> Result<(Vec<u8>, Seen), RewriteError> {
        self.finish()?;
        Ok((std::mem::take(&mut self.out).into_bytes(), self.page.take_seen()))
    }

    fn finish(&mut self) -> Result<(), RewriteError> {
        let rest = crate::html::decode(&mut self.decoder, &[], true);
        self.pending.push_str(&rest);
        self.take_tokens(true)?;
        // An empty answer is no document, and starts nothing.
        match self.place {
            Place::Prolog | Place::Root => {
                Err(RewriteError::IllFormed("it ends before its root element does"))
            }
            Place::Start | Place::Epilog => Ok(()),
        }
    }

    /// What a browser that reads `text` as a document of its own would find in it, up to where it stops.
    pub(crate) fn seen_in(text: &str, page: Page) -> Seen {
        let mut rewriter = Self::of_page(Charset { encoding: UTF_8, is_declared: true }, page);
        let _ = rewriter.write(text.as_bytes()).and_then(|_| rewriter.finish());
        rewriter.page.take_seen()
    }

    /// A whole document, rewritten.
    pub(crate) fn rewritten(text: &str, page: Page) -> Result<String, RewriteError> {
        let mut rewriter = Self::of_page(Charset { encoding: UTF_8, is_declared: true }, page);
        let mut out = rewriter.write(text.as_bytes())?;
        out.extend(rewriter.end()?.0);
        Ok(String::from_utf8_lossy(&out).into_owned())
    }

    fn take_tokens(&mut self, is_last: bool) -> Result<(), RewriteError> {
        let pending = std::mem::take(&mut self.pending);
        let mut rest = pending.as_str();
        while !rest.is_empty() {
            // The text of a script is looked at when it is whole.
            let must_wait = !is_last && !self.inline.is_empty() && !rest.contains('<');
            let Some((kind, length)) = token::first(rest, is_last)?.filter(|_| !must_wait) else { break };
            let (token, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
            self.take(kind, token)?;
            rest = after;
        }
        if rest.len() > PAGE_BYTES_MAX {
            return Err(RewriteError::TooLong);
        }
        self.pending = rest.to_string();
        Ok(())
    }

    fn take(&mut self, kind: Kind, token: &str) -> Result<(), RewriteError> {
        let is_first = self.place == Place::Start;
        if is_first {
            self.place = Place::Prolog;
        }
        match kind {
            Kind::Start => return self.start(token),
            Kind::End => return self.finish_element(token),
            Kind::Text => {
                let text = if is_first { token.trim_start_matches('\u{feff}') } else { token };
                if self.place != Place::Root && !text.trim_matches([' ', '\t', '\r', '\n']).is_empty() {
                    return Err(RewriteError::IllFormed("text stands outside the root element"));
                }
                self.collect(|| plain(token));
            }
            Kind::CharacterData if self.place != Place::Root => {
                return Err(RewriteError::IllFormed("text stands outside the root element"));
            }
            Kind::CharacterData => {
                let text =
                    token.strip_prefix(token::CDATA).and_then(|rest| rest.strip_suffix(token::CDATA_END));
                self.collect(|| text.unwrap_or("").into());
            }
            Kind::Doctype => {
                if self.place != Place::Prolog || std::mem::replace(&mut self.has_doctype, true) {
                    return Err(RewriteError::IllFormed("a document type stands in a wrong place"));
                }
            }
            Kind::Instruction
                if token.starts_with("<?xml")
                    && token.as_bytes().get(5).is_some_and(u8::is_ascii_whitespace) =>
            {
                if self.is_transcoded
                    && let Some(range) = charset::encoding_name(token)
                {
                    let mut declaration = token.to_string();
                    declaration.replace_range(range, UTF_8.name());
                    self.out.push_str(&declaration);
                    return Ok(());
                }
            }
            Kind::Instruction if self.is_held_style_sheet(token) => return Ok(()),
            Kind::Instruction | Kind::Comment => {}
        }
        self.out.push_str(token);
        Ok(())
    }

    fn start(&mut self, token: &str) -> Result<(), RewriteError> {
        if self.place == Place::Epilog {
            return Err(RewriteError::IllFormed("a second root element begins"));
        }
        if self.open.len() >= DEPTH_MAX {
            return Err(RewriteError::IllFormed("elements stand too deep within each other"));
        }
        let mut tag = Tag::parse(token)?;
        self.enter(&tag)?;
        let space = Space::of(self.names.resolve_element(QName(&tag.name)).0)?;
        let local = QName(&tag.name).local_name().into_inner().to_string();
        let (before, inside) = self.place_ours(&tag, space, &local);
        let is_changed = self.hold(&mut tag, space, &local)?;
        self.out.push_str(&before);
        let is_expanded = tag.is_empty && !inside.is_empty();
        let is_empty = tag.is_empty;
        tag.is_empty &= !is_expanded;
        if is_changed || is_expanded {
            self.out.push_str(&tag.to_string());
        } else {
            self.out.push_str(token);
        }
        self.out.push_str(&inside);
        if is_expanded {
            self.out.push_str(&format!("</{}>", tag.name));
        }
        self.place = Place::Root;
        if is_empty {
            self.leave();
        } else {
            self.begin_inline(&tag, space, &local);
            self.open.push(tag.name);
        }
        Ok(())
    }

    fn finish_element(&mut self, token: &str) -> Result<(), RewriteError> {
        let name = token.strip_prefix("</").and_then(|rest| rest.strip_suffix('>')).unwrap_or("");
        let name = name.trim_end_matches([' ', '\t', '\r', '\n']);
        if self.open.last().is_none_or(|open| open != name) {
            return Err(RewriteError::IllFormed("an element ends that is not open"));
        }
        self.end_inline_of(self.open.len());
        if self.open.len() == 1 {
            let rest = self.ours.take_script_of_root();
            self.out.push_str(&rest);
        }
        self.open.pop();
        self.leave();
        self.out.push_str(token);
        Ok(())
    }

    /// Binds the namespaces and moves the base that this element declares.
    fn enter(&mut self, tag: &Tag) -> Result<(), RewriteError> {
        let depth = self.open.len();
        self.names.set_level(u16::try_from(depth + 1).unwrap_or(u16::MAX));
        for (name, raw) in &tag.attributes {
            let Some(prefix) = QName(name).as_namespace_binding() else { continue };
            let bound = plain_value(raw);
            let namespace = quick_xml::name::Namespace(&bound);
            if let PrefixDeclaration::Named("") = prefix {
                return Err(RewriteError::IllFormed("a namespace has an empty prefix"));
            }
            self.names
                .add(prefix, namespace)
                .map_err(|_| RewriteError::IllFormed("a namespace cannot be bound"))?;
        }
        if let Some(raw) = tag.get("xml:base") {
            let from = self.bases.last().map_or(&self.page.base, |(_, base)| base);
            if let Some(base) = from.moved(&plain_value(raw)) {
                self.bases.push((depth, base));
            }
        }
        Ok(())
    }

    /// Undoes what [`Self::enter`] did for an element that has ended.
    fn leave(&mut self) {
        let depth = self.open.len();
        self.names.set_level(u16::try_from(depth).unwrap_or(u16::MAX));
        self.bases.retain(|(of, _)| *of < depth);
        if depth == 0 {
            self.place = Place::Epilog;
        }
    }
}

/// A text with its references resolved. Without a document type of ours to read, the names are those of XHTML: a
/// document that may not use them ends there in every browser.
fn plain(raw: &str) -> Cow<'_, str> {
    if raw.contains('&') { unescape(raw) } else { Cow::Borrowed(raw) }
}

/// An attribute's value as a browser reads it. Source: XML 1.0, section 3.3.3.
fn plain_value(raw: &str) -> Cow<'_, str> {
    if raw.contains(['\t', '\r', '\n']) {
        let spaced = raw.replace("\r\n", " ").replace(['\t', '\r', '\n'], " ");
        return Cow::Owned(unescape(&spaced).into_owned());
    }
    plain(raw)
}

#[cfg(test)]
mod tests;
