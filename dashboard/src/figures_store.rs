//! The tables of a site's figures: the Ledgers' cells as they are, and what of them may be shown. Each statement once.

use crate::ledgers::Changed;
use postern_stats::{Block, Cell, Counter, Counts, Day, Dimension, added, late_parts};
use std::collections::{BTreeMap, BTreeSet};
use worker::{Error, Result, SqlStorage, SqlStorageValue};

/// The object's storage.
pub struct FiguresStore(pub SqlStorage);

/// What figures are made of can be gathered from the Ledgers again, so another form of it begins anew under another name of its tables, and
/// those of the form before go.
const TABLES: &str = "
DROP TABLE IF EXISTS raw_1;
DROP TABLE IF EXISTS late_1;
DROP TABLE IF EXISTS synced_1;
DROP TABLE IF EXISTS blocks_1;
DROP TABLE IF EXISTS published_1;
DROP TABLE IF EXISTS months_1;
DROP TABLE IF EXISTS dirty_1;
CREATE TABLE IF NOT EXISTS raw_2 (
    day INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    dimension TEXT NOT NULL,
    value TEXT NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (day, shard, dimension, value)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS late_2 (
    day INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    dimension TEXT NOT NULL,
    value TEXT NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (day, shard, dimension, value)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS synced_2 (
    shard INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS blocks_2 (
    last INTEGER PRIMARY KEY,
    first INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS published_2 (
    dimension TEXT NOT NULL,
    last INTEGER NOT NULL,
    value TEXT NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (dimension, last, value)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS months_2 (
    dimension TEXT NOT NULL,
    month INTEGER NOT NULL,
    value TEXT NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (dimension, month, value)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS about_1 (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    site TEXT NOT NULL,
    policy TEXT NOT NULL,
    week INTEGER
);
CREATE TABLE IF NOT EXISTS said_1 (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    day INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS watched_1 (since INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS alerts_1 (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL,
    is_told INTEGER NOT NULL DEFAULT 0,
    is_over INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dirty_2 (day INTEGER PRIMARY KEY);
";

/// The value of a dimension, and its counts.
pub type Row = (String, Counts);

fn integer(number: u64) -> SqlStorageValue {
    SqlStorageValue::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

/// A number to be bound.
pub fn number(number: u32) -> SqlStorageValue {
    SqlStorageValue::Integer(i64::from(number))
}

impl FiguresStore {
    /// Makes the tables where there are none.
    pub fn open(&self) -> Result<()> {
        self.0.exec(TABLES, None).map(|_| ())
    }

    /// The rows of a statement of one text column, as one text: a row each line. The storage puts them together, since each row that
    /// it hands over by itself takes ten times as long.
    pub fn text(&self, statement: &str, bindings: Vec<SqlStorageValue>) -> Result<String> {
        let together = format!("SELECT COALESCE(group_concat(line, char(10)), '') FROM ({statement})");
        match self
            .0
            .exec(&together, bindings)?
            .raw()
            .next()
            .transpose()?
            .and_then(|row| row.into_iter().next())
        {
            Some(SqlStorageValue::String(text)) => Ok(text),
            _ => Err(Error::RustError("the figures' storage gives no text".into())),
        }
    }

    /// The one number of a statement, if it gives one.
    pub fn number_of(&self, statement: &str, bindings: Vec<SqlStorageValue>) -> Result<Option<u64>> {
        Ok(self.text(&format!("SELECT ({statement}) AS line"), bindings)?.parse().ok())
    }

    /// The revision that a Ledger's cells are of.
    pub fn revision(&self, shard: u8) -> Result<u64> {
        let statement = "SELECT revision FROM synced_2 WHERE shard = ?";
        Ok(self.number_of(statement, vec![number(shard.into())])?.unwrap_or(0))
    }

    /// Takes the days that have changed in a Ledger in place of what was here of them; what has come to a day that is published
    /// waits apart.
    pub fn take(&self, shard: u8, changed: &Changed) -> Result<()> {
        // No await between these: all are written, or none.
        let mut days: BTreeMap<Day, Vec<Cell>> = changed.days.iter().map(|day| (*day, Vec::new())).collect();
        for ((day, dimension, value), counts) in changed.cells.cells() {
            days.entry(*day).or_default().push((*dimension, value.clone(), *counts));
        }
        for (day, cells) in &days {
            let day_of_shard = || vec![number(day.number()), number(shard.into())];
            self.0.exec("DELETE FROM late_2 WHERE day = ? AND shard = ?", day_of_shard())?;
            if self.is_published(*day)?
                && let Some(late) = added(&self.of_shard(*day, shard)?, cells)
            {
                self.put("late_2", *day, shard, &late)?;
                continue;
            }
            self.0.exec("DELETE FROM raw_2 WHERE day = ? AND shard = ?", day_of_shard())?;
            self.soil(*day)?;
            self.put("raw_2", *day, shard, cells)?;
        }
        let row = vec![number(shard.into()), integer(changed.revision)];
        // Where nothing has changed nothing is written, so that no reader waits for a disk.
        let statement = "INSERT INTO synced_2 (shard, revision) VALUES (?, ?) \
                         ON CONFLICT (shard) DO UPDATE SET revision = excluded.revision WHERE revision <> excluded.revision";
        self.0.exec(statement, row).map(|_| ())
    }

    fn put(&self, table: &str, day: Day, shard: u8, cells: &[Cell]) -> Result<()> {
        let statement = format!(
            "INSERT OR REPLACE INTO {table} (day, shard, dimension, value, counts) VALUES (?, ?, ?, ?, ?)"
        );
        for (dimension, value, counts) in cells {
            let row = vec![
                number(day.number()),
                number(shard.into()),
                dimension.name().into(),
                value.as_str().into(),
                counts.write().into(),
            ];
            self.0.exec(&statement, row)?;
        }
        Ok(())
    }

    /// Is there a block of that day, or one behind it?
    fn is_published(&self, day: Day) -> Result<bool> {
        Ok(self.day_of("SELECT MAX(last) FROM blocks_2", Vec::new())?.is_some_and(|last| day <= last))
    }

    /// What is here of a day of one shard, but for what is late.
    fn of_shard(&self, day: Day, shard: u8) -> Result<Vec<Cell>> {
        let statement = "SELECT dimension || char(9) || value || char(9) || counts AS line FROM raw_2 WHERE day = ? AND shard = ?";
        let text = self.text(statement, vec![number(day.number()), number(shard.into())])?;
        text.lines().map(read_line).collect()
    }

    /// Publishes what is late of each block, where it is enough, and gives the last days of these blocks. What is late of days that no
    /// block has any more is theirs.
    pub fn publish_late(&self) -> Result<BTreeSet<Day>> {
        let statement = "SELECT COALESCE((SELECT MIN(last) FROM blocks_2 WHERE last >= day), '') || char(9) || day || char(9) || \
                         shard || char(9) || dimension || char(9) || value || char(9) || counts AS line FROM late_2";
        let mut blocks: BTreeMap<Option<Day>, Vec<(Day, u8, Cell)>> = BTreeMap::new();
        for line in self.text(statement, Vec::new())?.lines() {
            let read = || {
                let mut cells = line.splitn(4, '\t');
                let (last, day, shard) = (cells.next()?, cells.next()?, cells.next()?);
                let day = day.parse().ok().and_then(Day::new)?;
                Some((last.parse().ok().and_then(Day::new), day, shard.parse().ok()?, cells.next()?))
            };
            let (last, day, shard, cell) = read().ok_or_else(unreadable)?;
            blocks.entry(last).or_default().push((day, shard, read_line(cell)?));
        }
        let mut changed = BTreeSet::new();
        for (last, late) in blocks {
            if let Some(last) = last {
                let cells: Vec<Cell> = late.iter().map(|(_, _, cell)| cell.clone()).collect();
                let Some(parts) = late_parts(&cells) else { continue };
                self.add_parts(last, &parts)?;
                // A day without a count is in no block until one comes.
                let first = late.iter().map(|(day, ..)| *day).min().unwrap_or(last);
                let reach = vec![number(first.number()), number(last.number())];
                self.0.exec("UPDATE blocks_2 SET first = MIN(first, ?) WHERE last = ?", reach)?;
                changed.insert(last);
            }
            for (day, shard, (dimension, value, counts)) in late {
                let before = self.of_shard(day, shard)?;
                let own = before.into_iter().find(|(of, named, _)| *of == dimension && *named == value);
                let counts = own.map_or(counts, |(_, _, before)| before.merge(counts));
                self.put("raw_2", day, shard, &[(dimension, value, counts)])?;
                self.0.exec(
                    "DELETE FROM late_2 WHERE day = ? AND shard = ?",
                    vec![number(day.number()), number(shard.into())],
                )?;
                if last.is_none() {
                    self.soil(day)?;
                }
            }
        }
        Ok(changed)
    }

    /// Adds parts to those that are published of a block.
    fn add_parts(&self, last: Day, parts: &[Cell]) -> Result<()> {
        for (dimension, value, counts) in parts {
            let published = self.published(*dimension, last, last)?;
            let own = published.into_iter().find(|(named, _)| named == value);
            let counts = dimension.told(*counts);
            let counts = own.map_or(counts, |(_, before)| before.merge(counts));
            self.keep_part(last, *dimension, value, counts)?;
        }
        Ok(())
    }

    fn keep_part(&self, last: Day, dimension: Dimension, value: &str, counts: Counts) -> Result<()> {
        let row = vec![dimension.name().into(), number(last.number()), value.into(), counts.write().into()];
        let statement =
            "INSERT OR REPLACE INTO published_2 (dimension, last, value, counts) VALUES (?, ?, ?, ?)";
        self.0.exec(statement, row).map(|_| ())
    }

    pub fn day_of(&self, statement: &str, bindings: Vec<SqlStorageValue>) -> Result<Option<Day>> {
        let found = self.number_of(statement, bindings)?;
        Ok(found.and_then(|number| u32::try_from(number).ok()).and_then(Day::new))
    }

    /// A day is to be published anew.
    pub fn soil(&self, day: Day) -> Result<()> {
        self.0.exec("INSERT OR IGNORE INTO dirty_2 (day) VALUES (?)", vec![number(day.number())]).map(|_| ())
    }

    /// The first day before `end` that is to be published anew.
    pub fn first_dirty(&self, end: Day) -> Result<Option<Day>> {
        self.day_of("SELECT MIN(day) FROM dirty_2 WHERE day < ?", vec![number(end.number())])
    }

    /// The days until that one are as they are published, or wait for those behind them.
    pub fn clean(&self, until: Day) -> Result<()> {
        self.0.exec("DELETE FROM dirty_2 WHERE day <= ?", vec![number(until.number())]).map(|_| ())
    }

    /// The day from which a block has to be made that holds this one: its own block's first, or the first behind the block before.
    pub fn begin_of(&self, day: Day) -> Result<Day> {
        let bound = || number(day.number());
        let own =
            self.day_of("SELECT first FROM blocks_2 WHERE first <= ? AND last >= ?", vec![bound(), bound()])?;
        let before = self.day_of("SELECT MAX(last) + 1 FROM blocks_2 WHERE last < ?", vec![bound()])?;
        let begin = match own.or(before) {
            Some(begin) => begin,
            None => self.begin()?.unwrap_or(day),
        };
        Ok(begin.min(day))
    }

    /// Takes away the blocks that share a day with those from one to another; gives the months they were of.
    pub fn unpublish(&self, first: Day, last: Day) -> Result<Vec<Day>> {
        let bounds = || vec![number(first.number()), number(last.number())];
        let gone = "SELECT last FROM blocks_2 WHERE last >= ? AND first <= ?";
        let text = self.text(&format!("SELECT last AS line FROM ({gone})"), bounds())?;
        let days = text.lines().map(|day| day.parse().ok().and_then(Day::new).ok_or_else(unreadable));
        let days = days.collect::<Result<Vec<_>>>()?;
        self.0.exec(&format!("DELETE FROM published_2 WHERE last IN ({gone})"), bounds())?;
        self.0.exec("DELETE FROM blocks_2 WHERE last >= ? AND first <= ?", bounds())?;
        Ok(days)
    }

    /// Did a block end with that day?
    pub fn ends_with(&self, day: Day) -> Result<bool> {
        let count = "SELECT COUNT(*) FROM blocks_2 WHERE last = ?";
        Ok(self.number_of(count, vec![number(day.number())])? == Some(1))
    }

    /// All cells of a day, of all shards together.
    pub fn day(&self, day: Day) -> Result<Vec<Cell>> {
        let statement =
            "SELECT dimension || char(9) || value || char(9) || counts AS line FROM raw_2 WHERE day = ?";
        let mut sums: BTreeMap<(Dimension, String), Counts> = BTreeMap::new();
        for line in self.text(statement, vec![number(day.number())])?.lines() {
            let (dimension, value, counts) = read_line(line)?;
            let sum = sums.entry((dimension, value)).or_default();
            *sum = sum.merge(counts);
        }
        Ok(sums.into_iter().map(|((dimension, value), counts)| (dimension, value, counts)).collect())
    }

    /// What is counted of a dimension from one day to another, by day and value and shard. Nothing of it may be told as it is.
    pub fn of_days(&self, dimension: Dimension, first: Day, last: Day) -> Result<Vec<(Day, String, Counts)>> {
        let statement = "SELECT day || char(9) || value || char(9) || counts AS line FROM raw_2 \
                         WHERE day BETWEEN ? AND ? AND dimension = ?";
        let bindings = vec![number(first.number()), number(last.number()), dimension.name().into()];
        let read = |line: &str| {
            let mut cells = line.split('\t');
            let day = cells.next()?.parse().ok().and_then(Day::new)?;
            Some((day, cells.next()?.to_owned(), Counts::parse(cells.next()?)?))
        };
        self.text(statement, bindings)?.lines().map(|line| read(line).ok_or_else(unreadable)).collect()
    }

    /// Keeps a block.
    pub fn publish(&self, block: &Block) -> Result<()> {
        let row = vec![number(block.last.number()), number(block.first.number())];
        self.0.exec("INSERT OR REPLACE INTO blocks_2 (last, first) VALUES (?, ?)", row)?;
        for (dimension, value, counts) in &block.cells {
            self.keep_part(block.last, *dimension, value, dimension.told(*counts))?;
        }
        Ok(())
    }

    /// Adds up the months of these days anew.
    pub fn sum_months(&self, days: &BTreeSet<Day>) -> Result<()> {
        let months: BTreeSet<Day> = days.iter().map(|day| day.month_first()).collect();
        for first in months {
            self.0.exec("DELETE FROM months_2 WHERE month = ?", vec![number(first.month())])?;
            for dimension in Dimension::ALL {
                for (value, counts) in self.published(dimension, first, first.month_last())? {
                    let row = vec![
                        dimension.name().into(),
                        number(first.month()),
                        value.as_str().into(),
                        counts.write().into(),
                    ];
                    self.0.exec(
                        "INSERT INTO months_2 (dimension, month, value, counts) VALUES (?, ?, ?, ?)",
                        row,
                    )?;
                }
            }
        }
        Ok(())
    }

    /// What is published of a dimension in blocks that end from one day to another, by value.
    pub fn published(&self, dimension: Dimension, first: Day, last: Day) -> Result<Vec<Row>> {
        let statement = "SELECT value || char(9) || counts AS line FROM published_2 WHERE dimension = ? AND last BETWEEN ? AND ?";
        self.sums(statement, dimension, first.number(), last.number())
    }

    /// The same of whole months.
    pub fn months(&self, dimension: Dimension, first: u32, last: u32) -> Result<Vec<Row>> {
        let statement = "SELECT value || char(9) || counts AS line FROM months_2 WHERE dimension = ? AND month BETWEEN ? AND ?";
        self.sums(statement, dimension, first, last)
    }

    fn sums(&self, statement: &str, dimension: Dimension, first: u32, last: u32) -> Result<Vec<Row>> {
        let text = self.text(statement, vec![dimension.name().into(), number(first), number(last)])?;
        let mut sums: BTreeMap<&str, Counts> = BTreeMap::new();
        for line in text.lines() {
            let (value, counts) = line.rsplit_once('\t').ok_or_else(unreadable)?;
            let sum = sums.entry(value).or_default();
            *sum = sum.merge(Counts::parse(counts).ok_or_else(unreadable)?);
        }
        Ok(sums.into_iter().map(|(value, counts)| (value.to_owned(), counts)).collect())
    }

    /// Each block that ends from one day to another: first and last day, and the cells of a dimension in it whose value has `part` in
    /// it, all for an empty one.
    pub fn blocks(
        &self,
        dimension: Dimension,
        first: Day,
        last: Day,
        part: &str,
    ) -> Result<Vec<(Day, Day, String, Counts)>> {
        let statement = "SELECT blocks_2.first || char(9) || blocks_2.last || char(9) || value || char(9) || counts AS line \
                         FROM published_2 JOIN blocks_2 ON blocks_2.last = published_2.last \
                         WHERE dimension = ? AND published_2.last BETWEEN ? AND ? AND (? = '' OR instr(value, ?)) \
                         ORDER BY blocks_2.last";
        let bindings = vec![
            dimension.name().into(),
            number(first.number()),
            number(last.number()),
            part.into(),
            part.into(),
        ];
        let text = self.text(statement, bindings)?;
        let read = |line: &str| {
            let mut cells = line.split('\t');
            let mut day = || cells.next()?.parse().ok().and_then(Day::new);
            let (first, last) = (day()?, day()?);
            let (value, counts) = (cells.next()?, cells.next()?);
            Some((first, last, value.to_owned(), Counts::parse(counts)?))
        };
        text.lines().map(|line| read(line).ok_or_else(unreadable)).collect()
    }

    /// The same of whole months, each from its first day to its last.
    pub fn month_blocks(
        &self,
        dimension: Dimension,
        first: u32,
        last: u32,
        part: &str,
    ) -> Result<Vec<(Day, Day, String, Counts)>> {
        let statement = "SELECT month || char(9) || value || char(9) || counts AS line FROM months_2 \
                         WHERE dimension = ? AND month BETWEEN ? AND ? AND (? = '' OR instr(value, ?)) ORDER BY month";
        let bindings = vec![dimension.name().into(), number(first), number(last), part.into(), part.into()];
        let read = |line: &str| {
            let mut cells = line.split('\t');
            let first = cells.next()?.parse().ok().and_then(Day::of_month)?;
            let (value, counts) = (cells.next()?, cells.next()?);
            Some((first, first.month_last(), value.to_owned(), Counts::parse(counts)?))
        };
        self.text(statement, bindings)?.lines().map(|line| read(line).ok_or_else(unreadable)).collect()
    }

    /// The first and the last day that are published, if any.
    pub fn span(&self) -> Result<Option<(Day, Day)>> {
        let first = self.day_of("SELECT MIN(first) FROM blocks_2", Vec::new())?;
        Ok(first.zip(self.day_of("SELECT MAX(last) FROM blocks_2", Vec::new())?))
    }

    /// The first day on which it was looked for what must be seen to: today, if it never was.
    pub fn watched_since(&self, today: Day) -> Result<Day> {
        let statement = "INSERT INTO watched_1 (since) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM watched_1)";
        self.0.exec(statement, vec![number(today.number())])?;
        Ok(self.day_of("SELECT since FROM watched_1", Vec::new())?.unwrap_or(today))
    }

    /// The first day of which something may still be counted, or waits for others to be published with.
    pub fn open_since(&self, settled: Day) -> Result<Day> {
        let statement = "SELECT MIN(day) FROM raw_2 WHERE counts <> '' AND day > COALESCE((SELECT MAX(last) FROM blocks_2), -1)";
        Ok(self.day_of(statement, Vec::new())?.map_or(settled, |waiting| waiting.min(settled)))
    }

    /// The first day that something is counted of at all.
    pub fn begin(&self) -> Result<Option<Day>> {
        self.day_of("SELECT MIN(day) FROM raw_2", Vec::new())
    }

    /// The last day that a page is counted of.
    pub fn last_viewed(&self) -> Result<Option<Day>> {
        let statement = "SELECT day || char(9) || counts AS line FROM raw_2 WHERE dimension = 'all' ORDER BY day DESC LIMIT 400";
        let read = |line: &str| {
            let (day, counts) = line.split_once('\t')?;
            let has_pages = Counts::parse(counts)?.get(Counter::Views) > 0;
            day.parse().ok().and_then(Day::new).filter(|_| has_pages)
        };
        Ok(self.text(statement, Vec::new())?.lines().filter_map(read).max())
    }
}

fn unreadable() -> Error {
    Error::RustError("the figures' storage cannot be read".into())
}

fn read_line(line: &str) -> Result<Cell> {
    let read = || {
        let mut cells = line.split('\t');
        let dimension = Dimension::parse(cells.next()?)?;
        Some((dimension, cells.next()?.to_owned(), Counts::parse(cells.next()?)?))
    };
    read().ok_or_else(unreadable)
}
