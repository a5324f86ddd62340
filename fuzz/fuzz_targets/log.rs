#![no_main]
//! What auditors and the verify page are handed: notes, checkpoints, keys, proofs, promises, tiles, entries, exports. The first
//! byte says which. The oracle is a log that another program made (`crates/receipt/tests/golden_log.py`): nobody here has
//! its secret key, so nothing is proven by it that is not in that file.

use postern_receipt::log::{
    Bundle, Checkpoint, Hash, NodePlace, Nodes, Note, Promise, PublicKey, Tile, completed, leaf_hash,
    prove_consistency, prove_inclusion, read_bundle, read_hashes, root, tile_root, verify_consistency,
    verify_export, verify_inclusion,
};
use postern_receipt::{Timestamp, sha256};
use serde_json::Value;
use std::convert::Infallible;
use std::sync::LazyLock;

struct Golden {
    keys: [PublicKey; 1],
    checkpoint: Checkpoint,
    commitments: Vec<String>,
}

static GOLDEN: LazyLock<Golden> = LazyLock::new(|| {
    let golden: Value =
        serde_json::from_str(include_str!("../../crates/receipt/tests/golden/log.json")).expect("golden");
    let text = |name: &str| golden[name].as_str().expect(name).to_owned();
    let keys = [PublicKey::parse(&text("vkey")).expect("vkey")];
    let export: Value = serde_json::from_str(&text("export")).expect("export");
    let receipts = export["receipts"].as_array().expect("receipts");
    Golden {
        checkpoint: Checkpoint::open(&text("checkpoint"), &keys).expect("checkpoint"),
        keys,
        commitments: receipts.iter().map(|one| one["commitment"].as_str().expect("commitment").to_owned()).collect(),
    }
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((which, data)) = data.split_first() else { return };
    match which % 8 {
        0 => notes(data),
        1 => proofs(data),
        2 => paths(data),
        3 => files(data),
        4 => trees(data),
        5 => exports(data),
        6 => keys(data),
        _ => promises(data),
    }
});

fn notes(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let _ = Note::parse(text);
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(checkpoint.to_string(), text, "a checkpoint has one spelling");
    }
    if let Ok(checkpoint) = Checkpoint::open(text, &GOLDEN.keys) {
        assert_eq!(checkpoint, GOLDEN.checkpoint, "nobody has signed another");
    }
}

fn proofs(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let Ok(bundle) = Bundle::parse(text) else { return };
    assert_eq!(Bundle::parse(&bundle.to_string()).as_ref(), Ok(&bundle));
    // No leaf of the tree is known that hashes to this.
    assert!(bundle.verify(&sha256(data), &GOLDEN.keys).is_err());
}

fn paths(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let Some(tile) = Tile::parse(text) else { return };
    assert_eq!(tile.to_string(), text, "a file has one path");
    assert!((1..=256).contains(&tile.width));
    let places = tile.places().count() as u64;
    assert!(places == 0 || places == tile.width);
    assert!(!tile.is_within(0));
    if tile.is_within(u64::MAX >> 1) {
        assert!(tile.begin().checked_add(tile.width).is_some());
    }
}

fn files(data: &[u8]) {
    let Some((width, bytes)) = data.split_first() else { return };
    let width = u64::from(*width) + 1;
    if let Some(hashes) = read_hashes(bytes, width) {
        assert_eq!(hashes.concat(), bytes);
        assert_eq!(tile_root(&hashes).is_some(), width == 256);
    }
    if let Some(leaves) = read_bundle(bytes, width) {
        assert_eq!(leaves.len() as u64, width);
        // Entries of ours have one length, so there is one way to cut them.
        assert_eq!(bytes.len() as u64, width * (2 + 22 + 32));
        assert_eq!(leaves[0], leaf_hash(&bytes[2..56]));
    }
}

/// A tree of leaves from the bytes.
struct Tree(Vec<Vec<Hash>>);

impl Nodes for Tree {
    type Error = Infallible;

    fn node(&self, place: NodePlace) -> Result<Option<Hash>, Infallible> {
        let nodes = usize::try_from(place.last_leaf()).ok().and_then(|leaf| self.0.get(leaf));
        Ok(nodes.and_then(|nodes| nodes.get(usize::from(place.level))).copied())
    }
}

fn trees(data: &[u8]) {
    let Some((numbers, rest)) = data.split_first_chunk::<4>() else { return };
    let [size, index, old, flip] = numbers.map(u64::from);
    let size = size + 1;
    let mut tree = Tree(Vec::new());
    for leaf in 0..size {
        let nodes = completed(leaf, leaf_hash(&leaf.to_be_bytes()), &tree).expect("every node is there");
        tree.0.push(nodes);
    }
    let (index, old) = (index % size, old % (size + 1));
    let (new_root, old_root) = (root(size, &tree).expect("root"), root(old, &tree).expect("root"));
    let leaf = leaf_hash(&index.to_be_bytes());
    let mut proof = prove_inclusion(index, size, &tree).expect("inclusion");
    assert_eq!(verify_inclusion(index, size, &leaf, &proof, &new_root), Ok(()));
    let mut since = prove_consistency(old, size, &tree).expect("consistency");
    assert_eq!(verify_consistency((old, &old_root), (size, &new_root), &since), Ok(()));
    for hashes in [&mut proof, &mut since] {
        let count = hashes.len();
        if let Some(hash) = hashes.get_mut(flip as usize % count.max(1)) {
            hash[flip as usize % 32] ^= 1;
        } else {
            hashes.push(leaf);
        }
    }
    assert!(verify_inclusion(index, size, &leaf, &proof, &new_root).is_err());
    assert!(verify_consistency((old, &old_root), (size, &new_root), &since).is_err());
    // Any hashes, of any place in a tree of any size: no panic, and no proof.
    let (words, hashes) = rest.split_at(rest.len().min(16));
    let word = |at: usize| {
        words.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map_or(u64::MAX, u64::from_be_bytes)
    };
    let hashes = hashes.as_chunks::<32>().0;
    assert!(verify_inclusion(word(0), word(8), &sha256(data), hashes, &new_root).is_err());
    let _ = verify_consistency((word(0), &old_root), (word(8), &new_root), hashes);
}

fn exports(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let now = Timestamp::from_unix_ms(1_795_346_500_000);
    let Ok(receipts) = verify_export(text, &GOLDEN.keys, now) else { return };
    if receipts.iter().any(Result::is_ok) {
        assert!(GOLDEN.commitments.iter().any(|known| text.contains(known.as_str())), "{text}");
    }
}

fn keys(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    if let Ok(key) = PublicKey::parse(text) {
        assert_eq!(PublicKey::parse(&key.to_string()).as_ref(), Ok(&key));
    }
}

fn promises(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    if let Ok(promise) = Promise::open(text, &GOLDEN.keys) {
        let commitment: String = promise.commitment.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(GOLDEN.commitments.contains(&commitment), "nobody has promised another");
    }
}
