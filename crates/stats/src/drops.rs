//! Where the rate of answers has dropped, and whether it is low still. It is found from the points of the last [`DROP_DAYS`] alone, by a
//! rule that looks at each drop by itself: so a drop has the same name whoever looks, how often, and since when anybody does, and one
//! that is over does not come back.

use crate::{Alert, Day, Point, Range, Rate, difference_95};

/// A drop that is told, in points of a rate: smaller ones come and go.
const DROP_POINTS: f64 = 0.05;
/// Points that are put together before a drop, and since it began: a week of days, or on a quiet site as many times of several days.
const POINTS: usize = 7;
/// How far apart the ends of those before are at most, days.
const BEFORE_DAYS: u32 = 60;
/// How far apart the ends of those since are at most, days: on a site whose points are weeks two of them.
const SINCE_DAYS: u32 = 13;
/// For how long a drop is told, days: then its rate is what is normal.
const LASTS_DAYS: u32 = 28;

/// Days before today whose points [`drops`] looks at. A drop is told for 28, one of the 60 before it may have been on when it began, and
/// that one is compared with 60 more.
pub const DROP_DAYS: u32 = LASTS_DAYS + BEGIN_DAYS;

/// Days before a point that say whether a drop begins with it.
pub const BEGIN_DAYS: u32 = 2 * BEFORE_DAYS;

/// The drops that last, the oldest first. The points are in order and those of the last [`DROP_DAYS`] are all there; more change nothing.
///
/// A point is low against another, or against itself, if the points from that one on (the last seven together, or those of a fortnight)
/// have a rate of five points or more below that of the seven before that one, by more than chance makes it. A drop begins with a point
/// that is low against itself, and not, with all between, against one of the seven before it. It lasts while one of its points that were
/// low against themselves, most often its first, has had all behind it low against it.
pub fn drops(points: &[Point], today: Day) -> Vec<Alert> {
    let is_told = |point: &Point| point.last >= today.minus(LASTS_DAYS);
    let begins = points.iter().enumerate().filter(|(at, point)| is_told(point) && begins(points, *at));
    begins.filter_map(|(begin, _)| lasting(points, begin)).collect()
}

/// The drops that began with a point that ends behind that day: its last day, and the last day for which each was told, as far as these
/// points go.
pub fn told_since(points: &[Point], after: Day) -> Vec<Range> {
    let is_near = |at: &usize| points.get(*at).is_some_and(|point| point.last > after);
    let told = |begin: usize| {
        let first = points.get(begin)?.last;
        let until =
            |upto: usize| lasting(points.get(..=upto)?, begin).and(points.get(upto)).map(|point| point.last);
        // A drop that is over does not come back.
        let ends = (begin..points.len()).map_while(until).take_while(|end| end.minus(LASTS_DAYS) < first);
        Some(Range { first, last: ends.last()? })
    };
    (0..points.len()).filter(is_near).filter(|at| begins(points, *at)).filter_map(told).collect()
}

/// The last seven of these points together, as far as they end on that day or later.
fn together(points: &[Point], since: Day) -> Option<(Range, Rate)> {
    let points = points.get(points.len().saturating_sub(POINTS)..)?;
    sum(points.iter().filter(|point| point.last >= since))
}

/// These points together: the days from the first to the last, and their rate; `None` of none.
pub fn sum<'a>(points: impl Iterator<Item = &'a Point>) -> Option<(Range, Rate)> {
    let mut days: Option<Range> = None;
    let (mut granted, mut decided) = (0_u64, 0_u64);
    for point in points {
        days = Some(Range { first: days.map_or(point.first, |days| days.first), last: point.last });
        let rate = point.counts.rate_of_decided();
        granted = granted.saturating_add(rate.numerator());
        decided = decided.saturating_add(rate.denominator());
    }
    Some((days?, Rate::new(granted, decided)))
}

/// What is compared to say whether the point at `at` is low against that at `of`: the points before, and since.
fn compared(points: &[Point], of: usize, at: usize) -> Option<[(Range, Rate); 2]> {
    let before = together(points.get(..of)?, points.get(of)?.last.minus(BEFORE_DAYS))?;
    Some([before, together(points.get(of..=at)?, points.get(at)?.last.minus(SINCE_DAYS))?])
}

fn is_low(points: &[Point], of: usize, at: usize) -> bool {
    let is_low = || {
        let [(_, before), (_, now)] = compared(points, of, at)?;
        let fallen = before.share()? - now.share()?;
        Some(fallen >= DROP_POINTS && difference_95(before, now)?.high < 0.0)
    };
    is_low().unwrap_or(false)
}

/// Does a drop begin at that point? Each answer is of these points alone, and not of where other drops have begun.
fn begins(points: &[Point], at: usize) -> bool {
    let end = points.get(at).map(|point| point.last);
    let is_near =
        |of: &usize| points.get(*of).map(|point| point.last) >= end.map(|end| end.minus(BEFORE_DAYS));
    let mut before = (at.saturating_sub(POINTS)..at).filter(is_near);
    is_low(points, at, at) && !before.any(|of| (of..=at).all(|between| is_low(points, of, between)))
}

/// The drop that began there, if it lasts to the last point.
fn lasting(points: &[Point], begin: usize) -> Option<Alert> {
    let mut against = Vec::new();
    let last = points.len().checked_sub(1)?;
    for at in begin..=last {
        against.retain(|of| is_low(points, *of, at));
        if at > begin && against.is_empty() {
            return None;
        }
        if is_low(points, at, at) {
            against.push(at);
        }
    }
    let [(days_before, before), (days, now)] = compared(points, *against.first()?, last)?;
    Some(Alert::RateDropped { begun: points.get(begin)?.last, days, now, days_before, before })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Counter, Counts};
    use proptest::prelude::*;

    fn day(number: u32) -> Day {
        Day::new(number).unwrap()
    }

    fn days(first: u32, last: u32) -> Range {
        Range { first: day(first), last: day(last) }
    }

    /// So many points of so many days each, from a day on: how many of how many said yes on each.
    fn level(points: &mut Vec<Point>, count: u32, length: u32, accepted: u64, of: u64) {
        for _ in 0..count {
            let first = points.last().map_or(1000, |point| point.last.number() + 1);
            let counts =
                Counts::default().with(Counter::Accepted, accepted).with(Counter::Refused, of - accepted);
            points.push(Point { first: day(first), last: day(first + length - 1), counts });
        }
    }

    fn levels(all: &[(u32, u64)]) -> Vec<Point> {
        let mut points = Vec::new();
        all.iter().for_each(|(count, accepted)| level(&mut points, *count, 1, *accepted, 1000));
        points
    }

    /// What is told on the day behind each point, of the points that are read then: days since the first of all that the drops have begun.
    fn told(points: &[Point]) -> Vec<Vec<u32>> {
        let first = points[0].first.number();
        let of_day = |count: usize| {
            let today = points[count - 1].last.plus(1).unwrap();
            let read = points[..count].iter().position(|point| point.last >= today.minus(DROP_DAYS)).unwrap();
            let found = drops(&points[read..count], today);
            assert_eq!(found, drops(&points[..count], today), "what was long before changes nothing");
            let begun = |alert: &Alert| {
                let Alert::RateDropped { begun, now, before, .. } = alert else { panic!("{alert:?}") };
                assert!(before.share().unwrap() - now.share().unwrap() >= DROP_POINTS, "{alert:?}");
                begun.number() - first
            };
            found.iter().map(begun).collect()
        };
        (1..=points.len()).map(of_day).collect()
    }

    /// By the place of the point: each drop that is told, the first point on which it is and the last.
    fn spans(points: &[Point]) -> Vec<(u32, usize, usize)> {
        let mut spans: Vec<(u32, usize, usize)> = Vec::new();
        for (at, told) in told(points).into_iter().enumerate() {
            for begun in told {
                match spans.iter_mut().find(|(known, _, _)| *known == begun) {
                    Some((_, _, last)) if *last + 1 == at => *last = at,
                    Some(_) => panic!("{begun} came back at {at}"),
                    None => spans.push((begun, at, at)),
                }
            }
        }
        spans
    }

    #[test]
    fn a_drop_is_told_if_it_is_large_and_no_chance() {
        let with = |accepted, of| {
            let mut points = Vec::new();
            level(&mut points, 1, 1, 0, 100_000);
            level(&mut points, 7, 1, 60, 100);
            level(&mut points, 1, 1, accepted, of);
            drops(&points, day(1009))
        };
        // What was before those seven is forgotten.
        assert_eq!(
            with(40, 100),
            [Alert::RateDropped {
                begun: day(1008),
                days: days(1008, 1008),
                now: Rate::new(40, 100),
                days_before: days(1001, 1007),
                before: Rate::new(420, 700)
            }]
        );
        // The same share of ten answers may be chance; four points of many answers are no matter; a rise is none.
        for (accepted, of) in [(4, 10), (56_000, 100_000), (90, 100), (0, 0)] {
            assert_eq!(with(accepted, of), [], "{accepted} of {of}");
        }
        assert_eq!(drops(&levels(&[(1, 100)]), day(1001)), []);
        assert_eq!(drops(&[], day(1001)), []);
    }

    #[test]
    fn where_nothing_drops_nothing_is_told() {
        assert_eq!(spans(&levels(&[(200, 600)])), []);
        assert_eq!(spans(&levels(&[(40, 500), (40, 600), (40, 700)])), []);
        assert_eq!(spans(&levels(&[(40, 600), (40, 560)])), []);
    }

    #[test]
    fn a_drop_that_stays_is_told_as_one_until_it_is_what_is_normal() {
        let points = levels(&[(30, 600), (90, 500)]);
        assert_eq!(spans(&points), [(30, 30, 57)]);
        // By the days before it, whenever it is told.
        let Some(Alert::RateDropped { days: now, days_before, .. }) =
            drops(&points[..50], day(1050)).first().cloned()
        else {
            panic!("nothing is told")
        };
        assert_eq!((now, days_before), (days(1043, 1049), days(1023, 1029)));
        // A site that nobody visits any more is not told of it for ever.
        assert_eq!(drops(&points[..50], day(1058)).len(), 1);
        assert_eq!(drops(&points[..50], day(1059)), []);
    }

    #[test]
    fn it_is_over_when_the_rate_is_back_and_another_has_another_name() {
        // After ten days seven together are less than five points low with four of them back.
        assert_eq!(spans(&levels(&[(20, 600), (10, 500), (60, 600)])), [(20, 20, 32)]);
        assert_eq!(spans(&levels(&[(20, 600), (1, 400), (60, 600)])), [(20, 20, 22)]);
        assert_eq!(
            spans(&levels(&[(20, 600), (10, 500), (20, 600), (10, 480), (20, 600)])),
            [(20, 20, 32), (50, 50, 63)]
        );
        // One that begins while a day's own is not over is the same.
        assert_eq!(spans(&levels(&[(20, 600), (1, 400), (1, 600), (60, 500)])), [(20, 20, 47)]);
    }

    #[test]
    fn a_further_fall_is_a_drop_of_its_own() {
        assert_eq!(spans(&levels(&[(20, 600), (15, 500), (60, 400)])), [(20, 20, 47), (35, 35, 62)]);
        assert_eq!(spans(&levels(&[(20, 600), (30, 500), (60, 400)])), [(20, 20, 47), (50, 50, 77)]);
    }

    #[test]
    fn a_slow_slide_is_one_drop() {
        let mut points = levels(&[(20, 600)]);
        (1..=10).for_each(|step| level(&mut points, 1, 1, 600 - step * 20, 1000));
        level(&mut points, 60, 1, 400, 1000);
        let spans = spans(&points);
        assert_eq!(spans.len(), 1, "{spans:?}");
    }

    #[test]
    fn on_a_quiet_site_points_are_weeks() {
        let mut points = Vec::new();
        level(&mut points, 12, 7, 60, 100);
        level(&mut points, 20, 7, 35, 100);
        // Told on the day behind it, and four weeks later no more.
        assert_eq!(spans(&points), [(90, 12, 15)]);
        let found = drops(&points[..13], points[12].last.plus(1).unwrap());
        let Some(Alert::RateDropped { days: now, days_before, .. }) = found.first() else {
            panic!("{found:?}")
        };
        assert_eq!((*now, *days_before), (days(1084, 1090), days(1035, 1083)));
        let mut points = Vec::new();
        level(&mut points, 12, 7, 60, 100);
        level(&mut points, 1, 7, 35, 100);
        level(&mut points, 9, 7, 60, 100);
        let spans = spans(&points);
        assert_eq!(spans, [(90, 12, 13)]);
    }

    proptest! {
        /// By chance, by levels, and by days of several lengths: a name is told in one piece, and something is where a point is low.
        #[test]
        fn a_drop_keeps_its_name_as_long_as_it_is_told(
            levels in proptest::collection::vec((1u32..25, 1u32..4, 0u64..=100, 0u64..10, 10u64..400), 1..9)
        ) {
            let mut points = Vec::new();
            for (count, length, share, noise, of) in levels {
                for step in 0..u64::from(count) {
                    // As good as chance, and the same each time.
                    let share = (share + step * 7919 % (noise + 1)).min(100);
                    level(&mut points, 1, length, of * share / 100, of);
                }
            }
            let lengths: Vec<u32> = spans(&points)
                .into_iter()
                .map(|(_, first, last)| points[last].last.number() - points[first].last.number())
                .collect();
            prop_assert!(lengths.iter().all(|length| *length < LASTS_DAYS), "{:?}", lengths);
            let short = points.iter().take_while(|point| point.last.number() < 1000 + LASTS_DAYS).count();
            for (at, told) in told(&points[..short]).iter().enumerate() {
                prop_assert!(!is_low(&points, at, at) || !told.is_empty(), "{} is low", at);
            }
        }
    }
}
