//! What happens to the text in a page: inline scripts and styles, `noscript`, comments.

use super::page::{Page, add, marks};
use super::tag::{Tag, decode_text, encode_text, escape_in_style, write_quoted};
use super::tree::Space;
use crate::references::unescape;
use crate::script::{ScriptKind, addresses};
use postern_catalogue::Vendor;
use std::borrow::Cow;

/// The longest `noscript` that is looked into; a longer one loses its content.
pub(super) const NOSCRIPT_BYTES_MAX: usize = 64 * 1024;

/// How much of one inline script or style is looked into, and kept while it arrives; the rest passes.
pub(crate) const INLINE_BYTES_MAX: usize = 512 * 1024;

/// An inline script or style while its text arrives.
pub(super) struct Inline {
    /// Where in what is not sent yet its content begins.
    pub(super) from: usize,
    /// `script` or `style`.
    pub(super) tag: &'static str,
    /// `None` for a style.
    script: Option<ScriptKind>,
    /// Who stands for it, if it is the site's own and must be held whatever it says.
    own: Option<&'static Vendor>,
    /// Its attributes but for its type, as markup.
    attributes: Vec<u8>,
    /// Its own `type`.
    original_type: Vec<u8>,
    /// Its text as it is written.
    pub(super) text: Vec<u8>,
    /// Is it SVG's? Then its text knows character references, and may come in pieces.
    pub(super) is_svg: bool,
    /// How many elements are open while it is, itself included.
    pub(super) depth: usize,
    /// Do elements stand in it? Then nothing can stand in the place of its content.
    pub(super) has_elements: bool,
}

/// Does a script come from an address, so that its text means nothing? In SVG `src` is no address.
fn has_address(tag: &Tag<'_>) -> bool {
    let names: &[&str] = if tag.space == Space::Svg {
        &["href", "xlink:href", "data-postern-href"]
    } else {
        &["src", "data-postern-src"]
    };
    names.iter().any(|name| tag.has(name))
}

impl Page {
    /// From here on the text of an inline script or style is kept, to be looked into when it is whole.
    pub(super) fn begin_inline(&mut self, tag: &Tag<'_>) {
        // In MathML these are names like any other.
        if tag.space == Space::MathMl {
            return;
        }
        let kind = tag.get("type");
        let (name, script) = match tag.name() {
            // Source: HTML standard, "update a style block".
            "style"
                if kind
                    .as_deref()
                    .is_none_or(|kind| kind.is_empty() || kind.eq_ignore_ascii_case("text/css")) =>
            {
                ("style", None)
            }
            "script" if !has_address(tag) => match ScriptKind::of(kind.as_deref()) {
                ScriptKind::Inert => return,
                kind => ("script", Some(kind)),
            },
            _ => return,
        };
        let mut attributes = Vec::new();
        for (name, value) in tag.attributes().filter(|(name, _)| !name.eq_ignore_ascii_case(b"type")) {
            attributes.push(b' ');
            attributes.extend_from_slice(name);
            attributes.extend_from_slice(b"=\"");
            write_quoted(value, &mut attributes);
            attributes.push(b'"');
        }
        self.inline = Some(Inline {
            from: 0,
            tag: name,
            script,
            own: self.own_code(tag),
            attributes,
            original_type: tag.raw("type").unwrap_or_default().to_vec(),
            text: Vec::new(),
            is_svg: tag.space == Space::Svg,
            depth: 0,
            has_elements: false,
        });
    }

    /// An inline script or style that is whole: what must stand in the place of its content; `None` if it stays.
    pub(super) fn end_inline(&mut self, inline: &Inline, content: &[u8]) -> Option<Vec<u8>> {
        let mut owners: Vec<&'static Vendor> = inline.own.into_iter().collect();
        let decoded = decode_text(&inline.text, self.encoding);
        // In SVG the text of scripts and styles knows character references.
        let text = if inline.is_svg { unescape(&decoded) } else { Cow::Borrowed(&*decoded) };
        let cleaned = match inline.script {
            None => self.style(&text, &mut owners),
            Some(kind) => {
                self.script(&text, kind, &mut owners);
                None
            }
        };
        if owners.is_empty() {
            return None;
        }
        let (needs, ids) = marks(&owners);
        self.held.append(&mut owners);
        let shown = cleaned.map(|css| if inline.is_svg { as_markup(&css) } else { css });
        let mut out = shown.map(|css| encode_text(&css, self.encoding, escape_in_style)).unwrap_or_default();
        out.extend_from_slice(format!("</{0}><{0}", inline.tag).as_bytes());
        out.extend_from_slice(&inline.attributes);
        let marked =
            format!(" data-postern-need=\"{needs}\" data-postern-vendor=\"{ids}\" data-postern-type=\"");
        out.extend_from_slice(marked.as_bytes());
        write_quoted(&inline.original_type, &mut out);
        out.extend_from_slice(b"\" type=\"text/plain\"");
        if inline.script.is_some() {
            out.push(b'>');
            out.extend_from_slice(content);
        } else {
            // Browsers that look ahead read the imports of any style sheet, whatever its type: it stands beside.
            out.extend_from_slice(b" data-postern-text=\"");
            write_quoted(self.encoding.encode(&as_markup(&text)).0.as_ref(), &mut out);
            out.extend_from_slice(b"\">");
        }
        Some(out)
    }

    pub(crate) fn script(&mut self, script: &str, kind: ScriptKind, owners: &mut Vec<&'static Vendor>) {
        for address in addresses(script, kind) {
            // A bare word is a name to be looked up, not an address.
            if address.contains('/') {
                self.look_at(&address, owners);
            }
        }
        if kind != ScriptKind::Rules {
            self.snippet(script, owners);
        }
    }

    /// A vendor's snippet only queues, and its loader meets the stub; without it the page's own calls would fail,
    /// so it is left alone. Not so a loader's whose address tells nothing (a server container's own): it is held,
    /// and pages that use its data layer find the one the stub has made. Source: trackers.md 1.2.
    fn snippet(&mut self, script: &str, owners: &mut Vec<&'static Vendor>) {
        let Some(vendor) = self.grants.denied_inline(script) else { return };
        let mut named = Vec::new();
        for address in addresses(script, ScriptKind::Rules) {
            if address.contains("//") {
                self.look_at(&address, &mut named);
            }
        }
        if vendor.is_loader() && named.is_empty() {
            add(owners, vendor);
        } else {
            add(&mut self.snippets, vendor);
        }
    }

    /// A `noscript` is text to a parser that expects scripts, and markup to a browser without them: it leaves with what
    /// it would start held, or without its content where that would hide or reveal what stands behind it.
    pub(super) fn noscript(&mut self, content: &[u8]) -> Vec<u8> {
        if content.len() > NOSCRIPT_BYTES_MAX {
            return Vec::new();
        }
        match self.hold_markup(content) {
            (held, true) => held,
            _ => Vec::new(),
        }
    }

    /// Conditional comments are markup to old browsers and to some that render mails: the content that must stand in the
    /// place of this one; `None` if it stays.
    pub(super) fn comment(&mut self, content: &[u8]) -> Option<Vec<u8>> {
        if !content.trim_ascii_start().starts_with(b"[if") {
            return None;
        }
        let (held, _) = self.hold_markup(content);
        if held == content {
            return None;
        }
        // What would end the comment early could set its content free.
        let is_whole = !held.windows(2).any(|pair| pair == b"--") && !held.starts_with(b">");
        Some(if is_whole { held } else { Vec::new() })
    }
}

/// A text as markup, where quotes are seen to elsewhere.
fn as_markup(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
