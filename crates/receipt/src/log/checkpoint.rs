//! What a log signs: whose tree it is, how many leaves it has, and its root. Source: C2SP tlog-checkpoint.

use crate::log::note::{Note, NoteError, PublicKey};
use crate::log::tree::Hash;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// The head of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name: the address of its files without the scheme.
    pub origin: String,
    /// Leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// Why a checkpoint is not to be relied on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// It is no note, or nobody we know signed it.
    #[error("the checkpoint: {0}")]
    Note(#[from] NoteError),
    /// The text is not origin, size and root.
    #[error("the checkpoint is not three lines: origin, size, and root in base64")]
    Form,
    /// A log speaks for itself alone.
    #[error("the checkpoint is of the log {found}, and the key is of {expected}")]
    Origin {
        /// What it says.
        found: String,
        /// The key's name.
        expected: String,
    },
}

impl Checkpoint {
    /// Reads the text of a checkpoint. Other lines than the three are refused: no log of ours writes any.
    ///
    /// # Errors
    /// [`CheckpointError::Form`].
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let lines: Vec<&str> = text.split('\n').collect();
        let [origin, size, root, ""] = lines.as_slice() else { return Err(CheckpointError::Form) };
        let root = read_hash(root).ok_or(CheckpointError::Form)?;
        let size = read_number(size).ok_or(CheckpointError::Form)?;
        if origin.is_empty() {
            return Err(CheckpointError::Form);
        }
        Ok(Self { origin: (*origin).to_owned(), size, root })
    }

    /// Reads a signed checkpoint, if one of these keys of that very log signed it.
    ///
    /// # Errors
    /// [`CheckpointError`] by cause.
    pub fn open(note: &str, keys: &[PublicKey]) -> Result<Self, CheckpointError> {
        let note = Note::parse(note)?;
        let (text, signers) = note.verify_any(keys)?;
        let checkpoint = Self::parse(text)?;
        match signers.first() {
            Some(key) if signers.iter().all(|key| key.name() != checkpoint.origin) => {
                Err(CheckpointError::Origin { found: checkpoint.origin, expected: key.name().to_owned() })
            }
            _ => Ok(checkpoint),
        }
    }
}

impl fmt::Display for Checkpoint {
    /// The text to sign.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }
}

/// 32 bytes in base64.
pub(super) fn read_hash(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// Decimal digits without a sign and without zeros in front.
pub(super) fn read_number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}
