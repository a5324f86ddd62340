//! Sums for Prometheus.

use super::{lost, refuse};
use crate::{Asked, answer};
use postern_stats::Counter;
use worker::{Response, Result};

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
