//! A share, and how far chance alone may have moved it.

/// `numerator` of `denominator`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    numerator: u64,
    denominator: u64,
}

/// A range of shares, 0.0..=1.0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Half its width: the "± x" beside the share.
    #[must_use]
    pub fn half_width(self) -> f64 {
        (self.high - self.low) / 2.0
    }
}

/// The 97.5 % point of the normal distribution: 95 % lie within it on both sides.
pub(crate) const Z: f64 = 1.959_963_984_540_054;

impl Rate {
    /// `numerator` of `denominator`; more than all is all, as counters of two batches may disagree.
    #[must_use]
    pub const fn new(numerator: u64, denominator: u64) -> Self {
        let numerator = if numerator > denominator { denominator } else { numerator };
        Self { numerator, denominator }
    }

    /// How many.
    #[must_use]
    pub const fn numerator(self) -> u64 {
        self.numerator
    }

    /// Of how many.
    #[must_use]
    pub const fn denominator(self) -> u64 {
        self.denominator
    }

    /// The share, 0.0..=1.0; `None` of nothing.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
    pub fn share(self) -> Option<f64> {
        (self.denominator > 0).then(|| self.numerator as f64 / self.denominator as f64)
    }

    /// Wilson's 95 % interval; `None` of nothing. It holds for small numbers and near 0 and 1, where
    /// the usual ± fails. Source: Wilson, JASA 22 (1927) 209; Brown, Cai, DasGupta, Stat. Sci. 16 (2001) 101.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
    pub fn wilson_95(self) -> Option<Interval> {
        let share = self.share()?;
        let n = self.denominator as f64;
        let z2_per_n = Z * Z / n;
        let middle = (share + z2_per_n / 2.0) / (1.0 + z2_per_n);
        let half = Z * (share * (1.0 - share) / n + z2_per_n / (4.0 * n)).sqrt() / (1.0 + z2_per_n);
        Some(Interval { low: (middle - half).max(0.0), high: (middle + half).min(1.0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn intervals_are_the_known_ones() {
        // Each row was computed with Python's math at the same z, from the formula of Wilson, JASA 22 (1927) 209.
        for (numerator, denominator, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0000, 0.1611),
            (1, 29, 0.0061, 0.1718),
            (0, 10, 0.0000, 0.2775),
            (10, 10, 0.7225, 1.0000),
            (5, 10, 0.2366, 0.7634),
            (1, 1, 0.2065, 1.0000),
            (62, 100, 0.5221, 0.7090),
        ] {
            let found = Rate::new(numerator, denominator).wilson_95().unwrap();
            let close = |found: f64, known: f64| (found - known).abs() < 0.000_06;
            assert!(close(found.low, low) && close(found.high, high), "{numerator}/{denominator}: {found:?}");
        }
    }

    #[test]
    fn nothing_has_no_share() {
        assert_eq!(Rate::new(0, 0).share(), None);
        assert_eq!(Rate::new(3, 0).wilson_95(), None);
    }

    proptest! {
        #[test]
        fn the_share_lies_in_its_interval(numerator: u64, denominator in 1u64..) {
            let rate = Rate::new(numerator, denominator);
            let (share, interval) = (rate.share().unwrap(), rate.wilson_95().unwrap());
            prop_assert!(0.0 <= interval.low && interval.low <= share + 1e-12);
            prop_assert!(share <= interval.high + 1e-12 && interval.high <= 1.0);
        }
    }
}
