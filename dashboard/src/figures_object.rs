//! The Durable Object that keeps the figures of one site: gathered from its Ledgers, so that no question of a reader's delays a
//! visitor's decision, and published by the rule of `postern-stats`. All of it can be gathered anew.

use crate::experiments;
use crate::figures_store::FiguresStore;
use crate::ledgers::Ledger;
use crate::watching;
use postern_stats::{
    Counter, Counts, Day, Dimension, Months, Point, Publisher, Range, Segment, Step, is_gone, points,
};
use postern_view::Standing;
use serde_json::Value;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use worker::{Delay, DurableObject, Env, Request, Response, Result, SqlStorage, State, durable_object};

/// For how long what was gathered is taken as it is, milliseconds.
const FRESH_MS: u64 = 3_000;

/// For how long what was found to be seen to is taken as it is, milliseconds.
const WATCHED_MS: u64 = 60_000;

/// How long an answer takes to be on its way, with much to spare.
const AFTER_ANSWER: Duration = Duration::from_millis(500);

/// Answers taken from one Ledger in one go, at most; each has the cells of some weeks.
const ANSWERS_OF_GO: u32 = 8;

/// Goes of one alarm, at most: ten years of days.
const GOES_OF_ALARM: u32 = 40;

/// Days published in one go, at most, and those that their last block takes.
const DAYS_OF_GO: u32 = 150;

/// Days of a series read at a time: a text of the storage's is bounded.
const DAYS_OF_TEXT: u32 = 120;

/// The object that keeps the figures of one site.
#[durable_object(alarm)]
pub struct FiguresObject {
    state: State,
    sql: SqlStorage,
    env: Env,
    is_open: Cell<bool>,
    /// When it was looked last for what must be seen to, Unix milliseconds.
    watched_ms: Cell<u64>,
    gathered_ms: Cell<u64>,
    has_more: Cell<bool>,
    /// How many grants run out within thirty days, of all Ledgers.
    due: Cell<u64>,
}

impl DurableObject for FiguresObject {
    fn new(state: State, env: Env) -> Self {
        let sql = state.storage().sql();
        Self {
            state,
            sql,
            env,
            is_open: Cell::new(false),
            watched_ms: Cell::new(0),
            gathered_ms: Cell::new(0),
            has_more: Cell::new(false),
            due: Cell::new(0),
        }
    }

    /// Answers a question: a JSON object with `site`, `policy` (its file), `today` (its day's number), `settled`
    /// (the first day that may still be counted), `first` and `last` (days), and, where they are
    /// wanted, `dimensions` (by name: sums of the range), `of` (a segment, or `everybody`: its figures over time) and `ways` (to ask, as
    /// they are counted: the figures of each over time).
    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let question: Value = serde_json::from_str(&request.text().await?)?;
        let store = self.store()?;
        let day = |name: &str| {
            let number = question.get(name).and_then(Value::as_u64);
            number.and_then(|number| u32::try_from(number).ok()).and_then(Day::new)
        };
        let word = |name: &str| question.get(name).and_then(Value::as_str).unwrap_or("");
        let days = (day("today"), day("settled"), day("first"), day("last"));
        let (Some(today), Some(settled), Some(first), Some(last)) = days else {
            return Response::error("no days are named", 400);
        };
        store.keep_about(word("site"), word("policy"), today)?;
        self.gather(&store, word("site"), settled).await?;
        self.watch_soon();
        let mut answer = self.standing(&store, today)?;
        for line in store.alerts()?.lines() {
            answer.push_str(&format!("alert\t{line}\n"));
        }
        if let (_, Some(week)) = store.week(settled)? {
            let Range { first, last } = week.days;
            let (counts, before) = (week.counts.write(), week.before.write());
            answer.push_str(&format!("week\t{}\t{}\t{counts}\t{before}\n", first.number(), last.number()));
        }
        let range = Range { first, last };
        for name in question.get("dimensions").and_then(Value::as_array).into_iter().flatten() {
            let Some(dimension) = name.as_str().and_then(Dimension::parse) else { continue };
            for (value, counts) in totals(&store, dimension, range)? {
                answer.push_str(&format!("sum\t{}\t{value}\t{}\n", dimension.name(), counts.write()));
            }
        }
        if !word("of").is_empty() {
            // `everybody`, or a segment.
            let segment = Segment::parse(word("of")).ok();
            for point in series(&store, segment.as_ref(), range)? {
                answer.push_str(&format!("point\t{}\n", written(&point)));
            }
        }
        let ways = question.get("ways").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let ways: Vec<&str> = ways.iter().filter_map(Value::as_str).collect();
        // Blocks are not of the same days as what they are cut by, until all is here.
        if !ways.is_empty() && !self.has_more.get() {
            for (place, points) in experiments::ways(&store, &ways, range)?.iter().enumerate() {
                for point in points {
                    answer.push_str(&format!("way\t{place}\t{}\n", written(point)));
                }
            }
        }
        Response::ok(answer)
    }

    /// Looks for what must be seen to, whether or not anybody reads.
    async fn alarm(&self) -> Result<Response> {
        self.watched_ms.set(worker::Date::now().as_millis());
        self.state.storage().set_alarm(watching::every(&self.env)).await?;
        match self.watch().await {
            Ok(true) => {}
            // Whoever looks at the figures again sets it again.
            Ok(false) => self.state.storage().delete_alarm().await?,
            Err(error) => worker::console_log!("nobody could look for what must be seen to: {error}"),
        }
        Response::ok("")
    }
}

/// A point as a reader gets it: first and last day, and counts.
fn written(point: &Point) -> String {
    format!("{}\t{}\t{}", point.first.number(), point.last.number(), point.counts.write())
}

/// Sums of a range: whole months as they are kept, what is left over by days.
fn totals(store: &FiguresStore, dimension: Dimension, range: Range) -> Result<BTreeMap<String, Counts>> {
    let Months { before, whole, after } = range.split_by_months();
    let mut all = Vec::new();
    for part in [before, after].into_iter().flatten() {
        all.extend(store.published(dimension, part.first, part.last)?);
    }
    if let Some((first, last)) = whole.first().zip(whole.last()) {
        all.extend(store.months(dimension, *first, *last)?);
    }
    let mut sums: BTreeMap<String, Counts> = BTreeMap::new();
    for (value, counts) in all {
        let sum = sums.entry(value).or_default();
        *sum = sum.merge(counts);
    }
    Ok(sums)
}

/// The figures of a segment, or of everybody, over time: by months where a range is told by months, else block by block.
fn series(store: &FiguresStore, segment: Option<&Segment>, range: Range) -> Result<Vec<Point>> {
    let dimension = segment.map_or(Dimension::All, |segment| segment.level.dimension());
    let part = segment.map_or("", |segment| segment.value.as_str());
    let of_days = |range: Range| {
        let mut all = Vec::new();
        let mut from = Some(range.first);
        while let Some(first) = from.filter(|first| *first <= range.last) {
            let last = first.plus(DAYS_OF_TEXT - 1).unwrap_or(range.last).min(range.last);
            all.extend(store.blocks(dimension, first, last, part)?);
            from = last.plus(1);
        }
        Ok::<_, worker::Error>(all)
    };
    let step = Step::for_range(range);
    let blocks = if step == Step::Month {
        let Months { before, whole, after } = range.split_by_months();
        let mut all = before.map_or(Ok(Vec::new()), of_days)?;
        if let Some((first, last)) = whole.first().zip(whole.last()) {
            all.extend(store.month_blocks(dimension, *first, *last, part)?);
        }
        all.extend(after.map_or(Ok(Vec::new()), of_days)?);
        all
    } else {
        of_days(range)?
    };
    let own =
        blocks.into_iter().filter(|(_, _, value, _)| segment.is_none_or(|segment| segment.matches(value)));
    Ok(points(own.map(|(first, last, _, counts)| Point { first, last, counts }), step))
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

    /// Has the alarm look for what must be seen to, unless it did a moment ago: no reader waits for what it tells whom. Nor for the disk:
    /// an answer is held back until all that was written before it is there, so the alarm is set once it is on its way.
    fn watch_soon(&self) {
        let now_ms = worker::Date::now().as_millis();
        if now_ms < self.watched_ms.get().saturating_add(WATCHED_MS) {
            return;
        }
        self.watched_ms.set(now_ms);
        let storage = self.state.storage();
        self.state.wait_until(async move {
            Delay::from(AFTER_ANSWER).await;
            if let Err(error) = storage.set_alarm(Duration::ZERO).await {
                worker::console_log!("nobody is asked to look for what must be seen to: {error}");
            }
        });
    }

    /// Looks for what must be seen to; false where there is nobody left to look for, since the site has had no page for so long.
    async fn watch(&self) -> Result<bool> {
        let store = self.store()?;
        let (id, policy) = store.about()?;
        let settled = watching::Site::of(&id, &policy).settled;
        for _ in 0..GOES_OF_ALARM {
            self.gather(&store, &id, settled).await?;
            if !self.has_more.get() {
                // Read now: a reader may have said another meanwhile.
                let (_, said) = store.about()?;
                let policy = watching::policy_now(&self.env, &store, &id, said).await?;
                let site = watching::Site::of(&id, &policy);
                watching::watch(&self.env, &store, &site).await?;
                let since = store.watched_since(site.settled)?;
                return Ok(!is_gone(store.last_viewed()?, since, site.settled));
            }
        }
        // What is not all here would look as if it had stopped.
        Ok(true)
    }

    /// Where the figures stand: whether more is being gathered, how many grants run out soon, since when anything is counted, from and until when it is published,
    /// everybody's counts of today, and what the gate did today.
    fn standing(&self, store: &FiguresStore, today: Day) -> Result<String> {
        let number = |day: Option<Day>| day.map_or(String::new(), |day| day.number().to_string());
        let span = store.span()?;
        let of_today = store.day(today)?;
        // What the gate did, by kind; answers that let somebody run are answers, which are told of no day that goes on.
        let done = |kind: &str| {
            let own = of_today.iter().filter(|(dimension, value, _)| {
                *dimension == Dimension::Gate && value.split('/').next() == Some(kind)
            });
            own.map(|(_, _, counts)| counts.get(Counter::Times)).sum::<u64>()
        };
        let gate = Standing::GATE.map(|(kind, _)| done(kind).to_string()).join(" ");
        let all = of_today.iter().find(|(dimension, _, _)| *dimension == Dimension::All);
        Ok(format!(
            "standing\t{}\t{}\t{}\t{}\t{}\t{}\t{gate}\n",
            u8::from(self.has_more.get()),
            self.due.get(),
            number(store.begin()?),
            number(span.map(|(first, _)| first)),
            number(span.map(|(_, last)| last)),
            all.map_or(String::new(), |(_, _, counts)| counts.write()),
        ))
    }

    /// Gathers what has changed in the Ledgers, and publishes what may be shown of it.
    async fn gather(&self, store: &FiguresStore, site: &str, settled: Day) -> Result<()> {
        let now_ms = worker::Date::now().as_millis();
        if !self.has_more.get() && now_ms < self.gathered_ms.get() + FRESH_MS {
            return Ok(());
        }
        let (mut has_more, mut due) = (false, 0);
        for ledger in Ledger::all(&self.env, site).await? {
            for go in 1.. {
                let changed = ledger.changed_since(store.revision(ledger.shard())?).await?;
                store.take(ledger.shard(), &changed)?;
                if !changed.has_more {
                    due += changed.due;
                    break;
                }
                if go == ANSWERS_OF_GO {
                    has_more = true;
                    break;
                }
            }
        }
        // Not before all is here: what is published changes no more than it must.
        self.due.set(due);
        self.has_more.set(has_more || publish(store, settled)?);
        self.gathered_ms.set(now_ms);
        Ok(())
    }
}

/// Publishes anew what has changed of the days before `end`, as many as one go takes; true if there are more. Blocks that have not
/// changed stay; those behind a change are made anew until one ends where one has ended before.
fn publish(store: &FiguresStore, end: Day) -> Result<bool> {
    let (mut pushed, mut changed) = (0, BTreeSet::new());
    // No await from here on: a reader finds all of it, or what was before.
    while let Some(dirty) = store.first_dirty(end)? {
        if pushed >= DAYS_OF_GO {
            store.sum_months(&changed)?;
            return Ok(true);
        }
        let begin = store.begin_of(dirty)?;
        let mut publisher = Publisher::after(begin.minus(1));
        // The first day that is in no block yet.
        let mut open = begin;
        let mut reached = None;
        for day in begin.through(end.minus(1)) {
            pushed += 1;
            let Some(block) = publisher.push(day, &store.day(day)?) else { continue };
            let is_as_before = store.ends_with(block.last)?;
            changed.extend(store.unpublish(open, block.last)?);
            changed.insert(block.last);
            store.publish(&block)?;
            let Some(next) = block.last.plus(1) else { break };
            open = next;
            if block.last >= dirty && (is_as_before || pushed >= DAYS_OF_GO) {
                if !is_as_before {
                    store.soil(next)?;
                }
                reached = Some(block.last);
                break;
            }
        }
        if reached.is_none() {
            // What is left waits for the days to come.
            changed.extend(store.unpublish(open, end)?);
        }
        store.clean(reached.unwrap_or_else(|| end.minus(1)))?;
    }
    changed.extend(store.publish_late()?);
    store.sum_months(&changed)?;
    Ok(false)
}
