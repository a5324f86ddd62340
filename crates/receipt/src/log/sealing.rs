//! Sealing the log: planned and stored here, signed in between by whoever has the key.
//!
//! A log that ever signs a tree which does not begin with the one it signed before has lied to somebody. So the last
//! checkpoint is kept, and before another is signed the tree is shown to begin with it. Source: C2SP tlog-checkpoint
//! ("MUST NOT sign inconsistent checkpoints").

use crate::log::checkpoint::Checkpoint;
use crate::log::tree::{
    Hash, Nodes, ProofError, SIZE_MAX, TreeError, prove_consistency, root, verify_consistency,
};

/// The last checkpoint that was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Its leaves.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// The signed note.
    pub note: String,
}

/// A log's storage. Synchronous, single writer.
pub trait LogStore: Nodes {
    /// Leaves in the tree: the place of the next.
    ///
    /// # Errors
    /// The storage's own.
    fn size(&self) -> Result<u64, Self::Error>;

    /// The last checkpoint that was signed.
    ///
    /// # Errors
    /// The storage's own.
    fn sealed(&self) -> Result<Option<Sealed>, Self::Error>;

    /// Puts a checkpoint in place of the last.
    ///
    /// # Errors
    /// The storage's own.
    fn put_sealed(&mut self, sealed: &Sealed) -> Result<(), Self::Error>;
}

/// Why nothing is signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError<E> {
    /// There are fewer leaves than were signed before.
    #[error(
        "the log has {size} leaves and has signed {sealed}: some are lost, and nothing is signed until they are back"
    )]
    Shrunk {
        /// Leaves now.
        size: u64,
        /// Leaves signed.
        sealed: u64,
    },
    /// The leaves signed before are not what they were.
    #[error(
        "the first {0} leaves are not those that were signed: the storage was altered, and nothing is signed"
    )]
    Rewritten(u64),
    /// Another checkpoint was signed meanwhile.
    #[error("another checkpoint was signed meanwhile; seal again")]
    Overtaken,
    /// The tree cannot be read.
    #[error(transparent)]
    Tree(#[from] TreeError<E>),
    /// The storage failed.
    #[error("the storage of the log failed")]
    Store(E),
}

/// What is to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealPlan {
    /// The tree as it is now.
    pub checkpoint: Checkpoint,
    /// Leaves of the checkpoint before; 0 if there is none.
    pub before: u64,
}

/// The checkpoint to sign now, if there is anything new: a tree of one leaf or more that begins with what was signed.
///
/// # Errors
/// [`SealError`] by cause. Then nothing may be signed.
pub fn plan_seal<S: LogStore>(store: &S, origin: &str) -> Result<Option<SealPlan>, SealError<S::Error>> {
    plan_seal_of(store, origin, SIZE_MAX)
}

/// The same, of so many new leaves at most: where each seal has work for every file it fills, a log that has long not been
/// sealed is sealed in steps.
///
/// # Errors
/// As [`plan_seal`].
pub fn plan_seal_of<S: LogStore>(
    store: &S,
    origin: &str,
    leaves_max: u64,
) -> Result<Option<SealPlan>, SealError<S::Error>> {
    let size = store.size().map_err(SealError::Store)?;
    let sealed = store.sealed().map_err(SealError::Store)?;
    let before = sealed.as_ref().map_or(0, |sealed| sealed.size);
    let size = size.min(before.saturating_add(leaves_max));
    if size < before {
        return Err(SealError::Shrunk { size, sealed: before });
    }
    if size == before {
        return Ok(None);
    }
    let new_root = root(size, store)?;
    if let Some(sealed) = sealed {
        let proof = prove_consistency(sealed.size, size, store)?;
        match verify_consistency((sealed.size, &sealed.root), (size, &new_root), &proof) {
            Ok(()) => {}
            Err(
                ProofError::Length(_) | ProofError::Range { .. } | ProofError::Root | ProofError::OldRoot,
            ) => {
                return Err(SealError::Rewritten(sealed.size));
            }
        }
    }
    Ok(Some(SealPlan { checkpoint: Checkpoint { origin: origin.to_owned(), size, root: new_root }, before }))
}

/// Keeps the signed checkpoint, unless another came before it. Only what is kept may be shown to anybody.
///
/// # Errors
/// [`SealError::Overtaken`] or [`SealError::Store`].
pub fn finish_seal<S: LogStore>(
    store: &mut S,
    plan: &SealPlan,
    note: String,
) -> Result<Sealed, SealError<S::Error>> {
    let before = store.sealed().map_err(SealError::Store)?.map_or(0, |sealed| sealed.size);
    if before != plan.before {
        return Err(SealError::Overtaken);
    }
    let sealed = Sealed { size: plan.checkpoint.size, root: plan.checkpoint.root, note };
    store.put_sealed(&sealed).map_err(SealError::Store)?;
    Ok(sealed)
}
