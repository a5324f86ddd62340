//! The register of requests: what people have asked for, until when each must be answered, and what was done here by whom.

use crate::page::{Frame, page};
use crate::{DASHBOARD_PATH, LOGOUT_PATH, REQUESTS_PATH};
use maud::{Markup, html};

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub struct RequestsPage<'a> {
    /// The site's id.
    pub site: &'a str,
    /// The words of the kinds, in the order of the articles.
    pub kinds: &'a [&'a str],
    /// Today, `YYYY-MM-DD`: no request came later.
    pub today: &'a str,
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
    /// When it came, `YYYY-MM-DD`.
    pub received: &'a str,
    /// Until when it must be answered, `YYYY-MM-DD`.
    pub due: &'a str,
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
    /// When, RFC 3339 UTC.
    pub at: &'a str,
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
        title: &format!("Requests – {}", facts.site),
        styles: &[],
        script: None,
        header: html! {
            p { (facts.site) }
            nav aria-label="Pages" { ul { li { a href=(DASHBOARD_PATH) { "Figures" } } } }
            form method="post" action=(LOGOUT_PATH) { button type="submit" { "Log out" } }
        },
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
                            td { time datetime=(request.due) { (request.due) } }
                            td { (request.kind) }
                            td { time datetime=(request.received) { (request.received) } }
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
                            tr { td { time datetime=(act.at) { (act.at) } } th scope="row" { (act.who) } td { (act.what) } }
                        }
                    }
                }
            }
        }
    }
}
