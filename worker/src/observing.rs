//! What the edge sees that the policy does not name, and what goes wrong: gathered in the isolate, by site, sent to the
//! Ledger a second later, shown on the dashboard. Nothing of a visitor is in it (`postern_stats::SeenBatch`).

use crate::ledger::Ledger;
use crate::site::Site;
use crate::sites::Sites;
use crate::{answer, counting};
use js_sys::{Object, Reflect};
use postern_rewrite::{Grants, Seen, StrangeCookies};
use postern_stats::{Kind, SeenBatch, cookie_pattern};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use worker::{Context, Delay, Env};

/// How long cookies gather that nothing else comes with.
const COOKIES_WAIT_MS: u64 = 60_000;

/// How long a batch gathers: a page that streams is seen to its end only then.
const GATHER: Duration = Duration::from_secs(2);

/// What was seen on a site, on its way to its Ledger.
#[derive(Default)]
pub struct Gathering {
    batch: RefCell<SeenBatch>,
    /// Until when somebody sees to the batch, Unix milliseconds. A request that is ended early sees to nothing from then on.
    until_ms: Cell<u64>,
    /// Until when cookies alone are no reason to send, Unix milliseconds: nearly every page has some.
    cookies_wait_until_ms: Cell<u64>,
}

/// Notes one sight.
pub fn see(site: &Site, kind: Kind, name: &str, path: &str, now_ms: u64) {
    site.memory.observing.batch.borrow_mut().see(kind, name, path, now_ms);
}

/// Notes what was seen on a page that has passed; what was held on it unless that was a bot's.
pub fn see_page(site: &Site, seen: &Seen, grants: &Grants, path: &str, is_bot: bool, now_ms: u64) {
    for vendor in seen.held.iter().filter(|_| !is_bot) {
        counting::count_gate(site, now_ms, "held", vendor.id);
    }
    for host in &seen.unknown {
        see(site, Kind::Unknown, host, path, now_ms);
    }
    for vendor in seen.vendors().filter(|vendor| grants.is_undeclared(vendor)) {
        see(site, Kind::Undeclared, vendor.id, path, now_ms);
    }
}

/// Notes cookies that the policy says nothing of.
pub fn see_cookies(site: &Site, strange: &StrangeCookies<'_>, path: &str, now_ms: u64) {
    for vendor in &strange.vendors {
        see(site, Kind::Undeclared, vendor.id, path, now_ms);
    }
    for name in strange.names.iter().filter_map(|name| cookie_pattern(name)) {
        see(site, Kind::Cookie, &name, path, now_ms);
    }
}

/// Sends what was seen, soon. Called with every page, so that what one page leaves goes with the next at the latest.
pub fn send_soon(site: &Site, env: &Env, context: &Context, now_ms: u64) {
    note_failures(site, env, now_ms);
    let memory = Rc::clone(&site.memory);
    if now_ms < memory.observing.until_ms.get() {
        return;
    }
    let Ok(ledger) = Ledger::of(site, env) else { return };
    memory.observing.until_ms.set(now_ms + counting::SEEN_TO_MS);
    let tells_unknown = site.policy.as_ref().is_ok_and(|policy| policy.edge.report_unknown);
    context.wait_until(async move {
        Delay::from(GATHER).await;
        let Gathering { batch, until_ms, cookies_wait_until_ms } = &memory.observing;
        until_ms.set(0);
        if now_ms < cookies_wait_until_ms.get() && !batch.borrow().has_other_than(Kind::Cookie) {
            return;
        }
        cookies_wait_until_ms.set(now_ms + COOKIES_WAIT_MS);
        let mut batch = batch.borrow_mut().take();
        if !tells_unknown {
            batch = batch.without(Kind::Unknown).without(Kind::Cookie);
        }
        if batch.is_empty() {
            return;
        }
        if let Err(refusal) = ledger.add_seen(&batch).await {
            // Seen again with the next page; only how often is lost.
            answer::log(&format!("what was seen could not be noted now: {}", refusal.sentence));
        }
    });
}

/// Failures on the site's hosts that the last resort (`worker/last-resort.mjs`) has noted since.
fn note_failures(site: &Site, env: &Env, now_ms: u64) {
    let name = JsValue::from_str("posternFailures");
    let Some(failures) =
        Reflect::get(&js_sys::global(), &name).ok().and_then(|failures| failures.dyn_into::<Object>().ok())
    else {
        return;
    };
    for host in Object::keys(&failures).iter() {
        let is_own = host.as_string().is_some_and(|host| Sites::of(env).at(&host).name == site.name);
        if is_own && Reflect::delete_property(&failures, &host).is_ok() {
            see(site, Kind::Fault, "edge-exception", "/", now_ms);
        }
    }
}
