//! The curve: the rate over time, with what happened.

use super::answer::{rate_cells, rate_heads};
use super::numbers::{day_name, days_name, value};
use super::{Dashboard, Mark, csv_link, figures_address};
use maud::{Markup, html};
use postern_stats::{Against, Counter, Day, Dimension, Point, Question, Range, Span, Step, tells_asked};

/// Days from a version's mark on that stand beside as many before, at most: four weeks, so that days of the week count alike, and
/// little else has changed meanwhile.
const COMPARED_DAYS: u32 = 28;

/// The point of another series that stands beside one: of the same days, of the same month a year before, or as far from the beginning of
/// its own range.
fn beside<'a>(facts: &'a Dashboard<'_>, point: &Point) -> Option<&'a Point> {
    let points = facts.beside?.points;
    let range = facts.question.range(facts.today);
    let step = Step::for_range(range);
    if let Against::Segment(_) = facts.question.against {
        // One that was not told apart on the last day of a week or month has its figures until the day before.
        return points.iter().find(|other| step.number_of(other.last) == step.number_of(point.last));
    }
    let (other_range, _) = facts.question.other(facts.today)?;
    if (&facts.question.against, step) == (&Against::YearBefore, Step::Month) {
        return points.iter().find(|other| step.number_of(other.last) + 12 == step.number_of(point.last));
    }
    let place = |day: Day, first: Day| step.number_of(day).checked_sub(step.number_of(first));
    points.iter().find(|other| place(other.last, other_range.first) == place(point.last, range.first))
}

pub(super) fn rate(facts: &Dashboard<'_>) -> Markup {
    let range = facts.question.range(facts.today);
    let step = match Step::for_range(range) {
        Step::Day => "day",
        Step::Week => "week",
        Step::Month => "month",
    };
    let marks = facts.marks.iter().filter(|mark| (range.first..=range.last).contains(&mark.day));
    let marks: Vec<_> = marks.collect();
    html! {
        h2 { "Over time" }
        figure class="chart" id="rate" data-chart="time" data-format="percent" data-numbers=(facts.locale.tag) aria-labelledby="rate-title" {
            figcaption id="rate-title" { "Who said yes, by " (step) }
            p class="soft about" { "A point is a day, or days that were too few by themselves, at the day they end with. The band is how far chance alone moves it." }
            details {
                summary { "The figures as a table" }
                section class="wide" tabindex="0" aria-labelledby="rate-title" {
                    table id="days" {
                        thead { tr {
                            th scope="col" { "Until" }
                            (rate_heads("Of those who answered"))
                            @if tells_asked(facts.sums, facts.question.segment.as_ref()) { th scope="col" data-series="line" { "Of those asked" } }
                            @if let Some(beside) = facts.beside { th scope="col" data-series="compare" { (beside.name) } }
                            th scope="col" data-series="volume" { "Answers" }
                            th scope="col" { "Pages" }
                            @if has_asked(facts) { th scope="col" { "Asked" } }
                            th scope="col" { "Accepted" }
                            th scope="col" { "In part" }
                            th scope="col" { "Refused" }
                            th scope="col" { "Withdrawn" }
                        } }
                        tbody {
                            @for point in facts.points { (row(facts, point)) }
                        }
                    }
                }
            }
            @if !marks.is_empty() {
                ol class="marks" {
                    @for mark in &marks { (happened(facts, mark)) }
                }
            }
            (csv_link(facts.question, "series.csv"))
        }
    }
}

/// What happened, and for a version what it did. The chart reads the sentence alone.
fn happened(facts: &Dashboard<'_>, mark: &Mark) -> Markup {
    html! {
        li data-at=(mark.day) {
            span { (day_name(mark.day)) ": " (mark.text) }
            @if let Some((version, question)) = mark.version.zip(before_and_after(facts, mark.day)) {
                " " a href=(figures_address(&question)) { "Before and after version " (version) }
            }
        }
    }
}

/// The same question of the days from that one on, beside as many before; `None` where no day that can be told of follows.
fn before_and_after(facts: &Dashboard<'_>, first: Day) -> Option<Question> {
    let last =
        facts.question.range(facts.today).last.min(facts.today.minus(1)).min(first.plus(COMPARED_DAYS - 1)?);
    (first < last).then(|| Question {
        span: Span::Days(Range { first, last }),
        against: Against::Before,
        ..facts.question.clone()
    })
}

/// Is anything told of who was asked? Not of a group of pages ([`Dimension::told`]).
fn has_asked(facts: &Dashboard<'_>) -> bool {
    facts.question.segment.as_ref().is_none_or(|segment| segment.level.dimension() != Dimension::Page)
}

fn row(facts: &Dashboard<'_>, point: &Point) -> Markup {
    let counts = &point.counts;
    let asked = counts.rate_of_asked();
    let other = beside(facts, point).map(|other| other.counts.rate_of_decided());
    let count = |counter| facts.locale.count(counts.get(counter));
    html! {
        tr data-day=(point.last) {
            th scope="row" { time datetime=(point.last) title=(days_name(point.first, point.last)) { (day_name(point.last)) } }
            (rate_cells(facts, counts.rate_of_decided()))
            @if tells_asked(facts.sums, facts.question.segment.as_ref()) { td data-value=(value(asked.share())) { (facts.locale.percent(asked)) } }
            @if facts.beside.is_some() {
                td data-value=(value(other.and_then(|rate| rate.share()))) {
                    @if let Some(other) = other { (facts.locale.percent(other)) } @else { "–" }
                }
            }
            td data-value=(counts.decided()) { (facts.locale.count(counts.decided())) }
            @for (name, counter) in [
                ("views", Counter::Views),
                ("first", Counter::First),
                ("accepted", Counter::Accepted),
                ("partial", Counter::Partial),
                ("refused", Counter::Refused),
                ("withdrawn", Counter::Withdrawn),
            ] {
                @if counter != Counter::First || has_asked(facts) { td data-count=(name) { (count(counter)) } }
            }
        }
    }
}
