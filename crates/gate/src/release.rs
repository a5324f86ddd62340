//! Releasing what is held: in place, in document order, each exactly once.
//!
//! A held script has never started, so restoring its type and then its address starts the very
//! element the page wrote: same attributes, same nonce, same place, same listeners.
//! Source: HTML standard, "prepare the script element", steps on `already started`.

use crate::bridge::Bridge;
use crate::with_bridge;
use gloo_events::EventListener;
use std::cell::Cell;
use std::mem::ManuallyDrop;
use wasm_bindgen::JsCast;
use web_sys::Element;

thread_local! {
    /// Scripts whose turn has not come, the next one last.
    static WAITING: ManuallyDrop<Cell<Vec<Element>>> = const { ManuallyDrop::new(Cell::new(Vec::new())) };
    /// Listeners of the one that is loading.
    static LOADING: ManuallyDrop<Cell<Option<[EventListener; 2]>>> = const { ManuallyDrop::new(Cell::new(None)) };
}

/// Releases everything that what is granted now allows.
pub fn release() {
    with_bridge(|bridge| {
        let held = bridge.held();
        let mut ordered = Vec::new();
        let mut deferred = Vec::new();
        for index in 0..held.length() {
            let element: Element = held.get(index).unchecked_into();
            if !bridge.is_met(&element) {
                continue;
            }
            if element.local_name() != "script" {
                bridge.restore(&element);
                continue;
            }
            let is_module =
                element.get_attribute("data-postern-type").is_some_and(|original| original == "module");
            let late = is_module || element.has_attribute("defer");
            if late { &mut deferred } else { &mut ordered }.push(element);
        }
        let mut waiting = WAITING.with(|slot| slot.take());
        waiting.reverse();
        waiting.extend(ordered);
        waiting.extend(deferred);
        waiting.reverse();
        WAITING.with(|slot| slot.set(waiting));
        let loading = LOADING.with(|slot| slot.take());
        if loading.is_some() {
            LOADING.with(|slot| slot.set(loading));
        } else {
            run_next(bridge);
        }
    });
}

/// Starts waiting scripts until one must be waited for: an external one that will run, and not `async`.
fn run_next(bridge: &Bridge) {
    loop {
        let mut waiting = WAITING.with(|slot| slot.take());
        let next = waiting.pop();
        WAITING.with(|slot| slot.set(waiting));
        let Some(element) = next else { return };
        // Taken back while it waited, or started by an earlier release.
        if !bridge.is_met(&element) {
            continue;
        }
        let must_wait = !element.has_attribute("async")
            && element.has_attribute("data-postern-src")
            && element.is_connected()
            && will_run(&element);
        if must_wait {
            LOADING.with(|slot| {
                slot.set(Some(
                    ["load", "error"].map(|name| EventListener::once(&element, name, |_| on_loaded())),
                ))
            });
        }
        bridge.restore(&element);
        if must_wait {
            return;
        }
    }
}

/// Will a browser that knows modules run it? What it does not run tells neither `load` nor `error`.
fn will_run(element: &Element) -> bool {
    let original_type = element.get_attribute("data-postern-type").unwrap_or_default();
    let is_script =
        matches!(original_type.as_str(), "" | "module" | "text/javascript" | "application/javascript");
    is_script && !element.has_attribute("nomodule")
}

fn on_loaded() {
    LOADING.with(|slot| slot.set(None));
    with_bridge(run_next);
}
