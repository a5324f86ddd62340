//! What is counted of days that are published already: batches of pages that were late, and receipts whose restriction is lifted.
//!
//! Nothing that is published changes by them, since two readings, one before and one after, would tell of the few that came
//! between. What is late waits until it is enough by itself, and is then published as one more block of the same days, which is
//! cut by itself: every figure stays a sum of whole parts.

use crate::publish::publish;
use crate::{Counts, Dimension, is_showable};
use std::collections::BTreeMap;

/// A value of a dimension, and what is counted of it.
pub type Cell = (Dimension, String, Counts);

fn sums(cells: &[Cell]) -> BTreeMap<(Dimension, String), Counts> {
    let mut sums: BTreeMap<(Dimension, String), Counts> = BTreeMap::new();
    for (dimension, value, counts) in cells {
        let sum = sums.entry((*dimension, value.clone())).or_default();
        *sum = sum.merge(*counts);
    }
    sums
}

/// What has been added to a day's cells; `None` if anything of them is gone: then the day itself is another.
#[must_use]
pub fn added(before: &[Cell], now: &[Cell]) -> Option<Vec<Cell>> {
    let (before, mut now) = (sums(before), sums(now));
    for (place, counts) in before {
        let after = now.remove(&place).unwrap_or_default();
        if !counts.minus(after).is_empty() {
            return None;
        }
        now.insert(place, after.minus(counts));
    }
    let more = now.into_iter().filter(|(_, counts)| !counts.is_empty());
    Some(more.map(|((dimension, value), counts)| (dimension, value, counts)).collect())
}

/// The parts of what came late of a block's days; `None` if it is not enough to be told yet. Of ways to ask it tells nothing by
/// itself, but each way must have enough in it, since it comes to what is told of them (`apart`).
#[must_use]
pub fn late_parts(cells: &[Cell]) -> Option<Vec<Cell>> {
    let sums = sums(cells);
    let of = |wanted: Dimension| sums.iter().filter(move |((dimension, _), _)| *dimension == wanted);
    let whole = Counts::total(of(Dimension::All).map(|(_, counts)| *counts));
    let ways = Counts::total(of(Dimension::Variant).map(|(_, counts)| *counts));
    let is_enough = of(Dimension::Variant).all(|(_, counts)| is_showable(counts))
        && (ways.is_empty() || is_showable(&whole.minus(ways)));
    (is_enough && !whole.is_empty() && is_showable(&whole)).then(|| publish(whole, &sums))
}

#[cfg(test)]
#[path = "late_tests.rs"]
mod tests;
