//! Checking a log without asking who keeps it: a visitor's exported receipts, and a log's files.

use crate::canonical::canonical_json;
use crate::commitment::{commitment, leaf};
use crate::field::Sha256Hex;
use crate::log::checkpoint::{Checkpoint, CheckpointError};
use crate::log::note::PublicKey;
use crate::log::promise::{Promise, PromiseError};
use crate::log::proof::{Bundle, BundleError};
use crate::log::tile::{TILE_WIDTH, Tile, TileKind, read_bundle, read_hashes, tile_root};
use crate::log::tree::{Hash, NodePlace, Nodes, TreeError, leaf_hash, node_hash, root};
use crate::time::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;

/// The file `receipts.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Export {
    receipts: Vec<ExportedReceipt>,
}

/// One receipt as its holder takes it along.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportedReceipt {
    /// The receipt.
    pub receipt: Value,
    /// 64 hex digits.
    pub salt: String,
    /// 64 hex digits.
    pub commitment: String,
    /// Its place in the log, from 0.
    pub leaf_index: u64,
    /// The bundle, once a checkpoint holds it.
    #[serde(default)]
    pub proof: Option<String>,
    /// The log's word before that.
    #[serde(default)]
    pub promise: Option<String>,
    /// What is counted of the act beside the receipt. Nothing vouches for it.
    #[serde(default)]
    pub counted: Option<String>,
}

/// What vouches for a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is in the tree of this signed checkpoint.
    Sealed(Checkpoint),
    /// The log has signed that it will be, by then.
    Promised(Timestamp),
}

/// A receipt that is what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Its name.
    pub receipt_id: String,
    /// Its place in the log.
    pub leaf_index: u64,
    /// What vouches for it.
    pub standing: Standing,
}

impl fmt::Display for Verified {
    /// What is proven of it, as a sentence without its stop.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { receipt_id, leaf_index, standing } = self;
        match standing {
            Standing::Sealed(Checkpoint { origin, size, .. }) => write!(
                out,
                "receipt {receipt_id}: proven: entry {leaf_index} of the {size} in the log {origin}"
            ),
            Standing::Promised(by) => write!(
                out,
                "receipt {receipt_id}: unaltered, and promised a place in the log by {by}: export again to have the proof"
            ),
        }
    }
}

/// Why an exported receipt is not proven.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// Not the file.
    #[error("not an export of receipts: {0}")]
    Form(String),
    /// The salt or commitment is not 64 lower-case hex digits.
    #[error("the {0} is not 64 lower-case hex digits")]
    Hex(&'static str),
    /// The receipt has no name, or no canonical form.
    #[error("the receipt has no receipt_id, or cannot be written as RFC 8785 asks")]
    Receipt,
    /// Receipt and salt give another commitment.
    #[error("receipt and salt do not give this commitment: one of the three was altered")]
    Commitment,
    /// Nothing vouches for it.
    #[error("there is neither a proof nor a promise: the log has not vouched for it")]
    Bare,
    /// The proof is of another place than the export says.
    #[error("the {what} is of place {found}, and leaf_index says {said}")]
    Index {
        /// Proof or promise.
        what: &'static str,
        /// What it says.
        found: u64,
        /// What the export says.
        said: u64,
    },
    /// The proof proves nothing.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The promise is none.
    #[error(transparent)]
    Promise(#[from] PromiseError),
    /// The promise is of another receipt.
    #[error("the promise is of another receipt: it names another commitment")]
    Other,
    /// The promise was not kept in time, as far as this file says.
    #[error(
        "the log promised a proof by {0}, and this file has none: export again, and complain if it stays so"
    )]
    Late(Timestamp),
}

/// Every receipt of an export, each by itself: what vouches for it, or what is wrong.
///
/// # Errors
/// [`ExportError::Form`] for a file that is no export at all.
pub fn verify_export(
    text: &str,
    keys: &[PublicKey],
    now: Timestamp,
) -> Result<Vec<Result<Verified, ExportError>>, ExportError> {
    let export: Export = serde_json::from_str(text).map_err(|error| ExportError::Form(error.to_string()))?;
    Ok(export.receipts.iter().map(|receipt| receipt.verify(keys, now)).collect())
}

impl ExportedReceipt {
    /// What vouches for this receipt.
    ///
    /// # Errors
    /// [`ExportError`] by cause.
    pub fn verify(&self, keys: &[PublicKey], now: Timestamp) -> Result<Verified, ExportError> {
        let salt = Sha256Hex::parse(&self.salt).map_err(|_| ExportError::Hex("salt"))?.0;
        let said = Sha256Hex::parse(&self.commitment).map_err(|_| ExportError::Hex("commitment"))?.0;
        let receipt_id =
            self.receipt.get("receipt_id").and_then(Value::as_str).ok_or(ExportError::Receipt)?;
        let json = canonical_json(&self.receipt).map_err(|_| ExportError::Receipt)?;
        if commitment(&salt, &json) != said {
            return Err(ExportError::Commitment);
        }
        let is_here = |what, found| {
            let said = self.leaf_index;
            if found == said { Ok(()) } else { Err(ExportError::Index { what, found, said }) }
        };
        let standing = match (&self.proof, &self.promise) {
            (Some(proof), _) => {
                let bundle = Bundle::parse(proof)?;
                is_here("proof", bundle.index)?;
                Standing::Sealed(bundle.verify(&leaf_hash(&leaf(&said)), keys)?)
            }
            (None, Some(promise)) => {
                let promise = Promise::open(promise, keys)?;
                if promise.commitment != said {
                    return Err(ExportError::Other);
                }
                is_here("promise", promise.index)?;
                let by = Timestamp::from_unix_ms(promise.by_unix_seconds.saturating_mul(1000));
                if by < now {
                    return Err(ExportError::Late(by));
                }
                Standing::Promised(by)
            }
            (None, None) => return Err(ExportError::Bare),
        };
        Ok(Verified { receipt_id: receipt_id.to_owned(), leaf_index: self.leaf_index, standing })
    }
}

/// Why a log's files are not one log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// The checkpoint is not to be relied on.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A file cannot be had.
    #[error("{path}: {cause}")]
    Read {
        /// The file.
        path: String,
        /// What the reader said.
        cause: String,
    },
    /// A file is not of its form.
    #[error("{0}: does not hold as many hashes, or entries of a consent log, as its name says")]
    Form(Tile),
    /// An entry hashes to something else than the tile says.
    #[error("{0}: entry {1} does not hash to what the tile of level 0 says")]
    Entry(Tile, u64),
    /// A hash is not that over the tile below.
    #[error("{0}: hash {1} is not the one over the tile below it")]
    Hash(Tile, u64),
    /// The leaves do not give the root.
    #[error("the leaves do not give the root of the checkpoint: an entry, or the checkpoint, was altered")]
    Root,
    /// A log shows at least nothing.
    #[error("the log says that it shows nothing before entry {minimum}, and has {size}")]
    Minimum {
        /// What it says.
        minimum: u64,
        /// Its entries.
        size: u64,
    },
    /// What was signed before cannot be compared with.
    #[error(
        "the checkpoint of {old} leaves is from before entry {minimum}, and the log shows nothing from there: compare it with files that were kept from then, or leave it out"
    )]
    Pruned {
        /// Leaves of the older checkpoint.
        old: u64,
        /// The first entry that is shown.
        minimum: u64,
    },
    /// What was signed before is not the beginning.
    #[error(
        "the checkpoint of {old} leaves is not the beginning of this log of {new}: the log was rewritten"
    )]
    Rewritten {
        /// Leaves of the older checkpoint.
        old: u64,
        /// Leaves of the newer.
        new: u64,
    },
}

/// The nodes of the tree that are known, level by level: all of whole subtrees, but for those that a pruned log does not show.
#[derive(Default)]
struct Memory(Vec<Vec<Option<Hash>>>);

impl Nodes for Memory {
    type Error = Infallible;

    fn node(&self, place: NodePlace) -> Result<Option<Hash>, Infallible> {
        let level = self.0.get(usize::from(place.level));
        let node = level.zip(usize::try_from(place.index).ok()).and_then(|(level, index)| level.get(index));
        Ok(node.copied().flatten())
    }
}

impl Memory {
    fn put(&mut self, place: NodePlace, hash: Hash) {
        let (level, Ok(index)) = (usize::from(place.level), usize::try_from(place.index)) else { return };
        self.0.resize_with(self.0.len().max(level + 1), Vec::new);
        if let Some(nodes) = self.0.get_mut(level) {
            nodes.resize(nodes.len().max(index + 1), None);
            if let Some(node) = nodes.get_mut(index) {
                *node = Some(hash);
            }
        }
    }

    /// The hashes of a tile, and those of the whole subtrees over them.
    fn put_tile(&mut self, tile: &Tile, hashes: &[Hash]) {
        let Some(first) = tile.places().next() else { return };
        let (mut level, mut index, mut hashes) = (first.level, first.index, hashes.to_vec());
        loop {
            for (place, hash) in (index..).zip(&hashes) {
                self.put(NodePlace { level, index: place }, *hash);
            }
            let (pairs, _) = hashes.as_chunks::<2>();
            if pairs.is_empty() {
                return;
            }
            hashes = pairs.iter().map(|[left, right]| node_hash(left, right)).collect();
            (level, index) = (level + 1, index / 2);
        }
    }
}

/// A log of which every file was checked.
pub struct VerifiedLog {
    /// What is signed of it.
    pub checkpoint: Checkpoint,
    /// What is before that entry may be missing: the log shows it no more. 0 for a log that shows everything.
    pub minimum: u64,
    tree: Memory,
}

impl VerifiedLog {
    /// The hash of the leaf at a place, from 0; nothing behind the last, and for what the log shows no more.
    #[must_use]
    pub fn leaf(&self, index: u64) -> Option<Hash> {
        let Ok(hash) = self.tree.node(NodePlace { level: 0, index });
        hash
    }
}

/// Checks a whole log: the signature, every entry against the tiles, every tile against the one above, the leaves against
/// the root, and any checkpoints from before against the tree. `read` gives a file's bytes by its path below the log's address.
///
/// # Errors
/// [`LogError`] by cause; the first that is found.
pub fn verify_files(
    read: impl Fn(&str) -> Result<Vec<u8>, String>,
    keys: &[PublicKey],
    earlier: &[String],
) -> Result<Checkpoint, LogError> {
    verify_log(read, keys, earlier, 0).map(|log| log.checkpoint)
}

/// A checkpoint of the very log that the keys are named for: that of another shard says nothing of this one.
fn open_own(note: &str, keys: &[PublicKey]) -> Result<Checkpoint, CheckpointError> {
    let checkpoint = Checkpoint::open(note, keys)?;
    match keys.first() {
        Some(key) if keys.iter().all(|key| key.name() != checkpoint.origin) => {
            Err(CheckpointError::Origin { found: checkpoint.origin, expected: key.name().to_owned() })
        }
        _ => Ok(checkpoint),
    }
}

/// The same, and gives the leaves to compare receipts with. Of a pruned log the files may be missing that end before the entry
/// `minimum`; what is over them is in the files above, which are checked against the root all the same.
///
/// # Errors
/// As [`verify_files`].
pub fn verify_log(
    read: impl Fn(&str) -> Result<Vec<u8>, String>,
    keys: &[PublicKey],
    earlier: &[String],
    minimum: u64,
) -> Result<VerifiedLog, LogError> {
    let get = |path: String| read(&path).map_err(|cause| LogError::Read { path, cause });
    let note = String::from_utf8(get("checkpoint".to_owned())?).map_err(|_| CheckpointError::Form)?;
    let checkpoint = open_own(&note, keys)?;
    if minimum > checkpoint.size {
        return Err(LogError::Minimum { minimum, size: checkpoint.size });
    }
    let mut memory = Memory::default();
    // The hashes over full tiles, which the level above must repeat.
    let mut above: HashMap<(u8, u64), Hash> = HashMap::new();
    let mut leaves: Vec<Option<Hash>> = Vec::new();
    for tile in Tile::all(checkpoint.size) {
        let bytes = match get(tile.to_string()) {
            Ok(bytes) => Some(bytes),
            Err(_) if tile.is_pruned(minimum) => None,
            Err(error) => return Err(error),
        };
        let TileKind::Hashes(level) = tile.kind else {
            match bytes {
                Some(bytes) => {
                    let read = read_bundle(&bytes, tile.width).ok_or(LogError::Form(tile))?;
                    leaves.extend(read.into_iter().map(Some));
                }
                None => leaves.extend((0..tile.width).map(|_| None)),
            }
            continue;
        };
        let Some(bytes) = bytes else { continue };
        let hashes = read_hashes(&bytes, tile.width).ok_or(LogError::Form(tile))?;
        for (hash, place) in hashes.iter().zip(tile.places()) {
            let (is_right, error) = match level.checked_sub(1) {
                None => {
                    let entry = usize::try_from(place.index).ok().and_then(|index| leaves.get(index));
                    let is_right = entry.is_some_and(|entry| entry.is_none_or(|entry| entry == *hash));
                    (is_right, LogError::Entry(tile, place.index))
                }
                Some(below) => {
                    let kind = TileKind::Hashes(below);
                    let child = Tile { kind, index: place.index, width: TILE_WIDTH };
                    let is_right = match above.get(&(below, place.index)) {
                        Some(found) => found == hash,
                        None => child.is_pruned(minimum),
                    };
                    (is_right, LogError::Hash(tile, place.index))
                }
            };
            if !is_right {
                return Err(error);
            }
        }
        if let Some(hash) = tile_root(&hashes) {
            above.insert((level, tile.index), hash);
        }
        memory.put_tile(&tile, &hashes);
    }
    if root(checkpoint.size, &memory).ok() != Some(checkpoint.root) {
        return Err(LogError::Root);
    }
    for note in earlier {
        let old = open_own(note, keys)?;
        match root(old.size, &memory) {
            Ok(root) if root == old.root && old.size <= checkpoint.size => {}
            Err(TreeError::Lost(_)) if old.size < minimum => {
                return Err(LogError::Pruned { old: old.size, minimum });
            }
            _ => return Err(LogError::Rewritten { old: old.size, new: checkpoint.size }),
        }
    }
    Ok(VerifiedLog { checkpoint, minimum, tree: memory })
}
