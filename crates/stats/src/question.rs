//! What is asked of the figures: which days, of whom, and beside what. All of it stands in the address of a page, so that it can be
//! kept, shared and gone back to.

use crate::{Day, Level, Range, Segment, SegmentError, Step};
use std::fmt;

/// The longest range, days: ten years.
const DAYS_MAX: u32 = 3660;

/// Which days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// So many days until yesterday, whatever day it is: a page kept as a bookmark goes on with time.
    Last(u32),
    /// These days.
    Days(Range),
}

/// Beside what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Against {
    /// Nothing.
    Nothing,
    /// As many days, just before.
    Before,
    /// A year before: 364 days, so that days of the week stand beside the same; the same dates where both are told by months.
    YearBefore,
    /// Another group, in the same days.
    Segment(Segment),
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Of which site, where it is another than the one whose address this is.
    pub site: Option<String>,
    /// Which days.
    pub span: Span,
    /// Of whom; of everybody if nobody is named.
    pub segment: Option<Segment>,
    /// Beside what.
    pub against: Against,
}

impl Default for Question {
    fn default() -> Self {
        Self { site: None, span: Span::Last(30), segment: None, against: Against::Nothing }
    }
}

/// What two groups that are compared have in common. How far chance alone moves a difference is known of two samples, which have nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Common {
    /// The one is part of the other.
    Part,
    /// Both may hold the same answers.
    Answers,
}

impl Common {
    /// The word for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Part => "part",
            Self::Answers => "answers",
        }
    }
}

/// An address that asks nothing that can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuestionError {
    /// `days` is no number of days.
    Days,
    /// `from` and `to` are not two days in their order.
    Range,
    /// `segment` or `against` names no group.
    Segment(SegmentError),
    /// A parameter that says nothing here.
    Unknown(String),
}

impl fmt::Display for QuestionError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Days => write!(out, "days is a number from 1 to {DAYS_MAX}"),
            Self::Range => write!(
                out,
                "from and to are two days, written as 2026-11-01, the first not later than the last, and at most {DAYS_MAX} of them"
            ),
            Self::Segment(error) => error.fmt(out),
            Self::Unknown(name) => {
                write!(
                    out,
                    "there is no {name:?}; there are site, days, or from and to, and segment and against"
                )
            }
        }
    }
}

impl std::error::Error for QuestionError {}

impl Question {
    /// Reads the parameters of an address. An empty one is as good as none: forms send those too.
    ///
    /// # Errors
    /// [`QuestionError`] by cause.
    pub fn read<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, QuestionError> {
        let mut question = Self::default();
        let (mut from, mut to) = (None, None);
        for (name, value) in pairs.filter(|(_, value)| !value.is_empty()) {
            let day = || Day::parse(value).map(Some).map_err(|_| QuestionError::Range);
            match name {
                "site" => question.site = Some(value.to_owned()),
                "days" => {
                    let days = value.parse().ok().filter(|days| (1..=DAYS_MAX).contains(days));
                    question.span = Span::Last(days.ok_or(QuestionError::Days)?);
                }
                "from" => from = day()?,
                "to" => to = day()?,
                "segment" => question.segment = Some(Segment::parse(value).map_err(QuestionError::Segment)?),
                "against" => {
                    question.against = match value {
                        "before" => Against::Before,
                        "year-before" => Against::YearBefore,
                        other => Against::Segment(Segment::parse(other).map_err(QuestionError::Segment)?),
                    }
                }
                other => return Err(QuestionError::Unknown(other.to_owned())),
            }
        }
        match (from, to) {
            (None, None) => {}
            (Some(first), Some(last)) if first <= last => {
                let range = Range { first, last };
                if range.days() > DAYS_MAX {
                    return Err(QuestionError::Range);
                }
                question.span = Span::Days(range);
            }
            _ => return Err(QuestionError::Range),
        }
        Ok(question)
    }

    /// The address's query that asks this, without `?`. What holds anyhow is left out.
    #[must_use]
    pub fn write(&self) -> String {
        let mut parts = Vec::new();
        if let Some(site) = &self.site {
            parts.push(format!("site={}", escaped(site)));
        }
        match self.span {
            Span::Last(days) => parts.push(format!("days={days}")),
            Span::Days(Range { first, last }) => parts.push(format!("from={first}&to={last}")),
        }
        if let Some(segment) = &self.segment {
            parts.push(format!("segment={}", escaped(&segment.to_string())));
        }
        match &self.against {
            Against::Nothing => {}
            Against::Before => parts.push("against=before".into()),
            Against::YearBefore => parts.push("against=year-before".into()),
            Against::Segment(segment) => parts.push(format!("against={}", escaped(&segment.to_string()))),
        }
        parts.join("&")
    }

    /// The days asked for. What is published ends with yesterday.
    #[must_use]
    pub fn range(&self, today: Day) -> Range {
        match self.span {
            Span::Last(days) => Range { first: today.minus(days), last: today.minus(1) },
            Span::Days(range) => range,
        }
    }

    /// What stands beside it: days and group. `None` for nothing, and for days before there were any.
    #[must_use]
    pub fn other(&self, today: Day) -> Option<(Range, Option<Segment>)> {
        let range = self.range(today);
        match &self.against {
            Against::Nothing => None,
            Against::Before => range.before().map(|before| (before, self.segment.clone())),
            Against::YearBefore => {
                let weeks_before = Range { first: range.first.minus(364), last: range.last.minus(364) };
                let dates = Range { first: range.first.year_before(), last: range.last.year_before() };
                // A leap day may leave one of the two a day too short for months.
                let is_by_months = [range, dates].map(Step::for_range) == [Step::Month; 2];
                Some((if is_by_months { dates } else { weeks_before }, self.segment.clone()))
            }
            Against::Segment(segment) => Some((range, Some(segment.clone()))),
        }
    }

    /// What the groups have in common; `None` if no answer is in both, and where nothing stands beside.
    #[must_use]
    pub fn common(&self, today: Day) -> Option<Common> {
        let (own, (other, of_whom)) = (self.range(today), self.other(today)?);
        if own.last < other.first || other.last < own.first {
            return None;
        }
        match (&self.segment, &of_whom) {
            // One answer may grant several vendors; of any other level it has one value.
            (Some(one), Some(another))
                if one.level == another.level && one.value != another.value && one.level != Level::Vendor =>
            {
                None
            }
            (one, another) if own == other && (one.is_none() || another.is_none() || one == another) => {
                Some(Common::Part)
            }
            _ => Some(Common::Answers),
        }
    }
}

/// A text as the value of a parameter. Source: RFC 3986 section 2.3.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;

    fn read(pairs: &[(&str, &str)]) -> Result<Question, QuestionError> {
        Question::read(pairs.iter().copied())
    }

    #[test]
    fn every_question_is_read_back_from_its_address() {
        for (pairs, query) in [
            (&[][..], "days=30"),
            (&[("days", "7"), ("segment", "")], "days=7"),
            (&[("from", "2026-01-01"), ("to", "2026-03-31")], "from=2026-01-01&to=2026-03-31"),
            (
                &[("days", "90"), ("segment", "country:FR"), ("against", "before")],
                "days=90&segment=country:FR&against=before",
            ),
            (
                &[("segment", "page:a b"), ("against", "page:ü")],
                "days=30&segment=page:a%20b&against=page:%C3%BC",
            ),
            (&[("against", "year-before")], "days=30&against=year-before"),
            (&[("site", "shop"), ("days", "7")], "site=shop&days=7"),
        ] {
            assert_eq!(read(pairs).unwrap().write(), query);
        }
    }

    #[test]
    fn what_is_no_question_is_told() {
        for (pairs, error) in [
            (&[("days", "0")][..], QuestionError::Days),
            (&[("days", "99999")], QuestionError::Days),
            (&[("days", "x")], QuestionError::Days),
            (&[("from", "2026-01-01")], QuestionError::Range),
            (&[("from", "2026-01-02"), ("to", "2026-01-01")], QuestionError::Range),
            (&[("from", "1970-01-01"), ("to", "2026-01-01")], QuestionError::Range),
            (&[("from", "yesterday"), ("to", "2026-01-01")], QuestionError::Range),
            (&[("segment", "city:Paris")], QuestionError::Segment(SegmentError)),
            (&[("against", "x")], QuestionError::Segment(SegmentError)),
            (&[("country", "FR")], QuestionError::Unknown("country".into())),
        ] {
            assert_eq!(read(pairs), Err(error));
        }
    }

    #[test]
    fn days_end_with_yesterday_and_stand_beside_as_many() {
        let today = Day::parse("2026-11-28").unwrap();
        let text = |range: Range| format!("{} {}", range.first, range.last);
        let question = |pairs: &[(&str, &str)]| read(pairs).unwrap();
        assert_eq!(text(question(&[("days", "7")]).range(today)), "2026-11-21 2026-11-27");
        let before = question(&[("days", "7"), ("against", "before")]).other(today).unwrap();
        assert_eq!(text(before.0), "2026-11-14 2026-11-20");
        let year = question(&[("days", "7"), ("against", "year-before"), ("segment", "page:shop")])
            .other(today)
            .unwrap();
        assert_eq!(
            (text(year.0).as_str(), year.1),
            ("2025-11-22 2025-11-28", Some(Segment { level: Level::Page, value: "shop".into() }))
        );
        let group = question(&[("days", "7"), ("against", "country:DE")]).other(today).unwrap();
        assert_eq!(
            (text(group.0).as_str(), group.1.unwrap().to_string().as_str()),
            ("2026-11-21 2026-11-27", "country:DE")
        );
        assert_eq!(question(&[]).other(today), None);
    }

    #[test]
    fn groups_without_a_common_answer_are_of_other_days_or_other_values_of_one_level() {
        let today = Day::parse("2026-11-28").unwrap();
        for (days, segment, against, common) in [
            ("30", "", "", None),
            ("30", "", "before", None),
            ("30", "country:FR", "before", None),
            ("364", "", "year-before", None),
            ("365", "", "year-before", Some(Common::Answers)),
            ("730", "country:FR", "year-before", Some(Common::Answers)),
            ("30", "country:FR", "country:DE", None),
            ("30", "country:FR", "country:other", None),
            ("30", "", "country:FR", Some(Common::Part)),
            ("30", "country:FR", "country:FR", Some(Common::Part)),
            // A country and its law, or another's; a device and a browser that may run on it.
            ("30", "country:FR", "law:EU", Some(Common::Answers)),
            ("30", "device:phone", "browser:safari", Some(Common::Answers)),
            ("30", "country:FR", "device:phone", Some(Common::Answers)),
            ("30", "vendor:youtube", "vendor:vimeo", Some(Common::Answers)),
        ] {
            let question = read(&[("days", days), ("segment", segment), ("against", against)]).unwrap();
            assert_eq!(question.common(today), common, "{days} {segment} {against}");
        }
    }

    #[test]
    fn months_stand_beside_the_same_months() {
        let other = |from: &str, to: &str| {
            let question = read(&[("from", from), ("to", to), ("against", "year-before")]).unwrap();
            let (range, _) = question.other(Day::parse("2028-11-28").unwrap()).unwrap();
            format!("{} {}", range.first, range.last)
        };
        assert_eq!(other("2024-12-31", "2026-03-31"), "2023-12-31 2025-03-31");
        assert_eq!(other("2024-02-29", "2025-12-31"), "2023-02-28 2024-12-31");
        // By weeks, and where the year before would be told by weeks: the same days of the week.
        assert_eq!(other("2025-04-01", "2026-03-31"), "2024-04-02 2025-04-01");
        assert_eq!(other("2024-02-01", "2025-02-06"), "2023-02-02 2024-02-08");
    }
}
