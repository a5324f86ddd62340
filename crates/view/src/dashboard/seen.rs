//! What was seen that the policy does not name, and what went wrong.

use super::numbers::day_name;
use super::{Dashboard, csv_link};
use maud::{Markup, html};
use postern_sort::sorted_by;
use postern_stats::{Kind, SMALLEST_GROUP, Seen};

/// What of it may be told, by kind, what was seen last first.
#[must_use]
pub fn told_of(seen: &[Seen]) -> Vec<&Seen> {
    let told = seen.iter().filter(|seen| seen.is_told()).collect();
    sorted_by(told, |a: &&Seen, b| (a.kind, b.last_ms, &a.name).cmp(&(b.kind, a.last_ms, &b.name)))
}

/// Hosts and vendors visitors were not told of, then what went wrong. Source: standards.md S3.1.
pub(super) fn seen(facts: &Dashboard<'_>) -> Markup {
    let seen = told_of(facts.seen);
    let has_any = !seen.is_empty();
    let (faults, others): (Vec<&Seen>, Vec<&Seen>) =
        seen.into_iter().partition(|seen| seen.kind == Kind::Fault);
    let (cookies, strangers): (Vec<&Seen>, Vec<&Seen>) =
        others.into_iter().partition(|seen| seen.kind == Kind::Cookie);
    let table =
        |id: &str, caption: &str, who: &str, rows: &[&Seen]| sightings_table(id, caption, who, rows, facts);
    html! {
        @if !strangers.is_empty() {
            (table("strangers", "Seen and not in your policy", "Who", &strangers))
            p { "List a vendor in the policy, so that visitors are told of it, or take it out of the page. \
                 What browsers report is shown from " (SMALLEST_GROUP) " reports on, and may be false: anybody can send one." }
        }
        @if !cookies.is_empty() {
            (table("cookies", "Cookies that your policy does not name", "Name", &cookies))
            p { "List each with whose it is (“cookies” of a vendor), a necessary one too, so that visitors are told of it. \
                 Words that may be one visitor’s are “*”, and a name is shown from " (SMALLEST_GROUP) " pages on. Anybody can send a cookie." }
        }
        @if !faults.is_empty() {
            (table("faults", "Pages served otherwise", "What", &faults))
            p { "Nothing that needs consent ran on them. The Worker's log says more." }
        }
        // One file for all of them, as it says of what kind each is.
        @if has_any { (csv_link(facts.question, "seen.csv")) }
    }
}

fn sightings_table(id: &str, caption: &str, who: &str, rows: &[&Seen], facts: &Dashboard<'_>) -> Markup {
    let title = format!("{id}-title");
    let (day_of, locale) = (facts.day_of, &facts.locale);
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
                                @let day = day_of(at_ms);
                                td { time datetime=(day) { (day_name(day)) } }
                            }
                            td { @match row.times() { Some(times) => { (locale.count(times)) " or more" } None => { "fewer than " (SMALLEST_GROUP) } } }
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
        Kind::Cookie => "cookie, not listed",
        Kind::Reported => "reported by browsers",
        Kind::Fault => "failure",
    }
}
