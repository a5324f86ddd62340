//! Numbers as a reader's language writes them.

use postern_stats::{Day, Rate};

/// How a language writes numbers, and what it calls countries and languages: the platform's own tables know it.
#[derive(Clone, Copy)]
pub struct Locale<'a> {
    /// BCP 47.
    pub tag: &'a str,
    /// Between groups of digits.
    pub group: &'a str,
    /// Before a fraction.
    pub decimal: &'a str,
    /// From how many digits on there are groups.
    pub grouped_from: usize,
    /// Digits of a group left of the last, which has three.
    pub group_digits: usize,
    /// The name of a country by its code.
    pub country_name: &'a dyn Fn(&str) -> String,
    /// The name of a language by its tag.
    pub language_name: &'a dyn Fn(&str) -> String,
}

/// To whole numbers by hand: the library's way of writing fractions costs several kilobytes.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is rounded here is no larger than some thousand, and not negative"
)]
fn rounded(number: f64) -> u64 {
    number.round() as u64
}

impl Locale<'_> {
    /// `1,234,567`
    pub(super) fn count(&self, number: u64) -> String {
        let digits = number.to_string();
        if digits.len() < self.grouped_from {
            return digits;
        }
        let mut out = String::new();
        for (place, digit) in digits.chars().enumerate() {
            // Digits that follow, beyond the last group.
            let beyond = (digits.len() - place).checked_sub(3);
            if place > 0 && beyond.is_some_and(|beyond| beyond.is_multiple_of(self.group_digits.max(1))) {
                out.push_str(self.group);
            }
            out.push(digit);
        }
        out
    }

    /// `62 %`, with a space that does not break. Only none is 0 % and only all is 100 %.
    pub(super) fn percent(&self, rate: Rate) -> String {
        let is_some = rate.numerator() > 0 && rate.numerator() < rate.denominator();
        match rate.share() {
            None => "–".to_owned(),
            Some(share) if is_some && share < 0.01 => "<\u{a0}1\u{a0}%".to_owned(),
            Some(share) if is_some && share > 0.99 => ">\u{a0}99\u{a0}%".to_owned(),
            Some(share) => format!("{}\u{a0}%", rounded(share * 100.0)),
        }
    }

    /// A share, to whole per cent.
    pub(super) fn share(&self, share: f64) -> String {
        format!("{}\u{a0}%", rounded(share * 100.0))
    }

    /// A share, to tenths of a per cent: `41.3 %`. For shares that stand beside each other and may be a point apart.
    pub(super) fn fine_share(&self, share: f64) -> String {
        format!("{}\u{a0}%", self.tenths(rounded(share * 1000.0)))
    }

    /// `± 1.2`: half of Wilson's interval, in points. None is so sure that nothing is left of it.
    pub(super) fn margin(&self, rate: Rate) -> String {
        rate.wilson_95().map_or_else(
            || "–".to_owned(),
            |interval| format!("±\u{a0}{}", self.tenths(rounded(interval.half_width() * 1000.0).max(1))),
        )
    }

    /// How far one rate is from another, in points, with its sign; what is written as nothing has none.
    pub(super) fn points(&self, difference: f64) -> String {
        let tenths = rounded(difference.abs() * 1000.0);
        let sign = match tenths {
            0 => "",
            _ if difference < 0.0 => "−",
            _ => "+",
        };
        format!("{sign}{}", self.tenths(tenths))
    }

    /// A chance to three digits, never less than it is: `0.012`, `< 0.001`.
    pub(super) fn chance(&self, chance: f64) -> String {
        let thousandths = rounded((chance * 1000.0).ceil()).max(1);
        let sign = if chance < 0.001 { "<\u{a0}" } else { "" };
        format!("{sign}{}{}{:03}", thousandths / 1000, self.decimal, thousandths % 1000)
    }

    fn tenths(&self, tenths: u64) -> String {
        format!("{}{}{}", tenths / 10, self.decimal, tenths % 10)
    }
}

/// A share as programs read it: four digits behind the point, nothing for none.
pub(super) fn value(share: Option<f64>) -> String {
    let Some(share) = share else { return String::new() };
    let parts = rounded(share * 10_000.0);
    format!("{}.{:04}", parts / 10_000, parts % 10_000)
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `3 Nov 2026`
pub(crate) fn day_name(day: Day) -> String {
    let text = day.to_string();
    let number = |from: usize, to: usize| text.get(from..to).and_then(|digits| digits.parse::<usize>().ok());
    let (Some(month), Some(number)) = (number(5, 7), number(8, 10)) else { return text };
    let month = MONTHS.get(month.saturating_sub(1)).copied().unwrap_or("");
    format!("{number}\u{a0}{month}\u{a0}{}", text.get(..4).unwrap_or(""))
}

/// `3 Nov 2026, 14:05`, UTC.
pub(crate) fn time_name(unix_ms: u64) -> String {
    let day = Day::from_unix_ms(unix_ms, 0);
    format!("{}, {}", day_name(day), clock(unix_ms))
}

/// `2026-11-03T14:05Z`
pub(crate) fn instant_name(unix_ms: u64) -> String {
    format!("{}T{}Z", Day::from_unix_ms(unix_ms, 0), clock(unix_ms))
}

fn clock(unix_ms: u64) -> String {
    let minutes = unix_ms / 60_000 % 1440;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// `3 Nov 2026`, or `3 Nov 2026 – 5 Nov 2026`
pub(super) fn days_name(first: Day, last: Day) -> String {
    if first == last { day_name(first) } else { format!("{} – {}", day_name(first), day_name(last)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn english() -> Locale<'static> {
        Locale {
            tag: "en",
            group: ",",
            decimal: ".",
            grouped_from: 4,
            group_digits: 3,
            country_name: &|code| code.to_owned(),
            language_name: &|tag| tag.to_owned(),
        }
    }

    #[test]
    fn a_share_is_rounded_but_never_to_none_or_all() {
        for (numerator, denominator, text) in [
            (0, 0, "–"),
            (0, 7, "0\u{a0}%"),
            (1, 1000, "<\u{a0}1\u{a0}%"),
            (1, 3, "33\u{a0}%"),
            (999, 1000, ">\u{a0}99\u{a0}%"),
            (7, 7, "100\u{a0}%"),
        ] {
            assert_eq!(english().percent(Rate::new(numerator, denominator)), text);
        }
        for (numerator, denominator, text) in [
            (0, 0, "–"),
            (81, 263, "±\u{a0}5.5"),
            (1, 1, "±\u{a0}39.7"),
            (500_000, 1_000_000, "±\u{a0}0.1"),
            (5_000_000, 10_000_000, "±\u{a0}0.1"),
        ] {
            assert_eq!(english().margin(Rate::new(numerator, denominator)), text);
        }
    }

    #[test]
    fn numbers_are_grouped_as_their_language_does() {
        let german = Locale { group: ".", decimal: ",", ..english() };
        for (number, in_english, in_german) in [
            (0, "0", "0"),
            (999, "999", "999"),
            (1000, "1,000", "1.000"),
            (1_234_567, "1,234,567", "1.234.567"),
        ] {
            assert_eq!(
                (english().count(number).as_str(), german.count(number).as_str()),
                (in_english, in_german)
            );
        }
        let (spanish, hindi) =
            (Locale { grouped_from: 5, ..german }, Locale { group_digits: 2, ..english() });
        for (number, in_spanish, in_hindi) in [
            (999, "999", "999"),
            (1000, "1000", "1,000"),
            (12_345, "12.345", "12,345"),
            (100_000, "100.000", "1,00,000"),
            (12_345_678, "12.345.678", "1,23,45,678"),
        ] {
            assert_eq!(
                (spanish.count(number).as_str(), hindi.count(number).as_str()),
                (in_spanish, in_hindi)
            );
        }
        assert_eq!((english().points(-0.0123), german.points(0.05)), ("−1.2".to_owned(), "+5,0".to_owned()));
        assert_eq!([-0.0004, 0.0, 0.0004].map(|difference| english().points(difference)), ["0.0"; 3]);
        assert_eq!(
            [0.0, 0.0009, 0.001, 0.0123, 0.0501, 1.0].map(|chance| english().chance(chance)),
            ["<\u{a0}0.001", "<\u{a0}0.001", "0.001", "0.013", "0.051", "1.000"]
        );
        assert_eq!(
            (english().fine_share(0.41293), german.fine_share(0.0)),
            ("41.3\u{a0}%".into(), "0,0\u{a0}%".into())
        );
        assert_eq!(value(Some(0.62346)), "0.6235");
        assert_eq!((value(Some(1.0)), value(None)), ("1.0000".to_owned(), String::new()));
    }

    #[test]
    fn days_are_told_as_people_do() {
        let day = |text: &str| Day::parse(text).unwrap();
        assert_eq!(day_name(day("2026-11-03")), "3\u{a0}Nov\u{a0}2026");
        assert_eq!(
            days_name(day("2026-12-31"), day("2027-01-01")),
            "31\u{a0}Dec\u{a0}2026 – 1\u{a0}Jan\u{a0}2027"
        );
    }
}
