//! What a visitor gets the moment a receipt is recorded, before any checkpoint holds it: the log's signed word that one
//! will. Nothing in it is of the visitor: the commitment is salted.

use crate::log::checkpoint::{read_hash, read_number};
use crate::log::note::{Note, NoteError, PublicKey};
use crate::log::tree::Hash;
use crate::time::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// Keeps a promise apart from a checkpoint, whose second line is a number: no signature is good for both.
const HEAD: &str = "consent-promise/v1";

/// Within how many seconds a receipt is in a signed checkpoint. Sealing comes every few minutes; the rest is for a
/// machine that fails and comes back. Source: standards.md 5.2 (at most 5 minutes between seals).
pub const MERGE_SECONDS_MAX: u64 = 3600;

/// The log's word on one receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The log's name.
    pub origin: String,
    /// The receipt's commitment.
    pub commitment: Hash,
    /// Its place in the log, from 0.
    pub index: u64,
    /// When it was recorded, Unix seconds.
    pub at_unix_seconds: u64,
    /// Until when a signed checkpoint holds it, Unix seconds.
    pub by_unix_seconds: u64,
}

/// Why a promise is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PromiseError {
    /// It is no note, or nobody we know signed it.
    #[error("the promise: {0}")]
    Note(#[from] NoteError),
    /// Not the six lines.
    #[error("the promise is not six lines: {HEAD}, origin, commitment, place, and two times")]
    Form,
    /// It was given by another log.
    #[error("the promise is of the log {0}, and no key of that log was given")]
    Origin(String),
}

impl Promise {
    /// What a log promises on a receipt recorded then.
    #[must_use]
    pub fn new(origin: &str, commitment: Hash, index: u64, at_unix_ms: u64) -> Self {
        let at_unix_seconds = Timestamp::from_unix_ms(at_unix_ms).unix_seconds();
        Self {
            origin: origin.to_owned(),
            commitment,
            index,
            at_unix_seconds,
            by_unix_seconds: at_unix_seconds + MERGE_SECONDS_MAX,
        }
    }

    /// Reads a signed promise, if one of these keys of that very log signed it.
    ///
    /// # Errors
    /// [`PromiseError`] by cause.
    pub fn open(note: &str, keys: &[PublicKey]) -> Result<Self, PromiseError> {
        let note = Note::parse(note)?;
        let (text, signers) = note.verify_any(keys)?;
        let promise = Self::parse(text).ok_or(PromiseError::Form)?;
        if signers.iter().any(|key| key.name() == promise.origin) {
            Ok(promise)
        } else {
            Err(PromiseError::Origin(promise.origin))
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.split('\n').collect();
        let [HEAD, origin, commitment, index, at, by, ""] = lines.as_slice() else { return None };
        Some(Self {
            origin: (*origin).to_owned(),
            commitment: read_hash(commitment)?,
            index: read_number(index)?,
            at_unix_seconds: read_number(at)?,
            by_unix_seconds: read_number(by)?,
        })
    }
}

impl fmt::Display for Promise {
    /// The text to sign.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let commitment = STANDARD.encode(self.commitment);
        let Self { origin, index, at_unix_seconds, by_unix_seconds, .. } = self;
        write!(out, "{HEAD}\n{origin}\n{commitment}\n{index}\n{at_unix_seconds}\n{by_unix_seconds}\n")
    }
}
