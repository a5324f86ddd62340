//! The figures as JSON.

use super::{is_kept, of_asked};
use crate::figures::{Figures, whole};
use crate::ledgers::Ledger;
use crate::marks::{Happened, marks};
use crate::watching::locale;
use crate::{Asked, experiments};
use postern_platform::Numbers;
use postern_stats::{
    Counter, Counts, Dimension, GATE_ACTS, Level, Question, Rate, Segment, Verdict, Week, cover_of,
    gate_by_vendor, lines_of,
};
use postern_view::{Standing, Tried, week_text};
use serde_json::{Map, Value, json};
use worker::Result;

/// All of a range, as the page has it.
pub(super) async fn figures_told(asked: &Asked<'_>, question: &Question, figures: &Figures) -> Result<Value> {
    let (range, segment) = (question.range(asked.site.settled), question.segment.as_ref());
    let points = figures.points.iter().map(|point| {
        let mut one = told(&point.counts, of_asked(figures, segment, &point.counts));
        one.insert("from".into(), point.first.to_string().into());
        one.insert("to".into(), point.last.to_string().into());
        Value::from(one)
    });
    let mut breakdowns = Map::new();
    for level in Level::ALL.into_iter().filter(|level| is_kept(*level, segment)) {
        let lines = lines_of(&figures.sums, level, segment).into_iter().map(|(value, counts)| {
            let group = Segment { level, value };
            let mut one = told(&counts, of_asked(figures, Some(&group), &counts));
            one.insert("told_apart".into(), told_apart(figures, Some(&group)));
            one.insert("value".into(), group.value.into());
            Value::from(one)
        });
        breakdowns.insert(level.name().into(), lines.collect::<Vec<_>>().into());
    }
    let tried = match asked.policy.and_then(|policy| policy.experiment.as_ref()) {
        Some(experiment) => experiments::found(&asked.site, experiment).await?,
        None => None,
    };
    let marks = marks(asked, &Ledger::main(asked.site.env, asked.site.id)?, range).await?;
    let marks = marks.iter().map(|Happened { mark, changes }| {
        let (day, text) = (mark.day.to_string(), &mark.text);
        json!({ "day": day, "text": text, "changes": changes.named, "more_changes": changes.more })
    });
    let standing = &figures.standing;
    let counts = whole(&figures.sums, segment);
    let mut all = told(&counts, of_asked(figures, segment, &counts));
    all.insert("told_apart".into(), told_apart(figures, segment));
    Ok(json!({
        "site": asked.site.id,
        "question": question.write(),
        "from": range.first.to_string(),
        "to": range.last.to_string(),
        "published": standing.published.map(|(first, last)| json!({ "from": first.to_string(), "to": last.to_string() })),
        "is_gathering": standing.has_more,
        "smallest_group": postern_stats::SMALLEST_GROUP,
        "whole": all,
        "series": points.collect::<Vec<_>>(),
        "breakdowns": breakdowns,
        "gate": gate_told(figures),
        "grants_due": Standing::in_steps(standing.due),
        "marks": marks.collect::<Vec<_>>(),
        "week": figures.week.as_ref().map(|week| week_told(asked, week)),
        "experiment": tried.as_ref().map(experiment_told),
    }))
}

/// What the gate did, a line for each vendor.
fn gate_told(figures: &Figures) -> Vec<Value> {
    let cells = figures.sums.iter().filter(|(dimension, _, _)| *dimension == Dimension::Gate);
    let vendors = gate_by_vendor(cells.map(|(_, value, counts)| (value.as_str(), *counts)));
    let line = |(vendor, counts): (&str, [u64; GATE_ACTS.len()])| {
        let acts = GATE_ACTS.into_iter().zip(counts).map(|(act, count)| (act.to_owned(), count.into()));
        Map::from_iter(acts.chain([("vendor".to_owned(), vendor.into())])).into()
    };
    vendors.into_iter().map(line).collect()
}

/// The last whole week, in the words of the page and of the message as well.
fn week_told(asked: &Asked<'_>, week: &Week) -> Value {
    json!({
        "from": week.days.first.to_string(),
        "to": week.days.last.to_string(),
        "whole": told(&week.counts, week.counts.rate_of_asked()),
        "before": told(&week.before, week.before.rate_of_asked()),
        "text": week_text(asked.site.id, week, &locale(&Numbers::of("en"))),
    })
}

/// What an experiment has found.
fn experiment_told(tried: &Tried<'_>) -> Value {
    let ways = tried.ways.iter().zip(&tried.findings.ways).map(|(name, way)| {
        json!({
            "name": name,
            "asked": way.rate().denominator(),
            "answered": way.counts.decided(),
            "granted": way.rate().numerator(),
            "of_asked": rate_told(way.rate()),
            "difference": way.difference.map(|interval| json!({ "low": interval.low, "high": interval.high })),
            "p": way.p,
        })
    });
    let verdict = match tried.findings.verdict {
        Verdict::Undecided => "undecided",
        Verdict::NoDifference => "no-difference",
        Verdict::Better(_) => "better",
    };
    json!({
        "name": tried.name,
        "from": tried.first.to_string(),
        "to": tried.last.to_string(),
        "smallest_points": tried.points,
        "planned": tried.findings.planned,
        "verdict": verdict,
        "better": tried.best(),
        "winner": tried.winner,
        "ways": ways.collect::<Vec<_>>(),
    })
}

/// In how much of the range a group is told apart, by the browsers asked of everybody; `null` where that is not kept.
fn told_apart(figures: &Figures, group: Option<&Segment>) -> Value {
    group.and_then(|group| cover_of(&figures.sums, group)).and_then(Rate::share).into()
}

/// Counts by name, and both rates with their intervals; `null` where there is nobody to ask about.
pub(super) fn told(counts: &Counts, of_asked: Rate) -> Map<String, Value> {
    let mut told = Map::new();
    for counter in Counter::ALL {
        told.insert(counter.name().into(), counts.get(counter).into());
    }
    for (name, rate) in [("of_answers", counts.rate_of_decided()), ("of_asked", of_asked)] {
        told.insert(name.into(), rate_told(rate));
    }
    told
}

fn rate_told(rate: Rate) -> Value {
    match rate.share().zip(rate.wilson_95()) {
        Some((share, interval)) => json!({ "share": share, "low": interval.low, "high": interval.high }),
        None => Value::Null,
    }
}
