//! What a visitor's act amounts to, in the words the receipt and the dashboard share.

use crate::{Category, CategorySet};

/// The kind of one act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Everything offered was granted.
    Accepted,
    /// Nothing was granted, and nothing had been before.
    Refused,
    /// Some of what was offered was granted.
    Partial,
    /// Nothing is granted any more, though something had been.
    Withdrawn,
}

impl Outcome {
    /// Every outcome, in display order.
    pub const ALL: [Outcome; 4] = [Self::Accepted, Self::Refused, Self::Partial, Self::Withdrawn];

    /// The outcome of going from `previous` to `granted` when `offered` was on offer.
    /// `Necessary` counts on neither side: it is not consent.
    #[must_use]
    pub fn of(previous: CategorySet, offered: CategorySet, granted: CategorySet) -> Self {
        let [previous, offered, granted] =
            [previous, offered, granted].map(|set| set.without(Category::Necessary));
        if granted.is_empty() {
            if previous.is_empty() { Self::Refused } else { Self::Withdrawn }
        } else if offered.difference(granted).is_empty() {
            Self::Accepted
        } else {
            Self::Partial
        }
    }

    /// The word used in receipts and counters (`"partial"`).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Partial => "partial",
            Self::Withdrawn => "withdrawn",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_follow_from_the_two_sets() {
        let analytics = CategorySet::NECESSARY.with(Category::Analytics);
        let offered = analytics.with(Category::Marketing);
        let none = CategorySet::NECESSARY;
        for (previous, granted, expected) in [
            (none, offered, Outcome::Accepted),
            (none, none, Outcome::Refused),
            (none, analytics, Outcome::Partial),
            (offered, analytics, Outcome::Partial),
            (analytics, none, Outcome::Withdrawn),
            (analytics, offered, Outcome::Accepted),
        ] {
            assert_eq!(Outcome::of(previous, offered, granted), expected);
        }
    }
}
