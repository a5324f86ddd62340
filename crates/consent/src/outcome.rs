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
    /// One vendor's content was let in by itself; what was answered, or not, stands as it stood.
    Vendor,
    /// What was granted holds no more, because its time is over.
    Expired,
}

/// What is granted at one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Granted {
    /// Categories.
    pub categories: CategorySet,
    /// Is any vendor granted by itself, beyond them?
    pub has_vendors: bool,
}

impl Granted {
    /// Nothing but the necessary, which is no consent.
    fn is_nothing(self) -> bool {
        self.categories.without(Category::Necessary).is_empty() && !self.has_vendors
    }
}

impl Outcome {
    /// Every outcome, in display order.
    pub const ALL: [Outcome; 6] =
        [Self::Accepted, Self::Refused, Self::Partial, Self::Withdrawn, Self::Vendor, Self::Expired];

    /// The outcome of going from `previous` to `granted` when `offered` was on offer.
    /// `Necessary` counts on neither side: it is not consent.
    #[must_use]
    pub fn of(previous: Granted, offered: CategorySet, granted: Granted) -> Self {
        let [offered, categories] = [offered, granted.categories].map(|set| set.without(Category::Necessary));
        if granted.is_nothing() {
            if previous.is_nothing() { Self::Refused } else { Self::Withdrawn }
        } else if offered.difference(categories).is_empty() {
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
            Self::Vendor => "vendor",
            Self::Expired => "expired",
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
        let of = |categories| Granted { categories, has_vendors: false };
        let one = |categories| Granted { categories, has_vendors: true };
        for (previous, granted, expected) in [
            (of(none), of(offered), Outcome::Accepted),
            (of(none), of(none), Outcome::Refused),
            (of(none), of(analytics), Outcome::Partial),
            (of(none), one(none), Outcome::Partial),
            (of(offered), of(analytics), Outcome::Partial),
            (of(analytics), of(none), Outcome::Withdrawn),
            (one(none), of(none), Outcome::Withdrawn),
            (of(analytics), of(offered), Outcome::Accepted),
        ] {
            assert_eq!(Outcome::of(previous, offered, granted), expected);
        }
    }
}
