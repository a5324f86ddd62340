//! What of an element of an XML document is held, and how: by the same rules and marks as in HTML.

use super::tag::{Tag, escape};
use super::{Space, XmlRewriter, plain_value};
use crate::RewriteError;
use crate::grants::CATEGORY_ATTRIBUTE;
use crate::html::rules::{self, Reading, Rule};
use crate::html::{add, marks};
use postern_catalogue::Vendor;
use quick_xml::events::BytesPI;
use quick_xml::name::QName;

/// The attributes with which an element of that namespace can start a request.
fn rules_of(space: Space, local: &str) -> &'static [Rule] {
    match space {
        Space::Xhtml => rules::of_html(local),
        Space::Svg => rules::of_svg(local),
        // Nothing there loads anything, but its style can.
        Space::MathMl => rules::of_html("math"),
        Space::XLink | Space::Other => &[],
    }
}

impl XmlRewriter {
    /// Makes inert what the element's attributes would start, and keeps it beside. True if anything changed.
    pub(super) fn hold(&mut self, tag: &mut Tag, space: Space, local: &str) -> Result<bool, RewriteError> {
        let is_html = space == Space::Xhtml;
        if is_html
            && local == "base"
            && let Some(base) = tag.get("href").and_then(|href| self.page.base.moved(&plain_value(href)))
        {
            self.page.base = base;
        }
        let is_meta = is_html && local == "meta";
        if self.page.grants.is_open() && !is_meta {
            return Ok(false);
        }
        let pragma =
            is_meta.then(|| rules::of_pragma(&plain_value(tag.get("http-equiv").unwrap_or_default())));
        let mut owners: Vec<&'static Vendor> = Vec::new();
        let mut changes: Vec<(String, String, bool, Option<String>)> = Vec::new();
        let own = self.own_code(tag).filter(|_| !is_meta);
        for (name, raw) in &tag.attributes {
            let Some((rule, reading)) = self.rule_of(name, space, local)? else { continue };
            let reading = match pragma {
                Some(pragma) if rule == "content" => pragma,
                _ => Some(reading),
            };
            let Some(reading) = reading else { continue };
            let (mut found, mut replacement) = self.read(reading, &plain_value(raw));
            if let Some(own) = own {
                found.push(own);
                replacement = None;
            }
            if !found.is_empty() || replacement.is_some() {
                let held = format!("data-postern-{}", rule.trim_start_matches("xlink:"));
                changes.push((name.clone(), held, !found.is_empty(), replacement));
            }
            found.into_iter().for_each(|vendor| add(&mut owners, vendor));
        }
        let is_changed = !changes.is_empty();
        for (name, held, is_kept, replacement) in changes {
            match is_kept {
                true => tag.rename(&name, &held),
                false => tag.remove(&name),
            }
            if let Some(replacement) = replacement {
                tag.set(&name, escape(&replacement));
            }
        }
        if !owners.is_empty() {
            self.mark(tag, space, local, &owners);
            owners.into_iter().for_each(|vendor| add(&mut self.page.held, vendor));
        }
        Ok(is_changed)
    }

    /// Who stands for the element, if the page says that it is its own and needs what is not granted.
    pub(super) fn own_code(&self, tag: &Tag) -> Option<&'static Vendor> {
        tag.get(CATEGORY_ATTRIBUTE).and_then(|raw| self.page.grants.denied_own(&plain_value(raw)))
    }

    /// The rule for this attribute of that element.
    fn rule_of(&self, name: &str, space: Space, local: &str) -> Result<Option<Rule>, RewriteError> {
        let is_link = match QName(name).decompose() {
            // Declarations and attributes of XML itself name nothing that is loaded.
            (_, Some(prefix)) if prefix.is_xml() || prefix.is_xmlns() => return Ok(None),
            (_, None) => false,
            (found, Some(_)) => {
                let bound = Space::of(self.names.resolve_attribute(QName(name)).0)?;
                if bound != Space::XLink || found.into_inner() != "href" {
                    return Ok(None);
                }
                true
            }
        };
        let wanted = if is_link { "xlink:href" } else { name };
        Ok(rules_of(space, local).iter().find(|(rule, _)| *rule == wanted).copied())
    }

    /// Whom a value names that must be held, and what it must become if it is changed and stays.
    fn read(&mut self, reading: Reading, value: &str) -> (Vec<&'static Vendor>, Option<String>) {
        let mut owners = Vec::new();
        let mut replacement: Option<String> = None;
        for base in self.bases_here() {
            let current = replacement.as_deref().unwrap_or(value).to_string();
            let replaced = self.with_base(base, |page| page.read(reading, &current, &mut owners));
            replacement = replaced.or(replacement);
            if reading == Reading::Policy {
                break;
            }
        }
        (owners, replacement)
    }

    fn mark(&self, tag: &mut Tag, space: Space, local: &str, owners: &[&'static Vendor]) {
        let (mut needs, ids) = marks(owners);
        let nonce = tag.get("nonce").map(|raw| plain_value(raw).into_owned());
        if local == "script" && !self.page.is_trusted(nonce.as_ref()) {
            // The browser would refuse it, so no grant may start it: the need that nothing meets.
            needs.push_str(" 0");
        }
        tag.set("data-postern-need", needs);
        tag.set("data-postern-vendor", ids);
        let is_held = tag.get("data-postern-src").or(tag.get("data-postern-href")).is_some();
        if local == "script" && is_held {
            let original = tag.get("type").unwrap_or_default().to_string();
            tag.set("data-postern-type", original);
            tag.set("type", "text/plain".into());
        }
        if space == Space::Xhtml
            && local == "iframe"
            && tag.get("data-postern-src").is_some()
            && let (Some(injection), Some(owner)) = (self.page.injection(), owners.first())
        {
            tag.set("srcdoc", escape(&injection.note_of(owner)));
        }
    }

    /// Does the script come from an address, so that its text is none?
    pub(super) fn is_script_of_address(&self, tag: &Tag, space: Space) -> bool {
        let held = if space == Space::Xhtml { "data-postern-src" } else { "data-postern-href" };
        let names = |name: &str| match (space, self.rule_of(name, space, "script")) {
            (Space::Xhtml, _) => name == "src",
            (_, Ok(Some((rule, _)))) => rule.ends_with("href"),
            _ => false,
        };
        tag.attributes.iter().any(|(name, _)| name == held || names(name))
    }

    /// Is it a style sheet that must not be loaded? Transformations make pages that nobody here can read, so they
    /// leave wherever anything is denied. Source: Associating Style Sheets with XML documents 1.0.
    pub(super) fn is_held_style_sheet(&mut self, token: &str) -> bool {
        let content = token.strip_prefix("<?").and_then(|rest| rest.strip_suffix("?>")).unwrap_or("");
        let instruction = BytesPI::new(content);
        if instruction.target() != "xml-stylesheet" || self.page.grants.is_open() {
            return false;
        }
        let mut owners = Vec::new();
        for attribute in instruction.attributes() {
            let Ok(attribute) = attribute else { return true };
            let value = plain_value(&attribute.value).into_owned();
            match attribute.key.0 {
                "type" if !matches!(value.trim().to_ascii_lowercase().as_str(), "" | "text/css") => {
                    return true;
                }
                "href" => owners = self.read(Reading::Address, &value).0,
                _ => {}
            }
        }
        let is_held = !owners.is_empty();
        owners.into_iter().for_each(|vendor| add(&mut self.page.held, vendor));
        is_held
    }
}
