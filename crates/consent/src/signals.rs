//! What the browser says of its own accord, and what that denies. A signal only ever denies.
//!
//! Header values are read by `postern-rewrite`; here they are facts already.

use crate::{Category, CategorySet, Profile};

/// A signal by which a browser speaks for its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Global Privacy Control, `Sec-GPC: 1`. Source: W3C GPC, 2026-04-03.
    Gpc,
    /// Advanced Data Protection Control, `ADPC: withdraw=*`. Source: ADPC draft of 2021, section 5.
    Adpc,
    /// Do Not Track, `DNT: 1`.
    Dnt,
}

impl Signal {
    /// Every signal, the one first that a law wants named first (11 CCR 7025(c)(6): GPC).
    pub const ALL: [Signal; 3] = [Self::Gpc, Self::Adpc, Self::Dnt];

    /// The word used in receipts, logs and markup (`"gpc"`).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gpc => "gpc",
            Self::Adpc => "adpc",
            Self::Dnt => "dnt",
        }
    }
}

/// What the browser says of its own accord. There is no field that could grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Signals {
    /// `Sec-GPC: 1` was sent. Source: W3C GPC, 2026-04-03.
    pub gpc: bool,
    /// `DNT: 1` was sent.
    pub dnt: bool,
    /// What `ADPC: withdraw=…` names; every category for `*` and for a header nobody can read.
    pub withdrawn: CategorySet,
    /// `ADPC: object=direct-marketing` was sent. Source: GDPR Art. 21(2), (5).
    pub objected: bool,
}

impl Signals {
    /// The browser says nothing.
    pub const NONE: Self = Self { gpc: false, dnt: false, withdrawn: CategorySet::EMPTY, objected: false };
}

impl Profile {
    /// The offered categories that this one signal denies; never the necessary.
    ///
    /// GPC denies marketing, DNT everything (if the profile says so), ADPC what it withdraws, and marketing
    /// where it objects. Source: standards.md requirements 52 and 56.
    #[must_use]
    pub fn denied_by(&self, signal: Signal, signals: Signals) -> CategorySet {
        let marketing = CategorySet::EMPTY.with(Category::Marketing);
        let denied = match signal {
            Signal::Gpc if signals.gpc => marketing,
            Signal::Dnt if signals.dnt && self.is_dnt_denial => CategorySet::ALL,
            Signal::Adpc if signals.objected => signals.withdrawn.union(marketing),
            Signal::Adpc => signals.withdrawn,
            Signal::Gpc | Signal::Dnt => CategorySet::EMPTY,
        };
        denied.intersection(self.offered).without(Category::Necessary)
    }

    /// The signals that deny something offered here, in the order of [`Signal::ALL`]: what a visitor is told was
    /// honoured (11 CCR 7025(c)(6)).
    pub fn honoured(&self, signals: Signals) -> impl Iterator<Item = Signal> + '_ {
        Signal::ALL.into_iter().filter(move |signal| self.denied_by(*signal, signals) != CategorySet::EMPTY)
    }

    /// The first of [`Signal::ALL`] that denies any of `wanted`; `None` if the signals change nothing.
    ///
    /// With [`Self::offered`] as `wanted` it says what the banner must show as honoured
    /// (11 CCR 7025(c)(6)); with what was clicked it says what limited the click.
    #[must_use]
    pub fn bound_by(&self, signals: Signals, wanted: CategorySet) -> Option<Signal> {
        Signal::ALL
            .into_iter()
            .find(|signal| !self.denied_by(*signal, signals).intersection(wanted).is_empty())
    }

    /// The part of `wanted` that these signals leave grantable, `Necessary` always included. It bounds a
    /// stored grant and a new decision alike.
    #[must_use]
    pub fn grantable(&self, signals: Signals, wanted: CategorySet) -> CategorySet {
        Signal::ALL
            .into_iter()
            .fold(wanted.intersection(self.offered), |left, signal| {
                left.difference(self.denied_by(signal, signals))
            })
            .with(Category::Necessary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PolicyTag;
    use proptest::prelude::*;

    const PROFILE: Profile = Profile {
        offered: CategorySet::ALL,
        grant_ttl_minutes: 1,
        refusal_ttl_minutes: 1,
        is_dnt_denial: true,
        policy: PolicyTag(7),
    };

    fn set(bits: u8) -> CategorySet {
        CategorySet::from_bits(bits).unwrap()
    }

    #[test]
    fn each_signal_denies_what_it_names() {
        let all = CategorySet::ALL;
        let only = |category| CategorySet::EMPTY.with(category);
        let lenient = Profile { is_dnt_denial: false, ..PROFILE };
        for (profile, signals, denied, bound_by) in [
            (PROFILE, Signals::NONE, CategorySet::EMPTY, None),
            (PROFILE, Signals { gpc: true, ..Signals::NONE }, only(Category::Marketing), Some(Signal::Gpc)),
            (PROFILE, Signals { dnt: true, ..Signals::NONE }, all, Some(Signal::Dnt)),
            (lenient, Signals { dnt: true, ..Signals::NONE }, CategorySet::EMPTY, None),
            (
                PROFILE,
                Signals { objected: true, ..Signals::NONE },
                only(Category::Marketing),
                Some(Signal::Adpc),
            ),
            (
                PROFILE,
                Signals { withdrawn: only(Category::Analytics), ..Signals::NONE },
                only(Category::Analytics),
                Some(Signal::Adpc),
            ),
            (
                lenient,
                Signals { withdrawn: only(Category::Analytics), objected: true, ..Signals::NONE },
                only(Category::Analytics).with(Category::Marketing),
                Some(Signal::Adpc),
            ),
            (PROFILE, Signals { withdrawn: all, ..Signals::NONE }, all, Some(Signal::Adpc)),
            // Of several, the one that the law wants shown is named.
            (
                PROFILE,
                Signals { gpc: true, dnt: true, withdrawn: all, objected: true },
                all,
                Some(Signal::Gpc),
            ),
        ] {
            let left = all.difference(denied).with(Category::Necessary);
            assert_eq!(profile.grantable(signals, all), left, "{signals:?}");
            assert_eq!(profile.bound_by(signals, profile.offered), bound_by, "{signals:?}");
            assert_eq!(profile.honoured(signals).next(), bound_by, "{signals:?}");
        }
    }

    #[test]
    fn every_signal_that_denies_is_told() {
        let signals = Signals { gpc: true, dnt: true, withdrawn: CategorySet::ALL, objected: false };
        assert!(PROFILE.honoured(signals).eq(Signal::ALL));
        let lenient = Profile { is_dnt_denial: false, ..PROFILE };
        assert!(lenient.honoured(signals).eq([Signal::Gpc, Signal::Adpc]));
    }

    #[test]
    fn a_signal_that_denies_nothing_wanted_binds_nothing() {
        let gpc = Signals { gpc: true, ..Signals::NONE };
        let analytics = CategorySet::EMPTY.with(Category::Analytics);
        assert_eq!(PROFILE.bound_by(gpc, analytics), None);
        let unoffered = Profile { offered: analytics, ..PROFILE };
        assert_eq!(unoffered.bound_by(gpc, CategorySet::ALL), None);
    }

    proptest! {
        #[test]
        fn no_signal_ever_widens(
            wanted in 0u8..=0x1f, offered in 0u8..=0x1f, withdrawn in 0u8..=0x1f, more in 0u8..=0x1f,
            gpc: bool, dnt: bool, objected: bool, is_dnt_denial: bool,
        ) {
            let profile = Profile { offered: set(offered), is_dnt_denial, ..PROFILE };
            let wanted = set(wanted);
            let signals = Signals { gpc, dnt, withdrawn: set(withdrawn), objected };
            let left = profile.grantable(signals, wanted);
            let free = profile.grantable(Signals::NONE, wanted);
            prop_assert!(left.difference(free).is_empty());
            prop_assert!(left.contains(Category::Necessary));
            // Any further signal leaves no more than before.
            for louder in [
                Signals { gpc: true, ..signals },
                Signals { dnt: true, ..signals },
                Signals { objected: true, ..signals },
                Signals { withdrawn: set(withdrawn | more), ..signals },
            ] {
                prop_assert!(profile.grantable(louder, wanted).difference(left).is_empty());
            }
            // A signal is named if and only if it took something.
            prop_assert_eq!(profile.bound_by(signals, wanted).is_some(), left != free);
        }
    }
}
