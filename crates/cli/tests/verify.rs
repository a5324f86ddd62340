//! `postern verify` and `postern files` as they are called. What verification finds is `postern-receipt`'s, and tested there
//! byte by byte; here: that the command asks for it, says it, and exits by it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, not their helpers"
)]

use serde_json::{Value, json};
use std::process::Command;

/// What another program made: crates/receipt/tests/golden_log.py.
fn golden() -> Value {
    serde_json::from_str(include_str!("../../receipt/tests/golden/log.json")).unwrap()
}

fn key() -> String {
    golden()["vkey"].as_str().unwrap().to_owned()
}

fn write(name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = format!("{}/{name}", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Exit status, and what was printed.
fn postern(arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_postern")).args(arguments).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), said)
}

/// The sealed receipt of the golden; the other is a promise, whose term depends on the day.
fn sealed() -> Value {
    let export: Value = serde_json::from_str(golden()["export"].as_str().unwrap()).unwrap();
    export["receipts"].get(0).unwrap().clone()
}

fn exported(name: &str, receipts: &[Value]) -> String {
    write(name, json!({ "receipts": receipts }).to_string())
}

#[test]
fn an_exported_receipt_is_proven_by_the_key_alone() {
    let path = exported("whole.json", &[sealed()]);
    let proven = "receipt 01010101-0101-4101-8101-010101010101: proven: entry 257 of the 300 in the log shop.example/_postern/log\n";
    assert_eq!(postern(&["verify", "--key", &key(), &path]), (0, proven.into()));
    // Keys may be in a file, as the log serves them.
    let keys = write("keys", format!("{}\n", key()));
    assert_eq!(postern(&["verify", &path, "--key", &keys]), (0, proven.into()));
}

#[test]
fn any_flipped_byte_fails_with_a_sentence() {
    let text = json!({ "receipts": [sealed()] }).to_string();
    // Every 41st byte: the library's own test flips each.
    for at in (0..text.len()).step_by(41) {
        let mut bytes = text.clone().into_bytes();
        *bytes.get_mut(at).unwrap() ^= 0x01;
        let path = write("flipped.json", &bytes);
        let (status, said) = postern(&["verify", "--key", &key(), &path]);
        assert_ne!(status, 0, "byte {at}: {said}");
        assert!(said.len() > 40 && said.ends_with('\n'), "byte {at}: {said}");
    }
    let salt = "05".repeat(32);
    let path = write("salt.json", text.replace(&salt, &"06".repeat(32)));
    assert_eq!(
        postern(&["verify", "--key", &key(), &path]),
        (
            1,
            "receipt number 1: NOT proven: receipt and salt do not give this commitment: one of the three was altered\n".into()
        )
    );
}

#[test]
fn one_bad_receipt_among_good_ones_fails_and_is_named() {
    let mut bad = sealed();
    *bad.get_mut("leaf_index").unwrap() = 256.into();
    let (status, said) =
        postern(&["verify", "--key", &key(), &exported("mixed.json", &[sealed(), bad, sealed()])]);
    assert_eq!(status, 1);
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines.first().unwrap().contains(": proven: ") && lines.get(2).unwrap().contains(": proven: "));
    assert_eq!(
        lines.get(1),
        Some(&"receipt number 2: NOT proven: the proof is of place 257, and leaf_index says 256")
    );
}

#[test]
fn a_proof_alone_is_of_a_commitment() {
    let sealed = sealed();
    let proof = write("proof", sealed["proof"].as_str().unwrap());
    let commitment = sealed["commitment"].as_str().unwrap();
    assert_eq!(
        postern(&["verify", "--key", &key(), "--commitment", commitment, &proof]),
        (0, format!("{proof}: proven: entry 257 of the 300 in the log shop.example/_postern/log\n"))
    );
    assert_eq!(
        postern(&["verify", "--key", &key(), "--commitment", &"00".repeat(32), &proof]),
        (1, format!("{proof}: NOT proven: the proof does not lead to the root of the checkpoint\n"))
    );
    let (status, said) = postern(&["verify", "--key", &key(), &proof]);
    assert!(status == 2 && said.contains("add --commitment HEX"), "{said}");
}

#[test]
fn a_folder_that_lacks_its_files_is_not_the_log() {
    let folder = format!("{}/log", env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(&folder).unwrap();
    let checkpoint = write("log/checkpoint", golden()["checkpoint"].as_str().unwrap());
    let (status, files) = postern(&["files", &checkpoint]);
    let wanted =
        ["tile/entries/000", "tile/entries/001.p/44", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"];
    let mut found: Vec<&str> = files.lines().collect();
    found.sort_unstable();
    let mut sorted = wanted;
    sorted.sort_unstable();
    assert_eq!((status, found), (0, sorted.to_vec()));
    let (status, said) = postern(&["verify", "--key", &key(), &folder]);
    assert!(status == 1 && said.starts_with(&format!("{folder}: NOT the log that was signed: ")), "{said}");
}

#[test]
fn wrong_usage_is_no_verdict() {
    let path = exported("usage.json", &[sealed()]);
    let key = key();
    let cases: [(&[&str], &str); 11] = [
        (&["verify"], "usage: "),
        (&["verify", &path], "name the log's public key"),
        (&["verify", "--key", &key], "name what to check"),
        (&["verify", "--key", &key, "--what", &path], "there is no option --what"),
        (&["verify", "--key", &key, "--commitment", "xy", &path], "use 64 lower-case hex digits"),
        (&["verify", "--key", "/no/such/file", &path], "cannot be read"),
        (&["verify", "--key", &key, "/no/such/file"], "cannot be read"),
        (&["verify", "--key", &key, "--url", "shop.example"], "use one like https://shop.example"),
        (&["verify", "--key", &key, "--url", "https://shop.example", "--log", "log", &path], "name one log"),
        (&["verify", "--key", &key, "--cache", "log", &path], "--cache is where a log is kept"),
        (&["export"], "usage: "),
    ];
    for (arguments, sentence) in cases {
        let (status, said) = postern(arguments);
        assert_eq!(status, 2, "{arguments:?}: {said}");
        assert!(said.contains(sentence), "{arguments:?}: {said}");
    }
}
