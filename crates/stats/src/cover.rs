//! In how much of its time a group is told apart, and so whether its share of those asked may be told.
//!
//! A group is told apart in a block where enough of it were asked and enough have answered (`publish`). Of a small one these are the
//! blocks in which many have answered, and so no fair sample of those asked: of forty asked a day, a fourth of whom answer, the share
//! reads 18 % in place of 15 %. So beside the parts of each block stands which groups are told apart in it, and the share is told where
//! these blocks are nearly all there is. What was answered is told all the same: how many answer says nothing about what they answer.

use crate::{Cell, Counter, Counts, Dimension, Level, OTHER, Rate, Segment, lines_of};
use std::collections::BTreeSet;

/// The smallest part of all browsers asked, in per cent, that the blocks must hold in which a group is told apart. Where its visitors
/// come as everybody's do, its share of those asked is then at most a twentieth of itself too high.
pub const COVER_MIN: u64 = 95;

/// The levels whose groups are told by it. A version is nearly everybody for as long as it is asked with, and nobody else's before and after;
/// of pages nothing is told of who was asked ([`Dimension::told`]), and of answers nobody is asked.
const LEVELS: [Level; 6] =
    [Level::Law, Level::Country, Level::Device, Level::Browser, Level::Language, Level::Signal];

/// The groups that are told apart by these parts of a whole, each with how many browsers were asked of everybody.
pub(crate) fn cover(whole: Counts, parts: &[Cell]) -> Vec<Cell> {
    let asked = whole.only(|counter| counter == Counter::First);
    if asked.is_empty() {
        return Vec::new();
    }
    // Each once, whatever parts it is cut into.
    let groups: BTreeSet<String> = LEVELS
        .into_iter()
        .flat_map(|level| {
            lines_of(parts, level, None).into_iter().map(move |(value, _)| Segment { level, value })
        })
        .filter(|segment| segment.value != OTHER)
        .map(|segment| segment.to_string())
        .collect();
    groups.into_iter().map(|group| (Dimension::Cover, group, asked)).collect()
}

/// Of the browsers asked, how many in blocks in which that group is told apart: of everybody, and from the parts of all dimensions of a
/// range. `None` for a group that this is not kept of.
#[must_use]
pub fn cover_of(sums: &[Cell], segment: &Segment) -> Option<Rate> {
    let asked = |dimension: Dimension, value: &str| {
        let of_it = sums.iter().filter(|(of, named, _)| *of == dimension && named == value);
        Counts::total(of_it.map(|(_, _, counts)| *counts)).get(Counter::First)
    };
    LEVELS
        .contains(&segment.level)
        .then(|| Rate::new(asked(Dimension::Cover, &segment.to_string()), asked(Dimension::All, "")))
}

/// May the share of those asked be told of these; of everybody, if nobody is named? Who the others are changes from block to block: of
/// them it never is.
#[must_use]
pub fn tells_asked(sums: &[Cell], segment: Option<&Segment>) -> bool {
    let Some(segment) = segment else { return true };
    match cover_of(sums, segment) {
        Some(cover) => {
            // Wider than the counts: a product of theirs might not fit.
            let (told, all) = (u128::from(cover.numerator()), u128::from(cover.denominator()));
            all > 0 && told * 100 >= all * u128::from(COVER_MIN)
        }
        None => segment.level.dimension() == Dimension::Version && segment.value != OTHER,
    }
}

/// The share of those asked of a group with these counts, or of everybody; of none where it may not be told.
#[must_use]
pub fn rate_of_asked(sums: &[Cell], segment: Option<&Segment>, counts: &Counts) -> Rate {
    if tells_asked(sums, segment) { counts.rate_of_asked() } else { Rate::new(0, 0) }
}

#[cfg(test)]
#[path = "cover_tests.rs"]
mod tests;
