//! How often one address may act, without keeping the address: what is remembered is a keyed hash of it, in memory, and the
//! key is thrown away every day. Source: standards.md 5.3, 5.4 and requirement 86.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::collections::HashMap;

/// How long one key is used, milliseconds.
const KEY_MS: u64 = 24 * 60 * 60 * 1000;

/// Addresses remembered at most: about 5 MB. Beyond, all begin anew; the rule is against floods, and who has so many
/// addresses is none that could be told from visitors.
const ADDRESSES_MAX: usize = 50_000;

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The word that keeps kinds of acts apart.
    pub what: &'static str,
    /// How often within one window.
    pub max: u32,
    /// The window's length, milliseconds.
    pub window_ms: u64,
}

impl Rule {
    /// Choices: a big office behind one address decides less often.
    pub const DECISIONS: Self = Self { what: "decision", max: 300, window_ms: 60_000 };
    /// Refusals and withdrawals, apart: a flood of grants keeps nobody from taking theirs back.
    pub const REFUSALS: Self = Self { what: "refusal", ..Self::DECISIONS };
    /// Tokens that are tried: a team may log in at the same hour.
    pub const TOKENS: Self = Self { what: "token", max: 30, window_ms: 15 * 60_000 };
}

#[derive(Clone, Copy, Debug)]
struct Window {
    began_ms: u64,
    count: u32,
}

/// Too often. Source: RFC 6585 section 4 (answer 429).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too often from one address; try again in {after_seconds} seconds")]
pub struct TooOften {
    /// When the window ends.
    pub after_seconds: u64,
}

/// What is remembered of addresses.
#[derive(Debug)]
pub struct Throttle {
    key: [u8; 32],
    since_ms: u64,
    windows: HashMap<[u8; 16], Window>,
}

impl Throttle {
    /// Remembers nothing yet. `key`: 256 random bits.
    #[must_use]
    pub fn new(key: [u8; 32], now_ms: u64) -> Self {
        Self { key, since_ms: now_ms, windows: HashMap::new() }
    }

    /// Counts one act from that address, if it may happen. `fresh` gives 256 random bits once the key is a day old; a clock
    /// that went back makes it old too.
    ///
    /// # Errors
    /// [`TooOften`]; then nothing is counted.
    pub fn admit(
        &mut self,
        rule: Rule,
        address: &str,
        now_ms: u64,
        fresh: impl FnOnce() -> [u8; 32],
    ) -> Result<(), TooOften> {
        if now_ms.checked_sub(self.since_ms).is_none_or(|age| age >= KEY_MS) {
            *self = Self::new(fresh(), now_ms);
        }
        let Some(name) = self.name(rule.what, address) else { return Ok(()) };
        if self.windows.len() >= ADDRESSES_MAX && !self.windows.contains_key(&name) {
            self.windows.clear();
        }
        let window = self.windows.entry(name).or_insert(Window { began_ms: now_ms, count: 0 });
        let age = now_ms.saturating_sub(window.began_ms);
        if age >= rule.window_ms {
            *window = Window { began_ms: now_ms, count: 0 };
        } else if window.count >= rule.max {
            return Err(TooOften { after_seconds: (rule.window_ms - age).div_ceil(1000) });
        }
        window.count += 1;
        Ok(())
    }

    /// The address as it is remembered. An IPv6 address is its network's: one household has all of them.
    fn name(&self, what: &str, address: &str) -> Option<[u8; 16]> {
        let address: std::net::IpAddr = address.trim().parse().ok()?;
        let network = match address {
            std::net::IpAddr::V4(address) => address.octets().to_vec(),
            std::net::IpAddr::V6(address) => match address.to_ipv4_mapped() {
                Some(address) => address.octets().to_vec(),
                None => address.octets().iter().take(8).copied().collect(),
            },
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        for part in [what.as_bytes(), b"\0", &network] {
            mac.update(part);
        }
        mac.finalize().into_bytes().first_chunk::<16>().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULE: Rule = Rule { what: "act", max: 3, window_ms: 1000 };

    fn never() -> [u8; 32] {
        unreachable!("the key is not old")
    }

    #[test]
    fn one_address_acts_so_often_and_others_as_often() {
        let mut throttle = Throttle::new([1; 32], 0);
        for address in ["203.0.113.77", "203.0.113.78", "2001:db8::1"] {
            for _ in 0..3 {
                assert_eq!(throttle.admit(RULE, address, 5, never), Ok(()));
            }
            assert_eq!(throttle.admit(RULE, address, 5, never), Err(TooOften { after_seconds: 1 }));
        }
        // Its household, and its IPv4 address written as an IPv6 one, are the same; another kind of act is not.
        assert!(throttle.admit(RULE, "2001:db8:0:0:ffff::2", 999, never).is_err());
        assert!(throttle.admit(RULE, "::ffff:203.0.113.77", 999, never).is_err());
        assert!(throttle.admit(RULE, "2001:db8:0:1::1", 999, never).is_ok());
        assert!(throttle.admit(Rule { what: "other", ..RULE }, "203.0.113.77", 999, never).is_ok());
        assert!(throttle.admit(RULE, "203.0.113.77", 1005, never).is_ok());
    }

    #[test]
    fn who_has_no_address_is_not_counted() {
        let mut throttle = Throttle::new([1; 32], 0);
        for _ in 0..10 {
            assert_eq!(throttle.admit(RULE, "", 0, never), Ok(()));
            assert_eq!(throttle.admit(RULE, "unknown", 0, never), Ok(()));
        }
        assert!(throttle.windows.is_empty());
    }

    #[test]
    fn after_a_day_nothing_of_it_is_left_and_names_are_others() {
        let mut throttle = Throttle::new([1; 32], 100);
        throttle.admit(RULE, "203.0.113.77", 100, never).unwrap();
        let before: Vec<_> = throttle.windows.keys().copied().collect();
        throttle.admit(RULE, "203.0.113.77", 100 + KEY_MS - 1, never).unwrap();
        throttle.admit(RULE, "203.0.113.77", 100 + KEY_MS, || [2; 32]).unwrap();
        let after: Vec<_> = throttle.windows.keys().copied().collect();
        assert_eq!((before.len(), after.len()), (1, 1));
        assert_ne!(before, after);
        throttle.admit(RULE, "203.0.113.77", 99, || [3; 32]).unwrap();
        assert_eq!((throttle.since_ms, throttle.key), (99, [3; 32]));
    }

    #[test]
    fn a_flood_of_addresses_takes_bounded_room() {
        let mut throttle = Throttle::new([1; 32], 0);
        for number in 0..=u32::try_from(ADDRESSES_MAX).unwrap() {
            let address = std::net::Ipv4Addr::from(number).to_string();
            throttle.admit(RULE, &address, 0, never).unwrap();
        }
        assert_eq!(throttle.windows.len(), 1);
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_the_rule_says(steps in prop::collection::vec(0u64..400, 1..80)) {
            let mut throttle = Throttle::new([1; 32], 0);
            let (mut now, mut admitted) = (0, Vec::new());
            for step in steps {
                now += step;
                if throttle.admit(RULE, "203.0.113.77", now, never).is_ok() { admitted.push(now); }
            }
            // Windows stand side by side, so any span of one window's length meets two of them at most.
            for start in &admitted {
                let within = admitted.iter().filter(|at| (*start..start + RULE.window_ms).contains(at)).count();
                prop_assert!(within <= 2 * RULE.max as usize);
            }
        }
    }
}
