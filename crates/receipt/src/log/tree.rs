//! The Merkle tree of RFC 6962: hashes, which nodes a leaf completes, roots, and both kinds of proof.
//!
//! Only nodes of whole subtrees are stored, each once, when its last leaf comes: they never change, and every root and
//! proof is made of at most `2 log2(size)` of them. What stores them is behind [`Nodes`].

use sha2::{Digest, Sha256};

/// A node's SHA-256.
pub type Hash = [u8; 32];

/// Most leaves of a tree: what a signed integer of SQLite holds, and more than any log will have.
pub const SIZE_MAX: u64 = 1 << 62;

/// `SHA-256(0x00 ‖ entry)`. Source: RFC 6962 2.1.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    let mut hash = Sha256::new();
    hash.update([0x00]);
    hash.update(entry);
    hash.finalize().into()
}

/// `SHA-256(0x01 ‖ left ‖ right)`. Source: RFC 6962 2.1.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hash = Sha256::new();
    hash.update([0x01]);
    hash.update(left);
    hash.update(right);
    hash.finalize().into()
}

/// The root of the tree without leaves: the hash of nothing. Source: RFC 6962 2.1.
#[must_use]
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// A whole subtree of `2^level` leaves, the `index`-th of its level from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodePlace {
    /// 0 for leaves.
    pub level: u8,
    /// From 0.
    pub index: u64,
}

impl NodePlace {
    /// The leaf that completes the subtree: its last.
    #[must_use]
    pub const fn last_leaf(self) -> u64 {
        ((self.index + 1) << self.level) - 1
    }
}

/// Where nodes of whole subtrees are kept.
pub trait Nodes {
    /// What the storage says when it fails.
    type Error;

    /// The hash of a whole subtree, if it is stored.
    ///
    /// # Errors
    /// The storage's own.
    fn node(&self, place: NodePlace) -> Result<Option<Hash>, Self::Error>;

    /// The hashes of so many subtrees of one level, side by side; fewer, if one of them is not stored. A storage that
    /// can reads them at once.
    ///
    /// # Errors
    /// The storage's own.
    fn row(&self, first: NodePlace, count: u64) -> Result<Vec<Hash>, Self::Error> {
        let mut hashes = Vec::new();
        for offset in 0..count {
            match self.node(NodePlace { index: first.index.saturating_add(offset), ..first })? {
                Some(hash) => hashes.push(hash),
                None => break,
            }
        }
        Ok(hashes)
    }
}

/// Why a root or a proof cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError<E> {
    /// What is asked for is outside the tree.
    #[error("place {index} is not in a tree of {size} leaves")]
    Range {
        /// The leaf, or the older size.
        index: u64,
        /// The tree's leaves.
        size: u64,
    },
    /// A node that the tree needs is not stored.
    #[error("the log has lost a node: number {index} of level {level}", level = .0.level, index = .0.index)]
    Lost(NodePlace),
    /// The storage failed.
    #[error("the storage of the log failed")]
    Store(E),
}

fn stored<N: Nodes>(nodes: &N, place: NodePlace) -> Result<Hash, TreeError<N::Error>> {
    nodes.node(place).map_err(TreeError::Store)?.ok_or(TreeError::Lost(place))
}

/// The hashes of the subtrees that leaf number `index` completes, from its own up: `1 +` as many as `index` has ones at
/// its end. Reads as many nodes as that, one on average.
///
/// # Errors
/// [`TreeError`] by cause.
pub fn completed<N: Nodes>(index: u64, leaf: Hash, nodes: &N) -> Result<Vec<Hash>, TreeError<N::Error>> {
    if index >= SIZE_MAX {
        return Err(TreeError::Range { index, size: SIZE_MAX });
    }
    let mut hashes = vec![leaf];
    let mut hash = leaf;
    for level in 0..index.trailing_ones() as u8 {
        let left = stored(nodes, NodePlace { level, index: (index >> level) - 1 })?;
        hash = node_hash(&left, &hash);
        hashes.push(hash);
    }
    Ok(hashes)
}

/// The largest power of two below `count`, for a count of two or more. Source: RFC 6962 2.1 (`k < n <= 2k`).
const fn split(count: u64) -> u64 {
    1 << (63 - (count - 1).leading_zeros())
}

/// The hash over the leaves `from..to`; `from` stands where a subtree of that many leaves can begin.
fn range_root<N: Nodes>(from: u64, to: u64, nodes: &N) -> Result<Hash, TreeError<N::Error>> {
    let mut peaks = Vec::new();
    let mut begin = from;
    while begin < to {
        let level = (to - begin).ilog2() as u8;
        peaks.push(stored(nodes, NodePlace { level, index: begin >> level })?);
        begin += 1 << level;
    }
    let mut peaks = peaks.into_iter().rev();
    let Some(mut hash) = peaks.next() else { return Ok(empty_root()) };
    for peak in peaks {
        hash = node_hash(&peak, &hash);
    }
    Ok(hash)
}

/// The root of the first `size` leaves.
///
/// # Errors
/// [`TreeError`] by cause.
pub fn root<N: Nodes>(size: u64, nodes: &N) -> Result<Hash, TreeError<N::Error>> {
    if size > SIZE_MAX {
        Err(TreeError::Range { index: size, size: SIZE_MAX })
    } else {
        range_root(0, size, nodes)
    }
}

/// The proof that leaf number `index` is in the tree of the first `size`: siblings from the leaf up.
/// Source: RFC 6962 2.1.1.
///
/// # Errors
/// [`TreeError`] by cause.
pub fn prove_inclusion<N: Nodes>(index: u64, size: u64, nodes: &N) -> Result<Vec<Hash>, TreeError<N::Error>> {
    if index >= size || size > SIZE_MAX {
        return Err(TreeError::Range { index, size });
    }
    let (mut from, mut to) = (0, size);
    let mut proof = Vec::new();
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            proof.push(range_root(middle, to, nodes)?);
            to = middle;
        } else {
            proof.push(range_root(from, middle, nodes)?);
            from = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The proof that the tree of `new` leaves begins with that of `old`. Empty where either is nothing to prove: equal sizes,
/// and the empty tree, which every tree begins with. Source: RFC 6962 2.1.2.
///
/// # Errors
/// [`TreeError`] by cause.
pub fn prove_consistency<N: Nodes>(old: u64, new: u64, nodes: &N) -> Result<Vec<Hash>, TreeError<N::Error>> {
    if old > new || new > SIZE_MAX {
        return Err(TreeError::Range { index: old, size: new });
    }
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let (mut from, mut to) = (0, new);
    let mut is_whole = true;
    let mut proof = Vec::new();
    while old != to {
        let middle = from + split(to - from);
        if old <= middle {
            proof.push(range_root(middle, to, nodes)?);
            to = middle;
        } else {
            proof.push(range_root(from, middle, nodes)?);
            from = middle;
            is_whole = false;
        }
    }
    if !is_whole {
        proof.push(range_root(from, to, nodes)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The leaf or the older tree is not within the tree.
    #[error("the proof speaks of place {index}, but the tree has {size} leaves")]
    Range {
        /// The leaf, or the older size.
        index: u64,
        /// The tree's leaves.
        size: u64,
    },
    /// Too few or too many hashes.
    #[error("the proof has {0} hashes, which is not as many as its place and the tree's size need")]
    Length(usize),
    /// The path ends at another root.
    #[error("the proof does not lead to the root of the checkpoint")]
    Root,
    /// The path does not begin at the older root.
    #[error("the older tree is not the beginning of the newer one: the log was rewritten")]
    OldRoot,
}

/// Does the proof lead from the leaf to the root? Source: RFC 9162 2.1.3.2.
///
/// # Errors
/// [`ProofError`] by cause.
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf: &Hash,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Range { index, size });
    }
    let (mut place, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length(proof.len()));
        }
        if place & 1 == 1 || place == last {
            hash = node_hash(sibling, &hash);
            // At the right edge levels without a sibling are skipped.
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(ProofError::Length(proof.len()));
    }
    if hash == *root { Ok(()) } else { Err(ProofError::Root) }
}

/// Does the newer tree begin with the older one? Source: RFC 9162 2.1.4.2.
///
/// # Errors
/// [`ProofError`] by cause.
pub fn verify_consistency(
    (old, old_root): (u64, &Hash),
    (new, new_root): (u64, &Hash),
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old > new {
        return Err(ProofError::Range { index: old, size: new });
    }
    if old == 0 || old == new {
        let is_same = if old == new { old_root == new_root } else { *old_root == empty_root() };
        return match (proof, is_same) {
            ([], true) => Ok(()),
            ([], false) => Err(ProofError::OldRoot),
            _ => Err(ProofError::Length(proof.len())),
        };
    }
    // A whole older tree is a node of the newer one, and then the proof leaves it out.
    let (seed, rest) = match proof {
        rest if old.is_power_of_two() => (old_root, rest),
        [seed, rest @ ..] => (seed, rest),
        [] => return Err(ProofError::Length(0)),
    };
    let (mut place, mut last) = (old - 1, new - 1);
    let shared = place.trailing_ones();
    place >>= shared;
    last >>= shared;
    let (mut old_hash, mut new_hash) = (*seed, *seed);
    for sibling in rest {
        if last == 0 {
            return Err(ProofError::Length(proof.len()));
        }
        if place & 1 == 1 || place == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(ProofError::Length(proof.len()));
    }
    if old_hash != *old_root {
        return Err(ProofError::OldRoot);
    }
    if new_hash == *new_root { Ok(()) } else { Err(ProofError::Root) }
}
