//! A slide is told once, by one name and in one piece, and seldom by chance.

use super::*;
use crate::{Counter, Counts};
use proptest::prelude::*;

/// A Monday.
const FIRST: u32 = 1005;

fn day(number: u32) -> Day {
    Day::new(number).unwrap()
}

/// A point of so many days, behind the others: how many of how many said yes.
fn add(points: &mut Vec<Point>, length: u32, accepted: u64, of: u64) {
    let first = points.last().map_or(FIRST, |point| point.last.number() + 1);
    let counts = Counts::default().with(Counter::Accepted, accepted).with(Counter::Refused, of - accepted);
    points.push(Point { first: day(first), last: day(first + length - 1), counts });
}

/// A point a day, each of so many of a thousand more than the one before; then the next.
fn ways(from: i64, ways: &[(u32, i64)]) -> Vec<Point> {
    let (mut points, mut share) = (Vec::new(), from * 10);
    for (days, tenths) in ways {
        for _ in 0..*days {
            share += tenths;
            add(&mut points, 1, u64::try_from(share).unwrap(), 10_000);
        }
    }
    points
}

/// What is told on the day behind each point, of the points that are read then: days since the first of all that it has begun.
fn told(points: &[Point]) -> Vec<Option<u32>> {
    let of_day = |count: usize| {
        let today = points[count - 1].last.plus(1).unwrap();
        let read = points[..count].iter().position(|point| point.last >= today.minus(SLIDE_DAYS)).unwrap();
        let found = slide(&points[read..count], today);
        assert_eq!(found, slide(&points[..count], today), "what was long before changes nothing");
        let Some(Alert::RateSlid { begun, now, before, .. }) = found else { return None };
        assert!(before.share().unwrap() > now.share().unwrap());
        Some(begun.number() - FIRST)
    };
    (1..=points.len()).map(of_day).collect()
}

/// By the place of the point: each slide that is told, the first point on which it is and the last.
fn spans(points: &[Point]) -> Vec<(u32, usize, usize)> {
    let mut spans: Vec<(u32, usize, usize)> = Vec::new();
    for (at, told) in told(points).into_iter().enumerate() {
        let Some(begun) = told else { continue };
        match spans.iter_mut().find(|(known, _, _)| *known == begun) {
            Some((_, _, last)) if *last + 1 == at => *last = at,
            Some(_) => panic!("{begun} came back at {at}"),
            None => spans.push((begun, at, at)),
        }
    }
    spans
}

/// The places of the points with which drops begin that are told.
fn drops_of(points: &[Point]) -> Vec<u32> {
    told_since(points, day(0)).into_iter().map(|drop| drop.first.number() - FIRST).collect()
}

#[test]
fn where_nothing_slides_nothing_is_told() {
    assert_eq!(spans(&ways(600, &[(300, 0)])), []);
    assert_eq!(spans(&ways(400, &[(60, 0), (60, 50), (60, 0)])), [], "a rise");
    // A point in ten days makes less than three of four weeks.
    assert_eq!(spans(&ways(600, &[(60, 0), (200, -10)])), []);
    assert_eq!(slide(&[], day(FIRST)), None);
}

#[test]
fn a_slide_is_told_once_from_the_week_on_that_shows_it_until_four_weeks_are_what_four_were() {
    // Twelve weeks at 60 %, 0.6 points a day for forty days, and then what is left.
    let points = ways(600, &[(84, 0), (40, -60), (120, 0)]);
    assert_eq!(drops_of(&points), [0; 0]);
    let spans = spans(&points);
    // Told on the Monday of the fourth week, and over seven weeks after the last day of it.
    assert_eq!(spans, [(111, 111, 173)]);
    let Some(Alert::RateSlid { days, now, days_before, before, .. }) =
        slide(&points[..112], day(FIRST + 112))
    else {
        panic!("nothing is told")
    };
    assert_eq!((days.first, days.last), (day(FIRST + 84), day(FIRST + 111)));
    assert_eq!((days_before.first, days_before.last), (day(FIRST + 56), day(FIRST + 83)));
    assert_eq!((now.denominator(), before.share()), (280_000, Some(0.6)));
}

/// So many days each at so many of a thousand.
fn levels(all: &[(u32, u64)]) -> Vec<Point> {
    let mut points = Vec::new();
    for (days, share) in all {
        (0..*days).for_each(|_| add(&mut points, 1, share * 10, 10_000));
    }
    points
}

#[test]
fn what_a_drop_tells_is_not_told_again() {
    // It stays, for longer than a drop is told; and falls on.
    assert_eq!(drops_of(&levels(&[(84, 600), (150, 500)])), [84]);
    assert_eq!(spans(&levels(&[(84, 600), (150, 500)])), []);
    assert_eq!(spans(&levels(&[(84, 600), (60, 500), (150, 400)])), []);
    // Its few days are low enough to make four weeks low.
    assert_eq!(spans(&levels(&[(84, 600), (5, 200), (150, 600)])), []);
    // Over a few days.
    assert_eq!(spans(&ways(600, &[(84, 0), (5, -30), (150, 0)])), []);
    assert_eq!(spans(&ways(600, &[(84, 0), (10, -20), (150, 0)])), []);
}

#[test]
fn a_slide_is_told_beside_a_short_drop_before_it_or_in_it() {
    let points = ways(600, &[(84, 0), (40, -60), (120, 0)]);
    for low in [60..63, 90..93, 105..107] {
        let mut points = points.clone();
        for point in &mut points[low.clone()] {
            point.counts = Counts::default().with(Counter::Accepted, 3000).with(Counter::Refused, 7000);
        }
        assert_eq!(drops_of(&points), [u32::try_from(low.start).unwrap()]);
        assert_eq!(spans(&points).len(), 1, "{low:?}");
    }
}

#[test]
fn a_short_drop_does_not_keep_a_slide_that_is_over() {
    let mut points = ways(600, &[(84, 0), (40, -60), (120, 0)]);
    let told = spans(&points);
    for point in &mut points[169..172] {
        point.counts = Counts::default().with(Counter::Accepted, 500).with(Counter::Refused, 9500);
    }
    assert_eq!(drops_of(&points), [169]);
    assert_eq!(spans(&points), told);
}

#[test]
fn a_drop_is_told_from_its_first_day_for_four_weeks_at_most() {
    let told = |points: &[Point]| {
        let drops = told_since(points, day(FIRST + 83));
        drops.iter().map(|drop| (drop.first.number() - FIRST, drop.days())).collect::<Vec<_>>()
    };
    assert_eq!(told(&levels(&[(84, 600), (150, 500)])), [(84, 28)]);
    assert_eq!(told(&levels(&[(84, 600), (10, 500)])), [(84, 10)], "as far as is known");
    assert_eq!(told(&levels(&[(84, 600), (10, 500), (60, 600)])), [(84, 13)]);
    assert_eq!(told(&levels(&[(83, 600), (150, 500)])), [], "it began before");
}

#[test]
fn steps_too_small_for_a_drop_are_told_together() {
    let points = levels(&[(84, 600), (14, 560), (14, 520), (150, 480)]);
    assert_eq!(drops_of(&points), [0; 0]);
    assert_eq!(spans(&points).len(), 1);
}

#[test]
fn a_dip_of_some_weeks_is_told_once_or_not_at_all() {
    for (points, drops, slides) in [
        // Down at once, for a fortnight.
        (levels(&[(84, 600), (14, 500), (150, 600)]), 1, 0),
        (levels(&[(84, 600), (14, 560), (150, 600)]), 0, 0),
        // Little by little: a week down and a week up again are too little for four weeks.
        (ways(600, &[(84, 0), (7, -110), (7, 110), (150, 0)]), 0, 0),
        (ways(600, &[(84, 0), (14, -110), (14, 110), (150, 0)]), 0, 1),
    ] {
        assert_eq!((drops_of(&points).len(), spans(&points).len()), (drops, slides));
    }
}

#[test]
fn on_a_quiet_site_points_are_weeks() {
    let mut points = Vec::new();
    let shares = (0..12).map(|_| 60).chain((1..8).map(|week| 60 - 4 * week)).chain((0..20).map(|_| 32));
    shares.for_each(|share| add(&mut points, 7, share * 5, 500));
    assert_eq!(spans(&points).len(), 1);
    // Blocks that end where they like.
    let mut points = Vec::new();
    let shares = (0..24).map(|_| 60).chain((1..12).map(|block| 60 - 2 * block)).chain((0..40).map(|_| 38));
    shares.enumerate().for_each(|(at, share)| add(&mut points, 2 + at as u32 % 4, share * 5, 500));
    assert_eq!(spans(&points).len(), 1);
}

#[test]
fn what_slides_for_half_a_year_is_normal_then() {
    let points = ways(900, &[(84, 0), (300, -20), (150, 0)]);
    let [(_, first, last)] = spans(&points)[..] else { panic!("{:?}", spans(&points)) };
    assert_eq!(last - first, 22 * 7 - 1, "four of 26 weeks were lower, and not by five points");
}

#[test]
fn a_site_that_is_new_or_left_is_not_told_of_it() {
    let slid = ways(600, &[(84, 0), (40, -60)]);
    // Four weeks, and all but one of those before.
    for (days, is_told) in [(48, false), (49, true)] {
        assert_eq!(slide(&slid[119 - days..119], day(FIRST + 119)).is_some(), is_told, "{days} days");
    }
    let last = slid[118].last;
    for (ago, is_told) in [(1, true), (28, true), (29, false)] {
        assert_eq!(slide(&slid[..119], last.plus(ago).unwrap()).is_some(), is_told, "{ago} days ago");
    }
}

/// Numbers as good as chance, and the same each time: xorshift64*. Source: Vigna, ACM Trans. Math. Softw. 42 (2016) 30.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33
    }

    /// Of so many, each for itself, who say yes at so many of a thousand.
    fn yes(&mut self, of: u64, share: u64) -> u64 {
        (0..of).filter(|_| self.next() % 1000 < share).count() as u64
    }
}

/// Slides told in so many years of so many answers a day of which 60 % say yes, looked at on each Monday.
fn told_by_chance(years: u32, of: u64) -> usize {
    let (mut chance, mut points, mut names) = (Chance(0x1234_5678_9abc_def1), Vec::new(), Vec::new());
    for at in 0..years * 365 {
        let accepted = chance.yes(of, 600);
        add(&mut points, 1, accepted, of);
        if at % 7 == 6 {
            let read = points.len().saturating_sub(SLIDE_DAYS as usize);
            if let Some(Alert::RateSlid { begun, .. }) = slide(&points[read..], day(FIRST + at + 1)) {
                names.push(begun);
            }
        }
    }
    names.dedup();
    names.len()
}

/// In 2,000 years of 100 answers a day not once; of 50 every twelve years, and of 20 every other.
#[test]
fn by_chance_it_is_seldom_told() {
    assert_eq!(told_by_chance(100, 100), 0);
    let of_few = told_by_chance(100, 20);
    assert!((20..=80).contains(&of_few), "{of_few}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the way up and down, by days of several lengths and with chance: a name is told in one piece, one at a time, and not for
    /// ever.
    #[test]
    fn a_slide_keeps_its_name_as_long_as_it_is_told(
        seed in 1u64..u64::MAX,
        parts in proptest::collection::vec((1u32..60, 1u32..5, -20i64..20, 10u64..300), 1..9)
    ) {
        let (mut chance, mut points, mut share) = (Chance(seed), Vec::new(), 600_i64);
        for (count, length, step, of) in parts {
            for _ in 0..count {
                share = (share + step).clamp(0, 1000);
                let accepted = chance.yes(of, u64::try_from(share).unwrap());
                add(&mut points, length, accepted, of);
            }
        }
        for (_, first, last) in spans(&points) {
            let days = points[last].last.number() - points[first].last.number();
            prop_assert!(days < 7 * WEEKS + 30, "{} days", days);
        }
    }

    /// However deep and long: what falls on one day is told by a drop or not at all.
    #[test]
    fn what_falls_on_one_day_is_no_slide(before in 30u64..100, depth in 0u64..30, length in 1u32..150) {
        let points = levels(&[(84, before * 10), (length, (before - depth) * 10), (150, before * 10)]);
        // Five points of a share that is a fraction may be a little less.
        prop_assert!(depth == 5 || drops_of(&points).is_empty() == (depth < 5));
        prop_assert_eq!(spans(&points), []);
    }
}
