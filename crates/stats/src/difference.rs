//! How far the rate asked for is from the one that stands beside it, and whether anything is known of chance.

use crate::{Common, Day, Interval, Question, Rate, difference_95};

/// A difference of two rates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// How much more of those asked about said yes than of the others, -1.0..=1.0.
    pub share: f64,
    /// Newcombe's 95 % interval of it; or what both have in common, where none is known for that.
    pub interval: Result<Interval, Common>,
}

impl Question {
    /// The difference of the rate asked for and of that which stands beside it; `None` if nobody answered in one of them.
    #[must_use]
    pub fn difference(&self, today: Day, own: Rate, other: Rate) -> Option<Difference> {
        let share = own.share()? - other.share()?;
        let interval = match self.common(today) {
            Some(common) => Err(common),
            None => Ok(difference_95(other, own)?),
        };
        Some(Difference { share, interval })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(pairs: &[(&str, &str)]) -> Question {
        Question::read(pairs.iter().copied()).unwrap()
    }

    #[test]
    fn a_difference_has_an_interval_only_where_no_answer_is_in_both() {
        let today = Day::parse("2026-11-28").unwrap();
        let (own, other) = (Rate::new(62, 100), Rate::new(40, 100));
        for (pairs, common) in [
            (&[("against", "before")][..], None),
            (&[("segment", "country:FR"), ("against", "country:DE")], None),
            (&[("against", "country:FR")], Some(Common::Part)),
            (&[("segment", "device:phone"), ("against", "country:FR")], Some(Common::Answers)),
        ] {
            let found = question(pairs).difference(today, own, other).unwrap();
            assert!((found.share - 0.22).abs() < 1e-9, "{found:?}");
            match common {
                Some(common) => assert_eq!(found.interval, Err(common), "{pairs:?}"),
                // Newcombe 8.1 to 34.7 points (scipy.py checks the method).
                None => {
                    let interval = found.interval.unwrap();
                    assert!((interval.low - 0.081).abs() < 1e-3 && (interval.high - 0.347).abs() < 1e-3);
                }
            }
        }
    }

    #[test]
    fn with_nobody_there_is_no_difference() {
        let today = Day::parse("2026-11-28").unwrap();
        let (some, none) = (Rate::new(62, 100), Rate::new(0, 0));
        for against in ["before", "country:FR"] {
            let question = question(&[("against", against)]);
            for (own, other) in [(some, none), (none, some), (none, none)] {
                assert_eq!(question.difference(today, own, other), None, "{against}");
            }
        }
    }
}
