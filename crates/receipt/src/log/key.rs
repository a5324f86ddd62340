//! The secret half of a log's key, in the form in which the platform's own Ed25519 takes it.

use crate::log::note::{NoteError, PublicKey};
use crate::seal::{KeyError, read_key};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;

/// What stands in front of the 32 bytes: version 0, the algorithm id-Ed25519, an octet string in an octet string.
/// Source: RFC 8410 7 and 10.3.
const PKCS8_HEAD: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// 256 secret bits that sign a log. Never shown: `Debug` prints no part of it.
#[derive(Clone)]
pub struct LogKey([u8; 32]);

impl LogKey {
    /// Reads 64 hex digits of either case.
    ///
    /// # Errors
    /// [`KeyError`] by cause.
    pub fn from_hex(hex: &str) -> Result<Self, KeyError> {
        read_key(hex).map(Self)
    }

    /// The key as PKCS #8, DER.
    #[must_use]
    pub fn pkcs8(&self) -> Vec<u8> {
        PKCS8_HEAD.into_iter().chain(self.0).collect()
    }
}

impl fmt::Debug for LogKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("LogKey(…)")
    }
}

impl PublicKey {
    /// The public half as a JSON Web Key says it: the member `x`. Source: RFC 8037 2.
    ///
    /// # Errors
    /// [`NoteError::Key`] for what is not 32 bytes in base64url, [`NoteError::Name`] for a name that notes cannot carry.
    pub fn from_jwk_x(name: &str, x: &str) -> Result<Self, NoteError> {
        let bytes = URL_SAFE_NO_PAD.decode(x).map_err(|_| NoteError::Key)?;
        Self::new(name, bytes.try_into().map_err(|_| NoteError::Key)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_written_as_rfc_8410_prints_it() {
        // Source: RFC 8410 10.3, the first private key; its public half is that of 10.1, here as RFC 8037 writes it.
        let key =
            LogKey::from_hex("d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842").unwrap();
        let text = base64::engine::general_purpose::STANDARD.encode(key.pkcs8());
        assert_eq!(text, "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC");
        assert_eq!(format!("{key:?}"), "LogKey(…)");
        let public =
            PublicKey::from_jwk_x("shop.example/log", "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE").unwrap();
        assert!(public.to_string().ends_with("+ARm/RAlphM3+hUG6wWfcO5bIUIaqMLa2ywxcOK1wMWbh"), "{public}");
        assert_eq!(PublicKey::from_jwk_x("shop", "Gb9E"), Err(NoteError::Key));
        assert_eq!(
            PublicKey::from_jwk_x("a shop", "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE"),
            Err(NoteError::Name)
        );
    }
}
