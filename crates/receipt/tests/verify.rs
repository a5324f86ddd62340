//! Checking exports and files: every byte that is flipped is found, and the sentence names what is wrong.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, not their helpers"
)]

use ed25519_dalek::{Signer, SigningKey};
use postern_receipt::log::{
    Checkpoint, ExportError, Hash, LogError, NodePlace, Nodes, PublicKey, Standing, Tile, TileKind,
    VerifiedLog, completed, leaf_hash, root, verify_export, verify_files, verify_log, write_bundle,
    write_note,
};
use postern_receipt::{Timestamp, leaf, sha256};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::LazyLock;

const NOW: Timestamp = Timestamp::from_unix_ms(1_795_346_500_000);

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/log.json")).unwrap()
}

fn keys() -> &'static [PublicKey] {
    static KEYS: LazyLock<[PublicKey; 1]> =
        LazyLock::new(|| [PublicKey::parse(golden()["vkey"].as_str().unwrap()).unwrap()]);
    &*KEYS
}

/// The two receipts of the golden: one with a proof, one with a promise.
fn exported() -> [Value; 2] {
    let export: Value = serde_json::from_str(golden()["export"].as_str().unwrap()).unwrap();
    [export["receipts"][0].clone(), export["receipts"][1].clone()]
}

fn check(receipt: &Value) -> Result<Standing, ExportError> {
    let text = json!({ "receipts": [receipt] }).to_string();
    let found = verify_export(&text, keys(), NOW)?.pop().unwrap();
    found.map(|verified| verified.standing)
}

#[test]
fn an_export_of_another_program_is_proven_without_asking_anybody() {
    let golden = golden();
    let found = verify_export(golden["export"].as_str().unwrap(), keys(), NOW).unwrap();
    let [Ok(sealed), Ok(promised)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(
        (sealed.receipt_id.as_str(), sealed.leaf_index),
        ("01010101-0101-4101-8101-010101010101", 257)
    );
    assert!(matches!(&sealed.standing, Standing::Sealed(checkpoint) if checkpoint.size == 300));
    let Standing::Promised(by) = &promised.standing else { panic!("{promised:?}") };
    assert_eq!(by.to_string(), "2026-11-22T12:20:41Z");
}

#[test]
fn any_flipped_byte_of_receipt_salt_commitment_proof_and_promise_is_found() {
    let mut flips = 0;
    for receipt in exported() {
        assert!(check(&receipt).is_ok());
        for field in ["salt", "commitment", "proof", "promise"] {
            let Some(text) = receipt[field].as_str() else { continue };
            for at in 0..text.len() {
                for mask in [0x01_u8, 0x04, 0x20] {
                    let mut bytes = text.as_bytes().to_vec();
                    bytes[at] ^= mask;
                    // What is no UTF-8 is no JSON.
                    let Ok(altered) = String::from_utf8(bytes) else { continue };
                    let mut receipt = receipt.clone();
                    receipt[field] = altered.clone().into();
                    let error = check(&receipt).expect_err(&altered);
                    assert!(error.to_string().len() > 20, "{error}");
                    flips += 1;
                }
            }
        }
        let text = receipt["receipt"].to_string();
        for at in 0..text.len() {
            for mask in [0x01_u8, 0x04, 0x20] {
                let mut bytes = text.as_bytes().to_vec();
                bytes[at] ^= mask;
                let Ok(altered) = serde_json::from_slice::<Value>(&bytes) else { continue };
                let mut receipt = receipt.clone();
                receipt["receipt"] = altered;
                let error = check(&receipt).unwrap_err();
                assert!(matches!(error, ExportError::Commitment | ExportError::Receipt), "{error}");
                flips += 1;
            }
        }
    }
    // Two receipts of 1,250 bytes, a proof of 800, a promise of 330, and two salts and commitments.
    assert!(flips > 6_000, "{flips}");
}

#[test]
fn any_flipped_byte_of_the_key_is_found() {
    let vkey = golden()["vkey"].as_str().unwrap().to_owned();
    let text = json!({ "receipts": [exported()[0]] }).to_string();
    for at in 0..vkey.len() {
        for mask in 1..=0x7f_u8 {
            let mut bytes = vkey.clone().into_bytes();
            bytes[at] ^= mask;
            let Ok(altered) = String::from_utf8(bytes) else { continue };
            if let Ok(key) = PublicKey::parse(&altered) {
                panic!("{key} is the same key with another id or name");
            }
        }
    }
    let other = PublicKey::new("shop.example/_postern/log", [9; 32]).unwrap();
    let error = verify_export(&text, &[other], NOW).unwrap().pop().unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the checkpoint: the note is not signed with the key shop.example/_postern/log"
    );
}

#[test]
fn each_fault_has_its_sentence() {
    let [sealed, promised] = exported();
    let with = |field: &str, value: Value| {
        let mut receipt = sealed.clone();
        receipt[field] = value;
        check(&receipt).unwrap_err().to_string()
    };
    assert_eq!(with("salt", "05".into()), "the salt is not 64 lower-case hex digits");
    assert_eq!(
        with("salt", "06".repeat(32).into()),
        "receipt and salt do not give this commitment: one of the three was altered"
    );
    assert_eq!(with("leaf_index", 256.into()), "the proof is of place 257, and leaf_index says 256");
    let proof = sealed["proof"].as_str().unwrap();
    assert_eq!(
        with("proof", proof.replace("\n300\n", "\n301\n").into()),
        "the checkpoint: the signature with the key shop.example/_postern/log is not of this text: one of them was altered"
    );
    let mut lines: Vec<&str> = proof.lines().collect();
    lines.swap(2, 3);
    assert_eq!(
        with("proof", (lines.join("\n") + "\n").into()),
        "the proof does not lead to the root of the checkpoint"
    );
    let mut bare = sealed.clone();
    bare.as_object_mut().unwrap().remove("proof");
    assert_eq!(check(&bare).unwrap_err(), ExportError::Bare);
    bare["promise"] = promised["promise"].clone();
    assert!(check(&bare).is_ok());
    // A promise whose hour has passed proves nothing any more.
    let late = verify_export(
        &json!({ "receipts": [bare] }).to_string(),
        keys(),
        Timestamp::from_unix_ms(1_795_350_042_000),
    );
    assert_eq!(
        late.unwrap().pop().unwrap().unwrap_err().to_string(),
        "the log promised a proof by 2026-11-22T12:20:41Z, and this file has none: export again, and complain if it stays so"
    );
    assert!(matches!(verify_export("{}", keys(), NOW), Err(ExportError::Form(_))));
    assert!(matches!(verify_export(r#"{"receipts":[],"more":1}"#, keys(), NOW), Err(ExportError::Form(_))));
}

/// A promise is never a checkpoint, nor a checkpoint a promise, though one key signs both.
#[test]
fn a_promise_does_not_pass_for_a_checkpoint() {
    let golden = golden();
    let error = Checkpoint::open(golden["promise"].as_str().unwrap(), keys()).unwrap_err();
    assert_eq!(error.to_string(), "the checkpoint is not three lines: origin, size, and root in base64");
    let [_, mut promised] = exported();
    promised["promise"] = golden["checkpoint"].clone();
    assert!(matches!(check(&promised), Err(ExportError::Promise(_))));
}

const ORIGIN: &str = "shop.example/log";

struct Log {
    nodes: Vec<Vec<Hash>>,
    commitments: Vec<Hash>,
    signers: Vec<SigningKey>,
}

impl Nodes for Log {
    type Error = ();

    fn node(&self, place: NodePlace) -> Result<Option<Hash>, ()> {
        let nodes = self.nodes.get(place.last_leaf() as usize);
        Ok(nodes.and_then(|nodes| nodes.get(usize::from(place.level))).copied())
    }
}

impl Log {
    fn of(size: u64) -> Self {
        let mut log = Self {
            nodes: Vec::new(),
            commitments: Vec::new(),
            signers: vec![SigningKey::from_bytes(&[7; 32])],
        };
        for index in 0..size {
            let commitment = sha256(&index.to_be_bytes());
            let nodes = completed(index, leaf_hash(&leaf(&commitment)), &log).unwrap();
            log.nodes.push(nodes);
            log.commitments.push(commitment);
        }
        log
    }

    fn keys(&self) -> Vec<PublicKey> {
        let public = |signer: &SigningKey| PublicKey::new(ORIGIN, signer.verifying_key().to_bytes()).unwrap();
        self.signers.iter().map(public).collect()
    }

    fn checkpoint(&self, size: u64) -> String {
        let root = root(size, self).unwrap();
        let text = Checkpoint { origin: ORIGIN.into(), size, root }.to_string();
        let signed = self.signers.iter().zip(self.keys());
        let lines: Vec<String> = signed
            .map(|(signer, key)| key.signature_line(&signer.sign(text.as_bytes()).to_bytes()))
            .collect();
        write_note(&text, &lines)
    }

    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let size = self.nodes.len() as u64;
        let file = |tile: Tile| {
            let begin = (tile.index * 256) as usize;
            let bytes = match tile.kind {
                TileKind::Entries => write_bundle(&self.commitments[begin..begin + tile.width as usize]),
                TileKind::Hashes(_) => tile.read(self).unwrap(),
            };
            (tile.to_string(), bytes)
        };
        let mut files: BTreeMap<String, Vec<u8>> = Tile::all(size).into_iter().map(file).collect();
        files.insert("checkpoint".into(), self.checkpoint(size).into_bytes());
        files
    }
}

fn check_files(
    files: &BTreeMap<String, Vec<u8>>,
    keys: &[PublicKey],
    earlier: &[String],
) -> Result<Checkpoint, LogError> {
    verify_files(|path| files.get(path).cloned().ok_or_else(|| "is not there".into()), keys, earlier)
}

#[test]
fn a_whole_log_is_checked_by_its_files() {
    for size in [1, 2, 255, 256, 257, 700] {
        let log = Log::of(size);
        let earlier: Vec<String> = [1, size / 2, size].map(|size| log.checkpoint(size.max(1))).into();
        assert_eq!(check_files(&log.files(), &log.keys(), &earlier).map(|found| found.size), Ok(size));
    }
}

#[test]
fn any_flipped_byte_of_any_file_is_found() {
    let log = Log::of(260);
    let (files, keys) = (log.files(), log.keys());
    for (path, bytes) in &files {
        // Of the large files every 37th byte: each field of an entry and each place in a hash is met.
        let step = if bytes.len() > 1000 { 37 } else { 1 };
        for at in (0..bytes.len()).step_by(step) {
            let mut altered = files.clone();
            altered.get_mut(path).unwrap()[at] ^= 1;
            let error = check_files(&altered, &keys, &[]).expect_err(path);
            let names_it = match error {
                LogError::Form(tile) | LogError::Entry(tile, _) | LogError::Hash(tile, _) => {
                    // A bundle and its tile contradict each other: either may be named.
                    tile.to_string() == *path
                        || path.starts_with("tile/entries/")
                        || path.starts_with("tile/0/")
                }
                _ => path == "checkpoint",
            };
            assert!(names_it, "{path} byte {at}: {error}");
        }
        let mut without = files.clone();
        without.remove(path);
        let error = check_files(&without, &keys, &[]).unwrap_err();
        assert_eq!(error, LogError::Read { path: path.clone(), cause: "is not there".into() });
        let mut short = files.clone();
        short.get_mut(path).unwrap().pop();
        assert!(check_files(&short, &keys, &[]).is_err(), "{path}");
    }
}

#[test]
fn a_log_that_was_rewritten_is_found_by_who_kept_a_checkpoint() {
    let log = Log::of(300);
    let kept = log.checkpoint(290);
    let mut other = Log::of(0);
    for index in 0..300_u64 {
        // One receipt of the past is another; all hashes and the signature are made anew.
        let commitment = sha256(&(if index == 17 { 9999 } else { index }).to_be_bytes());
        let nodes = completed(index, leaf_hash(&leaf(&commitment)), &other).unwrap();
        other.nodes.push(nodes);
        other.commitments.push(commitment);
    }
    assert!(check_files(&other.files(), &log.keys(), &[]).is_ok());
    let error = check_files(&other.files(), &log.keys(), std::slice::from_ref(&kept)).unwrap_err();
    assert_eq!(error, LogError::Rewritten { old: 290, new: 300 });
    assert_eq!(
        error.to_string(),
        "the checkpoint of 290 leaves is not the beginning of this log of 300: the log was rewritten"
    );
    // So is one that was cut short.
    let short = Log::of(280);
    assert!(matches!(
        check_files(&short.files(), &log.keys(), &[kept]),
        Err(LogError::Rewritten { old: 290, new: 280 })
    ));
}

/// The files of a log that shows nothing before that entry.
fn pruned(files: &BTreeMap<String, Vec<u8>>, minimum: u64) -> BTreeMap<String, Vec<u8>> {
    let is_shown = |path: &str| Tile::parse(path).is_none_or(|tile| !tile.is_pruned(minimum));
    files
        .iter()
        .filter(|(path, _)| is_shown(path))
        .map(|(path, bytes)| (path.clone(), bytes.clone()))
        .collect()
}

fn check_pruned(
    files: &BTreeMap<String, Vec<u8>>,
    keys: &[PublicKey],
    earlier: &[String],
    minimum: u64,
) -> Result<VerifiedLog, LogError> {
    let read = |path: &str| files.get(path).cloned().ok_or_else(|| "is not there".to_owned());
    verify_log(read, keys, earlier, minimum)
}

#[test]
fn a_pruned_log_is_proven_from_its_first_shown_entry_on() {
    // With a level of tiles above that is full, so that it may be missing too.
    let log = Log::of(66_000);
    let (files, keys) = (log.files(), log.keys());
    for minimum in [0, 300, 65_535, 65_536, 66_000] {
        let shown = pruned(&files, minimum);
        let gone = files.len() - shown.len();
        // Bundles and tiles of 256, and the tile over 256 of them.
        assert_eq!(gone as u64, 2 * (minimum / 256) + u64::from(minimum >= 65_536), "{minimum}");
        let checked = check_pruned(&shown, &keys, &[], minimum).map_err(|error| error.to_string()).unwrap();
        let first = minimum / 256 * 256;
        for index in [0, 255, 256, 511, 512, 65_535, 65_536, 65_999] {
            let known = checked.leaf(index).map(|_| index);
            assert_eq!(known, (index >= first).then_some(index), "{minimum}");
        }
        // Who still has the files checks them too.
        assert!(check_pruned(&files, &keys, &[], minimum).unwrap().leaf(0).is_some());
        if gone > 0 {
            assert!(matches!(check_pruned(&shown, &keys, &[], 0), Err(LogError::Read { .. })));
            assert!(matches!(check_pruned(&shown, &keys, &[], first - 1), Err(LogError::Read { .. })));
        }
        // What was signed before is compared as far as it can be.
        let (long, short) = (log.checkpoint(65_990), log.checkpoint(100));
        assert!(check_pruned(&shown, &keys, &[long], minimum).is_ok());
        let found = check_pruned(&shown, &keys, &[short], minimum).map(|_| ());
        let wanted = if gone == 0 { Ok(()) } else { Err(LogError::Pruned { old: 100, minimum }) };
        assert_eq!(found, wanted);
    }
    let beyond = check_pruned(&files, &keys, &[], 66_001).map(|_| ()).unwrap_err();
    assert_eq!(beyond, LogError::Minimum { minimum: 66_001, size: 66_000 });
}

#[test]
fn any_flipped_byte_of_what_a_pruned_log_shows_is_found_and_no_more_may_be_missing() {
    let log = Log::of(1300);
    let (files, keys) = (log.files(), log.keys());
    for minimum in [512, 1024] {
        let shown = pruned(&files, minimum);
        for (path, bytes) in &shown {
            let step = if bytes.len() > 1000 { 211 } else { 1 };
            for at in (0..bytes.len()).step_by(step) {
                let mut altered = shown.clone();
                altered.get_mut(path).unwrap()[at] ^= 1;
                assert!(check_pruned(&altered, &keys, &[], minimum).is_err(), "{path} byte {at}");
            }
            let mut without = shown.clone();
            without.remove(path);
            assert!(check_pruned(&without, &keys, &[], minimum).is_err(), "{path}");
        }
        // Files of what is not shown that somebody kept are believed no more than others.
        for path in files.keys().filter(|path| !shown.contains_key(*path)) {
            let mut more = shown.clone();
            let mut bytes = files[path].clone();
            bytes[40] ^= 1;
            more.insert(path.clone(), bytes);
            let found = check_pruned(&more, &keys, &[], minimum);
            // A bundle alone has no tile to be compared with, and says nothing then.
            if path.starts_with("tile/entries/") {
                let index = Tile::parse(path).unwrap().begin();
                assert!(found.is_ok_and(|log| log.leaf(index).is_none()), "{path}");
            } else {
                assert!(found.is_err(), "{path}");
            }
        }
    }
}

#[test]
fn while_keys_change_both_sign_and_either_is_enough() {
    let mut log = Log::of(3);
    log.signers.push(SigningKey::from_bytes(&[8; 32]));
    let (files, keys) = (log.files(), log.keys());
    for trusted in [&keys[..1], &keys[1..], &keys[..]] {
        assert!(check_files(&files, trusted, &[]).is_ok());
    }
    let stranger =
        PublicKey::new(ORIGIN, SigningKey::from_bytes(&[9; 32]).verifying_key().to_bytes()).unwrap();
    assert!(check_files(&files, std::slice::from_ref(&stranger), &[]).is_err());
    assert!(check_files(&files, &[], &[]).is_err());
    // A stranger's key beside ours changes nothing; a wrong signature of a trusted key does.
    assert!(check_files(&files, &[stranger, keys[0].clone()], &[]).is_ok());
}
