//! All sites of who asks, beside each other.

use super::csv;
use super::json::told;
use crate::sites::{Told, figures_of_all};
use crate::{Asked, answer};
use postern_stats::Range;
use serde_json::json;
use worker::{Response, Result};

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

/// Answers `GET /_postern/api/v1/sites.csv`: two rows of each site, of the last 30 days and of the 30 before.
pub async fn sites_csv(asked: &Asked<'_>, told_of: &[Told]) -> Result<Response> {
    let found = figures_of_all(asked.site.env, told_of).await;
    let rows = told_of.iter().zip(&found).flat_map(|(one, found)| {
        let found = found.as_ref().ok();
        let days = [
            (Some(one.range()), found.map(|found| found.whole)),
            (one.range().before(), found.map(|found| found.before)),
        ];
        let row = |(days, counts): (Option<Range>, _)| {
            Some((one.called().to_owned(), one.host().map(str::to_owned), days?, counts))
        };
        days.into_iter().filter_map(row).collect::<Vec<_>>()
    });
    csv::file("sites.csv", csv::sites(rows))
}
