//! What the gate did: trackers held and released, identifiers taken out, hits refused or made anonymous, by vendor.

use super::Dashboard;
use maud::{Markup, html};
use postern_stats::{Counter, Dimension};
use std::collections::BTreeMap;

/// What is counted, and what it means.
const KINDS: [(&str, &str); 5] = [
    ("held", "Pages it was held on"),
    ("released", "Answers that let it run"),
    ("stripped", "Identifiers taken out"),
    ("refused", "Hits refused"),
    ("anonymous", "Hits made anonymous"),
];

pub(super) fn gate(facts: &Dashboard<'_>) -> Markup {
    let mut vendors: BTreeMap<&str, [u64; KINDS.len()]> = BTreeMap::new();
    for (_, value, counts) in facts.sums.iter().filter(|(dimension, _, _)| *dimension == Dimension::Gate) {
        let Some((kind, vendor)) = value.split_once('/') else { continue };
        for (place, (known, _)) in KINDS.iter().enumerate() {
            if let Some(sum) = vendors.entry(vendor).or_default().get_mut(place).filter(|_| *known == kind) {
                *sum = sum.saturating_add(counts.get(Counter::Times));
            }
        }
    }
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
                    @for (_, title) in KINDS { th scope="col" { (title) } }
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
        p class="soft" { "Of everybody, in these days. Things are counted here, not people." }
    }
}
