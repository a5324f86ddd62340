//! The bytes of a stored choice, before they are sealed. Sealing and checking the seal is
//! `postern-receipt`'s; nothing here may be trusted until it has done so.

use crate::{CategorySet, Minutes, Shard, VendorSet};

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
    /// Single vendors granted beyond the categories.
    pub vendors: VendorSet,
    /// Was the question answered? Not by who has only let one vendor's content load.
    pub is_answered: bool,
    /// Which of the site's Ledgers has the receipts.
    pub shard: Shard,
}

/// Length of what each payload begins with, bytes: `v1.` 2 `.` 6 `.` 8 `.` 32.
const BEGINNING_LEN: usize = 3 + 2 + 1 + 6 + 1 + 8 + 1 + 32;

/// Length of a payload with single vendors, bytes: the beginning, `.` 1 `.` 32.
const VENDORS_LEN: usize = BEGINNING_LEN + 1 + 1 + 1 + 32;

/// Length of the longest payload, bytes: that and `.` 2.
pub const PAYLOAD_LEN_MAX: usize = VENDORS_LEN + 1 + 2;

/// `"v1." <2 hex granted> "." <6 hex minutes> "." <8 hex policy tag> "." <32 hex subject>`, ASCII; where single
/// vendors are granted or the question is open, `v2` and behind the subject
/// `"." <1: answered, 0: not> "." <32 hex vendors>`; where the receipts are in another Ledger than the first, `v3` and behind
/// all that `"." <2 hex shard>`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Payload {
    bytes: [u8; PAYLOAD_LEN_MAX],
    length: usize,
}

/// Why a payload cannot be read. Every cause means: denied, ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadError {
    /// Not as long as its version is.
    Length,
    /// None of the versions `v1`, `v2` and `v3`.
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
        self.bytes.get(..self.length).and_then(|text| core::str::from_utf8(text).ok()).unwrap_or("")
    }
}

impl Choice {
    /// The payload of this choice.
    #[must_use]
    pub fn write(&self) -> Payload {
        let (version, length) = match (self.shard, self.is_answered && self.vendors.is_empty()) {
            (Shard::FIRST, true) => (b'1', BEGINNING_LEN),
            (Shard::FIRST, false) => (b'2', VENDORS_LEN),
            _ => (b'3', PAYLOAD_LEN_MAX),
        };
        let mut bytes =
            *b"v1.00.000000.00000000.00000000000000000000000000000000.0.00000000000000000000000000000000.00";
        write_hex(&mut bytes, 3, &[self.granted.bits()]);
        let [_, minutes @ ..] = self.decided_at.count().to_be_bytes();
        write_hex(&mut bytes, 6, &minutes);
        write_hex(&mut bytes, 13, &self.policy.0.to_be_bytes());
        write_hex(&mut bytes, 22, &self.subject.0);
        let [_, written, ..] = &mut bytes;
        *written = version;
        if let Some(answered) = bytes.get_mut(BEGINNING_LEN + 1).filter(|_| self.is_answered) {
            *answered = b'1';
        }
        write_hex(&mut bytes, BEGINNING_LEN + 3, &self.vendors.bits().to_be_bytes());
        write_hex(&mut bytes, VENDORS_LEN + 1, &[self.shard.0]);
        Payload { bytes, length }
    }

    /// Reads a payload back.
    ///
    /// # Errors
    /// [`PayloadError`] by cause; there is no partial result.
    pub fn parse(payload: &str) -> Result<Self, PayloadError> {
        let bytes = payload.as_bytes();
        let (length, rest) = match bytes {
            [b'v', b'1', b'.', rest @ ..] => (BEGINNING_LEN, rest),
            [b'v', b'2', b'.', rest @ ..] => (VENDORS_LEN, rest),
            [b'v', b'3', b'.', rest @ ..] => (PAYLOAD_LEN_MAX, rest),
            _ => return Err(PayloadError::Version),
        };
        if bytes.len() != length {
            return Err(PayloadError::Length);
        }
        let mut fields = rest.split(|byte| *byte == b'.');
        let [granted] = read_hex(fields.next())?;
        let [hours, middle, low] = read_hex(fields.next())?;
        let policy = read_hex(fields.next())?;
        let subject = read_hex(fields.next())?;
        let (is_answered, vendors) = if length == BEGINNING_LEN {
            (true, VendorSet::EMPTY)
        } else {
            let is_answered = match fields.next() {
                Some(b"1") => true,
                Some(b"0") => false,
                _ => return Err(PayloadError::Syntax),
            };
            (is_answered, VendorSet::from_bits(u128::from_be_bytes(read_hex(fields.next())?)))
        };
        let shard = if length == PAYLOAD_LEN_MAX { read_hex(fields.next())? } else { [0] }.map(Shard);
        // Each choice has one text.
        let is_plain = is_answered && vendors.is_empty();
        let is_shortest = match length {
            BEGINNING_LEN => true,
            VENDORS_LEN => !is_plain,
            _ => shard != [Shard::FIRST],
        };
        if !is_shortest {
            return Err(PayloadError::Syntax);
        }
        let [shard] = shard;
        if fields.next().is_some() {
            return Err(PayloadError::Syntax);
        }
        Ok(Self {
            granted: CategorySet::from_bits(granted).ok_or(PayloadError::Category)?,
            decided_at: Minutes::new(u32::from_be_bytes([0, hours, middle, low]))
                .ok_or(PayloadError::Syntax)?,
            policy: PolicyTag(u32::from_be_bytes(policy)),
            subject: Subject(subject),
            vendors,
            is_answered,
            shard,
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
        fn a_choice_survives_its_payload(
            granted in 0u8..=0x1f, minutes in 0u32..1 << 24, policy: u32, subject: [u8; 16],
            vendors in prop_oneof![Just(0u128), any::<u128>()], is_answered: bool, shard in prop_oneof![Just(0u8), any::<u8>()],
        ) {
            let choice = Choice {
                granted: CategorySet::from_bits(granted).unwrap(),
                decided_at: Minutes::new(minutes).unwrap(),
                policy: PolicyTag(policy),
                subject: Subject(subject),
                vendors: VendorSet::from_bits(vendors),
                is_answered,
                shard: Shard(shard),
            };
            prop_assert_eq!(Choice::parse(choice.write().as_str()), Ok(choice));
        }

        #[test]
        fn no_input_panics_and_only_the_canonical_text_is_read(text in "(v[123]\\.[0-9a-f.]{49,89}|.{0,100})") {
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
        let more = |tail: &str| std::format!("{}.{tail}", good.replacen("v1", "v2", 1));
        let open = Choice::parse(&more("0.00000000000000000000000000000001")).unwrap();
        assert!(open.vendors.contains(0) && !open.is_answered);
        let elsewhere = |tail: &str| more(&std::format!("1.{:032}.{tail}", 0)).replacen("v2", "v3", 1);
        let sharded = Choice::parse(&elsewhere("0a")).unwrap();
        assert_eq!((sharded.shard, open.shard), (Shard(10), Shard::FIRST));
        for (text, cause) in [
            (String::from(&good[..53]), PayloadError::Length),
            (good.replacen("v1", "v4", 1), PayloadError::Version),
            (elsewhere("00"), PayloadError::Syntax),
            (elsewhere("0A"), PayloadError::Syntax),
            (elsewhere("0a").replacen("v3", "v2", 1), PayloadError::Length),
            (good.replacen("v1", "v2", 1), PayloadError::Length),
            (std::format!("{good}.0.00000000000000000000000000000001"), PayloadError::Length),
            (more("1.00000000000000000000000000000000"), PayloadError::Syntax),
            (more("2.00000000000000000000000000000001"), PayloadError::Syntax),
            (more("0.0000000000000000000000000000000g"), PayloadError::Syntax),
            (good.replacen("05", "25", 1), PayloadError::Category),
            (good.replacen("05", "0g", 1), PayloadError::Syntax),
            (good.replacen("deadbeef", "DEADBEEF", 1), PayloadError::Syntax),
            (good.replacen(".dead", "0dead", 1), PayloadError::Syntax),
        ] {
            assert_eq!(Choice::parse(&text), Err(cause), "{text}");
        }
    }
}
