//! Cells of counts, and those collected in one isolate before they are sent: a bounded number, whatever the traffic.

use crate::{Counter, Counts, Day, Dimension, plain_value};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// Cells that a batch of one isolate holds, at most: a few values of each dimension, most days one day.
pub const CELLS_MAX: usize = 600;

/// The value of what cannot be told apart any more, since a batch was full, or was never known.
pub const UNKNOWN: &str = "?";

/// What is counted together: a day, and one value of one dimension.
pub type Place = (Day, Dimension, String);

/// Counts by cell; nothing of a visitor.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Batch {
    cells: BTreeMap<Place, Counts>,
    cells_max: Option<usize>,
}

/// Why a batch's text cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchError;

impl fmt::Display for BatchError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(
            "not a batch; write a line for each cell: day, dimension, value and counts, with tabs between",
        )
    }
}

impl std::error::Error for BatchError {}

impl Batch {
    /// A batch of so many cells, or a few more. What comes when it is full counts for everybody, and among its dimension's
    /// unknown.
    #[must_use]
    pub const fn bounded(cells_max: usize) -> Self {
        Self { cells: BTreeMap::new(), cells_max: Some(cells_max) }
    }

    /// Adds to one cell.
    pub fn add(&mut self, day: Day, dimension: Dimension, value: &str, counts: Counts) {
        if counts.is_empty() {
            return;
        }
        let mut place = (day, dimension, plain_value(value));
        let is_full = self.cells_max.is_some_and(|max| self.cells.len() >= max);
        if is_full && place.1 != Dimension::All && !self.cells.contains_key(&place) {
            place.2 = UNKNOWN.into();
        }
        let cell = self.cells.entry(place).or_default();
        *cell = cell.merge(counts);
    }

    /// Adds the same to everybody's cell, and to one value of each dimension named.
    pub fn add_each(&mut self, day: Day, values: &[(Dimension, &str)], counts: Counts) {
        self.add(day, Dimension::All, "", counts);
        for (dimension, value) in values {
            self.add(day, *dimension, value, counts);
        }
    }

    /// Adds another batch.
    pub fn merge(&mut self, other: &Self) {
        for ((day, dimension, value), counts) in &other.cells {
            self.add(*day, *dimension, value, *counts);
        }
    }

    /// Each cell, in order.
    pub fn cells(&self) -> impl Iterator<Item = (&Place, &Counts)> {
        self.cells.iter()
    }

    /// Is nothing counted?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Pages counted in all.
    #[must_use]
    pub fn views(&self) -> u64 {
        let of_all = self.cells.iter().filter(|((_, dimension, _), _)| *dimension == Dimension::All);
        of_all.fold(0, |sum, (_, counts)| sum.saturating_add(counts.get(Counter::Views)))
    }

    /// Empties the batch and gives what it held. A batch that could not be sent is merged back.
    #[must_use]
    pub fn take(&mut self) -> Self {
        let empty = Self { cells: BTreeMap::new(), cells_max: self.cells_max };
        std::mem::replace(self, empty)
    }

    /// A line for each cell: day, dimension, value and counts, with tabs between.
    #[must_use]
    pub fn write(&self) -> String {
        let mut out = String::new();
        for ((day, dimension, value), counts) in &self.cells {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{}\t{}\t{value}\t{}", day.number(), dimension.name(), counts.write());
        }
        out
    }

    /// Reads a batch back.
    ///
    /// # Errors
    /// [`BatchError`]; there is no partial result.
    pub fn parse(text: &str) -> Result<Self, BatchError> {
        let mut batch = Self::default();
        for line in text.lines() {
            let cells: Vec<&str> = line.split('\t').collect();
            let [day, dimension, value, counts] = cells.try_into().map_err(|_| BatchError)?;
            let day = day.parse().ok().and_then(Day::new).ok_or(BatchError)?;
            let dimension = Dimension::parse(dimension).ok_or(BatchError)?;
            let counts = Counts::parse(counts).filter(|counts| !counts.is_empty()).ok_or(BatchError)?;
            let is_new = batch.cells.insert((day, dimension, value.to_owned()), counts).is_none();
            if !is_new || plain_value(value) != value {
                return Err(BatchError);
            }
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

    fn view() -> Counts {
        Counts::default().with(Counter::Views, 1)
    }

    #[test]
    fn a_batch_counts_for_everybody_and_by_value_and_is_emptied_by_taking() {
        let mut batch = Batch::default();
        batch.add_each(day(5), &[(Dimension::Place, "eu/FR"), (Dimension::Page, "shop")], view());
        batch.add_each(day(5), &[(Dimension::Place, "gb/GB")], view().with(Counter::Shown, 1));
        batch.add(day(6), Dimension::All, "", Counts::default());
        assert_eq!(
            batch.write(),
            "5\tall\t\t0:2 2:1\n5\tplace\teu/FR\t0:1\n5\tplace\tgb/GB\t0:1 2:1\n5\tpage\tshop\t0:1\n"
        );
        assert_eq!(batch.views(), 2);
        let taken = batch.take();
        assert!(batch.is_empty() && batch.write().is_empty());
        batch.merge(&taken);
        assert_eq!(batch, taken);
    }

    #[test]
    fn a_full_batch_goes_on_counting_and_tells_less_apart() {
        let mut batch = Batch::bounded(CELLS_MAX);
        for number in 0..2 * CELLS_MAX {
            batch.add_each(day(1), &[(Dimension::Page, &format!("p{number}"))], view());
        }
        assert_eq!(batch.views(), 2 * CELLS_MAX as u64);
        assert_eq!(batch.cells().count(), CELLS_MAX + 1);
        let of_pages = batch.cells().filter(|((_, dimension, _), _)| *dimension == Dimension::Page);
        assert_eq!(of_pages.map(|(_, counts)| counts.get(Counter::Views)).sum::<u64>(), batch.views());
    }

    #[test]
    fn what_is_no_batch_is_refused() {
        for text in [
            "5",
            "5\tall\t",
            "5\tall\t\t",
            "5\tall\t\t0:1\t",
            "5\tcity\tx\t0:1",
            "99999999\tall\t\t0:1",
            "5\tall\t\t0:1\n5\tall\t\t0:1",
            "-5\tall\t\t0:1",
        ] {
            assert_eq!(Batch::parse(text), Err(BatchError), "{text:?}");
        }
        assert_eq!(Batch::parse(""), Ok(Batch::default()));
    }

    proptest! {
        #[test]
        fn a_batch_survives_its_text(cells in prop::collection::vec((0u32..5, 0..Dimension::ALL.len(), "\\PC{0,60}", 1u64..), 0..20)) {
            let mut batch = Batch::default();
            for (number, dimension, value, views) in &cells {
                batch.add(day(*number), Dimension::ALL[*dimension], value, Counts::default().with(Counter::Views, *views));
            }
            prop_assert_eq!(Batch::parse(&batch.write()), Ok(batch));
        }

        #[test]
        fn no_view_is_lost_in_merging(left in prop::collection::vec(0u32..9, 0..20), right in prop::collection::vec(0u32..9, 0..20)) {
            let [mut one, other] = [&left, &right].map(|numbers| {
                let mut batch = Batch::default();
                for number in numbers { batch.add_each(day(*number), &[], view()); }
                batch
            });
            one.merge(&other);
            prop_assert_eq!(one.views(), (left.len() + right.len()) as u64);
        }

        #[test]
        fn no_text_panics(text in "[0-9a-z:\t\n -]{0,220}") {
            let _ = Batch::parse(&text);
        }
    }
}
