//! Where the rate of answers has slid: little by little, so that no day is a drop (`drops`). Four weeks are compared with the four before
//! them, at the end of each week, by the points of the last [`SLIDE_DAYS`] alone: so a slide has one name while it lasts, whoever looks and
//! how often.

use crate::drops::{BEGIN_DAYS, sum, told_since};
use crate::{Alert, Day, Point, Range, Rate, difference_95, last_week};

/// A slide that is told, in points of a rate between four weeks and the four before: smaller ones come and go with the seasons.
const SLIDE_POINTS: f64 = 0.05;
/// It is over when they are less than this apart. Far below what begins one, so that chance does not end it and begin it anew.
const STILL_POINTS: f64 = 0.01;
/// Days that are compared with as many before them: whole weeks, since weekends differ.
const WINDOW_DAYS: u32 = 28;
/// Days that are missing before the first of those at most, on a site that is new.
const MISSING_DAYS: u32 = 7;
/// A drop that was told for so many days has told what the days around it have. Those of a shorter one are left out.
const DROP_TOLD_DAYS: u32 = 14;
/// For how many weeks a slide lasts, less one: then that is what is normal.
const WEEKS: u32 = 26;

/// Days before today whose points are looked at: a last week that ended 28 days ago, 26 of them, the 56 days that the first compares, and
/// what says whether a drop began on those.
pub const SLIDE_DAYS: u32 = WINDOW_DAYS + 7 * WEEKS + 2 * WINDOW_DAYS + BEGIN_DAYS;

/// What is found at the end of a week.
struct Compared {
    end: Day,
    days: Range,
    now: Rate,
    days_before: Range,
    before: Rate,
    is_slid: bool,
}

/// The slide that goes on. The points are in order and those of the last [`SLIDE_DAYS`] are all there; more change nothing.
///
/// A week is slid if the four weeks until its end have a rate of five points or more below that of the four before, by more than chance
/// makes it, both with the days that a drop was told of and without them; and if no drop in all these days was told for a fortnight. A
/// slide is the weeks in one piece that are lower still, by a point; the first slid one of them is its name.
pub fn slide(points: &[Point], today: Day) -> Option<Alert> {
    let newest = last_week(points.last()?.last.plus(1)?).last;
    // A site that nobody visits any more is not told of it for ever.
    if newest < today.minus(WINDOW_DAYS) {
        return None;
    }
    let run = |drops: &[Range]| -> Vec<Compared> {
        let ends = (0..=WEEKS).map(|ago| newest.minus(7 * ago));
        ends.map_while(|end| compared(points, end, drops)).collect()
    };
    // To look for drops takes a hundred times as long, and seldom is there anything to be told apart from them.
    let all = run(&[]);
    all.iter().find(|week| week.is_slid)?;
    let run = run(&told_since(points, all.last()?.end.minus(2 * WINDOW_DAYS)));
    let begun = run.iter().rfind(|week| week.is_slid)?.end;
    // What has gone on for half a year is what is normal.
    let last = run.first().filter(|_| run.len() <= WEEKS as usize)?;
    let Compared { days, now, days_before, before, .. } = *last;
    Some(Alert::RateSlid { begun, days, now, days_before, before })
}

/// What is found at the end of a week, if the rate is lower still.
fn compared(points: &[Point], end: Day, drops: &[Range]) -> Option<Compared> {
    let (middle, begin) = (end.minus(WINDOW_DAYS), end.minus(2 * WINDOW_DAYS));
    let ending =
        |after: Day, last: Day| points.iter().filter(move |point| after < point.last && point.last <= last);
    let (days, now) = sum(ending(middle, end))?;
    let (days_before, before) = sum(ending(begin, middle))?;
    if days_before.first > begin.plus(1 + MISSING_DAYS)? {
        return None;
    }
    let mut drops = drops.iter().filter(|drop| begin < drop.first && drop.first <= end);
    let is_told =
        |point: &&Point| drops.clone().any(|drop| drop.first <= point.last && point.last <= drop.last);
    let left = sum(ending(middle, end).filter(|point| !is_told(point)))?.1;
    if drops.any(|drop| drop.days() >= DROP_TOLD_DAYS) {
        return None;
    }
    let nows = [now, left];
    let fallen = |now: Rate| Some(before.share()? - now.share()?);
    let is_still = |now: Rate| fallen(now).is_some_and(|points| points >= STILL_POINTS);
    let is_slid = |now: Rate| {
        fallen(now).is_some_and(|points| points >= SLIDE_POINTS)
            && difference_95(before, now).is_some_and(|interval| interval.high < 0.0)
    };
    let is_slid = nows.into_iter().all(is_slid);
    nows.into_iter().all(is_still).then_some(Compared { end, days, now, days_before, before, is_slid })
}

#[cfg(test)]
#[path = "slides_tests.rs"]
mod tests;
