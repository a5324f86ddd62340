//! What can be asked: days, a group, and what stands beside it. All of it is in the address.

use super::{Dashboard, breakdown, names};
use maud::{Markup, html};
use postern_stats::{Against, Segment, Span};

/// Days until yesterday that are offered.
const DAYS: [(u32, &str); 5] =
    [(7, "7 days"), (30, "30 days"), (90, "90 days"), (365, "A year"), (730, "Two years")];

pub(super) fn filters(facts: &Dashboard<'_>) -> Markup {
    let question = facts.question;
    let days = if let Span::Last(days) = question.span { Some(days) } else { None };
    let range = if let Span::Days(range) = question.span { Some(range) } else { None };
    let is_offered = days.is_some_and(|days| DAYS.iter().any(|(known, _)| *known == days));
    let against = if let Against::Segment(segment) = &question.against { Some(segment) } else { None };
    html! {
        form class="fields filters" method="get" action=(crate::DASHBOARD_PATH) data-submits {
            @if let Some(site) = &question.site { input type="hidden" name="site" value=(site); }
            p {
                label for="f-days" { "Days" }
                select id="f-days" name="days" {
                    @for (count, name) in DAYS { option value=(count) selected[days == Some(count)] { (name) } }
                    @if let Some(days) = days.filter(|_| !is_offered) { option value=(days) selected { (days) " days" } }
                    option value="" selected[range.is_some()] { "From … to …" }
                }
            }
            p { label for="f-from" { "From" } input id="f-from" type="date" name="from" value=[range.map(|range| range.first)] max=(facts.today.minus(1)); }
            p { label for="f-to" { "To" } input id="f-to" type="date" name="to" value=[range.map(|range| range.last)] max=(facts.today.minus(1)); }
            p {
                label for="f-segment" { "Of whom" }
                select id="f-segment" name="segment" {
                    option value="" { "Everybody" }
                    (groups(facts, question.segment.as_ref()))
                }
            }
            p {
                label for="f-against" { "Beside" }
                select id="f-against" name="against" {
                    option value="" { "Nothing" }
                    option value="before" selected[question.against == Against::Before] { "The days before" }
                    option value="year-before" selected[question.against == Against::YearBefore] { "A year before" }
                    (groups(facts, against))
                }
            }
            p { button type="submit" { "Show" } }
        }
    }
}

fn groups(facts: &Dashboard<'_>, chosen: Option<&Segment>) -> Markup {
    let groups = breakdown::groups(facts.sums);
    let is_there = chosen.is_none_or(|chosen| {
        groups.iter().any(|(level, values)| *level == chosen.level && values.contains(&chosen.value))
    });
    html! {
        @if let Some(chosen) = chosen.filter(|_| !is_there) {
            option value=(chosen) selected { (names::value_name(chosen.level, &chosen.value, &facts.locale)) }
        }
        @for (level, values) in &groups {
            optgroup label=(names::level_name(*level)) {
                @for value in values {
                    @let is_chosen = chosen.is_some_and(|chosen| chosen.level == *level && chosen.value == *value);
                    option value=(format!("{}:{value}", level.name())) selected[is_chosen] {
                        (names::value_name(*level, value, &facts.locale))
                    }
                }
            }
        }
    }
}
