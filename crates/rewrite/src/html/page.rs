//! What happens to each element of a page: what goes in before it, what of it is held.

use super::inline::Inline;
use super::rules::{self, Reading, refresh_address};
use super::{Injection, PageRewriter, RewriteError, Seen};
use crate::address::{Base, Found, Media, candidates, judge, unescape};
use crate::grants::Grants;
use crate::script::ScriptKind;
use crate::xml::XmlRewriter;
use crate::{Charset, OwnSources, csp, css};
use encoding_rs::UTF_8;
use lol_html::HandlerResult;
use lol_html::html_content::{ContentType, Element};
use postern_catalogue::Vendor;
use std::collections::BTreeSet;

/// Documents within documents (`srcdoc`, `data:`) deeper than this lose their content.
const DEPTH_MAX: usize = 6;

/// Unknown third parties named for one page, at most: a page with more is broken or hostile.
const UNKNOWN_MAX: usize = 64;

/// What the handlers share while a page passes.
pub struct Page {
    pub(crate) base: Base,
    pub(crate) grants: Grants,
    injection: Option<Injection>,
    own: Option<OwnSources>,
    is_head_done: bool,
    is_body_done: bool,
    pub(super) noscript: String,
    pub(super) inline: Option<Inline>,
    depth: usize,
    /// Frames held so far.
    frames: usize,
    /// See [`csp::demanded_nonces`], a list for each policy.
    demanded_nonces: Vec<Vec<String>>,
    /// Third parties nobody knows.
    pub(crate) unknown: BTreeSet<String>,
    /// Whom something was held of.
    pub(crate) held: Vec<&'static Vendor>,
}

/// A vendor's ids and needs, as the gate reads them: released when every need is met.
pub(crate) fn marks(owners: &[&'static Vendor]) -> (String, String) {
    let mut needs: Vec<String> =
        owners.iter().map(|owner| format!("{:x}", owner.need.categories().bits())).collect();
    needs.dedup();
    let ids: Vec<&str> = owners.iter().map(|owner| owner.id).collect();
    (needs.join(" "), ids.join(" "))
}

impl Page {
    pub(crate) fn new(
        base: Base,
        grants: Grants,
        injection: Option<Injection>,
        own: Option<OwnSources>,
    ) -> Self {
        Self {
            base,
            grants,
            injection,
            own,
            is_head_done: false,
            is_body_done: false,
            noscript: String::new(),
            inline: None,
            depth: 0,
            frames: 0,
            demanded_nonces: Vec::new(),
            unknown: BTreeSet::new(),
            held: Vec::new(),
        }
    }

    pub(super) const fn injects(&self) -> bool {
        self.injection.is_some()
    }

    pub(crate) const fn injection(&self) -> Option<&Injection> {
        self.injection.as_ref()
    }

    /// What was seen, once the page has passed.
    pub(crate) fn take_seen(&mut self) -> Seen {
        let mut held = std::mem::take(&mut self.held);
        held.sort_unstable_by_key(|vendor| vendor.id);
        held.dedup_by_key(|vendor| vendor.id);
        Seen { unknown: std::mem::take(&mut self.unknown).into_iter().collect(), held }
    }

    /// See [`PageRewriter::with_demanded_nonces`].
    pub(crate) fn demand(&mut self, demanded: Vec<Vec<String>>) {
        if let Some(injection) = &mut self.injection {
            injection.carry_nonce(&demanded);
        }
        self.demanded_nonces = demanded;
    }

    /// What was not put in while the page passed.
    pub(super) fn take_rest(&mut self) -> String {
        self.take_head() + &self.take_body()
    }

    fn take_head(&mut self) -> String {
        if std::mem::replace(&mut self.is_head_done, true) {
            return String::new();
        }
        self.injection.as_ref().map(|injection| injection.head.clone()).unwrap_or_default()
    }

    fn take_body(&mut self) -> String {
        if std::mem::replace(&mut self.is_body_done, true) {
            return String::new();
        }
        self.injection.as_mut().map(|injection| std::mem::take(&mut injection.body)).unwrap_or_default()
    }

    /// Every element of the page.
    pub(super) fn element(&mut self, element: &mut Element<'_, '_>) -> HandlerResult {
        let tag = element.tag_name();
        if self.injection.is_some() && !(self.is_head_done && self.is_body_done) {
            self.inject(element, &tag);
        }
        match tag.as_str() {
            "base" => {
                let href = element.get_attribute("href");
                if let Some(base) = href.and_then(|href| self.base.moved(&unescape(&href))) {
                    self.base = base;
                }
            }
            "meta" => self.hold(element, &tag)?,
            _ if self.grants.is_open() => {}
            "script" | "style" => {
                self.hold(element, &tag)?;
                self.begin_inline(element, &tag);
            }
            _ => self.hold(element, &tag)?,
        }
        Ok(())
    }

    /// Puts the gate before anything that could start a request or run a script, and the banner first in
    /// the body.
    fn inject(&mut self, element: &mut Element<'_, '_>, tag: &str) {
        let is_place = matches!(tag, "head" | "body" | "main" | "base" | "link" | "script" | "style");
        let can_start = || {
            let mut names = element.attributes().iter().map(|attribute| attribute.name());
            // A `meta` without a pragma only describes.
            names.any(|name| match tag {
                "meta" => name == "http-equiv",
                _ => name.starts_with("on") || rules_of(element, tag).iter().any(|(rule, _)| *rule == name),
            })
        };
        if !(is_place || can_start()) {
            return;
        }
        if !self.is_head_done {
            let head = self.take_head();
            if tag == "head" {
                element.prepend(&head, ContentType::Html);
            } else {
                element.before(&head, ContentType::Html);
            }
        }
        // These can stand in a head; everything else that is seen begins the body.
        if self.is_body_done || matches!(tag, "head" | "script" | "style" | "link" | "base" | "meta" | "html")
        {
            return;
        }
        let body = self.take_body();
        if tag == "body" {
            element.prepend(&body, ContentType::Html);
        } else {
            element.before(&body, ContentType::Html);
        }
    }

    /// Makes inert what the element's attributes would start, and keeps it beside.
    fn hold(&mut self, element: &mut Element<'_, '_>, tag: &str) -> HandlerResult {
        let mut owners: Vec<&'static Vendor> = Vec::new();
        let mut changes: Vec<(&str, Option<String>, Option<String>)> = Vec::new();
        for (name, reading) in rules_of(element, tag) {
            let Some(raw) = element.get_attribute(name) else { continue };
            let reading = match tag {
                "meta" => rules::of_pragma(&element.get_attribute("http-equiv").unwrap_or_default()),
                _ => Some(*reading),
            };
            let Some(reading) = reading else { continue };
            let mut found = Vec::new();
            let replacement = self.read(reading, &unescape(&raw), &mut found);
            if found.is_empty() && replacement.is_none() {
                continue;
            }
            // What changes without being anybody's is not kept: there is nothing to put back.
            let kept = (!found.is_empty()).then_some(raw);
            changes.push((name, kept, replacement));
            found.into_iter().for_each(|vendor| add(&mut owners, vendor));
        }
        for (name, kept, replacement) in changes {
            if let Some(raw) = kept {
                let held = format!("data-postern-{}", name.trim_start_matches("xlink:"));
                element.set_attribute(&held, &raw)?;
            }
            match replacement {
                Some(replacement) => element.set_attribute(name, &as_value(&replacement))?,
                None => element.remove_attribute(name),
            }
        }
        if !owners.is_empty() {
            self.mark(element, tag, &owners)?;
            self.held.append(&mut owners);
        }
        Ok(())
    }

    /// Adds the vendors that must be held in this value; what it must become if it is changed and stays.
    pub(crate) fn read(
        &mut self,
        reading: Reading,
        value: &str,
        owners: &mut Vec<&'static Vendor>,
    ) -> Option<String> {
        match reading {
            Reading::Address => self.look_at(value, owners),
            Reading::Srcset => candidates(value).for_each(|address| self.look_at(address, owners)),
            Reading::Spaced => {
                value.split_ascii_whitespace().for_each(|address| self.look_at(address, owners))
            }
            Reading::Listed => value.split(';').for_each(|address| self.look_at(address, owners)),
            Reading::Refresh => {
                refresh_address(value).into_iter().for_each(|address| self.look_at(address, owners));
            }
            Reading::Value => self.style(value, owners).map_or((), |_| ()),
            Reading::Declarations => return self.style(value, owners),
            Reading::Markup => return self.document(value, owners),
            Reading::Policy => {
                self.demanded_nonces.extend(csp::demanded_nonces(value));
                return self
                    .own
                    .as_ref()
                    .map(|own| csp::amend(value, own))
                    .filter(|amended| amended != value);
            }
        }
        None
    }

    pub(super) fn look_at(&mut self, address: &str, owners: &mut Vec<&'static Vendor>) {
        match judge(address, &self.base, &self.grants) {
            Found::Nothing => {}
            Found::Unknown(host) => self.note(host),
            Found::Held(vendor) => add(owners, vendor),
            Found::Stranger(vendor, host) => {
                self.note(host);
                add(owners, vendor);
            }
            Found::Inside(Media::Markup, markup) => {
                let _ = self.document(&markup, owners);
                self.xml_document(&markup, owners);
            }
            Found::Inside(Media::Script, script) => self.script(&script, ScriptKind::Module, owners),
            Found::Inside(Media::Style, css) => {
                let _ = self.style(&css, owners);
            }
        }
    }

    /// Notes a host that nobody lists.
    fn note(&mut self, host: String) {
        if self.unknown.len() < UNKNOWN_MAX {
            self.unknown.insert(host);
        }
    }

    /// The style sheet less what must be held; `None` if it can stay as it is.
    pub(crate) fn style(&mut self, css: &str, owners: &mut Vec<&'static Vendor>) -> Option<String> {
        // Nothing in a style sheet starts a request without one of these.
        if !css.contains(['(', '@', '\\']) {
            return None;
        }
        css::hold(css, |address| {
            let mut found = Vec::new();
            self.look_at(address, &mut found);
            let is_held = !found.is_empty();
            found.into_iter().for_each(|vendor| add(owners, vendor));
            is_held
        })
    }

    /// A document within the page: the same with everything denied held and, where scripts run in it, the
    /// gate in it; `None` if it can stay as it is.
    fn document(&mut self, markup: &str, owners: &mut Vec<&'static Vendor>) -> Option<String> {
        if self.depth >= DEPTH_MAX {
            return Some(String::new());
        }
        let head = self
            .injection
            .as_ref()
            .filter(|_| can_run(markup))
            .map(|injection| Injection { body: String::new(), ..injection.clone() });
        match self.rewrite_within(markup, head) {
            Ok((rewritten, held)) => {
                held.into_iter().for_each(|vendor| add(owners, vendor));
                (rewritten != markup).then_some(rewritten)
            }
            Err(_) => Some(String::new()),
        }
    }

    /// The same document as XML reads it: the address may say it is, and then other things stand in it.
    fn xml_document(&mut self, markup: &str, owners: &mut Vec<&'static Vendor>) {
        if self.depth >= DEPTH_MAX {
            return;
        }
        let mut page = Self::new(self.base.clone(), self.grants.clone(), None, None);
        page.depth = self.depth + 1;
        XmlRewriter::seen_in(markup, page).held.into_iter().for_each(|vendor| add(owners, vendor));
    }

    /// Runs a whole piece of markup through the same rules.
    fn rewrite_within(
        &mut self,
        markup: &str,
        injection: Option<Injection>,
    ) -> Result<(String, Vec<&'static Vendor>), RewriteError> {
        let charset = Charset { encoding: UTF_8, is_declared: true };
        let mut page = Self::new(self.base.clone(), self.grants.clone(), injection, None);
        page.depth = self.depth + 1;
        let mut inner = PageRewriter::of_page(charset, page);
        let mut out = inner.write(markup.as_bytes())?;
        let (rest, seen) = inner.end()?;
        out.extend(rest);
        self.unknown.extend(seen.unknown.into_iter().take(UNKNOWN_MAX.saturating_sub(self.unknown.len())));
        let out = String::from_utf8(out).map_err(|error| RewriteError::Parser(error.to_string()))?;
        Ok((out, seen.held))
    }

    fn mark(
        &mut self,
        element: &mut Element<'_, '_>,
        tag: &str,
        owners: &[&'static Vendor],
    ) -> HandlerResult {
        let (mut needs, ids) = marks(owners);
        if tag == "script" && !self.has_demanded_nonce(element) {
            // The browser would refuse it, so no grant may start it: the need that nothing meets.
            needs.push_str(" 0");
        }
        element.set_attribute("data-postern-need", &needs)?;
        element.set_attribute("data-postern-vendor", &ids)?;
        let is_address_held =
            ["data-postern-src", "data-postern-href"].iter().any(|name| element.has_attribute(name));
        if tag == "script" && is_address_held {
            let original = element.get_attribute("type").unwrap_or_default();
            element.set_attribute("data-postern-type", &original)?;
            element.set_attribute("type", "text/plain")?;
        }
        // Going back in history, browsers load a frame with what was in it then, whatever its markup says now: they
        // know it by its name, or by its place if it has none.
        let is_frame_held = ["data-postern-src", "data-postern-data", "data-postern-srcdoc"]
            .iter()
            .any(|name| element.has_attribute(name));
        if is_frame_held && matches!(tag, "iframe" | "frame" | "object" | "embed") {
            if let Some(name) = element.get_attribute("name") {
                element.set_attribute("data-postern-name", &name)?;
            }
            self.frames += 1;
            element.set_attribute("name", &format!("postern-held-{}-{}", self.depth, self.frames))?;
        }
        if tag == "iframe"
            && element.has_attribute("data-postern-src")
            && let (Some(injection), Some(owner)) = (&self.injection, owners.first())
        {
            element.set_attribute("srcdoc", &injection.note_of(owner))?;
        }
        Ok(())
    }

    fn has_demanded_nonce(&self, element: &Element<'_, '_>) -> bool {
        self.is_trusted(element.get_attribute("nonce").map(|nonce| unescape(&nonce).into_owned()).as_ref())
    }

    /// Does every policy that hands trust on trust a script with that nonce?
    pub(crate) fn is_trusted(&self, nonce: Option<&String>) -> bool {
        self.demanded_nonces.iter().all(|demanded| nonce.is_some_and(|nonce| demanded.contains(nonce)))
    }

    pub(super) fn hold_markup(&mut self, markup: &str) -> String {
        let Ok((rewritten, mut held)) = self.rewrite_within(markup, None) else { return String::new() };
        self.held.append(&mut held);
        rewritten
    }
}

/// The attributes with which this element can start a request.
fn rules_of(element: &Element<'_, '_>, tag: &str) -> &'static [rules::Rule] {
    match element.namespace_uri() {
        "http://www.w3.org/2000/svg" => rules::of_svg(tag),
        _ => rules::of_html(tag),
    }
}

pub(crate) fn add(owners: &mut Vec<&'static Vendor>, vendor: &'static Vendor) {
    if !owners.iter().any(|known| known.id == vendor.id) {
        owners.push(vendor);
    }
}

/// Could anything in it run a script? Then it needs the gate.
fn can_run(markup: &str) -> bool {
    let lower = markup.to_ascii_lowercase();
    lower.contains("<script") || lower.contains("javascript:") || has_event_attribute(&lower)
}

/// A word that begins with `on` and is given a value: `onload=`. More than enough, never too little.
fn has_event_attribute(lower: &str) -> bool {
    lower.match_indices("on").any(|(at, _)| {
        let before = lower.as_bytes().get(at.wrapping_sub(1)).copied();
        let is_word =
            before.is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'"' | b'\''));
        let name = lower.get(at..).unwrap_or("").trim_start_matches(|c: char| c.is_ascii_alphabetic());
        is_word && name.trim_start().starts_with('=')
    })
}

/// A text as the value of an attribute, where quotes are seen to elsewhere.
pub(super) fn as_value(text: &str) -> String {
    text.replace('&', "&amp;")
}
