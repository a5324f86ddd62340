//! The log against programs that are not ours: a golden of tests/golden_log.py, and the crates `tlog_tiles` and
//! `signed_note`; then its proofs under every kind of damage.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, not their helpers"
)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer, SigningKey};
use postern_consent::Shard;
use postern_receipt::log::{
    Bundle, Checkpoint, Hash, NodePlace, Nodes, Note, Promise, ProofError, PublicKey, Tile, TileKind,
    TreeError, completed, leaf_hash, prove_consistency, prove_inclusion, root, tile_root, verify_consistency,
    verify_inclusion, write_bundle, write_note,
};
use postern_receipt::{leaf, sha256};
use proptest::prelude::*;
use serde_json::Value;
use signed_note::{Note as TheirNote, StandardVerifier, VerifierList};
use std::collections::HashSet;
use tlog_tiles::{Checkpoint as TheirCheckpoint, Hash as TheirHash, HashReader, check_record, check_tree};

/// The nodes each leaf completes, as the Ledger keeps them.
#[derive(Default)]
struct Memory(Vec<Vec<Hash>>);

impl Nodes for Memory {
    type Error = ();

    fn node(&self, place: NodePlace) -> Result<Option<Hash>, ()> {
        let nodes = self.0.get(place.last_leaf() as usize);
        Ok(nodes.and_then(|nodes| nodes.get(usize::from(place.level))).copied())
    }
}

impl Memory {
    fn add(&mut self, commitment: &Hash) {
        let nodes = completed(self.0.len() as u64, leaf_hash(&leaf(commitment)), self).unwrap();
        self.0.push(nodes);
    }

    fn of(size: u64) -> Self {
        let mut memory = Self::default();
        (0..size).for_each(|index| memory.add(&sha256(format!("golden {index}").as_bytes())));
        memory
    }

    /// The leaves of the golden: one of them is a receipt's.
    fn golden() -> Self {
        let mut memory = Self::of(257);
        memory.add(&hex(include_str!("golden/receipt.json").lines().nth(1).unwrap()));
        (258..300).for_each(|index| memory.add(&sha256(format!("golden {index}").as_bytes())));
        memory
    }
}

/// Their reader numbers nodes in the order in which leaves complete them: ours, end to end.
struct Theirs(Vec<TheirHash>);

impl HashReader for Theirs {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<TheirHash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|index| self.0[*index as usize]).collect())
    }
}

fn theirs(memory: &Memory) -> Theirs {
    Theirs(memory.0.iter().flatten().map(|hash| TheirHash(*hash)).collect())
}

fn hex(text: &str) -> Hash {
    let bytes: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect();
    bytes.try_into().unwrap()
}

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/log.json")).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn hash(value: &Value) -> Hash {
    STANDARD.decode(text(value)).unwrap().try_into().unwrap()
}

fn hashes(value: &Value) -> Vec<Hash> {
    value.as_array().unwrap().iter().map(hash).collect()
}

fn key() -> PublicKey {
    PublicKey::parse(text(&golden()["vkey"])).unwrap()
}

#[test]
fn roots_and_proofs_are_what_another_program_computes() {
    let (golden, memory) = (golden(), Memory::golden());
    for (size, expected) in (0..).zip(hashes(&golden["roots"])) {
        assert_eq!(root(size, &memory), Ok(expected), "{size}");
    }
    for case in golden["inclusion"].as_array().unwrap() {
        let (index, size) = (case[0].as_u64().unwrap(), case[1].as_u64().unwrap());
        assert_eq!(prove_inclusion(index, size, &memory), Ok(hashes(&case[2])), "{index} in {size}");
    }
    for case in golden["consistency"].as_array().unwrap() {
        let (old, new) = (case[0].as_u64().unwrap(), case[1].as_u64().unwrap());
        assert_eq!(prove_consistency(old, new, &memory), Ok(hashes(&case[2])), "{old} to {new}");
    }
}

#[test]
fn tiles_and_bundles_are_what_another_program_writes() {
    let (golden, memory) = (golden(), Memory::golden());
    let tile = Tile { kind: TileKind::Hashes(0), index: 0, width: 256 };
    let bytes = tile.read(&memory).unwrap();
    assert_eq!(bytes.len(), 8192);
    assert_eq!(sha256(&bytes), hex(text(&golden["tile_sha256"])));
    assert_eq!(tile_root(bytes.as_chunks().0), Some(hash(&golden["tile_root"])));
    // The tile above begins with it.
    let above = Tile { kind: TileKind::Hashes(1), index: 0, width: 1 };
    assert_eq!(above.read(&memory).unwrap(), hash(&golden["tile_root"]));
    let commitments: Vec<Hash> = (0..256).map(|index| sha256(format!("golden {index}").as_bytes())).collect();
    assert_eq!(sha256(&write_bundle(&commitments)), hex(text(&golden["bundle_0_sha256"])));
}

#[test]
fn notes_bundles_and_promises_of_another_program_are_understood_and_written_alike() {
    let (golden, keys) = (golden(), [key()]);
    assert_eq!(key().to_string(), text(&golden["vkey"]));
    let note = text(&golden["checkpoint"]);
    let checkpoint = Checkpoint::open(note, &keys).unwrap();
    assert_eq!((checkpoint.size, checkpoint.root), (300, *hashes(&golden["roots"]).last().unwrap()));
    assert_eq!(checkpoint.to_string(), Note::parse(note).unwrap().verify(&keys[0]).unwrap());
    // Our own line for their signature gives their note.
    let signature = STANDARD.decode(note.trim_end().rsplit(' ').next().unwrap()).unwrap();
    let line = keys[0].signature_line(signature[4..].try_into().unwrap());
    assert_eq!(write_note(&checkpoint.to_string(), &[line]), note);

    let proof = text(&golden["bundle"]);
    let bundle = Bundle::parse(proof).unwrap();
    assert_eq!(bundle.to_string(), proof);
    let commitment = hex(include_str!("golden/receipt.json").lines().nth(1).unwrap());
    assert_eq!(bundle.verify(&leaf_hash(&leaf(&commitment)), &keys), Ok(checkpoint));

    let promise = Promise::open(text(&golden["promise"]), &keys).unwrap();
    assert_eq!(promise, Promise::new("shop.example/_postern/log", commitment, 257, 1_795_346_441_987));
}

#[test]
fn what_we_prove_and_sign_is_accepted_by_other_programs() {
    let memory = Memory::golden();
    let reader = theirs(&memory);
    for size in 1..=300 {
        let ours = root(size, &memory).unwrap();
        assert_eq!(tlog_tiles::tree_hash(size, &reader).unwrap(), TheirHash(ours), "{size}");
    }
    let golden = golden();
    let note = TheirNote::from_bytes(text(&golden["checkpoint"]).as_bytes()).unwrap();
    let verifier = StandardVerifier::new(&key().to_string()).unwrap();
    assert_eq!(note.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap().0.len(), 1);
    let theirs = TheirCheckpoint::from_bytes(note.text()).unwrap();
    let ours = Checkpoint::open(text(&golden["checkpoint"]), &[key()]).unwrap();
    assert_eq!(
        (theirs.origin(), theirs.size(), theirs.hash().0),
        (ours.origin.as_str(), ours.size, ours.root)
    );
    assert_eq!(theirs.to_bytes(), ours.to_string().as_bytes());
}

#[test]
fn one_key_signs_the_logs_of_all_shards_and_each_checkpoint_is_of_its_own() {
    let signer = SigningKey::from_bytes(&[7; 32]);
    let main = PublicKey::new("shop.example/log", signer.verifying_key().to_bytes()).unwrap();
    let signed = |name: &str, origin: &str| {
        let key = PublicKey::new(name, signer.verifying_key().to_bytes()).unwrap();
        let text = Checkpoint { origin: origin.into(), size: 1, root: [1; 32] }.to_string();
        write_note(&text, &[key.signature_line(&signer.sign(text.as_bytes()).to_bytes())])
    };
    let open = |note: &str| Checkpoint::open(note, std::slice::from_ref(&main)).map(|opened| opened.origin);
    let third = signed("shop.example/log/3", "shop.example/log/3");
    assert_eq!(open(&third).as_deref(), Ok("shop.example/log/3"));
    // Other programs know it by the key that the shard has.
    let of_third = main.of_shard(Shard(3)).unwrap();
    let verifier = StandardVerifier::new(&of_third.to_string()).unwrap();
    let theirs = TheirNote::from_bytes(third.as_bytes()).unwrap();
    assert_eq!(theirs.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap().0.len(), 1);
    assert_eq!(main.of_shard(Shard::FIRST).unwrap(), main);
    for (name, origin) in [
        ("shop.example/log/3", "shop.example/log"),
        ("shop.example/log/3", "shop.example/log/2"),
        ("shop.example/log", "shop.example/log/3"),
        ("shop.example/log/0", "shop.example/log/0"),
        ("shop.example/log/03", "shop.example/log/03"),
        ("shop.example/log/256", "shop.example/log/256"),
        ("shop.example/log/3/3", "shop.example/log/3/3"),
        ("shop.example/log3", "shop.example/log3"),
        ("shop.example/log/", "shop.example/log/"),
    ] {
        assert!(open(&signed(name, origin)).is_err(), "{name} for {origin}");
    }
    // A shard's key is none of the site's log, nor of another shard.
    for other in
        [signed("shop.example/log", "shop.example/log"), signed("shop.example/log/2", "shop.example/log/2")]
    {
        assert!(Checkpoint::open(&other, std::slice::from_ref(&of_third)).is_err());
    }
    // A line that somebody puts below is no reason to refuse what the site has signed.
    let main_note = signed("shop.example/log", "shop.example/log");
    let more = format!("{main_note}— shop.example/log/3 {}\n", STANDARD.encode([7; 68]));
    assert_eq!(open(&more).as_deref(), Ok("shop.example/log"));
    // Another's signature under that name is found.
    let stranger = SigningKey::from_bytes(&[8; 32]);
    let text = Checkpoint { origin: "shop.example/log/3".into(), size: 1, root: [1; 32] }.to_string();
    let forged = write_note(&text, &[of_third.signature_line(&stranger.sign(text.as_bytes()).to_bytes())]);
    assert!(open(&forged).is_err());
}

#[test]
fn every_leaf_of_every_size_is_proven_and_nothing_else() {
    let memory = Memory::of(600);
    let reader = theirs(&memory);
    for size in 1..=600_u64 {
        let top = root(size, &memory).unwrap();
        // All places of small trees; of larger ones the edges and a few between.
        let places: Vec<u64> = if size <= 70 {
            (0..size).collect()
        } else {
            vec![0, 1, size / 3, size / 2, size - 2, size - 1, 63, 64]
        };
        for index in places {
            let leaf = memory.0[index as usize][0];
            let proof = prove_inclusion(index, size, &memory).unwrap();
            assert_eq!(verify_inclusion(index, size, &leaf, &proof, &top), Ok(()), "{index} in {size}");
            let their_proof: Vec<TheirHash> = proof.iter().map(|hash| TheirHash(*hash)).collect();
            check_record(&their_proof, size, TheirHash(top), index, TheirHash(leaf)).unwrap();
            assert_eq!(tlog_tiles::prove_record(size, index, &reader).unwrap(), their_proof);
            // The same proof at another place, in another size, or with a hash more or less, is none.
            if size > 1 {
                assert!(verify_inclusion((index + 1) % size, size, &leaf, &proof, &top).is_err());
                assert!(verify_inclusion(index, size, &leaf, &proof[1..], &top).is_err());
                assert!(verify_inclusion(index, size, &leaf, &proof[..proof.len() - 1], &top).is_err());
            }
            let longer: Vec<Hash> = proof.iter().copied().chain([[0; 32]]).collect();
            assert!(verify_inclusion(index, size, &leaf, &longer, &top).is_err());
        }
    }
    // A node that stands for more than a leaf is proven by no shorter path, though its hash is the root.
    let (top, left) = (root(4, &memory).unwrap(), root(2, &memory).unwrap());
    assert_eq!(verify_inclusion(0, 4, &top, &[], &top), Err(ProofError::Length(0)));
    let right = prove_inclusion(0, 4, &memory).unwrap()[1];
    assert_eq!(verify_inclusion(0, 4, &left, &[right], &top), Err(ProofError::Length(1)));
    assert_eq!(prove_inclusion(600, 600, &memory), Err(TreeError::Range { index: 600, size: 600 }));
    let lost = NodePlace { level: 0, index: 600 };
    assert_eq!(prove_inclusion(0, 601, &memory), Err(TreeError::Lost(lost)));
    assert_eq!(verify_inclusion(5, 5, &[0; 32], &[], &[0; 32]), Err(ProofError::Range { index: 5, size: 5 }));
}

#[test]
fn every_pair_of_sizes_is_consistent_and_no_other_root_is() {
    let memory = Memory::of(140);
    let reader = theirs(&memory);
    let roots: Vec<Hash> = (0..=140).map(|size| root(size, &memory).unwrap()).collect();
    for new in 0..=140_u64 {
        for old in 0..=new {
            let proof = prove_consistency(old, new, &memory).unwrap();
            let (old_root, new_root) = (roots[old as usize], roots[new as usize]);
            assert_eq!(
                verify_consistency((old, &old_root), (new, &new_root), &proof),
                Ok(()),
                "{old} to {new}"
            );
            assert!(verify_consistency((old, &[1; 32]), (new, &new_root), &proof).is_err());
            assert!(verify_consistency((old, &old_root), (new, &[1; 32]), &proof).is_err() || old == 0);
            if old > 0 {
                let theirs: Vec<TheirHash> = proof.iter().map(|hash| TheirHash(*hash)).collect();
                if old < new {
                    assert_eq!(tlog_tiles::prove_tree(new, old, &reader).unwrap(), theirs, "{old} to {new}");
                    check_tree(&theirs, new, TheirHash(new_root), old, TheirHash(old_root)).unwrap();
                }
                let mut longer = proof.clone();
                longer.push([0; 32]);
                assert!(verify_consistency((old, &old_root), (new, &new_root), &longer).is_err());
                for at in 0..proof.len() {
                    let mut shorter = proof.clone();
                    shorter.remove(at);
                    assert!(verify_consistency((old, &old_root), (new, &new_root), &shorter).is_err());
                }
            }
        }
    }
    assert_eq!(prove_consistency(3, 2, &memory), Err(TreeError::Range { index: 3, size: 2 }));
}

#[test]
fn paths_of_files_are_those_of_the_standard() {
    // Source: C2SP tlog-tiles: index 1234067, and the tree of 70,000.
    for (path, kind, index, width) in [
        ("tile/0/x001/x234/067", TileKind::Hashes(0), 1_234_067, 256),
        ("tile/0/273.p/112", TileKind::Hashes(0), 273, 112),
        ("tile/entries/000", TileKind::Entries, 0, 256),
        ("tile/63/x999/999.p/255", TileKind::Hashes(63), 999_999, 255),
    ] {
        let tile = Tile { kind, index, width };
        assert_eq!(Tile::parse(path), Some(tile));
        assert_eq!(tile.to_string(), path);
    }
    for path in [
        "tile/0/1",
        "tile/0/0001",
        "tile/00/001",
        "tile/64/001",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/x000/001",
        "tile/0/001.p/07",
        "tile/data/001",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/0/",
        "tile/0",
        "checkpoint",
        "",
        "tile/0/-01",
        "tile/+1/001",
        "tile/0/001.p/+7",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/x999/999",
    ] {
        assert_eq!(Tile::parse(path), None, "{path}");
    }
    let widths =
        |kind| Tile::all(70_000).into_iter().filter(move |tile| tile.kind == kind).map(|tile| tile.width);
    assert_eq!(widths(TileKind::Hashes(0)).filter(|width| *width == 256).count(), 273);
    assert_eq!(widths(TileKind::Hashes(0)).next_back(), Some(112));
    assert_eq!(widths(TileKind::Hashes(1)).collect::<Vec<_>>(), [256, 17]);
    assert_eq!(widths(TileKind::Hashes(2)).collect::<Vec<_>>(), [1]);
    assert_eq!(Tile::all(256).last().map(ToString::to_string).as_deref(), Some("tile/1/000.p/1"));
    assert!(Tile::all(70_000).iter().all(|tile| tile.is_within(70_000)));
    assert!(!Tile { kind: TileKind::Hashes(1), index: 1, width: 18 }.is_within(70_000));
    assert!(Tile::all(0).is_empty());
}

#[test]
fn each_full_file_is_filled_once_on_the_way_to_a_size() {
    let all: HashSet<Tile> = Tile::all(140_000).into_iter().filter(Tile::is_full).collect();
    let mut filled = Vec::new();
    for (old, new) in [(0, 255), (255, 255), (255, 256), (256, 65_535), (65_535, 65_536), (65_536, 140_000)] {
        filled.extend(Tile::filled(old, new));
    }
    assert_eq!(filled.len(), all.len());
    assert_eq!(filled.into_iter().collect::<HashSet<_>>(), all);
    let names: Vec<String> = Tile::filled(65_535, 65_536).iter().map(ToString::to_string).collect();
    assert_eq!(names, ["tile/entries/255", "tile/0/255", "tile/1/000"]);
}

proptest! {
    #[test]
    fn random_trees_and_places_agree_with_the_other_program(size in 1_u64..600, at in any::<prop::sample::Index>()) {
        let memory = Memory::of(size);
        let index = at.index(size as usize) as u64;
        let reader = theirs(&memory);
        let ours: Vec<TheirHash> =
            prove_inclusion(index, size, &memory).unwrap().into_iter().map(TheirHash).collect();
        prop_assert_eq!(tlog_tiles::prove_record(size, index, &reader).unwrap(), ours);
        let old = index.max(1);
        if old < size {
            let ours: Vec<TheirHash> =
                prove_consistency(old, size, &memory).unwrap().into_iter().map(TheirHash).collect();
            prop_assert_eq!(tlog_tiles::prove_tree(size, old, &reader).unwrap(), ours);
        }
    }

    #[test]
    fn nothing_of_strangers_panics(text in "(?s).{0,200}", path in "tile/[0-9a-z./x]{0,20}", size in any::<u64>(), index in any::<u64>()) {
        let _ = Note::parse(&text);
        let _ = Bundle::parse(&text);
        let _ = PublicKey::parse(&text);
        if let Some(tile) = Tile::parse(&path) {
            prop_assert_eq!(tile.to_string(), path);
            let _ = tile.is_within(size);
            prop_assert!(tile.places().count() <= 256);
        }
        let _ = verify_inclusion(index, size, &[0; 32], &[[1; 32]; 70], &[0; 32]);
        let _ = verify_consistency((index, &[0; 32]), (size, &[0; 32]), &[[1; 32]; 70]);
        let _ = prove_inclusion(index, size, &Memory::default());
    }
}
