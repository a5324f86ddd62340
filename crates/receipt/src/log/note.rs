//! Signed notes with Ed25519: keys by name, texts with signatures below. Source: C2SP signed-note.
//!
//! What makes a signature is not here: at the edge it is the platform's own Ed25519, which takes a note's text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use postern_consent::Shard;
use sha2::{Digest, Sha256};
use std::fmt;

/// Longest note that is read, bytes: a checkpoint of ours has 300, and sixteen foreign signatures of 5 kB fit.
pub const NOTE_BYTES_MAX: usize = 100_000;

/// The kind of signature, as key ids and public keys carry it. Source: C2SP signed-note, "Signature types".
const ED25519: u8 = 0x01;

/// Why a text is no note, or no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not `name+hash+key`.
    #[error("not a public key of a log; it looks like name+1a2b3c4d+base64")]
    Key,
    /// The name is empty, or has a space or a plus.
    #[error("not a name of a key; use a name without spaces and plus signs, as in shop.example/log")]
    Name,
    /// The key's id is not the hash of name and key.
    #[error("the public key is damaged: its id is not the hash of its name and bytes")]
    KeyId,
    /// The note is longer than anybody needs.
    #[error("the note has {0} bytes, which is more than {NOTE_BYTES_MAX}")]
    Length(usize),
    /// No text, blank line and signature lines.
    #[error("not a signed note: it is a text, an empty line, and lines of signatures")]
    Form,
    /// Nobody signed whom the reader trusts.
    #[error("the note is not signed with the key {0}")]
    Unsigned(String),
    /// The reader trusts nobody.
    #[error("no public key was given to check the note with")]
    NoKey,
    /// Somebody signed something else.
    #[error("the signature with the key {0} is not of this text: one of them was altered")]
    Signature(String),
}

/// The public half of a key that signs a log, with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    key: [u8; 32],
}

impl PublicKey {
    /// The key of these 32 bytes under this name.
    ///
    /// # Errors
    /// [`NoteError::Name`] for a name that notes cannot carry.
    pub fn new(name: &str, key: [u8; 32]) -> Result<Self, NoteError> {
        let is_fine = |sign: char| !sign.is_whitespace() && !sign.is_control() && sign != '+';
        if !name.is_empty() && name.len() <= 300 && name.chars().all(is_fine) {
            Ok(Self { name: name.to_owned(), key })
        } else {
            Err(NoteError::Name)
        }
    }

    /// Reads `<name>+<8 hex digits of the id>+<base64 of 0x01 and the key>`.
    ///
    /// # Errors
    /// [`NoteError`] by cause.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Key);
        };
        let bytes = STANDARD.decode(key).map_err(|_| NoteError::Key)?;
        let [ED25519, key @ ..] = bytes.as_slice() else { return Err(NoteError::Key) };
        let public = Self::new(name, key.try_into().map_err(|_| NoteError::Key)?)?;
        if public.id_hex() == id { Ok(public) } else { Err(NoteError::KeyId) }
    }

    /// The key's name: the log's origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same key as it signs another of the site's logs. Source: C2SP signed-note, which has the name hashed into the id.
    ///
    /// # Errors
    /// [`NoteError::Name`] for a name that is too long.
    pub fn of_shard(&self, shard: Shard) -> Result<Self, NoteError> {
        Self::new(&shard_origin(&self.name, shard), self.key)
    }

    /// This key under the name that somebody signed with, if that is of the log it is for or of a shard of it.
    fn under(&self, name: &str) -> Option<Self> {
        let number = name.strip_prefix(&self.name)?.strip_prefix('/')?;
        let key = self.of_shard(Shard(number.parse().ok()?)).ok()?;
        // One name for each: neither `0`, which has none, nor `03`.
        (key.name == name && key.name != self.name).then_some(key)
    }

    /// The first four bytes of `SHA-256(name ‖ 0x0A ‖ 0x01 ‖ key)`.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let mut hash = Sha256::new();
        hash.update(self.name.as_bytes());
        hash.update([b'\n', ED25519]);
        hash.update(self.key);
        let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
        [a, b, c, d]
    }

    fn id_hex(&self) -> String {
        self.id().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The line that says: this key signed the text above. Em dash, name, and base64 of id and signature.
    #[must_use]
    pub fn signature_line(&self, signature: &[u8; 64]) -> String {
        let bytes: Vec<u8> = self.id().into_iter().chain(*signature).collect();
        format!("— {} {}\n", self.name, STANDARD.encode(bytes))
    }

    fn has_signed(&self, text: &str, signature: &[u8]) -> bool {
        let Ok(key) = VerifyingKey::from_bytes(&self.key) else { return false };
        let Ok(signature) = Signature::from_slice(signature) else { return false };
        // Strict: no key of small order, for which one signature fits many texts.
        key.verify_strict(text.as_bytes(), &signature).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: Vec<u8> = [ED25519].into_iter().chain(self.key).collect();
        write!(out, "{}+{}+{}", self.name, self.id_hex(), STANDARD.encode(bytes))
    }
}

/// The name of a shard's log, which checkpoints and keys carry; the first has that of the site's.
#[must_use]
pub fn shard_origin(origin: &str, shard: Shard) -> String {
    match shard {
        Shard::FIRST => origin.to_owned(),
        Shard(number) => format!("{origin}/{number}"),
    }
}

/// One signature below a note.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SignatureLine {
    name: String,
    id: [u8; 4],
    signature: Vec<u8>,
}

/// A text and who signed it. The text is nothing to rely on before [`Note::verify`] has said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<SignatureLine>,
}

impl Note {
    /// Reads a signed note.
    ///
    /// # Errors
    /// [`NoteError::Form`] or [`NoteError::Length`].
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteError::Length(note.len()));
        }
        if note.bytes().any(|byte| byte < b' ' && byte != b'\n') {
            return Err(NoteError::Form);
        }
        // The last empty line: the text may hold others. It keeps its own newline.
        let border = note.rfind("\n\n").ok_or(NoteError::Form)? + 1;
        let (text, lines) = note.split_at_checked(border).ok_or(NoteError::Form)?;
        let lines =
            lines.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n')).ok_or(NoteError::Form)?;
        let signatures: Option<Vec<_>> = lines.split('\n').map(read_signature).collect();
        Ok(Self { text: text.to_owned(), signatures: signatures.ok_or(NoteError::Form)? })
    }

    /// The text, and the lines of signatures below it; neither is verified.
    pub fn split(self) -> (String, String) {
        let lines = self.signatures.iter().map(|line| {
            let bytes: Vec<u8> = line.id.into_iter().chain(line.signature.iter().copied()).collect();
            format!("— {} {}\n", line.name, STANDARD.encode(bytes))
        });
        let lines = lines.collect();
        (self.text, lines)
    }

    /// The text, if it is signed with this key. Signatures of others are no reason to refuse it.
    ///
    /// # Errors
    /// [`NoteError::Unsigned`], or [`NoteError::Signature`] where this key signed another text.
    pub fn verify(&self, key: &PublicKey) -> Result<&str, NoteError> {
        let mut own =
            self.signatures.iter().filter(|line| line.name == key.name && line.id == key.id()).peekable();
        if own.peek().is_none() {
            return Err(NoteError::Unsigned(key.name.clone()));
        }
        if own.all(|line| key.has_signed(&self.text, &line.signature)) {
            Ok(&self.text)
        } else {
            Err(NoteError::Signature(key.name.clone()))
        }
    }

    /// The text and who of these keys signed it, one at least: a log that changes keys signs with both for a time. A key of a
    /// site's log is one of the logs of its shards too.
    ///
    /// # Errors
    /// As [`Note::verify`]; a wrong signature outweighs a missing one.
    pub fn verify_any(&self, keys: &[PublicKey]) -> Result<(&str, Vec<PublicKey>), NoteError> {
        let mut missing = None;
        let mut signers = Vec::new();
        for key in keys {
            let of_shards = self.signatures.iter().filter_map(|line| key.under(&line.name));
            let mut unsigned = None;
            for key in [key.clone()].into_iter().chain(of_shards) {
                match self.verify(&key) {
                    Ok(_) => {
                        signers.push(key);
                        unsigned = None;
                        break;
                    }
                    Err(error @ NoteError::Signature(_)) => return Err(error),
                    Err(error) => unsigned = unsigned.or(Some(error)),
                }
            }
            missing = missing.or(unsigned);
        }
        if signers.is_empty() { Err(missing.unwrap_or(NoteError::NoKey)) } else { Ok((&self.text, signers)) }
    }
}

fn read_signature(line: &str) -> Option<SignatureLine> {
    let (name, signature) = line.strip_prefix("— ")?.split_once(' ')?;
    let bytes = STANDARD.decode(signature).ok()?;
    let (id, signature) = bytes.split_first_chunk::<4>()?;
    let is_fine = !name.is_empty() && !signature.is_empty() && !name.contains('+');
    is_fine.then(|| SignatureLine { name: name.to_owned(), id: *id, signature: signature.to_vec() })
}

/// The note of a text that ends with a newline, and the lines of its signatures.
#[must_use]
pub fn write_note(text: &str, signature_lines: &[String]) -> String {
    format!("{text}\n{}", signature_lines.concat())
}
