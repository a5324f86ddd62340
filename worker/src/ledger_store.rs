//! Receipts and counters in SQLite: each statement once. The tables: `ledger_schema.rs`.

use postern_consent::CategorySet;
use postern_receipt::{
    Ended, Entry, IdempotencyKey, ReceiptId, ReceiptRow, Store, Word, log::Hash, outcome_named,
};
use postern_stats::{SEEN_OF_KIND_MAX, SeenBatch};
use worker::{Result, SqlStorage, SqlStorageValue};

/// The object's storage.
pub struct SqlStore(pub SqlStorage);

const COLUMNS: &str = "seq, receipt_id, subject, at_unix_ms, day, offered, granted, vendors, answered, decided_ms, outcome, expires_ms, purge_ms, keep_months, json, salt, commitment, key, body_sha256, facts";

/// Is the receipt's subject not restricted?
pub const IS_FREE: &str = "subject NOT IN (SELECT subject FROM restrictions)";

impl SqlStore {
    /// The rows of a statement as lines of text, cells between tabs, nothing for NULL. What is stored in tables that are
    /// read so has neither.
    pub fn lines(&self, statement: &str, bindings: Vec<SqlStorageValue>) -> Result<String> {
        let mut lines = String::new();
        for row in self.0.exec(statement, bindings)?.raw() {
            for (place, cell) in row?.into_iter().enumerate() {
                lines.push_str(if place == 0 { "" } else { "\t" });
                match cell {
                    SqlStorageValue::Integer(number) => lines.push_str(&number.to_string()),
                    SqlStorageValue::String(text) => lines.push_str(&text),
                    _ => {}
                }
            }
            lines.push('\n');
        }
        Ok(lines)
    }

    /// The one number of a statement; `None` for NULL.
    pub fn number(&self, statement: &str, bindings: Vec<SqlStorageValue>) -> Result<Option<u64>> {
        Ok(self.lines(statement, bindings)?.trim_end().parse().ok())
    }

    /// How many a statement counts.
    pub fn count(&self, statement: &str, bindings: Vec<SqlStorageValue>) -> Result<u64> {
        let bad = || worker::Error::RustError("the storage does not count".into());
        self.number(statement, bindings)?.ok_or_else(bad)
    }

    /// Adds to what left on a day; the table says why it left.
    fn count_gone(&self, table: &str, day: u32, receipts: u64) -> Result<()> {
        let statement = format!(
            "INSERT INTO {table} (day, receipts) VALUES (?, ?) \
             ON CONFLICT (day) DO UPDATE SET receipts = receipts + excluded.receipts"
        );
        self.0.exec(&statement, vec![i64::from(day).into(), integer(receipts)?]).map(|_| ())
    }

    fn rows(&self, tail: &str, bindings: Vec<SqlStorageValue>) -> Result<Vec<ReceiptRow>> {
        let cursor = self.0.exec(&format!("SELECT {COLUMNS} FROM receipts {tail}"), bindings)?;
        cursor.raw().map(|row| read_row(row?)).collect()
    }
}

/// Things seen that are kept of each kind, at most: the oldest make room. Anybody can have a host reported, so this is
/// bounded, and by kind: a flood of reports takes no room from what the edge has seen itself.
const SEEN_ROWS_OF_KIND_MAX: u32 = 125;

/// Every thing seen, numbered within its kind, the newest first.
const SEEN_NUMBERED: &str =
    "SELECT *, ROW_NUMBER() OVER (PARTITION BY kind ORDER BY last_ms DESC) AS number FROM seen";

impl SqlStore {
    /// Adds what was seen.
    pub fn add_seen(&self, batch: &SeenBatch) -> Result<()> {
        for seen in batch.all() {
            let values = vec![
                seen.kind.name().into(),
                seen.name.as_str().into(),
                seen.page.as_str().into(),
                integer(seen.count)?,
                integer(seen.first_ms)?,
                integer(seen.last_ms)?,
            ];
            self.0.exec(
                "INSERT INTO seen (kind, name, page, count, first_ms, last_ms) VALUES (?,?,?,?,?,?) \
                 ON CONFLICT (kind, name) DO UPDATE SET count = count + excluded.count, last_ms = excluded.last_ms",
                values,
            )?;
        }
        let surplus = format!("SELECT kind, name FROM ({SEEN_NUMBERED}) WHERE number > ?");
        self.0.exec(
            &format!("DELETE FROM seen WHERE (kind, name) IN ({surplus})"),
            vec![i64::from(SEEN_ROWS_OF_KIND_MAX).into()],
        )?;
        Ok(())
    }

    /// What was seen last, as many of each kind as a batch holds.
    pub fn seen(&self) -> Result<String> {
        self.lines(
            &format!(
                "SELECT kind, name, page, count, first_ms, last_ms FROM ({SEEN_NUMBERED}) WHERE number <= ?"
            ),
            vec![(SEEN_OF_KIND_MAX as i64).into()],
        )
    }
}

pub fn integer(number: u64) -> Result<SqlStorageValue> {
    let number = i64::try_from(number).map_err(|error| worker::Error::RustError(error.to_string()))?;
    SqlStorageValue::try_from_i64(number)
}

fn integer_or_null(number: Option<u64>) -> Result<SqlStorageValue> {
    number.map_or(Ok(SqlStorageValue::Null), integer)
}

fn read_row(values: Vec<SqlStorageValue>) -> Result<ReceiptRow> {
    let mut values = values.into_iter();
    let bad = |column: &str| worker::Error::RustError(format!("a stored receipt has no readable {column}"));
    let mut whole = |column: &str| match values.next() {
        Some(SqlStorageValue::Integer(number)) => {
            Ok(Value::Number(u64::try_from(number).map_err(|_| bad(column))?))
        }
        Some(SqlStorageValue::String(text)) => Ok(Value::Text(text)),
        Some(SqlStorageValue::Blob(bytes)) => Ok(Value::Bytes(bytes)),
        Some(SqlStorageValue::Null) => Ok(Value::Nothing),
        _ => Err(bad(column)),
    };
    Ok(ReceiptRow {
        seq: whole("seq")?.number().ok_or_else(|| bad("seq"))?,
        receipt_id: ReceiptId::parse(&whole("receipt_id")?.text()).map_err(|_| bad("receipt_id"))?,
        subject: whole("subject")?.text(),
        at_unix_ms: whole("at_unix_ms")?.number().ok_or_else(|| bad("at_unix_ms"))?,
        day: whole("day")?.number().and_then(|day| u32::try_from(day).ok()).ok_or_else(|| bad("day"))?,
        offered: whole("offered")?.set().ok_or_else(|| bad("offered"))?,
        granted: whole("granted")?.set().ok_or_else(|| bad("granted"))?,
        vendors: whole("vendors")?.words().ok_or_else(|| bad("vendors"))?,
        is_answered: whole("answered")?.number().ok_or_else(|| bad("answered"))? == 1,
        decided_unix_ms: whole("decided_ms")?.number().ok_or_else(|| bad("decided_ms"))?,
        outcome: outcome_named(&whole("outcome")?.text()).ok_or_else(|| bad("outcome"))?,
        expires_unix_ms: whole("expires_ms")?.number(),
        purge_unix_ms: whole("purge_ms")?.number().ok_or_else(|| bad("purge_ms"))?,
        keep_months: whole("keep_months")?
            .number()
            .and_then(|months| u16::try_from(months).ok())
            .ok_or_else(|| bad("keep_months"))?,
        json: whole("json")?.text(),
        salt: whole("salt")?.hash().ok_or_else(|| bad("salt"))?,
        commitment: whole("commitment")?.hash().ok_or_else(|| bad("commitment"))?,
        key: IdempotencyKey::parse(&whole("key")?.text()).map_err(|_| bad("key"))?,
        body_sha256: whole("body_sha256")?.hash().ok_or_else(|| bad("body_sha256"))?,
        facts: whole("facts")?.text(),
    })
}

enum Value {
    Nothing,
    Number(u64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Value {
    fn number(self) -> Option<u64> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }

    fn set(self) -> Option<CategorySet> {
        u8::try_from(self.number()?).ok().and_then(CategorySet::from_bits)
    }

    fn words(self) -> Option<Vec<Word>> {
        self.text().split_ascii_whitespace().map(|word| Word::parse(word).ok()).collect()
    }

    fn text(self) -> String {
        if let Self::Text(text) = self { text } else { String::new() }
    }

    fn hash(self) -> Option<[u8; 32]> {
        if let Self::Bytes(bytes) = self { bytes.try_into().ok() } else { None }
    }
}

impl Store for SqlStore {
    fn find_key(&self, key: &IdempotencyKey) -> Result<Option<ReceiptRow>> {
        Ok(self.rows("WHERE key = ?", vec![key.as_str().into()])?.pop())
    }

    fn find_latest(&self, subject: &str) -> Result<Option<ReceiptRow>> {
        Ok(self.rows("WHERE subject = ? ORDER BY seq DESC LIMIT 1", vec![subject.into()])?.pop())
    }

    fn list_subject(&self, subject: &str, limit: u32) -> Result<Vec<ReceiptRow>> {
        self.rows(
            "WHERE subject = ? ORDER BY seq DESC LIMIT ?",
            vec![subject.into(), i64::from(limit).into()],
        )
    }

    fn bytes_used(&self) -> Result<u64> {
        Ok(self.0.database_size() as u64)
    }

    fn insert(&mut self, row: &ReceiptRow, nodes: &[Hash], ended: Option<Ended>) -> Result<()> {
        let values = vec![
            integer(row.seq)?,
            row.receipt_id.as_str().into(),
            row.subject.as_str().into(),
            integer(row.at_unix_ms)?,
            i64::from(row.day).into(),
            i64::from(row.offered.bits()).into(),
            i64::from(row.granted.bits()).into(),
            row.vendors.iter().map(Word::as_str).collect::<Vec<_>>().join(" ").into(),
            i64::from(row.is_answered).into(),
            integer(row.decided_unix_ms)?,
            row.outcome.name().into(),
            integer_or_null(row.expires_unix_ms)?,
            integer(row.purge_unix_ms)?,
            i64::from(row.keep_months).into(),
            row.json.as_str().into(),
            row.salt.to_vec().into(),
            row.commitment.to_vec().into(),
            row.key.as_str().into(),
            row.body_sha256.to_vec().into(),
            row.facts.as_str().into(),
            nodes.concat().into(),
            integer_or_null(ended.map(|ended| ended.seq))?,
            integer_or_null(ended.map(|ended| ended.purge_unix_ms))?,
        ];
        // One statement for receipt, leaf and what it ends: the trigger of `acts` is part of it.
        let places = vec!["?"; values.len()].join(",");
        let statement =
            format!("INSERT INTO acts ({COLUMNS}, nodes, ended_seq, ended_purge_ms) VALUES ({places})");
        self.0.exec(&statement, values).map(|_| ())
    }

    fn add_leaf(&mut self, index: u64, commitment: &Hash, nodes: &[Hash]) -> Result<()> {
        let values = vec![integer(index)?, commitment.to_vec().into(), nodes.concat().into()];
        self.0.exec("INSERT INTO log (place, commitment, nodes) VALUES (?, ?, ?)", values).map(|_| ())
    }

    fn insert_entry(&mut self, entry: &Entry, nodes: &[Hash]) -> Result<()> {
        // No await between these: both are written, or neither.
        self.add_leaf(entry.place, &entry.commitment, nodes)?;
        let row = vec![
            integer(entry.place)?,
            entry.kind.name().into(),
            integer(entry.at_unix_ms)?,
            entry.json.as_str().into(),
            entry.salt.to_vec().into(),
            entry.commitment.to_vec().into(),
        ];
        self.0
            .exec(
                "INSERT INTO entries (place, kind, at_ms, json, salt, commitment) VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )
            .map(|_| ())
    }

    fn list_commitments(&self, after: u64, limit: u32) -> Result<Vec<(u64, Hash)>> {
        let bad = || worker::Error::RustError("a stored receipt has no readable commitment".into());
        let cursor = self.0.exec(
            "SELECT seq, commitment FROM receipts WHERE seq > ? ORDER BY seq LIMIT ?",
            vec![integer(after)?, i64::from(limit).into()],
        )?;
        let read = |row: Result<Vec<SqlStorageValue>>| match <[SqlStorageValue; 2]>::try_from(row?) {
            Ok([SqlStorageValue::Integer(seq), SqlStorageValue::Blob(commitment)]) => {
                Ok((u64::try_from(seq).map_err(|_| bad())?, commitment.try_into().map_err(|_| bad())?))
            }
            _ => Err(bad()),
        };
        cursor.raw().map(read).collect()
    }

    fn erase(&mut self, subject: &str, day: u32) -> Result<u64> {
        let of_subject = || vec![subject.into()];
        let count = self.count("SELECT COUNT(*) FROM receipts WHERE subject = ?", of_subject())?;
        if count > 0 {
            // No await between these: all are written, or none.
            self.count_all_receipts()?;
            self.count_gone("erasures", day, count)?;
            self.0.exec("DELETE FROM receipts WHERE subject = ?", of_subject())?;
            self.0.exec("DELETE FROM restrictions WHERE subject = ?", of_subject())?;
        }
        Ok(count)
    }

    fn list_expired(&self, now_unix_ms: u64, limit: u32) -> Result<Vec<ReceiptRow>> {
        self.rows(
            "WHERE expires_ms <= ? ORDER BY expires_ms LIMIT ?",
            vec![integer(now_unix_ms)?, i64::from(limit).into()],
        )
    }

    fn purge(&mut self, now_unix_ms: u64, day: u32, limit: u32) -> Result<u64> {
        let over =
            format!("SELECT seq FROM receipts WHERE purge_ms <= ? AND {IS_FREE} ORDER BY purge_ms LIMIT ?");
        let bounds = || Ok::<_, worker::Error>(vec![integer(now_unix_ms)?, i64::from(limit).into()]);
        let count = self.count(&format!("SELECT COUNT(*) FROM ({over})"), bounds()?)?;
        if count > 0 {
            // No await between these: all are written, or none.
            self.count_all_receipts()?;
            self.count_gone("purges", day, count)?;
            self.0.exec(&format!("DELETE FROM receipts WHERE seq IN ({over})"), bounds()?)?;
        }
        Ok(count)
    }

    fn set_restricted(&mut self, subject: &str, now_unix_ms: u64, is_restricted: bool) -> Result<()> {
        if self.is_restricted(subject)? == is_restricted {
            return Ok(());
        }
        // No await between these: all are written, or none.
        self.count_all_receipts()?;
        if is_restricted {
            let row = vec![subject.into(), integer(now_unix_ms)?];
            self.0.exec("INSERT INTO restrictions (subject, since_ms) VALUES (?, ?)", row)?;
        } else {
            self.0.exec("DELETE FROM restrictions WHERE subject = ?", vec![subject.into()])?;
        }
        self.change_counted(subject, is_restricted)
    }

    fn is_restricted(&self, subject: &str) -> Result<bool> {
        let statement = "SELECT COUNT(*) FROM restrictions WHERE subject = ?";
        Ok(self.count(statement, vec![subject.into()])? > 0)
    }

    fn next_due(&self) -> Result<Option<u64>> {
        let first = |column: &str, only: &str| {
            format!(
                "SELECT {column} AS due FROM (SELECT {column} FROM receipts WHERE {only} ORDER BY {column} LIMIT 1)"
            )
        };
        let (expiry, purge) = (first("expires_ms", "expires_ms IS NOT NULL"), first("purge_ms", IS_FREE));
        self.number(&format!("SELECT MIN(due) FROM ({expiry} UNION ALL {purge})"), Vec::new())
    }
}
