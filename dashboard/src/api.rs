//! The figures for programs: JSON, CSV and metrics. The same as on the page, by the same rule. Described in `openapi.json`.

use crate::figures::{Figures, whole};
use crate::ledgers::Ledger;
use crate::marks::{Happened, marks};
use crate::sites::{Told, figures_of_all};
use crate::watching::locale;
use crate::{Asked, answer, experiments};
use postern_platform::Numbers;
use postern_stats::{
    Counter, Counts, Dimension, GATE_ACTS, Level, Question, Rate, Segment, Verdict, Week, cover_of,
    gate_by_vendor, lines_of, rate_of_asked,
};
use postern_view::{Standing, Tried, week_text};
use serde_json::{Map, Value, json};
use worker::{Error, Response, Result};

/// What describes these interfaces. Source: OpenAPI 3.1.
const OPEN_API: &str = include_str!("../openapi.json");

/// Answers what is asked below `/_postern/api/v1/`.
pub async fn answer(asked: &Asked<'_>, path: &str) -> Result<Response> {
    if path == "openapi.json" {
        return answer::with(200, "application/json", OPEN_API.into());
    }
    // Of several the last, as of every other parameter.
    let by = asked.pairs.iter().rev().find(|(name, value)| name == "by" && !value.is_empty());
    let level = by.and_then(|(_, value)| Level::parse(value));
    let others: &[&str] = if path == "breakdown.csv" { &["by"] } else { &[] };
    let question = match asked.question(others) {
        Ok(question) => question,
        Err(error) => return refuse(400, &error.to_string()),
    };
    if path == "breakdown.csv" && level.is_none() {
        let levels = Level::ALL.map(Level::name).join(", ");
        return refuse(400, &format!("by is one of {levels}"));
    }
    if !["figures", "series.csv", "breakdown.csv"].contains(&path) {
        return refuse(404, "there is nothing of this name; openapi.json says what there is");
    }
    let segment = question.segment.as_ref();
    let figures = match asked.site.figures(question.range(asked.site.settled), segment).await {
        Ok(figures) => figures,
        Err(error) => return lost(&error),
    };
    match path {
        "series.csv" => {
            let rows = figures.points.iter().map(|point| {
                let rate = of_asked(&figures, segment, &point.counts);
                (format!("{},{}", point.first, point.last), point.counts, rate)
            });
            csv("from,to", rows)
        }
        "breakdown.csv" => {
            let rows = level.into_iter().filter(|level| is_kept(*level, segment)).flat_map(|level| {
                let lines = lines_of(&figures.sums, level, segment).into_iter();
                lines
                    .map(|(value, counts)| {
                        let group = Segment { level, value };
                        (quoted(&group.value), counts, of_asked(&figures, Some(&group), &counts))
                    })
                    .collect::<Vec<_>>()
            });
            csv("value", rows)
        }
        _ => match figures_told(asked, &question, &figures).await {
            Ok(body) => answer::with(200, "application/json", format!("{body}\n")),
            Err(error) => lost(&error),
        },
    }
}

/// All of a range, as the page has it.
async fn figures_told(asked: &Asked<'_>, question: &Question, figures: &Figures) -> Result<Value> {
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

/// Is anything kept of those who share a segment and a value of that level?
fn is_kept(level: Level, segment: Option<&Segment>) -> bool {
    segment.is_none_or(|segment| segment.level.dimension() == level.dimension())
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

/// Answers `GET /_postern/api/v1/sites`: all sites that the reader keeps, each with everybody's figures of the last 30 days, and what
/// must be seen to.
pub async fn sites(asked: &Asked<'_>, told_of: &[Told]) -> Result<Response> {
    let found = figures_of_all(asked.site.env, told_of).await;
    let lines = told_of.iter().zip(&found).map(|(one, found)| {
        let range = one.range();
        let alerts = found.as_ref().ok().map(|found| {
            let lines = found.figures.alerts.iter().map(|(kind, text)| json!({ "kind": kind, "text": text }));
            lines.collect::<Vec<_>>()
        });
        json!({
            "site": one.called(),
            "host": one.host(),
            "from": range.first.to_string(),
            "to": range.last.to_string(),
            "fault": found.as_ref().err(),
            "whole": found.as_ref().ok().map(|found| told(&found.whole, found.whole.rate_of_asked())),
            "before": found.as_ref().ok().map(|found| told(&found.before, found.before.rate_of_asked())),
            "alerts": alerts,
        })
    });
    let body = json!({ "sites": lines.collect::<Vec<_>>() });
    answer::with(200, "application/json", format!("{body}\n"))
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

/// Problem details. Source: RFC 9457.
fn refuse(status: u16, what: &str) -> Result<Response> {
    let body = json!({ "status": status, "title": what });
    answer::with(status, "application/problem+json", format!("{body}\n"))
}

/// There are figures, and none of them can be had just now.
fn lost(error: &Error) -> Result<Response> {
    worker::console_log!("no figures: {error}");
    refuse(503, "the records of choices cannot be reached just now")
}

/// The share of those asked, of none where it may not be told.
fn of_asked(figures: &Figures, group: Option<&Segment>, counts: &Counts) -> Rate {
    rate_of_asked(&figures.sums, group, counts)
}

/// In how much of the range a group is told apart, by the browsers asked of everybody; `null` where that is not kept.
fn told_apart(figures: &Figures, group: Option<&Segment>) -> Value {
    group.and_then(|group| cover_of(&figures.sums, group)).and_then(Rate::share).into()
}

/// Counts by name, and both rates with their intervals; `null` where there is nobody to ask about.
fn told(counts: &Counts, of_asked: Rate) -> Map<String, Value> {
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

/// Rows with counters and both rates behind their first cells. Source: RFC 4180.
fn csv(first: &str, rows: impl Iterator<Item = (String, Counts, Rate)>) -> Result<Response> {
    // New columns stand last: programs may count them.
    let (counters, later) = Counter::ALL.split_at(Counter::Times as usize + 1);
    let names =
        |counters: &[Counter]| counters.iter().map(|of| format!(",{}", of.name())).collect::<String>();
    let rates = "yes_of_answers,low,high,yes_of_asked,of_asked_low,of_asked_high";
    let mut out = format!("{first}{},{rates}{}\r\n", names(counters), names(later));
    for (head, counts, of_asked) in rows {
        out.push_str(&head);
        let told = |counters: &[Counter]| {
            counters.iter().map(|counter| format!(",{}", counts.get(*counter))).collect::<String>()
        };
        out.push_str(&told(counters));
        for rate in [counts.rate_of_decided(), of_asked] {
            match rate.share().zip(rate.wilson_95()) {
                Some((share, interval)) => {
                    out.push_str(&format!(",{share:.6},{:.6},{:.6}", interval.low, interval.high));
                }
                None => out.push_str(",,,"),
            }
        }
        out.push_str(&told(later));
        out.push_str("\r\n");
    }
    let answer = answer::with(200, "text/csv; charset=utf-8", out)?;
    answer.headers().set("content-disposition", "attachment; filename=\"figures.csv\"")?;
    Ok(answer)
}

/// A cell. What a spreadsheet would take for a formula is none.
fn quoted(text: &str) -> String {
    let plain = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() };
    if plain.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", plain.replace('"', "\"\"")) } else { plain }
}

/// Answers `GET /_postern/metrics`: sums of all that is published. Gauges, since a day that is published anew may count less.
/// Source: Prometheus, "Exposition formats".
pub async fn metrics(asked: &Asked<'_>) -> Result<Response> {
    if let Some((name, _)) = asked.pairs.iter().find(|(name, value)| name != "site" && !value.is_empty()) {
        return refuse(400, &format!("there is no {name:?}; there is site"));
    }
    match sums(asked).await {
        Ok(sums) => answer::with(200, METRICS_TYPE, sums),
        Err(error) => lost(&error),
    }
}

async fn sums(asked: &Asked<'_>) -> Result<String> {
    let Some((first, last)) = asked.site.standing().await?.published else {
        return Ok(String::new());
    };
    let whole = asked.site.whole(postern_stats::Range { first, last }).await?;
    let mut out = String::new();
    for counter in Counter::ALL.into_iter().filter(|counter| *counter != Counter::Times) {
        let (name, site, count) = (counter.name(), asked.site.id, whole.get(counter));
        out.push_str(&format!(
            "# HELP postern_{name} Of all days that are published; docs/dashboard.md says how it is counted.\n\
             # TYPE postern_{name} gauge\npostern_{name}{{site=\"{site}\"}} {count}\n"
        ));
    }
    Ok(out)
}

const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
