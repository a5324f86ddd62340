//! What one version of a policy file changes of another, by the names that the file itself uses, for those who look at what a change
//! did. Both files are read as they are written: also one that other code took, by other rules. What the change means for visitors
//! is not judged here.

use crate::cause::Cause;
use crate::error::{Issue, PolicyError};
use crate::section::Report;
use postern_sort::sorted_by;
use std::borrow::Cow;
use std::fmt;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Changes that are named, at most: as many as a reader takes in as one sentence. The others are counted.
const NAMED_MAX: usize = 4;

/// Parts of a name, at most, as in `banner.theme.light.accent`. What lies deeper is told as a change of that.
const PARTS_MAX: usize = 4;

/// The longest part of a name that is told, bytes. The longest of ours has 18.
const PART_BYTES_MAX: usize = 40;

/// The longest value that is told, bytes: a word, a number, a colour, a date. Sentences and addresses are longer.
const WORD_BYTES_MAX: usize = 24;

/// Sections in the order in which they are named, those first that visitors see. All others stand behind them.
const SEEN_FIRST: [&str; 7] = ["banner", "texts", "categories", "profile", "experiment", "vendors", "notice"];

/// Sections of nothing but entries: the first entry is no more than the next, whether or not its section was there.
const OF_ENTRIES: [&str; 2] = ["categories", "vendors"];

/// Keys of what the site says in words of its own, wherever they stand; and those sections in which a `name` is one.
const OWN_WORDS: [&str; 3] = ["title", "text", "reason"];
const NAMED_BY_SITE: [&str; 3] = ["controller", "categories", "vendors"];

/// What changed between two policy files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// What changed, in words, what visitors see first: `banner.layout from bar to box`, `vendors.youtube added`, `texts changed`;
    /// four at most. A value is told where it is a single word, and none of the site's own words.
    pub named: Vec<String>,
    /// How many more there are.
    pub more: usize,
}

impl Changes {
    /// Compares two files. Comments, order and spelling change nothing.
    ///
    /// # Errors
    /// [`PolicyError`] if one of them is not TOML. Whether it is a sound policy is not asked.
    pub fn between(before: &str, after: &str) -> Result<Self, PolicyError> {
        let (before, after) = (read(before)?, read(after)?);
        let mut found = Vec::new();
        compare_tables(&[], before.get_ref(), after.get_ref(), &mut found);
        let more = found.len().saturating_sub(NAMED_MAX);
        let named =
            sorted_by(found, Ord::cmp).into_iter().take(NAMED_MAX).map(|(_, change)| change).collect();
        Ok(Self { named, more })
    }

    /// Is there none?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.named.is_empty()
    }
}

impl fmt::Display for Changes {
    /// `a`, `a and b`, `a, b, c, d and 2 more`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = (self.more > 0).then(|| format!("{} more", self.more));
        let all: Vec<&str> = self.named.iter().map(String::as_str).chain(more.as_deref()).collect();
        match all.split_last() {
            None => Ok(()),
            Some((last, [])) => out.write_str(last),
            Some((last, others)) => write!(out, "{} and {last}", others.join(", ")),
        }
    }
}

fn read(text: &str) -> Result<Spanned<DeTable<'_>>, PolicyError> {
    DeTable::parse(text).map_err(|error| {
        let line = Report::new(text).line_at(error.span().map_or(0, |span| span.start));
        let cause = Cause::Syntax(error.message().replace('\n', ", "));
        PolicyError::new(vec![Issue { line, key: String::new(), cause }])
    })
}

/// A change, with the place of its section.
type Change = (usize, String);

fn compare_tables(path: &[&str], before: &DeTable<'_>, after: &DeTable<'_>, found: &mut Vec<Change>) {
    for (key, value) in before {
        let key = key.get_ref().as_ref();
        compare(path, key, Some(value.get_ref()), after.get(key).map(Spanned::get_ref), found);
    }
    for (key, value) in after.iter().filter(|(key, _)| !before.contains_key(key.get_ref().as_ref())) {
        compare(path, key.get_ref(), None, Some(value.get_ref()), found);
    }
}

/// Compares what two tables have under a key; no recursion is deeper than a file may be nested, which the reader bounds.
fn compare(
    path: &[&str],
    key: &str,
    before: Option<&DeValue<'_>>,
    after: Option<&DeValue<'_>>,
    found: &mut Vec<Change>,
) {
    let own: Vec<&str> = path.iter().copied().chain([key]).collect();
    let none = DeValue::Table(DeTable::new());
    let is_of_entries = path.is_empty() && OF_ENTRIES.contains(&key);
    let (before, after) =
        if is_of_entries { (before.or(Some(&none)), after.or(Some(&none))) } else { (before, after) };
    let is_table = before.into_iter().chain(after).any(DeValue::is_table);
    let (is_in_texts, is_deep) = (path == ["texts"], own.len() >= PARTS_MAX);
    let (name, what) = match (before, after) {
        (Some(before), Some(after)) if is_same(before, after) => return,
        // A wording says nothing to who does not see it in its place.
        _ if is_in_texts && !is_table => (name_of(path), " changed".into()),
        (Some(DeValue::Table(before)), Some(DeValue::Table(after))) if !is_in_texts && !is_deep => {
            return compare_tables(&own, before, after, found);
        }
        (before, after) => {
            let word = |value: &DeValue<'_>| word(value).filter(|_| !is_own_words(&own));
            let what = match (before, before.and_then(word), after, after.and_then(word)) {
                (_, Some(before), _, Some(after)) => format!(" from {before} to {after}"),
                (Some(_), _, None, _) => " removed".into(),
                (None, _, _, Some(after)) => format!(" set to {after}"),
                (None, ..) => " added".into(),
                _ => " changed".into(),
            };
            (name_of(&own), what)
        }
    };
    let section = own.first().copied().unwrap_or_default();
    let rank = SEEN_FIRST.iter().position(|known| *known == section).unwrap_or(SEEN_FIRST.len());
    let change = (rank, name + &what);
    // However many words of the site's are others, that is one change.
    if !is_in_texts || !found.contains(&change) {
        found.push(change);
    }
}

/// A name as it is told. A key in quotes may say anything, and long.
fn name_of(path: &[&str]) -> String {
    let part =
        |part: &&str| if is_plain(part, "-_", PART_BYTES_MAX) { (*part).to_owned() } else { "…".into() };
    path.iter().map(part).collect::<Vec<_>>().join(".")
}

/// Does a key of that name hold words of the site's own?
fn is_own_words(path: &[&str]) -> bool {
    let (section, key) = (path.first(), path.last());
    key.is_some_and(|key| {
        OWN_WORDS.contains(key)
            || *key == "name" && section.is_some_and(|section| NAMED_BY_SITE.contains(section))
    })
}

/// A value that is a single word.
fn word(value: &DeValue<'_>) -> Option<String> {
    scalar(value).filter(|text| is_plain(text, "-_.#", WORD_BYTES_MAX))
}

fn is_plain(text: &str, signs: &str, bytes_max: usize) -> bool {
    let is_fine = |sign: char| sign.is_ascii_alphanumeric() || signs.contains(sign);
    !text.is_empty() && text.len() <= bytes_max && text.chars().all(is_fine)
}

/// A value that is neither list nor table, however it is spelled: a date with quotes and without is the same.
fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.as_ref().to_owned()),
        // One beyond 64 bits is the largest, as the policy is read.
        DeValue::Integer(number) => {
            Some(i64::from_str_radix(number.as_str(), number.radix()).unwrap_or(i64::MAX).to_string())
        }
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(value) => Some(value.to_string()),
        DeValue::Datetime(date) => Some(date.to_string()),
        DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

fn is_same(one: &DeValue<'_>, other: &DeValue<'_>) -> bool {
    match (one, other) {
        (DeValue::Array(one), DeValue::Array(other)) => {
            let mut pairs = one.iter().zip(other.iter());
            one.len() == other.len() && pairs.all(|(one, other)| is_same(one.get_ref(), other.get_ref()))
        }
        (DeValue::Table(one), DeValue::Table(other)) => {
            let has_same = |(key, value): (&Spanned<Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
                other
                    .get(key.get_ref().as_ref())
                    .is_some_and(|other| is_same(value.get_ref(), other.get_ref()))
            };
            one.len() == other.len() && one.iter().all(has_same)
        }
        _ => scalar(one).is_some_and(|one| scalar(other) == Some(one)),
    }
}
