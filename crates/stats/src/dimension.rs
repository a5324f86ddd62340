//! By what figures are told apart.

use crate::{Counter, Counts};

/// One way to tell visits apart. Every visit has one value in each; values of several levels are written from the widest
/// to the narrowest with `/` between (`"eu/FR"`).
///
/// Figures are kept for each dimension by itself: none is kept, and so none can be asked for, of those who share two. Where
/// one thing follows from another (a country's law from the country), both are levels of one dimension, since two figures
/// whose groups are known to lie within each other tell by their difference about the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Everybody; one empty value.
    All,
    /// The law that binds, and the country: `eu/FR`.
    Place,
    /// The class of the device, and the family of the browser: `phone/safari`.
    Client,
    /// The policy's tag, and the place in the log of what was asked with: `1a2b3c4d/17`.
    Version,
    /// The language of the texts shown.
    Language,
    /// The group of pages, by the policy's patterns. Never a path.
    Page,
    /// The browser's own signal: `gpc`, `adpc`, `dnt` or `none`.
    Signal,
    /// Where the question was answered. Acts only.
    Layer,
    /// How long the answer took, a range of seconds. Acts only.
    Wait,
    /// The way to ask in an experiment: `place.corner`. Who has no part in one has no value. Told by `apart` alone.
    Variant,
    /// A vendor granted by itself. Acts only.
    Vendor,
    /// What the gate did. Counts things, not people.
    Gate,
    /// In how much of everybody a group is told apart: `country:FR`. Not counted by anybody, but kept beside what is published (`cover`).
    Cover,
}

impl Dimension {
    /// Every dimension.
    pub const ALL: [Self; 13] = [
        Self::All,
        Self::Place,
        Self::Client,
        Self::Version,
        Self::Language,
        Self::Page,
        Self::Signal,
        Self::Layer,
        Self::Wait,
        Self::Variant,
        Self::Vendor,
        Self::Gate,
        Self::Cover,
    ];

    /// The word in storage.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Place => "place",
            Self::Client => "client",
            Self::Version => "version",
            Self::Language => "language",
            Self::Page => "page",
            Self::Signal => "signal",
            Self::Layer => "layer",
            Self::Wait => "wait",
            Self::Variant => "variant",
            Self::Vendor => "vendor",
            Self::Gate => "gate",
            Self::Cover => "cover",
        }
    }

    /// The dimension of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dimension| dimension.name() == word)
    }

    /// What is told of a part: of pages nothing of who was asked. A browser is asked on the page it comes to and may answer on any, so
    /// that the one is no share of the other.
    #[must_use]
    pub fn told(self, counts: Counts) -> Counts {
        let is_of_asked =
            |counter| matches!(counter, Counter::First | Counter::FirstAnswered | Counter::FirstGranted);
        counts.only(|counter| self != Self::Page || !is_of_asked(counter))
    }
}

/// Longest value, characters.
const CHARACTERS_MAX: usize = 48;

/// What can be a value: what is in it that a line of storage, an address or a table could not carry is left out.
#[must_use]
pub fn plain_value(text: &str) -> String {
    let is_plain = |c: &char| !c.is_control() && (*c == ' ' || !c.is_whitespace());
    text.chars().filter(is_plain).take(CHARACTERS_MAX).collect()
}

/// The class of a device: `phone`, `tablet` or `computer`. Tablets that say they are computers are counted as such.
/// Source: MDN, "Browser detection using the user agent".
#[must_use]
pub fn device_of(user_agent: &str) -> &'static str {
    let names = |word: &str| user_agent.contains(word);
    if names("iPad") || names("Tablet") || (names("Android") && !names("Mobile")) {
        "tablet"
    } else if names("Mobi") || names("iPhone") || names("Android") {
        "phone"
    } else {
        "computer"
    }
}

/// The family of a browser. Most name Chrome and Safari too, so those are asked last. Source: as [`device_of`].
#[must_use]
pub fn browser_of(user_agent: &str) -> &'static str {
    let families = [
        ("Edg", "edge"),
        ("OPR/", "opera"),
        ("SamsungBrowser/", "samsung"),
        ("Firefox/", "firefox"),
        ("FxiOS/", "firefox"),
        ("CriOS/", "chrome"),
        ("Chrome/", "chrome"),
        ("Chromium/", "chrome"),
        ("Safari/", "safari"),
    ];
    families.into_iter().find(|(word, _)| user_agent.contains(word)).map_or("other", |(_, family)| family)
}

/// In what range an answer's time lies: `"5-15"` for from 5 to less than 15 seconds.
#[must_use]
pub const fn wait_of(seconds: u64) -> &'static str {
    match seconds {
        0..2 => "0-2",
        2..5 => "2-5",
        5..15 => "5-15",
        15..60 => "15-60",
        60..300 => "60-300",
        _ => "300-",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_pages_nothing_is_told_of_who_was_asked() {
        let counts = Counts::default()
            .with(Counter::Views, 9)
            .with(Counter::First, 3)
            .with_first(Counter::Accepted, 2);
        let told = Counts::default().with(Counter::Views, 9).with(Counter::Accepted, 2);
        assert_eq!(Dimension::Page.told(counts), told);
        assert_eq!(Dimension::Place.told(counts), counts);
    }

    #[test]
    fn words_are_there_once_and_are_read_back() {
        for dimension in Dimension::ALL {
            assert_eq!(Dimension::parse(dimension.name()), Some(dimension));
        }
        assert_eq!(Dimension::parse("city"), None);
    }

    #[test]
    fn browsers_are_told_apart_by_family_and_device() {
        for (user_agent, device, browser) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
                "computer",
                "chrome",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0",
                "computer",
                "edge",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 OPR/125.0.0.0",
                "computer",
                "opera",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
                "computer",
                "safari",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "computer",
                "firefox",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "phone",
                "safari",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/156.0.0.0 Mobile/15E148 Safari/604.1",
                "phone",
                "chrome",
            ),
            ("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "phone", "firefox"),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
                "phone",
                "samsung",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
                "tablet",
                "chrome",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.0 Mobile/15E148 Safari/604.1",
                "tablet",
                "safari",
            ),
            ("Lynx/2.9", "computer", "other"),
        ] {
            assert_eq!((device_of(user_agent), browser_of(user_agent)), (device, browser), "{user_agent}");
        }
    }

    #[test]
    fn values_fit_into_a_line() {
        assert_eq!(plain_value("a\tb\nc d"), "abc d");
        assert_eq!(plain_value(&"x".repeat(99)).len(), CHARACTERS_MAX);
    }

    #[test]
    fn ranges_of_seconds_meet() {
        let found = [0, 1, 2, 4, 5, 14, 15, 59, 60, 299, 300, u64::MAX].map(wait_of);
        assert_eq!(
            found,
            [
                "0-2", "0-2", "2-5", "2-5", "5-15", "5-15", "15-60", "15-60", "60-300", "60-300", "300-",
                "300-"
            ]
        );
    }
}
