//! Reading published parts: by level, by segment, by range of days, and what follows from the counts.
//!
//! What never lives here: which parts there are (`publish`), where they are stored (the worker's), words (`postern-view`).

use crate::{Counter, Counts, Day, Dimension, OTHER, Rate, UNKNOWN, plain_value};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

/// One level of a dimension: what a table or a filter tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The law that binds.
    Law,
    /// The country.
    Country,
    /// The class of the device.
    Device,
    /// The family of the browser.
    Browser,
    /// The policy's tag.
    Policy,
    /// The place in the log of what was asked with.
    Banner,
    /// The language of the texts shown.
    Language,
    /// The group of pages.
    Page,
    /// The browser's own signal.
    Signal,
    /// Where the question was answered.
    Layer,
    /// How long the answer took.
    Wait,
    /// A vendor granted by itself.
    Vendor,
}

impl Level {
    /// Every level.
    pub const ALL: [Self; 12] = [
        Self::Law,
        Self::Country,
        Self::Device,
        Self::Browser,
        Self::Policy,
        Self::Banner,
        Self::Language,
        Self::Page,
        Self::Signal,
        Self::Layer,
        Self::Wait,
        Self::Vendor,
    ];

    /// The word in addresses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Law => "law",
            Self::Country => "country",
            Self::Device => "device",
            Self::Browser => "browser",
            Self::Policy => "policy",
            Self::Banner => "banner",
            Self::Language => "language",
            Self::Page => "page",
            Self::Signal => "signal",
            Self::Layer => "layer",
            Self::Wait => "wait",
            Self::Vendor => "vendor",
        }
    }

    /// The level of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == word)
    }

    /// The dimension it is a level of.
    #[must_use]
    pub const fn dimension(self) -> Dimension {
        match self {
            Self::Law | Self::Country => Dimension::Place,
            Self::Device | Self::Browser => Dimension::Client,
            Self::Policy | Self::Banner => Dimension::Version,
            Self::Language => Dimension::Language,
            Self::Page => Dimension::Page,
            Self::Signal => Dimension::Signal,
            Self::Layer => Dimension::Layer,
            Self::Wait => Dimension::Wait,
            Self::Vendor => Dimension::Vendor,
        }
    }

    /// The place of its name in a value, from 0.
    #[must_use]
    pub const fn depth(self) -> usize {
        match self {
            Self::Country | Self::Browser | Self::Banner => 1,
            _ => 0,
        }
    }

    /// The name at this level in a part's value; `""` if the part is not told apart so far down.
    fn of(self, value: &str) -> &str {
        value.split('/').nth(self.depth()).unwrap_or("")
    }
}

/// A filter: the parts with one name at one level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// At what level.
    pub level: Level,
    /// The name; one that stands between the `/` of a value.
    pub value: String,
}

/// A text that is no segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentError;

impl fmt::Display for SegmentError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("not a segment; write a level and a name with a colon between, as in country:FR")
    }
}

impl std::error::Error for SegmentError {}

impl Segment {
    /// Reads `country:FR`.
    ///
    /// # Errors
    /// [`SegmentError`] for a level that is none, and a name that could stand in no value.
    pub fn parse(text: &str) -> Result<Self, SegmentError> {
        let (level, value) = text.split_once(':').ok_or(SegmentError)?;
        let level = Level::parse(level).ok_or(SegmentError)?;
        if value.is_empty() || value.contains('/') || plain_value(value) != value {
            return Err(SegmentError);
        }
        Ok(Self { level, value: value.to_owned() })
    }

    /// Is the part with that value in it? One that is not told apart so far down is in no segment of that level.
    #[must_use]
    pub fn matches(&self, value: &str) -> bool {
        !self.value.is_empty() && self.level.of(value) == self.value
    }
}

impl fmt::Display for Segment {
    /// `country:FR`
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.level.name(), self.value)
    }
}

/// Sums the parts of a level's dimension by name: most answers first, then most pages, then most times, then by name.
/// What is not told apart at this level, for whatever reason, is one line, [`OTHER`], at the end.
#[must_use]
pub fn by_level<'a>(parts: impl Iterator<Item = (&'a str, Counts)>, level: Level) -> Vec<(String, Counts)> {
    let mut sums: BTreeMap<&str, Counts> = BTreeMap::new();
    for (value, counts) in parts {
        let name = match level.of(value) {
            "" | UNKNOWN => OTHER,
            name => name,
        };
        let sum = sums.entry(name).or_default();
        *sum = sum.merge(counts);
    }
    let mut lines: Vec<(String, Counts)> =
        sums.into_iter().map(|(name, counts)| (name.to_owned(), counts)).collect();
    // The sort keeps the order by name of lines that are equal.
    lines.sort_by_key(|(name, counts)| {
        let size = (counts.decided(), counts.get(Counter::Views), counts.get(Counter::Times));
        (name == OTHER, Reverse(size))
    });
    lines
}

/// The lines of a level that have anything of visitors: of everybody, or of what a segment has in it. `sums` are parts of all dimensions.
#[must_use]
pub fn lines_of<'a>(
    sums: impl IntoIterator<Item = &'a (Dimension, String, Counts)>,
    level: Level,
    segment: Option<&Segment>,
) -> Vec<(String, Counts)> {
    let of_level = sums.into_iter().filter(|(dimension, _, _)| *dimension == level.dimension());
    let own = of_level.filter(|(_, value, _)| segment.is_none_or(|segment| segment.matches(value)));
    let mut lines = by_level(own.map(|(_, value, counts)| (value.as_str(), *counts)), level);
    // Where all else is told apart, bots may be left over.
    lines.retain(|(_, counts)| !counts.only(|counter| counter != Counter::Bots).is_empty());
    lines
}

/// Days from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first day.
    pub first: Day,
    /// The last day.
    pub last: Day,
}

/// A range cut at the ends of months.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Months {
    /// Days before the first whole month, or the whole range if there is no whole month in it and it lies in one.
    pub before: Option<Range>,
    /// Whole months, as [`Day::month`] numbers them.
    pub whole: Vec<u32>,
    /// Days after the last whole month.
    pub after: Option<Range>,
}

impl Range {
    /// How many days; none if the last is earlier than the first.
    #[must_use]
    pub const fn days(self) -> u32 {
        (self.last.number() + 1).saturating_sub(self.first.number())
    }

    /// As many days, just before; `None` for no day, and if these would begin before 1970.
    #[must_use]
    pub fn before(self) -> Option<Self> {
        let days = self.days();
        (days > 0 && days <= self.first.number())
            .then(|| Self { first: self.first.minus(days), last: self.first.minus(1) })
    }

    /// Cuts it into whole calendar months, whose sums storage keeps, and the days before and after them.
    #[must_use]
    pub fn split_by_months(self) -> Months {
        let Self { first, last } = self;
        let some = |range: Self| (range.days() > 0).then_some(range);
        // The first month that begins in the range, and the last that ends in it.
        let from = if first == first.month_first() { first.month() } else { first.month() + 1 };
        let to = if last == last.month_last() { last.month() } else { last.month().saturating_sub(1) };
        if self.days() == 0 || first.month() == last.month() && from > to {
            return Months { before: some(self), whole: Vec::new(), after: None };
        }
        let before = Self { first, last: first.month_last() };
        let after = Self { first: last.month_first(), last };
        Months {
            before: some(before).filter(|_| from > first.month()),
            whole: (from..=to).collect(),
            after: some(after).filter(|_| to < last.month()),
        }
    }
}

/// From the question to the answer: browsers asked, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Funnel {
    /// Browsers asked, each once in a session.
    pub asked: u64,
    /// Of these, those that have answered.
    pub answered: u64,
    /// Of these, those that granted something.
    pub granted: u64,
    /// Those that granted nothing.
    pub refused: u64,
    /// Asked, and no answer.
    pub ignored: u64,
    /// Answers of others: changes of mind, and from pages that count nobody as asked.
    pub others: u64,
    /// Answers that a program gave for its user, of all answers.
    pub by_agent: u64,
    /// Asked by a banner that was drawn without scripts.
    pub without_scripts: u64,
    /// Asked, and the banner was never drawn: something kept it from being, or the visitor was gone before. `None` if no banner was
    /// drawn at all, since then none is counted.
    pub blocked: Option<u64>,
}

impl Funnel {
    /// What these counts say. What cannot be (more answers than asked, as counters of batches may disagree) is none.
    #[must_use]
    pub fn of(counts: &Counts) -> Self {
        let count = |counter| counts.get(counter);
        let (asked, reported) = (count(Counter::First), count(Counter::Reported));
        let (answered, granted) = (count(Counter::FirstAnswered), count(Counter::FirstGranted));
        Self {
            asked,
            answered,
            granted,
            refused: answered.saturating_sub(granted),
            ignored: asked.saturating_sub(answered),
            others: counts.decided().saturating_sub(answered),
            by_agent: count(Counter::ByAgent),
            without_scripts: count(Counter::NoScript),
            blocked: (reported > 0).then(|| asked.saturating_sub(reported)),
        }
    }
}

/// Of those who decided, how many granted each category: of those `offered`, since what nobody was asked for nobody has refused, and of
/// others that somebody has granted. None where nobody decided.
#[must_use]
pub fn category_rates(counts: &Counts, offered: &[Counter]) -> Vec<(Counter, Rate)> {
    [Counter::Functional, Counter::Analytics, Counter::Marketing, Counter::Social]
        .map(|category| (category, Rate::new(counts.get(category), counts.decided())))
        .into_iter()
        .filter(|(category, rate)| offered.contains(category) || rate.numerator() > 0)
        .filter(|(_, rate)| rate.denominator() > 0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counts(views: u64, refused: u64) -> Counts {
        Counts::default().with(Counter::Views, views).with(Counter::Refused, refused)
    }

    fn range(first: &str, last: &str) -> Range {
        Range { first: Day::parse(first).unwrap(), last: Day::parse(last).unwrap() }
    }

    #[test]
    fn bots_alone_are_no_line() {
        let bots = Counts::default().with(Counter::Bots, 30);
        let sum = |value: &str, counts| (Dimension::Place, value.to_owned(), counts);
        let lines =
            |other| lines_of(&[sum("EU/FR", counts(20, 10)), sum("other", other)], Level::Country, None);
        assert_eq!(lines(bots), [("FR".to_owned(), counts(20, 10))]);
        assert_eq!(lines(counts(0, 10).merge(bots)).len(), 2);
    }

    #[test]
    fn levels_are_known_by_their_words_and_stand_in_their_dimension() {
        for level in Level::ALL {
            assert_eq!(Level::parse(level.name()), Some(level));
            assert_eq!(Level::ALL.iter().filter(|other| other.name() == level.name()).count(), 1);
            // What stands above it is a level too.
            let above =
                |other: &&Level| other.dimension() == level.dimension() && other.depth() + 1 == level.depth();
            assert_eq!(Level::ALL.iter().filter(above).count(), level.depth());
        }
        assert_eq!(Level::parse("city"), None);
    }

    #[test]
    fn segments_match_at_their_level_alone() {
        let segment = Segment::parse("country:FR").unwrap();
        assert_eq!(segment.to_string(), "country:FR");
        for (is_in, value) in
            [(true, "eu/FR"), (true, "FR/FR"), (false, "FR"), (false, "eu"), (false, ""), (false, "eu/FR2")]
        {
            assert_eq!(segment.matches(value), is_in, "{value}");
        }
        assert!(
            Segment::parse("law:eu").unwrap().matches("eu")
                && Segment::parse("law:eu").unwrap().matches("eu/other")
        );
        for text in ["", "country", "country:", "city:x", "country:a/b", "country:a\tb", ":FR", "Country:FR"]
        {
            assert_eq!(Segment::parse(text), Err(SegmentError), "{text}");
        }
    }

    #[test]
    fn lines_stand_by_answers_and_the_rest_last() {
        let parts = [
            ("eu/DE", counts(50, 5)),
            ("eu/FR", counts(60, 5)),
            ("gb/GB", counts(10, 9)),
            ("eu/other", counts(1, 0)),
            ("us", counts(70, 99)),
            ("eu/?", counts(100, 0)),
        ];
        let lines = |level| -> Vec<(String, u64)> {
            let lines = by_level(parts.iter().map(|(value, counts)| (*value, *counts)), level);
            lines.into_iter().map(|(name, counts)| (name, counts.get(Counter::Views))).collect()
        };
        let named = |lines: &[(&str, u64)]| -> Vec<(String, u64)> {
            lines.iter().map(|(name, views)| ((*name).to_owned(), *views)).collect()
        };
        assert_eq!(lines(Level::Country), named(&[("GB", 10), ("FR", 60), ("DE", 50), ("other", 171)]));
        assert_eq!(lines(Level::Law), named(&[("us", 70), ("eu", 211), ("gb", 10)]));
    }

    #[test]
    fn ranges_are_cut_at_months() {
        let october = 2026 * 12 + 9;
        let cut = |first, last| {
            let Months { before, whole, after } = range(first, last).split_by_months();
            (before, whole, after)
        };
        assert_eq!(
            cut("2026-09-15", "2026-11-03"),
            (Some(range("2026-09-15", "2026-09-30")), vec![october], Some(range("2026-11-01", "2026-11-03")))
        );
        assert_eq!(cut("2026-10-01", "2026-11-30"), (None, vec![october, october + 1], None));
        assert_eq!(cut("2026-10-01", "2026-10-31"), (None, vec![october], None));
        assert_eq!(cut("2026-10-02", "2026-10-31"), (Some(range("2026-10-02", "2026-10-31")), vec![], None));
        assert_eq!(
            cut("2026-10-02", "2026-11-29"),
            (Some(range("2026-10-02", "2026-10-31")), vec![], Some(range("2026-11-01", "2026-11-29")))
        );
        assert_eq!(cut("2026-10-02", "2026-10-01"), (None, vec![], None));
        assert_eq!(range("2026-10-02", "2026-10-01").days(), 0);
        assert_eq!(range("2026-10-01", "2026-10-31").before(), Some(range("2026-08-31", "2026-09-30")));
        assert_eq!(range("1970-01-31", "1970-03-31").before(), None);
    }

    #[test]
    fn a_funnel_is_never_less_than_nothing() {
        let all = counts(200, 30)
            .with(Counter::First, 100)
            .with_first(Counter::Accepted, 20)
            .with_first(Counter::Partial, 5);
        let all = all.with(Counter::NoScript, 4).with(Counter::ByAgent, 3).with(Counter::Functional, 22);
        let funnel = Funnel::of(&all);
        assert_eq!((funnel.asked, funnel.answered, funnel.granted, funnel.refused), (100, 25, 25, 0));
        assert_eq!(
            (funnel.ignored, funnel.by_agent, funnel.without_scripts, funnel.blocked),
            // Of those who refused nobody was asked: each has changed a choice.
            (75, 3, 4, None)
        );
        assert_eq!(Funnel::of(&all.with(Counter::Reported, 90)).blocked, Some(10));
        assert_eq!(Funnel::of(&all.with(Counter::Reported, 101)).blocked, Some(0));
        assert_eq!(funnel.others, 30);
        assert_eq!(Funnel::of(&counts(1, 0).with_first(Counter::Refused, 5)).ignored, 0);
    }

    #[test]
    fn a_category_is_told_if_it_is_offered_or_somebody_granted_it() {
        let all = counts(200, 30).with(Counter::Accepted, 25).with(Counter::Functional, 22);
        let rates = category_rates(&all, &[Counter::Marketing]);
        assert_eq!(rates, [(Counter::Functional, Rate::new(22, 55)), (Counter::Marketing, Rate::new(0, 55))]);
        assert_eq!(category_rates(&all, &[]), [(Counter::Functional, Rate::new(22, 55))]);
        assert_eq!(category_rates(&Counts::default(), &[Counter::Marketing]), []);
    }

    proptest! {
        #[test]
        fn cut_ranges_are_whole(first in 20_000u32..21_000, days in 0u32..200) {
            let range = Range { first: Day::new(first).unwrap(), last: Day::new(first + days).unwrap().minus(1) };
            let Months { before, whole, after } = range.split_by_months();
            let mut found: Vec<Day> = before.into_iter().flat_map(|range| range.first.through(range.last)).collect();
            for month in whole {
                let first = Day::parse(&format!("{:04}-{:02}-01", month / 12, month % 12 + 1)).unwrap();
                found.extend(first.through(first.month_last()));
            }
            found.extend(after.into_iter().flat_map(|range| range.first.through(range.last)));
            prop_assert_eq!(found, range.first.through(range.last).collect::<Vec<_>>());
        }

        #[test]
        fn no_count_is_lost_by_level(parts in prop::collection::vec(("[ab/?]{0,4}|other", 0u64..99), 0..20), level in 0usize..12) {
            let parts = || parts.iter().map(|(value, views)| (value.as_str(), counts(*views, 0)));
            let lines = by_level(parts(), Level::ALL[level]);
            prop_assert_eq!(Counts::total(lines.iter().map(|(_, counts)| *counts)), Counts::total(parts().map(|(_, counts)| counts)));
            // And what a segment matches is what its line says.
            for (name, sum) in lines.iter().filter(|(name, _)| name != OTHER) {
                let segment = Segment { level: Level::ALL[level], value: name.clone() };
                prop_assert_eq!(Segment::parse(&segment.to_string()), Ok(segment.clone()));
                prop_assert_eq!(Counts::total(parts().filter(|(value, _)| segment.matches(value)).map(|(_, counts)| counts)), *sum);
            }
        }

        #[test]
        fn no_segment_panics(text in any::<String>()) {
            let _ = Segment::parse(&text);
        }
    }
}
