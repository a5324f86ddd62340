//! What the values of figures are called.

use super::numbers::{Locale, days_name};
use postern_stats::{Against, Day, Level, OTHER, Question};

/// A level as a heading.
pub(super) const fn level_name(level: Level) -> &'static str {
    match level {
        Level::Law => "Law",
        Level::Country => "Country",
        Level::Device => "Device",
        Level::Browser => "Browser",
        Level::Policy => "Version of the policy",
        Level::Banner => "Version of the banner",
        Level::Language => "Language of the banner",
        Level::Page => "Group of pages",
        Level::Signal => "Signal of the browser",
        Level::Layer => "Where they answered",
        Level::Wait => "How long they took",
        Level::Vendor => "Vendors granted by themselves",
    }
}

/// How a level is counted, where that is not plain.
pub(super) const fn level_note(level: Level) -> &'static str {
    match level {
        Level::Law => "The profile of law that binds, by the country that the platform finds.",
        Level::Country => "Where the platform finds the visitor to be. No city, no region, no address.",
        Level::Device => "By the browser's own words. Tablets that say they are computers count as such.",
        Level::Browser => "The family, by the browser's own words.",
        Level::Policy => "By what is asked: a change of it asks everybody again.",
        Level::Banner => "By the place in the log of what visitors were shown.",
        Level::Language => {
            "The language of the words shown: the page's, else the browser's, else the site's."
        }
        Level::Page => {
            "By the patterns under figures.pages in the policy. Paths themselves are never counted. Answers are of the page they were given on, as far as the browser names it; a browser may have been asked on another, so of those asked nothing is told by page."
        }
        Level::Signal => "Global Privacy Control, ADPC or Do Not Track, where it denies something.",
        Level::Layer => "Only answers: who did not answer is in none.",
        Level::Wait => "From the sending of the page to the answer. Only answers.",
        Level::Vendor => "Acts that grant this vendor beyond its category. They are no parts of one whole.",
    }
}

/// What stands beside the figures asked for; nothing where nothing does.
#[must_use]
pub fn beside_name(question: &Question, today: Day, locale: &Locale<'_>) -> String {
    let days = || {
        let other = question.other(today);
        other.map_or_else(String::new, |(range, _)| days_name(range.first, range.last))
    };
    match &question.against {
        Against::Nothing => String::new(),
        Against::Before => format!("The days before, {}", days()),
        Against::YearBefore => format!("A year before, {}", days()),
        Against::Segment(segment) => value_name(segment.level, &segment.value, locale),
    }
}

/// A value as it is shown.
pub(super) fn value_name(level: Level, value: &str, locale: &Locale<'_>) -> String {
    if value == OTHER {
        return "Others, or not known".into();
    }
    let known = match (level, value) {
        (Level::Country, code) => return (locale.country_name)(code),
        (Level::Language, tag) => return (locale.language_name)(tag),
        (Level::Policy, tag) => return format!("Policy {tag}"),
        (Level::Banner, place) => return format!("Version {place}"),
        (Level::Wait, range) => return wait_name(range),
        (Level::Device, "computer") => "Computer",
        (Level::Device, "phone") => "Phone",
        (Level::Device, "tablet") => "Tablet",
        (Level::Browser, "chrome") => "Chrome",
        (Level::Browser, "safari") => "Safari",
        (Level::Browser, "firefox") => "Firefox",
        (Level::Browser, "edge") => "Edge",
        (Level::Browser, "samsung") => "Samsung Internet",
        (Level::Browser, "opera") => "Opera",
        (Level::Signal, "gpc") => "Global Privacy Control",
        (Level::Signal, "adpc") => "ADPC",
        (Level::Signal, "dnt") => "Do Not Track",
        (Level::Signal, "none") => "No signal",
        (Level::Layer, "banner") => "First layer",
        (Level::Layer, "settings") => "Settings",
        (Level::Layer, "page") => "Consent page",
        (Level::Layer, "withdrawal") => "Reject or withdraw all",
        (Level::Layer, "held-content") => "Held content",
        (Level::Layer, "signal") => "The browser's signal",
        (Level::Page, "elsewhere") => "All other pages",
        (_, value) => value,
    };
    known.to_owned()
}

fn wait_name(range: &str) -> String {
    match range.split_once('-') {
        Some(("0", to)) => format!("Less than {to} s"),
        Some(("60", "300")) => "1 to 5 minutes".into(),
        Some((_, "")) => "5 minutes or more".into(),
        Some((from, to)) => format!("{from} to {to} s"),
        None => range.to_owned(),
    }
}
