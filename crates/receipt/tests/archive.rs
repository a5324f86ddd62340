//! All receipts in one file against the log: every byte that is flipped is found, and what is missing is counted.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, not their helpers"
)]

mod store;

use ed25519_dalek::{Signer, SigningKey};
use postern_consent::Shard;
use postern_receipt::log::{
    Archive, ArchiveError, Checkpoint, LogError, PublicKey, Tile, TileKind, VerifiedLog, root, shard_of_line,
    shard_origin, verify_log, write_archived, write_archived_entry, write_bundle, write_note,
};
use postern_receipt::{Capacity, EntryKind, Word, admin_act_json, append_entry};
use store::{Memory, filled};

const ORIGIN: &str = "shop.example/log";

/// The first `size` leaves of a store as a log that was checked.
fn log_of(store: &Memory, size: u64) -> VerifiedLog {
    log_of_shard(store, size, Shard::FIRST)
}

fn log_of_shard(store: &Memory, size: u64, shard: Shard) -> VerifiedLog {
    let signer = SigningKey::from_bytes(&[7; 32]);
    let key = PublicKey::new(ORIGIN, signer.verifying_key().to_bytes()).unwrap().of_shard(shard).unwrap();
    let text = Checkpoint { origin: shard_origin(ORIGIN, shard), size, root: root(size, store).unwrap() }
        .to_string();
    let note = write_note(&text, &[key.signature_line(&signer.sign(text.as_bytes()).to_bytes())]);
    let read = |path: &str| match Tile::parse(path) {
        None => Ok(note.clone().into_bytes()),
        Some(tile @ Tile { kind: TileKind::Hashes(_), .. }) => Ok(tile.read(store).unwrap()),
        Some(tile) => {
            let (begin, width) = (tile.begin() as usize, tile.width as usize);
            Ok(write_bundle(store.leaves[begin..begin + width].iter().map(|(commitment, _)| commitment)))
        }
    };
    let checked: Result<VerifiedLog, LogError> = verify_log(read, &[key], &[], 0);
    checked.map_err(|error| error.to_string()).unwrap()
}

fn lines(store: &Memory) -> Vec<String> {
    lines_of_shard(store, Shard::FIRST)
}

fn lines_of_shard(store: &Memory, shard: Shard) -> Vec<String> {
    let line = |row: &postern_receipt::ReceiptRow| {
        write_archived(shard, row.leaf_index(), &row.json, &row.salt, &row.commitment).trim_end().to_owned()
    };
    store.rows.iter().map(line).collect()
}

fn check(lines: &[String], log: &VerifiedLog) -> Result<Archive, ArchiveError> {
    let mut archive = Archive::default();
    lines.iter().try_for_each(|line| archive.add(line, log))?;
    Ok(archive)
}

#[test]
fn a_whole_file_is_proven_and_what_is_missing_is_counted() {
    let store = filled(9);
    let log = log_of(&store, 9);
    let mut lines = lines(&store);
    let archive = check(&lines, &log).unwrap();
    assert_eq!((archive.proven, archive.newer, archive.missing(&log)), (9, 0, 0));
    lines.remove(4);
    let archive = check(&lines, &log).unwrap();
    assert_eq!((archive.proven, archive.newer, archive.missing(&log)), (8, 0, 1));
}

#[test]
fn acts_of_those_who_keep_the_site_are_proven_in_a_file_of_their_own() {
    let mut store = filled(3);
    let room = Capacity { bytes_max: u64::MAX, bytes_reserved: 0 };
    let json = admin_act_json(1_795_346_441_000, &Word::parse("zoe").unwrap(), "logged in");
    append_entry(&mut store, EntryKind::Act, json, 1_795_346_441_000, [9; 32], room).unwrap();
    let log = log_of(&store, 4);
    let line = write_archived_entry(Shard::FIRST, &store.entries[0]).trim_end().to_owned();
    let archive = check(std::slice::from_ref(&line), &log).unwrap();
    assert_eq!((archive.proven, archive.newer, archive.missing(&log)), (1, 0, 3));
    for (from, to) in [("logged in", "logged on"), ("zoe", "eve"), ("\"entry\":", "\"receipt\":")] {
        let altered = line.replace(from, to);
        assert_ne!(altered, line);
        assert!(check(&[altered], &log).is_err(), "{to}");
    }
    // Nor is a receipt one.
    assert!(check(&[lines(&store)[0].replace("\"receipt\":", "\"entry\":")], &log).is_err());
}

#[test]
fn a_line_says_which_shards_log_it_is_in_and_counts_for_no_other() {
    let store = filled(4);
    let (third, first) = (log_of_shard(&store, 4, Shard(3)), log_of(&store, 4));
    let lines = lines_of_shard(&store, Shard(3));
    assert!(lines.iter().all(|line| shard_of_line(line) == Shard(3)));
    let of_third = || Archive::of(Shard(3));
    let mut archive = of_third();
    lines.iter().try_for_each(|line| archive.add(line, &third)).unwrap();
    assert_eq!((archive.proven, archive.missing(&third)), (4, 0));
    for (from, to) in
        [("\"shard\":3,", ""), ("\"shard\":3,", "\"shard\":0,"), ("\"shard\":3", "\"shard\":03")]
    {
        let altered = lines[0].replace(from, to);
        assert_ne!(altered, lines[0]);
        assert!(of_third().add(&altered, &third).is_err(), "{to}");
    }
    assert_eq!(Archive::default().add(&lines[0], &first), Err(ArchiveError::Spelling));
    assert_eq!(shard_of_line(r#"{"leaf_index":0}"#), Shard::FIRST);
}

#[test]
fn what_is_newer_than_the_checkpoint_is_not_proven() {
    let store = filled(9);
    let log = log_of(&store, 6);
    let archive = check(&lines(&store), &log).unwrap();
    assert_eq!((archive.proven, archive.newer, archive.missing(&log)), (6, 3, 0));
}

#[test]
fn any_flipped_byte_is_found() {
    let store = filled(3);
    let log = log_of(&store, 3);
    let whole = lines(&store).join("\n") + "\n";
    let mut flips = 0;
    for at in 0..whole.len() {
        for mask in [0x01_u8, 0x02, 0x04, 0x20] {
            let mut bytes = whole.clone().into_bytes();
            bytes[at] ^= mask;
            // What is no UTF-8 is no line: the command says so.
            let Ok(text) = String::from_utf8(bytes) else { continue };
            let Some(text) = text.strip_suffix('\n') else { continue };
            let altered: Vec<String> = text.split('\n').map(str::to_owned).collect();
            match check(&altered, &log) {
                Err(error) => assert!(error.to_string().len() > 30, "{error}"),
                // A place beyond the checkpoint: that is told, and nothing is proven.
                Ok(archive) => assert!(archive.newer > 0, "byte {at} by {mask}"),
            }
            flips += 1;
        }
    }
    assert!(flips > 10_000, "{flips}");
}

#[test]
fn faults_are_told_apart() {
    let store = filled(4);
    let log = log_of(&store, 4);
    let all = lines(&store);
    let say = |lines: &[String]| check(lines, &log).unwrap_err().to_string();
    let moved = [all[1].replacen("\"leaf_index\":1", "\"leaf_index\":2", 1)];
    assert_eq!(
        say(&moved),
        "the log has another entry at place 2: this receipt is not the one that was recorded there"
    );
    let spaced = [all[0].replacen("\"salt\":", "\"salt\": ", 1)];
    assert_eq!(
        say(&spaced),
        "the line is not spelled as an export is: a byte of it was altered, or a program wrote it anew"
    );
    let told = [all[0].replacen("expressed", "expresses", 1)];
    assert_eq!(say(&told), "receipt and salt do not give this commitment: one of the three was altered");
    assert_eq!(
        say(&[all[2].clone(), all[2].clone()]),
        "place 2 comes behind place 2: lines are missing their order, or one is there twice"
    );
    assert!(say(&["{}".to_owned()]).starts_with("not a line of an export: missing field"));
    // A foreign receipt, whole in itself, is none of this log.
    let mut foreign = filled(8);
    foreign.rows.drain(..4);
    let line = &lines(&foreign)[0];
    let renamed = line.replacen("\"leaf_index\":4", "\"leaf_index\":3", 1);
    assert!(matches!(check(&[renamed], &log), Err(ArchiveError::Entry(3))));
}
