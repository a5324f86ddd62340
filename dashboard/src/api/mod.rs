//! The figures for programs: JSON, CSV and metrics. The same as on the page, by the same rule. Described in `openapi.json`.

mod csv;
mod json;
mod metrics;
mod sites;

pub use metrics::metrics;
pub use sites::{sites, sites_csv};

use crate::figures::Figures;
use crate::{Asked, answer};
use csv::Table;
use postern_stats::{Counts, Dimension, GATE_ACTS, Level, Rate, Segment, gate_by_vendor, rate_of_asked};
use serde_json::json;
use std::collections::BTreeMap;
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
    let table = Table::named(path, level);
    if table.is_none() && path != "figures" {
        return refuse(404, "there is nothing of this name; openapi.json says what there is");
    }
    // Asked for whatever it is: where there are none to be had, all say so alike.
    let range = question.range(asked.site.settled);
    let figures = match asked.site.figures(range, question.segment.as_ref()).await {
        Ok(figures) => figures,
        Err(error) => return lost(&error),
    };
    let found = match table {
        Some(table) => csv::text(asked, &question, &figures, table).await,
        None => json::figures_told(asked, &question, &figures).await.map(|body| format!("{body}\n")),
    };
    match (found, table) {
        (Ok(text), Some(table)) => csv::answer(table, text),
        (Ok(text), None) => answer::with(200, "application/json", text),
        (Err(error), _) => lost(&error),
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

/// What the gate did with each vendor: how often each of its acts.
fn gate(figures: &Figures) -> BTreeMap<&str, [u64; GATE_ACTS.len()]> {
    let cells = figures.sums.iter().filter(|(dimension, _, _)| *dimension == Dimension::Gate);
    gate_by_vendor(cells.map(|(_, value, counts)| (value.as_str(), *counts)))
}
