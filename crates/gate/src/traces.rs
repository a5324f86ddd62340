//! Removing what denied vendors stored: cookies that scripts can see, local and session storage.
//! Cookies that scripts cannot see are the edge's to expire.

use crate::{document, with_bridge};
use wasm_bindgen::JsCast;
use web_sys::{HtmlDocument, Storage};

/// Removes every cookie and storage key of a vendor that is denied now.
pub fn remove_denied() {
    if let Some(document) = document().and_then(|document| document.dyn_into::<HtmlDocument>().ok()) {
        remove_cookies(&document);
    }
    if let Some(window) = web_sys::window() {
        for storage in [window.local_storage(), window.session_storage()].into_iter().flatten().flatten() {
            remove_keys(&storage);
        }
    }
}

fn is_denied(name: &str) -> bool {
    with_bridge(|bridge| bridge.is_denied_name(name)).unwrap_or(false)
}

/// A cookie goes only if Domain and Path are those it was set with, which nobody can read back: so
/// every parent domain is tried, down to where the browser refuses. Source: trackers.md section 5.
fn remove_cookies(document: &HtmlDocument) {
    let cookies = document.cookie().unwrap_or_default();
    let host = document.location().and_then(|location| location.hostname().ok()).unwrap_or_default();
    for pair in cookies.split("; ") {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        if !is_denied(name) {
            continue;
        }
        expire(document, name, None);
        let mut domain = host.as_str();
        loop {
            expire(document, name, Some(domain));
            let Some((_, parent)) = domain.split_once('.') else { break };
            domain = parent;
        }
    }
}

fn expire(document: &HtmlDocument, name: &str, domain: Option<&str>) {
    let mut text = String::from(name);
    text.push_str("=;path=/;max-age=0");
    if let Some(domain) = domain {
        text.push_str(";domain=");
        text.push_str(domain);
    }
    let _ = document.set_cookie(&text);
}

fn remove_keys(storage: &Storage) {
    let count = storage.length().unwrap_or(0);
    // From the end: removing a key moves those after it.
    for index in (0..count).rev() {
        if let Ok(Some(key)) = storage.key(index)
            && is_denied(&key)
        {
            let _ = storage.remove_item(&key);
        }
    }
}
