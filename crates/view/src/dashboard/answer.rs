//! The first line, which answers the question, and the way from the question to the answers.

use super::numbers::{days_name, value};
use super::{Dashboard, names};
use maud::{Markup, html};
use postern_stats::{
    Against, Common, Counts, Dimension, Funnel, Rate, SMALLEST_GROUP, Segment, cover_of, rate_of_asked,
    tells_asked,
};

/// What is said where a group's share of those asked is not told (`postern_stats::tells_asked`).
fn no_share_of_asked(facts: &Dashboard<'_>, segment: &Segment) -> Option<String> {
    let cover = cover_of(facts.sums, segment).filter(|_| !tells_asked(facts.sums, Some(segment)))?;
    let cover = facts.locale.percent(cover);
    let why = if segment.level.dimension() == Dimension::Version {
        format!(
            "On days on which it is told apart {cover} of the browsers were asked with it, and the others with another: where few are, those are days on \
             which many answered"
        )
    } else {
        format!(
            "It is told apart on days with {cover} of all that were asked, since on the others too few of it answered: these are its busier days"
        )
    };
    Some(format!(
        "How many of its browsers asked said yes is not told. {why}, and the share would be too high. The share of those who answered has no such fault."
    ))
}

/// Who is asked about, as a phrase behind the figures.
fn of_whom(facts: &Dashboard<'_>, segment: Option<&Segment>) -> String {
    segment.map_or_else(String::new, |segment| {
        let name = names::value_name(segment.level, &segment.value, &facts.locale);
        format!(", {}: {name}", names::level_name(segment.level).to_lowercase())
    })
}

/// "62 % of those who answered said yes. ± 1.2 points: 620 of 1,000 answers. Of the browsers asked 48 %", and which days. Source: design.md 5.
pub(super) fn answer(facts: &Dashboard<'_>) -> Markup {
    let rate = facts.whole.rate_of_decided();
    let of_asked = rate_of_asked(facts.sums, facts.question.segment.as_ref(), &facts.whole);
    let range = facts.question.range(facts.today);
    let days = days_name(range.first, range.last);
    let whom = of_whom(facts, facts.question.segment.as_ref());
    html! {
        @if facts.whole.is_empty() {
            (empty(facts))
        } @else if rate.share().is_none() {
            h1 { "Nobody answered" (whom) }
            p { (days) ". The rate appears once " (SMALLEST_GROUP) " have answered." }
        } @else {
            h1 { (facts.locale.percent(rate)) " of those who answered said yes" (whom) }
            p class="lead" {
                (facts.locale.margin(rate)) " points: "
                (facts.locale.count(rate.numerator())) " of " (facts.locale.count(rate.denominator())) " answers. "
                @if of_asked.share().is_some() { "Of the browsers asked " (facts.locale.percent(of_asked)) ". " }
                (days) "."
            }
            @if let Some(why) = facts.question.segment.as_ref().and_then(|segment| no_share_of_asked(facts, segment)) {
                p class="soft" { (why) }
            }
            (difference(facts, rate))
        }
    }
}

/// What stands beside it, and whether chance alone could make the difference, as far as that can be known.
fn difference(facts: &Dashboard<'_>, rate: Rate) -> Markup {
    let Some(beside) = facts.beside else { return html! {} };
    let other = beside.whole.rate_of_decided();
    html! {
        @match facts.question.difference(facts.today, rate, other) {
            Some(difference) => {
                p {
                    (beside.name) ": " (facts.locale.percent(other)) " of " (facts.locale.count(other.denominator())) " answers. "
                    "That is a difference of " strong { (facts.locale.points(difference.share)) " points" }
                    @match difference.interval {
                        Err(common) => {
                            ". Whether chance alone could make it is not told, since "
                            @match common {
                                Common::Part => "the one is part of the other.",
                                Common::Answers => "both may hold the same answers.",
                            }
                        }
                        Ok(interval) => {
                            " (between " (facts.locale.points(interval.low)) " and " (facts.locale.points(interval.high)) "). "
                            @if interval.low <= 0.0 && interval.high >= 0.0 { "Chance alone could make it." }
                            @else { "Chance alone makes such a difference less than once in twenty times." }
                        }
                    }
                }
            }
            None => p { (beside.name) ": nothing to compare with." }
        }
    }
}

/// What to do where there is nothing yet.
fn empty(facts: &Dashboard<'_>) -> Markup {
    let range = facts.question.range(facts.today);
    let is_filtered = facts.question.segment.is_some() || facts.question.against != Against::Nothing;
    html! {
        @if facts.standing.has_more {
            h1 { "Figures are being gathered" }
            p { "Days are added a few months at a time. " a href=(super::figures_address(facts.question)) { "Look again" } "." }
        } @else if facts.standing.begin.is_none() {
            h1 { "Nothing counted yet" }
            p { "Open a page of the site in a browser and answer the question there. Today’s pages appear below within half a minute." }
            p { "If they do not: see that the site’s address leads to Postern, and that the browser is not one of the bots that are left out." }
        } @else if is_filtered {
            h1 { "Nothing to show of these" }
            p { (days_name(range.first, range.last)) ". Of fewer than " (SMALLEST_GROUP) " visitors nothing is shown by itself. " a href=(facts.place.figures()) { "Everybody’s figures" } "." }
        } @else {
            h1 { "Nothing to show yet of these days" }
            p {
                (days_name(range.first, range.last)) ". A day is shown once it is over and " (SMALLEST_GROUP)
                " visitors were asked and " (SMALLEST_GROUP) " have answered; with fewer it waits for the days behind it, and is shown with them."
            }
            @if let Some((first, last)) = facts.standing.published {
                p { "There are figures of " (days_name(first, last)) "." }
            }
        }
    }
}

/// A row of the tables beside the curve: name, count, share, how it is counted.
type Step<'text> = (&'text str, u64, Option<Rate>, &'text str);

/// From asked to yes, as steps; and what else became of it.
pub(super) fn funnel(facts: &Dashboard<'_>) -> Markup {
    let funnel = Funnel::of(&facts.whole);
    let of_asked = |count: u64| Some(Rate::new(count, funnel.asked));
    // Nobody is asked where a browser is asked on another page, or on another site.
    let has_asked = funnel.asked > 0 && tells_asked(facts.sums, facts.question.segment.as_ref());
    let steps = [
        (
            "Browsers asked",
            funnel.asked,
            of_asked(funnel.asked),
            "Each once in its session, by a cookie that says so and nothing else; once more when what it chose holds no longer.",
        ),
        (
            "Answered",
            funnel.answered,
            of_asked(funnel.answered),
            "Their first answers, each from one receipt.",
        ),
        (
            "Said yes, to all or some",
            funnel.granted,
            of_asked(funnel.granted),
            "Accepted all, or some of it.",
        ),
    ];
    let mut rest: Vec<Step<'_>> = Vec::new();
    if has_asked {
        rest.push((
            "Refused all",
            funnel.refused,
            of_asked(funnel.refused),
            "First answers that grant nothing.",
        ));
        rest.push((
            "Did not answer",
            funnel.ignored,
            of_asked(funnel.ignored),
            "Asked, and no answer came. Nothing runs for them.",
        ));
    }
    if let Some(blocked) = funnel.blocked.filter(|_| has_asked) {
        rest.push((
            "Banner never drawn",
            blocked,
            of_asked(blocked),
            "By a blocker, or the visitor left before it was; some of them are programs that do not say so.",
        ));
        rest.push((
            "No scripts",
            funnel.without_scripts,
            of_asked(funnel.without_scripts),
            "The banner was drawn, and works without.",
        ));
    }
    if has_asked && funnel.others > 0 {
        rest.push((
            "Answers of others",
            funnel.others,
            None,
            "Changes of mind, and answers on pages that are not served by Postern, which count nobody as asked.",
        ));
    }
    rest.push((
        "Answered by a program",
        funnel.by_agent,
        None,
        "Among all answers: clicks that a browser’s extension made, as far as the page can tell.",
    ));
    html! {
        @if has_asked {
            h2 { "From the question to the answer" }
            figure class="chart" id="funnel" data-chart="steps" data-format="number" data-numbers=(facts.locale.tag) aria-labelledby="funnel-title" {
                figcaption id="funnel-title" { "Browsers asked, and what became of it" }
                p class="soft about" { "Each browser once in its session, by a cookie that says so and nothing else; each answer from one receipt." }
                details {
                    summary { "The figures as a table" }
                    section class="wide" tabindex="0" aria-label="Steps" {
                        table { (step_heads("Step")) tbody { @for step in &steps { (step_row(facts, step)) } } }
                    }
                }
            }
        }
        section class="wide" tabindex="0" aria-label="The others" {
            table class="rest" { (step_heads("Beside it")) tbody { @for step in &rest { (step_row(facts, step)) } } }
        }
        (withdrawals(&facts.whole, facts))
    }
}

fn step_heads(name: &str) -> Markup {
    html! {
        thead { tr {
            th scope="col" { (name) }
            th scope="col" data-series="line" { "How many" }
            th scope="col" { "Of those asked" }
            th scope="col" { "How counted" }
        } }
    }
}

fn step_row(facts: &Dashboard<'_>, (name, count, share, note): &Step<'_>) -> Markup {
    html! {
        tr {
            th scope="row" { (name) }
            td data-value=(count) { (facts.locale.count(*count)) }
            td { @if let Some(share) = share { (facts.locale.percent(*share)) } @else { "–" } }
            td class="note-cell" { (note) }
        }
    }
}

fn withdrawals(whole: &Counts, facts: &Dashboard<'_>) -> Markup {
    let withdrawn = whole.get(postern_stats::Counter::Withdrawn);
    html! {
        p { strong { (facts.locale.count(withdrawn)) } " took back everything they had granted. They count on neither side of the rate: their grant was counted when it was given." }
    }
}

/// A rate with its interval as three cells of a table that charts read.
pub(super) fn rate_cells(facts: &Dashboard<'_>, rate: Rate) -> Markup {
    let interval = rate.wilson_95();
    html! {
        td data-value=(value(rate.share())) { (facts.locale.percent(rate)) }
        @for end in [interval.map(|interval| interval.low), interval.map(|interval| interval.high)] {
            td data-value=(value(end)) { @if let Some(end) = end { (facts.locale.share(end)) } @else { "–" } }
        }
    }
}

/// The heads of those three.
pub(super) fn rate_heads(name: &str) -> Markup {
    html! {
        th scope="col" data-series="line" { (name) }
        th scope="col" data-series="low" { "from" }
        th scope="col" data-series="high" { "to" }
    }
}
