//! What stands in the log beside receipts: acts of those who keep the site, and released versions of what visitors are asked with
//! (`release.rs`). Each is committed to as a receipt is, with a salt of
//! its own, so that the log tells nobody who did what, and nobody who keeps the storage can leave one out or alter it unseen.
//! Source: standards.md 5.4 and requirement 91; GDPR Art. 5(2).

use crate::commitment::{Salt, commitment, leaf};
use crate::field::Word;
use crate::ledger::{Capacity, LedgerError, next_place};
use crate::store::Store;
use crate::time::Timestamp;

/// The form and version of an act.
pub const ADMIN_ACT_SCHEMA: &str = "admin-act/1";

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// What somebody who is logged in did.
    Act,
    /// A version of what visitors are asked with.
    Release,
}

impl EntryKind {
    /// As it is stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Act => "act",
            Self::Release => "release",
        }
    }
}

/// One entry, in columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the log, from 0. INTEGER PRIMARY KEY.
    pub place: u64,
    /// What it is. TEXT.
    pub kind: EntryKind,
    /// Server clock, Unix milliseconds. INTEGER.
    pub at_unix_ms: u64,
    /// What it says, in canonical form. TEXT.
    pub json: String,
    /// Its salt. BLOB.
    pub salt: Salt,
    /// Its commitment. BLOB.
    pub commitment: [u8; 32],
}

/// What somebody who is logged in did, in canonical form.
#[must_use]
pub fn admin_act_json(at_unix_ms: u64, who: &Word, what: &str) -> String {
    // serde_json escapes as RFC 8785 3.2.2.2 asks.
    let (at, what) = (Timestamp::from_unix_ms(at_unix_ms), serde_json::Value::from(what));
    format!(r#"{{"at":"{at}","schema":"{ADMIN_ACT_SCHEMA}","what":{what},"who":"{who}"}}"#)
}

/// Appends an entry to the log, and gives its place. A Ledger that takes only withdrawals takes it too: what is done to a
/// full one must be on record.
///
/// # Errors
/// [`LedgerError`] by cause. Except after [`LedgerError::Store`], nothing was written.
pub fn append_entry<S: Store>(
    store: &mut S,
    kind: EntryKind,
    json: String,
    at_unix_ms: u64,
    salt: Salt,
    capacity: Capacity,
) -> Result<u64, LedgerError<S::Error>> {
    let commitment = commitment(&salt, &json);
    let (place, nodes) = next_place(store, &leaf(&commitment), capacity.bytes_max)?;
    let entry = Entry { place, kind, at_unix_ms, json, salt, commitment };
    store.insert_entry(&entry, &nodes).map_err(LedgerError::Store)?;
    Ok(place)
}
