//! Having the log's checkpoints signed by witnesses, from within the Ledger, after each seal. A log that no witness has signed is
//! shown all the same; who asks for a witness finds that it did not. What is said is `postern-receipt`'s affair.

use crate::answer;
use crate::ledger_store::{SqlStore, integer};
use crate::outside;
use crate::signing::{ED25519, subtle};
use js_sys::{Array, Uint8Array};
use postern_receipt::log::{
    Cosignature, LogStore, Note, Sealed, WitnessAnswer, WitnessKey, add_checkpoint, cosigned_text,
    prove_consistency, read_answer,
};
use url::Url;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::CryptoKey;
use worker::Result;

/// A witness, and where it is asked.
pub struct Witness {
    key: WitnessKey,
    address: String,
}

/// Reads `LOG_WITNESSES`: a line for each, its public key and its address.
pub fn read(text: &str) -> std::result::Result<Vec<Witness>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let wrong = |cause: &str| format!("the variable LOG_WITNESSES: {line}: {cause}");
            let (key, address) =
                line.split_once(' ').ok_or_else(|| wrong("write the witness's key and its address"))?;
            let key = WitnessKey::parse(key).map_err(|error| wrong(&error.to_string()))?;
            let address = Url::parse(address.trim()).map_err(|error| wrong(&error.to_string()))?;
            Ok(Witness { key, address: address.as_str().trim_end_matches('/').to_string() })
        })
        .collect()
}

/// Has the last checkpoint signed by those who have not. True if all have.
pub async fn cosign(store: &mut SqlStore, witnesses: &[Witness]) -> bool {
    let mut are_all = true;
    for witness in witnesses {
        match sign(store, witness).await {
            Ok(()) => {}
            Err(cause) => {
                are_all = false;
                answer::log(&format!("the witness {} has not signed the log: {cause}", witness.key.name()));
            }
        }
    }
    are_all
}

async fn sign(store: &mut SqlStore, witness: &Witness) -> std::result::Result<(), String> {
    let failed = |error: worker::Error| error.to_string();
    let Some(sealed) = store.sealed().map_err(failed)? else { return Ok(()) };
    if witness.key.claim(&sealed.note).is_some() {
        return Ok(());
    }
    let mut old = store.witnessed(witness.key.name()).map_err(failed)?;
    // The second time with the size that the witness has said that it knows.
    for _ in 0..2 {
        if old > sealed.size {
            return Err(format!(
                "it has seen {old} entries, and the log has {}: entries are lost; restore the storage as it was last",
                sealed.size
            ));
        }
        let proof = prove_consistency(old, sealed.size, store).map_err(|error| error.to_string())?;
        let question = add_checkpoint(old, &proof, &sealed.note);
        let (status, body) =
            outside::ask(&format!("{}/add-checkpoint", witness.address), Some(&question)).await?;
        match read_answer(status, &body) {
            WitnessAnswer::Knows(size) => old = size,
            WitnessAnswer::Refused(409) => return Err("it does not say how many entries it knows".into()),
            WitnessAnswer::Refused(422) => {
                return Err("it knows another log of that name: the proof does not lead there".into());
            }
            WitnessAnswer::Refused(status) => return Err(format!("it answered {status}")),
            WitnessAnswer::Signed(lines) => {
                let claim = witness.key.claim(&lines).ok_or("its answer has no signature of its own")?;
                let text = Note::parse(&sealed.note).map_err(|error| error.to_string())?.split().0;
                let is_signed = is_signed(&witness.key, &claim, &text).await;
                if !is_signed.map_err(|error| answer::message(&error))? {
                    return Err("its signature is not of this checkpoint".into());
                }
                // Sealing waits for this, so the checkpoint is still the last.
                let size = sealed.size;
                store.put_sealed(&Sealed { note: sealed.note + &claim.line, ..sealed }).map_err(failed)?;
                return store.keep_witnessed(witness.key.name(), size).map_err(failed);
            }
        }
    }
    Err(format!("it says that it knows {old} entries, and then that it does not"))
}

/// Is it the witness's signature, over this checkpoint?
async fn is_signed(
    witness: &WitnessKey,
    claim: &Cosignature,
    text: &str,
) -> std::result::Result<bool, JsValue> {
    let (subtle, raw) = (subtle()?, Uint8Array::from(witness.key.as_slice()));
    let uses = Array::of1(&"verify".into());
    let imported = subtle.import_key_with_str("raw", &raw, ED25519, false, &uses)?;
    let key: CryptoKey = JsFuture::from(imported).await?.unchecked_into();
    let said = cosigned_text(claim.at_unix_seconds, text);
    let (signature, said) = (Uint8Array::from(claim.signature.as_slice()), Uint8Array::from(said.as_bytes()));
    let verified =
        subtle.verify_with_str_and_js_u8_array_and_js_u8_array(ED25519, &key, &signature, &said)?;
    Ok(JsFuture::from(verified).await?.is_truthy())
}

impl SqlStore {
    /// How many entries a witness has signed, as far as is known here.
    fn witnessed(&self, name: &str) -> Result<u64> {
        let size = self.number("SELECT size FROM witnesses WHERE name = ?", vec![name.into()])?;
        Ok(size.unwrap_or(0))
    }

    fn keep_witnessed(&self, name: &str, size: u64) -> Result<()> {
        let statement = "INSERT OR REPLACE INTO witnesses (name, size) VALUES (?, ?)";
        self.0.exec(statement, vec![name.into(), integer(size)?]).map(|_| ())
    }
}
