//! All receipts of a site in one file: a line of JSON for each, those of one log in the order of their places, as an auditor takes them along
//! and checks them against the log. Places without a line are receipts that were erased or are kept back, or are no receipts:
//! the log says how many there are, and never whose. Acts of those who keep the site are taken along in a file of their own.

use crate::canonical::canonical_json;
use crate::commitment::{commitment, leaf};
use crate::entry::{ADMIN_ACT_SCHEMA, Entry};
use crate::field::Sha256Hex;
use crate::log::tree::{Hash, leaf_hash};
use crate::log::verify::VerifiedLog;
use crate::release::RELEASE_SCHEMA;
use postern_consent::Shard;
use serde::Deserialize;
use serde_json::Value;

/// One line: `{"leaf_index":0,"commitment":"…","salt":"…","receipt":{…}}`, the receipt in its canonical form; in front of it
/// `"shard":1,` where it is in the log of another shard than the first.
#[must_use]
pub fn write_archived(shard: Shard, index: u64, json: &str, salt: &Hash, commitment: &Hash) -> String {
    write_line("receipt", shard, index, json, salt, commitment)
}

/// The same for what is no receipt: `{"leaf_index":0,"commitment":"…","salt":"…","entry":{…}}`.
#[must_use]
pub fn write_archived_entry(shard: Shard, entry: &Entry) -> String {
    write_line("entry", shard, entry.place, &entry.json, &entry.salt, &entry.commitment)
}

/// Whose log a line is of, as it says itself at its beginning; [`Archive::add`] finds any other spelling.
#[must_use]
pub fn shard_of_line(line: &str) -> Shard {
    let number = line.strip_prefix("{\"shard\":").and_then(|rest| rest.split(',').next());
    number.and_then(|number| number.parse().ok()).map_or(Shard::FIRST, Shard)
}

fn write_line(name: &str, shard: Shard, index: u64, json: &str, salt: &Hash, commitment: &Hash) -> String {
    let (commitment, salt) = (hex(commitment), hex(salt));
    let shard = match shard {
        Shard::FIRST => String::new(),
        Shard(number) => format!("\"shard\":{number},"),
    };
    format!(
        "{{{shard}\"leaf_index\":{index},\"commitment\":\"{commitment}\",\"salt\":\"{salt}\",\"{name}\":{json}}}\n"
    )
}

fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A line as it is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArchivedReceipt {
    /// Which shard's log it is in; nothing for the first.
    #[serde(default)]
    pub shard: u8,
    /// Its place in the log, from 0.
    pub leaf_index: u64,
    /// 64 hex digits.
    pub commitment: String,
    /// 64 hex digits.
    pub salt: String,
    /// The receipt, or the entry that is none.
    #[serde(alias = "entry")]
    pub receipt: Value,
}

/// Why a line proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// Not a line of such a file.
    #[error("not a line of an export: {0}")]
    Form(String),
    /// It says what such a line says, in another spelling.
    #[error("the line is not spelled as an export is: a byte of it was altered, or a program wrote it anew")]
    Spelling,
    /// Receipt and salt give another commitment.
    #[error("receipt and salt do not give this commitment: one of the three was altered")]
    Commitment,
    /// The log has another entry there.
    #[error("the log has another entry at place {0}: this receipt is not the one that was recorded there")]
    Entry(u64),
    /// The log shows no entry there any more.
    #[error("the log shows entry {0} no more, so the line cannot be compared with it")]
    Pruned(u64),
    /// Lines come in the order of their places, each once.
    #[error(
        "place {found} comes behind place {before}: lines are missing their order, or one is there twice"
    )]
    Order {
        /// The place of this line.
        found: u64,
        /// That of the line before.
        before: u64,
    },
}

/// What the lines of one log prove.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Archive {
    /// Whose log it is.
    pub shard: Shard,
    /// Receipts that are in the log as they are here.
    pub proven: u64,
    /// Receipts that came after the checkpoint: unaltered as far as they say themselves, and not proven.
    pub newer: u64,
    last: Option<u64>,
}

impl Archive {
    /// Nothing yet, of that shard's log.
    #[must_use]
    pub const fn of(shard: Shard) -> Self {
        Self { shard, proven: 0, newer: 0, last: None }
    }

    /// Checks the next line, without its newline.
    ///
    /// # Errors
    /// [`ArchiveError`] by cause.
    pub fn add(&mut self, line: &str, log: &VerifiedLog) -> Result<(), ArchiveError> {
        let read: ArchivedReceipt =
            serde_json::from_str(line).map_err(|error| ArchiveError::Form(error.to_string()))?;
        let hash = |hex: &str| Sha256Hex::parse(hex).map(|hash| hash.0).map_err(|_| ArchiveError::Spelling);
        let (salt, said) = (hash(&read.salt)?, hash(&read.commitment)?);
        let json = canonical_json(&read.receipt).map_err(|_| ArchiveError::Spelling)?;
        if commitment(&salt, &json) != said {
            return Err(ArchiveError::Commitment);
        }
        let index = read.leaf_index;
        // Also what says the same in other bytes was altered by somebody.
        let schema = read.receipt.get("schema").and_then(Value::as_str);
        let is_receipt = !schema.is_some_and(|schema| [ADMIN_ACT_SCHEMA, RELEASE_SCHEMA].contains(&schema));
        let name = if is_receipt { "receipt" } else { "entry" };
        let shard = Shard(read.shard);
        if shard != self.shard || write_line(name, shard, index, &json, &salt, &said).trim_end() != line {
            return Err(ArchiveError::Spelling);
        }
        if let Some(before) = self.last.filter(|before| index <= *before) {
            return Err(ArchiveError::Order { found: index, before });
        }
        self.last = Some(index);
        match log.leaf(index) {
            Some(entry) if entry == leaf_hash(&leaf(&said)) => self.proven += 1,
            Some(_) => return Err(ArchiveError::Entry(index)),
            None if index < log.checkpoint.size => return Err(ArchiveError::Pruned(index)),
            None => self.newer += 1,
        }
        Ok(())
    }

    /// Places of the log that no line is of.
    #[must_use]
    pub const fn missing(&self, log: &VerifiedLog) -> u64 {
        log.checkpoint.size.saturating_sub(self.proven)
    }
}
