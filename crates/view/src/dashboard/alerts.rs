//! What must be seen to, in words: on the page, and in messages to those who keep the site.

use super::numbers::{Locale, day_name, time_name};
use maud::{Markup, html};
use postern_stats::{Alert, Counter, Range, Week};

/// What is so, and what to do.
#[must_use]
pub fn alert_text(alert: &Alert, locale: &Locale<'_>) -> String {
    match alert {
        Alert::RateDropped { days, now, days_before, before, .. } => format!(
            "{} of those who answered said yes {}, after {} {}. See what was changed, and whether it is the banner or the visitors.",
            locale.percent(*now),
            when(*days),
            locale.percent(*before),
            when(*days_before)
        ),
        Alert::RateSlid { days, now, days_before, before, .. } => format!(
            "{} of those who answered said yes {}, after {} {}: little by little, and on no day by much. See what has changed since, and whether it is the banner or the visitors.",
            locale.percent(*now),
            when(*days),
            locale.percent(*before),
            when(*days_before)
        ),
        Alert::CountsStopped { last } => format!(
            "No page has been counted since {}. See that the site’s address still leads to Postern.",
            day_name(*last)
        ),
        Alert::Stranger { name } => format!(
            "{name} is in the pages and not in the policy. List it, so that visitors are told of it, or take it out."
        ),
        Alert::NotSealed { since_ms } => format!(
            "Since {} UTC nothing recorded has been sealed in the log. See that LOG_KEY is set, and what the Worker’s log says.",
            time_name(*since_ms)
        ),
        Alert::NoticeOld { updated } => format!(
            "The cookie notice was updated on {}, more than a year ago. Look through it, and set notice.updated.",
            day_name(*updated)
        ),
        Alert::Experiment { name, winner, text } => {
            format!("Experiment “{name}”: {text} In the policy, under [experiment]: winner = \"{winner}\"")
        }
        Alert::Policy { text } => format!("In the policy: {text}"),
    }
}

/// `on 3 Nov 2026`, `from 1 Nov 2026 to 3 Nov 2026`
fn when(days: Range) -> String {
    if days.first == days.last {
        format!("on {}", day_name(days.last))
    } else {
        format!("from {} to {}", day_name(days.first), day_name(days.last))
    }
}

/// A week in a few sentences.
#[must_use]
pub fn week_text(site: &str, week: &Week, locale: &Locale<'_>) -> String {
    let rate = week.counts.rate_of_decided();
    let days = format!("{site}, the week until {}", day_name(week.days.last));
    let Some(share) = rate.share() else {
        return format!("{days}: too few have answered to tell.");
    };
    let change = week.before.rate_of_decided().share().map_or(String::new(), |other| {
        format!(", {} points from the week before", locale.points(share - other))
    });
    format!(
        "{days}: {} of those who answered said yes ({} points{change}). {} answers, {} browsers asked, {} pages, {} took back what they had granted.",
        locale.percent(rate),
        locale.margin(rate),
        locale.count(week.counts.decided()),
        locale.count(week.counts.get(Counter::First)),
        locale.count(week.counts.get(Counter::Views)),
        locale.count(week.counts.get(Counter::Withdrawn))
    )
}

/// What must be seen to, as it was found.
#[derive(Clone, Copy, Debug)]
pub struct AlertLine<'a> {
    /// The word for programs.
    pub kind: &'a str,
    /// In words.
    pub text: &'a str,
}

/// The list of them, behind the answer and above everything else.
pub(super) fn alerts(lines: &[AlertLine<'_>]) -> Markup {
    html! {
        @if !lines.is_empty() {
            section class="warnings" aria-labelledby="alerts-title" {
                h2 id="alerts-title" { "To see to" }
                ul { @for line in lines { li data-alert=(line.kind) { (line.text) } } }
            }
        }
    }
}
