//! What a site tries: the figures of each way to ask, put together with what the policy says of it.

use crate::figures::Site;
use crate::figures_store::FiguresStore;
use postern_policy::Experiment;
use postern_stats::{Counts, Day, Dimension, Findings, Point, Range, apart};
use postern_view::Tried;
use worker::Result;

/// Days after the last one whose blocks still count: what is too little to be told on the last day may be enough in the next days.
const DAYS_AFTER: u32 = 7;

/// The days of it that may have been published by now; `None` before there are any.
fn range(experiment: &Experiment, settled: Day) -> Option<Range> {
    let (first, last) = (Day::new(experiment.first_day)?, Day::new(experiment.last_day)?);
    let range = Range { first, last: last.plus(DAYS_AFTER)?.min(settled.minus(1)) };
    (range.days() > 0).then_some(range)
}

/// Each way as it is counted, the site's own first.
fn values(experiment: &Experiment) -> Vec<String> {
    experiment.names().map(|name| format!("{}.{name}", experiment.name)).collect()
}

fn tried<'a>(experiment: &'a Experiment, ways: &[Vec<Point>]) -> Option<Tried<'a>> {
    let share = |percent: u32| f64::from(percent) / 100.0;
    Some(Tried {
        name: &experiment.name,
        ways: experiment.names().collect(),
        first: Day::new(experiment.first_day)?,
        last: Day::new(experiment.last_day)?,
        winner: experiment.winner.as_deref(),
        points: experiment.points,
        findings: Findings::of(ways, share(experiment.expected), share(experiment.points)),
    })
}

/// What it has found, asked of the object that keeps the figures.
pub async fn found<'a>(site: &Site<'_>, experiment: &'a Experiment) -> Result<Option<Tried<'a>>> {
    let values = values(experiment);
    let mut ways = match range(experiment, site.settled) {
        Some(range) => site.ways(range, &values).await?,
        None => Vec::new(),
    };
    ways.resize(values.len(), Vec::new());
    Ok(tried(experiment, &ways))
}

/// The same, where the figures are kept.
pub fn found_in<'a>(
    store: &FiguresStore,
    experiment: &'a Experiment,
    settled: Day,
) -> Result<Option<Tried<'a>>> {
    let values = values(experiment);
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let ways = match range(experiment, settled) {
        Some(range) => ways(store, &values, range)?,
        None => vec![Vec::new(); values.len()],
    };
    Ok(tried(experiment, &ways))
}

/// Each of these ways over time, in the blocks of everybody that end in a range, as far as they may be told.
pub fn ways(store: &FiguresStore, values: &[&str], range: Range) -> Result<Vec<Vec<Point>>> {
    let blocks = store.blocks(Dimension::All, range.first, range.last, "")?;
    let blocks: Vec<Point> =
        blocks.into_iter().map(|(first, last, _, counts)| Point { first, last, counts }).collect();
    let begin = blocks.first().map_or(range.first, |block| block.first);
    let cells = store.of_days(Dimension::Variant, begin, range.last)?;
    let of_way = |way: &&str| {
        let own = cells.iter().filter(|(_, value, _)| value == way);
        own.map(|(day, _, counts)| (*day, *counts)).collect::<Vec<(Day, Counts)>>()
    };
    Ok(apart(&blocks, &values.iter().map(of_way).collect::<Vec<_>>()))
}
