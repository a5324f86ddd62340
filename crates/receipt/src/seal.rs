//! Seals on what browsers carry for us: the consent cookie and the dashboard's session. The payload is
//! readable; the seal proves that we wrote it, for this host, for this use.

use crate::access::{Person, Role};
use crate::field::Word;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use postern_consent::{Choice, Minutes, State};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// Longest sealed value looked at, bytes: a cookie of ours at most 136, a session at most 100.
pub const SEALED_BYTES_MAX: usize = 512;

const COOKIE_DOMAIN: &[u8] = b"postern-cookie/v1\0";
const SESSION_DOMAIN: &[u8] = b"postern-session/v1\0";

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not 64 digits.
    #[error("the key has {0} signs; use 64 hex digits (32 random bytes)")]
    Length(usize),
    /// A sign that is no hex digit.
    #[error("the key has a sign that is no hex digit; use 0-9 and a-f")]
    Digit,
    /// 32 equal bytes: a placeholder, not a secret.
    #[error("the key is one byte repeated; make one of 32 random bytes")]
    Weak,
}

/// 256 secret bits. Never shown: `Debug` prints no part of it.
#[derive(Clone)]
pub struct CookieKey([u8; 32]);

impl CookieKey {
    /// Reads 64 hex digits of either case.
    ///
    /// # Errors
    /// [`KeyError`] by cause.
    pub fn from_hex(hex: &str) -> Result<Self, KeyError> {
        read_key(hex).map(Self)
    }

    fn mac(&self, domain: &[u8], host: &str, payload: &str) -> Option<Hmac<Sha256>> {
        // HMAC takes keys of any length, so this is never `None`; where it were, nothing verifies.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        // A host has no NUL, so the border between host and payload cannot be moved.
        for part in [domain, host.as_bytes(), b"\0", payload.as_bytes()] {
            mac.update(part);
        }
        Some(mac)
    }
}

/// 64 hex digits that are no placeholder.
pub(crate) fn read_key(hex: &str) -> Result<[u8; 32], KeyError> {
    if hex.len() != 64 {
        return Err(KeyError::Length(hex.chars().count()));
    }
    let mut key = [0; 32];
    for (slot, pair) in key.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return Err(KeyError::Digit) };
        *slot = digit(*high)? << 4 | digit(*low)?;
    }
    let [first, rest @ ..] = &key;
    if rest.iter().all(|byte| byte == first) { Err(KeyError::Weak) } else { Ok(key) }
}

impl fmt::Debug for CookieKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("CookieKey(…)")
    }
}

fn digit(byte: u8) -> Result<u8, KeyError> {
    let value = char::from(byte).to_digit(16).ok_or(KeyError::Digit)?;
    u8::try_from(value).map_err(|_| KeyError::Digit)
}

/// Why a session is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// No session was sent.
    #[error("no session; log in")]
    Absent,
    /// Not sealed by us for this host, or unreadable.
    #[error("the session cannot be verified; log in again")]
    Forged,
    /// Past its end.
    #[error("the session has ended; log in again")]
    Expired,
}

/// The key that seals, and the one before it that still opens while keys are changed.
#[derive(Clone, Debug)]
pub struct KeyRing {
    current: CookieKey,
    previous: Option<CookieKey>,
}

impl From<CookieKey> for KeyRing {
    fn from(current: CookieKey) -> Self {
        Self { current, previous: None }
    }
}

impl KeyRing {
    /// Seals with `current`, opens with either.
    #[must_use]
    pub fn new(current: CookieKey, previous: Option<CookieKey>) -> Self {
        Self { current, previous }
    }

    /// The cookie's value: `<payload> "." <base64url of the HMAC-SHA-256>`, 98 bytes of `A-Za-z0-9._-`.
    #[must_use]
    pub fn seal(&self, host: &str, choice: &Choice) -> String {
        self.seal_payload(COOKIE_DOMAIN, host, choice.write().as_str())
    }

    /// What a cookie's value proves. Anything not sealed by us for `host` is [`State::Forged`].
    #[must_use]
    pub fn open(&self, host: &str, value: Option<&str>) -> State {
        let Some(value) = value else { return State::Absent };
        let Some(payload) = self.open_payload(COOKIE_DOMAIN, host, value) else { return State::Forged };
        match Choice::parse(payload) {
            Ok(choice) => State::Decided(choice),
            Err(error) => State::Unreadable(error),
        }
    }

    /// A session token: `<role> "-" <name> "-" <8 hex minutes of its end> "." <base64url of the HMAC-SHA-256>`.
    #[must_use]
    pub fn seal_session(&self, host: &str, person: &Person, ends_at: Minutes) -> String {
        let payload = format!("{}-{}-{:08x}", person.role.name(), person.name, ends_at.count());
        self.seal_payload(SESSION_DOMAIN, host, &payload)
    }

    /// Whose session it is.
    ///
    /// # Errors
    /// [`SessionError`] by cause; the seal is checked before anything is read.
    pub fn open_session(
        &self,
        host: &str,
        value: Option<&str>,
        now: Minutes,
    ) -> Result<Person, SessionError> {
        let value = value.ok_or(SessionError::Absent)?;
        let payload = self.open_payload(SESSION_DOMAIN, host, value).ok_or(SessionError::Forged)?;
        let (rest, ends_at) = payload.rsplit_once('-').ok_or(SessionError::Forged)?;
        let (role, name) = rest.split_once('-').ok_or(SessionError::Forged)?;
        let ends_at =
            u32::from_str_radix(ends_at, 16).ok().and_then(Minutes::new).ok_or(SessionError::Forged)?;
        let role = Role::named(role).ok_or(SessionError::Forged)?;
        let name = Word::parse(name).map_err(|_| SessionError::Forged)?;
        if now < ends_at { Ok(Person { name, role }) } else { Err(SessionError::Expired) }
    }

    fn seal_payload(&self, domain: &[u8], host: &str, payload: &str) -> String {
        let Some(mac) = self.current.mac(domain, host, payload) else { return String::new() };
        let tag = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        format!("{payload}.{tag}")
    }

    /// The payload, if one of the keys sealed it. Both keys are tried in any case.
    fn open_payload<'v>(&self, domain: &[u8], host: &str, value: &'v str) -> Option<&'v str> {
        if value.len() > SEALED_BYTES_MAX {
            return None;
        }
        let (payload, tag) = value.rsplit_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        let opens = |key: &CookieKey| {
            key.mac(domain, host, payload).is_some_and(|mac| mac.verify_slice(&tag).is_ok())
        };
        let by_current = opens(&self.current);
        let by_previous = self.previous.as_ref().is_some_and(opens);
        (by_current | by_previous).then_some(payload)
    }
}

/// SHA-256 of these bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Are the two hashes equal? Takes the same time wherever they differ.
#[must_use]
pub fn constant_time_eq(left: &[u8; 32], right: &[u8; 32]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_consent::{CategorySet, PayloadError, PolicyTag, Shard, Subject, VendorSet};
    use proptest::prelude::*;

    const HOST: &str = "shop.example";

    fn key(seed: u8) -> CookieKey {
        let hex: String = (0..32u8).map(|place| format!("{:02x}", place ^ seed)).collect();
        CookieKey::from_hex(&hex).unwrap()
    }

    fn choice() -> Choice {
        Choice {
            granted: CategorySet::ALL,
            decided_at: Minutes::new(1_500_000).unwrap(),
            policy: PolicyTag(0xdead_beef),
            subject: Subject([9; 16]),
            vendors: VendorSet::EMPTY,
            is_answered: true,
            shard: Shard::FIRST,
        }
    }

    #[test]
    fn a_sealed_choice_opens_for_its_host_alone() {
        let ring = KeyRing::from(key(1));
        let value = ring.seal(HOST, &choice());
        assert_eq!(value.len(), 98);
        assert_eq!(ring.open(HOST, Some(&value)), State::Decided(choice()));
        assert_eq!(ring.open("evil.example", Some(&value)), State::Forged);
        assert_eq!(ring.open("", Some(&value)), State::Forged);
        assert_eq!(ring.open(HOST, None), State::Absent);
    }

    #[test]
    fn the_seal_is_what_another_program_computes() {
        // python3: hmac.new(key, b"postern-cookie/v1\0shop.example\0" + payload, "sha256"), base64url, no pad
        assert_eq!(
            KeyRing::from(key(1)).seal(HOST, &choice()),
            "v1.1f.16e360.deadbeef.09090909090909090909090909090909.DeIVRx4UQLHB1qC_KIApPiJTQ-x9uNT9cSLLUAsWdnY"
        );
    }

    #[test]
    fn every_single_altered_byte_is_noticed() {
        let ring = KeyRing::from(key(1));
        let value = ring.seal(HOST, &choice());
        for place in 0..value.len() {
            for sign in [b'A', b'0', b'.', b'-', b'_', b'f'] {
                let mut bytes = value.clone().into_bytes();
                if bytes[place] == sign {
                    continue;
                }
                bytes[place] = sign;
                let altered = String::from_utf8(bytes).unwrap();
                assert_eq!(ring.open(HOST, Some(&altered)), State::Forged, "{altered}");
            }
        }
    }

    #[test]
    fn what_is_no_seal_is_forged() {
        let ring = KeyRing::from(key(1));
        let value = ring.seal(HOST, &choice());
        let padded = format!("{value}=");
        let long = format!("{}.{value}", "v".repeat(SEALED_BYTES_MAX));
        let megabytes = "A".repeat(4 << 20);
        for text in ["", ".", "..", "v1", &value[..97], &padded, &long, &megabytes] {
            assert_eq!(ring.open(HOST, Some(text)), State::Forged);
        }
    }

    #[test]
    fn a_sealed_text_that_is_no_choice_is_unreadable() {
        let ring = KeyRing::from(key(1));
        let value = ring.seal_payload(COOKIE_DOMAIN, HOST, "v1.later-version");
        assert_eq!(ring.open(HOST, Some(&value)), State::Unreadable(PayloadError::Length));
    }

    #[test]
    fn the_previous_key_still_opens_and_no_older_one() {
        let old = KeyRing::from(key(1)).seal(HOST, &choice());
        assert_eq!(KeyRing::new(key(2), Some(key(1))).open(HOST, Some(&old)), State::Decided(choice()));
        assert_eq!(KeyRing::new(key(3), Some(key(2))).open(HOST, Some(&old)), State::Forged);
        let new = KeyRing::new(key(2), Some(key(1))).seal(HOST, &choice());
        assert_eq!(KeyRing::from(key(2)).open(HOST, Some(&new)), State::Decided(choice()));
    }

    #[test]
    fn sessions_end_and_never_pass_for_cookies() {
        let ring = KeyRing::from(key(1));
        let [before, end] = [999, 1000].map(|minutes| Minutes::new(minutes).unwrap());
        let zoe = Person { name: Word::parse("zoe-b").unwrap(), role: Role::Admin };
        let token = ring.seal_session(HOST, &zoe, end);
        assert_eq!(ring.open_session(HOST, Some(&token), before), Ok(zoe));
        assert_eq!(ring.open_session(HOST, Some(&token), end), Err(SessionError::Expired));
        assert_eq!(ring.open_session("evil.example", Some(&token), before), Err(SessionError::Forged));
        assert_eq!(ring.open_session(HOST, None, before), Err(SessionError::Absent));
        let raised = token.replacen("admin", "owner", 1);
        assert_eq!(ring.open_session(HOST, Some(&raised), before), Err(SessionError::Forged));
        assert_eq!(ring.open(HOST, Some(&token)), State::Forged);
        let cookie = ring.seal(HOST, &choice());
        assert_eq!(ring.open_session(HOST, Some(&cookie), before), Err(SessionError::Forged));
    }

    #[test]
    fn what_is_no_key_says_why() {
        for (hex, message) in [
            ("", "the key has 0 signs; use 64 hex digits (32 random bytes)"),
            (&"0".repeat(64), "the key is one byte repeated; make one of 32 random bytes"),
            (&"g".repeat(64), "the key has a sign that is no hex digit; use 0-9 and a-f"),
            (&"+1".repeat(32), "the key has a sign that is no hex digit; use 0-9 and a-f"),
        ] {
            assert_eq!(CookieKey::from_hex(hex).unwrap_err().to_string(), message);
        }
        assert_eq!(format!("{:?}", key(1)), "CookieKey(…)");
    }

    proptest! {
        #[test]
        fn no_value_opens_that_was_not_sealed(value in any::<String>(), host in any::<String>()) {
            let state = KeyRing::from(key(1)).open(&host, Some(&value));
            prop_assert_eq!(state, State::Forged);
        }
    }
}
