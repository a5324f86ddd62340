//! Time at the grain consent needs. No clock: the caller brings the milliseconds.

/// Minutes since 2024-01-01T00:00Z, 0..=2^24-1 (to 2055-11).
///
/// Coarse on purpose: a finer time in a cookie would tell visitors apart. Source: standards.md 5.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minutes(u32);

impl Minutes {
    /// 2024-01-01T00:00Z in Unix milliseconds.
    const EPOCH_UNIX_MS: u64 = 1_704_067_200_000;
    const MAX: u32 = (1 << 24) - 1;

    /// That many minutes since the epoch; `None` beyond 24 bits.
    #[must_use]
    pub const fn new(minutes: u32) -> Option<Self> {
        if minutes <= Self::MAX { Some(Self(minutes)) } else { None }
    }

    /// The minute that holds this Unix time; clamped to the range at both ends.
    #[must_use]
    pub fn from_unix_ms(unix_ms: u64) -> Self {
        let minutes = unix_ms.saturating_sub(Self::EPOCH_UNIX_MS) / 60_000;
        Self(u32::try_from(minutes).unwrap_or(Self::MAX).min(Self::MAX))
    }

    /// Minutes since 2024-01-01T00:00Z.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.0
    }

    /// Start of this minute, Unix milliseconds.
    #[must_use]
    pub const fn to_unix_ms(self) -> u64 {
        Self::EPOCH_UNIX_MS + self.0 as u64 * 60_000
    }

    /// Minutes from `earlier` to `self`; 0 if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u32 {
        self.0.saturating_sub(earlier.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unix_time_falls_into_its_minute() {
        // 2026-11-22T11:20:41Z
        let minute = Minutes::from_unix_ms(1_795_346_441_000);
        assert_eq!(minute.to_unix_ms(), 1_795_346_400_000);
    }

    #[test]
    fn times_outside_the_range_are_clamped() {
        assert_eq!(Minutes::from_unix_ms(0).count(), 0);
        assert_eq!(Minutes::from_unix_ms(u64::MAX).count(), Minutes::MAX);
        assert_eq!(Minutes::new(1 << 24), None);
    }
}
