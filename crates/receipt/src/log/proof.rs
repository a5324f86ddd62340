//! A proof that one takes along: place, siblings and checkpoint in one text. Source: C2SP tlog-proof.

use crate::log::checkpoint::{Checkpoint, CheckpointError, read_hash, read_number};
use crate::log::note::PublicKey;
use crate::log::tree::{Hash, ProofError, verify_inclusion};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

const HEAD: &str = "c2sp.org/tlog-proof@v1";

/// Most siblings a proof can have: one for each level of a tree of 2^64 leaves.
const SIBLINGS_MAX: usize = 64;

/// Why a bundle proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Not a bundle.
    #[error(
        "not a proof: it begins with {HEAD}, then index, hashes in base64, an empty line and the checkpoint"
    )]
    Form,
    /// The checkpoint is not to be relied on.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The siblings lead elsewhere.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

/// That a leaf is in a signed tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The leaf's place, from 0.
    pub index: u64,
    /// Siblings from the leaf up.
    pub siblings: Vec<Hash>,
    /// The signed checkpoint, as the log published it.
    pub checkpoint: String,
}

impl Bundle {
    /// Reads a bundle. Its `extra` line, which nobody signs, is not kept.
    ///
    /// # Errors
    /// [`BundleError::Form`].
    pub fn parse(text: &str) -> Result<Self, BundleError> {
        let (head, checkpoint) = text.split_once("\n\n").ok_or(BundleError::Form)?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEAD) {
            return Err(BundleError::Form);
        }
        if let Some(extra) = lines.peek().and_then(|line| line.strip_prefix("extra ")) {
            STANDARD.decode(extra).map_err(|_| BundleError::Form)?;
            lines.next();
        }
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(read_number);
        let siblings: Option<Vec<Hash>> = lines.take(SIBLINGS_MAX + 1).map(read_hash).collect();
        match (index, siblings) {
            (Some(index), Some(siblings)) if siblings.len() <= SIBLINGS_MAX => {
                Ok(Self { index, siblings, checkpoint: checkpoint.to_owned() })
            }
            _ => Err(BundleError::Form),
        }
    }

    /// The checkpoint, if it is signed with one of the keys and the leaf is in its tree.
    ///
    /// # Errors
    /// [`BundleError`] by cause.
    pub fn verify(&self, leaf: &Hash, keys: &[PublicKey]) -> Result<Checkpoint, BundleError> {
        let checkpoint = Checkpoint::open(&self.checkpoint, keys)?;
        verify_inclusion(self.index, checkpoint.size, leaf, &self.siblings, &checkpoint.root)?;
        Ok(checkpoint)
    }
}

impl fmt::Display for Bundle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{HEAD}\nindex {}\n", self.index)?;
        for sibling in &self.siblings {
            writeln!(out, "{}", STANDARD.encode(sibling))?;
        }
        write!(out, "\n{}", self.checkpoint)
    }
}
