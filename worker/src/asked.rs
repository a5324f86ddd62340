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
    /// The way it asked, by its place in that version; 0 is the site's own.
    pub way: usize,
    /// Among how many Ledgers the first act is placed; `None` on the page of somebody who has one.
    pub shards: Option<Shards>,
    /// When it was sent, Unix seconds, as far as it says.
    pub sent_s: Option<u64>,
}

/// The tag of what a policy asks, 8 hex digits.
pub fn tag(policy: &Policy) -> String {
    format!("{:08x}", policy.tag().0)
}

/// `<tag>["_" <place>["." <way>]["_" <shards, or 0 for who has chosen>]]["_t" <seconds to the base of 36>]`; shards where there are several.
pub fn write(
    policy: &Policy,
    release: Option<u64>,
    way: Option<usize>,
    shards: Option<Shards>,
    is_chosen: bool,
    sent_ms: Option<u64>,
) -> String {
    let mut text = tag(policy);
    if let Some(place) = release {
        text.push_str(&format!("_{}", write_version(place, way.unwrap_or_default())));
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

/// A version by its place in the log, and the way it asked: `<place>["." <way>]`, no way for the site's own.
pub fn write_version(place: u64, way: usize) -> String {
    if way == 0 { place.to_string() } else { format!("{place}.{way}") }
}

/// Reads it back.
pub fn parse_version(text: &str) -> Option<(u64, usize)> {
    let (place, way) = text.split_once('.').unwrap_or((text, "0"));
    Some((place.parse().ok()?, way.parse().ok()?))
}

/// The same for a visitor of the site as it is.
pub fn of(site: &Site, policy: &Policy, state: &State, way: Option<usize>, now_ms: u64) -> String {
    write(
        policy,
        site.release.get(),
        way,
        Some(site.shards),
        matches!(state, State::Decided(_)),
        Some(now_ms),
    )
}

/// Reads it back; `None` where a number is none.
pub fn parse(text: &str) -> Option<Said<'_>> {
    let (text, sent_s) = match text.split_once("_t") {
        Some((text, seconds)) => (text, Some(u64::from_str_radix(seconds, 36).ok()?)),
        None => (text, None),
    };
    let mut parts = text.split('_');
    let tag = parts.next()?;
    let (release, way) = match parts.next() {
        None | Some("") => (None, 0),
        Some(text) => parse_version(text).map(|(place, way)| (Some(place), way))?,
    };
    let shards = match parts.next() {
        // There was one then.
        None => Some(Shards::ONE),
        Some(count) => Shards::new(count.parse().ok()?),
    };
    parts.next().is_none().then_some(Said { tag, release, way, shards, sent_s })
}
