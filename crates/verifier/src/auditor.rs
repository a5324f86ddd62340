//! What an auditor checks in the browser: a whole log from its files, an export of all receipts against it, a single proof. Files
//! come from a folder, or from the site that the page is of; none is believed.

use postern_consent::Shard;
use postern_receipt::log::{
    Archive, Bundle, Checkpoint, PublicKey, Tile, VerifiedLog, leaf_hash, shard_of_line, verify_log,
};
use postern_receipt::{Sha256Hex, leaf};
use std::collections::HashMap;
use wasm_bindgen::prelude::wasm_bindgen;

/// Faults of an export that are told one by one.
const FAULTS_MAX: usize = 20;

/// What was brought so far, and what of it is checked.
#[wasm_bindgen]
pub struct Auditor {
    keys: Vec<PublicKey>,
    files: HashMap<String, Vec<u8>>,
    logs: Vec<(Shard, VerifiedLog)>,
}

/// Where a shard's files are, below the log.
fn folder(shard: u8) -> String {
    if shard == 0 { String::new() } else { format!("{shard}/") }
}

#[wasm_bindgen]
impl Auditor {
    /// One who trusts these keys, of which none that cannot be read is any; `keys` are checked where the sentences are said.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(keys: &str) -> Self {
        let keys = keys.lines().filter_map(|line| PublicKey::parse(line.trim()).ok()).collect();
        Self { keys, files: HashMap::new(), logs: Vec::new() }
    }

    /// Brings a file of the log, by its path below it.
    pub fn put(&mut self, path: &str, bytes: Vec<u8>) {
        self.files.insert(path.to_owned(), bytes);
    }

    /// The paths of the files of a shard's log that were not brought yet, one in each line: first the checkpoint, then what it heads.
    #[must_use]
    pub fn missing(&self, shard: u8) -> String {
        let folder = folder(shard);
        let Some(note) = self.files.get(&format!("{folder}checkpoint")) else {
            return format!("{folder}checkpoint");
        };
        let head = String::from_utf8_lossy(note).split_inclusive('\n').take(3).collect::<String>();
        let Ok(checkpoint) = Checkpoint::parse(&head) else { return String::new() };
        let minimum = self.minimum(shard);
        let shown = Tile::all(checkpoint.size).into_iter().filter(|tile| !tile.is_pruned(minimum));
        let paths = shown.map(|tile| format!("{folder}{tile}"));
        paths.filter(|path| !self.files.contains_key(path)).collect::<Vec<_>>().join("\n")
    }

    /// Checks a shard's log: verdict and sentence in two lines.
    pub fn check(&mut self, shard: u8) -> String {
        if self.keys.is_empty() {
            return "unusable\nThe log’s public key is missing: paste it, or choose its file.".into();
        }
        let folder = folder(shard);
        let read = |path: &str| {
            self.files.get(&format!("{folder}{path}")).cloned().ok_or_else(|| "is not there".to_owned())
        };
        let keys: Result<Vec<PublicKey>, _> =
            self.keys.iter().map(|key| key.of_shard(Shard(shard))).collect();
        let checked = keys.map_err(|error| error.to_string()).and_then(|keys| {
            verify_log(read, &keys, &[], self.minimum(shard)).map_err(|error| error.to_string())
        });
        match checked {
            Ok(log) => {
                let Checkpoint { origin, size, .. } = &log.checkpoint;
                let shown = match log.minimum {
                    0 => String::new(),
                    minimum => format!("; what is before entry {minimum} it shows no more"),
                };
                let said =
                    format!("proven\nThe log {origin} is whole: {size} entries give the signed root{shown}.");
                self.logs.push((Shard(shard), log));
                said
            }
            Err(error) => format!("not\nNOT the log that was signed: {error}."),
        }
    }

    /// Checks an export against the logs that were checked: verdict, sentence, and a line for each log or fault.
    #[must_use]
    pub fn export(&self, text: &str) -> String {
        if text.starts_with("shard,") {
            return "unusable\nThis is a table: the page checks an export of lines, and the command postern verify checks both.".into();
        }
        let mut archives: Vec<(Archive, &VerifiedLog)> =
            self.logs.iter().map(|(shard, log)| (Archive::of(*shard), log)).collect();
        let mut faults = Vec::new();
        let Some(whole) = text.strip_suffix('\n') else {
            return "not\nNOT proven: the file ends in the middle of a line, or is empty.".into();
        };
        let mut wrong = 0;
        for (number, line) in (1..).zip(whole.split('\n')) {
            let shard = shard_of_line(line);
            let added = match archives.iter_mut().find(|(archive, _)| archive.shard == shard) {
                Some((archive, log)) => archive.add(line, log).map_err(|error| error.to_string()),
                None => Err(format!("there is no log of shard {}", shard.0)),
            };
            if let Err(error) = added {
                wrong += 1;
                if faults.len() < FAULTS_MAX {
                    faults.push(format!("line {number}: NOT proven: {error}"));
                }
            }
        }
        let sum =
            |count: fn(&Archive) -> u64| archives.iter().map(|(archive, _)| count(archive)).sum::<u64>();
        let (proven, newer) = (sum(|archive| archive.proven), sum(|archive| archive.newer));
        if wrong > 0 {
            let sentence = format!("NOT proven: {wrong} lines are not what was recorded, and {proven} are.");
            return format!("not\n{sentence}\n{}", faults.join("\n"));
        }
        if newer > 0 {
            return format!(
                "promised\n{newer} lines are newer than the log’s checkpoint, so not proven yet; {proven} are proven. Check again with a log that was fetched later."
            );
        }
        let lines = archives.iter().map(|(archive, log)| {
            let (size, missing, proven) = (log.checkpoint.size, archive.missing(log), archive.proven);
            format!(
                "{}: {proven} of {size} entries are here and proven; {missing} have no line: they were erased, left out, or are of another kind",
                log.checkpoint.origin
            )
        });
        let lines = lines.collect::<Vec<_>>().join("\n");
        format!("proven\nProven: each of the {proven} lines is in the signed log, unaltered.\n{lines}")
    }

    /// Checks a single proof of a commitment: verdict and sentence.
    #[must_use]
    pub fn proof(&self, proof: &str, commitment: &str) -> String {
        let Ok(Sha256Hex(said)) = Sha256Hex::parse(commitment.trim()) else {
            return "unusable\nA proof alone does not say whose it is: give the commitment, 64 hex digits."
                .into();
        };
        let verified = Bundle::parse(proof).and_then(|bundle| {
            let checkpoint = bundle.verify(&leaf_hash(&leaf(&said)), &self.keys)?;
            Ok((bundle.index, checkpoint))
        });
        match verified {
            Ok((index, Checkpoint { origin, size, .. })) => {
                format!("proven\nProven: entry {index} of the {size} in the log {origin}.")
            }
            Err(error) => format!("not\nNOT proven: {error}."),
        }
    }
}

impl Auditor {
    /// Before which entry a shard's log shows nothing, as its file `minimum` says; 0 without one.
    fn minimum(&self, shard: u8) -> u64 {
        let said = self.files.get(&format!("{}minimum", folder(shard)));
        let said = said.map(|bytes| String::from_utf8_lossy(bytes).trim().to_owned());
        said.and_then(|text| text.parse().ok()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// What another program made: crates/receipt/tests/golden_log.py.
    fn golden() -> Value {
        serde_json::from_str(include_str!("../../receipt/tests/golden/log.json")).unwrap()
    }

    fn receipt(golden: &Value) -> Value {
        let export: Value = serde_json::from_str(golden["export"].as_str().unwrap()).unwrap();
        export["receipts"][0].clone()
    }

    #[test]
    fn a_single_proof_is_of_its_commitment_alone() {
        let golden = golden();
        let (auditor, receipt) = (Auditor::new(golden["vkey"].as_str().unwrap()), receipt(&golden));
        let (proof, commitment) =
            (receipt["proof"].as_str().unwrap(), receipt["commitment"].as_str().unwrap());
        assert_eq!(
            auditor.proof(proof, commitment),
            "proven\nProven: entry 257 of the 300 in the log shop.example/_postern/log."
        );
        for at in 0..proof.len() {
            let mut bytes = proof.as_bytes().to_vec();
            bytes[at] ^= 1;
            let Ok(altered) = String::from_utf8(bytes) else { continue };
            let said = auditor.proof(&altered, commitment);
            assert!(said.starts_with("not\n"), "byte {at}: {said}");
        }
        assert!(auditor.proof(proof, &"0".repeat(64)).starts_with("not\n"));
        assert!(auditor.proof(proof, "x").starts_with("unusable\n"));
        assert!(Auditor::new("").proof(proof, commitment).starts_with("not\n"));
    }

    #[test]
    fn what_is_missing_is_asked_for_and_a_log_without_it_is_none() {
        let golden = golden();
        let mut auditor = Auditor::new(golden["vkey"].as_str().unwrap());
        assert_eq!(
            (auditor.missing(0).as_str(), auditor.missing(3).as_str()),
            ("checkpoint", "3/checkpoint")
        );
        auditor.put("checkpoint", golden["checkpoint"].as_str().unwrap().as_bytes().to_vec());
        let missing = auditor.missing(0);
        assert_eq!(missing.lines().count(), 5, "{missing}");
        assert!(missing.contains("tile/entries/001.p/44"), "{missing}");
        assert!(
            auditor.check(0).starts_with("not\nNOT the log that was signed: tile/entries/000: is not there")
        );
        assert!(auditor.check(1).starts_with("not\n"));
        // What the log shows no more is not asked for; the rest is.
        auditor.put("minimum", b"256\n".to_vec());
        assert_eq!(auditor.missing(0), "tile/entries/001.p/44\ntile/0/001.p/44\ntile/1/000.p/1");
        assert!(
            auditor.check(0).starts_with("not\nNOT the log that was signed: tile/entries/001.p/44: is not")
        );
        assert!(Auditor::new("x").check(0).starts_with("unusable\n"));
        assert!(auditor.export("").starts_with("not\n"));
        assert!(auditor.export("shard,leaf_index\n").starts_with("unusable\n"));
        assert!(auditor.export("{}\n").contains("line 1: NOT proven: there is no log of shard 0"));
    }
}
