//! From what is known of a visitor to what may run. One function, no side effect.

use crate::{Category, CategorySet, Choice, Minutes, PayloadError, PolicyTag, Signal, Signals, VendorSet};

/// The numbers of one legal regime and what the site asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Categories the site offers. `Necessary` is granted in any case.
    pub offered: CategorySet,
    /// Lifetime of a choice that grants something, minutes. Source: standards.md 3.2.
    pub grant_ttl_minutes: u32,
    /// How long a refusal is remembered, minutes. Source: standards.md 3.2.
    pub refusal_ttl_minutes: u32,
    /// Does `DNT: 1` deny everything that needs consent?
    pub is_dnt_denial: bool,
    /// The tag of what is asked today.
    pub policy: PolicyTag,
}

/// What was found in the consent cookie, after its seal was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No cookie.
    Absent,
    /// A cookie whose seal does not fit: altered, of another host, or under an unknown key.
    Forged,
    /// A sealed payload that cannot be read.
    Unreadable(PayloadError),
    /// Nobody can check: the deployment has no key.
    Unverifiable,
    /// A choice whose seal fits.
    Decided(Choice),
}

/// Why a [`Decision`] is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A stored choice is in force.
    Chosen,
    /// Never asked.
    NotAsked,
    /// The cookie's seal does not fit.
    Forged,
    /// The cookie cannot be read.
    Unreadable,
    /// The cookie cannot be checked.
    Unverifiable,
    /// The choice is older than its lifetime.
    Expired,
    /// The choice claims to be made later than now.
    FutureDated,
    /// Something else is asked now than was then.
    PolicyChanged,
}

impl Reason {
    /// The word used in logs and headers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chosen => "chosen",
            Self::NotAsked => "not-asked",
            Self::Forged => "forged",
            Self::Unreadable => "unreadable",
            Self::Unverifiable => "unverifiable",
            Self::Expired => "expired",
            Self::FutureDated => "future-dated",
            Self::PolicyChanged => "policy-changed",
        }
    }
}

/// What may run for this visitor now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Granted categories; `Necessary` is always a member.
    pub granted: CategorySet,
    /// Single vendors granted beyond them; only those count that need something [`grantable`](Self::grantable).
    pub vendors: VendorSet,
    /// What could be granted here: what is offered, less what the browser's signals deny.
    pub grantable: CategorySet,
    /// Must the visitor be asked?
    pub must_ask: bool,
    /// Why.
    pub reason: Reason,
    /// The browser's signal that keeps something on offer from being granted, whatever was or is chosen;
    /// to be shown as honoured (11 CCR 7025(c)(6)). Of several the first of [`Signal::ALL`].
    pub bound_by: Option<Signal>,
}

impl Decision {
    /// Nothing but the necessary, and the visitor is asked. No signal was needed for that.
    #[must_use]
    pub const fn deny_all(reason: Reason) -> Self {
        Self {
            granted: CategorySet::NECESSARY,
            vendors: VendorSet::EMPTY,
            grantable: CategorySet::NECESSARY,
            must_ask: true,
            reason,
            bound_by: None,
        }
    }

    /// Is any offered category denied?
    #[must_use]
    pub fn is_anything_denied(&self) -> bool {
        self.granted != CategorySet::ALL
    }
}

/// A cookie may be dated this far ahead: isolates' clocks differ by seconds, the payload counts minutes.
const CLOCK_SKEW_MINUTES: u32 = 2;

impl Profile {
    /// How long a choice of these categories, and of vendors by themselves or not, is remembered, minutes.
    #[must_use]
    pub fn ttl_minutes(&self, granted: CategorySet, has_vendors: bool) -> u32 {
        if granted.without(Category::Necessary).is_empty() && !has_vendors {
            self.refusal_ttl_minutes
        } else {
            self.grant_ttl_minutes
        }
    }
}

/// Decides what may run. Anything but a readable, current, fitting choice denies everything.
#[must_use]
pub fn decide(profile: &Profile, signals: Signals, state: &State, now: Minutes) -> Decision {
    let bound_by = profile.bound_by(signals, profile.offered);
    match choice_in_force(profile, state, now) {
        Ok(choice) => Decision {
            granted: profile.grantable(signals, choice.granted),
            vendors: choice.vendors,
            grantable: profile.grantable(signals, CategorySet::ALL),
            // Who has let one video load was not asked about the rest.
            must_ask: !choice.is_answered,
            reason: Reason::Chosen,
            bound_by,
        },
        Err(reason) => Decision { bound_by, ..Decision::deny_all(reason) },
    }
}

fn choice_in_force<'state>(
    profile: &Profile,
    state: &'state State,
    now: Minutes,
) -> Result<&'state Choice, Reason> {
    let choice = match state {
        State::Absent => return Err(Reason::NotAsked),
        State::Forged => return Err(Reason::Forged),
        State::Unreadable(_) => return Err(Reason::Unreadable),
        State::Unverifiable => return Err(Reason::Unverifiable),
        State::Decided(choice) => choice,
    };
    if choice.decided_at.since(now) > CLOCK_SKEW_MINUTES {
        return Err(Reason::FutureDated);
    }
    if choice.policy != profile.policy {
        return Err(Reason::PolicyChanged);
    }
    if now.since(choice.decided_at) >= profile.ttl_minutes(choice.granted, !choice.vendors.is_empty()) {
        return Err(Reason::Expired);
    }
    Ok(choice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Shard, Subject};
    use proptest::prelude::*;

    const DAY: u32 = 24 * 60;
    const NOW: u32 = 1_500_000;
    const PROFILE: Profile = Profile {
        offered: CategorySet::ALL,
        grant_ttl_minutes: 180 * DAY,
        refusal_ttl_minutes: 90 * DAY,
        is_dnt_denial: true,
        policy: PolicyTag(7),
    };

    fn choice(granted: CategorySet, minutes: u32) -> Choice {
        Choice {
            granted,
            decided_at: Minutes::new(minutes).unwrap(),
            policy: PolicyTag(7),
            subject: Subject([1; 16]),
            vendors: VendorSet::EMPTY,
            is_answered: true,
            shard: Shard::FIRST,
        }
    }

    fn decide_at_now(signals: Signals, state: State) -> Decision {
        decide(&PROFILE, signals, &state, Minutes::new(NOW).unwrap())
    }

    #[test]
    fn everything_that_is_not_a_current_choice_denies_with_its_own_reason() {
        let all = CategorySet::ALL;
        let changed = Choice { policy: PolicyTag(8), ..choice(all, NOW) };
        for (state, reason) in [
            (State::Absent, Reason::NotAsked),
            (State::Forged, Reason::Forged),
            (State::Unreadable(PayloadError::Length), Reason::Unreadable),
            (State::Unverifiable, Reason::Unverifiable),
            (State::Decided(choice(all, NOW + 3)), Reason::FutureDated),
            (State::Decided(changed), Reason::PolicyChanged),
            (State::Decided(choice(all, NOW - 180 * DAY)), Reason::Expired),
            (State::Decided(choice(CategorySet::NECESSARY, NOW - 90 * DAY)), Reason::Expired),
        ] {
            assert_eq!(decide_at_now(Signals::default(), state), Decision::deny_all(reason));
        }
    }

    #[test]
    fn a_choice_lasts_to_its_last_minute() {
        let state = State::Decided(choice(CategorySet::ALL, NOW - 180 * DAY + 1));
        assert_eq!(decide_at_now(Signals::default(), state).granted, CategorySet::ALL);
        let state = State::Decided(choice(CategorySet::EMPTY, NOW - 90 * DAY + 1));
        assert!(!decide_at_now(Signals::default(), state).must_ask);
    }

    #[test]
    fn gpc_denies_marketing_over_an_older_grant() {
        let gpc = Signals { gpc: true, ..Signals::NONE };
        let decision = decide_at_now(gpc, State::Decided(choice(CategorySet::ALL, NOW)));
        assert_eq!(decision.granted, CategorySet::ALL.without(Category::Marketing));
        assert_eq!(decision.bound_by, Some(Signal::Gpc));
    }

    #[test]
    fn a_withdrawal_by_the_browser_outweighs_an_older_grant() {
        let adpc = Signals { withdrawn: CategorySet::ALL, ..Signals::NONE };
        let decision = decide_at_now(adpc, State::Decided(choice(CategorySet::ALL, NOW)));
        assert_eq!(decision.granted, CategorySet::NECESSARY);
        assert_eq!((decision.must_ask, decision.bound_by), (false, Some(Signal::Adpc)));
    }

    #[test]
    fn a_visitor_with_a_signal_is_still_asked_and_told() {
        // Source: standards.md requirement 55.
        let decision = decide_at_now(Signals { gpc: true, ..Signals::NONE }, State::Absent);
        let expected = Decision { bound_by: Some(Signal::Gpc), ..Decision::deny_all(Reason::NotAsked) };
        assert_eq!(decision, expected);
        assert!(decision.must_ask);
    }

    #[test]
    fn dnt_denies_only_where_the_profile_says_so() {
        let state = State::Decided(choice(CategorySet::ALL, NOW));
        let signals = Signals { dnt: true, ..Signals::NONE };
        assert_eq!(decide_at_now(signals, state).granted, CategorySet::NECESSARY);
        let lenient = Profile { is_dnt_denial: false, ..PROFILE };
        let decision = decide(&lenient, signals, &state, Minutes::new(NOW).unwrap());
        assert_eq!((decision.granted, decision.bound_by), (CategorySet::ALL, None));
    }

    proptest! {
        #[test]
        fn nothing_is_granted_that_was_not_chosen_and_offered(
            chosen in 0u8..=0x1f, offered in 0u8..=0x1f, withdrawn in 0u8..=0x1f,
            gpc: bool, dnt: bool, objected: bool, minutes in 0u32..1 << 24,
        ) {
            let [chosen, offered, withdrawn] =
                [chosen, offered, withdrawn].map(|bits| CategorySet::from_bits(bits).unwrap());
            let signals = Signals { gpc, dnt, withdrawn, objected };
            let profile = Profile { offered, ..PROFILE };
            let decision = decide(
                &profile, signals, &State::Decided(choice(chosen, minutes)), Minutes::new(NOW).unwrap(),
            );
            let allowed = chosen.intersection(offered).with(Category::Necessary);
            prop_assert!(decision.granted.difference(allowed).is_empty());
            prop_assert!(decision.granted.contains(Category::Necessary));
            prop_assert!(!decision.must_ask || decision.granted == CategorySet::NECESSARY);
        }
    }
}
