//! Witnesses: others who sign a log's checkpoints, once they have seen that each begins with what they signed before. Who trusts a
//! witness need not trust that the log shows everybody the same. Source: C2SP tlog-witness and tlog-cosignature.
//!
//! What is asked and what an answer says is here; who asks is the Ledger. Its platform verifies what is said to be signed.

use crate::log::note::{Note, NoteError};
use crate::log::tree::Hash;
use crate::time::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

/// The kind of signature. Source: C2SP signed-note, "Signature types"; tlog-cosignature, "Format".
const COSIGNATURE_V1: u8 = 0x04;

/// A witness's public key, with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessKey {
    name: String,
    /// The Ed25519 key.
    pub key: [u8; 32],
}

/// What a witness has signed: a checkpoint, as it was then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosignature {
    /// When, Unix seconds.
    pub at_unix_seconds: u64,
    /// Its Ed25519 signature.
    pub signature: [u8; 64],
    /// The line that says so, below a checkpoint; ends with a newline.
    pub line: String,
}

impl WitnessKey {
    /// Reads `<name>+<8 hex digits of the id>+<base64 of 0x04 and the key>`.
    ///
    /// # Errors
    /// [`NoteError::Key`] for another form, [`NoteError::KeyId`] where the id is another's.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Key);
        };
        let bytes = STANDARD.decode(key).map_err(|_| NoteError::Key)?;
        let [COSIGNATURE_V1, key @ ..] = bytes.as_slice() else { return Err(NoteError::Key) };
        let is_fine = |sign: char| !sign.is_whitespace() && !sign.is_control();
        if name.is_empty() || name.len() > 300 || !name.chars().all(is_fine) {
            return Err(NoteError::Name);
        }
        let witness = Self { name: name.to_owned(), key: key.try_into().map_err(|_| NoteError::Key)? };
        let own: String = witness.id().iter().map(|byte| format!("{byte:02x}")).collect();
        if own == id { Ok(witness) } else { Err(NoteError::KeyId) }
    }

    /// The witness's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of `SHA-256(name ‖ 0x0A ‖ 0x04 ‖ key)`.
    fn id(&self) -> [u8; 4] {
        let mut hash = Sha256::new();
        hash.update(self.name.as_bytes());
        hash.update([b'\n', COSIGNATURE_V1]);
        hash.update(self.key);
        let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
        [a, b, c, d]
    }

    /// What this witness says it signed, among signature lines; it is nothing before it is verified over [`cosigned_text`].
    #[must_use]
    pub fn claim(&self, lines: &str) -> Option<Cosignature> {
        let head = format!("— {} ", self.name);
        lines.split_inclusive('\n').filter(|line| line.ends_with('\n')).find_map(|line| {
            let bytes = STANDARD.decode(line.strip_prefix(&head)?.trim_end_matches('\n')).ok()?;
            let (id, rest) = bytes.split_first_chunk::<4>()?;
            let (at, signature) = rest.split_first_chunk::<8>()?;
            (*id == self.id()).then_some(())?;
            Some(Cosignature {
                at_unix_seconds: u64::from_be_bytes(*at),
                signature: signature.try_into().ok()?,
                line: line.to_owned(),
            })
        })
    }

    /// When this witness signed the checkpoint of a note.
    ///
    /// # Errors
    /// [`NoteError::Unsigned`] if it did not, [`NoteError::Signature`] if it signed something else.
    pub fn verify(&self, note: &str) -> Result<Timestamp, NoteError> {
        let (text, lines) = Note::parse(note)?.split();
        let claim = self.claim(&lines).ok_or_else(|| NoteError::Unsigned(self.name.clone()))?;
        let key = VerifyingKey::from_bytes(&self.key).map_err(|_| NoteError::Key)?;
        let said = cosigned_text(claim.at_unix_seconds, &text);
        match key.verify_strict(said.as_bytes(), &Signature::from_bytes(&claim.signature)) {
            Ok(()) => Ok(Timestamp::from_unix_ms(claim.at_unix_seconds.saturating_mul(1000))),
            Err(_) => Err(NoteError::Signature(self.name.clone())),
        }
    }
}

/// What a witness signs: when, and the checkpoint's text.
#[must_use]
pub fn cosigned_text(at_unix_seconds: u64, checkpoint: &str) -> String {
    format!("cosignature/v1\ntime {at_unix_seconds}\n{checkpoint}")
}

/// Asks a witness to sign: the size that it signed last, why the new checkpoint begins with that, and the checkpoint, signed.
#[must_use]
pub fn add_checkpoint(old: u64, proof: &[Hash], note: &str) -> String {
    let lines: String = proof.iter().map(|hash| STANDARD.encode(hash) + "\n").collect();
    format!("old {old}\n{lines}\n{note}")
}

/// What a witness answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WitnessAnswer {
    /// Lines of signatures.
    Signed(String),
    /// It signed another size last.
    Knows(u64),
    /// It signs nothing; the status says why.
    Refused(u16),
}

/// Reads an answer.
#[must_use]
pub fn read_answer(status: u16, body: &str) -> WitnessAnswer {
    match status {
        200 => WitnessAnswer::Signed(body.to_owned()),
        409 => body.trim_end_matches('\n').parse().map_or(WitnessAnswer::Refused(409), WitnessAnswer::Knows),
        status => WitnessAnswer::Refused(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};

    const TEXT: &str = "shop.example/log\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";

    fn vkey(name: &str, signer: &SigningKey) -> String {
        let key = signer.verifying_key().to_bytes();
        let witness = WitnessKey { name: name.into(), key };
        let id: String = witness.id().iter().map(|byte| format!("{byte:02x}")).collect();
        let bytes: Vec<u8> = [COSIGNATURE_V1].into_iter().chain(key).collect();
        format!("{name}+{id}+{}", STANDARD.encode(bytes))
    }

    fn line(witness: &WitnessKey, signer: &SigningKey, at: u64, text: &str) -> String {
        let signature = signer.sign(cosigned_text(at, text).as_bytes()).to_bytes();
        let bytes: Vec<u8> = witness.id().into_iter().chain(at.to_be_bytes()).chain(signature).collect();
        format!("— {} {}\n", witness.name, STANDARD.encode(bytes))
    }

    #[test]
    fn what_a_witness_signed_is_known_and_nothing_else() {
        let signer = SigningKey::from_bytes(&[7; 32]);
        let witness = WitnessKey::parse(&vkey("witness.example/w", &signer)).unwrap();
        let own = line(&witness, &signer, 1_795_346_441, TEXT);
        let note = |lines: &str| format!("{TEXT}\n— shop.example/log AAAAAAAA\n{lines}");
        assert_eq!(
            witness.verify(&note(&own)).map(|at| at.to_string()).as_deref(),
            Ok("2026-11-22T11:20:41Z")
        );
        assert_eq!(witness.verify(&note("")), Err(NoteError::Unsigned("witness.example/w".into())));
        // Another text, another time, another's signature under that name.
        let other = line(&witness, &signer, 1_795_346_441, &TEXT.replace('7', "8"));
        let stranger = line(&witness, &SigningKey::from_bytes(&[8; 32]), 1_795_346_441, TEXT);
        for lines in [other, stranger] {
            assert_eq!(witness.verify(&note(&lines)), Err(NoteError::Signature("witness.example/w".into())));
        }
        for at in 0..own.len() {
            let mut bytes = own.clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(altered) = String::from_utf8(bytes) else { continue };
            assert!(witness.verify(&note(&altered)).is_err(), "byte {at}");
        }
    }

    #[test]
    fn keys_are_those_of_witnesses_alone() {
        let signer = SigningKey::from_bytes(&[7; 32]);
        let sound = vkey("witness.example/w", &signer);
        assert!(WitnessKey::parse(&sound).is_ok());
        assert_eq!(WitnessKey::parse(&sound.replacen("witness", "witless", 1)), Err(NoteError::KeyId));
        let of_log = crate::log::PublicKey::new("shop", signer.verifying_key().to_bytes()).unwrap();
        assert_eq!(WitnessKey::parse(&of_log.to_string()), Err(NoteError::Key));
        assert_eq!(WitnessKey::parse("x"), Err(NoteError::Key));
    }

    #[test]
    fn a_question_is_spelled_as_the_standard_prints_it() {
        // Source: C2SP tlog-witness, "add-checkpoint", its example, shortened.
        let hash: Hash =
            STANDARD.decode("PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=").unwrap().try_into().unwrap();
        assert_eq!(
            add_checkpoint(20_852_014, &[hash], "log\n1\nroot\n\n— log sig\n"),
            "old 20852014\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\nlog\n1\nroot\n\n— log sig\n"
        );
        assert_eq!(add_checkpoint(0, &[], "log\n"), "old 0\n\nlog\n");
        assert_eq!(read_answer(409, "17\n"), WitnessAnswer::Knows(17));
        assert_eq!(read_answer(409, "x"), WitnessAnswer::Refused(409));
        assert_eq!(read_answer(403, ""), WitnessAnswer::Refused(403));
        assert_eq!(read_answer(200, "— a b\n"), WitnessAnswer::Signed("— a b\n".into()));
    }
}
