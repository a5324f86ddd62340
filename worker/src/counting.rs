//! Counting page views: exact enough for figures, and with nothing of a visitor in it.
//!
//! Views gather in the isolate and go to the Ledger in one message a second. A Ledger that is busy with decisions puts them off, for
//! ten seconds at most. If the isolate is ended within that time, its batch is lost.

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

/// For how long one who sees to the batch may say nothing.
const SEEN_TO_MS: u64 = 8_000;

/// How long a batch is put off.
const PUT_OFF_MS_MAX: u64 = 10_000;

/// How often a batch is sent before it waits for the next page: longer than it is put off, shorter than the platform lets a request
/// work on behind its answer (30 s).
const TRIES_MAX: u32 = 15;

thread_local! {
    static BATCH: RefCell<ViewBatch> = RefCell::new(ViewBatch::default());
    /// Until when somebody sees to the batch, Unix milliseconds. A request that is ended early sees to nothing from then on.
    static GATHERING_UNTIL_MS: Cell<u64> = const { Cell::new(0) };
}

/// Counts a page that is handed out; `is_shown` if the visitor is asked on it.
pub fn count_page(site: &Site, env: &Env, context: &Context, visit: &Visit, is_shown: bool) {
    // A page fetched ahead has not been seen; an agent without a user agent is no browser.
    let is_ahead = visit.header("sec-purpose").or_else(|| visit.header("purpose")).is_some();
    if is_ahead || is_bot(visit.header("user-agent").unwrap_or("")) {
        return;
    }
    BATCH.with_borrow_mut(|batch| batch.count(Day::from_unix_ms(visit.now_ms, 0), is_shown));
    if visit.now_ms < GATHERING_UNTIL_MS.get() {
        return;
    }
    let Ok(ledger) = Ledger::of(site, env) else { return };
    let since_ms = visit.now_ms;
    GATHERING_UNTIL_MS.set(since_ms + SEEN_TO_MS);
    context.wait_until(async move {
        for _ in 0..TRIES_MAX {
            Delay::from(GATHER).await;
            let now_ms = worker::Date::now().as_millis();
            GATHERING_UNTIL_MS.set(now_ms + SEEN_TO_MS);
            // No await between here and the taking: a view counted later belongs to the next batch.
            let batch = BATCH.with_borrow_mut(ViewBatch::take);
            let Err(refusal) = ledger.add_views(&batch, now_ms - since_ms > PUT_OFF_MS_MAX).await else {
                break;
            };
            answer::log(&format!(
                "{} page views could not be counted now: {}",
                batch.views(),
                refusal.sentence
            ));
            BATCH.with_borrow_mut(|waiting| waiting.merge(&batch));
        }
        GATHERING_UNTIL_MS.set(0);
    });
}
