//! `[experiment]`: other ways to ask, side by side with the site's own. Each is this policy with another layout, theme or words, held
//! to the same rules, so no way to ask is tried that could not be the only one. What consent is asked for is the same in all: a
//! choice made under one holds under every other, and who is asked like the winner afterwards is asked nothing anew.
//!
//! What never lives here: who is asked how (the worker's), and which way is better (`postern-stats`).

use crate::cause::Cause;
use crate::language::Language;
use crate::parse::read_layout;
use crate::policy::{Banner, Policy};
use crate::section::{Report, Section};
use crate::texts::{ALL_CATEGORY_KEYS, Texts};
use crate::theme::read_theme;
use crate::value::{day_number, is_date, is_slug};
use crate::words::read_language;

/// How long one lasts, days: over a longer time visitors and seasons change, and the figures of all its days are read in one piece.
const DAYS_MAX: u32 = 92;

/// How many of a hundred say yes where the file says nothing: the share that takes the most visitors to tell from another.
const EXPECTED_DEFAULT: u32 = 50;

/// The difference worth finding where the file says nothing, percentage points.
const POINTS_DEFAULT: u32 = 3;

/// Ways to ask, side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Experiment {
    /// Its name.
    pub name: String,
    /// The first day, days since 1970-01-01, by the site's own days.
    pub first_day: u32,
    /// The last day, alike.
    pub last_day: u32,
    /// The smallest difference worth finding, percentage points, 1..=[`Experiment::POINTS_MAX`].
    pub points: u32,
    /// How many of a hundred who are asked are expected to say yes, as it was before.
    pub expected: u32,
    /// The way that everybody is asked from now on; with it nothing is tried any more.
    pub winner: Option<String>,
    /// The other ways, in order of name. Never empty.
    pub variants: Vec<Variant>,
}

/// One of the other ways.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// The policy of who is asked so: the one that the file would be, were this its only way.
    pub policy: Policy,
}

impl Experiment {
    /// The name of the site's own way.
    pub const CONTROL: &'static str = "control";

    /// Ways beside the site's own: with more of them none gets enough answers.
    pub const VARIANTS_MAX: usize = 3;

    /// The largest difference that one can be planned for, percentage points. Up to here it is found in 80 % as is said, and where the file
    /// expects 50, from whatever share there is. For larger ones so few browsers would be asked that chance could hide them: by simulation, 40
    /// points from 31 are found in 77 % where 50 were expected, and 50 points from 50 in 73 % (`postern_stats::LOOKING_FACTOR`). It is also
    /// less than half of a hundred, so that from whatever share is expected there is room for it.
    pub const POINTS_MAX: u32 = 30;

    /// The names of all ways, the site's own first. A way's place among them is how pages and acts name it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(Self::CONTROL).chain(self.variants.iter().map(|variant| variant.name.as_str()))
    }

    /// Is it tried on that day?
    #[must_use]
    pub fn is_on(&self, day: u32) -> bool {
        self.winner.is_none() && (self.first_day..=self.last_day).contains(&day)
    }
}

impl Policy {
    /// The policy of who is asked in the way at that place, 0 for the site's own; `None` if there is none.
    #[must_use]
    pub fn variant(&self, place: usize) -> Option<&Self> {
        let variants = self.experiment.as_ref().map_or(&[][..], |experiment| &experiment.variants);
        match place.checked_sub(1) {
            None => Some(self),
            Some(place) => variants.get(place).map(|variant| &variant.policy),
        }
    }

    /// The place of the way to ask whose policy has that hash.
    #[must_use]
    pub fn place_of_hash(&self, is_wanted: impl Fn([u8; 32]) -> bool) -> Option<usize> {
        (0..=Experiment::VARIANTS_MAX)
            .find(|place| self.variant(*place).is_some_and(|policy| is_wanted(policy.hash())))
    }
}

/// What `[experiment]` says, and its variants by name.
pub(crate) fn read_experiment<'t>(
    mut section: Section<'t>,
    report: &mut Report<'_>,
) -> Option<(Experiment, Vec<(String, Section<'t>)>)> {
    if !section.is_present() {
        return None;
    }
    let name = section.required(report, "name", "what it is called, as in name = \"shorter\"");
    section.check(report, "name", &name, is_slug, Cause::Slug);
    let [from, until] = [
        ("from", "the first day, as in from = 2026-12-01"),
        ("until", "the last day, as in until = 2027-01-31"),
    ]
    .map(|(key, example)| {
        let date = section.required_date(report, key, example);
        section.check(report, key, &date, is_date, Cause::Date);
        day_number(&date)
    });
    let days = from.zip(until).map(|(from, until)| (until + 1).saturating_sub(from));
    match days {
        Some(0) => section.refuse(report, "until", Cause::EndsBefore),
        Some(days) if days > DAYS_MAX => {
            section.refuse(report, "until", Cause::TriedTooLong { days, max: DAYS_MAX });
        }
        _ => {}
    }
    let points = section.points(report, "points", Experiment::POINTS_MAX).unwrap_or(POINTS_DEFAULT);
    let expected = section.percent(report, "expected").unwrap_or(EXPECTED_DEFAULT);
    let winner = section.text(report, "winner");
    let table = section.section(report, "variants");
    let variants = table.entries(report);
    for (name, variant) in &variants {
        if !is_slug(name) || name == Experiment::CONTROL {
            variant.refuse(report, "", Cause::VariantName(name.clone()));
        }
    }
    if !(1..=Experiment::VARIANTS_MAX).contains(&variants.len()) {
        let cause = Cause::Variants { count: variants.len(), max: Experiment::VARIANTS_MAX };
        section.refuse(report, "variants", cause);
    }
    let is_known =
        |winner: &String| winner == Experiment::CONTROL || variants.iter().any(|(name, _)| name == winner);
    if winner.as_ref().is_some_and(|winner| !is_known(winner)) {
        section.refuse(report, "winner", Cause::NoSuchVariant(winner.clone().unwrap_or_default()));
    }
    section.close(report);
    let experiment = Experiment {
        name,
        first_day: from.unwrap_or(0),
        last_day: until.unwrap_or(0),
        points,
        expected,
        winner,
        variants: Vec::new(),
    };
    Some((experiment, variants))
}

/// Puts what a variant says over what the site says.
pub(crate) fn read_variant(
    mut variant: Section<'_>,
    report: &mut Report<'_>,
    banner: &mut Banner,
    own: &mut Language,
    others: &mut [Language],
) {
    if let Some(layout) = read_layout(&mut variant, report) {
        banner.layout = layout;
    }
    let theme = variant.section(report, "theme");
    let has_theme = theme.is_present();
    // Read in any case: what it may say is known by that.
    let theme = read_theme(theme, report);
    if has_theme {
        banner.theme = theme;
    }
    let mut texts = variant.section(report, "texts");
    let written = texts.tables(report);
    read_words(&mut texts, report, own);
    let says_words = Texts::KEYS.iter().any(|key| texts.says(key));
    texts.close(report);
    let others_count = others.len();
    let written_count = written.len();
    for (tag, mut section) in written {
        match others.iter_mut().find(|language| language.tag.eq_ignore_ascii_case(&tag)) {
            Some(language) => {
                read_words(&mut section, report, language);
                section.close(report);
            }
            None if tag.eq_ignore_ascii_case(&own.tag) => section.refuse(report, "", Cause::OwnLanguage),
            None => section.refuse(report, "", Cause::LanguageNotListed(tag)),
        }
    }
    if says_words && written_count < others_count {
        variant.warn(report, "texts", Cause::VariantWords { count: others_count - written_count });
    }
    variant.close(report);
}

/// The words of a variant, but for those on what is asked for: another purpose is another question, and no way to ask this one.
fn read_words(section: &mut Section<'_>, report: &mut Report<'_>, language: &mut Language) {
    for key in ALL_CATEGORY_KEYS.into_iter().filter(|key| section.says(key)) {
        section.refuse(report, key, Cause::AsksAnother);
    }
    read_language(section, report, language);
}
