//! What `receipts.json` proves, in a browser: the verify page's wasm. One text goes in beside the keys, and one comes out. What
//! auditors check there is in `auditor.rs`.
//!
//! What lives here: the sentences of the page. What never does: rules. What is proven `postern-receipt` says, as it says to
//! the command `postern verify`. Never linked into the page gate.

mod auditor;

use postern_receipt::Timestamp;
use postern_receipt::log::{PublicKey, Standing, verify_export};
use wasm_bindgen::prelude::wasm_bindgen;

/// What to say of a file of receipts, checked with these keys (one in each line): the verdict, `proven`, `promised`, `not` or
/// `unusable`, in the first line; the sentence that sums up in the second; one line for each receipt behind that.
#[wasm_bindgen]
#[must_use]
pub fn verify(receipts: &str, keys: &str, now_unix_ms: f64) -> String {
    let keys: Result<Vec<PublicKey>, _> =
        keys.lines().map(str::trim).filter(|line| !line.is_empty()).map(PublicKey::parse).collect();
    let keys = match keys {
        Ok(keys) if keys.is_empty() => {
            return "unusable\nThe log’s public key is missing: paste it, or choose its file.".into();
        }
        Ok(keys) => keys,
        Err(error) => return format!("unusable\nThis is no public key: {error}."),
    };
    // A browser's clock counts whole milliseconds, far within what a number holds.
    let now = Timestamp::from_unix_ms(now_unix_ms.max(0.0) as u64);
    let checked = match verify_export(receipts, &keys, now) {
        Ok(checked) => checked,
        Err(error) => return format!("not\nNOT proven: {error}."),
    };
    let mut lines = Vec::new();
    let mut first_fault = None;
    let mut promised = 0;
    for (number, receipt) in (1..).zip(&checked) {
        match receipt {
            Ok(verified) => {
                promised += usize::from(matches!(verified.standing, Standing::Promised(_)));
                lines.push(verified.to_string());
            }
            Err(error) => {
                let line = format!("receipt number {number}: NOT proven: {error}");
                first_fault.get_or_insert_with(|| format!("receipt number {number}: {error}"));
                lines.push(line);
            }
        }
    }
    let count = checked.len();
    let (verdict, sentence) = match (first_fault, count, promised) {
        (Some(fault), ..) => ("not", format!("NOT proven: {fault}.")),
        (None, 0, _) => ("unusable", "There is no receipt in this file.".into()),
        (None, 1, 0) => ("proven", "Proven: the receipt is in the signed log, unaltered.".into()),
        (None, _, 0) => ("proven", format!("Proven: all {count} receipts are in the signed log, unaltered.")),
        (None, ..) => (
            "promised",
            format!(
                "Unaltered, and {promised} of {count} not in the signed log yet: the log has promised to take them in. Save the file again in a few minutes to have the proof."
            ),
        ),
    };
    format!("{verdict}\n{sentence}\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW: f64 = 1_795_346_500_000.0;

    /// What another program made: crates/receipt/tests/golden_log.py.
    fn golden() -> Value {
        serde_json::from_str(include_str!("../../receipt/tests/golden/log.json")).unwrap()
    }

    fn say(receipts: &str, keys: &str) -> String {
        verify(receipts, keys, NOW)
    }

    fn sealed() -> String {
        let export: Value = serde_json::from_str(golden()["export"].as_str().unwrap()).unwrap();
        json!({ "receipts": [export["receipts"][0]] }).to_string()
    }

    #[test]
    fn verdict_sentence_and_a_line_for_each_receipt() {
        let golden = golden();
        let key = golden["vkey"].as_str().unwrap();
        assert_eq!(
            say(&sealed(), &format!("{key}\n")),
            "proven\nProven: the receipt is in the signed log, unaltered.\n\
             receipt 01010101-0101-4101-8101-010101010101: proven: entry 257 of the 300 in the log shop.example/_postern/log"
        );
        let both = say(golden["export"].as_str().unwrap(), key);
        assert!(both.starts_with("promised\nUnaltered, and 1 of 2 not in the signed log yet"), "{both}");
        assert_eq!(both.lines().count(), 4);
        let altered = say(&sealed().replace("05050505", "05050506"), key);
        assert!(altered.starts_with("not\nNOT proven: receipt number 1: receipt and salt"), "{altered}");
        assert!(say("{}", key).starts_with("not\nNOT proven: not an export of receipts"), "{altered}");
        assert_eq!(say(r#"{"receipts":[]}"#, key), "unusable\nThere is no receipt in this file.\n");
        assert!(say(&sealed(), " \n").starts_with("unusable\nThe log’s public key is missing"));
        assert!(say(&sealed(), "shop+1+2").starts_with("unusable\nThis is no public key: "));
    }

    #[test]
    fn any_flipped_byte_is_not_proven() {
        let golden = golden();
        let (text, key) = (sealed(), golden["vkey"].as_str().unwrap());
        for at in (0..text.len()).step_by(7) {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(altered) = String::from_utf8(bytes) else { continue };
            let said = say(&altered, key);
            assert!(said.starts_with("not\n"), "byte {at}: {said}");
        }
    }
}
