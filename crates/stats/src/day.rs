//! A day of the site's calendar. No clock and no time zone rules: a fixed offset arrives with the time.

use std::fmt;

/// Days since 1970-01-01, to 9999-12-31.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(u32);

/// A text that names no day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayError;

impl fmt::Display for DayError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("not a day from 1970-01-01 to 9999-12-31; write YYYY-MM-DD")
    }
}

impl std::error::Error for DayError {}

impl Day {
    /// 9999-12-31: the last day of four digits.
    const MAX: u32 = 2_932_896;
    /// Offsets go from -12:00 to +14:00.
    const OFFSET_MINUTES: (i32, i32) = (-12 * 60, 14 * 60);

    /// The day at a place `offset_minutes` ahead of UTC (-720..=840, clamped).
    #[must_use]
    pub fn from_unix_ms(unix_ms: u64, offset_minutes: i32) -> Self {
        let (low, high) = Self::OFFSET_MINUTES;
        let offset_ms = u64::from(offset_minutes.clamp(low, high).unsigned_abs()) * 60_000;
        let local_ms = if offset_minutes < 0 {
            unix_ms.saturating_sub(offset_ms)
        } else {
            unix_ms.saturating_add(offset_ms)
        };
        Self(u32::try_from(local_ms / 86_400_000).unwrap_or(Self::MAX).min(Self::MAX))
    }

    /// That many days after 1970-01-01; `None` beyond 9999-12-31.
    #[must_use]
    pub const fn new(number: u32) -> Option<Self> {
        if number <= Self::MAX { Some(Self(number)) } else { None }
    }

    /// Days since 1970-01-01, as storage keeps it.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// That many days earlier; not before 1970-01-01.
    #[must_use]
    pub const fn minus(self, days: u32) -> Self {
        Self(self.0.saturating_sub(days))
    }

    /// The days from `self` to `last`, both included; none if `last` is earlier.
    pub fn through(self, last: Self) -> impl DoubleEndedIterator<Item = Self> {
        (self.0..=last.0).map(Self)
    }

    /// That many days later; `None` beyond 9999-12-31.
    #[must_use]
    pub const fn plus(self, days: u32) -> Option<Self> {
        Self::new(self.0.saturating_add(days))
    }

    /// The calendar month it lies in: `year * 12 + month - 1`, so that the next month is the next number.
    #[must_use]
    pub fn month(self) -> u32 {
        let (year, month, _) = self.civil();
        year * 12 + month - 1
    }

    /// The first day of a month, as [`Self::month`] numbers it; `None` before 1970 and after 9999.
    #[must_use]
    pub fn of_month(month: u32) -> Option<Self> {
        let (year, month) = (month / 12, month % 12 + 1);
        (1970..=9999).contains(&year).then(|| Self(days_from_civil(year, month, 1)))
    }

    /// The same day of the year before, the 28th for a 29th of February; not before 1970-01-01.
    #[must_use]
    pub fn year_before(self) -> Self {
        let (year, month, day) = self.civil();
        if year <= 1970 {
            return Self(0);
        }
        Self(days_from_civil(year - 1, month, if month == 2 { day.min(28) } else { day }))
    }

    /// The first day of its month.
    #[must_use]
    pub fn month_first(self) -> Self {
        let (_, _, day) = self.civil();
        self.minus(day - 1)
    }

    /// The last day of its month.
    #[must_use]
    pub fn month_last(self) -> Self {
        let (year, month, _) = self.civil();
        let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        Self(days_from_civil(year, month, 1)).minus(1)
    }

    /// Reads `YYYY-MM-DD`.
    ///
    /// # Errors
    /// [`DayError`] for any other shape, days that do not exist, and years before 1970.
    pub fn parse(text: &str) -> Result<Self, DayError> {
        let [a, b, c, d, b'-', e, f, b'-', g, h] = *text.as_bytes() else { return Err(DayError) };
        let [year, month, day] = [&[a, b, c, d][..], &[e, f], &[g, h]].map(number);
        let (year, month, day) = (year.ok_or(DayError)?, month.ok_or(DayError)?, day.ok_or(DayError)?);
        if year < 1970 || !(1..=12).contains(&month) || day == 0 {
            return Err(DayError);
        }
        let found = Self(days_from_civil(year, month, day));
        // A day that does not exist counts on into the next month and comes back as another.
        if found.civil() == (year, month, day) { Ok(found) } else { Err(DayError) }
    }

    /// Year, month 1..=12, day 1..=31. Source: Hinnant, "chrono-compatible low-level date algorithms".
    fn civil(self) -> (u32, u32, u32) {
        let shifted = self.0 + 719_468;
        let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        (year_of_era + era * 400 + u32::from(month <= 2), month, day)
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0')))
}

/// Days since 1970-01-01 of a date from 1970 on. Source: as [`Day::civil`], days_from_civil.
fn days_from_civil(year: u32, month: u32, day: u32) -> u32 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

impl fmt::Display for Day {
    /// `2026-11-22`
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(out, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_year_before_is_the_same_date() {
        for (day, before) in [
            ("2026-11-29", "2025-11-29"),
            ("2024-02-29", "2023-02-28"),
            ("2025-02-28", "2024-02-28"),
            ("2024-12-31", "2023-12-31"),
            ("1970-05-01", "1970-01-01"),
        ] {
            assert_eq!(Day::parse(day).unwrap().year_before().to_string(), before);
        }
    }

    #[test]
    fn days_are_known_by_their_numbers() {
        // Expected numbers from Python: (date(y, m, d) - date(1970, 1, 1)).days
        for (text, number) in [
            ("1970-01-01", 0),
            ("1972-02-29", 789),
            ("2000-03-01", 11_017),
            ("2026-11-22", 20_779),
            ("2100-02-28", 47_540),
            ("9999-12-31", Day::MAX),
        ] {
            let day = Day::parse(text).unwrap();
            assert_eq!((day.number(), day.to_string().as_str()), (number, text));
        }
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in [
            "",
            "2026-02-29",
            "2100-02-29",
            "2026-04-31",
            "2026-13-01",
            "2026-00-10",
            "2026-01-00",
            "1969-12-31",
            "2026-1-01",
            "2026/01/01",
            "+026-01-01",
            "2026-01-011",
            "２026-01-01",
        ] {
            assert_eq!(Day::parse(text), Err(DayError), "{text}");
        }
    }

    #[test]
    fn the_offset_moves_midnight() {
        let ten_to_midnight = 20_779 * 86_400_000 + 85_800_000; // 2026-11-22T23:50Z
        for (offset, text) in [
            (0, "2026-11-22"),
            (9, "2026-11-22"),
            (10, "2026-11-23"),
            (120, "2026-11-23"),
            (-720, "2026-11-22"),
            (99_999, "2026-11-23"),
        ] {
            assert_eq!(Day::from_unix_ms(ten_to_midnight, offset).to_string(), text, "{offset}");
        }
        assert_eq!(Day::from_unix_ms(0, -720).number(), 0);
        assert_eq!(Day::from_unix_ms(u64::MAX, 840).number(), Day::MAX);
    }

    #[test]
    fn months_begin_and_end_as_in_the_calendar() {
        for (text, month, first, last) in [
            ("2026-11-22", 2026 * 12 + 10, "2026-11-01", "2026-11-30"),
            ("2024-02-29", 2024 * 12 + 1, "2024-02-01", "2024-02-29"),
            ("2026-12-31", 2026 * 12 + 11, "2026-12-01", "2026-12-31"),
            ("2027-01-01", 2027 * 12, "2027-01-01", "2027-01-31"),
            ("9999-12-31", 9999 * 12 + 11, "9999-12-01", "9999-12-31"),
        ] {
            let day = Day::parse(text).unwrap();
            let found = (day.month(), day.month_first().to_string(), day.month_last().to_string());
            assert_eq!(found, (month, first.to_owned(), last.to_owned()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn months_follow_each_other(number in 0..Day::MAX - 31) {
            let day = Day::new(number).unwrap();
            let next = day.month_last().plus(1).unwrap();
            prop_assert_eq!((next.month(), next.month_first()), (day.month() + 1, next));
            prop_assert!(day.month_first() <= day && day <= day.month_last());
            prop_assert_eq!((day.month_first().month(), day.month_last().month()), (day.month(), day.month()));
        }

        #[test]
        fn every_day_survives_its_text(number in 0..=Day::MAX) {
            let day = Day::new(number).unwrap();
            prop_assert_eq!(Day::parse(&day.to_string()), Ok(day));
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = Day::parse(&text);
        }
    }
}
