//! The ways to ask in an experiment, told apart over time by a rule of their own.
//!
//! By the rule of the other dimensions (`publish`) a way that has too few answers in a block joins others, and the days on which both
//! ways have enough are no fair sample: a way that drives away those who say no is kept on its good days. So nothing is left out
//! here. Blocks are put together until everybody in them can be told apart, and each day of them counts.
//!
//! No two figures tell of a small group all the same. What is told are sums over whole blocks of everybody; in these, ways and rest
//! are parts that do not overlap, that are each enough, and that together are everybody. It holds because nothing else is
//! told by the way somebody was asked.

use crate::{Counter, Counts, Day, Point, is_showable};

/// How long the rest is waited for, days: who answers without having been asked in a way (a change of mind, the consent page) is
/// nobody on most days of a small site, and would hold back the ways for months.
const REST_DAYS: u32 = 7;

/// What experiments are about. Pages are left out: most are of those who have decided, and so have no way.
fn of_question(counts: Counts) -> Counts {
    counts.only(|counter| {
        matches!(
            counter,
            Counter::First
                | Counter::FirstAnswered
                | Counter::FirstGranted
                | Counter::Accepted
                | Counter::Refused
                | Counter::Partial
        )
    })
}

/// Each way's figures over time, in the order of `ways`, all of the same days: by the blocks of everybody, in their order, and what is
/// counted of each way by day. What is not enough yet at the end waits.
///
/// A rest that is too small for [`REST_DAYS`] is shared evenly among the ways: it is in each of them alike, moves no difference, and
/// cannot be told from what they have.
#[must_use]
pub fn apart(blocks: &[Point], ways: &[Vec<(Day, Counts)>]) -> Vec<Vec<Point>> {
    let mut points = vec![Vec::new(); ways.len()];
    let mut waiting: Option<(Day, Counts, Vec<Counts>)> = None;
    for block in blocks {
        let own = ways.iter().map(|days| {
            let within = days.iter().filter(|(day, _)| (block.first..=block.last).contains(day));
            of_question(Counts::total(within.map(|(_, counts)| *counts)))
        });
        let whole = of_question(block.counts);
        let (first, whole, mut parts) = match waiting.take() {
            None => (block.first, whole, own.collect::<Vec<_>>()),
            Some((first, before, parts)) => {
                let parts = parts.into_iter().zip(own).map(|(part, more)| part.merge(more));
                (first, before.merge(whole), parts.collect())
            }
        };
        if parts.iter().all(Counts::is_empty) {
            // It has not begun.
            continue;
        }
        let days = (block.last.number() + 1).saturating_sub(first.number());
        if !can_be_told(whole, &mut parts, days, block.last) {
            waiting = Some((first, whole, parts));
            continue;
        }
        for (points, counts) in points.iter_mut().zip(parts) {
            points.push(Point { first, last: block.last, counts });
        }
    }
    points
}

/// Are ways and rest enough? A rest that has been waited for long enough is shared among the ways.
fn can_be_told(whole: Counts, parts: &mut [Counts], days: u32, last: Day) -> bool {
    let is_enough = |counts: &Counts| counts.is_empty() || is_showable(counts);
    let sum = Counts::total(parts.iter().copied());
    // More than everybody: counted while batches were still coming in.
    if !sum.minus(whole).is_empty() || !parts.iter().all(is_enough) {
        return false;
    }
    let rest = whole.minus(sum);
    if !is_enough(&rest) {
        if days < REST_DAYS {
            return false;
        }
        share(rest, parts, last);
    }
    true
}

/// Gives each part that has anything as much as the others; who gets what is left of the division changes with the day.
fn share(rest: Counts, parts: &mut [Counts], last: Day) {
    let mut parts: Vec<&mut Counts> = parts.iter_mut().filter(|part| !part.is_empty()).collect();
    let count = parts.len() as u64;
    for (turn, counter) in (u64::from(last.number())..).zip(Counter::ALL) {
        for (place, part) in (0..).zip(&mut parts) {
            let is_one_more = (place + turn) % count < rest.get(counter) % count;
            **part = part.with(counter, rest.get(counter) / count + u64::from(is_one_more));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SMALLEST_GROUP;
    use proptest::prelude::*;

    fn day(number: u32) -> Day {
        Day::new(number).unwrap()
    }

    fn counts(first: u64, accepted: u64, refused: u64) -> Counts {
        let counts = Counts::default().with(Counter::First, first).with_first(Counter::Accepted, accepted);
        counts.with_first(Counter::Refused, refused)
    }

    /// A block of one day: everybody has what the ways have, these more, and many pages.
    type Block = (Vec<Counts>, Counts);

    fn told(blocks: &[Block]) -> Vec<Vec<Point>> {
        let ways = blocks.first().map_or(0, |(ways, _)| ways.len());
        let everybody: Vec<Point> = (100..)
            .zip(blocks)
            .map(|(number, (ways, rest))| {
                let counts = Counts::total(ways.iter().copied()).merge(*rest).with(Counter::Views, 5000);
                Point { first: day(number), last: day(number), counts }
            })
            .collect();
        let of_way = |place: usize| {
            let days = (100..).zip(blocks).map(|(number, (ways, _))| (day(number), ways[place]));
            days.collect::<Vec<_>>()
        };
        apart(&everybody, &(0..ways).map(of_way).collect::<Vec<_>>())
    }

    fn lines(points: &[Point]) -> Vec<String> {
        let line = |point: &Point| {
            let (first, last) = (point.first.number(), point.last.number());
            let of = |counter| point.counts.get(counter);
            format!(
                "{first}-{last}: {} {}/{}",
                of(Counter::First),
                of(Counter::Accepted),
                of(Counter::Refused)
            )
        };
        points.iter().map(line).collect()
    }

    #[test]
    fn days_wait_until_each_way_has_enough_and_none_is_left_out() {
        let none = Counts::default();
        let blocks = [
            (vec![none, none], counts(90, 20, 20)),
            (vec![counts(30, 6, 6), counts(31, 9, 9)], none),
            (vec![counts(29, 4, 5), counts(30, 1, 2)], none),
            (vec![counts(30, 6, 5), counts(30, 2, 3)], none),
            (vec![counts(30, 1, 5), counts(30, 2, 3)], none),
            (vec![counts(30, 9, 9), counts(30, 2, 3)], none),
        ];
        let told = told(&blocks);
        assert_eq!(lines(&told[0]), ["101-101: 30 6/6", "102-104: 89 11/15"]);
        assert_eq!(lines(&told[1]), ["101-101: 31 9/9", "102-104: 90 5/8"]);
    }

    #[test]
    fn pages_of_those_who_have_decided_are_no_rest_and_a_large_rest_stands_by_itself() {
        let ways = vec![counts(30, 10, 10), counts(30, 12, 12)];
        let told = told(&[(ways.clone(), Counts::default()), (ways, counts(0, 20, 5))]);
        assert_eq!(lines(&told[0]), ["100-100: 30 10/10", "101-101: 30 10/10"]);
        assert_eq!(lines(&told[1]), ["100-100: 30 12/12", "101-101: 30 12/12"]);
    }

    #[test]
    fn a_small_rest_is_waited_for_a_week_and_then_shared() {
        let ways = vec![counts(30, 10, 10), counts(30, 12, 12)];
        let mut blocks = vec![(ways.clone(), Counts::default()); 7];
        blocks[1].1 = counts(0, 3, 2);
        let told_early = told(&blocks[..7]);
        assert_eq!(lines(&told_early[0]), ["100-100: 30 10/10"]);
        blocks.push((ways, Counts::default()));
        let told = told(&blocks);
        // Of three grants one has two; of two refusals each has one.
        let found = [lines(&told[0])[1].clone(), lines(&told[1])[1].clone()];
        let either = [
            ["101-107: 210 71/71".to_owned(), "101-107: 210 86/85".to_owned()],
            ["101-107: 210 72/71".to_owned(), "101-107: 210 85/85".to_owned()],
        ];
        assert!(either.contains(&found), "{found:?}");
    }

    #[test]
    fn what_is_left_of_a_division_goes_round() {
        let mut parts = [counts(30, 10, 10), counts(30, 10, 10), Counts::default(), counts(30, 10, 10)];
        for last in 100..103 {
            share(counts(1, 4, 2), &mut parts, day(last));
        }
        let each = counts(31, 14, 12);
        assert_eq!(parts, [each, each, Counts::default(), each]);
    }

    #[test]
    fn more_than_everybody_waits() {
        let everybody = [Point { first: day(1), last: day(1), counts: counts(40, 10, 10) }];
        let ways = [vec![(day(1), counts(30, 10, 10))], vec![(day(1), counts(30, 10, 10))]];
        assert_eq!(apart(&everybody, &ways), [vec![], vec![]]);
        assert_eq!(apart(&[], &[]), Vec::<Vec<Point>>::new());
    }

    fn some() -> impl Strategy<Value = Counts> {
        (0u64..40, 0u64..15, 0u64..15).prop_map(|(first, yes, no)| counts(first, yes, no))
    }

    proptest! {
        #[test]
        fn no_sum_and_no_difference_is_of_a_small_group(
            blocks in prop::collection::vec((prop::collection::vec(some(), 3), prop_oneof![Just(Counts::default()), some()]), 0..30),
        ) {
            let told = told(&blocks);
            for points in told.iter().skip(1) {
                let spans = |points: &[Point]| points.iter().map(|point| (point.first, point.last)).collect::<Vec<_>>();
                prop_assert_eq!(spans(points), spans(&told[0]));
            }
            for place in 0..told.first().map_or(0, Vec::len) {
                let parts: Vec<Counts> = told.iter().map(|points| points[place].counts).collect();
                let (first, last) = (told[0][place].first.number(), told[0][place].last.number());
                let everybody = (100..).zip(&blocks).filter(|(number, _)| (first..=last).contains(number));
                let everybody = Counts::total(everybody.flat_map(|(_, (ways, rest))| ways.iter().chain([rest]).copied()));
                let rest = everybody.minus(Counts::total(parts.iter().copied()));
                for part in parts.iter().chain([&rest]) {
                    for group in [part.get(Counter::First), part.decided()] {
                        prop_assert!(group == 0 || group >= SMALLEST_GROUP, "{:?}", part);
                    }
                }
            }
        }

        #[test]
        fn what_is_told_stays_and_every_day_until_then_counts(
            blocks in prop::collection::vec((prop::collection::vec(some(), 2), Just(Counts::default())), 0..30),
        ) {
            let all = told(&blocks);
            for (place, points) in all.iter().enumerate() {
                let until = points.last().map_or(0, |point| point.last.number() + 1 - 100) as usize;
                let sum = Counts::total(points.iter().map(|point| point.counts));
                prop_assert_eq!(sum, Counts::total(blocks[..until].iter().map(|(ways, _)| ways[place])));
                prop_assert_eq!(points, &told(&blocks[..until]).get(place).cloned().unwrap_or_default());
            }
        }
    }
}
