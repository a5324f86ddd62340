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

    /// Seconds since 1970-01-01T00:00Z.
    #[must_use]
    pub const fn unix_seconds(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Timestamp {
    /// `2026-11-22T11:20:41Z`
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, second) = (self.0 / 86_400, self.0 % 86_400);
        // Days to a civil date, counting years from 1 March so that leap days end them.
        // Source: Hinnant, "chrono-compatible low-level date algorithms", civil_from_days.
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
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
    fn a_promise_of_180_days_ends_180_days_later() {
        let at = Timestamp::from_unix_ms(1_795_346_441_000);
        assert_eq!(at.plus_minutes(180 * 1440).to_string(), "2027-05-21T11:20:41Z");
    }
}
