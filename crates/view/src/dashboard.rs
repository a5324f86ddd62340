//! The dashboard: the answer first, then the days, then how each figure is counted.

use crate::page::{Frame, page};
use crate::{DASHBOARD_PATH, LOGOUT_PATH, REQUESTS_PATH};
use maud::{Markup, html};
use postern_sort::{sorted_by, sorted_by_key};
use postern_stats::{Day, DayCounts, Kind, Rate, Seen};

/// The ranges the dashboard links to, days.
pub const RANGES_DAYS: [u32; 3] = [7, 30, 90];

/// What the dashboard shows.
#[derive(Clone, Copy, Debug)]
pub struct DashboardFacts<'a> {
    /// The site's id.
    pub site: &'a str,
    /// The range shown, days; its last day is `today`.
    pub range_days: u32,
    /// Today at the site.
    pub today: Day,
    /// The days counted, in any order; days without a row count nothing. Days outside the range are left out.
    pub days: &'a [(Day, DayCounts)],
    /// What was seen that the policy does not name, and what went wrong; in any order.
    pub seen: &'a [Seen],
    /// Does the reader keep the register of requests?
    pub may_register: bool,
}

/// The dashboard as a whole document.
#[must_use]
pub fn dashboard(facts: &DashboardFacts<'_>) -> Markup {
    let first = facts.today.minus(facts.range_days.saturating_sub(1));
    let days = facts.days.iter().copied().filter(|(day, _)| (first..=facts.today).contains(day));
    let days = sorted_by_key(days.collect(), |(day, _)| std::cmp::Reverse(*day));
    let total = DayCounts::total(days.iter().map(|(_, counts)| *counts));
    page(Frame {
        lang: "en",
        dir: "ltr",
        title: &format!("Consent – {}", facts.site),
        header: html! {
            p { (facts.site) }
            nav aria-label="Range" {
                ul {
                    @for range in RANGES_DAYS {
                        li {
                            a href=(format!("{DASHBOARD_PATH}?days={range}"))
                                aria-current=[(range == facts.range_days).then_some("page")] { (range) " days" }
                        }
                    }
                }
            }
            @if facts.may_register { p { a href=(REQUESTS_PATH) { "Requests" } } }
            form method="post" action=(LOGOUT_PATH) { button type="submit" { "Log out" } }
        },
        main: html! {
            @if total == DayCounts::default() {
                (empty(facts.range_days))
            } @else {
                (answer(total, facts.range_days))
                (table(&days, total))
                (method())
            }
            (sightings(facts.seen))
        },
        footer: None,
    })
}

/// Hosts and vendors visitors were not told of, then what went wrong. Source: standards.md S3.1.
fn sightings(seen: &[Seen]) -> Markup {
    let seen = sorted_by(seen.iter().collect(), |a: &&Seen, b| {
        (a.kind, b.last_ms, &a.name).cmp(&(b.kind, a.last_ms, &b.name))
    });
    let (faults, strangers): (Vec<&Seen>, Vec<&Seen>) =
        seen.into_iter().partition(|seen| seen.kind == Kind::Fault);
    html! {
        @if !strangers.is_empty() {
            (sightings_table("strangers", "Seen and not in your policy", "Who", &strangers))
            p { "List a vendor in the policy, so that visitors are told of it, or take it out of the page. \
                 What browsers report may be false: anybody can send a report." }
        }
        @if !faults.is_empty() {
            (sightings_table("faults", "Pages served otherwise", "What", &faults))
            p { "Nothing that needs consent ran on them. The Worker's log says more." }
        }
    }
}

fn sightings_table(id: &str, caption: &str, who: &str, rows: &[&Seen]) -> Markup {
    let title = format!("{id}-title");
    html! {
        section class="wide" tabindex="0" aria-labelledby=(title) {
            table id=(id) {
                caption id=(title) { (caption) }
                thead {
                    tr {
                        th scope="col" { (who) }
                        th scope="col" { "How known" }
                        th scope="col" { "For example on" }
                        th scope="col" { "First seen" }
                        th scope="col" { "Last seen" }
                        th scope="col" { "Times" }
                    }
                }
                tbody {
                    @for row in rows {
                        tr data-seen=(row.name) {
                            th scope="row" { (row.name) }
                            td { (how_known(row.kind)) }
                            td { (row.page) }
                            @for at_ms in [row.first_ms, row.last_ms] {
                                @let day = Day::from_unix_ms(at_ms, 0);
                                td { time datetime=(day) { (day) } }
                            }
                            td { (row.count) }
                        }
                    }
                }
            }
        }
    }
}

const fn how_known(kind: Kind) -> &'static str {
    match kind {
        Kind::Unknown => "unknown host",
        Kind::Undeclared => "known vendor, not listed",
        Kind::Reported => "reported by browsers",
        Kind::Fault => "failure",
    }
}

fn empty(range_days: u32) -> Markup {
    html! {
        h1 { "Nothing counted in the last " (range_days) " days" }
        p { "Open a page of the site in a browser and answer the question there. It appears here within a minute." }
        p { "If it does not: see that the site's address leads to Postern, and that the browser is not one of the bots that are left out." }
    }
}

/// "62 % of those who decided said yes, 48 % of the times asked; last 30 days, ± 1.2". Source: design.md 5.
fn answer(total: DayCounts, range_days: u32) -> Markup {
    let rate = total.rate_of_decided();
    html! {
        @match rate.share() {
            None => {
                h1 { "Nobody decided in the last " (range_days) " days" }
                p { "Asked " (total.shown) " times. The rate appears with the first answer." }
            }
            Some(_) => {
                h1 { (percent(rate)) " of those who decided said yes" }
                p {
                    @if total.shown > 0 { (percent(total.rate_of_shown())) " of the times asked; " }
                    "last " (range_days) " days, " (margin(rate)) " points. "
                    (rate.numerator()) " of " (rate.denominator()) " answers."
                }
            }
        }
    }
}

fn table(days: &[(Day, DayCounts)], total: DayCounts) -> Markup {
    html! {
        section class="wide" tabindex="0" aria-labelledby="days-title" {
            table id="days" {
                caption id="days-title" { "By day" }
                thead {
                    tr {
                        th scope="col" { "Day" }
                        th scope="col" { "Asked" }
                        th scope="col" { "Accepted" }
                        th scope="col" { "Refused" }
                        th scope="col" { "In part" }
                        th scope="col" { "Withdrawn" }
                        th scope="col" { "Yes" }
                    }
                }
                tbody {
                    @for (day, counts) in days {
                        tr data-day=(day) {
                            th scope="row" { time datetime=(day) { (day) } }
                            (cells(*counts))
                        }
                    }
                }
                tfoot { tr data-day="total" { th scope="row" { "Total" } (cells(total)) } }
            }
        }
    }
}

fn cells(counts: DayCounts) -> Markup {
    let rate = counts.rate_of_decided();
    html! {
        td data-count="shown" { (counts.shown) }
        td data-count="accepted" { (counts.accepted) }
        td data-count="refused" { (counts.refused) }
        td data-count="partial" { (counts.partial) }
        td data-count="withdrawn" { (counts.withdrawn) }
        td {
            @if rate.share().is_some() {
                (percent(rate)) " "
                meter min="0" max=(rate.denominator()) value=(rate.numerator()) aria-label="Yes" { (percent(rate)) }
            } @else { "–" }
        }
    }
}

/// How each figure is counted. Source: standards.md requirement 94.
fn method() -> Markup {
    html! {
        h2 { "How this is counted" }
        dl {
            div { dt { "Asked" } dd { "Pages that went out with the question. A visitor who does not answer is asked again and counts again. Bots that say so are left out, by the words in their user agent." } }
            div { dt { "Accepted, refused, in part" } dd { "Answers: everything on offer, nothing, or some of it. Each comes from one receipt. Answers of browsers and extensions that answer for people count as theirs." } }
            div { dt { "Withdrawn" } dd { "Choices that took back everything granted before. They count on neither side of the rate: the grant before them was counted when it was given." } }
            div { dt { "Yes" } dd { "Accepted and in part, of all answers. The ± is half of Wilson's 95 % interval: chance alone moves the rate that far." } }
        }
    }
}

/// `62 %`, with a space that does not break. Only none is 0 % and only all is 100 %.
fn percent(rate: Rate) -> String {
    let is_some = rate.numerator() > 0 && rate.numerator() < rate.denominator();
    match rate.share() {
        None => "–".to_owned(),
        Some(share) if is_some && share < 0.01 => "<\u{a0}1\u{a0}%".to_owned(),
        Some(share) if is_some && share > 0.99 => ">\u{a0}99\u{a0}%".to_owned(),
        Some(share) => format!("{}\u{a0}%", rounded(share * 100.0)),
    }
}

/// `± 1.2`
fn margin(rate: Rate) -> String {
    rate.wilson_95().map_or_else(
        || "–".to_owned(),
        |interval| {
            let tenths = rounded(interval.half_width() * 1000.0);
            format!("±\u{a0}{}.{}", tenths / 10, tenths % 10)
        },
    )
}

/// To whole numbers by hand: the library's way of writing fractions is 9 kB of the Worker.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share is no larger than 1, and not negative"
)]
fn rounded(number: f64) -> u64 {
    number.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_but_never_to_none_or_all() {
        for (numerator, denominator, text) in [
            (0, 0, "–"),
            (0, 7, "0\u{a0}%"),
            (1, 1000, "<\u{a0}1\u{a0}%"),
            (1, 3, "33\u{a0}%"),
            (999, 1000, ">\u{a0}99\u{a0}%"),
            (7, 7, "100\u{a0}%"),
        ] {
            assert_eq!(percent(Rate::new(numerator, denominator)), text);
        }
        for (numerator, denominator, text) in
            [(0, 0, "–"), (81, 263, "±\u{a0}5.5"), (1, 1, "±\u{a0}39.7"), (500_000, 1_000_000, "±\u{a0}0.1")]
        {
            assert_eq!(margin(Rate::new(numerator, denominator)), text);
        }
    }
}
