//! Answers of our own: never cached, never framed, never sniffed.

use wasm_bindgen::JsValue;
use web_sys::{Headers, Response, ResponseInit};
use worker::Result;

/// Sent with every page of ours. Our pages carry no inline script or style.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

/// Headers of an answer that nobody may keep.
pub fn headers(content_type: &str) -> Result<Headers> {
    let headers = Headers::new()?;
    for (name, value) in [
        ("content-type", content_type),
        ("cache-control", "private, no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
    ] {
        headers.set(name, value)?;
    }
    Ok(headers)
}

/// A body with a status and headers.
pub fn with(status: u16, body: &str, headers: &Headers) -> Result<Response> {
    let init = ResponseInit::new();
    init.set_status(status);
    init.set_headers(headers.as_ref());
    Ok(Response::new_with_opt_str_and_init((!body.is_empty()).then_some(body), &init)?)
}

/// Bytes with a status and headers, sent as they are.
pub fn bytes(status: u16, body: &[u8], headers: &Headers) -> Result<Response> {
    let init = ResponseInit::new();
    init.set_status(status);
    init.set_headers(headers.as_ref());
    if headers.has("content-encoding")? {
        js_sys::Reflect::set(&init, &"encodeBody".into(), &"manual".into())?;
    }
    let array = js_sys::Uint8Array::from(body);
    Ok(Response::new_with_opt_js_u8_array_and_init(Some(&array), &init)?)
}

/// A page of ours.
pub fn page(status: u16, markup: &str) -> Result<Response> {
    let headers = headers("text/html; charset=utf-8")?;
    headers.set("content-security-policy", POLICY)?;
    with(status, markup, &headers)
}

/// A sentence.
pub fn text(status: u16, sentence: &str) -> Result<Response> {
    with(status, &format!("{sentence}\n"), &headers("text/plain; charset=utf-8")?)
}

/// In place of what may not be asked for: success without content, as a collector would answer.
pub fn nothing() -> Result<Response> {
    let headers = Headers::new()?;
    headers.set("cache-control", "private, no-store")?;
    with(204, "", &headers)
}

/// The same page under another address, this time only.
pub fn found(location: &str) -> Result<Response> {
    let headers = headers("text/plain; charset=utf-8")?;
    headers.set("location", location)?;
    with(302, "", &headers)
}

/// On to another address, by GET.
pub fn see_other(location: &str) -> Result<Response> {
    let headers = headers("text/plain; charset=utf-8")?;
    headers.set("location", location)?;
    with(303, "", &headers)
}

/// Writes a line to the platform's log. Never anything of a visitor.
pub fn log(line: &str) {
    worker::console_log!("{line}");
}

/// The text of a JavaScript error.
pub fn message(error: &JsValue) -> String {
    js_sys::Reflect::get(error, &"message".into())
        .ok()
        .and_then(|message| message.as_string())
        .unwrap_or_else(|| "unknown error".into())
}
