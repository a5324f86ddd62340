//! Receipts and counters in SQLite: the tables, and each statement once.

use postern_consent::CategorySet;
use postern_receipt::{
    DayRow, IdempotencyKey, ReceiptId, ReceiptRow, Store, Word, fill_log, log::Hash, outcome_named,
};
use postern_stats::{SEEN_OF_KIND_MAX, SeenBatch};
use serde::Deserialize;
use worker::{Result, SqlStorage, SqlStorageValue};

/// Statements that bring the storage to the next version, in order; never changed, only added to.
const MIGRATIONS: [&str; 5] = ["
CREATE TABLE receipts (
    seq INTEGER PRIMARY KEY,
    receipt_id TEXT NOT NULL UNIQUE,
    subject TEXT NOT NULL,
    at_unix_ms INTEGER NOT NULL,
    day INTEGER NOT NULL,
    offered INTEGER NOT NULL,
    granted INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    json TEXT NOT NULL,
    salt BLOB NOT NULL,
    commitment BLOB NOT NULL,
    key TEXT NOT NULL UNIQUE,
    body_sha256 BLOB NOT NULL
);
CREATE INDEX receipts_of_subject ON receipts (subject, seq);
CREATE TABLE days (
    day INTEGER PRIMARY KEY,
    views INTEGER NOT NULL DEFAULT 0,
    shown INTEGER NOT NULL DEFAULT 0,
    accepted INTEGER NOT NULL DEFAULT 0,
    refused INTEGER NOT NULL DEFAULT 0,
    partial INTEGER NOT NULL DEFAULT 0,
    withdrawn INTEGER NOT NULL DEFAULT 0
);
CREATE TRIGGER receipts_count AFTER INSERT ON receipts BEGIN
    INSERT INTO days (day, accepted, refused, partial, withdrawn)
    VALUES (NEW.day, NEW.outcome = 'accepted', NEW.outcome = 'refused', NEW.outcome = 'partial', NEW.outcome = 'withdrawn')
    ON CONFLICT (day) DO UPDATE SET
        accepted = accepted + excluded.accepted,
        refused = refused + excluded.refused,
        partial = partial + excluded.partial,
        withdrawn = withdrawn + excluded.withdrawn;
END;
", "
CREATE TABLE seen (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    page TEXT NOT NULL,
    count INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
);
CREATE INDEX seen_last ON seen (last_ms);
", "
ALTER TABLE receipts ADD COLUMN vendors TEXT NOT NULL DEFAULT '';
ALTER TABLE receipts ADD COLUMN answered INTEGER NOT NULL DEFAULT 1;
ALTER TABLE receipts ADD COLUMN decided_ms INTEGER NOT NULL DEFAULT 0;
UPDATE receipts SET decided_ms = at_unix_ms;
", "
CREATE TABLE erasures (
    day INTEGER PRIMARY KEY,
    receipts INTEGER NOT NULL
);
", "
CREATE TABLE places (was INTEGER PRIMARY KEY, now INTEGER NOT NULL);
INSERT INTO places (was, now) SELECT seq, ROW_NUMBER() OVER (ORDER BY seq) FROM receipts;
UPDATE receipts SET seq = -seq;
UPDATE receipts SET seq = (SELECT now FROM places WHERE was = -receipts.seq);
DROP TABLE places;
CREATE TABLE log (
    place INTEGER PRIMARY KEY,
    commitment BLOB NOT NULL,
    nodes BLOB NOT NULL
);
CREATE TABLE log_sealed (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    note TEXT NOT NULL
);
CREATE VIEW acts AS SELECT receipts.*, log.nodes FROM receipts JOIN log ON log.place = receipts.seq - 1;
CREATE TRIGGER acts_append INSTEAD OF INSERT ON acts BEGIN
    INSERT INTO log (place, commitment, nodes) VALUES (NEW.seq - 1, NEW.commitment, NEW.nodes);
    INSERT INTO receipts (
        seq, receipt_id, subject, at_unix_ms, day, offered, granted, vendors, answered, decided_ms, outcome, json, salt, commitment, key, body_sha256
    ) VALUES (
        NEW.seq, NEW.receipt_id, NEW.subject, NEW.at_unix_ms, NEW.day, NEW.offered, NEW.granted, NEW.vendors, NEW.answered, NEW.decided_ms, NEW.outcome, NEW.json, NEW.salt, NEW.commitment, NEW.key, NEW.body_sha256
    );
END;
"];

/// Brings the storage to the newest version.
pub fn migrate(sql: &SqlStorage) -> Result<()> {
    #[derive(Deserialize)]
    struct Version {
        version: usize,
    }
    sql.exec("CREATE TABLE IF NOT EXISTS meta (version INTEGER NOT NULL)", None)?;
    let rows: Vec<Version> = sql.exec("SELECT version FROM meta", None)?.to_array()?;
    let version = rows.first().map_or(0, |row| row.version);
    for (index, statements) in MIGRATIONS.iter().enumerate().skip(version) {
        sql.exec(statements, None)?;
        sql.exec("DELETE FROM meta", None)?;
        sql.exec("INSERT INTO meta (version) VALUES (?)", vec![(index as i64 + 1).into()])?;
    }
    // Receipts from before there was a log get their leaves; one statement finds that there are none.
    fill_log(&mut SqlStore(sql.clone())).map_err(|error| worker::Error::RustError(error.to_string()))
}

/// The object's storage.
pub struct SqlStore(pub SqlStorage);

const COLUMNS: &str = "seq, receipt_id, subject, at_unix_ms, day, offered, granted, vendors, answered, decided_ms, outcome, json, salt, commitment, key, body_sha256";

impl SqlStore {
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
        #[derive(Deserialize)]
        struct Row {
            kind: String,
            name: String,
            page: String,
            count: u64,
            first_ms: u64,
            last_ms: u64,
        }
        let cursor = self.0.exec(
            &format!(
                "SELECT kind, name, page, count, first_ms, last_ms FROM ({SEEN_NUMBERED}) WHERE number <= ?"
            ),
            vec![(SEEN_OF_KIND_MAX as i64).into()],
        )?;
        let rows: Vec<Row> = cursor.to_array()?;
        let line = |row: &Row| {
            format!(
                "{}\t{}\t{}\t{}\t{}\t{}\n",
                row.kind, row.name, row.page, row.count, row.first_ms, row.last_ms
            )
        };
        Ok(rows.iter().map(line).collect())
    }
}

pub fn integer(number: u64) -> Result<SqlStorageValue> {
    let number = i64::try_from(number).map_err(|error| worker::Error::RustError(error.to_string()))?;
    SqlStorageValue::try_from_i64(number)
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
        json: whole("json")?.text(),
        salt: whole("salt")?.hash().ok_or_else(|| bad("salt"))?,
        commitment: whole("commitment")?.hash().ok_or_else(|| bad("commitment"))?,
        key: IdempotencyKey::parse(&whole("key")?.text()).map_err(|_| bad("key"))?,
        body_sha256: whole("body_sha256")?.hash().ok_or_else(|| bad("body_sha256"))?,
    })
}

enum Value {
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

    fn insert(&mut self, row: &ReceiptRow, nodes: &[Hash]) -> Result<()> {
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
            row.json.as_str().into(),
            row.salt.to_vec().into(),
            row.commitment.to_vec().into(),
            row.key.as_str().into(),
            row.body_sha256.to_vec().into(),
            nodes.concat().into(),
        ];
        // One statement for receipt, leaf and count: the triggers of `acts` and `receipts` are part of it.
        let statement =
            format!("INSERT INTO acts ({COLUMNS}, nodes) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
        self.0.exec(&statement, values).map(|_| ())
    }

    fn add_leaf(&mut self, index: u64, commitment: &Hash, nodes: &[Hash]) -> Result<()> {
        let values = vec![integer(index)?, commitment.to_vec().into(), nodes.concat().into()];
        self.0.exec("INSERT INTO log (place, commitment, nodes) VALUES (?, ?, ?)", values).map(|_| ())
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
        #[derive(Deserialize)]
        struct Found {
            count: u64,
        }
        let of_subject = || vec![subject.into()];
        let found: Found =
            self.0.exec("SELECT COUNT(*) AS count FROM receipts WHERE subject = ?", of_subject())?.one()?;
        if found.count > 0 {
            let statement = "INSERT INTO erasures (day, receipts) VALUES (?, ?) \
                             ON CONFLICT (day) DO UPDATE SET receipts = receipts + excluded.receipts";
            // No await between these: both are written, or neither.
            self.0.exec(statement, vec![i64::from(day).into(), integer(found.count)?])?;
            self.0.exec("DELETE FROM receipts WHERE subject = ?", of_subject())?;
        }
        Ok(found.count)
    }

    fn add_views(&mut self, day: u32, views: u64, shown: u64) -> Result<()> {
        let statement = "INSERT INTO days (day, views, shown) VALUES (?, ?, ?) \
                         ON CONFLICT (day) DO UPDATE SET views = views + excluded.views, shown = shown + excluded.shown";
        self.0.exec(statement, vec![i64::from(day).into(), integer(views)?, integer(shown)?]).map(|_| ())
    }

    fn list_days(&self, from: u32, to: u32) -> Result<Vec<DayRow>> {
        #[derive(Deserialize)]
        struct Row {
            day: u32,
            views: u64,
            shown: u64,
            accepted: u64,
            refused: u64,
            partial: u64,
            withdrawn: u64,
        }
        let cursor = self.0.exec(
            "SELECT day, views, shown, accepted, refused, partial, withdrawn FROM days WHERE day BETWEEN ? AND ? ORDER BY day",
            vec![i64::from(from).into(), i64::from(to).into()],
        )?;
        let rows: Vec<Row> = cursor.to_array()?;
        Ok(rows
            .into_iter()
            .map(|row| DayRow {
                day: row.day,
                views: row.views,
                shown: row.shown,
                accepted: row.accepted,
                refused: row.refused,
                partial: row.partial,
                withdrawn: row.withdrawn,
            })
            .collect())
    }
}
