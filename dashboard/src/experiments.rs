//! What a site tries: the figures of each way to ask, put together with what the policy says of it.

use crate::figures::Site;
use crate::figures_store::FiguresStore;
use postern_policy::Experiment;
use postern_stats::{Day, Dimension, Findings, Level, Point, Range, Segment, Step, points};
use postern_view::Tried;
use worker::Result;

/// The days of it that may have been published by now; `None` before there are any.
fn range(experiment: &Experiment, settled: Day) -> Option<Range> {
    let (first, last) = (Day::new(experiment.first_day)?, Day::new(experiment.last_day)?);
    let range = Range { first, last: last.min(settled.minus(1)) };
    (range.days() > 0).then_some(range)
}

/// Each way as figures are told apart by it, the site's own first.
fn segments(experiment: &Experiment) -> impl Iterator<Item = Segment> {
    let value = |name: &str| format!("{}.{name}", experiment.name);
    experiment.names().map(move |name| Segment { level: Level::Variant, value: value(name) })
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
    let mut ways = Vec::new();
    for segment in segments(experiment) {
        ways.push(match range(experiment, site.settled) {
            Some(range) => site.over_time(range, &segment).await?,
            None => Vec::new(),
        });
    }
    Ok(tried(experiment, &ways))
}

/// The same, where the figures are kept.
pub fn found_in<'a>(
    store: &FiguresStore,
    experiment: &'a Experiment,
    settled: Day,
) -> Result<Option<Tried<'a>>> {
    let mut ways = Vec::new();
    for segment in segments(experiment) {
        let blocks = match range(experiment, settled) {
            Some(range) => store.blocks(Dimension::Variant, range.first, range.last, &segment.value)?,
            None => Vec::new(),
        };
        let own = blocks.into_iter().filter(|(_, _, value, _)| segment.matches(value));
        ways.push(points(own.map(|(first, last, _, counts)| Point { first, last, counts }), Step::Day));
    }
    Ok(tried(experiment, &ways))
}
