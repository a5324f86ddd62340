//! Inline scripts and styles of an XML document: their text is that of all their text and CDATA nodes.

use super::tag::{Tag, escape};
use super::{Space, XmlRewriter, plain_value};
use crate::address::Base;
use crate::html::{INLINE_BYTES_MAX, add, marks};
use crate::script::ScriptKind;
use postern_catalogue::Vendor;
use std::borrow::Cow;

/// An inline script or style while its text arrives.
pub(super) struct Inline {
    /// Where in what is not sent yet its content begins.
    pub(super) from: usize,
    /// The number of elements around its text.
    depth: usize,
    /// `None` for a style.
    script: Option<ScriptKind>,
    tag: Tag,
    text: String,
}

impl XmlRewriter {
    /// From here on the text of an inline script or style is kept, to be looked into when it is whole.
    pub(super) fn begin_inline(&mut self, tag: &Tag, space: Space, local: &str) {
        if self.page.grants.is_open() || !matches!(space, Space::Xhtml | Space::Svg) {
            return;
        }
        let kind = tag.get("type").map(plain_value);
        let script = match local {
            // Source: HTML standard, "update a style block".
            "style"
                if kind
                    .as_deref()
                    .is_none_or(|kind| kind.is_empty() || kind.eq_ignore_ascii_case("text/css")) =>
            {
                None
            }
            "script" if !self.is_script_of_address(tag, space) => match ScriptKind::of(kind.as_deref()) {
                ScriptKind::Inert => return,
                kind => Some(kind),
            },
            _ => return,
        };
        let depth = self.open.len() + 1;
        self.inline.push(Inline {
            from: self.out.len(),
            depth,
            script,
            tag: tag.clone(),
            text: String::new(),
        });
    }

    /// Text at this place, if it is that of an inline script or style.
    pub(super) fn collect<'text>(&mut self, text: impl FnOnce() -> Cow<'text, str>) {
        let depth = self.open.len();
        let Some(inline) = self.inline.last_mut().filter(|inline| inline.depth == depth) else { return };
        inline.text.push_str(&text());
        // How much of one is looked into; the rest passes.
        if self.inline.iter().any(|inline| inline.text.len() > INLINE_BYTES_MAX) {
            while let Some(inline) = self.inline.pop() {
                self.end_inline(inline);
            }
        }
    }

    /// Ends the inline script or style whose text stands at that depth, if there is one.
    pub(super) fn end_inline_of(&mut self, depth: usize) {
        if let Some(inline) = self.inline.pop_if(|inline| inline.depth == depth) {
            self.end_inline(inline);
        }
    }

    /// The content as it came; or an empty element in its place and, behind it, the same element inert.
    fn end_inline(&mut self, inline: Inline) {
        let mut owners: Vec<&'static Vendor> = self.own_code(&inline.tag).into_iter().collect();
        let mut shown: Option<String> = None;
        for base in self.bases_here() {
            self.with_base(base, |page| match inline.script {
                None => {
                    let css = shown.as_deref().unwrap_or(&inline.text).to_string();
                    shown = page.style(&css, &mut owners).or(shown.take());
                }
                Some(kind) => page.script(&inline.text, kind, &mut owners),
            });
        }
        if owners.is_empty() {
            return;
        }
        let (needs, ids) = marks(&owners);
        let content = self.out.split_off(inline.from);
        let mut twin = inline.tag;
        let shown = shown.map(|css| escape(&css)).unwrap_or_default();
        let end = format!("{shown}</{}>", twin.name);
        let original_type = twin.get("type").unwrap_or_default().to_string();
        twin.set("data-postern-need", needs);
        twin.set("data-postern-vendor", ids);
        twin.set("data-postern-type", original_type);
        twin.set("type", "text/plain".into());
        self.out.push_str(&format!("{end}{twin}{content}"));
        owners.into_iter().for_each(|vendor| add(&mut self.page.held, vendor));
    }

    /// The addresses that relative ones at this place may be relative to: browsers differ on `xml:base`.
    pub(super) fn bases_here(&self) -> Vec<Base> {
        let moved = self.bases.last().map(|(_, base)| base.clone());
        moved.into_iter().chain([self.page.base.clone()]).collect()
    }

    /// Runs a rule with another base.
    pub(super) fn with_base<T>(&mut self, base: Base, rule: impl FnOnce(&mut crate::html::Page) -> T) -> T {
        let own = std::mem::replace(&mut self.page.base, base);
        let result = rule(&mut self.page);
        self.page.base = own;
        result
    }
}
