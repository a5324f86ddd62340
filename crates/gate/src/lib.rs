//! The gate: what happens in the page after the edge has made it inert.
//!
//! What lives here: the banner's behaviour, what a choice asks of the edge, releasing held trackers in
//! order.
//! What never does: holding, matching and removing traces (the stub does, before this module is even
//! asked for), deciding what is granted (the edge does, and says so in its answer).
//!
//! Every byte here is paid by each first visit. Hence no formatting, no futures, no maps, no string
//! patterns, and as few types of the DOM as will do; style.md section 3 has the prices.

mod banner;
mod bridge;
mod memory;
mod release;

use bridge::Bridge;
use gloo_events::EventListener;
use std::cell::OnceCell;
use std::mem::ManuallyDrop;
use wasm_bindgen::prelude::*;

thread_local! {
    /// The page's only bridge. It lives as long as the page does.
    /// Nothing is dropped in it: code that would run at the end of a thread is code the page pays for.
    static BRIDGE: ManuallyDrop<OnceCell<Bridge>> = const { ManuallyDrop::new(OnceCell::new()) };
}

/// Takes the stub's bridge. Called once, after this module is loaded.
#[wasm_bindgen]
pub fn start(bridge: Bridge) {
    // A decision can be made while the page is still arriving: what comes later is released then.
    EventListener::once(&bridge.document(), "DOMContentLoaded", |_| release::release()).forget();
    EventListener::new(&bridge.document(), "change", |event| {
        with_bridge(|bridge| banner::keep_in_step(&bridge.document(), event));
    })
    .forget();
    BRIDGE.with(|slot| drop(slot.set(bridge)));
}

/// Does what a control of the banner says: its `data-consent-action`.
#[wasm_bindgen]
pub fn act(action: &str) {
    with_bridge(|bridge| banner::act(bridge, action));
}

/// The edge's answer to a choice: its status (0: not reached), what is granted now, as bits, the vendors granted by
/// themselves, ids between spaces, and whether the question is answered.
#[wasm_bindgen]
pub fn answered(status: u16, granted: u8, vendors: &str, is_answered: bool) {
    with_bridge(|bridge| banner::answered(bridge, status, granted, vendors, is_answered));
}

fn with_bridge(use_bridge: impl FnOnce(&Bridge)) {
    BRIDGE.with(|slot| {
        if let Some(bridge) = slot.get() {
            use_bridge(bridge);
        }
    });
}
