//! What an experiment has found so far: each way to ask beside the site's own, and whether to stop.

use crate::experiment::{Evidence, LOOKING_FACTOR, Verdict, difference_95, judge, planned_size};
use crate::{Counts, Day, Interval, Point, Rate};
use std::collections::{BTreeMap, BTreeSet};

/// One way to ask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Way {
    /// What is counted of it.
    pub counts: Counts,
    /// How much more of those asked said yes than of those asked in the site's own way; `None` for that itself.
    pub difference: Option<Interval>,
    /// The chance of such a difference if there is none, however often one looks; 1.0 for the site's own way.
    pub p: f64,
}

impl Way {
    /// Of the browsers asked so, how many said yes. Not of the answers: a way to ask may change who answers at all.
    #[must_use]
    pub fn rate(&self) -> Rate {
        self.counts.rate_of_asked()
    }
}

/// All of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// The ways, the site's own first.
    pub ways: Vec<Way>,
    /// How many browsers are to be asked in each way, before it is said that there is no difference; `None` if the experiment looks for
    /// one that cannot be, or compares nothing. The more ways, the more browsers in each ([`planned_size`]).
    pub planned: Option<u64>,
    /// Whether to stop.
    pub verdict: Verdict,
}

impl Findings {
    /// What these points say, each way's in order of days, the site's own first. `expected` is the share of yes that was known before,
    /// `smallest` the difference worth finding, both 0.0..=1.0. What p is worth rests on `smallest` having been said before the first
    /// point, and having stayed; on `expected` it rests only how many are planned.
    ///
    /// Each point is a look. Those count that all ways have of the same days, as [`crate::apart`] gives them.
    #[must_use]
    pub fn of(ways: &[Vec<Point>], expected: f64, smallest: f64) -> Self {
        let by_block: Vec<BTreeMap<(Day, Day), Counts>> =
            ways.iter().map(|points| by_block(points)).collect();
        let whole: BTreeSet<(Day, Day)> = by_block
            .first()
            .into_iter()
            .flat_map(BTreeMap::keys)
            .filter(|block| by_block.iter().all(|of_way| of_way.contains_key(block)))
            .copied()
            .collect();
        let mut sums = vec![Counts::default(); ways.len()];
        let mut evidence = vec![Evidence::NONE; ways.len()];
        // Each block is one more look; the p-value is the smallest of all looks.
        for block in whole {
            for (sum, of_way) in sums.iter_mut().zip(&by_block) {
                *sum = sum.merge(of_way.get(&block).copied().unwrap_or_default());
            }
            let Some((control, others)) = sums.split_first() else { break };
            for (found, other) in evidence.iter_mut().skip(1).zip(others) {
                *found = found.with(control.rate_of_asked(), other.rate_of_asked(), smallest);
            }
        }
        let control = sums.first().map(Counts::rate_of_asked);
        let ways: Vec<Way> = sums
            .into_iter()
            .zip(&evidence)
            .enumerate()
            .map(|(place, (counts, found))| {
                let control = control.filter(|_| place > 0);
                let difference = control.and_then(|control| difference_95(control, counts.rate_of_asked()));
                Way { counts, difference, p: found.p }
            })
            .collect();
        let rates: Vec<Rate> = ways.iter().map(Way::rate).collect();
        let of_others = evidence.get(1..).unwrap_or_default();
        let planned =
            planned_size(expected, smallest, of_others.len()).map(|size| size.saturating_mul(LOOKING_FACTOR));
        let verdict = judge(&rates, of_others, planned.unwrap_or(u64::MAX));
        Self { ways, planned, verdict }
    }

    /// The p that a difference has at most, by as many comparisons as there are. Source: Bonferroni, as in [`judge`].
    #[must_use]
    pub fn threshold(&self) -> f64 {
        crate::experiment::threshold(self.ways.len().saturating_sub(1))
    }

    /// How many browsers were asked in the way with the fewest.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.ways.iter().map(|way| way.rate().denominator()).min().unwrap_or(0)
    }
}

fn by_block(points: &[Point]) -> BTreeMap<(Day, Day), Counts> {
    let mut blocks: BTreeMap<(Day, Day), Counts> = BTreeMap::new();
    for point in points {
        let block = blocks.entry((point.first, point.last)).or_default();
        *block = block.merge(point.counts);
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Counter;
    use crate::experiment::always_valid_p;
    use proptest::prelude::*;

    fn point(day: u32, asked: u64, yes: u64) -> Point {
        let day = Day::new(day).unwrap();
        let counts = Counts::default().with(Counter::First, asked).with_first(Counter::Accepted, yes);
        Point { first: day, last: day, counts }
    }

    #[test]
    fn a_way_that_more_say_yes_to_is_found_and_told_with_its_numbers() {
        let ways = [
            vec![point(10, 2000, 700), point(11, 2000, 700)],
            vec![point(10, 2000, 800), point(11, 2000, 820)],
        ];
        let found = Findings::of(&ways, 0.35, 0.03);
        assert_eq!(found.verdict, Verdict::Better(1));
        let [control, other] = found.ways.as_slice() else { panic!("two ways") };
        assert_eq!((control.rate(), other.rate()), (Rate::new(1400, 4000), Rate::new(1620, 4000)));
        assert_eq!((control.difference, control.p), (None, 1.0));
        assert_eq!(other.difference, difference_95(control.rate(), other.rate()));
        let first = always_valid_p(Rate::new(700, 2000), Rate::new(800, 2000), 0.03, 1.0);
        assert!(first < 1.0 && other.p < first);
        assert_eq!(other.p, always_valid_p(control.rate(), other.rate(), 0.03, first));
        assert_eq!((found.planned, found.asked()), (planned_size(0.35, 0.03, 1).map(|size| 2 * size), 4000));
    }

    #[test]
    fn a_difference_that_has_turned_names_nobody() {
        let (early, late) = ([(2000, 700), (2000, 820)], [(8000, 3300), (8000, 3170)]);
        let way = |place: usize, looks: usize| {
            let days = [early, late].into_iter().take(looks).zip(10..);
            days.map(|(ways, day)| point(day, ways[place].0, ways[place].1)).collect::<Vec<_>>()
        };
        let found = |looks| Findings::of(&[way(0, looks), way(1, looks)], 0.35, 0.03);
        assert_eq!(found(1).verdict, Verdict::Better(1));
        // p stays the smallest of all looks, and 4000 of 10,000 beside 3990 are no reason to keep the site's own way.
        let turned = found(2);
        assert_eq!(
            (turned.ways[0].rate(), turned.ways[1].rate()),
            (Rate::new(4000, 10_000), Rate::new(3990, 10_000))
        );
        assert!(turned.ways[1].p < 0.01 && turned.asked() >= turned.planned.unwrap());
        assert_eq!(turned.verdict, Verdict::Undecided);
    }

    #[test]
    fn enough_without_a_difference_is_an_end() {
        let ways = [vec![point(10, 10_000, 5000)], vec![point(10, 10_001, 5001)]];
        assert_eq!(Findings::of(&ways, 0.5, 0.03).verdict, Verdict::NoDifference);
        assert_eq!(Findings::of(&ways, 0.5, 0.01).verdict, Verdict::Undecided);
    }

    #[test]
    fn the_more_ways_the_more_browsers_in_each_before_there_is_no_difference() {
        for (variants, planned) in [(1, 8712), (2, 10_550), (3, 11_620)] {
            for (asked, verdict) in [(planned - 2, Verdict::Undecided), (planned, Verdict::NoDifference)] {
                let found = Findings::of(&vec![vec![point(10, asked, asked / 2)]; variants + 1], 0.5, 0.03);
                assert_eq!((found.planned, found.verdict), (Some(planned), verdict), "{variants} {asked}");
            }
        }
    }

    #[test]
    fn the_test_is_made_for_the_difference_that_is_looked_for() {
        let ways = [vec![point(10, 150, 60)], vec![point(10, 150, 90)]];
        let found = |expected, smallest| Findings::of(&ways, expected, smallest);
        for smallest in [0.03, 0.2] {
            let p = always_valid_p(Rate::new(60, 150), Rate::new(90, 150), smallest, 1.0);
            assert_eq!([0.1, 0.5].map(|expected| found(expected, smallest).ways[1].p), [p; 2]);
        }
        // As many as are planned for 20 points (164), nearly, and so many found: a test for 3 points would not see it.
        assert_eq!(found(0.4, 0.03).verdict, Verdict::Undecided);
        assert_eq!(found(0.4, 0.2).verdict, Verdict::Better(1));
    }

    #[test]
    fn days_on_which_a_way_is_not_told_apart_count_for_none() {
        let ways =
            [vec![point(10, 100, 50), point(11, 100, 50)], vec![point(11, 90, 10), point(12, 5000, 5000)]];
        let found = Findings::of(&ways, 0.5, 0.03);
        assert_eq!((found.ways[0].rate(), found.ways[1].rate()), (Rate::new(50, 100), Rate::new(10, 90)));
    }

    #[test]
    fn nothing_says_nothing() {
        for ways in [vec![], vec![vec![]], vec![vec![], vec![]], vec![vec![point(1, 50, 20)], vec![]]] {
            let found = Findings::of(&ways, 0.5, 0.03);
            assert_eq!((found.verdict, found.asked()), (Verdict::Undecided, 0), "{ways:?}");
        }
        assert_eq!(Findings::of(&[vec![], vec![]], 0.5, 0.6).planned, None);
        assert_eq!(Findings::of(&[vec![]], 0.5, 0.03).planned, None);
    }

    proptest! {
        #[test]
        fn p_never_rises_with_more_days(days in proptest::collection::vec((50u64..500, 0u64..500, 50u64..500, 0u64..500), 1..20)) {
            let (mut control, mut other, mut before) = (Vec::new(), Vec::new(), 1.0);
            for (day, (asked, yes, of_other, yes_of_other)) in (1..).zip(days) {
                control.push(point(day, asked, yes.min(asked)));
                other.push(point(day, of_other, yes_of_other.min(of_other)));
                let found = Findings::of(&[control.clone(), other.clone()], 0.5, 0.03);
                prop_assert!(found.ways[1].p <= before);
                before = found.ways[1].p;
            }
        }
    }
}
