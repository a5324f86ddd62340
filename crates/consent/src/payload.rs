//! The bytes of a stored choice, before they are sealed. Sealing and checking the seal is
//! `postern-receipt`'s; nothing here may be trusted until it has done so.

use crate::{CategorySet, Minutes};

/// First 32 bits of the hash of what consent is asked for; another tag means: ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PolicyTag(pub u32);

/// A random 128-bit pseudonym, made at the first decision and derived from nothing.
/// Source: standards.md 5.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject(pub [u8; 16]);

/// A visitor's choice as the cookie stores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What was granted. `Necessary` may be a member and makes no difference.
    pub granted: CategorySet,
    /// When the choice was made (server clock).
    pub decided_at: Minutes,
    /// What the visitor was asked.
    pub policy: PolicyTag,
    /// Whose receipts these are.
    pub subject: Subject,
}

/// Length of a payload in bytes: `v1.` 2 `.` 6 `.` 8 `.` 32.
pub const PAYLOAD_LEN: usize = 3 + 2 + 1 + 6 + 1 + 8 + 1 + 32;

/// `"v1." <2 hex granted> "." <6 hex minutes> "." <8 hex policy tag> "." <32 hex subject>`, ASCII.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Payload([u8; PAYLOAD_LEN]);

/// Why a payload cannot be read. Every cause means: denied, ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadError {
    /// Not [`PAYLOAD_LEN`] bytes.
    Length,
    /// Not version `v1`.
    Version,
    /// A separator is missing or a digit is not lower-case hex.
    Syntax,
    /// A category bit nobody defined.
    Category,
}

impl Payload {
    /// The text that goes into the cookie.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII is ever written below, so the fallback is unreachable; an empty payload denies.
        core::str::from_utf8(&self.0).unwrap_or("")
    }
}

impl Choice {
    /// The payload of this choice.
    #[must_use]
    pub fn write(&self) -> Payload {
        let mut out = *b"v1.00.000000.00000000.00000000000000000000000000000000";
        write_hex(&mut out, 3, &[self.granted.bits()]);
        let [_, minutes @ ..] = self.decided_at.count().to_be_bytes();
        write_hex(&mut out, 6, &minutes);
        write_hex(&mut out, 13, &self.policy.0.to_be_bytes());
        write_hex(&mut out, 22, &self.subject.0);
        Payload(out)
    }

    /// Reads a payload back.
    ///
    /// # Errors
    /// [`PayloadError`] by cause; there is no partial result.
    pub fn parse(payload: &str) -> Result<Self, PayloadError> {
        let bytes = payload.as_bytes();
        if bytes.len() != PAYLOAD_LEN {
            return Err(PayloadError::Length);
        }
        let Some(rest) = bytes.strip_prefix(b"v1.") else {
            return Err(PayloadError::Version);
        };
        let mut fields = rest.split(|byte| *byte == b'.');
        let [granted] = read_hex(fields.next())?;
        let [hours, middle, low] = read_hex(fields.next())?;
        let policy = read_hex(fields.next())?;
        let subject = read_hex(fields.next())?;
        if fields.next().is_some() {
            return Err(PayloadError::Syntax);
        }
        Ok(Self {
            granted: CategorySet::from_bits(granted).ok_or(PayloadError::Category)?,
            decided_at: Minutes::new(u32::from_be_bytes([0, hours, middle, low]))
                .ok_or(PayloadError::Syntax)?,
            policy: PolicyTag(u32::from_be_bytes(policy)),
            subject: Subject(subject),
        })
    }
}

fn write_hex(out: &mut [u8], start: usize, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    for (slot, nibble) in out.iter_mut().skip(start).zip(nibbles) {
        *slot = DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
    }
}

fn read_hex<const N: usize>(field: Option<&[u8]>) -> Result<[u8; N], PayloadError> {
    let field = field.ok_or(PayloadError::Syntax)?;
    if field.len() != N * 2 {
        return Err(PayloadError::Syntax);
    }
    let mut out = [0; N];
    for (slot, pair) in out.iter_mut().zip(field.chunks_exact(2)) {
        let [high, low] = pair else { return Err(PayloadError::Syntax) };
        *slot = nibble(*high)? << 4 | nibble(*low)?;
    }
    Ok(out)
}

const fn nibble(digit: u8) -> Result<u8, PayloadError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(PayloadError::Syntax),
    }
}

impl Subject {
    /// The 32 lower-case hex digits that name this subject in receipts.
    #[must_use]
    pub fn hex(&self) -> [u8; 32] {
        let mut out = [b'0'; 32];
        write_hex(&mut out, 0, &self.0);
        out
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;
    use std::string::String;

    proptest! {
        #[test]
        fn a_choice_survives_its_payload(granted in 0u8..=0x1f, minutes in 0u32..1 << 24, policy: u32, subject: [u8; 16]) {
            let choice = Choice {
                granted: CategorySet::from_bits(granted).unwrap(),
                decided_at: Minutes::new(minutes).unwrap(),
                policy: PolicyTag(policy),
                subject: Subject(subject),
            };
            prop_assert_eq!(Choice::parse(choice.write().as_str()), Ok(choice));
        }

        #[test]
        fn no_input_panics_and_only_the_canonical_text_is_read(text in ".{0,80}") {
            if let Ok(choice) = Choice::parse(&text) {
                let payload = choice.write();
                prop_assert_eq!(payload.as_str(), text.as_str());
            }
        }
    }

    #[test]
    fn each_way_to_be_wrong_has_its_cause() {
        let good = "v1.05.168a3c.deadbeef.000102030405060708090a0b0c0d0e0f";
        assert!(Choice::parse(good).is_ok());
        for (text, cause) in [
            (String::from(&good[..53]), PayloadError::Length),
            (good.replacen("v1", "v2", 1), PayloadError::Version),
            (good.replacen("05", "25", 1), PayloadError::Category),
            (good.replacen("05", "0g", 1), PayloadError::Syntax),
            (good.replacen("deadbeef", "DEADBEEF", 1), PayloadError::Syntax),
            (good.replacen(".dead", "0dead", 1), PayloadError::Syntax),
        ] {
            assert_eq!(Choice::parse(&text), Err(cause), "{text}");
        }
    }
}
