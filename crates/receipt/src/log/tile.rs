//! Tiles and entry bundles: the files by which a log is read, and the paths they have. Source: C2SP tlog-tiles.

use crate::commitment::{LEAF_PREFIX, leaf};
use crate::log::tree::{Hash, NodePlace, Nodes, TreeError, leaf_hash, node_hash};
use std::fmt;

/// Hashes of a full tile, and entries of a full bundle.
pub const TILE_WIDTH: u64 = 256;

/// Levels of the tree between the hashes of a tile and those of the tile above.
const TILE_HEIGHT: u8 = 8;

/// Highest level a path may name. Source: C2SP tlog-tiles, "Merkle Tree".
const LEVEL_MAX: u8 = 63;

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TileKind {
    /// Hashes of the tree, of this level of tiles.
    Hashes(u8),
    /// Entries.
    Entries,
}

/// One file of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tile {
    /// What it holds.
    pub kind: TileKind,
    /// Its number within its kind, from 0.
    pub index: u64,
    /// How many hashes or entries, 1..=256.
    pub width: u64,
}

impl Tile {
    /// Every file that a log of `size` entries consists of: bundles first, then tiles, from the lowest level up.
    #[must_use]
    pub fn all(size: u64) -> Vec<Self> {
        let mut tiles = Vec::new();
        let mut of_kind = |kind, count: u64| {
            for index in 0..count.div_ceil(TILE_WIDTH) {
                tiles.push(Self { kind, index, width: TILE_WIDTH.min(count - index * TILE_WIDTH) });
            }
        };
        of_kind(TileKind::Entries, size);
        let mut count = size;
        for level in 0..=LEVEL_MAX {
            if count == 0 {
                break;
            }
            of_kind(TileKind::Hashes(level), count);
            // Only full tiles are hashed into the level above.
            count /= TILE_WIDTH;
        }
        tiles
    }

    /// The full files that a log of `new` entries has and one of `old` had not.
    #[must_use]
    pub fn filled(old: u64, new: u64) -> Vec<Self> {
        let levels = (0..8).map(TileKind::Hashes);
        let of_kind = |kind| {
            let [old, new] = [old, new].map(|size| Self::count(kind, size) / TILE_WIDTH);
            (old..new).map(move |index| Self { kind, index, width: TILE_WIDTH })
        };
        [TileKind::Entries].into_iter().chain(levels).flat_map(of_kind).collect()
    }

    /// Reads `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`; `None` for any other spelling.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let kind = match kind {
            "entries" => TileKind::Entries,
            level => TileKind::Hashes(level.parse().ok().filter(|level| *level <= LEVEL_MAX)?),
        };
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => {
                (number, width.parse().ok().filter(|width| (1..TILE_WIDTH).contains(width))?)
            }
            None => (rest, TILE_WIDTH),
        };
        let mut index: u64 = 0;
        for part in number.split('/') {
            let digits = part.strip_prefix('x').unwrap_or(part);
            index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
        }
        let tile = Self { kind, index, width };
        // One file has one path: what is not written as we would write it is none.
        (tile.to_string() == path).then_some(tile)
    }

    /// How many hashes or entries of this kind a log of `size` entries has.
    #[must_use]
    pub fn count(kind: TileKind, size: u64) -> u64 {
        match kind {
            TileKind::Entries => size,
            // 256^8 is beyond any size.
            TileKind::Hashes(level) => {
                size.checked_shr(u32::from(level) * u32::from(TILE_HEIGHT)).unwrap_or(0)
            }
        }
    }

    /// Is the file part of a log of `size` entries, perhaps as it was before?
    #[must_use]
    pub fn is_within(&self, size: u64) -> bool {
        let end = self.index.checked_mul(TILE_WIDTH).and_then(|begin| begin.checked_add(self.width));
        end.is_some_and(|end| end <= Self::count(self.kind, size))
    }

    /// The number of leaves up to its end, whether it is full yet or not. Source: C2SP tlog-tiles, "Merkle Tree" (end index).
    #[must_use]
    pub fn end_leaf(&self) -> u64 {
        let height = match self.kind {
            TileKind::Entries => 0,
            TileKind::Hashes(level) => u32::from(level) * u32::from(TILE_HEIGHT),
        };
        let end = self.index.saturating_add(1).saturating_mul(TILE_WIDTH);
        // Beyond any number there are no leaves, so the end is none that a log could have passed.
        if height > end.leading_zeros() { u64::MAX } else { end.checked_shl(height).unwrap_or(u64::MAX) }
    }

    /// May a log that shows nothing before that entry refuse it? Source: C2SP tlog-tiles, "Pruning".
    #[must_use]
    pub fn is_pruned(&self, minimum: u64) -> bool {
        self.is_full() && self.end_leaf() <= minimum
    }

    /// The number of its first hash or entry.
    #[must_use]
    pub const fn begin(&self) -> u64 {
        self.index.saturating_mul(TILE_WIDTH)
    }

    /// Does it never change again?
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The nodes that a tile of hashes holds, in order. Empty for a bundle.
    pub fn places(&self) -> impl Iterator<Item = NodePlace> + use<> {
        let (level, width) = match self.kind {
            // Above level 7 of tiles there are more leaves than numbers.
            TileKind::Hashes(level) if level < 8 => (level * TILE_HEIGHT, self.width),
            _ => (0, 0),
        };
        let begin = self.begin();
        (0..width).map(move |place| NodePlace { level, index: begin.saturating_add(place) })
    }

    /// A tile's bytes: its hashes, one behind another. Nothing for a bundle.
    ///
    /// # Errors
    /// [`TreeError`] where a node is missing.
    pub fn read<N: Nodes>(&self, nodes: &N) -> Result<Vec<u8>, TreeError<N::Error>> {
        let Some(first) = self.places().next() else { return Ok(Vec::new()) };
        let hashes = nodes.row(first, self.width).map_err(TreeError::Store)?;
        match self.places().nth(hashes.len()) {
            Some(lost) => Err(TreeError::Lost(lost)),
            None => Ok(hashes.concat()),
        }
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes(level) => write!(out, "tile/{level}/")?,
            TileKind::Entries => out.write_str("tile/entries/")?,
        }
        // Source: C2SP tlog-tiles: three digits each, all but the last behind an x, as in x001/x234/067.
        let mut divisor = 1;
        while self.index / divisor >= 1000 {
            divisor *= 1000;
        }
        while divisor > 1 {
            write!(out, "x{:03}/", self.index / divisor % 1000)?;
            divisor /= 1000;
        }
        write!(out, "{:03}", self.index % 1000)?;
        if self.is_full() { Ok(()) } else { write!(out, ".p/{}", self.width) }
    }
}

/// A bundle's bytes: each commitment's leaf behind its length, 16 bits, the high byte first.
#[must_use]
pub fn write_bundle<'a>(commitments: impl IntoIterator<Item = &'a Hash>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for commitment in commitments {
        let entry = leaf(commitment);
        bytes.extend((entry.len() as u16).to_be_bytes());
        bytes.extend(entry);
    }
    bytes
}

/// The hashes of a tile's bytes; `None` if they are not `width` hashes.
#[must_use]
pub fn read_hashes(bytes: &[u8], width: u64) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    (rest.is_empty() && hashes.len() as u64 == width).then(|| hashes.to_vec())
}

/// The leaf hashes of a bundle's entries; `None` if they are not `width` entries of ours.
#[must_use]
pub fn read_bundle(mut bytes: &[u8], width: u64) -> Option<Vec<Hash>> {
    let mut hashes = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<2>()?;
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let commitment = entry.strip_prefix(LEAF_PREFIX)?;
        if commitment.len() != 32 {
            return None;
        }
        hashes.push(leaf_hash(entry));
        bytes = rest;
    }
    (hashes.len() as u64 == width).then_some(hashes)
}

/// The hash over a full tile: one of the tile above.
#[must_use]
pub fn tile_root(hashes: &[Hash]) -> Option<Hash> {
    if hashes.len() as u64 != TILE_WIDTH {
        return None;
    }
    let mut level = hashes.to_vec();
    while level.len() > 1 {
        level = level.as_chunks::<2>().0.iter().map(|[left, right]| node_hash(left, right)).collect();
    }
    level.pop()
}
