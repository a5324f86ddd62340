//! What happens to the text in a page: inline scripts and styles, `noscript`, comments.

use super::page::{Page, add, as_value, marks};
use crate::address::unescape;
use crate::script::{ScriptKind, addresses};
use lol_html::html_content::{Comment, ContentType, Element, TextChunk, TextType};
use postern_catalogue::Vendor;

/// The longest `noscript` that is looked into; a longer one loses its content.
const NOSCRIPT_BYTES_MAX: usize = 64 * 1024;

/// How much of one inline script or style is looked into, and kept while it arrives; the rest passes.
pub(crate) const INLINE_BYTES_MAX: usize = 512 * 1024;

/// An inline script or style while its text arrives.
pub(super) struct Inline {
    /// `script` or `style`.
    tag: &'static str,
    /// `None` for a style.
    script: Option<ScriptKind>,
    /// Its attributes, as markup.
    attributes: String,
    /// Its own `type`.
    original_type: String,
    text: String,
    is_overlong: bool,
}

impl Page {
    /// From here on the text of an inline script or style is kept, to be looked into when it is whole.
    pub(super) fn begin_inline(&mut self, element: &Element<'_, '_>, tag: &str) {
        // An element without text has left what was begun for it.
        self.inline = None;
        let original_type = element.get_attribute("type");
        let (tag, script) = match tag {
            // Source: HTML standard, "update a style block".
            "style"
                if original_type.as_deref().is_none_or(|kind| {
                    let kind = unescape(kind);
                    kind.is_empty() || kind.eq_ignore_ascii_case("text/css")
                }) =>
            {
                ("style", None)
            }
            "script" if !element.has_attribute("src") && !element.has_attribute("data-postern-src") => {
                let kind = ScriptKind::of(original_type.as_deref().map(unescape).as_deref());
                if kind == ScriptKind::Inert {
                    return;
                }
                ("script", Some(kind))
            }
            _ => return,
        };
        let mut attributes = String::new();
        for attribute in element.attributes().iter().filter(|attribute| attribute.name() != "type") {
            let value = attribute.value().replace('"', "&quot;");
            attributes.push_str(&format!(" {}=\"{value}\"", attribute.name_preserve_case()));
        }
        self.inline = Some(Inline {
            tag,
            script,
            attributes,
            original_type: original_type.unwrap_or_default(),
            text: String::new(),
            is_overlong: false,
        });
    }

    /// Text of a script or style. Kept until it is whole, then sent as it came, or held.
    pub(super) fn inline_text(&mut self, chunk: &mut TextChunk<'_>) {
        let Some(mut inline) = self.inline.take() else { return };
        if inline.is_overlong {
            self.inline = (!chunk.last_in_text_node()).then_some(inline);
            return;
        }
        inline.text.push_str(chunk.as_str());
        inline.is_overlong = inline.text.len() > INLINE_BYTES_MAX;
        if chunk.last_in_text_node() || inline.is_overlong {
            let is_markup = chunk.text_type() == TextType::Data;
            chunk.replace(&self.end_inline(&inline, is_markup), ContentType::Html);
        } else {
            chunk.remove();
        }
        self.inline = (!chunk.last_in_text_node()).then_some(inline);
    }

    /// The text as it came; or an empty element in its place and, behind it, the same element inert.
    fn end_inline(&mut self, inline: &Inline, is_markup: bool) -> String {
        let mut owners = Vec::new();
        // In SVG the text of scripts and styles knows character references.
        let text = if is_markup { unescape(&inline.text) } else { inline.text.as_str().into() };
        let cleaned = match inline.script {
            None => self.style(&text, &mut owners),
            Some(kind) => {
                self.script(&text, kind, &mut owners);
                None
            }
        };
        if owners.is_empty() {
            return inline.text.clone();
        }
        let (needs, ids) = marks(&owners);
        let Inline { tag, attributes, original_type, text, .. } = inline;
        self.held.append(&mut owners);
        let shown = cleaned.map(|css| if is_markup { as_value(&css) } else { css }).unwrap_or_default();
        let original_type = original_type.replace('"', "&quot;");
        let head = format!(
            "{shown}</{tag}><{tag}{attributes} data-postern-need=\"{needs}\" data-postern-vendor=\"{ids}\" \
             data-postern-type=\"{original_type}\" type=\"text/plain\""
        );
        match inline.script {
            Some(_) => format!("{head}>{text}"),
            // Browsers that look ahead read the imports of any style sheet, whatever its type: it stands beside.
            None => format!("{head} data-postern-text=\"{}\">", as_value(text).replace('"', "&quot;")),
        }
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
            add(&mut self.held, vendor);
        }
    }

    /// A `noscript` is text to a parser that expects scripts, and markup to a browser without them. It
    /// is kept until it is whole; a piece that is nothing but trackers' markup leaves empty-handed.
    pub(super) fn noscript_text(&mut self, text: &mut TextChunk<'_>) {
        if self.noscript.len() <= NOSCRIPT_BYTES_MAX {
            self.noscript.push_str(text.as_str());
        }
        if !text.last_in_text_node() {
            text.remove();
            return;
        }
        let content = std::mem::take(&mut self.noscript);
        let held =
            if content.len() > NOSCRIPT_BYTES_MAX { String::new() } else { self.hold_markup(&content) };
        text.replace(&held, ContentType::Html);
    }

    /// Conditional comments are markup to old browsers and to some that render mails.
    pub(super) fn comment(&mut self, comment: &mut Comment<'_>) {
        let text = comment.text();
        if !text.trim_start().starts_with("[if") {
            return;
        }
        let held = self.hold_markup(&text);
        if held != text && comment.set_text(&held).is_err() {
            comment.remove();
        }
    }
}
