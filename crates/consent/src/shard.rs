//! Which of a site's Ledgers keeps a visitor's receipts. It is chosen by the name of the first act and stands in the cookie from
//! then on: so no chain is ever split, whatever the number of shards becomes. Source: the design's Ledger, "one per site and shard".

/// A shard, from 0; the first is the site's main Ledger, which keeps everything else too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(pub u8);

impl Shard {
    /// The main one.
    pub const FIRST: Self = Self(0);

    /// The shard of an act without a predecessor, of so many. `key` is the act's name, 32 hex digits: who repeats an act, on a page
    /// that says the same number, comes to the same shard. A name that is none belongs to the first, which refuses it.
    #[must_use]
    pub fn of_first_act(key: &str, shards: Shards) -> Self {
        let bits = key.get(..8).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0);
        // Less than the number, which fits.
        Self((bits % u32::from(shards.count())) as u8)
    }
}

/// How many shards there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shards(core::num::NonZeroU8);

impl Shards {
    /// One shard alone.
    pub const ONE: Self = Self(core::num::NonZeroU8::MIN);

    /// That many, from 1 to 255; `None` for another number.
    #[must_use]
    pub const fn new(count: u8) -> Option<Self> {
        match core::num::NonZeroU8::new(count) {
            Some(count) => Some(Self(count)),
            None => None,
        }
    }

    /// The number.
    #[must_use]
    pub const fn count(self) -> u8 {
        self.0.get()
    }

    /// Is that one of them?
    #[must_use]
    pub const fn has(self, shard: Shard) -> bool {
        shard.0 < self.count()
    }

    /// Each of them, the first first.
    pub fn all(self) -> impl Iterator<Item = Shard> {
        (0..self.count()).map(Shard)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;
    use std::format;

    proptest! {
        #[test]
        fn an_act_has_one_shard_of_those_that_there_are(bits: u128, count in 1u8..=255) {
            let shards = Shards::new(count).unwrap();
            let key = format!("{bits:032x}");
            let shard = Shard::of_first_act(&key, shards);
            prop_assert!(shards.has(shard));
            prop_assert_eq!(shard, Shard::of_first_act(&key, shards));
            prop_assert_eq!(Shard::of_first_act(&key, Shards::ONE), Shard::FIRST);
        }

        #[test]
        fn no_name_makes_it_panic(key in ".{0,40}", count in 1u8..=255) {
            prop_assert!(Shard::of_first_act(&key, Shards::new(count).unwrap()).0 < count);
        }
    }

    #[test]
    fn acts_are_spread_evenly() {
        let shards = Shards::new(5).unwrap();
        let mut counts = [0_u32; 5];
        for place in 0..10_000_u32 {
            // Keys are random; these are as far from one another as random ones are.
            let key = format!("{:08x}{:024x}", place.wrapping_mul(0x9E37_79B9), 0);
            counts[usize::from(Shard::of_first_act(&key, shards).0)] += 1;
        }
        assert!(counts.iter().all(|count| (1_800..2_200).contains(count)), "{counts:?}");
        assert_eq!(shards.all().count(), 5);
        assert_eq!((Shards::new(0), Shards::ONE.count()), (None, 1));
    }
}
