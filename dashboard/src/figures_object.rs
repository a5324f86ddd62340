//! The Durable Object that keeps the figures of one site: gathered from its Ledgers, so that no question of a reader's delays a
//! visitor's decision, and published by the rule of `postern-stats`. All of it can be gathered anew.

use crate::figures_store::{FiguresStore, Row};
use crate::ledgers::Ledger;
use crate::watching;
use postern_stats::{Day, Dimension, Months, Publisher, Range};
use serde_json::Value;
use std::cell::Cell;
use worker::{DurableObject, Env, Request, Response, Result, SqlStorage, State, Storage, durable_object};

/// For how long what was gathered is taken as it is, milliseconds.
const FRESH_MS: u64 = 3_000;

/// For how long what was found to be seen to is taken as it is, milliseconds.
const WATCHED_MS: u64 = 60_000;

/// Answers taken from one Ledger in one go, at most; each has the cells of some weeks.
const ANSWERS_OF_GO: u32 = 8;

/// Days published in one go, at most.
const DAYS_OF_GO: u32 = 150;

/// Days of a series read at a time: a text of the storage's is bounded.
const DAYS_OF_TEXT: u32 = 120;

/// The object that keeps the figures of one site.
#[durable_object(alarm)]
pub struct FiguresObject {
    storage: Storage,
    sql: SqlStorage,
    env: Env,
    is_open: Cell<bool>,
    /// When it was looked last for what must be seen to, Unix milliseconds.
    watched_ms: Cell<u64>,
    gathered_ms: Cell<u64>,
    has_more: Cell<bool>,
}

impl DurableObject for FiguresObject {
    fn new(state: State, env: Env) -> Self {
        let storage = state.storage();
        let sql = storage.sql();
        Self {
            storage,
            sql,
            env,
            is_open: Cell::new(false),
            watched_ms: Cell::new(0),
            gathered_ms: Cell::new(0),
            has_more: Cell::new(false),
        }
    }

    /// Answers a question: a JSON object with `site`, `today` (its day's number), `first` and `last` (days), and either
    /// `dimensions` (by name: sums of the range) or `series` (a dimension's name: each block) with `part`.
    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let question: Value = serde_json::from_str(&request.text().await?)?;
        let store = self.store()?;
        let day = |name: &str| {
            let number = question.get(name).and_then(Value::as_u64);
            number.and_then(|number| u32::try_from(number).ok()).and_then(Day::new)
        };
        let word = |name: &str| question.get(name).and_then(Value::as_str).unwrap_or("");
        let (Some(today), Some(first), Some(last)) = (day("today"), day("first"), day("last")) else {
            return Response::error("no days are named", 400);
        };
        store.keep_site(word("site"))?;
        self.gather(&store, word("site"), today).await?;
        self.watch(&store).await;
        let mut answer = self.standing(&store, today)?;
        for line in store.alerts()?.lines() {
            answer.push_str(&format!("alert\t{line}\n"));
        }
        let range = Range { first, last };
        for name in question.get("dimensions").and_then(Value::as_array).into_iter().flatten() {
            let Some(dimension) = name.as_str().and_then(Dimension::parse) else { continue };
            for (value, counts) in totals(&store, dimension, range)? {
                answer.push_str(&format!("sum\t{}\t{value}\t{}\n", dimension.name(), counts.write()));
            }
        }
        if let Some(dimension) = Dimension::parse(word("series")) {
            let mut from = range.first;
            while from <= range.last {
                let to = from.plus(DAYS_OF_TEXT - 1).unwrap_or(range.last).min(range.last);
                for (first, last, value, counts) in store.blocks(dimension, from, to, word("part"))? {
                    answer.push_str(&format!(
                        "block\t{}\t{}\t{value}\t{}\n",
                        first.number(),
                        last.number(),
                        counts.write()
                    ));
                }
                let Some(next) = to.plus(1) else { break };
                from = next;
            }
        }
        Response::ok(answer)
    }

    /// Looks for what must be seen to, whether or not anybody reads.
    async fn alarm(&self) -> Result<Response> {
        let store = self.store()?;
        self.watched_ms.set(0);
        self.watch(&store).await;
        Response::ok("")
    }
}

/// Sums of a range: whole months as they are kept, what is left over by days.
fn totals(store: &FiguresStore, dimension: Dimension, range: Range) -> Result<Vec<Row>> {
    let Months { before, whole, after } = range.split_by_months();
    let mut all = Vec::new();
    for part in [before, after].into_iter().flatten() {
        all.extend(store.published(dimension, part.first, part.last)?);
    }
    if let Some((first, last)) = whole.first().zip(whole.last()) {
        all.extend(store.months(dimension, *first, *last)?);
    }
    Ok(all)
}

impl FiguresObject {
    fn store(&self) -> Result<FiguresStore> {
        let store = FiguresStore(self.sql.clone());
        if !self.is_open.get() {
            store.open()?;
            self.is_open.set(true);
        }
        Ok(store)
    }

    /// Looks for what must be seen to, unless that was done a moment ago, and sees to it that it is done again. Whoever asked for figures
    /// gets them all the same.
    async fn watch(&self, store: &FiguresStore) {
        let now_ms = worker::Date::now().as_millis();
        let every = watching::every(&self.env);
        let is_fresh =
            now_ms < self.watched_ms.get().saturating_add(WATCHED_MS.min(every.as_millis() as u64));
        if is_fresh {
            return;
        }
        self.watched_ms.set(now_ms);
        let looked = async {
            self.storage.set_alarm(every).await?;
            let id = store.site()?;
            let site = watching::Site::of(&self.env, &id).await?;
            self.gather(store, &id, site.today).await?;
            // What is not all here would look as if it had stopped.
            if self.has_more.get() { Ok(()) } else { watching::watch(&self.env, store, &site).await }
        };
        if let Err(error) = looked.await {
            worker::console_log!("nobody could look for what must be seen to: {error}");
        }
    }

    /// Where the figures stand: whether more is being gathered, since when anything is counted, from and until when it is published,
    /// and everybody's counts of today.
    fn standing(&self, store: &FiguresStore, today: Day) -> Result<String> {
        let number = |day: Option<Day>| day.map_or(String::new(), |day| day.number().to_string());
        let span = store.span()?;
        let of_today = store.day(today)?;
        let all = of_today.into_iter().find(|(dimension, _, _)| *dimension == Dimension::All);
        Ok(format!(
            "standing\t{}\t{}\t{}\t{}\t{}\n",
            u8::from(self.has_more.get()),
            number(store.begin()?),
            number(span.map(|(first, _)| first)),
            number(span.map(|(_, last)| last)),
            all.map_or(String::new(), |(_, _, counts)| counts.write()),
        ))
    }

    /// Gathers what has changed in the Ledgers, and publishes what may be shown of it.
    async fn gather(&self, store: &FiguresStore, site: &str, today: Day) -> Result<()> {
        let now_ms = worker::Date::now().as_millis();
        if !self.has_more.get() && now_ms < self.gathered_ms.get() + FRESH_MS {
            return Ok(());
        }
        let mut has_more = false;
        for ledger in Ledger::all(&self.env, site).await? {
            for go in 1.. {
                let changed = ledger.changed_since(store.revision(ledger.shard())?).await?;
                store.take(ledger.shard(), changed.revision, &changed.cells)?;
                if !changed.has_more {
                    break;
                }
                if go == ANSWERS_OF_GO {
                    has_more = true;
                    break;
                }
            }
        }
        // Not before all is here: what is published changes no more than it must.
        self.has_more.set(has_more || publish(store, today)?);
        self.gathered_ms.set(now_ms);
        Ok(())
    }
}

/// Publishes the days that are over, as many as one go takes; true if there are more.
fn publish(store: &FiguresStore, today: Day) -> Result<bool> {
    let Some(begin) = store.stale(today)? else { return Ok(false) };
    // No await from here on: a reader finds all of it, or what was before.
    store.unpublish(begin)?;
    let mut publisher = Publisher::after(begin.minus(1));
    let end = begin.plus(DAYS_OF_GO).unwrap_or(today).min(today);
    for day in begin.through(end.minus(1)) {
        if let Some(block) = publisher.push(day, &store.day(day)?) {
            store.publish(&block)?;
        }
    }
    store.close(begin, end)?;
    Ok(end < today)
}
