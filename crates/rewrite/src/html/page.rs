//! What happens to each element of a page: what goes in before it, what of it is held.

use super::inline::Inline;
use super::rules::{self, Reading, refresh_address};
use super::tag::Tag;
use super::tree::Space;
use super::{Injection, PageRewriter, Seen};
use crate::address::{Base, Found, Media, as_data_address, candidates, data_document, judge, script_of};
use crate::grants::{CATEGORY_ATTRIBUTE, Grants};
use crate::script::{ScriptKind, addresses};
use crate::xml::XmlRewriter;
use crate::{OwnSources, csp, css};
use encoding_rs::{Encoding, UTF_8};
use postern_catalogue::Vendor;
use postern_sort::sorted_by_key;
use std::borrow::Cow;
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
    /// The encoding in which its markup is cut.
    pub(super) encoding: &'static Encoding,
    pub(super) inline: Option<Inline>,
    pub(super) depth: usize,
    /// Frames held so far.
    frames: usize,
    /// See [`csp::demanded_nonces`], a list for each policy.
    demanded_nonces: Vec<Vec<String>>,
    /// Third parties nobody knows.
    pub(crate) unknown: BTreeSet<String>,
    /// Whom something was held of.
    pub(crate) held: Vec<&'static Vendor>,
    /// Whose snippet was left alone.
    pub(super) snippets: Vec<&'static Vendor>,
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
            encoding: UTF_8,
            inline: None,
            depth: 0,
            frames: 0,
            demanded_nonces: Vec::new(),
            unknown: BTreeSet::new(),
            held: Vec::new(),
            snippets: Vec::new(),
        }
    }

    pub(crate) const fn injection(&self) -> Option<&Injection> {
        self.injection.as_ref()
    }

    /// What was seen, once the page has passed.
    pub(crate) fn take_seen(&mut self) -> Seen {
        let mut held = sorted_by_key(std::mem::take(&mut self.held), |vendor| vendor.id);
        held.dedup_by_key(|vendor| vendor.id);
        let snippets = std::mem::take(&mut self.snippets);
        Seen { unknown: std::mem::take(&mut self.unknown).into_iter().collect(), held, snippets }
    }

    /// See [`PageRewriter::with_demanded_nonces`].
    pub(crate) fn demand(&mut self, demanded: Vec<Vec<String>>) {
        if let Some(injection) = &mut self.injection {
            injection.carry_nonce(&demanded);
        }
        self.demanded_nonces = demanded;
    }

    /// See [`Injection::speak`].
    pub(crate) fn speak(&mut self, lang: Option<&str>) {
        if let Some(injection) = &mut self.injection {
            injection.speak(lang);
        }
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
        self.speak(None);
        self.injection.as_mut().map(|injection| std::mem::take(&mut injection.body)).unwrap_or_default()
    }

    /// Every element of the page: what goes in before it and what first into it, while it is changed itself.
    pub(super) fn element(&mut self, tag: &mut Tag<'_>) -> (String, String) {
        // The root element says the page's language, and comes first if it is there at all.
        self.speak(if tag.name() == "html" { tag.get("lang") } else { None }.as_deref());
        let parts = if self.injection.is_some() && !(self.is_head_done && self.is_body_done) {
            self.inject(tag)
        } else {
            Default::default()
        };
        match tag.name() {
            "base" => {
                if let Some(base) = tag.get("href").and_then(|href| self.base.moved(&href)) {
                    self.base = base;
                }
            }
            "meta" => self.hold(tag),
            _ if self.grants.is_open() => {}
            "script" | "style" => {
                self.hold(tag);
                self.begin_inline(tag);
            }
            _ => self.hold(tag),
        }
        parts
    }

    /// The gate goes before anything that could start a request or run a script, and the banner first into the body.
    fn inject(&mut self, tag: &Tag<'_>) -> (String, String) {
        let name = tag.name();
        let is_place = matches!(name, "head" | "body" | "main" | "base" | "link" | "script" | "style");
        let can_start = || {
            let is = |found: &[u8], known: &str| found.eq_ignore_ascii_case(known.as_bytes());
            tag.attributes().any(|(found, _)| match name {
                // A `meta` without a pragma only describes.
                "meta" => is(found, "http-equiv"),
                _ => {
                    found.get(..2).is_some_and(|start| is(start, "on"))
                        || rules_of(tag).iter().any(|(rule, _)| is(found, rule))
                }
            })
        };
        let (mut before, mut within) = (String::new(), String::new());
        // A page of frames has no body: browsers pass over what is not a frame, and other parsers stumble at it.
        // Source: HTML standard, 13.2.6.4.20 "in frameset".
        self.is_body_done |= name == "frameset";
        if !(is_place || can_start()) {
            return (before, within);
        }
        if !self.is_head_done {
            let place = if name == "head" { &mut within } else { &mut before };
            place.push_str(&self.take_head());
        }
        // These can stand in a head; everything else that is seen begins the body.
        if !self.is_body_done
            && !matches!(name, "head" | "script" | "style" | "link" | "base" | "meta" | "html")
        {
            let place = if name == "body" { &mut within } else { &mut before };
            place.push_str(&self.take_body());
        }
        (before, within)
    }

    /// Makes inert what the element's attributes would start, and keeps it beside.
    fn hold(&mut self, tag: &mut Tag<'_>) {
        let mut owners: Vec<&'static Vendor> = Vec::new();
        let mut changes: Vec<(&str, bool, Option<String>)> = Vec::new();
        let own = self.own_code(tag);
        for (name, reading) in rules_of(tag) {
            let Some(value) = tag.get(name) else { continue };
            let reading = match tag.name() {
                "meta" => rules::of_pragma(&tag.get("http-equiv").unwrap_or_default()),
                _ => Some(*reading),
            };
            let Some(reading) = reading else { continue };
            let mut found = Vec::new();
            let mut replacement = self.read(reading, &value, &mut found);
            if let Some(own) = own.filter(|_| tag.name() != "meta") {
                found.push(own);
                replacement = None;
            }
            if found.is_empty() && replacement.is_none() {
                continue;
            }
            changes.push((name, !found.is_empty(), replacement));
            found.into_iter().for_each(|vendor| add(&mut owners, vendor));
        }
        for (name, is_held, replacement) in changes {
            // What changes without being anybody's is not kept: there is nothing to put back.
            if let Some(raw) = tag.raw(name).filter(|_| is_held).map(<[u8]>::to_vec) {
                tag.set_raw(&format!("data-postern-{}", name.trim_start_matches("xlink:")), raw);
            }
            match replacement {
                Some(replacement) => tag.set(name, &replacement),
                None => tag.remove(name),
            }
        }
        if !owners.is_empty() {
            self.mark(tag, &owners);
            self.held.append(&mut owners);
        }
    }

    /// Who stands for the element, if the page says that it is its own and needs what is not granted.
    pub(super) fn own_code(&self, tag: &Tag<'_>) -> Option<&'static Vendor> {
        tag.get(CATEGORY_ATTRIBUTE).and_then(|category| self.grants.denied_own(&category))
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
            Reading::Document => {
                self.look_at(value, owners);
                if let Some(script) = script_of(value) {
                    self.script_of_frame(&script, owners);
                }
                return if owners.is_empty() { self.framed(value) } else { None };
            }
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

    pub(crate) fn look_at(&mut self, address: &str, owners: &mut Vec<&'static Vendor>) {
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

    /// What a frame's own code names: in its strings, as an address or in markup.
    fn script_of_frame(&mut self, script: &str, owners: &mut Vec<&'static Vendor>) {
        self.script(script, ScriptKind::Module, owners);
        for text in addresses(script, ScriptKind::Rules) {
            if text.contains('<') {
                let _ = self.document(&text, owners);
            } else if text.contains("//") {
                self.look_at(&text, owners);
            }
        }
    }

    /// The address of a document within the page whose scripts can run, with the gate in it; `None` for any other.
    fn framed(&self, address: &str) -> Option<String> {
        let injection = self.injection.as_ref()?;
        let (essence, content) = data_document(address).filter(|(_, content)| can_run(content))?;
        if self.depth >= DEPTH_MAX {
            return Some(as_data_address(&essence, ""));
        }
        let page = self.within(Some(injection.within()), UTF_8);
        // What nobody here can read is shown to nobody.
        let guarded = if essence.ends_with("xml") {
            XmlRewriter::rewritten(&content, page)
        } else {
            PageRewriter::rewritten(&content, page).map(|(guarded, _)| guarded)
        };
        Some(as_data_address(&essence, &guarded.unwrap_or_default()))
    }

    /// A document within the page: the same with everything denied held and, where scripts run in it, the
    /// gate in it; `None` if it can stay as it is.
    fn document(&mut self, markup: &str, owners: &mut Vec<&'static Vendor>) -> Option<String> {
        if self.depth >= DEPTH_MAX {
            return Some(String::new());
        }
        let head = self.injection.as_ref().filter(|_| can_run(markup)).map(Injection::within);
        let Ok((rewritten, seen)) = PageRewriter::rewritten(markup, self.within(head, UTF_8)) else {
            return Some(String::new());
        };
        self.note_within(seen, owners);
        (rewritten != markup).then_some(rewritten)
    }

    /// The same document as XML reads it: the address may say it is, and then other things stand in it.
    fn xml_document(&mut self, markup: &str, owners: &mut Vec<&'static Vendor>) {
        if self.depth >= DEPTH_MAX {
            return;
        }
        let page = self.within(None, UTF_8);
        self.note_within(XmlRewriter::seen_in(markup, page), owners);
    }

    /// A page for what stands within this one.
    fn within(&self, injection: Option<Injection>, encoding: &'static Encoding) -> Self {
        let mut page = Self::new(self.base.clone(), self.grants.clone(), injection, None);
        page.encoding = encoding;
        page.depth = self.depth + 1;
        page
    }

    /// What a document within the page names is the page's. A snippet that was left alone there holds nobody: the gate
    /// stands in that document, too.
    fn note_within(&mut self, seen: Seen, owners: &mut Vec<&'static Vendor>) {
        seen.snippets.into_iter().for_each(|vendor| add(&mut self.snippets, vendor));
        seen.held.into_iter().for_each(|vendor| add(owners, vendor));
        self.note_unknown(seen.unknown);
    }

    fn note_unknown(&mut self, unknown: Vec<String>) {
        self.unknown.extend(unknown.into_iter().take(UNKNOWN_MAX.saturating_sub(self.unknown.len())));
    }

    fn mark(&mut self, tag: &mut Tag<'_>, owners: &[&'static Vendor]) {
        let (mut needs, ids) = marks(owners);
        let name = tag.name();
        if name == "script" && !self.is_trusted(tag.get("nonce").map(Cow::into_owned).as_ref()) {
            // The browser would refuse it, so no grant may start it: the need that nothing meets.
            needs.push_str(" 0");
        }
        tag.set("data-postern-need", &needs);
        tag.set("data-postern-vendor", &ids);
        let is_address_held = ["data-postern-src", "data-postern-href"].iter().any(|held| tag.has(held));
        if name == "script" && is_address_held {
            let original = tag.raw("type").unwrap_or_default().to_vec();
            tag.set_raw("data-postern-type", original);
            tag.set("type", "text/plain");
        }
        // Going back in history, browsers load a frame with what was in it then, whatever its markup says now: they
        // know it by its name, or by its place if it has none.
        let is_frame_held =
            ["data-postern-src", "data-postern-data", "data-postern-srcdoc"].iter().any(|held| tag.has(held));
        if is_frame_held && matches!(name, "iframe" | "frame" | "object" | "embed") {
            if let Some(original) = tag.raw("name").map(<[u8]>::to_vec) {
                tag.set_raw("data-postern-name", original);
            }
            self.frames += 1;
            tag.set("name", &format!("postern-held-{}-{}", self.depth, self.frames));
        }
        if name == "iframe"
            && tag.has("data-postern-src")
            && let (Some(injection), Some(owner)) = (&self.injection, owners.first())
        {
            tag.set_raw("srcdoc", injection.note_of(owner).into_bytes());
        }
    }

    /// Does every policy that hands trust on trust a script with that nonce?
    pub(crate) fn is_trusted(&self, nonce: Option<&String>) -> bool {
        self.demanded_nonces.iter().all(|demanded| nonce.is_some_and(|nonce| demanded.contains(nonce)))
    }

    /// Markup that stands as text in the page, with what it would start held, and whether it is whole; empty if it
    /// cannot be read.
    pub(super) fn hold_markup(&mut self, markup: &[u8]) -> (Vec<u8>, bool) {
        if self.depth >= DEPTH_MAX {
            return (Vec::new(), true);
        }
        let piece = PageRewriter::rewritten_piece(markup, self.within(None, self.encoding));
        let Ok((rewritten, mut seen, is_whole)) = piece else { return (Vec::new(), true) };
        self.note_unknown(seen.unknown);
        seen.snippets.drain(..).for_each(|vendor| add(&mut self.snippets, vendor));
        self.held.append(&mut seen.held);
        (rewritten, is_whole)
    }
}

/// The attributes with which this element can start a request.
fn rules_of(tag: &Tag<'_>) -> &'static [rules::Rule] {
    match tag.space {
        Space::Svg => rules::of_svg(tag.name()),
        Space::Html | Space::MathMl => rules::of_html(tag.name()),
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
