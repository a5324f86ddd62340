//! What the gate did: trackers held and released, identifiers taken out, hits refused or made anonymous, by vendor.

use super::{Dashboard, csv_link};
use maud::{Markup, html};
use postern_stats::{Dimension, GATE_ACTS, SMALLEST_GROUP, gate_by_vendor};

/// What the acts mean, in their order.
const TITLES: [&str; GATE_ACTS.len()] = [
    "Pages it was held on",
    "Answers that let it run",
    "Identifiers taken out",
    "Hits refused",
    "Hits made anonymous",
];

pub(super) fn gate(facts: &Dashboard<'_>) -> Markup {
    let cells = facts.sums.iter().filter(|(dimension, _, _)| *dimension == Dimension::Gate);
    let vendors = gate_by_vendor(cells.map(|(_, value, counts)| (value.as_str(), *counts)));
    if vendors.is_empty() {
        return html! {};
    }
    let name = |id: &str| {
        let known = facts.vendors.iter().find(|vendor| vendor.id == id);
        known.map_or_else(|| id.to_owned(), |vendor| vendor.name.to_owned())
    };
    html! {
        section class="wide" tabindex="0" aria-labelledby="gate-title" {
            table id="gate" {
                caption id="gate-title" { "What the gate did" }
                thead { tr {
                    th scope="col" { "Vendor" }
                    @for title in TITLES { th scope="col" { (title) } }
                } }
                tbody {
                    @for (id, counts) in &vendors {
                        tr data-vendor=(id) {
                            th scope="row" { (name(id)) }
                            @for count in counts { td { (facts.locale.count(*count)) } }
                        }
                    }
                }
            }
        }
        p class="soft" { "Of everybody, in these days. Things are counted here, not people. Of times with fewer than " (SMALLEST_GROUP) " the count is left out, so that sums over quiet days are too small rather than too large." }
        (csv_link(facts.question, "gate.csv"))
    }
}
