//! What must be seen to. It is looked for once an hour, whether or not anybody reads, and told once by a webhook; and again when it is
//! over. What is told is `postern-stats`'s, in what words `postern-view`'s.

use crate::experiments;
use crate::figures_store::{FiguresStore, number};
use crate::ledgers::Ledger;
use crate::pages::read_policy;
use crate::unnamed::unnamed;
use postern_platform::{Numbers, country_name, day_in, language_name};
use postern_policy::Policy;
use postern_stats::{
    Alert, Counts, DROP_DAYS, Day, Dimension, Point, Range, SLIDE_DAYS, Seen, Step, Week, asked_last,
    last_week, points,
};
use postern_view::{Locale, alert_text, stop_text, week_text};
use serde_json::{Value, json};
use std::time::Duration;
use worker::{Env, Fetch, Headers, Method, Request, RequestInit, Result};

/// How often it is looked for.
const EVERY: Duration = Duration::from_secs(3600);

/// An address that messages are posted to.
const WEBHOOK: &str = "ALERT_WEBHOOK";

/// How often, as this deployment wants it.
pub fn every(env: &Env) -> Duration {
    let set = env.var("WATCH_EVERY_MS").ok().and_then(|value| value.to_string().parse().ok());
    set.map_or(EVERY, Duration::from_millis)
}

/// How long a day that is over may still be counted, milliseconds: batches of pages are sent within seconds, and tried again for
/// minutes. What is published at once would change by single visitors.
const SETTLES_MS: u64 = 3_600_000;

/// A site as its readers have named it, for an alarm to which nobody says anything.
pub struct Site<'a> {
    id: &'a str,
    policy: Option<Policy>,
    today: Day,
    /// The first day that may still be counted.
    pub settled: Day,
    now_ms: u64,
}

impl<'a> Site<'a> {
    /// The site of that name under that policy.
    pub fn of(id: &'a str, policy: &str) -> Self {
        let now_ms = worker::Date::now().as_millis();
        let policy = read_policy(policy);
        let today = day_at(policy.as_ref(), now_ms);
        let settled = settled(policy.as_ref(), now_ms);
        Self { id, policy, today, settled, now_ms }
    }
}

/// The policy that visitors are asked by, as a file: the one that was said last, or that of what they have been asked with on a later
/// day. Whoever deploys another need not open the dashboard for it.
///
/// # Errors
/// If the Ledger cannot be reached: under another policy than the one of now, what must be seen to would seem to be over, or to be back.
pub async fn policy_now(env: &Env, store: &FiguresStore, id: &str, said: String) -> Result<String> {
    let Some((last, said_on)) = store.last_viewed()?.zip(store.said_on()?) else { return Ok(said) };
    if last <= said_on {
        return Ok(said);
    }
    let Some((tag, place)) = asked_last(&store.of_days(Dimension::Version, last, last)?) else {
        return Ok(said);
    };
    let policy = Ledger::main(env, id)?.policy_at(place).await?;
    // One that was put back from a copy may have another version at that place.
    let is_it =
        |policy: &String| read_policy(policy).is_some_and(|policy| format!("{:08x}", policy.tag().0) == tag);
    Ok(policy.filter(is_it).unwrap_or(said))
}

/// The day at a site with that policy, of a moment in Unix milliseconds.
pub fn day_at(policy: Option<&Policy>, now_ms: u64) -> Day {
    let zone = policy.map_or("UTC", |policy| policy.figures.time_zone.as_str());
    day_in(zone, now_ms).unwrap_or_else(|| Day::from_unix_ms(now_ms, 0))
}

/// The first day of a site that may still be counted.
pub fn settled(policy: Option<&Policy>, now_ms: u64) -> Day {
    day_at(policy, now_ms.saturating_sub(SETTLES_MS))
}

/// Looks for what must be seen to, and tells it.
pub async fn watch(env: &Env, store: &FiguresStore, site: &Site<'_>) -> Result<()> {
    let id = site.id;
    let seen: Vec<Seen> = Ledger::main(env, id)?.seen().await?.all().collect();
    let mut unsealed = None;
    for ledger in Ledger::all(env, id).await? {
        unsealed = unsealed.into_iter().chain(ledger.unsealed_since().await?).min();
    }
    let numbers = Numbers::of("en");
    let locale = locale(&numbers);
    let alerts = find(store, site, &seen, unsealed, &locale)?;
    let lines: Vec<_> =
        alerts.iter().map(|alert| (alert.key(), alert.kind(), alert_text(alert, &locale))).collect();
    // Whom the policy names meanwhile is none, however many there are.
    let all = Alert::strangers(&seen, site.now_ms).into_iter();
    let named: Vec<_> = all.filter(|alert| !alerts.contains(alert)).map(|alert| alert.key()).collect();
    store.keep_alerts(&lines, &named, Alert::strangers_over(&seen, site.now_ms), site.now_ms)?;
    let Some(webhook) = webhook(env) else { return store.forget_over() };
    for told in store.to_tell()? {
        let what = json!({
            "site": id,
            "kind": told.kind,
            "key": told.key,
            "is_over": told.is_over,
            "text": if told.is_over { format!("{id}: over. {}", told.text) } else { format!("{id}: {}", told.text) },
        });
        // What cannot be told now is told the next time.
        if post(&webhook, &what).await {
            store.told(&told.key, told.is_over)?;
        }
    }
    week(store, site, &webhook, &locale).await
}

fn find(
    store: &FiguresStore,
    site: &Site<'_>,
    seen: &[Seen],
    unsealed: Option<u64>,
    locale: &Locale<'_>,
) -> Result<Vec<Alert>> {
    // A row a day, of everybody alone.
    let first = site.today.minus(DROP_DAYS.max(SLIDE_DAYS));
    let blocks = store.blocks(Dimension::All, first, site.today.minus(1), "")?;
    let blocks = blocks.into_iter().map(|(first, last, _, counts)| Point { first, last, counts });
    let series = points(blocks, Step::Day);
    let updated = site.policy.as_ref().and_then(|policy| Day::parse(&policy.notice.updated).ok());
    let issues = site.policy.iter().flat_map(Policy::warnings);
    let mut alerts: Vec<Alert> = [
        Alert::counts_stopped(store.last_viewed()?, site.today),
        Alert::not_sealed(unsealed, site.now_ms),
        Alert::notice_old(updated, site.today),
    ]
    .into_iter()
    .flatten()
    .collect();
    alerts.extend(Alert::rate_dropped(&series, site.today));
    alerts.extend(Alert::rate_slid(&series, site.today));
    let experiment = site.policy.as_ref().and_then(|policy| policy.experiment.as_ref());
    if let Some(experiment) = experiment.filter(|experiment| experiment.winner.is_none())
        && let Some(tried) = experiments::found_in(store, experiment, site.settled)?
        && let Some((text, winner)) = stop_text(&tried, locale).zip(tried.to_write())
    {
        alerts.push(Alert::Experiment { name: experiment.name.clone(), winner: winner.to_owned(), text });
    }
    let unnamed = unnamed(seen.iter().cloned(), site.policy.as_ref());
    alerts.extend(Alert::strangers(&unnamed, site.now_ms));
    alerts.extend(issues.map(|issue| Alert::Policy { text: issue.to_string() }));
    Ok(alerts)
}

/// Tells of the last whole week, once.
async fn week(store: &FiguresStore, site: &Site<'_>, webhook: &str, locale: &Locale<'_>) -> Result<()> {
    let (days, week) = store.week(site.settled)?;
    let number = Step::Week.number_of(days.last);
    let told = store.week_told()?;
    if told.is_some_and(|told| told >= number) {
        return Ok(());
    }
    // On the first look of all nobody waits for a week that was over before it.
    if told.is_some()
        && let Some(week) = week
    {
        let (key, text) = (format!("week {}", days.last), week_text(site.id, &week, locale));
        let what = json!({ "site": site.id, "kind": "week", "key": key, "is_over": false, "text": text });
        if !post(webhook, &what).await {
            return Ok(());
        }
    }
    store.tell_week(number)
}

fn webhook(env: &Env) -> Option<String> {
    let read = |found: Result<String>| found.ok().filter(|text| !text.is_empty());
    let address = read(env.secret(WEBHOOK).map(|value| value.to_string()))
        .or_else(|| read(env.var(WEBHOOK).map(|value| value.to_string())))?;
    let is_safe = ["https://", "http://127.0.0.1:", "http://localhost:"];
    if is_safe.iter().any(|beginning| address.starts_with(beginning)) {
        return Some(address);
    }
    worker::console_log!("ALERT_WEBHOOK is no https address: nothing is told");
    None
}

async fn post(webhook: &str, what: &Value) -> bool {
    let send = async {
        let headers = Headers::new();
        headers.set("content-type", "application/json")?;
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_headers(headers).with_body(Some(what.to_string().into()));
        Fetch::Request(Request::new_with_init(webhook, &init)?).send().await
    };
    match send.await {
        Ok(answer) if (200..300).contains(&answer.status_code()) => true,
        Ok(answer) => {
            worker::console_log!("ALERT_WEBHOOK answered {}", answer.status_code());
            false
        }
        Err(error) => {
            worker::console_log!("ALERT_WEBHOOK cannot be reached: {error}");
            false
        }
    }
}

/// How these numbers are written, with names in English.
pub fn locale(numbers: &Numbers) -> Locale<'_> {
    Locale {
        tag: &numbers.tag,
        group: &numbers.group,
        decimal: &numbers.decimal,
        grouped_from: numbers.grouped_from,
        group_digits: numbers.group_digits,
        country_name: &|code| country_name("en", code),
        language_name: &|named| language_name("en", named),
    }
}

/// What fits into a cell of a line.
fn line(text: &str) -> String {
    text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect()
}

/// A line of the storage.
pub struct ToTell {
    /// Names it.
    pub key: String,
    /// What kind.
    pub kind: String,
    /// In words.
    pub text: String,
    /// Is it over?
    pub is_over: bool,
}

impl FiguresStore {
    /// Keeps what is so now; what was and is no more is over, a stranger if it is among these keys or has not been so since that moment.
    fn keep_alerts(
        &self,
        alerts: &[(String, &str, String)],
        named: &[String],
        strangers_over_ms: u64,
        now_ms: u64,
    ) -> Result<()> {
        let moment = |ms: u64| worker::SqlStorageValue::Integer(i64::try_from(ms).unwrap_or(i64::MAX));
        let now = || moment(now_ms);
        // No await between these: all are written, or none.
        for (key, kind, text) in alerts {
            self.0.exec(
                "INSERT INTO alerts_1 (key, kind, text, since_ms, seen_ms) VALUES (?, ?, ?, ?, ?) \
                 ON CONFLICT (key) DO UPDATE SET text = excluded.text, seen_ms = excluded.seen_ms",
                vec![line(key).into(), (*kind).into(), line(text).into(), now(), now()],
            )?;
        }
        for key in named {
            self.0.exec("UPDATE alerts_1 SET seen_ms = 0 WHERE key = ?", vec![line(key).into()])?;
        }
        let over = "UPDATE alerts_1 SET is_over = seen_ms < CASE kind WHEN 'stranger' THEN ? ELSE ? END";
        self.0.exec(over, vec![moment(strangers_over_ms), now()]).map(|_| ())
    }

    /// What has not been told, and what is over and has been told.
    fn to_tell(&self) -> Result<Vec<ToTell>> {
        self.0.exec("DELETE FROM alerts_1 WHERE is_over AND NOT is_told", None)?;
        let statement = "SELECT key || char(9) || kind || char(9) || is_over || char(9) || text AS line FROM alerts_1 \
                         WHERE is_over OR NOT is_told ORDER BY since_ms, key";
        let read = |line: &str| {
            let mut cells = line.splitn(4, '\t').map(str::to_owned);
            let (key, kind, over, text) = (cells.next()?, cells.next()?, cells.next()?, cells.next()?);
            Some(ToTell { key, kind, text, is_over: over == "1" })
        };
        Ok(self.text(statement, Vec::new())?.lines().filter_map(read).collect())
    }

    fn told(&self, key: &str, is_over: bool) -> Result<()> {
        let statement = if is_over {
            "DELETE FROM alerts_1 WHERE key = ?"
        } else {
            "UPDATE alerts_1 SET is_told = 1 WHERE key = ?"
        };
        self.0.exec(statement, vec![key.into()]).map(|_| ())
    }

    /// Nobody is told: what is over is forgotten.
    fn forget_over(&self) -> Result<()> {
        self.0.exec("DELETE FROM alerts_1 WHERE is_over", None).map(|_| ())
    }

    /// What must be seen to now: kind and words of each, with a tab between, a line each.
    pub fn alerts(&self) -> Result<String> {
        let statement =
            "SELECT kind || char(9) || text AS line FROM alerts_1 WHERE NOT is_over ORDER BY since_ms, key";
        self.text(statement, Vec::new())
    }

    /// The last whole week of which all is published, and what is in it; nothing where nothing had been published until its end. A Sunday
    /// with too few is published with the days behind it: the week ends with them then, and the next begins there.
    pub fn week(&self, settled: Day) -> Result<(Range, Option<Week>)> {
        let days = last_week(self.open_since(settled)?);
        if self.span()?.is_none_or(|(first, _)| first > days.last) {
            return Ok((days, None));
        }
        let [before, begin, end] = [14, 7, 0].map(|days_ago| self.block_end(days.last.minus(days_ago)));
        let (before, begin, end) = (before?, begin?, end?);
        let sum = |after: Day, last: Day| -> Result<Counts> {
            let Some(first) = after.plus(1).filter(|first| *first <= last) else {
                return Ok(Counts::default());
            };
            let of_week = self.published(Dimension::All, first, last)?;
            Ok(Counts::total(of_week.into_iter().map(|(_, counts)| counts)))
        };
        let told = Range { first: days.first, last: end };
        Ok((days, Some(Week { days: told, counts: sum(begin, end)?, before: sum(before, begin)? })))
    }

    /// The last day of the block that a day is in; the day itself if it is in none.
    fn block_end(&self, day: Day) -> Result<Day> {
        let statement = "SELECT MIN(last) FROM blocks_2 WHERE last >= ?";
        Ok(self.day_of(statement, vec![number(day.number())])?.unwrap_or(day))
    }

    fn week_told(&self) -> Result<Option<u32>> {
        let week = self.number_of("SELECT week FROM about_1", Vec::new())?;
        Ok(week.and_then(|week| u32::try_from(week).ok()))
    }

    fn tell_week(&self, week: u32) -> Result<()> {
        self.0.exec("UPDATE about_1 SET week = ?", vec![number(week)]).map(|_| ())
    }

    /// Which site this is and under what policy, and on which day that was said: with each question, and nobody says it to an alarm.
    pub fn keep_about(&self, site: &str, policy: &str, today: Day) -> Result<()> {
        // Where nothing has changed nothing is written, so that no reader waits for a disk.
        let statement = "INSERT INTO about_1 (only_row, site, policy) VALUES (1, ?, ?) \
                         ON CONFLICT (only_row) DO UPDATE SET policy = excluded.policy WHERE policy <> excluded.policy";
        self.0.exec(statement, vec![site.into(), policy.into()])?;
        let statement = "INSERT INTO said_1 (only_row, day) VALUES (1, ?) \
                         ON CONFLICT (only_row) DO UPDATE SET day = excluded.day WHERE day <> excluded.day";
        self.0.exec(statement, vec![number(today.number())]).map(|_| ())
    }

    fn said_on(&self) -> Result<Option<Day>> {
        self.day_of("SELECT day FROM said_1", Vec::new())
    }

    /// The same, once they have been said; else nothing of both.
    pub fn about(&self) -> Result<(String, String)> {
        let site = self.text("SELECT site AS line FROM about_1", Vec::new())?;
        Ok((site, self.text("SELECT policy AS line FROM about_1", Vec::new())?))
    }
}
