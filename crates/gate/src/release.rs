//! Releasing what is held: in place, in document order, each exactly once.
//!
//! A held script has never started, so restoring its type and then its address starts the very
//! element the page wrote: same attributes, same nonce, same place, same listeners.
//! Source: HTML standard, "prepare the script element", steps on `already started`.

use crate::bridge::Bridge;
use crate::with_bridge;
use gloo_events::EventListener;
use postern_consent::{CategorySet, Need};
use std::cell::Cell;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlScriptElement};

thread_local! {
    /// Scripts whose turn has not come, the next one last.
    static WAITING: Cell<Vec<Element>> = const { Cell::new(Vec::new()) };
    /// Listeners of the one that is loading.
    static LOADING: Cell<Option<[EventListener; 2]>> = const { Cell::new(None) };
}

/// Releases everything that what is granted now allows.
pub fn release() {
    with_bridge(|bridge| {
        let Some(granted) = CategorySet::from_bits(bridge.granted()) else { return };
        let held = bridge.held();
        let mut ordered = Vec::new();
        let mut deferred = Vec::new();
        for index in 0..held.length() {
            let element: Element = held.get(index).unchecked_into();
            if !is_met(&element, granted) {
                continue;
            }
            if element.local_name() != "script" {
                restore(&element);
                continue;
            }
            // Claimed: a second release while this one is under way does not take it again.
            let _ = element.remove_attribute("data-postern-need");
            let is_module =
                element.get_attribute("data-postern-type").is_some_and(|original| original == "module");
            let late = is_module || element.has_attribute("defer");
            if late { &mut deferred } else { &mut ordered }.push(element);
        }
        let mut waiting = WAITING.take();
        waiting.reverse();
        waiting.extend(ordered);
        waiting.extend(deferred);
        waiting.reverse();
        WAITING.set(waiting);
        let loading = LOADING.take();
        if loading.is_some() {
            LOADING.set(loading);
        } else {
            run_next(bridge);
        }
    });
}

fn is_met(element: &Element, granted: CategorySet) -> bool {
    let need = element.get_attribute("data-postern-need").unwrap_or_default();
    // Two hex digits, read without `parse`, whose errors carry their texts into the page.
    let bits = need.bytes().fold(0, |bits: u8, digit| (bits << 4) | ((digit & 15) + (digit >> 6) * 9));
    CategorySet::from_bits(bits).is_some_and(|need| Need::any_of(need).is_met(granted))
}

/// Starts waiting scripts until one must be waited for: an external one that is not `async`.
fn run_next(bridge: &Bridge) {
    loop {
        let mut waiting = WAITING.take();
        let next = waiting.pop();
        WAITING.set(waiting);
        let Some(element) = next else { return };
        let must_wait = !element.has_attribute("async")
            && element.has_attribute("data-postern-src")
            && element.is_connected();
        if must_wait {
            // A script from the HTML counts as `async` once its first preparation was in vain.
            if !bridge.is_made(&element) {
                element.unchecked_ref::<HtmlScriptElement>().set_async(false);
            }
            LOADING.set(Some(
                ["load", "error"].map(|name| EventListener::once(&element, name, |_| on_loaded())),
            ));
        }
        restore(&element);
        if must_wait {
            return;
        }
    }
}

fn on_loaded() {
    // The listener that called is among these; it may only go once it has returned, so the pair is
    // kept until the next one takes its place.
    let done = LOADING.take();
    with_bridge(run_next);
    drop(done);
}

/// Address attributes as held and as they were; the one that starts an element comes last.
const ADDRESSES: [(&str, &str); 7] = [
    ("data-postern-srcdoc", "srcdoc"),
    ("data-postern-srcset", "srcset"),
    ("data-postern-imagesrcset", "imagesrcset"),
    ("data-postern-poster", "poster"),
    ("data-postern-href", "href"),
    ("data-postern-data", "data"),
    ("data-postern-src", "src"),
];

/// Puts every attribute back where it was.
fn restore(element: &Element) {
    let take = |held: &str| {
        let value = element.get_attribute(held);
        let _ = element.remove_attribute(held);
        value
    };
    take("data-postern-need");
    take("data-postern-vendor");
    if let Some(original) = take("data-postern-type") {
        // The note that stood in for a script's type.
        let _ = element.remove_attribute("type");
        if !original.is_empty() {
            let _ = element.set_attribute("type", &original);
        }
    }
    for (held, name) in ADDRESSES {
        if let Some(original) = take(held) {
            if name == "src" {
                // A held frame shows a note in place of its content.
                let _ = element.remove_attribute("srcdoc");
            }
            let _ = element.set_attribute(name, &original);
        }
    }
}
