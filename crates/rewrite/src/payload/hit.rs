//! Whose hit a request is, and the hit without identifiers.
//!
//! What lives here: the order in which address and body are asked. What never does: what the answer is
//! good for; a hit of a granted vendor passes whole, and nobody asks here at all.

use super::{
    BEGINNING_BYTES, BODY_BYTES_MAX, MULTIPART_BYTES_MAX, Payload,
    body::{self, Body, Coding, Content, DATA},
    facts::PAYLOADS,
    fields::{self, Field},
    gzip, json,
    marks::{self, Address},
    multipart,
    rule::Rule,
};
use serde_json::Value;

/// A request on its way to the origin or to a vendor behind the site's own host.
#[derive(Clone, Copy, Debug, Default)]
pub struct CollectFacts<'request> {
    /// Its method, in capitals.
    pub method: &'request str,
    /// Its path, as it came.
    pub path: &'request str,
    /// Its query, as it came, without `?`.
    pub query: &'request str,
    /// The value of `content-type`, or nothing.
    pub content_type: &'request str,
    /// The value of `content-encoding`, or nothing.
    pub content_encoding: &'request str,
    /// The value of `content-length`, if there is one.
    pub body_bytes: Option<u64>,
    /// The body, as it came; [`glance`] does without.
    pub body: &'request [u8],
    /// Is the body only a beginning, because it went on after [`BODY_BYTES_MAX`]?
    pub is_cut: bool,
}

/// What a look at the address says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glance {
    /// No hit: let it pass unread.
    NotACollector,
    /// A hit of the vendor with that id.
    Collector(&'static str),
    /// The body decides: read at most [`BODY_BYTES_MAX`] of it, then [`read_hit`].
    NeedsBody,
}

/// A hit, and whose.
#[derive(Debug)]
pub struct Hit<'request> {
    /// The vendor's id in the catalogue.
    pub vendor: &'static str,
    payloads: &'static [Payload],
    rule: Rule,
    query: &'request str,
    query_json: Option<Json>,
    body: Body,
    body_json: Option<Json>,
}

/// A hit without identifiers. Path, content type and content encoding stay as they were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrippedHit {
    /// The query to send, without `?`.
    pub query: String,
    /// The body to send; `None` if there was none.
    pub body: Option<Vec<u8>>,
}

/// What the address, the method and the declared type and length say. Cheap: no body is needed.
///
/// Uploads are never asked for: media, forms with parts that are longer than a beacon can be or of unknown
/// length, bodies longer than [`BODY_BYTES_MAX`].
#[must_use]
pub fn glance(facts: &CollectFacts) -> Glance {
    if let Some(hit) = read_hit(&CollectFacts { body: &[], ..*facts }) {
        return Glance::Collector(hit.vendor);
    }
    let is_read = matches!(facts.method, "POST" | "PUT" | "PATCH")
        && facts.body_bytes.is_none_or(|bytes| (1..=BODY_BYTES_MAX as u64).contains(&bytes))
        && may_be_hit(facts.content_type, facts.body_bytes);
    if is_read { Glance::NeedsBody } else { Glance::NotACollector }
}

/// Could a hit be sent under that type? Vendors use any that say little, or none; not those that say much.
fn may_be_hit(content_type: &str, body_bytes: Option<u64>) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "multipart/form-data" {
        return body_bytes.is_some_and(|bytes| bytes <= MULTIPART_BYTES_MAX as u64);
    }
    let telling = [
        "image/",
        "video/",
        "audio/",
        "font/",
        "model/",
        "multipart/",
        "application/pdf",
        "application/zip",
        "application/wasm",
        "application/grpc",
        "application/vnd.",
        "application/offset+octet-stream",
        "application/xml",
        "application/soap",
        "application/msword",
        "text/xml",
        "text/html",
        "text/csv",
    ];
    !telling.iter().any(|beginning| essence.starts_with(beginning))
}

/// The hit that a request is, by its shape; `None` if it is no collector's.
///
/// A body that cannot be read (cut off, broken, too large once unpacked) is a hit if its first 64 kB show all
/// marks of one, so that nothing passes because it is damaged. It cannot be stripped, though.
#[must_use]
pub fn read_hit<'request>(facts: &CollectFacts<'request>) -> Option<Hit<'request>> {
    read_hit_of(facts, &PAYLOADS)
}

/// The same, if it is a hit of one of these vendors.
pub(super) fn read_hit_of<'request>(
    facts: &CollectFacts<'request>,
    vendors: &[(&'static str, &'static [Payload])],
) -> Option<Hit<'request>> {
    let address = Address { path: facts.path, fields: fields::read_fields(facts.query) };
    let is_sent = matches!(facts.method, "POST" | "PUT" | "PATCH");
    let sent = if is_sent { facts.body } else { &[] };
    let mut body = body::read_body(sent, facts.content_encoding, facts.is_cut);
    let is_whole = !matches!(body.content, Content::Beginning(_));
    // JSON is only needed once, and may be long.
    let json = match &mut body.content {
        Content::Json(text) => Some((Coding::Plain, std::mem::take(text))),
        Content::Beginning(text) if body::is_json(text) => Some((Coding::Plain, std::mem::take(text))),
        _ => None,
    };
    let body_fields = match &body.content {
        Content::Fields(text) | Content::Parts(_, text) => fields::read_fields(text),
        Content::Beginning(text) if fields::is_fields(text) => fields::read_fields(text),
        _ => Vec::new(),
    };
    let query_json = data(&address.fields).map(|(coding, text)| Json::read(coding, text, true, &address));
    let body_json = json.or_else(|| data(&body_fields));
    let body_json = body_json.map(|(coding, text)| Json::read(coding, text, is_whole, &address));

    let is_matching = |payload: &&Payload| {
        marks::in_fields(payload, &address, &body_fields)
            || marks::in_address(payload, &address)
            || [&query_json, &body_json].into_iter().flatten().any(|json| json.has(payload, &address))
    };
    let (vendor, payloads, rule) = vendors.iter().find_map(|(vendor, payloads)| {
        let matching: Vec<&'static Payload> = payloads.iter().filter(is_matching).collect();
        (!matching.is_empty()).then(|| (*vendor, *payloads, Rule::new(matching)))
    })?;
    Some(Hit { vendor, payloads, rule, query: facts.query, query_json, body, body_json })
}

impl Hit<'_> {
    /// The hit without identifiers, so that nothing links it to another; `None` if this kind of hit is about
    /// a person, or its body cannot be read.
    ///
    /// What stays keeps its order; of queries, forms and lines it keeps every byte. JSON is written compactly.
    #[must_use]
    pub fn strip(self) -> Option<StrippedHit> {
        let Self { vendor, payloads, rule, query, query_json, body, body_json } = self;
        if !rule.is_cookieless() {
            return None;
        }
        let strip = |json: Json| {
            let coding = json.coding;
            Some((coding, json::strip_json(vendor, payloads, &rule, json.into_value()?)?.to_string()))
        };
        let mut for_query = Vec::new();
        if let Some(json) = query_json {
            let (coding, text) = strip(json)?;
            for_query = replacements(coding, &text);
        }
        let bytes = match (&body.content, body_json) {
            (Content::Nothing, _) => None,
            (Content::Json(_), Some(json)) => Some(strip(json)?.1.into_bytes()),
            (Content::Fields(text), None) => Some(fields::strip_fields(text, &rule, &[])?.into_bytes()),
            (Content::Fields(text), Some(json)) => {
                let (coding, json) = strip(json)?;
                let for_body = replacements(coding, &json);
                // What the body is coded in may be said in the query.
                for_query.extend(for_body.iter().filter(|(name, _)| *name != DATA).cloned());
                Some(fields::strip_fields(text, &rule, &for_body)?.into_bytes())
            }
            (Content::Parts(text, _), _) => Some(multipart::strip_parts(text, &rule)?.into_bytes()),
            (Content::Json(_) | Content::Beginning(_) | Content::Other, _) => return None,
        };
        let body = bytes.map(|bytes| if body.is_packed { gzip::pack(&bytes) } else { bytes });
        Some(StrippedHit { query: fields::strip_fields(query, &rule, &for_query)?, body })
    }
}

/// The JSON in the field that vendors hide it in.
fn data(fields: &[Field]) -> Option<(Coding, String)> {
    fields.iter().find(|field| field.name == DATA).and_then(|field| body::read_data(field.raw_value()))
}

/// The fields that carry that JSON, anew.
fn replacements(coding: Coding, json: &str) -> Vec<(&'static str, String)> {
    let mut fields = vec![(DATA, body::write_data(coding, json))];
    if coding == Coding::Lz {
        // Source: PostHog's capture service reads `compression=base64`, posthog-js sends it.
        fields.push(("compression", "base64".into()));
    }
    fields
}

/// JSON that a request carries.
#[derive(Debug)]
struct Json {
    coding: Coding,
    /// What was not parsed.
    text: String,
    state: JsonState,
}

#[derive(Debug)]
enum JsonState {
    /// No collector's keys are in it, so it was not parsed.
    Foreign,
    /// It has some, and this is what it says.
    Parsed(Value),
    /// It has some, and cannot be parsed.
    Broken,
}

impl Json {
    fn read(coding: Coding, mut text: String, is_whole: bool, address: &Address) -> Self {
        let payloads = || PAYLOADS.iter().flat_map(|(_, payloads)| *payloads);
        let keys = marks::known_keys(payloads(), &text);
        let state = if !payloads().any(|payload| marks::in_keys(payload, address, &keys)) {
            JsonState::Foreign
        } else if let Some(value) = if is_whole { body::parse(&text) } else { None } {
            text = String::new();
            JsonState::Parsed(value)
        } else {
            text.truncate(text.floor_char_boundary(BEGINNING_BYTES));
            JsonState::Broken
        };
        Self { coding, text, state }
    }

    fn has(&self, payload: &Payload, address: &Address) -> bool {
        match &self.state {
            JsonState::Foreign => false,
            JsonState::Parsed(value) => marks::in_json(payload, address, value),
            JsonState::Broken => marks::in_text(payload, address, self.text.as_bytes()),
        }
    }

    /// What it says, also if something else told whose hit it is.
    fn into_value(self) -> Option<Value> {
        match self.state {
            JsonState::Foreign => body::parse(&self.text),
            JsonState::Parsed(value) => Some(value),
            JsonState::Broken => None,
        }
    }
}
