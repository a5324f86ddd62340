//! What is counted, and sums of it.

use crate::Rate;

/// Counters of one day or of several. Every sum saturates: a figure too large is better than a panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct DayCounts {
    /// Pages seen by clients that are no bots.
    pub views: u64,
    /// Of these, pages that asked.
    pub shown: u64,
    /// Acts that granted everything offered.
    pub accepted: u64,
    /// Acts that granted nothing.
    pub refused: u64,
    /// Acts that granted a part.
    pub partial: u64,
    /// Acts that took back everything granted before.
    pub withdrawn: u64,
}

impl DayCounts {
    /// Both together.
    #[must_use]
    pub const fn merge(self, other: Self) -> Self {
        Self {
            views: self.views.saturating_add(other.views),
            shown: self.shown.saturating_add(other.shown),
            accepted: self.accepted.saturating_add(other.accepted),
            refused: self.refused.saturating_add(other.refused),
            partial: self.partial.saturating_add(other.partial),
            withdrawn: self.withdrawn.saturating_add(other.withdrawn),
        }
    }

    /// All of them together.
    #[must_use]
    pub fn total(counts: impl IntoIterator<Item = Self>) -> Self {
        counts.into_iter().fold(Self::default(), Self::merge)
    }

    /// Acts that answered the question. A withdrawal answers nothing: its grant was counted before.
    #[must_use]
    pub const fn decided(self) -> u64 {
        self.accepted.saturating_add(self.refused).saturating_add(self.partial)
    }

    /// Acts that granted something.
    #[must_use]
    pub const fn granted(self) -> u64 {
        self.accepted.saturating_add(self.partial)
    }

    /// Of those who decided, who granted something. Source: standards.md requirement 94.
    #[must_use]
    pub const fn rate_of_decided(self) -> Rate {
        Rate::new(self.granted(), self.decided())
    }

    /// Of the times asked, how often something was granted. Source: standards.md requirement 94.
    #[must_use]
    pub const fn rate_of_shown(self) -> Rate {
        Rate::new(self.granted(), self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_saturate() {
        let full = DayCounts { accepted: u64::MAX, shown: u64::MAX - 1, ..DayCounts::default() };
        let more = DayCounts { accepted: 1, shown: 1, refused: 2, ..DayCounts::default() };
        let sum = DayCounts::total([full, more, more]);
        assert_eq!((sum.accepted, sum.shown, sum.refused), (u64::MAX, u64::MAX, 4));
        assert_eq!(sum.decided(), u64::MAX);
    }

    #[test]
    fn a_withdrawal_is_no_answer_to_the_question() {
        let counts = DayCounts { shown: 20, accepted: 5, partial: 1, refused: 4, withdrawn: 3, views: 100 };
        assert_eq!(counts.rate_of_decided(), Rate::new(6, 10));
        assert_eq!(counts.rate_of_shown(), Rate::new(6, 20));
    }
}
