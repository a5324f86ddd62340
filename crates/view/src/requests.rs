//! The register of requests: what people have asked for, until when each must be answered, and what was done here by whom.

use crate::dashboard::{Own, Place, day_name, header, instant_name, time_name};
use crate::page::{Frame, page};
use crate::{DASHBOARD_CSS_PATH, REQUESTS_PATH};
use maud::{Markup, html};
use postern_stats::Day;

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub struct RequestsPage<'a> {
    /// Where the reader is.
    pub place: Place<'a>,
    /// The words of the kinds, in the order of the articles.
    pub kinds: &'a [&'a str],
    /// Today: no request came later.
    pub today: Day,
    /// The requests, those to be answered first.
    pub requests: &'a [RequestLine<'a>],
    /// What was done, the latest first.
    pub acts: &'a [ActLine<'a>],
    /// Why the last change was not made.
    pub error: Option<&'a str>,
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub struct RequestLine<'a> {
    /// Its number.
    pub number: u64,
    /// The word of its kind.
    pub kind: &'a str,
    /// The site's own reference.
    pub reference: &'a str,
    /// When it came.
    pub received: Day,
    /// Until when it must be answered.
    pub due: Day,
    /// How it stands, in words.
    pub standing: &'a str,
    /// Should it have been answered by now?
    pub is_overdue: bool,
    /// Is it still to be answered?
    pub is_open: bool,
    /// Can its time be extended?
    pub can_extend: bool,
}

/// One thing that was done.
#[derive(Clone, Copy, Debug)]
pub struct ActLine<'a> {
    /// When, Unix milliseconds.
    pub at_unix_ms: u64,
    /// By whom.
    pub who: &'a str,
    /// What.
    pub what: &'a str,
}

/// The register as a whole document.
#[must_use]
pub fn requests_page(facts: &RequestsPage<'_>) -> Markup {
    let overdue = facts.requests.iter().filter(|request| request.is_overdue).count();
    let open = facts.requests.iter().filter(|request| request.is_open).count();
    page(Frame {
        lang: "en",
        dir: "ltr",
        title: &format!("Requests – {}", facts.place.site),
        styles: &[DASHBOARD_CSS_PATH],
        script: None,
        header: header(&facts.place, Some(Own::Requests)),
        main: html! {
            h1 {
                @if overdue > 0 { (overdue) " overdue, " (open) " to be answered" }
                @else if open > 0 { (open) " to be answered, none overdue" }
                @else { "No request to be answered" }
            }
            @if let Some(error) = facts.error { p class="error" role="alert" { (error) } }
            p {
                "A request is answered within 30 days, which can be extended once by 60 if that is told within the first 30 \
                 (GDPR Art. 12(3)). Write a reference of your own here, and no name or address."
            }
            (add(facts))
            @if !facts.requests.is_empty() { (table(facts.requests)) }
            (acts(facts.acts))
        },
        footer: None,
    })
}

fn add(facts: &RequestsPage<'_>) -> Markup {
    html! {
        form class="fields" method="post" action=(REQUESTS_PATH) autocomplete="off" {
            p {
                label for="kind" { "What is asked for" }
                select id="kind" name="kind" {
                    @for kind in facts.kinds { option value=(kind) { (kind) } }
                }
            }
            p {
                label for="reference" { "Your reference" }
                input id="reference" name="reference" type="text" required maxlength="40" pattern="[A-Za-z0-9._\\-]+";
            }
            p {
                label for="received" { "Came on" }
                input id="received" name="received" type="date" required max=(facts.today) value=(facts.today);
            }
            p class="acts" { button type="submit" name="act" value="add" { "Add the request" } }
        }
    }
}

/// What matters most stands where a phone shows it without being pushed.
fn table(requests: &[RequestLine<'_>]) -> Markup {
    html! {
        section class="wide" tabindex="0" aria-labelledby="requests-title" {
            table id="requests" {
                caption id="requests-title" { "Requests" }
                thead {
                    tr {
                        th scope="col" { "Reference" }
                        th scope="col" { "Stands" }
                        th scope="col" { "Due" }
                        th scope="col" { "What" }
                        th scope="col" { "Came" }
                        th scope="col" { "Do" }
                    }
                }
                tbody {
                    @for request in requests {
                        tr data-request=(request.number) {
                            th scope="row" { (request.reference) }
                            td class=[request.is_overdue.then_some("bad")] { (request.standing) }
                            td { time datetime=(request.due) { (day_name(request.due)) } }
                            td { (request.kind) }
                            td { time datetime=(request.received) { (day_name(request.received)) } }
                            td { @if request.is_open { (doings(request)) } }
                        }
                    }
                }
            }
        }
    }
}

fn doings(request: &RequestLine<'_>) -> Markup {
    html! {
        form method="post" action=(REQUESTS_PATH) {
            input type="hidden" name="number" value=(request.number);
            button type="submit" name="act" value="answer" { "Answered" }
            @if request.can_extend { " " button type="submit" name="act" value="extend" { "Extend" } }
        }
    }
}

fn acts(acts: &[ActLine<'_>]) -> Markup {
    html! {
        @if !acts.is_empty() {
            section class="wide" tabindex="0" aria-labelledby="acts-title" {
                table id="acts" {
                    caption id="acts-title" { "What was done, and by whom" }
                    thead { tr { th scope="col" { "When (UTC)" } th scope="col" { "Who" } th scope="col" { "What" } } }
                    tbody {
                        @for act in acts {
                            tr { td { time datetime=(instant_name(act.at_unix_ms)) { (time_name(act.at_unix_ms)) } } th scope="row" { (act.who) } td { (act.what) } }
                        }
                    }
                }
            }
        }
    }
}
