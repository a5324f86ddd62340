//! Times as receipts write them. No clock: the caller brings the milliseconds.

use serde::{Serialize, Serializer};
use std::fmt;

/// A moment to the second, UTC, 1970 to 9999. Source: standards.md 5.3 (time to the second), RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(u64);

impl Timestamp {
    /// 9999-12-31T23:59:59Z in Unix seconds: RFC 3339 has four digits for the year.
    const MAX: u64 = 253_402_300_799;

    /// The second that holds this Unix time; clamped to the year 9999.
    #[must_use]
    pub const fn from_unix_ms(unix_ms: u64) -> Self {
        let seconds = unix_ms / 1000;
        Self(if seconds > Self::MAX { Self::MAX } else { seconds })
    }

    /// That many minutes later; clamped to the year 9999.
    #[must_use]
    pub const fn plus_minutes(self, minutes: u32) -> Self {
        let seconds = self.0 + minutes as u64 * 60;
        Self(if seconds > Self::MAX { Self::MAX } else { seconds })
    }

    /// That many months of the calendar later, at the same time of day; a day that month does not have runs over into the
    /// next. Clamped to the year 9999. So do dates of SQLite (`'+12 months'`), which the Ledger's migration uses.
    #[must_use]
    pub const fn plus_months(self, months: u16) -> Self {
        let (year, month, day) = civil(self.0 / 86_400);
        let month = month - 1 + months as u64;
        let days = days_to(year + month / 12, month % 12 + 1) + day - 1;
        let seconds = days * 86_400 + self.0 % 86_400;
        Self(if seconds > Self::MAX { Self::MAX } else { seconds })
    }

    /// Reads what [`Display`](fmt::Display) writes, and nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u64>().ok();
        let [year, month, day] = [number(0..4)?, number(5..7)?, number(8..10)?];
        let [hour, minute, second] = [number(11..13)?, number(14..16)?, number(17..19)?];
        if !matches!(month, 1..=12) || year < 1970 {
            return None;
        }
        let days = days_to(year, month) + day.checked_sub(1)?;
        let read = Self(days * 86_400 + hour * 3600 + minute * 60 + second);
        // Whatever is no date, or is written in another way, is written differently again.
        (read.to_string() == text).then_some(read)
    }

    /// Milliseconds since 1970-01-01T00:00Z.
    #[must_use]
    pub const fn unix_ms(self) -> u64 {
        self.0 * 1000
    }

    /// Seconds since 1970-01-01T00:00Z.
    #[must_use]
    pub const fn unix_seconds(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Timestamp {
    /// `2026-11-22T11:20:41Z`
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = self.0 % 86_400;
        let (year, month, day) = civil(self.0 / 86_400);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// Days since 1970-01-01 to a civil date, counting years from 1 March so that leap days end them.
/// Source: Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
const fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + (month <= 2) as u64, month, day)
}

/// Days from 1970-01-01 to the first of that month, 1970 or later. Source: the same, `days_from_civil`.
const fn days_to(year: u64, month: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_rfc_3339() {
        // Expected values from Python's datetime.
        for (unix_ms, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399_999, "2000-02-28T23:59:59Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (951_868_800_000, "2000-03-01T00:00:00Z"),
            (1_795_346_441_000, "2026-11-22T11:20:41Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00Z"),
            (253_402_300_799_000, "9999-12-31T23:59:59Z"),
            (u64::MAX, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(Timestamp::from_unix_ms(unix_ms).to_string(), text);
        }
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        // Expected values from SQLite: strftime('%Y-%m-%dT%H:%M:%SZ', …, '+12 months').
        for (from, months, to) in [
            ("2026-11-22T11:20:41Z", 12, "2027-11-22T11:20:41Z"),
            ("2027-01-31T00:00:00Z", 1, "2027-03-03T00:00:00Z"),
            ("2028-02-29T23:59:59Z", 12, "2029-03-01T23:59:59Z"),
            ("2026-12-31T00:00:00Z", 2, "2027-03-03T00:00:00Z"),
            ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"),
            ("9999-06-01T00:00:00Z", 12, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(Timestamp::parse(from).unwrap().plus_months(months).to_string(), to);
        }
    }

    #[test]
    fn every_day_is_read_as_it_is_written_and_nothing_else_is_read() {
        for day in 0..60_000 {
            let at = Timestamp(day * 86_400 + day);
            assert_eq!(Timestamp::parse(&at.to_string()), Some(at));
        }
        for text in [
            "",
            "2026-11-22",
            "2026-11-22T11:20:41",
            "2026-11-22t11:20:41Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "1969-12-31T23:59:59Z",
            "+026-11-22T11:20:41Z",
            "2026-11-22T11:20:41Zé",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_promise_of_180_days_ends_180_days_later() {
        let at = Timestamp::from_unix_ms(1_795_346_441_000);
        assert_eq!(at.plus_minutes(180 * 1440).to_string(), "2027-05-21T11:20:41Z");
    }
}
