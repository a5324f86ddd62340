//! Taking identifiers out of JSON.
//!
//! What lives here: the walk over values, events that cannot be made anonymous, PostHog's own marks of an
//! anonymous event. What never does: reading and writing JSON's wrappings (`body`).

use super::{
    Kind, Payload, fields,
    marks::{self, Address},
    rule::Rule,
    text::{Text, clean},
};
use serde_json::{Map, Value};

/// PostHog's id of everybody without cookies: the same for all, so it links nothing.
/// Source: posthog-js 1.449.2, `cookieless_mode`.
const POSTHOG_NOBODY: &str = "$posthog_cookieless";

/// How deep lists of events stand: a hit is one, or an object with one. Deeper lists are an event's own.
const EVENTS_DEPTH_MAX: u8 = 1;

/// One walk over one hit.
struct Walk<'hit> {
    rule: &'hit Rule,
    /// All of the vendor's payloads: events inside of a batch are looked at one by one.
    payloads: &'static [Payload],
    /// Was a list left without any of its events?
    is_emptied: bool,
}

/// The hit without identifiers; `None` if nothing of it can be made anonymous.
pub(super) fn strip_json(
    vendor: &str,
    payloads: &'static [Payload],
    rule: &Rule,
    value: Value,
) -> Option<Value> {
    let mut walk = Walk { rule, payloads, is_emptied: false };
    if walk.is_refused(&value) {
        return None;
    }
    let mut value = walk.strip(value, "", 0)?;
    if walk.is_emptied {
        return None;
    }
    if vendor == "posthog" {
        mark_posthog(&mut value);
    }
    Some(value)
}

impl Walk<'_> {
    /// The value without identifiers; `None` if it is an event that cannot be made anonymous. As deep as the
    /// parser goes, which is 128.
    fn strip(&mut self, value: Value, key: &str, depth: u8) -> Option<Value> {
        Some(match value {
            Value::Object(map) => {
                let mut kept = Map::new();
                for (inner, value) in map {
                    if self.rule.is_key_id(key, &inner) {
                        continue;
                    }
                    if let Some(value) = self.strip(value, &inner, depth.saturating_add(1)) {
                        // Keys may be addresses too: PostHog's heatmaps have them.
                        kept.insert(clean(&inner, Text::Any).unwrap_or(inner), value);
                    }
                }
                Value::Object(kept)
            }
            Value::Array(items) => {
                let had_any = !items.is_empty();
                let mut kept = Vec::with_capacity(items.len());
                for item in items {
                    if depth > EVENTS_DEPTH_MAX || !self.is_refused(&item) {
                        kept.extend(self.strip(item, key, depth.saturating_add(1)));
                    }
                }
                self.is_emptied |= had_any && kept.is_empty() && depth <= EVENTS_DEPTH_MAX;
                Value::Array(kept)
            }
            Value::String(text) => Value::String(self.strip_text(text, key)?),
            other => other,
        })
    }

    /// Is that an event of a kind that cannot be made anonymous?
    fn is_refused(&self, value: &Value) -> bool {
        value.is_object()
            && self.payloads.iter().any(|payload| !payload.cookieless && marks::in_event(payload, value))
    }

    /// A text may be an address, hold some, or be a whole hit: Matomo sends them in bulk as queries.
    fn strip_text(&self, text: String, key: &str) -> Option<String> {
        let (before, query) = match text.find('?') {
            Some(mark) => text.split_at(mark + 1),
            None => ("", text.as_str()),
        };
        if self.payloads.iter().any(|payload| payload.kind == Kind::Query) && query.contains('=') {
            let nowhere = Address { path: "", fields: Vec::new() };
            let read = fields::read_fields(query);
            let hit = |payload: &&Payload| marks::in_fields(payload, &nowhere, &read);
            let matching: Vec<&'static Payload> = self.payloads.iter().filter(hit).collect();
            if !matching.is_empty() {
                let rule = Rule::new(matching);
                let stripped = fields::strip_fields(query, &rule, &[]).filter(|_| rule.is_cookieless());
                return stripped.map(|query| format!("{before}{query}"));
            }
        }
        Some(clean(&text, self.rule.text(key)).unwrap_or(text))
    }
}

/// Says of each event, in PostHog's own words, that it is nobody's.
fn mark_posthog(value: &mut Value) {
    match value {
        Value::Array(events) => events.iter_mut().for_each(mark_posthog),
        Value::Object(map) => {
            let is_event = map.contains_key("event");
            let batch = ["batch", "data"].into_iter().find(|key| map.get(*key).is_some_and(Value::is_array));
            if let Some(events) = batch.and_then(|key| map.get_mut(key)) {
                mark_posthog(events);
            } else if is_event {
                let properties = map.entry("properties").or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(properties) = properties {
                    for (name, value) in [
                        ("distinct_id", POSTHOG_NOBODY.into()),
                        ("$device_id", Value::Null),
                        ("$cookieless_mode", true.into()),
                        ("$geoip_disable", true.into()),
                    ] {
                        // At the end, so that doing it twice changes nothing.
                        properties.shift_remove(name);
                        properties.insert(name.into(), value);
                    }
                }
            } else {
                // Flags are asked for somebody: for nobody.
                for (name, value) in
                    [("distinct_id", Value::from(POSTHOG_NOBODY)), ("geoip_disable", true.into())]
                {
                    map.shift_remove(name);
                    map.insert(name.into(), value);
                }
            }
        }
        _ => {}
    }
}
