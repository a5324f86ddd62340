//! Today, while it goes on: rounded down to tens, since a figure that is watched tells of each visitor by its steps.

use super::Standing;
use super::numbers::Locale;
use crate::DASHBOARD_TODAY_PATH;
use maud::{Markup, html};
use postern_stats::{Counter, SMALLEST_GROUP};

/// How often it is looked at again, seconds.
const SECONDS: u32 = 30;

/// The section of today's figures, which is fetched anew by itself as well; `site` is another site than the one whose address this is.
#[must_use]
pub fn today(site: Option<&str>, standing: &Standing, locale: &Locale<'_>) -> Markup {
    let counts = &standing.today;
    let gate = Standing::GATE.map(|(_, name)| name).into_iter().zip(standing.gate);
    let figures = [
        ("Pages", counts.get(Counter::Views)),
        ("Pages that asked", counts.get(Counter::Shown)),
        ("Browsers asked", counts.get(Counter::First)),
        ("Pages of bots, left out", counts.get(Counter::Bots)),
        ("Grants that run out within 30 days", standing.due),
    ];
    let said = |count: u64| match count {
        0..SMALLEST_GROUP => format!("fewer than {SMALLEST_GROUP}"),
        count => format!("{} or more", locale.count(Standing::in_steps(count))),
    };
    let address = match site {
        Some(site) => format!("{DASHBOARD_TODAY_PATH}?site={site}"),
        None => DASHBOARD_TODAY_PATH.into(),
    };
    html! {
        section class="today" data-live=(address) data-seconds=(SECONDS) aria-labelledby="today-title" {
            h2 id="today-title" { "Today, so far" }
            dl {
                @for (name, count) in figures.into_iter().chain(gate) { div { dt { (name) } dd data-today=(name) { (said(count)) } } }
            }
            p class="soft" { "In steps of " (SMALLEST_GROUP) ", so that nobody’s visit can be watched. The day is in the figures above once it is over, with its answers. Whose grant runs out is asked again." }
        }
    }
}
