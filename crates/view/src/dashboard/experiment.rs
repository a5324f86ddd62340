//! What an experiment has found: the verdict in a sentence, the ways side by side, what to write, and how it is counted.

use super::numbers::{Locale, day_name, days_name};
use super::{Dashboard, csv_link};
use maud::{Markup, html};
use postern_stats::{ALPHA, Day, Findings, SMALLEST_GROUP, Verdict};

/// An experiment, and what is known of it.
#[derive(Clone, Debug)]
pub struct Tried<'a> {
    /// Its name.
    pub name: &'a str,
    /// The names of the ways, the site's own first.
    pub ways: Vec<&'a str>,
    /// The first day.
    pub first: Day,
    /// The last day.
    pub last: Day,
    /// The way that everybody is asked already.
    pub winner: Option<&'a str>,
    /// The smallest difference worth finding, percentage points.
    pub points: u32,
    /// What has been found.
    pub findings: Findings,
}

impl Tried<'_> {
    /// The way that is better than the others, by its name, if that is known.
    #[must_use]
    pub fn best(&self) -> Option<&str> {
        match self.findings.verdict {
            Verdict::Better(place) => self.ways.get(place).copied(),
            Verdict::NoDifference | Verdict::Undecided => None,
        }
    }

    /// The way that everybody is to be asked from now on, by its name; `None` while it should go on.
    #[must_use]
    pub fn to_write(&self) -> Option<&str> {
        match self.findings.verdict {
            Verdict::Undecided => None,
            Verdict::NoDifference => self.ways.first().copied(),
            Verdict::Better(_) => self.best(),
        }
    }
}

/// Whether to stop, in a sentence; `None` while it should go on.
#[must_use]
pub fn stop_text(tried: &Tried<'_>, locale: &Locale<'_>) -> Option<String> {
    let share = |place: usize| {
        let share = tried.findings.ways.get(place).and_then(|way| way.rate().share());
        share.map_or_else(|| "–".to_owned(), |share| locale.fine_share(share))
    };
    match tried.findings.verdict {
        Verdict::Undecided => None,
        Verdict::NoDifference => Some(format!(
            "No difference of {} points or more was found, where one most likely would have been. Stop, and keep what you have.",
            tried.points
        )),
        Verdict::Better(0) => Some(format!(
            "The site’s own way is better than what was tried: {} of the browsers asked said yes. Stop, and keep it.",
            share(0)
        )),
        Verdict::Better(place) => Some(format!(
            "“{}” is better: {} of the browsers asked so said yes, {} of those asked in the site’s own way. Stop, and ask everybody so.",
            tried.ways.get(place).copied().unwrap_or_default(),
            share(place),
            share(0)
        )),
    }
}

/// Where it stands, in a sentence.
fn state(tried: &Tried<'_>, today: Day, locale: &Locale<'_>) -> String {
    if let Some(winner) = tried.winner {
        return format!("It is over: everybody is asked like “{winner}”.");
    }
    if today < tried.first {
        return format!("It begins on {}.", day_name(tried.first));
    }
    if let Some(text) = stop_text(tried, locale) {
        return text;
    }
    let asked = tried.findings.asked();
    let of =
        tried.findings.planned.map_or_else(String::new, |planned| format!(" of {}", locale.count(planned)));
    let so_far = format!("{}{of} browsers asked in each way", locale.count(asked));
    if asked == 0 {
        format!(
            "Nothing to show yet. Days are shown once they are over and {SMALLEST_GROUP} have answered in each way."
        )
    } else if today > tried.last {
        format!(
            "It ended on {} without a difference that is more than chance: {so_far}. Keep what you have, or try for longer.",
            day_name(tried.last)
        )
    } else {
        format!(
            "Not decided yet: {so_far}. Go on until {}. Looking every day does no harm: the test allows for it.",
            day_name(tried.last)
        )
    }
}

/// The section of an experiment.
pub(super) fn experiment(facts: &Dashboard<'_>) -> Markup {
    let Some(tried) = facts.experiment else { return html! {} };
    let locale = &facts.locale;
    let threshold = tried.findings.threshold();
    html! {
        h2 id="experiment" { "Experiment “" (tried.name) "”" }
        p class="lead" role="status" { (state(tried, facts.today, locale)) }
        p class="soft" { (days_name(tried.first, tried.last)) ". Of everybody who was asked in these days, whatever is asked about above. “control” is the site’s own way." }
        @if tried.winner.is_none() && let Some(way) = tried.to_write() {
            p { "In the policy, under " code { "[experiment]" } ":" }
            pre { code { "winner = \"" (way) "\"" } }
        }
        @if tried.findings.asked() > 0 {
            section class="wide" tabindex="0" aria-labelledby="experiment-title" {
                table id="experiment-ways" {
                    caption id="experiment-title" { "The ways to ask, side by side" }
                    thead { tr {
                        th scope="col" { "Way" }
                        th scope="col" { "Asked" }
                        th scope="col" { "Answered" }
                        th scope="col" { "Said yes" }
                        th scope="col" { "Of those asked" }
                        th scope="col" { "Share from, to" }
                        th scope="col" { "Points more" }
                        th scope="col" { "Points from, to" }
                        th scope="col" { "p" }
                    } }
                    tbody { @for place in 0..tried.ways.len() { (way(tried, place, locale)) } }
                }
            }
            (csv_link(facts.question, "experiment.csv"))
        }
        details {
            summary { "How is this counted?" }
            p { "Each browser is asked in one way for its session, drawn by chance when it is asked first; all ways are as likely. The cookie that says that it was asked names the way, the same for everybody who is asked so. All ways ask for the same, under the same rules, so a choice made in one holds in all." }
            p { "What counts is how many of the browsers asked said yes, not how many of those who answered: a way to ask may change who answers at all. Who was asked before it began has no part in it." }
            p { "p is the chance of such a difference if there is none. It is made for being looked at every day (a mixture sequential probability ratio test), and for differences of about " (tried.points) " points, as the policy says. That number has to stay as it was when the experiment began: with each other one it is another test. A difference is one at " (locale.chance(threshold)) " or less: " (locale.share(ALPHA)) ", shared among the ways that are compared with the site’s own (Bonferroni). p is the smallest that was found on any day, and names a way only while that way is on the side where it was on that day. What stands between is for one look. Without a difference it ends when each way has had the number of browsers that was planned: twice what one look at that p would take to find " (tried.points) " points with 80 % probability. Of so many browsers such a difference is found with that probability or more, however often one looks, if about as many say yes as the policy expects. " a href="https://doi.org/10.1287/opre.2021.2135" rel="noreferrer" { "The method" } "." }
            p { "Of fewer than " (SMALLEST_GROUP) " visitors nothing is shown by itself, as everywhere here: days are put together until each way has had as many, and all of them count. Who answers without having been asked in any of the ways is in none of them; where these are fewer than " (SMALLEST_GROUP) " in a week, they are shared evenly among all, which moves no difference." }
        }
    }
}

fn way(tried: &Tried<'_>, place: usize, locale: &Locale<'_>) -> Markup {
    let (Some(name), Some(way)) = (tried.ways.get(place), tried.findings.ways.get(place)) else {
        return html! {};
    };
    let (rate, interval) = (way.rate(), way.rate().wilson_95());
    let share = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), |share| locale.fine_share(share));
    let more = way.difference.map(|interval| {
        let of_control = tried.findings.ways.first().and_then(|control| control.rate().share());
        let difference = rate.share().zip(of_control).map_or(0.0, |(share, control)| share - control);
        (difference, interval)
    });
    html! {
        tr data-way=(name) {
            th scope="row" { (name) }
            td { (locale.count(rate.denominator())) }
            td { (locale.count(way.counts.decided())) }
            td { (locale.count(rate.numerator())) }
            td { (share(rate.share())) }
            td { (share(interval.map(|interval| interval.low))) " to " (share(interval.map(|interval| interval.high))) }
            @if let Some((difference, interval)) = more {
                td { (locale.points(difference)) }
                td { (locale.points(interval.low)) " to " (locale.points(interval.high)) }
                td { (locale.chance(way.p)) }
            } @else {
                td { "–" } td { "–" } td { "–" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use postern_policy::Experiment;
    use postern_stats::{LOOKING_FACTOR, planned_size};

    #[test]
    fn every_experiment_that_a_policy_may_have_has_a_planned_number() {
        let share = |hundredths: u32| f64::from(hundredths) / 100.0;
        for variants in 1..=Experiment::VARIANTS_MAX {
            for (expected, points) in (1..100)
                .flat_map(|expected| (1..=Experiment::POINTS_MAX).map(move |points| (expected, points)))
            {
                let size = planned_size(share(expected), share(points), variants);
                // With two or three dozen a difference would not be found as likely as is said.
                assert!(
                    size.is_some_and(|size| size * LOOKING_FACTOR >= 40),
                    "{variants} {expected} {points}: {size:?}"
                );
            }
        }
    }
}
