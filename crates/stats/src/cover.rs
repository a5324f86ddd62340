//! In how much of its time a group is told apart, and so whether its share of those asked may be told.
//!
//! A group is told apart in a block where enough of it were asked and enough have answered (`publish`). Of a small one these are the
//! blocks in which many have answered, and so no fair sample of those asked: of forty asked a day, a fourth of whom answers and six in ten of
//! these say yes, the share reads 18 % in place of 15 %. So beside the parts of each block stands which groups are told apart in it, and the
//! share is told where these blocks are nearly all there is. What was answered is told all the same: how many answer says nothing about
//! what they answer.
//!
//! A version is asked with for some days and not on others, and where it is, nearly everybody is asked with it. Then it is told apart where
//! everybody is, whose blocks leave out no day. Its share is told where that is so; not where others were asked with at the same time.

use crate::{Cell, Counter, Counts, Dimension, Level, OTHER, Rate, Segment, lines_of};
use std::collections::BTreeSet;

/// The smallest part of all browsers asked, in per cent, that the blocks must hold in which a group is told apart. Where its visitors
/// come as everybody's do, its share of those asked is then at most a nineteenth of itself too high.
pub const COVER_MIN: u64 = 95;

/// The smallest part, in per cent, that were asked with a version of all who were asked in the blocks in which it is told apart.
const VERSION_MIN: u64 = 90;

/// The levels whose groups are told by it: of pages nothing is told of who was asked ([`Dimension::told`]), and of answers nobody is asked.
const LEVELS: [Level; 8] = [
    Level::Law,
    Level::Country,
    Level::Device,
    Level::Browser,
    Level::Language,
    Level::Signal,
    Level::Policy,
    Level::Banner,
];

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
/// range. Of a version: of those asked in these blocks, how many with it. `None` for a group that this is not kept of.
#[must_use]
pub fn cover_of(sums: &[Cell], segment: &Segment) -> Option<Rate> {
    let asked = |is_of: &dyn Fn(Dimension, &str) -> bool| {
        let of_it = sums.iter().filter(|(dimension, value, _)| is_of(*dimension, value));
        Counts::total(of_it.map(|(_, _, counts)| *counts)).get(Counter::First)
    };
    let group = segment.to_string();
    let told = asked(&|of, value| of == Dimension::Cover && value == group);
    let own = segment.level.dimension();
    LEVELS.contains(&segment.level).then(|| match own {
        Dimension::Version => Rate::new(asked(&|of, value| of == own && segment.matches(value)), told),
        _ => Rate::new(told, asked(&|of, _| of == Dimension::All)),
    })
}

/// May the share of those asked be told of these; of everybody, if nobody is named? Who the others are changes from block to block: of
/// them it never is.
#[must_use]
pub fn tells_asked(sums: &[Cell], segment: Option<&Segment>) -> bool {
    let Some(segment) = segment else { return true };
    let least = if segment.level.dimension() == Dimension::Version { VERSION_MIN } else { COVER_MIN };
    cover_of(sums, segment).is_some_and(|cover| {
        // Wider than the counts: a product of theirs might not fit.
        let (told, all) = (u128::from(cover.numerator()), u128::from(cover.denominator()));
        all > 0 && told * 100 >= all * u128::from(least)
    })
}

/// The share of those asked of a group with these counts, or of everybody; of none where it may not be told.
#[must_use]
pub fn rate_of_asked(sums: &[Cell], segment: Option<&Segment>, counts: &Counts) -> Rate {
    if tells_asked(sums, segment) { counts.rate_of_asked() } else { Rate::new(0, 0) }
}

#[cfg(test)]
#[path = "cover_tests.rs"]
mod tests;
