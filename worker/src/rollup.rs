//! Counts in the Ledger's SQLite, by day and by one value of one dimension. Pages come in batches from the edge. Acts are counted
//! from the receipts themselves, each once and all of them, before anything of a receipt can leave; so figures and receipts
//! cannot part, and a decision waits for no counting.

use crate::ledger_store::{IS_FREE, SqlStore, integer};
use postern_consent::{Category, CategorySet};
use postern_stats::{Batch, Counts, Day, Dimension, Facts, UNKNOWN};
use worker::{Result, SqlStorageValue};

/// Receipts counted in one go, at most.
const GO_RECEIPTS: u64 = 5_000;

/// Days told in one answer, at most: some thousand cells.
const ANSWER_DAYS: i64 = 40;

/// How long the name of a batch is remembered, milliseconds: one whose answer was lost may wait for the isolate's next page.
const REMEMBER_MS: u64 = 86_400_000;

/// How soon a grant runs out that is told, milliseconds: thirty days.
const SOON_MS: u64 = 2_592_000_000;

/// Values of one dimension that a day tells apart, at most, and the unknown one: whoever makes some up, a day stays small enough to be
/// read.
const VALUES_MAX: u64 = 2_000;

/// What of receipts is counted, all that are alike together.
const ALIKE: &str =
    "SELECT day, outcome, granted, facts, COUNT(*) FROM receipts WHERE {} GROUP BY 1, 2, 3, 4";

impl SqlStore {
    /// Adds a batch of pages, unless it is here already.
    pub fn add_batch(&self, name: &str, batch: &Batch, now_ms: u64) -> Result<()> {
        let is_known = self.count("SELECT COUNT(*) FROM batches WHERE name = ?", vec![name.into()])? > 0;
        if is_known {
            return Ok(());
        }
        // No await between these: the cells and the batch's name are written, or none of them.
        self.0.exec(
            "DELETE FROM batches WHERE at_ms < ?",
            vec![integer(now_ms.saturating_sub(REMEMBER_MS))?],
        )?;
        self.0
            .exec("INSERT INTO batches (name, at_ms) VALUES (?, ?)", vec![name.into(), integer(now_ms)?])?;
        self.change_cells(batch, Counts::merge)
    }

    /// Counts the receipts that are not counted yet, as many as one go takes; true if there are more.
    pub fn count_receipts(&self) -> Result<bool> {
        let counted = self.counted()?;
        let until = counted + GO_RECEIPTS;
        let newest = self.count("SELECT COALESCE(MAX(seq), 0) FROM receipts", Vec::new())?;
        if newest <= counted {
            return Ok(false);
        }
        let filter = format!("seq > ? AND seq <= ? AND {IS_FREE}");
        let batch = self.alike(&filter, vec![integer(counted)?, integer(until)?])?;
        // No await between these: the cells and how far they go are written, or neither.
        self.change_cells(&batch, Counts::merge)?;
        self.0.exec("UPDATE counted SET seq = ?", vec![integer(until.min(newest))?])?;
        Ok(newest > until)
    }

    /// Counts all receipts that are there.
    pub fn count_all_receipts(&self) -> Result<()> {
        while self.count_receipts()? {}
        Ok(())
    }

    /// Takes all that is counted of a subject out of the figures, or adds it again. All receipts must be counted.
    pub fn change_counted(&self, subject: &str, is_restricted: bool) -> Result<()> {
        let batch = self.alike("subject = ?", vec![subject.into()])?;
        self.change_cells(&batch, if is_restricted { Counts::minus } else { Counts::merge })
    }

    /// How far the figures go: the place of the last receipt counted.
    fn counted(&self) -> Result<u64> {
        self.count("SELECT seq FROM counted", Vec::new())
    }

    fn alike(&self, filter: &str, bindings: Vec<SqlStorageValue>) -> Result<Batch> {
        let mut batch = Batch::default();
        let cursor = self.0.exec(&ALIKE.replace("{}", filter), bindings)?;
        for row in cursor.raw() {
            use SqlStorageValue::{Integer, String};
            let row = row?;
            let [Integer(day), String(outcome), Integer(granted), String(facts), Integer(times)] =
                row.as_slice()
            else {
                continue;
            };
            let day = u32::try_from(*day).ok().and_then(Day::new);
            let granted = u8::try_from(*granted).ok().and_then(CategorySet::from_bits);
            let (Some(day), Some(granted), Ok(times)) = (day, granted, u64::try_from(*times)) else {
                continue;
            };
            let granted: Vec<&str> = granted.iter().map(Category::name).collect();
            Facts::parse(facts).count_acts(&mut batch, day, outcome, &granted, times);
        }
        Ok(batch)
    }

    fn change_cells(&self, batch: &Batch, change: fn(Counts, Counts) -> Counts) -> Result<()> {
        let mut last = None;
        for ((day, dimension, value), counts) in batch.cells() {
            let day = i64::from(day.number());
            let of_dimension = || vec![SqlStorageValue::Integer(day), dimension.name().into()];
            let cell = |value: &str| [of_dimension(), vec![value.into()]].concat();
            let read = |value| {
                self.lines(
                    "SELECT counts FROM cells WHERE day = ? AND dimension = ? AND value = ?",
                    cell(value),
                )
            };
            let (mut value, mut before) = (value.as_str(), read(value)?);
            // A value that is there stays: what is taken out again is taken from where it was added.
            if before.is_empty() && *dimension != Dimension::All {
                let values = "SELECT COUNT(*) FROM cells WHERE day = ? AND dimension = ?";
                if self.count(values, of_dimension())? >= VALUES_MAX {
                    (value, before) = (UNKNOWN, read(UNKNOWN)?);
                }
            }
            let mut row = cell(value);
            row.push(Counts::change_written(before.trim_end(), |before| change(before, *counts)).into());
            self.0.exec(
                "INSERT OR REPLACE INTO cells (day, dimension, value, counts) VALUES (?, ?, ?, ?)",
                row,
            )?;
            if last != Some(day) {
                last = Some(day);
                self.0.exec("UPDATE counted SET revision = revision + 1", None)?;
                self.0.exec(
                    "INSERT OR REPLACE INTO revisions (day, revision) SELECT ?, revision FROM counted",
                    vec![day.into()],
                )?;
            }
        }
        Ok(())
    }

    /// The cells of the days that have changed since a revision, oldest change first, some days at a time: a line with the revision they go to,
    /// whether there are more, these days, and how many grants run out soon; then their cells as batches are written. A day may have
    /// none left.
    pub fn cells_since(&self, revision: u64) -> Result<String> {
        let more = self.count_receipts()?;
        let days = "SELECT day, revision FROM revisions WHERE revision > ? ORDER BY revision LIMIT ?";
        let bounds = || Ok::<_, worker::Error>(vec![integer(revision)?, ANSWER_DAYS.into()]);
        let to = self.number(&format!("SELECT MAX(revision) FROM ({days})"), bounds()?)?.unwrap_or(revision);
        let newest = self.count("SELECT revision FROM counted", Vec::new())?;
        let cells = self.lines(
            &format!("SELECT day, dimension, value, counts FROM cells WHERE day IN (SELECT day FROM ({days})) AND counts <> ''"),
            bounds()?,
        )?;
        let changed = self.lines(&format!("SELECT day FROM ({days})"), bounds()?)?.replace('\n', " ");
        let soon = || integer(worker::Date::now().as_millis() + SOON_MS);
        // By the index alone, less the few that are restricted: to look each of the others up takes seventy times as long, and decisions
        // would wait for it.
        let due = "SELECT COUNT(*) - (SELECT COUNT(*) FROM restrictions CROSS JOIN receipts USING (subject) WHERE +expires_ms < ?) \
                   FROM receipts WHERE expires_ms < ?";
        let due = self.count(due, vec![soon()?, soon()?])?;
        Ok(format!("{to}\t{}\t{changed}\t{due}\n{cells}", u8::from(more || to < newest)))
    }
}
