//! Weeks as they are told: whole ones, from Monday to Sunday, once nothing of them is open any more.

use crate::{Counts, Day, Range};

/// A week, and what is counted in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Week {
    /// Its days.
    pub days: Range,
    /// Everybody, in it.
    pub counts: Counts,
    /// Everybody, in the week before.
    pub before: Counts,
}

/// The last whole week before a day. `open` is the first day of which something may still be counted, or waits to be published: a week that
/// has such a day would be told without it.
#[must_use]
pub fn last_week(open: Day) -> Range {
    // 1970-01-01 was a Thursday.
    let last = open.minus((open.number() + 3) % 7 + 1);
    Range { first: last.minus(6), last }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_is_told_once_its_sunday_is_over_and_not_before() {
        for (open, first, last) in [
            // Sunday itself is open, all day and an hour of the next: the week before is the last whole one.
            ("2026-11-29", "2026-11-16", "2026-11-22"),
            ("2026-11-30", "2026-11-23", "2026-11-29"),
            ("2026-12-06", "2026-11-23", "2026-11-29"),
            ("2026-12-07", "2026-11-30", "2026-12-06"),
            ("2027-01-01", "2026-12-21", "2026-12-27"),
        ] {
            let week = last_week(Day::parse(open).unwrap());
            assert_eq!(
                (week.first.to_string().as_str(), week.last.to_string().as_str()),
                (first, last),
                "{open}"
            );
        }
        assert_eq!(last_week(Day::new(0).unwrap()).last.number(), 0, "there was none before 1970");
    }
}
