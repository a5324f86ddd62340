//! The gate: what happens in the page after the edge has made it inert.
//!
//! What lives here: the banner's behaviour, sending a decision, releasing held trackers in order,
//! removing what a denied vendor stored.
//! What never does: holding (the stub does it, before this module is even asked for), deciding what
//! is granted (the edge does, and says so in its answer), matching addresses (the stub's table).

mod banner;
mod bridge;
mod release;
mod traces;

use bridge::Bridge;
use gloo_events::EventListener;
use postern_consent::CategorySet;
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

thread_local! {
    /// The page's only gate. It lives as long as the page does.
    static GATE: RefCell<Option<Gate>> = const { RefCell::new(None) };
}

struct Gate {
    bridge: Bridge,
    /// Dropping a listener removes it, so they are kept.
    _listeners: Vec<EventListener>,
}

/// Wires the banner to the stub. Called once by the stub, after this module is loaded.
#[wasm_bindgen]
pub fn start(bridge: Bridge) {
    let Some(document) = document() else { return };
    let mut listeners = Vec::new();
    if let Some(root) = banner::root(&document) {
        listeners.push(EventListener::new_with_options(
            &root,
            "click",
            gloo_events::EventListenerOptions::enable_prevent_default(),
            banner::on_click,
        ));
    }
    // A decision can be made while the page is still arriving: what comes later is released here.
    listeners.push(EventListener::new(&document, "DOMContentLoaded", |_| release::release()));
    GATE.with_borrow_mut(|gate| *gate = Some(Gate { bridge, _listeners: listeners }));
}

/// Opens the settings.
#[wasm_bindgen]
pub fn open() {
    banner::open();
}

/// Withdraws everything that was granted.
#[wasm_bindgen]
pub fn withdraw() {
    banner::submit("withdraw", CategorySet::EMPTY);
}

fn document() -> Option<web_sys::Document> {
    web_sys::window()?.document()
}

/// Runs `use_bridge` with the stub's bridge, once it is there.
fn with_bridge<T>(use_bridge: impl FnOnce(&Bridge) -> T) -> Option<T> {
    GATE.with_borrow(|gate| gate.as_ref().map(|gate| use_bridge(&gate.bridge)))
}
