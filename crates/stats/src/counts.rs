//! What is counted, and sums of it.

use crate::Rate;
use std::fmt::Write as _;

/// One thing that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Counter {
    /// Pages seen by clients that are no bots.
    Views,
    /// Pages seen by bots; in no other figure.
    Bots,
    /// Pages that asked, of those seen.
    Shown,
    /// Pages that asked a browser for the first time in its session, or anew since what it had chosen holds no longer; of those that
    /// asked.
    First,
    /// First pages whose gate said that it stands.
    Reported,
    /// First pages of browsers without scripts.
    NoScript,
    /// Acts that granted everything offered.
    Accepted,
    /// Acts that granted nothing.
    Refused,
    /// Acts that granted a part.
    Partial,
    /// Acts that took back everything granted before.
    Withdrawn,
    /// Answers that a program gave for its user, of all answers.
    ByAgent,
    /// Answers that grant this category.
    Functional,
    /// Answers that grant this category.
    Analytics,
    /// Answers that grant this category.
    Marketing,
    /// Answers that grant this category.
    Social,
    /// How often the gate did something: held, released, removed or refused it. Counts things, not people.
    Times,
    /// First answers of browsers that were counted as asked.
    FirstAnswered,
    /// Of these, those that granted something.
    FirstGranted,
}

impl Counter {
    /// Every counter, in the order of columns.
    pub const ALL: [Self; 18] = [
        Self::Views,
        Self::Bots,
        Self::Shown,
        Self::First,
        Self::Reported,
        Self::NoScript,
        Self::Accepted,
        Self::Refused,
        Self::Partial,
        Self::Withdrawn,
        Self::ByAgent,
        Self::Functional,
        Self::Analytics,
        Self::Marketing,
        Self::Social,
        Self::Times,
        Self::FirstAnswered,
        Self::FirstGranted,
    ];

    /// The column's name, in storage and in figures for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Views => "views",
            Self::Bots => "bots",
            Self::Shown => "shown",
            Self::First => "first",
            Self::Reported => "reported",
            Self::NoScript => "no_script",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Partial => "partial",
            Self::Withdrawn => "withdrawn",
            Self::ByAgent => "by_agent",
            Self::Functional => "functional",
            Self::Analytics => "analytics",
            Self::Marketing => "marketing",
            Self::Social => "social",
            Self::Times => "times",
            Self::FirstAnswered => "first_answered",
            Self::FirstGranted => "first_granted",
        }
    }

    /// The counter of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|counter| counter.name() == name)
    }

    /// The counter of that category's grants; `None` for what needs none.
    #[must_use]
    pub fn of_category(name: &str) -> Option<Self> {
        [Self::Functional, Self::Analytics, Self::Marketing, Self::Social]
            .into_iter()
            .find(|counter| counter.name() == name)
    }
}

/// All counters of one cell. Every sum saturates: a figure too large is better than a panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counts([u64; Counter::ALL.len()]);

impl Counts {
    /// One counter.
    #[must_use]
    pub fn get(&self, counter: Counter) -> u64 {
        self.0.get(counter as usize).copied().unwrap_or(0)
    }

    /// The same, with so many more of one.
    #[must_use]
    pub fn with(mut self, counter: Counter, more: u64) -> Self {
        if let Some(count) = self.0.get_mut(counter as usize) {
            *count = count.saturating_add(more);
        }
        self
    }

    /// The same, with so many more answers of this kind, each the first of a browser that was counted as asked.
    #[must_use]
    pub fn with_first(self, answer: Counter, more: u64) -> Self {
        let granted = if matches!(answer, Counter::Accepted | Counter::Partial) { more } else { 0 };
        self.with(answer, more).with(Counter::FirstAnswered, more).with(Counter::FirstGranted, granted)
    }

    /// Both together.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count = count.saturating_add(more);
        }
        self
    }

    /// What is left without `other`; never less than nothing.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        let left = |counter| self.get(counter).saturating_sub(other.get(counter));
        Counter::ALL.into_iter().fold(Self::default(), |sum, counter| sum.with(counter, left(counter)))
    }

    /// The counters that `keeps` names; nothing of the others.
    #[must_use]
    pub fn only(self, keeps: impl Fn(Counter) -> bool) -> Self {
        let kept = Counter::ALL.into_iter().filter(|counter| keeps(*counter));
        kept.fold(Self::default(), |sum, counter| sum.with(counter, self.get(counter)))
    }

    /// All of them together.
    #[must_use]
    pub fn total(counts: impl IntoIterator<Item = Self>) -> Self {
        counts.into_iter().fold(Self::default(), Self::merge)
    }

    /// Is nothing counted?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|count| *count == 0)
    }

    /// Acts that answered the question. A withdrawal answers nothing: its grant was counted before.
    #[must_use]
    pub fn decided(&self) -> u64 {
        self.granted().saturating_add(self.get(Counter::Refused))
    }

    /// Acts that granted something.
    #[must_use]
    pub fn granted(&self) -> u64 {
        self.get(Counter::Accepted).saturating_add(self.get(Counter::Partial))
    }

    /// Of those who decided, who granted something. Source: standards.md requirement 94.
    #[must_use]
    pub fn rate_of_decided(&self) -> Rate {
        Rate::new(self.granted(), self.decided())
    }

    /// Of the browsers asked, each once in a session, how many granted something with their first answer. Answers of others (a change
    /// of mind, a page that counts nobody as asked) are in neither. Source: standards.md requirement 94.
    #[must_use]
    pub fn rate_of_asked(&self) -> Rate {
        Rate::new(self.get(Counter::FirstGranted), self.get(Counter::First))
    }

    /// `place:count` of each that is not zero, between spaces; empty for nothing.
    #[must_use]
    pub fn write(&self) -> String {
        let mut out = String::new();
        for (place, count) in self.0.iter().enumerate().filter(|(_, count)| **count > 0) {
            let space = if out.is_empty() { "" } else { " " };
            // Writing to a string cannot fail.
            let _ = write!(out, "{space}{place}:{count}");
        }
        out
    }

    /// Reads what [`Self::write`] wrote; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut counts = Self::default();
        for part in text.split(' ').filter(|_| !text.is_empty()) {
            let (place, count) = part.split_once(':')?;
            let is_plain = [place, count]
                .iter()
                .all(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
            let slot = counts.0.get_mut(place.parse::<usize>().ok().filter(|_| is_plain)?)?;
            if *slot != 0 {
                return None;
            }
            *slot = count.parse().ok()?;
        }
        Some(counts)
    }

    /// What [`Self::write`] wrote, with a change to it. A counter that this version has no name for stays as it is: a later one wrote
    /// it, before this one was put back in its place.
    #[must_use]
    pub fn change_written(text: &str, change: impl FnOnce(Self) -> Self) -> String {
        let mut known = Self::default();
        let mut others = Vec::new();
        for part in text.split(' ').filter(|part| !part.is_empty()) {
            match Self::parse(part) {
                Some(one) => known = known.merge(one),
                None => others.push(part),
            }
        }
        let changed = change(known).write();
        others.insert(0, &changed);
        others.join(" ").trim_start().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counts(each: &[(Counter, u64)]) -> Counts {
        each.iter().fold(Counts::default(), |counts, (counter, more)| counts.with(*counter, *more))
    }

    #[test]
    fn sums_saturate() {
        let full = counts(&[(Counter::Accepted, u64::MAX), (Counter::Shown, u64::MAX - 1)]);
        let more = counts(&[(Counter::Accepted, 1), (Counter::Shown, 1), (Counter::Refused, 2)]);
        let sum = Counts::total([full, more, more]);
        assert_eq!(
            sum,
            counts(&[(Counter::Accepted, u64::MAX), (Counter::Shown, u64::MAX), (Counter::Refused, 4)])
        );
        assert_eq!(sum.decided(), u64::MAX);
    }

    #[test]
    fn a_withdrawal_is_no_answer_to_the_question() {
        let counts = counts(&[
            (Counter::Views, 100),
            (Counter::Shown, 40),
            (Counter::First, 20),
            (Counter::Accepted, 5),
            (Counter::Partial, 1),
            (Counter::Refused, 4),
            (Counter::Withdrawn, 3),
            (Counter::FirstAnswered, 7),
            (Counter::FirstGranted, 4),
        ]);
        assert_eq!(counts.rate_of_decided(), Rate::new(6, 10));
        assert_eq!(counts.rate_of_asked(), Rate::new(4, 20));
    }

    #[test]
    fn counters_stand_in_their_order_under_names_of_their_own() {
        for (place, counter) in Counter::ALL.into_iter().enumerate() {
            assert_eq!(counter as usize, place);
            assert!(Counter::ALL[..place].iter().all(|other| other.name() != counter.name()));
        }
        assert_eq!(Counter::of_category("social"), Some(Counter::Social));
        assert_eq!(Counter::of_category("necessary"), None);
        assert_eq!(Counter::of_category("views"), None);
    }

    #[test]
    fn what_are_no_counts_is_refused() {
        for text in [
            "1",
            "1:",
            ":1",
            "99:1",
            "1:1 1:2",
            "1:-1",
            "1:+1",
            "1:1  2:1",
            " ",
            "1:1 ",
            "1:99999999999999999999",
        ] {
            assert_eq!(Counts::parse(text), None, "{text:?}");
        }
        assert_eq!(Counts::parse(""), Some(Counts::default()));
    }

    #[test]
    fn what_a_later_version_counted_stays() {
        let less = |counts: Counts| counts.minus(Counts::default().with(Counter::Views, 2));
        assert_eq!(Counts::change_written("0:5 18:7 99:1", less), "0:3 18:7 99:1");
        assert_eq!(Counts::change_written("0:2 18:7", less), "18:7");
        assert_eq!(Counts::change_written("", less), "");
    }

    proptest! {
        #[test]
        fn counts_survive_their_text(each: [u64; 18]) {
            prop_assert_eq!(Counts::parse(&Counts(each).write()), Some(Counts(each)));
            let add = |counts: Counts| counts.with(Counter::Views, 1);
            prop_assert_eq!(Counts::change_written(&Counts(each).write(), add), add(Counts(each)).write());
        }

        #[test]
        fn what_is_taken_away_was_there(one: [u32; 18], other: [u32; 18]) {
            let [one, other] = [one, other].map(|each| Counts(each.map(u64::from)));
            prop_assert_eq!(one.merge(other).minus(other), one);
        }
    }
}
