//! Hits of every vendor, innocent requests, and properties over both.

mod golden;
mod innocent;
mod properties;
mod vendors;

use super::{
    CollectFacts, Hit, StrippedHit,
    body::{Content, read_body, read_data},
    fields::{encode, read_fields},
    gzip, read_hit,
};
use base64::{Engine, engine::general_purpose::STANDARD};

/// A request by address.
fn get(path: &str, query: &str) -> Sent {
    Sent { method: "GET", path: path.into(), query: query.into(), ..Sent::default() }
}

/// A request with a body.
fn post(path: &str, query: &str, content_type: &'static str, body: impl AsRef<[u8]>) -> Sent {
    let body = body.as_ref().to_vec();
    Sent { method: "POST", path: path.into(), query: query.into(), content_type, body, ..Sent::default() }
}

/// A request that owns what it says.
#[derive(Clone, Debug, Default)]
struct Sent {
    method: &'static str,
    path: String,
    query: String,
    content_type: &'static str,
    content_encoding: &'static str,
    body: Vec<u8>,
    is_cut: bool,
}

impl Sent {
    fn facts(&self) -> CollectFacts<'_> {
        CollectFacts {
            method: self.method,
            path: &self.path,
            query: &self.query,
            content_type: self.content_type,
            content_encoding: self.content_encoding,
            body_bytes: Some(self.body.len() as u64),
            body: &self.body,
            is_cut: self.is_cut,
        }
    }

    fn vendor(&self) -> Option<&'static str> {
        read_hit(&self.facts()).map(|hit| hit.vendor)
    }

    fn strip(&self) -> Option<StrippedHit> {
        read_hit(&self.facts()).and_then(Hit::strip)
    }

    /// The request as it goes on.
    fn stripped(&self) -> Option<Self> {
        let hit = self.strip()?;
        assert_eq!(hit.body.is_some(), !self.body.is_empty() && self.method != "GET");
        Some(Self { query: hit.query, body: hit.body.unwrap_or_default(), ..self.clone() })
    }

    /// Everything it says, taken out of every wrapping.
    fn text(&self) -> String {
        let mut out = self.query.clone();
        let mut open = |text: &str| {
            out.push('\n');
            out.push_str(text);
            for field in read_fields(text) {
                out.push('\n');
                out.push_str(&field.value());
                if let Some((_, json)) = read_data(field.raw_value()) {
                    out.push('\n');
                    out.push_str(&json);
                }
            }
        };
        open(&self.query);
        match read_body(&self.body, "", false).content {
            Content::Json(text) | Content::Fields(text) | Content::Parts(text, _) => open(&text),
            Content::Beginning(text) => panic!("unreadable: {text}"),
            Content::Nothing | Content::Other => open(&String::from_utf8_lossy(&self.body)),
        }
        out
    }

    /// The body as JSON, out of gzip.
    fn json(&self) -> serde_json::Value {
        let Content::Json(text) = read_body(&self.body, "", false).content else {
            panic!("no JSON: {self:?}")
        };
        serde_json::from_str(&text).unwrap()
    }

    /// The same request, its JSON body in another wrapping.
    fn wrapped(&self, wrapping: Wrapping) -> Self {
        let form = |text: &[u8]| format!("data={}", encode(&STANDARD.encode(text))).into_bytes();
        let plain = |text: &[u8]| format!("v=1&data={}", encode(std::str::from_utf8(text).unwrap()));
        let mut other = self.clone();
        match wrapping {
            Wrapping::None => {}
            Wrapping::Gzip => other.body = gzip::pack(&self.body),
            Wrapping::Form => other.body = form(&self.body),
            Wrapping::FormInGzip => other.body = gzip::pack(&form(&self.body)),
            Wrapping::PlainForm => other.body = plain(&self.body).into_bytes(),
            Wrapping::Query => {
                other.method = "GET";
                let separator = if self.query.is_empty() { "" } else { "&" };
                let data = String::from_utf8(form(&self.body)).unwrap();
                other.query = format!("{}{separator}{data}&ip=1", self.query);
                other.body.clear();
            }
        }
        other
    }
}

#[derive(Clone, Copy, Debug)]
enum Wrapping {
    None,
    Gzip,
    Form,
    FormInGzip,
    PlainForm,
    Query,
}

const WRAPPINGS: [Wrapping; 6] = [
    Wrapping::None,
    Wrapping::Gzip,
    Wrapping::Form,
    Wrapping::FormInGzip,
    Wrapping::PlainForm,
    Wrapping::Query,
];

/// A form in parts, as browsers write it.
fn multipart(fields: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (name, value) in fields {
        out += &format!(
            "------WebKitFormBoundaryx1\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
    }
    out + "------WebKitFormBoundaryx1--\r\n"
}
