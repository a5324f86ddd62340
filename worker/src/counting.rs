//! Counting page views: exact enough for figures, and with nothing of a visitor in it.
//!
//! Views gather in the isolate and go to the Ledger in one message a second. A Ledger that is busy with decisions puts them off, for
//! half a minute at most. If the isolate is ended within that time, its batch is lost.

use crate::answer;
use crate::ledger::Ledger;
use crate::site::Site;
use crate::visit::Visit;
use postern_stats::{Day, ViewBatch, is_bot};
use std::cell::{Cell, RefCell};
use std::time::Duration;
use worker::{Context, Delay, Env};

/// How long a batch gathers.
const GATHER: Duration = Duration::from_secs(1);

/// How long a batch is put off.
const PUT_OFF_MS_MAX: u64 = 30_000;

thread_local! {
    /// Since when a batch waits that was put off, Unix milliseconds; 0 if none does.
    static PUT_OFF_MS: Cell<u64> = const { Cell::new(0) };
    static BATCH: RefCell<ViewBatch> = RefCell::new(ViewBatch::default());
    static IS_GATHERING: Cell<bool> = const { Cell::new(false) };
}

/// Counts a page that is handed out; `is_shown` if the visitor is asked on it.
pub fn count_page(site: &Site, env: &Env, context: &Context, visit: &Visit, is_shown: bool) {
    // A page fetched ahead has not been seen; an agent without a user agent is no browser.
    let is_ahead = visit.header("sec-purpose").or_else(|| visit.header("purpose")).is_some();
    if is_ahead || is_bot(visit.header("user-agent").unwrap_or("")) {
        return;
    }
    BATCH.with_borrow_mut(|batch| batch.count(Day::from_unix_ms(visit.now_ms, 0), is_shown));
    if IS_GATHERING.replace(true) {
        return;
    }
    let Ok(ledger) = Ledger::of(site, env) else {
        IS_GATHERING.set(false);
        return;
    };
    context.wait_until(async move {
        Delay::from(GATHER).await;
        IS_GATHERING.set(false);
        // No await between here and the taking: a view counted later belongs to the next batch.
        let batch = BATCH.with_borrow_mut(ViewBatch::take);
        let now_ms = worker::Date::now().as_millis();
        let since_ms = PUT_OFF_MS.get();
        let is_late = since_ms > 0 && now_ms.saturating_sub(since_ms) > PUT_OFF_MS_MAX;
        let added = ledger.add_views(&batch, is_late).await;
        PUT_OFF_MS.set(match (&added, since_ms) {
            (Ok(()), _) => 0,
            (Err(_), 0) => now_ms,
            (Err(_), since_ms) => since_ms,
        });
        if let Err(refusal) = added {
            answer::log(&format!(
                "{} page views could not be counted now: {}",
                batch.views(),
                refusal.sentence
            ));
            BATCH.with_borrow_mut(|waiting| waiting.merge(&batch));
        }
    });
}
