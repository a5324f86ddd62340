//! Counting page views: exact enough for figures, and with nothing of a visitor in it.
//!
//! Views gather in the isolate, by site, and go to the Ledger in one message a second. A Ledger that is busy with decisions puts them off, for
//! ten seconds at most. If the isolate is ended within that time, its batch is lost. A batch has a name, and the Ledger adds
//! none twice: one whose answer was lost is sent again as it was.

use crate::ledger::Ledger;
use crate::site::Site;
use crate::visit::Visit;
use crate::{answer, asked, experiment, pages, zone};
use postern_stats::{Batch, CELLS_MAX, Counter, Counts, Day, Dimension, Facts, browser_of, device_of};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use url::Url;
use web_sys::Response;
use worker::{Context, Delay, Env, Result};

/// How long a batch gathers.
const GATHER: Duration = Duration::from_secs(1);

/// For how long one who sees to a batch may say nothing.
pub const SEEN_TO_MS: u64 = 8_000;

/// How long a batch is put off.
const PUT_OFF_MS_MAX: u64 = 10_000;

/// How often a batch is sent before it waits for the next page: longer than it is put off, shorter than the platform lets a request
/// work on behind its answer (30 s).
const TRIES_MAX: u32 = 15;

/// A site's page views on their way to its Ledger.
pub struct Gathering {
    batch: RefCell<Batch>,
    /// A batch on its way, by its name: it stays as it is until it has arrived.
    sent: RefCell<Option<(String, Batch)>>,
    /// Until when somebody sees to the batch, Unix milliseconds. A request that is ended early sees to nothing from then on.
    until_ms: Cell<u64>,
}

impl Default for Gathering {
    fn default() -> Self {
        Self {
            batch: RefCell::new(Batch::bounded(CELLS_MAX)),
            sent: RefCell::new(None),
            until_ms: Cell::new(0),
        }
    }
}

/// What one page counts as.
#[derive(Clone, Copy, Debug)]
pub struct View {
    day: Day,
    counts: Counts,
    is_bot: bool,
    /// Is a browser asked for the first time in its session?
    pub is_first: bool,
}

impl View {
    /// A page that is handed out; `is_shown` if the visitor is asked on it. `None` if it is not seen: fetched ahead. A page of a site
    /// that is not behind us has no cookie of ours, so nobody knows whether it is the first.
    pub fn of(site: &Site, visit: &Visit, is_shown: bool) -> Option<Self> {
        if visit.header("sec-purpose").or_else(|| visit.header("purpose")).is_some() {
            return None;
        }
        let is_bot = visit.is_bot();
        let is_first = is_shown && !visit.is_asked && !visit.is_drop_in && !is_bot;
        let counts = if is_bot {
            Counts::default().with(Counter::Bots, 1)
        } else {
            Counts::default()
                .with(Counter::Views, 1)
                .with(Counter::Shown, u64::from(is_shown))
                .with(Counter::First, u64::from(is_first))
        };
        Some(Self { day: zone::day(site, visit.now_ms), counts, is_bot, is_first })
    }

    /// Counts the page by the language of what it says, which is known only when it has begun to say it.
    pub fn count_language(&self, site: &Site, language: &str) {
        if !self.is_bot {
            let mut batch = site.memory.counting.batch.borrow_mut();
            batch.add(self.day, Dimension::Language, language, self.counts);
        }
    }
}

/// What is known of a visit, as far as it is counted. `release` is the place in the log of what it was asked with.
pub fn facts_of(site: &Site, visit: &Visit, path: Option<&str>, release: Option<u64>) -> Facts {
    let user_agent = visit.header("user-agent").unwrap_or("");
    let client = format!("{}/{}", device_of(user_agent), browser_of(user_agent));
    let signal = visit.profile.honoured(visit.signals).next().map_or("none", |signal| signal.name());
    let facts = Facts::default().with(Dimension::Client, &client).with(Dimension::Signal, signal);
    let Ok(policy) = &site.policy else { return facts };
    let (country, region) = (visit.place.country.as_deref(), visit.place.region.as_deref());
    let law = &policy.legal_for(country, region).name;
    let mut version = asked::tag(policy);
    if let Some(place) = release {
        version.push_str(&format!("/{place}"));
    }
    let facts = facts
        .with(Dimension::Place, &format!("{law}/{}", country.unwrap_or(postern_stats::UNKNOWN)))
        .with(Dimension::Version, &version);
    let facts = match experiment::name(site, visit.way) {
        Some(name) => facts.with(Dimension::Variant, &name),
        None => facts,
    };
    if policy.figures.pages.is_empty() {
        return facts;
    }
    let group = path.map_or("", |path| policy.figures.group_of(path).unwrap_or(OTHER_PAGES));
    facts.with(Dimension::Page, group)
}

/// Pages that no pattern of the policy's fits.
const OTHER_PAGES: &str = "elsewhere";

/// Counts a page. `knows_language` if it says a language of ours itself, and so counts by it when it has begun.
pub fn count_page(
    site: &Site,
    env: &Env,
    context: &Context,
    visit: &Visit,
    view: View,
    knows_language: bool,
) {
    let gathering = &site.memory.counting;
    if view.is_bot {
        gathering.batch.borrow_mut().add(view.day, Dimension::All, "", view.counts);
    } else {
        let facts = facts_of(site, visit, visit.page_path(), site.release.get());
        facts.count(&mut gathering.batch.borrow_mut(), view.day, view.counts);
    }
    if !knows_language && let Ok(policy) = &site.policy {
        view.count_language(site, &policy.language_for(None, visit.header("accept-language")).tag);
    }
    send_soon(site, env, context, visit.now_ms);
}

/// Answers `GET /_postern/asked`, which a banner asks for that is drawn on the page that asks a browser first. Its query is
/// the banner's language, with `,noscript` behind it in a second one where no scripts run. Whoever asks for it otherwise counts for nothing, as far as that can be told.
pub fn count_drawn(site: &Site, env: &Env, context: &Context, visit: &Visit) -> Result<Response> {
    let is = |name: &str, wanted: &str| visit.header(name).is_none_or(|value| value == wanted);
    let is_by_page = is("sec-fetch-site", "same-origin") && is("sec-fetch-dest", "image");
    let is_asked = visit.decision.must_ask && site.working().is_some();
    if is_by_page && is_asked && !visit.is_bot() {
        let query = visit.url.query().unwrap_or("");
        let (lang, how) = query.split_once(',').unwrap_or((query, ""));
        let what = if how == postern_view::WITHOUT_SCRIPTS { Counter::NoScript } else { Counter::Reported };
        // Browsers tell their own site which page it is, unless it has asked them not to.
        let page = visit.header("referer").and_then(|page| Url::parse(page).ok());
        let path = page.as_ref().map(Url::path);
        let mut facts = facts_of(site, visit, path, site.release.get());
        if let Ok(policy) = &site.policy {
            facts = facts.with(Dimension::Language, &policy.language_for(Some(lang), None).tag);
        }
        let once = Counts::default().with(what, 1);
        facts.count(&mut site.memory.counting.batch.borrow_mut(), zone::day(site, visit.now_ms), once);
        send_soon(site, env, context, visit.now_ms);
    }
    answer::nothing()
}

/// Counts something that the gate did, with the vendor it did it to. It goes with the next pages.
pub fn count_gate(site: &Site, now_ms: u64, what: &str, vendor: &str) {
    let once = Counts::default().with(Counter::Times, 1);
    let (day, value) = (zone::day(site, now_ms), format!("{what}/{vendor}"));
    site.memory.counting.batch.borrow_mut().add(day, Dimension::Gate, &value, once);
}

/// The same of a call of a page's scripts: by then the page is counted, and no other may follow it. Of a bot nothing is counted.
pub fn count_call(site: &Site, env: &Env, context: &Context, visit: &Visit, what: &str, vendor: &str) {
    if !visit.is_bot() {
        count_gate(site, visit.now_ms, what, vendor);
        send_soon(site, env, context, visit.now_ms);
    }
}

impl Gathering {
    /// What goes next: what is on its way already, or all that has gathered.
    fn next(&self) -> (String, Batch) {
        // No await between here and the taking: a view counted later belongs to the next batch.
        let next = || (pages::random_hex(), self.batch.borrow_mut().take());
        self.sent.borrow_mut().get_or_insert_with(next).clone()
    }
}

fn send_soon(site: &Site, env: &Env, context: &Context, since_ms: u64) {
    let memory = Rc::clone(&site.memory);
    if since_ms < memory.counting.until_ms.get() {
        return;
    }
    let Ok(ledger) = Ledger::of(site, env) else { return };
    memory.counting.until_ms.set(since_ms + SEEN_TO_MS);
    context.wait_until(async move {
        let gathering = &memory.counting;
        for _ in 0..TRIES_MAX {
            Delay::from(GATHER).await;
            let now_ms = worker::Date::now().as_millis();
            gathering.until_ms.set(now_ms + SEEN_TO_MS);
            let (name, batch) = gathering.next();
            match ledger.add_views(&name, &batch, now_ms.saturating_sub(since_ms) > PUT_OFF_MS_MAX).await {
                Ok(()) => {
                    // Unless somebody else has seen to it, and sends the next one by now.
                    gathering.sent.borrow_mut().take_if(|(sent, _)| *sent == name);
                    if gathering.batch.borrow().is_empty() {
                        break;
                    }
                }
                Err(refusal) => answer::log(&format!(
                    "{} page views could not be counted now: {}",
                    batch.views(),
                    refusal.sentence
                )),
            }
        }
        gathering.until_ms.set(0);
    });
}
