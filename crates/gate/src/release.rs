//! Releasing what is held: in place, in document order, each exactly once.
//!
//! A held script has never started, so restoring its type and then its address starts the very
//! element the page wrote: same attributes, same nonce, same place, same listeners.
//! Source: HTML standard, "prepare the script element", steps on `already started`.

use crate::{document, with_bridge};
use gloo_events::EventListener;
use postern_consent::{CategorySet, Need};
use std::cell::RefCell;
use std::collections::VecDeque;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlScriptElement};

const PREFIX: &str = "data-postern-";

thread_local! {
    /// Scripts whose turn has not come, and the listeners of the one that is loading.
    static WAITING: RefCell<VecDeque<Element>> = const { RefCell::new(VecDeque::new()) };
    static LOADING: RefCell<Vec<EventListener>> = const { RefCell::new(Vec::new()) };
}

/// Releases everything that what is granted now allows.
pub fn release() {
    let Some((bits, made)) = with_bridge(|bridge| (bridge.granted(), bridge.made())) else { return };
    let Some(granted) = CategorySet::from_bits(bits) else { return };
    let Some(document) = document() else { return };
    let Ok(found) = document.query_selector_all("[data-postern-need]") else { return };
    let in_document =
        (0..found.length()).filter_map(|index| found.item(index)).filter_map(|node| node.dyn_into().ok());
    // What a script made and never inserted (a pixel) is not found in the document.
    let detached =
        made.iter().filter_map(|value| value.dyn_into::<Element>().ok()).filter(|made| !made.is_connected());
    let mut deferred = Vec::new();
    let mut ordered = Vec::new();
    for element in in_document.chain(detached).filter(|element: &Element| is_met(element, granted)) {
        if element.local_name() != "script" {
            restore(&element);
        } else {
            // Claimed: a second release while this one is under way does not take it again.
            let _ = element.remove_attribute("data-postern-need");
            if is_deferred(&element) { deferred.push(element) } else { ordered.push(element) }
        }
    }
    WAITING.with_borrow_mut(|waiting| waiting.extend(ordered.into_iter().chain(deferred)));
    if LOADING.with_borrow(Vec::is_empty) {
        run_next();
    }
}

fn is_met(element: &Element, granted: CategorySet) -> bool {
    let need = element.get_attribute("data-postern-need");
    let need = need.and_then(|hex| u8::from_str_radix(&hex, 16).ok()).and_then(CategorySet::from_bits);
    need.is_some_and(|need| Need::any_of(need).is_met(granted))
}

fn is_deferred(element: &Element) -> bool {
    let original_type = element.get_attribute("data-postern-type");
    element.has_attribute("defer") || original_type.as_deref() == Some("module")
}

/// Starts waiting scripts until one must be waited for: an external one that is not `async`.
fn run_next() {
    LOADING.with_borrow_mut(Vec::clear);
    while let Some(element) = WAITING.with_borrow_mut(VecDeque::pop_front) {
        let must_wait = !element.has_attribute("async") && element.has_attribute("data-postern-src");
        if must_wait {
            // A script from the HTML counts as `async` once its first preparation was in vain.
            if !is_made(&element)
                && let Some(script) = element.dyn_ref::<HtmlScriptElement>()
            {
                script.set_async(false);
            }
            let listeners = ["load", "error"].map(|name| EventListener::once(&element, name, |_| run_next()));
            LOADING.with_borrow_mut(|loading| loading.extend(listeners));
            restore(&element);
            if element.is_connected() {
                return;
            }
            // Not in the document: it starts when its maker inserts it, and nobody waits for that.
            LOADING.with_borrow_mut(Vec::clear);
        } else {
            restore(&element);
        }
    }
}

fn is_made(element: &Element) -> bool {
    with_bridge(|bridge| bridge.made().includes(element, 0)).unwrap_or(false)
}

/// Puts every attribute back where it was, the address last: it is what starts the element.
fn restore(element: &Element) {
    for name in ["need", "vendor"] {
        let _ = element.remove_attribute(&attribute(name));
    }
    if let Some(original) = take(element, "type") {
        let _ = if original.is_empty() {
            element.remove_attribute("type")
        } else {
            element.set_attribute("type", &original)
        };
    }
    for name in ["srcdoc", "srcset", "imagesrcset", "poster", "href", "data", "src"] {
        // A held frame shows a note in place of its content.
        if let Some(original) = take(element, name) {
            if name == "src" {
                let _ = element.remove_attribute("srcdoc");
            }
            let _ = element.set_attribute(name, &original);
        }
    }
}

fn take(element: &Element, name: &str) -> Option<String> {
    let held = attribute(name);
    let value = element.get_attribute(&held)?;
    let _ = element.remove_attribute(&held);
    Some(value)
}

fn attribute(name: &str) -> String {
    let mut out = String::from(PREFIX);
    out.push_str(name);
    out
}
