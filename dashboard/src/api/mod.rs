//! The figures for programs: JSON, CSV and metrics. The same as on the page, by the same rule. Described in `openapi.json`.

mod csv;
mod json;
mod metrics;
mod sites;

pub use metrics::metrics;
pub use sites::sites;

use crate::figures::Figures;
use crate::{Asked, answer};
use csv::{csv, quoted};
use postern_stats::{Counts, Level, Rate, Segment, lines_of, rate_of_asked};
use serde_json::json;
use worker::{Error, Response, Result};

/// What describes these interfaces. Source: OpenAPI 3.1.
const OPEN_API: &str = include_str!("../../openapi.json");

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
        _ => match json::figures_told(asked, &question, &figures).await {
            Ok(body) => answer::with(200, "application/json", format!("{body}\n")),
            Err(error) => lost(&error),
        },
    }
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

/// Is anything kept of those who share a segment and a value of that level?
fn is_kept(level: Level, segment: Option<&Segment>) -> bool {
    segment.is_none_or(|segment| segment.level.dimension() == level.dimension())
}
