//! Answers: never cached, never framed, never sniffed.

use worker::{Headers, Response, Result};

/// Sent with every page. The charts are a script of ours; nothing inline runs or styles.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// A body of that type.
pub fn with(status: u16, content_type: &str, body: String) -> Result<Response> {
    let headers = Headers::new();
    for (name, value) in [
        ("content-type", content_type),
        ("cache-control", "private, no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("content-security-policy", POLICY),
    ] {
        headers.set(name, value)?;
    }
    Ok(Response::ok(body)?.with_status(status).with_headers(headers))
}

/// A page.
pub fn page(status: u16, markup: String) -> Result<Response> {
    with(status, "text/html; charset=utf-8", markup)
}

/// A sentence.
pub fn text(status: u16, sentence: &str) -> Result<Response> {
    with(status, "text/plain; charset=utf-8", format!("{sentence}\n"))
}
