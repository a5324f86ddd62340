//! Where receipts are kept: what a row holds, and what a storage must do. The SQL is the worker's.

use crate::commitment::Salt;
use crate::entry::Entry;
use crate::field::{IdempotencyKey, ReceiptId, Word};
use crate::log::{Hash, LogStore};
use postern_consent::{CategorySet, Outcome};

/// One stored receipt, in columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptRow {
    /// Place in the ledger, from 1: one more than its leaf's place in the log, also where others were erased.
    /// INTEGER PRIMARY KEY.
    pub seq: u64,
    /// The receipt's name. TEXT UNIQUE.
    pub receipt_id: ReceiptId,
    /// 32 lower-case hex digits. TEXT, indexed.
    pub subject: String,
    /// Server clock, Unix milliseconds. INTEGER.
    pub at_unix_ms: u64,
    /// Day of the site's calendar, days since 1970-01-01. INTEGER.
    pub day: u32,
    /// What is counted of the act beside its receipt: coarse, in the words of whoever counts. It leaves with the receipt. TEXT.
    pub facts: String,
    /// What was on offer, bits. INTEGER.
    pub offered: CategorySet,
    /// What is granted, bits. INTEGER.
    pub granted: CategorySet,
    /// The ids of vendors granted by themselves. TEXT, separated by spaces.
    pub vendors: Vec<Word>,
    /// Was the question answered, then or before? INTEGER, 0 or 1.
    pub is_answered: bool,
    /// When what holds now was decided, Unix milliseconds. INTEGER.
    pub decided_unix_ms: u64,
    /// What it amounts to, by [`Outcome::name`]; read back with [`outcome_named`]. TEXT.
    pub outcome: Outcome,
    /// When the time of what it grants is over, Unix milliseconds. `None` where it grants nothing, or a later act took its
    /// place. INTEGER, NULL.
    pub expires_unix_ms: Option<u64>,
    /// When it is deleted, Unix milliseconds; earlier once a later act has ended it. INTEGER.
    pub purge_unix_ms: u64,
    /// For how many months it is kept once it holds no more. INTEGER.
    pub keep_months: u16,
    /// The canonical receipt. TEXT.
    pub json: String,
    /// Its salt. BLOB.
    pub salt: Salt,
    /// Its commitment. BLOB.
    pub commitment: [u8; 32],
    /// The act's name. TEXT UNIQUE.
    pub key: IdempotencyKey,
    /// Hash of the request's body, to tell a repetition from another act. BLOB.
    pub body_sha256: [u8; 32],
}

impl ReceiptRow {
    /// The place of its leaf in the log, from 0.
    #[must_use]
    pub const fn leaf_index(&self) -> u64 {
        self.seq.saturating_sub(1)
    }
}

/// The receipt that a later act of its subject ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its place in the ledger.
    pub seq: u64,
    /// When it is deleted now, Unix milliseconds.
    pub purge_unix_ms: u64,
}

/// Where receipts are kept, and the log of their commitments. Synchronous, single writer.
///
/// An error means "perhaps done, perhaps not": the caller repeats with the same key and learns which.
pub trait Store: LogStore {
    /// The receipt of that act, if it is stored.
    ///
    /// # Errors
    /// The storage's own.
    fn find_key(&self, key: &IdempotencyKey) -> Result<Option<ReceiptRow>, Self::Error>;

    /// The subject's receipt with the highest `seq`.
    ///
    /// # Errors
    /// The storage's own.
    fn find_latest(&self, subject: &str) -> Result<Option<ReceiptRow>, Self::Error>;

    /// The subject's receipts, newest first, at most `limit`.
    ///
    /// # Errors
    /// The storage's own.
    fn list_subject(&self, subject: &str, limit: u32) -> Result<Vec<ReceiptRow>, Self::Error>;

    /// Bytes the storage uses now.
    ///
    /// # Errors
    /// The storage's own.
    fn bytes_used(&self) -> Result<u64, Self::Error>;

    /// Stores the row, **and** its leaf with the nodes it completes, **and** marks the receipt that it ends as one that no longer expires: all or
    /// nothing. In SQLite one `INSERT` does it, by triggers. A receipt without its leaf could never be proven, and a
    /// leaf without its receipt would prove nothing.
    ///
    /// # Errors
    /// The storage's own; a key, receipt id or place that is there already is one.
    fn insert(&mut self, row: &ReceiptRow, nodes: &[Hash], ended: Option<Ended>) -> Result<(), Self::Error>;

    /// Stores an entry **and** its leaf with the nodes it completes: both or neither.
    ///
    /// # Errors
    /// The storage's own; a place that is there already is one.
    fn insert_entry(&mut self, entry: &Entry, nodes: &[Hash]) -> Result<(), Self::Error>;

    /// Stores a leaf alone, for a receipt that is older than the log.
    ///
    /// # Errors
    /// The storage's own; a place that is there already is one.
    fn add_leaf(&mut self, index: u64, commitment: &Hash, nodes: &[Hash]) -> Result<(), Self::Error>;

    /// `seq` and commitment of the receipts behind a `seq`, in order, at most `limit`.
    ///
    /// # Errors
    /// The storage's own.
    fn list_commitments(&self, after: u64, limit: u32) -> Result<Vec<(u64, Hash)>, Self::Error>;

    /// The receipts whose grant is over by then and that nothing has ended, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// The storage's own.
    fn list_expired(&self, now_unix_ms: u64, limit: u32) -> Result<Vec<ReceiptRow>, Self::Error>;

    /// Removes receipts with their salts whose time to be kept is over and whose subject is not restricted, at most
    /// `limit`, **and** adds their number to what was deleted that day: both or neither. Gives the number.
    ///
    /// # Errors
    /// The storage's own.
    fn purge(&mut self, now_unix_ms: u64, day: u32, limit: u32) -> Result<u64, Self::Error>;

    /// Restricts a subject, or lifts that, **and** takes their acts out of what is counted, or adds them again: both or neither.
    /// Nothing happens if it was so before.
    ///
    /// # Errors
    /// The storage's own.
    fn set_restricted(
        &mut self,
        subject: &str,
        now_unix_ms: u64,
        is_restricted: bool,
    ) -> Result<(), Self::Error>;

    /// Is that subject restricted?
    ///
    /// # Errors
    /// The storage's own.
    fn is_restricted(&self, subject: &str) -> Result<bool, Self::Error>;

    /// When the next grant is over or the next receipt is to be deleted, Unix milliseconds.
    ///
    /// # Errors
    /// The storage's own.
    fn next_due(&self) -> Result<Option<u64>, Self::Error>;

    /// Removes all of the subject's receipts with their salts, and that they are restricted, **and** adds their number to what was erased that day: both
    /// or neither. Gives the number.
    ///
    /// # Errors
    /// The storage's own.
    fn erase(&mut self, subject: &str, day: u32) -> Result<u64, Self::Error>;
}
