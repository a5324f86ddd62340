//! What a page says of itself with each choice: the tag of what is asked, the version that asked, and how many shards there were
//! for those who had not chosen, and when it was sent. A choice is recorded under what its page said, whatever has been deployed since.

use crate::site::Site;
use postern_consent::{Shards, State};
use postern_policy::Policy;

/// What a page said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said<'text> {
    /// The policy's tag, 8 hex digits.
    pub tag: &'text str,
    /// The place in the log of the version that asked; a page that names none is of one from before pages did.
    pub release: Option<u64>,
    /// Among how many Ledgers the first act is placed; `None` on the page of somebody who has one.
    pub shards: Option<Shards>,
    /// When it was sent, Unix seconds, as far as it says.
    pub sent_s: Option<u64>,
}

/// `<tag>["_" <place>["_" <shards, or 0 for who has chosen>]]["_t" <seconds to the base of 36>]`; shards where there are several.
pub fn write(
    policy: &Policy,
    release: Option<u64>,
    shards: Option<Shards>,
    is_chosen: bool,
    sent_ms: Option<u64>,
) -> String {
    let mut text = format!("{:08x}", policy.tag().0);
    if let Some(place) = release {
        text.push_str(&format!("_{place}"));
        if let Some(shards) = shards.filter(|shards| *shards != Shards::ONE) {
            text.push_str(&format!("_{}", if is_chosen { 0 } else { shards.count() }));
        }
    }
    // How long an answer takes is asked of those who have not given one.
    if let Some(ms) = sent_ms.filter(|_| !is_chosen) {
        text.push_str(&format!("_t{}", to_base_36(ms / 1000)));
    }
    text
}

fn to_base_36(mut number: u64) -> String {
    let mut digits = Vec::new();
    while number > 0 {
        let digit = u8::try_from(number % 36).unwrap_or(0);
        digits.push(char::from(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }));
        number /= 36;
    }
    digits.iter().rev().collect()
}

/// The same for a visitor of the site as it is.
pub fn of(site: &Site, policy: &Policy, state: &State, now_ms: u64) -> String {
    write(policy, site.release.get(), Some(site.shards), matches!(state, State::Decided(_)), Some(now_ms))
}

/// Reads it back; `None` where a number is none.
pub fn parse(text: &str) -> Option<Said<'_>> {
    let (text, sent_s) = match text.split_once("_t") {
        Some((text, seconds)) => (text, Some(u64::from_str_radix(seconds, 36).ok()?)),
        None => (text, None),
    };
    let mut parts = text.split('_');
    let tag = parts.next()?;
    let release = match parts.next() {
        None | Some("") => None,
        Some(place) => Some(place.parse().ok()?),
    };
    let shards = match parts.next() {
        // There was one then.
        None => Some(Shards::ONE),
        Some(count) => Shards::new(count.parse().ok()?),
    };
    parts.next().is_none().then_some(Said { tag, release, shards, sent_s })
}
