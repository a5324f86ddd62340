//! Figures over time: blocks put together into as many points as a chart and a table can bear.

use crate::{Counts, Day, Range};

/// How much time one point stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A block, most often a day.
    Day,
    /// Seven days, from Monday on.
    Week,
    /// A calendar month.
    Month,
}

/// Days told one by one, and weeks, at most.
const DAYS_MAX: u32 = 92;
const WEEKS_MAX: u32 = 53 * 7;

impl Step {
    /// The smallest that a range can be told by.
    #[must_use]
    pub const fn for_range(range: Range) -> Self {
        let days = range.days();
        if days <= DAYS_MAX {
            Self::Day
        } else if days <= WEEKS_MAX {
            Self::Week
        } else {
            Self::Month
        }
    }

    /// The number of the point that a day belongs to; the next point has the next.
    #[must_use]
    pub fn number_of(self, day: Day) -> u32 {
        match self {
            Self::Day => day.number(),
            // 1970-01-01 was a Thursday.
            Self::Week => (day.number() + 3) / 7,
            Self::Month => day.month(),
        }
    }
}

/// What is counted in some days together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// The first day.
    pub first: Day,
    /// The last day.
    pub last: Day,
    /// What is counted.
    pub counts: Counts,
}

/// Puts blocks together, each where its last day belongs. They come in order; blocks of the same days are parts of one.
#[must_use]
pub fn points(blocks: impl IntoIterator<Item = Point>, step: Step) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    for block in blocks {
        match points.last_mut().filter(|point| step.number_of(point.last) == step.number_of(block.last)) {
            Some(point) => {
                point.first = point.first.min(block.first);
                point.last = point.last.max(block.last);
                point.counts = point.counts.merge(block.counts);
            }
            None => points.push(block),
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Counter;

    fn block(first: &str, last: &str) -> Point {
        let [first, last] = [first, last].map(|day| Day::parse(day).unwrap());
        Point { first, last, counts: Counts::default().with(Counter::Refused, 1) }
    }

    #[test]
    fn weeks_begin_on_monday_and_blocks_belong_where_they_end() {
        let blocks = [
            block("2026-11-20", "2026-11-22"),
            block("2026-11-22", "2026-11-23"),
            block("2026-11-24", "2026-11-29"),
            block("2026-11-30", "2026-11-30"),
        ];
        let told = |step| {
            let points = points(blocks, step);
            points
                .iter()
                .map(|point| format!("{} {} {}", point.first, point.last, point.counts.decided()))
                .collect::<Vec<_>>()
        };
        assert_eq!(told(Step::Day).len(), 4);
        assert_eq!(
            told(Step::Week),
            ["2026-11-20 2026-11-22 1", "2026-11-22 2026-11-29 2", "2026-11-30 2026-11-30 1"]
        );
        assert_eq!(told(Step::Month), ["2026-11-20 2026-11-30 4"]);
        let both = points([block("2026-11-30", "2026-11-30"), block("2026-11-30", "2026-11-30")], Step::Day);
        assert_eq!(both.iter().map(|point| point.counts.decided()).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn the_longer_the_range_the_longer_the_step() {
        let last = Day::parse("2026-11-28").unwrap();
        let step = |days: u32| Step::for_range(Range { first: last.minus(days - 1), last });
        assert_eq!(
            [7, 92, 93, 371, 372, 730].map(step),
            [Step::Day, Step::Day, Step::Week, Step::Week, Step::Month, Step::Month]
        );
    }
}
