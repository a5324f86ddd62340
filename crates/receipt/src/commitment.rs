//! What the log learns of a receipt: a salted hash, and no more. Source: standards.md 5.2.

use sha2::{Digest, Sha256};

/// 256 random bits that go with one receipt and are erased with it.
pub type Salt = [u8; 32];

/// Opens every leaf: names the form, so that no other log's entry can be taken for one of ours.
pub const LEAF_PREFIX: &[u8] = b"consent-commitment/v1\n";

/// `SHA-256(0x02 ‖ salt ‖ canonical receipt)`. 0x02 keeps it apart from RFC 6962's 0x00 and 0x01.
#[must_use]
pub fn commitment(salt: &Salt, canonical_receipt: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([0x02]);
    hash.update(salt);
    hash.update(canonical_receipt.as_bytes());
    hash.finalize().into()
}

/// The leaf's bytes: [`LEAF_PREFIX`], then the 32 bytes of the commitment.
#[must_use]
pub fn leaf(commitment: &[u8; 32]) -> Vec<u8> {
    [LEAF_PREFIX, commitment].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sha256Hex;

    #[test]
    fn the_commitment_is_what_another_program_computes() {
        // python3: hashlib.sha256(b"\x02" + bytes(range(32)) + b'{"a":1}').hexdigest()
        let salt: Salt = std::array::from_fn(|place| place as u8);
        let found = commitment(&salt, r#"{"a":1}"#);
        assert_eq!(
            Sha256Hex(found).to_string(),
            "5650adfed4e5522e37f8f6b7c108e347a8d47438eabe75a8a87e957b50ef07ca"
        );
    }

    #[test]
    fn another_salt_or_receipt_is_another_commitment() {
        let one = commitment(&[0; 32], "{}");
        assert_ne!(one, commitment(&[1; 32], "{}"));
        assert_ne!(one, commitment(&[0; 32], "{ }"));
    }

    #[test]
    fn a_leaf_names_its_form() {
        let bytes = leaf(&[7; 32]);
        assert_eq!(bytes.len(), 22 + 32);
        assert!(bytes.starts_with(b"consent-commitment/v1\n"));
    }
}
