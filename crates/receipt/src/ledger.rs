//! Appending receipts so that each act is recorded once, whatever fails in between. The SQL is the
//! worker's; the order of things and the answers are here.
//!
//! All reads come first, then one atomic write. Nothing here awaits, so in a Durable Object no other
//! request comes between the reads and the write.

use crate::canonical::{CanonicalError, canonical_json};
use crate::commitment::{Salt, commitment, leaf};
use crate::field::{IdempotencyKey, ReceiptId};
use crate::log::{Hash, SIZE_MAX, TreeError, completed, leaf_hash};
use crate::record::{Act, Previous, Receipt, Setting, subject_hex};
use crate::retention::{ExpiryError, expiry_json, expiry_key, purge_unix_ms};
use crate::seal::sha256;
use crate::store::{Ended, ReceiptRow, Store};
use crate::time::Timestamp;
use postern_consent::{CategorySet, Outcome, Subject};

/// How full the storage may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Bytes for everything.
    pub bytes_max: u64,
    /// Of these, bytes only a withdrawal may use: taking back must work where granting no longer does.
    pub bytes_reserved: u64,
}

impl Capacity {
    /// Most one receipt takes with its indexes, bytes: JSON about 1.5 kB at 20 hosts, hashes 128, keys
    /// 104, indexes as much again, its leaf with two nodes 96 on average, rounded up.
    const RECEIPT_BYTES: u64 = 4096;

    const fn bytes_for(self, is_withdrawal: bool) -> u64 {
        if is_withdrawal { self.bytes_max } else { self.bytes_max.saturating_sub(self.bytes_reserved) }
    }
}

/// One act to record.
#[derive(Clone, Debug)]
pub struct Append<'a> {
    /// The site's part.
    pub setting: &'a Setting,
    /// The visitor's part.
    pub act: Act,
    /// Is the question answered by it, or was before?
    pub is_answered: bool,
    /// The act's name.
    pub key: IdempotencyKey,
    /// Hash of what was asked for: the same key with another hash is a conflict.
    pub body_sha256: [u8; 32],
    /// 256 random bits.
    pub salt: Salt,
    /// The day it counts for, days since 1970-01-01.
    pub day: u32,
    /// What is counted of the act beside its receipt; empty for nothing. The caller's own text.
    pub facts: String,
    /// How full the storage may become.
    pub capacity: Capacity,
}

/// A receipt that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The receipt as stored, `seq` included. A repetition gets the first answer: its subject too.
    pub receipt: ReceiptRow,
    /// Its place in the ledger.
    pub seq: u64,
    /// Was it stored before, by the same act?
    pub replayed: bool,
}

/// Why an act is not recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError<E> {
    /// The key names another act. Source: standards.md 5.4 (answer 422).
    #[error("this key was used for another choice; reload the page and choose again")]
    Conflict,
    /// No room left.
    #[error("the ledger holds {bytes_used} bytes of {bytes_max}; free or add storage")]
    Full {
        /// Bytes in use.
        bytes_used: u64,
        /// Bytes this act may fill.
        bytes_max: u64,
    },
    /// The receipt has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// The log cannot take another leaf.
    #[error("the log cannot be continued: node {index} of level {level} is lost")]
    Log {
        /// The level of the node.
        level: u8,
        /// Its place there.
        index: u64,
    },
    /// The log has no more room.
    #[error("the log has {SIZE_MAX} leaves and takes no more")]
    LogFull,
    /// A receipt that the log does not have yet is gone.
    #[error("the receipt at place {0} is missing, and the log does not have it: restore the storage")]
    Gap(u64),
    /// A receipt whose time is over cannot be followed.
    #[error(transparent)]
    Expiry(#[from] ExpiryError),
    /// The storage failed. The act may be stored or not; repeating it with its key is safe.
    #[error("the storage failed; repeat with the same key")]
    Store(E),
}

impl<E> From<TreeError<E>> for LedgerError<E> {
    fn from(error: TreeError<E>) -> Self {
        match error {
            TreeError::Lost(place) => Self::Log { level: place.level, index: place.index },
            TreeError::Range { .. } => Self::LogFull,
            TreeError::Store(error) => Self::Store(error),
        }
    }
}

/// Records an act once.
///
/// # Errors
/// [`LedgerError`] by cause. Except after [`LedgerError::Store`], nothing was written.
pub fn append<S: Store>(store: &mut S, append: &Append<'_>) -> Result<Appended, LedgerError<S::Error>> {
    if let Some(receipt) = store.find_key(&append.key).map_err(LedgerError::Store)? {
        if receipt.body_sha256 != append.body_sha256 {
            return Err(LedgerError::Conflict);
        }
        return Ok(Appended { seq: receipt.seq, receipt, replayed: true });
    }
    let latest = store.find_latest(&subject_hex(append.act.subject)).map_err(LedgerError::Store)?;
    let ended = latest.as_ref().map(|row| ended_by(row, receipt_time(append.act.at_unix_ms)));
    let previous =
        latest.map(|row| Previous { receipt_id: row.receipt_id, granted: row.granted, vendors: row.vendors });
    let receipt = Receipt::write(append.setting, &append.act, previous);
    let json = canonical_json(&receipt)?;
    let grants = !receipt.granted().is_empty() || !receipt.vendors().is_empty();
    let row = ReceiptRow {
        seq: 0,
        receipt_id: receipt.receipt_id().clone(),
        subject: receipt.subject().to_owned(),
        at_unix_ms: append.act.at_unix_ms,
        day: append.day,
        facts: append.facts.clone(),
        offered: receipt.offered(),
        granted: receipt.granted(),
        vendors: receipt.vendors(),
        is_answered: append.is_answered,
        decided_unix_ms: append.act.decided_unix_ms.min(append.act.at_unix_ms),
        outcome: receipt.outcome(),
        expires_unix_ms: grants.then(|| receipt.valid_until().unix_ms()),
        purge_unix_ms: purge_unix_ms(receipt.valid_until(), receipt.keep_months()),
        keep_months: receipt.keep_months(),
        commitment: commitment(&append.salt, &json),
        json,
        salt: append.salt,
        key: append.key.clone(),
        body_sha256: append.body_sha256,
    };
    let row = put(store, row, ended, append.capacity.bytes_for(receipt.is_withdrawal()))?;
    Ok(Appended { seq: row.seq, receipt: row, replayed: false })
}

fn receipt_time(unix_ms: u64) -> Timestamp {
    Timestamp::from_unix_ms(unix_ms)
}

/// A receipt that holds no more from then on is kept for its months from then, if its time was not over before.
fn ended_by(row: &ReceiptRow, at: Timestamp) -> Ended {
    Ended { seq: row.seq, purge_unix_ms: row.purge_unix_ms.min(purge_unix_ms(at, row.keep_months)) }
}

/// Stores a new row in the next place, with its leaf.
fn put<S: Store>(
    store: &mut S,
    row: ReceiptRow,
    ended: Option<Ended>,
    bytes_max: u64,
) -> Result<ReceiptRow, LedgerError<S::Error>> {
    let (index, nodes) = next_place(store, &leaf(&row.commitment), bytes_max)?;
    let row = ReceiptRow { seq: index + 1, ..row };
    store.insert(&row, &nodes, ended).map_err(LedgerError::Store)?;
    Ok(row)
}

/// The place in the log that this leaf would have, with the nodes it completes, if there is room for it.
pub(crate) fn next_place<S: Store>(
    store: &S,
    leaf: &[u8],
    bytes_max: u64,
) -> Result<(u64, Vec<Hash>), LedgerError<S::Error>> {
    let bytes_used = store.bytes_used().map_err(LedgerError::Store)?;
    if bytes_used.saturating_add(Capacity::RECEIPT_BYTES) > bytes_max {
        return Err(LedgerError::Full { bytes_used, bytes_max });
    }
    let index = store.size().map_err(LedgerError::Store)?;
    Ok((index, completed(index, leaf_hash(leaf), store)?))
}

/// What the expiry of one receipt needs that is new.
#[derive(Clone, Copy, Debug)]
pub struct Fresh {
    /// 128 random bits that name the receipt.
    pub receipt_random: [u8; 16],
    /// 256 random bits.
    pub salt: Salt,
}

/// Rows that are looked at in one go, so that no visitor waits for long.
const SWEEP_STEP: u32 = 100;

/// Writes a receipt for each grant whose time is over, and gives how many: at most 100, so the caller comes again. Doing it
/// again is safe: what is written is over no more. Source: standards.md requirement 61 (expiry).
///
/// # Errors
/// [`LedgerError`]; what was written before stays.
pub fn expire<S: Store>(
    store: &mut S,
    now_unix_ms: u64,
    day: u32,
    capacity: Capacity,
    mut fresh: impl FnMut() -> Fresh,
) -> Result<u64, LedgerError<S::Error>> {
    let mut count = 0;
    for expired in store.list_expired(now_unix_ms, SWEEP_STEP).map_err(LedgerError::Store)? {
        let Fresh { receipt_random, salt } = fresh();
        let receipt_id = ReceiptId::from_random(receipt_random);
        let json = expiry_json(&expired, &receipt_id, receipt_time(now_unix_ms))?;
        let key = expiry_key(&expired.receipt_id);
        let ended = Ended { seq: expired.seq, purge_unix_ms: expired.purge_unix_ms };
        let row = ReceiptRow {
            seq: 0,
            receipt_id,
            at_unix_ms: now_unix_ms,
            day,
            facts: String::new(),
            granted: CategorySet::EMPTY,
            vendors: Vec::new(),
            // Who comes again is asked again.
            is_answered: false,
            outcome: Outcome::Expired,
            expires_unix_ms: None,
            commitment: commitment(&salt, &json),
            json,
            salt,
            body_sha256: sha256(key.as_str().as_bytes()),
            key,
            ..expired
        };
        // Taking back works as long as there is any room at all.
        put(store, row, Some(ended), capacity.bytes_for(true))?;
        count += 1;
    }
    Ok(count)
}

/// Deletes receipts whose time to be kept is over, and gives how many: at most 100, so the caller comes again. What holds
/// is never among them, since it is kept beyond the time it holds. Their leaves stay, as with [`erase`].
///
/// # Errors
/// [`LedgerError::Store`]; doing it again is safe.
pub fn purge<S: Store>(store: &mut S, now_unix_ms: u64, day: u32) -> Result<u64, LedgerError<S::Error>> {
    store.purge(now_unix_ms, day, SWEEP_STEP).map_err(LedgerError::Store)
}

/// Does both, [`expire`] first, so that what is deleted has said that it is over. A Ledger that is full takes no receipt
/// of an expiry, but must get rid of what it need not keep: so the one does not wait for the other.
///
/// # Errors
/// The first of both; doing it again is safe.
pub fn sweep<S: Store>(
    store: &mut S,
    now_unix_ms: u64,
    day: u32,
    capacity: Capacity,
    fresh: impl FnMut() -> Fresh,
) -> Result<(), LedgerError<S::Error>> {
    let expired = expire(store, now_unix_ms, day, capacity, fresh);
    let purged = purge(store, now_unix_ms, day);
    expired.and(purged).map(|_| ())
}

/// Restricts a subject: their receipts are kept, also beyond their time, and used for nothing else; their acts leave the
/// figures, and later ones do not enter them. Source: GDPR Art. 18(1)(c), (2); standards.md requirement 74.
///
/// # Errors
/// [`LedgerError::Store`]; doing it again is safe.
pub fn restrict<S: Store>(
    store: &mut S,
    subject: Subject,
    now_unix_ms: u64,
) -> Result<(), LedgerError<S::Error>> {
    store.set_restricted(&subject_hex(subject), now_unix_ms, true).map_err(LedgerError::Store)
}

/// Is the subject restricted?
///
/// # Errors
/// [`LedgerError::Store`].
pub fn is_restricted<S: Store>(store: &S, subject: Subject) -> Result<bool, LedgerError<S::Error>> {
    store.is_restricted(&subject_hex(subject)).map_err(LedgerError::Store)
}

/// Takes a restriction back.
///
/// # Errors
/// [`LedgerError::Store`]; doing it again is safe.
pub fn lift<S: Store>(
    store: &mut S,
    subject: Subject,
    now_unix_ms: u64,
) -> Result<(), LedgerError<S::Error>> {
    store.set_restricted(&subject_hex(subject), now_unix_ms, false).map_err(LedgerError::Store)
}

/// Receipts that are read at once to fill the log.
const FILL_STEP: u32 = 500;

/// Gives the log the leaves of receipts that are older than it, in their order. Nothing to do after the first time; after
/// a failure it goes on where it was.
///
/// # Errors
/// [`LedgerError::Gap`], [`LedgerError::Log`] or [`LedgerError::Store`].
pub fn fill_log<S: Store>(store: &mut S) -> Result<(), LedgerError<S::Error>> {
    loop {
        let size = store.size().map_err(LedgerError::Store)?;
        let rows = store.list_commitments(size, FILL_STEP).map_err(LedgerError::Store)?;
        if rows.is_empty() {
            return Ok(());
        }
        for (index, (seq, commitment)) in (size..).zip(rows) {
            if seq != index + 1 {
                return Err(LedgerError::Gap(index + 1));
            }
            let nodes = completed(index, leaf_hash(&leaf(&commitment)), store)?;
            store.add_leaf(index, &commitment, &nodes).map_err(LedgerError::Store)?;
        }
    }
}

/// Most receipts shown to their subject at once.
const RECEIPTS_MAX: u32 = 200;

/// The subject's receipts, newest first, at most 200.
///
/// # Errors
/// [`LedgerError::Store`].
pub fn receipts_of<S: Store>(store: &S, subject: Subject) -> Result<Vec<ReceiptRow>, LedgerError<S::Error>> {
    store.list_subject(&subject_hex(subject), RECEIPTS_MAX).map_err(LedgerError::Store)
}

/// Erases all receipts of a subject with their salts, and gives how many there were. What is left of them is a count, which
/// names nobody, and commitments that nobody can compute again. Source: GDPR Art. 17; standards.md 5.2.
///
/// # Errors
/// [`LedgerError::Store`]; doing it again is safe.
pub fn erase<S: Store>(store: &mut S, subject: Subject, day: u32) -> Result<u64, LedgerError<S::Error>> {
    store.erase(&subject_hex(subject), day).map_err(LedgerError::Store)
}

/// The outcome a stored word names.
#[must_use]
pub fn outcome_named(name: &str) -> Option<Outcome> {
    Outcome::ALL.into_iter().find(|outcome| outcome.name() == name)
}
