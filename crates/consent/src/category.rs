//! Categories of purposes, sets of them, and what a held tracker needs. No vendor names.

/// A purpose category a visitor can grant. `Necessary` needs no consent and is always on.
/// Source: standards.md S2.1 (five kinds), section 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Category {
    /// Strictly necessary; exempt under ePrivacy Art. 5(3).
    Necessary = 0,
    /// Preferences, chat, comfort.
    Functional = 1,
    /// Audience measurement and performance.
    Analytics = 2,
    /// Advertising and targeting, pixels included.
    Marketing = 3,
    /// Embeds and plug-ins of social and video sites.
    Social = 4,
}

impl Category {
    /// Every category, in display order.
    pub const ALL: [Category; 5] =
        [Self::Necessary, Self::Functional, Self::Analytics, Self::Marketing, Self::Social];

    /// The word used in files, forms and markup (`"analytics"`).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Necessary => "necessary",
            Self::Functional => "functional",
            Self::Analytics => "analytics",
            Self::Marketing => "marketing",
            Self::Social => "social",
        }
    }

    /// The category of that exact, lower-case name; `None` for anything else.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.name() == name)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of categories, one bit each (`Necessary` is bit 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub struct CategorySet(u8);

impl CategorySet {
    /// No category at all.
    pub const EMPTY: Self = Self(0);
    /// Only what needs no consent.
    pub const NECESSARY: Self = Self(1);
    /// Every category.
    pub const ALL: Self = Self(0x1f);

    /// The set with these bits; `None` if a bit beyond the five categories is set.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        if bits & !Self::ALL.0 == 0 { Some(Self(bits)) } else { None }
    }

    /// One bit per category: 0x01 necessary, 0x02 functional, 0x04 analytics, 0x08 marketing, 0x10 social.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// This set and that category.
    #[must_use]
    pub const fn with(self, category: Category) -> Self {
        Self(self.0 | category.bit())
    }

    /// This set less that category.
    #[must_use]
    pub const fn without(self, category: Category) -> Self {
        Self(self.0 & !category.bit())
    }

    /// Both sets together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What both sets share.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// This set less every member of `other`.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Is the category a member?
    #[must_use]
    pub const fn contains(self, category: Category) -> bool {
        self.0 & category.bit() != 0
    }

    /// Is no category a member?
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The members, in display order.
    pub fn iter(self) -> impl Iterator<Item = Category> {
        Category::ALL.into_iter().filter(move |category| self.contains(*category))
    }
}

impl FromIterator<Category> for CategorySet {
    fn from_iter<I: IntoIterator<Item = Category>>(categories: I) -> Self {
        categories.into_iter().fold(Self::EMPTY, Self::with)
    }
}

/// What must be granted before something held may run: any one of these categories.
///
/// A vendor needs its own category. A tag manager is a loader with no purpose of its own, so it needs
/// any of several. Source: trackers.md 1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Need(CategorySet);

impl Need {
    /// Needs any one member of `set`. An empty set can never be met.
    #[must_use]
    pub const fn any_of(set: CategorySet) -> Self {
        Self(set)
    }

    /// Met by this grant?
    #[must_use]
    pub const fn is_met(self, granted: CategorySet) -> bool {
        !self.0.intersection(granted).is_empty()
    }

    /// The categories of which one is enough.
    #[must_use]
    pub const fn categories(self) -> CategorySet {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_unknown_names_are_refused() {
        for category in Category::ALL {
            assert_eq!(Category::parse(category.name()), Some(category));
        }
        for name in ["", "Analytics", "analytics ", "performance"] {
            assert_eq!(Category::parse(name), None);
        }
    }

    #[test]
    fn bits_beyond_the_categories_are_refused() {
        assert_eq!(CategorySet::from_bits(0x1f), Some(CategorySet::ALL));
        for bits in 0x20..=0xff {
            assert_eq!(CategorySet::from_bits(bits), None);
        }
    }

    #[test]
    fn a_need_is_met_by_any_of_its_categories_and_by_nothing_else() {
        for needed in 0..=0x1f {
            for granted in 0..=0x1f {
                let need = Need::any_of(CategorySet(needed));
                assert_eq!(need.is_met(CategorySet(granted)), needed & granted != 0);
            }
        }
    }
}
