//! What is taken out of a hit: the fields of the payloads it matches.
//!
//! What lives here: the comparison of names. What never does: the names (`facts`, the catalogue).

use super::{
    Payload,
    marks::is_match,
    text::{Text, is_identifying},
};

/// The fields of one hit that go, and those that are addresses.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    payloads: Vec<&'static Payload>,
}

impl Rule {
    /// The rule that these payloads make together.
    pub(super) fn new(payloads: Vec<&'static Payload>) -> Self {
        Self { payloads }
    }

    /// Can a hit with these payloads be made anonymous? One that says no is enough.
    pub(super) fn is_cookieless(&self) -> bool {
        !self.payloads.is_empty() && self.payloads.iter().all(|payload| payload.cookieless)
    }

    /// Does the (decoded) name of a field say that it identifies somebody?
    pub(super) fn is_id(&self, name: &str) -> bool {
        self.is_listed(name) || is_identifying(name) || inner(name).is_some_and(|inner| self.is_id(inner))
    }

    /// The same for a key in JSON, inside of another.
    pub(super) fn is_key_id(&self, parent: &str, key: &str) -> bool {
        self.is_id(key) || self.is_listed(&format!("{parent}.{key}"))
    }

    /// What the field's value is.
    pub(super) fn text(&self, name: &str) -> Text {
        let is_address = self.payloads.iter().any(|payload| payload.addresses.contains(&name));
        if is_address { Text::Address } else { Text::Any }
    }

    fn is_listed(&self, name: &str) -> bool {
        self.payloads.iter().any(|payload| payload.ids.iter().any(|pattern| is_match(pattern, name)))
    }
}

/// The name inside of a name: `ep.uid`, `cd[uid]`. Sites send what they like as parameters of their own.
fn inner(name: &str) -> Option<&str> {
    let (_, inner) = name.split_once(['.', '['])?;
    let inner = inner.strip_suffix(']').unwrap_or(inner);
    (!inner.is_empty()).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::facts::PAYLOADS;

    fn rule(vendor: &str) -> Rule {
        let (_, payloads) = PAYLOADS.iter().find(|(id, _)| *id == vendor).unwrap();
        Rule::new(vec![&payloads[0]])
    }

    #[test]
    fn names_are_known_with_their_wildcards_and_inside_of_others() {
        let ga4 = rule("ga4");
        for id in ["cid", "ep.user_data.em", "ep.cid", "ec_lat", "up.x", "gclid", "ep.fbclid", "ep.a.gclid"] {
            assert!(ga4.is_id(id), "{id}");
        }
        for kept in ["v", "tid", "en", "ep.value", "dl", "ccid", "cid2", "", "ep.", "_et"] {
            assert!(!ga4.is_id(kept), "{kept}");
        }
        let meta = rule("meta-pixel");
        assert!(meta.is_id("ud[em]") && meta.is_id("cd[fbclid]") && meta.is_id("cd[external_id]"));
        assert!(!meta.is_id("cd[value]") && !meta.is_id("id"));
    }

    #[test]
    fn keys_are_known_by_their_parent() {
        let segment = rule("segment");
        assert!(segment.is_key_id("context", "ip"));
        assert!(!segment.is_key_id("properties", "ip"));
    }
}
