//! The log of receipts: a Merkle tree of commitments that anyone can check, and nobody can rewrite unseen.
//!
//! Hashing is RFC 6962's, files are C2SP tlog-tiles', checkpoints are C2SP tlog-checkpoint's signed notes, proofs are
//! C2SP tlog-proof's. A leaf holds a salted commitment and nothing of a visitor.

mod archive;
mod checkpoint;
mod key;
mod note;
mod promise;
mod proof;
mod sealing;
mod tile;
mod tree;
mod verify;
mod witness;

pub use archive::{
    Archive, ArchiveError, ArchivedReceipt, shard_of_line, write_archived, write_archived_entry,
};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use key::LogKey;
pub use note::{NOTE_BYTES_MAX, Note, NoteError, PublicKey, shard_origin, write_note};
pub use promise::{MERGE_SECONDS_MAX, Promise, PromiseError};
pub use proof::{Bundle, BundleError};
pub use sealing::{LogStore, SealError, SealPlan, Sealed, finish_seal, plan_seal, plan_seal_of};
pub use tile::{TILE_WIDTH, Tile, TileKind, read_bundle, read_hashes, tile_root, write_bundle};
pub use tree::{
    Hash, NodePlace, Nodes, ProofError, SIZE_MAX, TreeError, completed, empty_root, leaf_hash, node_hash,
    prove_consistency, prove_inclusion, root, verify_consistency, verify_inclusion,
};
pub use verify::{
    ExportError, ExportedReceipt, LogError, Standing, Verified, VerifiedLog, verify_export, verify_files,
    verify_log,
};
pub use witness::{Cosignature, WitnessAnswer, WitnessKey, add_checkpoint, cosigned_text, read_answer};
