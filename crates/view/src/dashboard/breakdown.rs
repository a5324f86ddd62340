//! By what the figures differ: categories, vendors, and each level by which visits are told apart.

use super::answer::{rate_cells, rate_heads};
use super::{Dashboard, Sum, csv_link, figures_address, names};
use maud::{Markup, html};
use postern_sort::sorted_by_key;
use postern_stats::{
    COVER_MIN, Counter, Counts, Dimension, Level, OTHER, Question, Rate, Segment, category_rates, lines_of,
    rate_of_asked,
};
use std::cmp::Reverse;

/// Everything but what each level has as a section of its own.
const LEVELS: [Level; 11] = [
    Level::Country,
    Level::Law,
    Level::Device,
    Level::Browser,
    Level::Language,
    Level::Page,
    Level::Signal,
    Level::Layer,
    Level::Wait,
    Level::Banner,
    Level::Policy,
];

const fn category_name(counter: Counter) -> &'static str {
    match counter {
        Counter::Functional => "Functional",
        Counter::Analytics => "Analytics",
        Counter::Marketing => "Marketing",
        _ => "Social",
    }
}

/// What was granted, of all answers.
pub(super) fn categories(facts: &Dashboard<'_>) -> Markup {
    if facts.whole.decided() == 0 {
        return html! {};
    }
    let rows = category_rates(&facts.whole, facts.offered);
    html! {
        h2 { "What they said yes to" }
        (bars("categories", "By category, of all answers", "Category", html! {
            @for (counter, rate) in rows {
                tr {
                    th scope="row" { (category_name(counter)) }
                    (rate_cells(facts, rate))
                    td data-value=(rate.numerator()) { (facts.locale.count(rate.numerator())) }
                }
            }
        }, "Grants", None, &About { note: "An answer that grants a category, whatever else it grants. One that was asked for on some of these days only is of the answers of all of them.", csv: csv_link(facts.question, "categories.csv"), numbers: facts.locale.tag }))
    }
}

/// Each vendor by its category, and with those who let it in by itself.
pub(super) fn vendors(facts: &Dashboard<'_>) -> Markup {
    let alone = |id: &str| {
        let found =
            facts.sums.iter().find(|(dimension, value, _)| *dimension == Dimension::Vendor && value == id);
        found.map_or(0, |(_, _, counts)| counts.get(Counter::Times))
    };
    let asked: Vec<_> = facts.vendors.iter().filter_map(|vendor| Some((vendor, vendor.category?))).collect();
    if asked.is_empty() || facts.whole.decided() == 0 {
        return html! {};
    }
    // What is granted by itself is counted of everybody.
    let is_whole = facts.question.segment.is_none();
    html! {
        section class="wide" tabindex="0" aria-labelledby="vendors-title" {
            table {
                caption id="vendors-title" { "By vendor" }
                thead { tr {
                    th scope="col" { "Vendor" }
                    th scope="col" { "Category" }
                    th scope="col" { "Granted with it" }
                    @if is_whole { th scope="col" { "Granted by itself, times" } }
                } }
                tbody {
                    @for (vendor, category) in asked {
                        tr {
                            th scope="row" { (vendor.name) }
                            td { (category_name(category)) }
                            td { (facts.locale.percent(Rate::new(facts.whole.get(category), facts.whole.decided()))) }
                            @if is_whole {
                                td { @match alone(vendor.id) { 0 => "–", times => (facts.locale.count(times)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Each level that tells anything apart. Of a group only what lies within the same dimension: nothing is kept of those who share two.
pub(super) fn levels(facts: &Dashboard<'_>) -> Markup {
    let segment = facts.question.segment.as_ref();
    let lines_of = |level: Level| lines_of(facts.sums, level, segment);
    let shown: Vec<(Level, Vec<(String, Counts)>)> = LEVELS
        .into_iter()
        .filter(|level| segment.is_none_or(|segment| level.dimension() == segment.level.dimension()))
        .map(|level| (level, lines_of(level)))
        .filter(|(_, lines)| lines.iter().any(|(name, _)| name != OTHER))
        .collect();
    if shown.is_empty() && segment.is_none() {
        return html! {};
    }
    html! {
        h2 { "Who said yes" }
        @if facts.whole.get(Counter::First) > 0 {
            p class="soft" {
                "A group’s share of those asked stands where the group is told apart on days with " (COVER_MIN) "\u{a0}% of all that were asked. \
                 On the other days too few of it answered, so the share of those left would be too high. \
                 A version’s stands where nearly all on its days were asked with it."
            }
        }
        @if let Some(segment) = segment {
            p class="soft" {
                "Figures are kept by one thing at a time, so that no two of them tell about a few visitors: by "
                (names::level_name(segment.level).to_lowercase()) " here. "
                a href=(figures_address(&Question { segment: None, ..facts.question.clone() })) { "Everybody’s figures" } " are told apart by all."
            }
        }
        @for (level, lines) in &shown { (level_figure(facts, *level, lines)) }
    }
}

fn level_figure(facts: &Dashboard<'_>, level: Level, lines: &[(String, Counts)]) -> Markup {
    let all = lines.len();
    let lines = &shortened(lines, level);
    let name = names::level_name(level);
    let has = |counter| lines.iter().any(|(_, counts)| counts.get(counter) > 0);
    let (has_asked, has_pages) = (has(Counter::First), has(Counter::Views));
    let of_asked = |value: &str, counts: &Counts| {
        let segment = Segment { level, value: value.to_owned() };
        facts.locale.percent(rate_of_asked(facts.sums, Some(&segment), counts))
    };
    let body = html! {
        @for (value, counts) in lines {
            tr data-value-of=(value) {
                th scope="row" { (link(facts, level, value)) }
                (rate_cells(facts, counts.rate_of_decided()))
                td data-value=(counts.decided()) { (facts.locale.count(counts.decided())) }
                @if has_asked { td { (of_asked(value, counts)) } }
                @if has_pages { td { (facts.locale.count(counts.get(Counter::Views))) } }
            }
        }
    };
    let more = (has_asked || has_pages).then(|| {
        html! {
            @if has_asked { th scope="col" { "Of those asked" } }
            @if has_pages { th scope="col" { "Pages" } }
        }
    });
    let rest = match all - lines.len() {
        0 => String::new(),
        rest => {
            format!(" The {rest} with the fewest answers are among the others here; the file has them all.")
        }
    };
    let csv = csv_link(facts.question, &format!("breakdown.csv?by={}", level.name()));
    let note = format!("{}{rest}", names::level_note(level));
    bars(
        level.name(),
        name,
        name,
        body,
        "Answers",
        more,
        &About { note: &note, csv, numbers: facts.locale.tag },
    )
}

/// Lines that a figure has, at most.
const LINES_MAX: usize = 16;

/// As many lines as a figure can bear, those with the fewest answers among the others; in their own order where there is one.
fn shortened(lines: &[(String, Counts)], level: Level) -> Vec<(String, Counts)> {
    let mut short = lines.to_vec();
    if short.len() > LINES_MAX {
        let rest = short.split_off(LINES_MAX - 1);
        short.push((OTHER.to_owned(), Counts::total(rest.into_iter().map(|(_, counts)| counts))));
    }
    let number = |value: &str| value.split('-').next().and_then(|from| from.parse::<u64>().ok());
    match level {
        Level::Wait => sorted_by_key(short, |(value, _)| number(value).unwrap_or(u64::MAX)),
        Level::Banner => sorted_by_key(short, |(value, _)| Reverse(number(value))),
        _ => short,
    }
}

/// The value, as a link to the figures of those alone.
fn link(facts: &Dashboard<'_>, level: Level, value: &str) -> Markup {
    let name = names::value_name(level, value, &facts.locale);
    let question = Question {
        segment: Segment::parse(&format!("{}:{value}", level.name())).ok(),
        ..facts.question.clone()
    };
    html! {
        @if value == OTHER || question.segment.is_none() || matches!(level, Level::Layer | Level::Wait) { (name) }
        @else { a href=(figures_address(&question)) { (name) } }
    }
}

/// What stands below a figure.
struct About<'a> {
    /// How it is counted.
    note: &'a str,
    /// The way to it as a file.
    csv: Markup,
    /// The language that its numbers are written in.
    numbers: &'a str,
}

fn bars(
    id: &str,
    caption: &str,
    head: &str,
    rows: Markup,
    volume: &str,
    more: Option<Markup>,
    about: &About<'_>,
) -> Markup {
    let title = format!("{id}-title");
    html! {
        figure class="chart" id=(id) data-chart="bars" data-format="percent" data-numbers=(about.numbers) aria-labelledby=(title) {
            figcaption id=(title) { (caption) }
            p class="soft about" { (about.note) }
            details {
                summary { "The figures as a table" }
                section class="wide" tabindex="0" aria-labelledby=(title) {
                    table {
                        thead { tr {
                            th scope="col" { (head) }
                            (rate_heads("Yes, of those who answered"))
                            th scope="col" data-series="volume" { (volume) }
                            @if let Some(more) = more { (more) }
                        } }
                        tbody { (rows) }
                    }
                }
            }
            (about.csv)
        }
    }
}

/// The groups that can be asked about: those that the range has figures of, by level.
pub(super) fn groups(sums: &[Sum]) -> Vec<(Level, Vec<String>)> {
    let asked = LEVELS.into_iter().filter(|level| !matches!(level, Level::Layer | Level::Wait));
    let names =
        |level| lines_of(sums, level, None).into_iter().map(|(name, _)| name).filter(|name| name != OTHER);
    asked
        .map(|level| (level, names(level).collect::<Vec<_>>()))
        .filter(|(_, names)| !names.is_empty())
        .collect()
}
