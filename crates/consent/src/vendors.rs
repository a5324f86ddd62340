//! Single vendors granted beyond the categories, by their places in a policy's list. The policy's tag stands in
//! the same payload, so a place always means the vendor it meant when it was chosen.

/// A set of vendors by place: 0 is the first of the policy's vendors in the order of their ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct VendorSet(u128);

impl VendorSet {
    /// Nobody.
    pub const EMPTY: Self = Self(0);

    /// Most vendors a policy may list: as many as there are places.
    pub const VENDORS_MAX: usize = 128;

    /// The set of these bits, the lowest being place 0.
    #[must_use]
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// The bits, the lowest being place 0.
    #[must_use]
    pub const fn bits(self) -> u128 {
        self.0
    }

    /// This set and the vendor at `place`; one beyond the last place is not taken in.
    #[must_use]
    pub fn with(self, place: usize) -> Self {
        Self(self.0 | bit(place))
    }

    /// Is the vendor at `place` a member?
    #[must_use]
    pub fn contains(self, place: usize) -> bool {
        self.0 & bit(place) != 0
    }

    /// Is nobody a member?
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// This set less every member of `other`.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The places, in order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..Self::VENDORS_MAX).filter(move |place| self.contains(*place))
    }
}

impl FromIterator<usize> for VendorSet {
    fn from_iter<I: IntoIterator<Item = usize>>(places: I) -> Self {
        places.into_iter().fold(Self::EMPTY, Self::with)
    }
}

fn bit(place: usize) -> u128 {
    u32::try_from(place).ok().and_then(|place| 1u128.checked_shl(place)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_beyond_the_last_is_nobody() {
        let set: VendorSet = [0, 127, 128, usize::MAX].into_iter().collect();
        assert!(set.iter().eq([0, 127]) && !set.contains(128));
        assert_eq!(VendorSet::from_bits(set.bits()), set);
        assert!(set.difference(set).is_empty());
    }
}
