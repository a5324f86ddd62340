//! The Ledger's tables in SQLite, version by version, and how a stored one is brought to the newest.

use crate::ledger_store::SqlStore;
use postern_receipt::fill_log;
use serde::Deserialize;
use worker::{Result, SqlStorage};

/// Statements that bring the storage to the next version, in order; never changed, only added to.
const MIGRATIONS: [&str; 13] = ["
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
", "
ALTER TABLE receipts ADD COLUMN expires_ms INTEGER;
ALTER TABLE receipts ADD COLUMN purge_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE receipts ADD COLUMN keep_months INTEGER NOT NULL DEFAULT 12;
UPDATE receipts SET
    expires_ms = CASE WHEN (granted <> 0 OR vendors <> '') AND NOT EXISTS (
        SELECT 1 FROM receipts AS later WHERE later.subject = receipts.subject AND later.seq > receipts.seq
    ) THEN unixepoch(json_extract(json, '$.valid_until')) * 1000 END,
    purge_ms = COALESCE(unixepoch(MIN(
        COALESCE(json_extract(json, '$.valid_until'), '9999-12-31T23:59:59Z'),
        COALESCE((
            SELECT strftime('%Y-%m-%dT%H:%M:%SZ', later.at_unix_ms / 1000, 'unixepoch') FROM receipts AS later
            WHERE later.subject = receipts.subject AND later.seq > receipts.seq ORDER BY later.seq LIMIT 1
        ), '9999-12-31T23:59:59Z')
    ), '+12 months') * 1000, 253402300799000);
CREATE INDEX receipts_expire ON receipts (expires_ms) WHERE expires_ms IS NOT NULL;
CREATE INDEX receipts_purge ON receipts (purge_ms);
CREATE TABLE restrictions (
    subject TEXT PRIMARY KEY,
    since_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE purges (
    day INTEGER PRIMARY KEY,
    receipts INTEGER NOT NULL
);
DROP TRIGGER receipts_count;
CREATE TRIGGER receipts_count AFTER INSERT ON receipts
WHEN NOT EXISTS (SELECT 1 FROM restrictions WHERE subject = NEW.subject) BEGIN
    INSERT INTO days (day, accepted, refused, partial, withdrawn)
    VALUES (NEW.day, NEW.outcome = 'accepted', NEW.outcome = 'refused', NEW.outcome = 'partial', NEW.outcome = 'withdrawn')
    ON CONFLICT (day) DO UPDATE SET
        accepted = accepted + excluded.accepted,
        refused = refused + excluded.refused,
        partial = partial + excluded.partial,
        withdrawn = withdrawn + excluded.withdrawn;
END;
DROP TRIGGER acts_append;
DROP VIEW acts;
CREATE VIEW acts AS SELECT receipts.*, log.nodes, NULL AS ended_seq, NULL AS ended_purge_ms
    FROM receipts JOIN log ON log.place = receipts.seq - 1;
CREATE TRIGGER acts_append INSTEAD OF INSERT ON acts BEGIN
    INSERT INTO log (place, commitment, nodes) VALUES (NEW.seq - 1, NEW.commitment, NEW.nodes);
    INSERT INTO receipts (
        seq, receipt_id, subject, at_unix_ms, day, offered, granted, vendors, answered, decided_ms, outcome, expires_ms, purge_ms, keep_months, json, salt, commitment, key, body_sha256
    ) VALUES (
        NEW.seq, NEW.receipt_id, NEW.subject, NEW.at_unix_ms, NEW.day, NEW.offered, NEW.granted, NEW.vendors, NEW.answered, NEW.decided_ms, NEW.outcome, NEW.expires_ms, NEW.purge_ms, NEW.keep_months, NEW.json, NEW.salt, NEW.commitment, NEW.key, NEW.body_sha256
    );
    UPDATE receipts SET expires_ms = NULL, purge_ms = NEW.ended_purge_ms WHERE seq = NEW.ended_seq;
END;
", "
CREATE TABLE requests (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    reference TEXT NOT NULL,
    received_ms INTEGER NOT NULL,
    extended_ms INTEGER,
    extended_by TEXT,
    answered_ms INTEGER,
    answered_by TEXT
);
CREATE TABLE admin_acts (
    number INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL
);
", "
CREATE TABLE entries (
    place INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    json TEXT NOT NULL,
    salt BLOB NOT NULL,
    commitment BLOB NOT NULL
);
CREATE INDEX entries_of_kind ON entries (kind, place);
CREATE TABLE releases (
    version TEXT PRIMARY KEY,
    place INTEGER NOT NULL,
    parts TEXT NOT NULL,
    asked TEXT NOT NULL,
    source TEXT NOT NULL
) WITHOUT ROWID;
", "
CREATE TABLE shard (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    number INTEGER NOT NULL,
    shards INTEGER NOT NULL
);
", "
CREATE TABLE witnesses (
    name TEXT PRIMARY KEY,
    size INTEGER NOT NULL
) WITHOUT ROWID;
", "
CREATE TABLE cells (
    day INTEGER NOT NULL,
    dimension TEXT NOT NULL,
    value TEXT NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (day, dimension, value)
) WITHOUT ROWID;
CREATE TABLE counted (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    seq INTEGER NOT NULL,
    revision INTEGER NOT NULL
);
CREATE TABLE revisions (
    day INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL
);
CREATE INDEX revisions_last ON revisions (revision);
CREATE TABLE batches (
    name TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX batches_at ON batches (at_ms);
INSERT INTO cells (day, dimension, value, counts)
    SELECT day, 'all', '', '0:' || views || ' 2:' || shown || ' 6:' || accepted || ' 7:' || refused || ' 8:' || partial || ' 9:' || withdrawn
    FROM days WHERE views + shown + accepted + refused + partial + withdrawn > 0;
INSERT INTO counted (only_row, seq, revision) VALUES (1, (SELECT COALESCE(MAX(seq), 0) FROM receipts), (SELECT COUNT(*) FROM days));
INSERT INTO revisions (day, revision) SELECT day, ROW_NUMBER() OVER (ORDER BY day) FROM days;
DROP TRIGGER receipts_count;
DROP TABLE days;
ALTER TABLE receipts ADD COLUMN facts TEXT NOT NULL DEFAULT '';
DROP TRIGGER acts_append;
DROP VIEW acts;
CREATE VIEW acts AS SELECT receipts.*, log.nodes, NULL AS ended_seq, NULL AS ended_purge_ms
    FROM receipts JOIN log ON log.place = receipts.seq - 1;
CREATE TRIGGER acts_append INSTEAD OF INSERT ON acts BEGIN
    INSERT INTO log (place, commitment, nodes) VALUES (NEW.seq - 1, NEW.commitment, NEW.nodes);
    INSERT INTO receipts (
        seq, receipt_id, subject, at_unix_ms, day, offered, granted, vendors, answered, decided_ms, outcome, expires_ms, purge_ms, keep_months, json, salt, commitment, key, body_sha256, facts
    ) VALUES (
        NEW.seq, NEW.receipt_id, NEW.subject, NEW.at_unix_ms, NEW.day, NEW.offered, NEW.granted, NEW.vendors, NEW.answered, NEW.decided_ms, NEW.outcome, NEW.expires_ms, NEW.purge_ms, NEW.keep_months, NEW.json, NEW.salt, NEW.commitment, NEW.key, NEW.body_sha256, NEW.facts
    );
    UPDATE receipts SET expires_ms = NULL, purge_ms = NEW.ended_purge_ms WHERE seq = NEW.ended_seq;
END;
", "
ALTER TABLE shard ADD COLUMN site TEXT NOT NULL DEFAULT '';
", "
DELETE FROM seen;
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
