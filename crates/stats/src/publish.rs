//! Which figures are shown at all: none of a group of fewer than [`SMALLEST_GROUP`], and no two whose difference is one.
//!
//! Three things make it hold. Days are put together into blocks, each large enough as a whole, and a block never changes
//! once it is published (what comes late: `late`). In a block every dimension is cut into parts that do not overlap, that are each large enough, and
//! that together are everybody. And nothing else is published: whatever is asked, the answer is a sum of whole parts, so
//! the difference of two answers, one of which lies within the other, is a sum of whole parts as well.
//!
//! A group is counted by what the edge counts: pages, browsers asked, acts. How many of these came from one visitor it does
//! not know. How a group has answered is no smaller group: one refusal among ten answers is shown.
//!
//! What never lives here: reading published figures (`figures`), storage of days and blocks (the worker's).

use crate::cover::cover;
use crate::{Counter, Counts, Day, Dimension, UNKNOWN};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The smallest group that figures are shown of.
pub const SMALLEST_GROUP: u64 = 10;

/// The value of all that are too few to be told apart.
pub const OTHER: &str = "other";

/// Levels of a value that are told apart; dimensions have two. What comes below stays part of the last.
const LEVELS_MAX: usize = 3;

/// May these be shown? Browsers asked, and answers, are enough or none; and enough of one of the two, if anything is counted of
/// visitors at all: ten pages may be one visitor's.
#[must_use]
pub fn is_showable(counts: &Counts) -> bool {
    let groups = [counts.get(Counter::First), counts.decided()];
    let of_visitors = counts.only(|counter| !matches!(counter, Counter::Bots | Counter::Times));
    groups.iter().all(|group| *group == 0 || *group >= SMALLEST_GROUP)
        && (of_visitors.is_empty() || groups.iter().any(|group| *group > 0))
}

/// Consecutive days as they are published, once and for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The first day.
    pub first: Day,
    /// The last day; most often the same.
    pub last: Day,
    /// Parts, in order of dimension and value. `""` in any dimension but the whole's: not told apart.
    pub cells: Vec<(Dimension, String, Counts)>,
}

/// Makes blocks of days. It starts anew from the last block's end and the days since then, so nothing but blocks and days
/// needs to be stored.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Publisher {
    /// The last day that was pushed, or is published.
    last: Option<Day>,
    /// The first day that waits.
    first: Option<Day>,
    waiting: BTreeMap<(Dimension, String), Counts>,
}

impl Publisher {
    /// Goes on after a block that ended on that day.
    #[must_use]
    pub fn after(last: Day) -> Self {
        Self { last: Some(last), ..Self::default() }
    }

    /// Adds a day that is over, and gives the block that it completes. Days come in order; a day left out is one without a
    /// count. A day that is not later than the last is not counted: its block is published, and stays as it is.
    ///
    /// Days without a count before a block's first are in no block; those between two others join theirs.
    pub fn push(&mut self, day: Day, cells: &[(Dimension, String, Counts)]) -> Option<Block> {
        if self.last.is_some_and(|last| day <= last) {
            return None;
        }
        self.last = Some(day);
        for (dimension, value, counts) in cells.iter().filter(|(_, _, counts)| !counts.is_empty()) {
            let cell = self.waiting.entry((*dimension, value.clone())).or_default();
            *cell = cell.merge(*counts);
        }
        if self.waiting.is_empty() {
            return None;
        }
        let first = *self.first.get_or_insert(day);
        let whole = Counts::total(values(&self.waiting, Dimension::All).map(|(_, counts)| counts));
        if whole.is_empty() || !is_showable(&whole) {
            return None;
        }
        let cells = publish(whole, &std::mem::take(&mut self.waiting));
        self.first = None;
        Some(Block { first, last: day, cells })
    }

    /// The first day that waits to be published, and how many days do; `None` if all that was counted is published.
    #[must_use]
    pub fn waiting(&self) -> Option<(Day, u32)> {
        let (first, last) = (self.first?, self.last?);
        Some((first, last.number() - first.number() + 1))
    }
}

fn values(
    cells: &BTreeMap<(Dimension, String), Counts>,
    dimension: Dimension,
) -> impl Iterator<Item = (&str, Counts)> {
    let of_dimension = cells.iter().filter(move |((of, _), _)| *of == dimension);
    of_dimension.map(|((_, value), counts)| (value.as_str(), *counts))
}

/// Cuts each dimension of a whole that is showable.
pub(crate) fn publish(
    whole: Counts,
    cells: &BTreeMap<(Dimension, String), Counts>,
) -> Vec<(Dimension, String, Counts)> {
    let mut published = Vec::new();
    for dimension in Dimension::ALL {
        let of_dimension = values(cells, dimension);
        let parts = match dimension {
            Dimension::All => BTreeMap::from([(String::new(), whole)]),
            // What the gate did counts things, and of few of them each may be one visitor's.
            //
            // Vendors are no parts: who grants two is in both. So no sum of them is a number of people (ten grants of
            // ten vendors may be one visitor's), those with too few are left out and not put together, and no total
            // of which they would be the rest is published. A vendor's count stands by itself, as one more way in which
            // everybody has answered, and is held back below the smallest group all the same.
            Dimension::Gate | Dimension::Vendor => times(of_dimension),
            // Told by rules of their own, and so by no other.
            Dimension::Variant | Dimension::Cover => BTreeMap::new(),
            Dimension::Layer | Dimension::Wait => {
                split(acts(whole), of_dimension.map(|(value, counts)| (value, acts(counts))))
            }
            _ => split(whole, of_dimension),
        };
        published.extend(parts.into_iter().map(|(value, counts)| (dimension, value, counts)));
    }
    let cover = cover(whole, &published);
    published.extend(cover);
    published
}

/// Counts of things, where there are enough, and of nothing else.
fn times<'a>(cells: impl Iterator<Item = (&'a str, Counts)>) -> BTreeMap<String, Counts> {
    let times = cells.map(|(value, counts)| (value.to_owned(), counts.only(|of| of == Counter::Times)));
    times.filter(|(_, counts)| counts.get(Counter::Times) >= SMALLEST_GROUP).collect()
}

/// The answers alone. A withdrawal answers nothing, and has no wait.
fn acts(counts: Counts) -> Counts {
    let is_of_acts = |counter| {
        matches!(
            counter,
            Counter::Accepted
                | Counter::Refused
                | Counter::Partial
                | Counter::ByAgent
                | Counter::Functional
                | Counter::Analytics
                | Counter::Marketing
                | Counter::Social
        )
    };
    counts.only(|counter| counts.decided() > 0 && is_of_acts(counter))
}

/// Cuts a whole that is showable into parts that are, and that sum up to it.
///
/// If the values count more than the whole in any counter, or more than a counter can hold, they are no parts of it. Then
/// their differences would be of nobody, or of too few, and the whole is not told apart.
fn split<'a>(whole: Counts, cells: impl Iterator<Item = (&'a str, Counts)>) -> BTreeMap<String, Counts> {
    let mut root = Node::default();
    for (value, counts) in cells {
        root.add(value.splitn(LEVELS_MAX, '/'), counts);
    }
    let mut parts = BTreeMap::new();
    if !root.total.minus(whole).is_empty() || is_full(&whole) {
        put(&mut parts, String::new(), whole);
        return parts;
    }
    root.add(std::iter::empty(), whole.minus(root.total));
    root.tell(String::new(), &mut parts);
    parts
}

/// Has a sum reached what can be counted, and so perhaps left something out?
fn is_full(counts: &Counts) -> bool {
    let mut all = Counter::ALL.into_iter().map(|counter| counts.get(counter));
    counts.decided() == u64::MAX || all.any(|count| count == u64::MAX)
}

/// Adds to a part: a value may be called [`OTHER`] itself.
fn put(parts: &mut BTreeMap<String, Counts>, path: String, counts: Counts) {
    if !counts.is_empty() {
        let part = parts.entry(path).or_default();
        *part = part.merge(counts);
    }
}

/// A value and those below it.
#[derive(Default)]
struct Node {
    /// With those below.
    total: Counts,
    /// Without.
    own: Counts,
    below: BTreeMap<String, Node>,
}

impl Node {
    fn add<'a>(&mut self, mut path: impl Iterator<Item = &'a str>, counts: Counts) {
        self.total = self.total.merge(counts);
        match path.next() {
            None => self.own = self.own.merge(counts),
            Some(name) => {
                let name = if name.is_empty() { UNKNOWN } else { name };
                self.below.entry(name.to_owned()).or_default().add(path, counts);
            }
        }
    }

    /// Writes the parts of this value, which is showable.
    fn tell(mut self, path: String, parts: &mut BTreeMap<String, Counts>) {
        if !self.own.is_empty() && !self.below.is_empty() {
            self.below.entry(UNKNOWN.to_owned()).or_default().add(std::iter::empty(), self.own);
        }
        let (small, mut told): (Vec<_>, Vec<_>) = self
            .below
            .into_iter()
            .partition(|(name, node)| !is_showable(&node.total) || (name == OTHER && node.below.is_empty()));
        let mut other = Counts::total(small.iter().map(|(_, node)| node.total));
        // The smallest stand last, and join first.
        told.sort_by_cached_key(|(name, node)| {
            Reverse((node.total.get(Counter::Views), node.total.decided(), name.clone()))
        });
        while !is_showable(&other) {
            let Some((_, node)) = told.pop() else { break };
            other = other.merge(node.total);
        }
        let is_one = match told.as_slice() {
            [] => true,
            [(name, _)] => other.is_empty() && name == UNKNOWN,
            _ => false,
        };
        if is_one {
            return put(parts, path, self.total);
        }
        let below = |name: &str| if path.is_empty() { name.to_owned() } else { [&path, "/", name].concat() };
        put(parts, below(OTHER), other);
        for (name, node) in told {
            node.tell(below(&name), parts);
        }
    }
}

#[cfg(test)]
#[path = "publish_tests.rs"]
mod tests;
