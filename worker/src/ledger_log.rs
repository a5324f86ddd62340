//! The log of receipts in SQLite: a row for each leaf, with the nodes that it completes, and the last checkpoint.

use crate::ledger_store::{SqlStore, integer};
use postern_receipt::log::{Hash, LogStore, NodePlace, Nodes, Sealed, Tile, TileKind, write_bundle};
use worker::{Error, Result, SqlStorageValue};

impl SqlStore {
    /// The bytes in the first column of each row; rows without any are left out.
    fn blobs(&self, statement: &str, bindings: Vec<SqlStorageValue>) -> Result<Vec<Vec<u8>>> {
        let mut blobs = Vec::new();
        for row in self.0.exec(statement, bindings)?.raw() {
            if let Some(SqlStorageValue::Blob(bytes)) = row?.into_iter().next() {
                blobs.push(bytes);
            }
        }
        Ok(blobs)
    }

    fn hashes(&self, statement: &str, bindings: Vec<SqlStorageValue>) -> Result<Vec<Hash>> {
        // A leaf that completes no node of that level has fewer bytes than asked for.
        Ok(self.blobs(statement, bindings)?.into_iter().map_while(|bytes| bytes.try_into().ok()).collect())
    }

    /// When the first of what no checkpoint holds was recorded, Unix milliseconds; empty if one holds all.
    pub fn unsealed_since(&self) -> Result<String> {
        let size = self.sealed()?.map_or(0, |sealed| sealed.size);
        let statement = "SELECT MIN(at) FROM (\
             SELECT * FROM (SELECT at_unix_ms AS at FROM receipts WHERE seq > ? ORDER BY seq LIMIT 1) \
             UNION ALL SELECT * FROM (SELECT at_ms FROM entries WHERE place >= ? ORDER BY place LIMIT 1))";
        let oldest = self.number(statement, vec![integer(size)?, integer(size)?])?;
        Ok(oldest.map_or(String::new(), |at_ms| at_ms.to_string()))
    }

    /// The first entry that something kept here needs, and no checkpoint is before it: the oldest receipt's, that of the version which
    /// the oldest receipt names, that of the newest version.
    pub fn first_kept(&self) -> Result<u64> {
        let first = self.number(
            "SELECT MIN(place) FROM (SELECT MIN(seq) - 1 AS place FROM receipts UNION ALL \
             SELECT MIN(entries.place) FROM entries JOIN releases ON kind = 'release' AND instr(entries.json, version) \
             WHERE releases.place = (SELECT json_extract(json, '$.release') FROM receipts ORDER BY seq LIMIT 1) UNION ALL \
             SELECT MAX(place) FROM entries WHERE kind = 'release' UNION ALL SELECT size FROM log_sealed)",
            Vec::new(),
        )?;
        Ok(first.unwrap_or(0))
    }

    /// The bytes of one of the log's files, if it is part of what was sealed.
    pub fn log_file(&self, tile: &Tile, size: u64) -> Result<Option<Vec<u8>>> {
        if !tile.is_within(size) {
            return Ok(None);
        }
        let bytes = match tile.kind {
            TileKind::Hashes(_) => tile.read(self).map_err(|error| Error::RustError(error.to_string()))?,
            TileKind::Entries => write_bundle(&self.hashes(
                "SELECT commitment FROM log WHERE place >= ? ORDER BY place LIMIT ?",
                vec![integer(tile.begin())?, integer(tile.width)?],
            )?),
        };
        Ok(Some(bytes))
    }
}

impl Nodes for SqlStore {
    type Error = Error;

    fn node(&self, place: NodePlace) -> Result<Option<Hash>> {
        Ok(self.row(place, 1)?.pop())
    }

    fn row(&self, first: NodePlace, count: u64) -> Result<Vec<Hash>> {
        // A node stands in the row of the leaf that completes it, behind those of the levels below.
        self.hashes(
            "WITH RECURSIVE step (place) AS (SELECT ? UNION ALL SELECT place + ? FROM step LIMIT ?) \
             SELECT substr(nodes, ?, 32) FROM step JOIN log USING (place) ORDER BY place",
            vec![
                integer(first.last_leaf())?,
                integer(1 << first.level)?,
                integer(count)?,
                (i64::from(first.level) * 32 + 1).into(),
            ],
        )
    }
}

impl LogStore for SqlStore {
    fn size(&self) -> Result<u64> {
        // Leaves are never erased and their places leave no gap, so the last place says how many there are.
        match self.0.exec("SELECT MAX(place) + 1 FROM log", None)?.raw().next().transpose()?.as_deref() {
            Some([SqlStorageValue::Integer(size)]) => Ok(u64::try_from(*size).unwrap_or(0)),
            _ => Ok(0),
        }
    }

    fn sealed(&self) -> Result<Option<Sealed>> {
        let bad = || Error::RustError("the last checkpoint is stored in a form that nobody can read".into());
        let Some(row) = self.0.exec("SELECT size, root, note FROM log_sealed", None)?.raw().next() else {
            return Ok(None);
        };
        match <[SqlStorageValue; 3]>::try_from(row?) {
            Ok(
                [SqlStorageValue::Integer(size), SqlStorageValue::Blob(root), SqlStorageValue::String(note)],
            ) => {
                let size = u64::try_from(size).map_err(|_| bad())?;
                Ok(Some(Sealed { size, root: root.try_into().map_err(|_| bad())?, note }))
            }
            _ => Err(bad()),
        }
    }

    fn put_sealed(&mut self, sealed: &Sealed) -> Result<()> {
        let values = vec![integer(sealed.size)?, sealed.root.to_vec().into(), sealed.note.as_str().into()];
        self.0
            .exec(
                "INSERT OR REPLACE INTO log_sealed (only_row, size, root, note) VALUES (1, ?, ?, ?)",
                values,
            )
            .map(|_| ())
    }
}
