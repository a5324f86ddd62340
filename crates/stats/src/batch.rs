//! Views collected in one isolate before they are sent: a few numbers, whatever the traffic.

use crate::Day;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// Days one batch holds. An isolate lives across one midnight; clocks and offsets may add another.
pub const DAYS_MAX: usize = 4;

/// Pages seen and times asked, by day; nothing else, and nobody's.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ViewBatch {
    days: BTreeMap<Day, (u64, u64)>,
}

/// Why a batch's text cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchError {
    /// More than [`DAYS_MAX`] days, or text too long for as many.
    TooLong,
    /// Not `day:views:shown`, joined by commas.
    Syntax,
}

impl fmt::Display for BatchError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(out, "more than {DAYS_MAX} days; send batches sooner"),
            Self::Syntax => out.write_str("not a batch; write day:views:shown, joined by commas"),
        }
    }
}

impl std::error::Error for BatchError {}

impl ViewBatch {
    /// Longest text of a batch, bytes: 7 + 1 + 20 + 1 + 20 for a day and a comma between.
    const BYTES_MAX: usize = DAYS_MAX * 50;

    /// Counts one page; `is_shown` if it asked.
    ///
    /// A batch that holds [`DAYS_MAX`] days counts a further day on its latest one: the sum stays right.
    pub fn count(&mut self, day: Day, is_shown: bool) {
        self.add(day, 1, u64::from(is_shown));
    }

    /// Adds another batch.
    pub fn merge(&mut self, other: &Self) {
        for (day, views, shown) in other.days() {
            self.add(day, views, shown);
        }
    }

    fn add(&mut self, day: Day, views: u64, shown: u64) {
        let is_full = self.days.len() >= DAYS_MAX && !self.days.contains_key(&day);
        let latest = self.days.keys().next_back().copied();
        let day = if is_full { latest.unwrap_or(day) } else { day };
        let entry = self.days.entry(day).or_default();
        *entry = (entry.0.saturating_add(views), entry.1.saturating_add(shown));
    }

    /// Each day with its views and times shown, in order.
    pub fn days(&self) -> impl Iterator<Item = (Day, u64, u64)> {
        self.days.iter().map(|(day, (views, shown))| (*day, *views, *shown))
    }

    /// Is nothing counted?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// Pages counted in all: the caller sends the batch at a number of its choice.
    #[must_use]
    pub fn views(&self) -> u64 {
        self.days.values().fold(0, |sum, (views, _)| sum.saturating_add(*views))
    }

    /// Empties the batch and gives what it held. A batch that could not be sent is merged back.
    #[must_use]
    pub fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    /// `day:views:shown` of each day, joined by commas; days as numbers. Empty for an empty batch.
    #[must_use]
    pub fn write(&self) -> String {
        let mut out = String::new();
        for (day, views, shown) in self.days() {
            let comma = if out.is_empty() { "" } else { "," };
            // Writing to a string cannot fail.
            let _ = write!(out, "{comma}{}:{views}:{shown}", day.number());
        }
        out
    }

    /// Reads a batch back.
    ///
    /// # Errors
    /// [`BatchError`] by cause; there is no partial result.
    pub fn parse(text: &str) -> Result<Self, BatchError> {
        if text.len() > Self::BYTES_MAX {
            return Err(BatchError::TooLong);
        }
        let mut batch = Self::default();
        for part in text.split(',').filter(|_| !text.is_empty()) {
            let mut fields = part.split(':');
            let mut number = || {
                let field = fields.next().ok_or(BatchError::Syntax)?;
                let is_plain = field.bytes().all(|byte| byte.is_ascii_digit());
                let number = field.parse::<u64>().map_err(|_| BatchError::Syntax)?;
                if is_plain { Ok(number) } else { Err(BatchError::Syntax) }
            };
            let (day, views, shown) = (number()?, number()?, number()?);
            let day = u32::try_from(day).ok().and_then(Day::new).ok_or(BatchError::Syntax)?;
            if fields.next().is_some() || batch.days.contains_key(&day) {
                return Err(BatchError::Syntax);
            }
            if batch.days.len() == DAYS_MAX {
                return Err(BatchError::TooLong);
            }
            batch.add(day, views, shown);
        }
        Ok(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(number: u32) -> Day {
        Day::new(number).unwrap()
    }

    #[test]
    fn a_batch_counts_by_day_and_is_emptied_by_taking() {
        let mut batch = ViewBatch::default();
        batch.count(day(5), true);
        batch.count(day(5), false);
        batch.count(day(6), false);
        assert_eq!((batch.write().as_str(), batch.views()), ("5:2:1,6:1:0", 3));
        let taken = batch.take();
        assert!(batch.is_empty() && batch.write().is_empty());
        batch.merge(&taken);
        assert_eq!(batch, taken);
    }

    #[test]
    fn a_batch_never_grows_beyond_its_days() {
        let mut batch = ViewBatch::default();
        for number in 0..100 {
            batch.count(day(number), true);
        }
        assert_eq!(batch.write(), "0:1:1,1:1:1,2:1:1,3:97:97");
    }

    #[test]
    fn what_is_no_batch_is_refused() {
        for (text, error) in [
            ("5", BatchError::Syntax),
            ("5:1", BatchError::Syntax),
            ("5:1:1:1", BatchError::Syntax),
            ("5:1:1,", BatchError::Syntax),
            (",", BatchError::Syntax),
            ("5:+1:1", BatchError::Syntax),
            ("5:-1:1", BatchError::Syntax),
            ("5:1:1,5:1:1", BatchError::Syntax),
            ("99999999:1:1", BatchError::Syntax),
            ("5:99999999999999999999:1", BatchError::Syntax),
            ("1:1:1,2:1:1,3:1:1,4:1:1,5:1:1", BatchError::TooLong),
            (&"1".repeat(201), BatchError::TooLong),
        ] {
            assert_eq!(ViewBatch::parse(text), Err(error), "{text}");
        }
        assert_eq!(ViewBatch::parse(""), Ok(ViewBatch::default()));
    }

    proptest! {
        #[test]
        fn a_batch_survives_its_text(counts in prop::collection::vec((0u32..5, any::<u64>(), any::<u64>()), 0..9)) {
            let mut batch = ViewBatch::default();
            for (number, views, shown) in counts {
                batch.add(day(number), views, shown);
            }
            prop_assert_eq!(ViewBatch::parse(&batch.write()), Ok(batch));
        }

        #[test]
        fn no_view_is_lost_in_merging(left in prop::collection::vec(0u32..9, 0..20), right in prop::collection::vec(0u32..9, 0..20)) {
            let [mut one, other] = [&left, &right].map(|numbers| {
                let mut batch = ViewBatch::default();
                for number in numbers { batch.count(day(*number), true); }
                batch
            });
            one.merge(&other);
            prop_assert_eq!(one.views(), (left.len() + right.len()) as u64);
            prop_assert!(one.days().count() <= DAYS_MAX);
        }

        #[test]
        fn no_text_panics(text in "[0-9:,+ -]{0,220}") {
            let _ = ViewBatch::parse(&text);
        }
    }
}
