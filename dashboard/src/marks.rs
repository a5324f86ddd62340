//! What happened on which day, to be seen beside the curve: versions of what visitors are asked with, what their policies changed, and
//! where an experiment begins and ends. The days are the site's, as those of the curve are. How two policies differ is
//! `postern-policy`'s affair.

use crate::Asked;
use crate::ledgers::Ledger;
use crate::watching::day_at;
use futures_util::future::join_all;
use postern_policy::{Changes, Experiment};
use postern_receipt::Timestamp;
use postern_stats::{Day, Range};
use postern_view::Mark;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use worker::Result;

/// Versions whose changes are told, at most, the last ones: two policies are asked of the Ledger for each, all at once, at some
/// milliseconds each.
const COMPARED_MAX: usize = 8;

/// Comparisons that are remembered, at most.
const REMEMBERED_MAX: usize = 256;

thread_local! {
    /// What one version changed of another, by their names. A name is the hash of all that the version is made of, so this is so for ever,
    /// and of whatever site: what is looked at again and again is compared once.
    static REMEMBERED: RefCell<BTreeMap<[String; 2], Changes>> = const { RefCell::new(BTreeMap::new()) };
}

fn names(pair: [&Version; 2]) -> [String; 2] {
    pair.map(|version| version.name.clone())
}

/// What the second changed of the first, if they were compared before.
fn known(pair: [&Version; 2]) -> Option<Changes> {
    REMEMBERED.with_borrow(|all| all.get(&names(pair)).cloned())
}

fn remember(pair: [&Version; 2], changes: &Changes) {
    if pair.iter().any(|version| version.name.is_empty()) {
        return;
    }
    REMEMBERED.with_borrow_mut(|all| {
        if all.len() >= REMEMBERED_MAX {
            all.clear();
        }
        all.insert(names(pair), changes.clone());
    });
}

/// What happened, and what it changed in the policy.
pub struct Happened {
    /// As it is shown.
    pub mark: Mark,
    /// Nothing where it was no other policy, and where that cannot be told.
    pub changes: Changes,
}

/// All that happened in these days, in their order.
pub async fn marks(asked: &Asked<'_>, ledger: &Ledger, range: Range) -> Result<Vec<Happened>> {
    let versions = versions(&ledger.releases().await?, |unix_ms| day_at(asked.policy, unix_ms));
    let unknown = compared(&versions, range).into_iter().filter(|pair| known(*pair).is_none());
    // Each once: what comes after the one is mostly what comes before another.
    let wanted: BTreeMap<&str, u64> =
        unknown.flatten().map(|version| (version.name.as_str(), version.kept_at)).collect();
    let policies = join_all(
        wanted.into_iter().map(async |(name, place)| Some((name, ledger.policy_of(place, name).await?))),
    );
    let policies: BTreeMap<&str, String> = policies.await.into_iter().flatten().collect();
    let mut marks = told(&versions, range, &policies);
    let experiment = asked.policy.and_then(|policy| policy.experiment.as_ref());
    let ends = experiment.into_iter().flat_map(ends).filter(|mark| is_in(range, mark.day));
    marks.extend(ends.map(|mark| Happened { mark, changes: Changes::default() }));
    marks.sort_by_key(|happened| happened.mark.day);
    Ok(marks)
}

fn is_in(range: Range, day: Day) -> bool {
    (range.first..=range.last).contains(&day)
}

/// An entry of the log that says with what visitors are asked.
struct Version {
    /// Its place.
    place: u64,
    /// Where the Ledger keeps the policy: at the first entry of that name. Who adds pictures makes another.
    kept_at: u64,
    /// When it came.
    day: Day,
    /// Hash of all that it is made of.
    name: String,
    /// Hash of the policy's meaning.
    policy: Option<String>,
    /// Hashes of what is not the policy.
    parts: Option<Value>,
}

/// Each version in the log. What cannot be read is none.
fn versions(lines: &str, day_of: impl Fn(u64) -> Day) -> Vec<Version> {
    let mut versions: Vec<Version> = Vec::new();
    for line in lines.lines() {
        let Ok(archived) = serde_json::from_str::<Value>(line) else { continue };
        let entry = archived.get("entry");
        let text = |name: &str| entry.and_then(|entry| entry.get(name)).and_then(Value::as_str);
        let (at, place) = (text("at").and_then(Timestamp::parse), place_of(&archived));
        let (Some(at), Some(place)) = (at, place) else { continue };
        let name = text("version").unwrap_or_default().to_owned();
        let kept_at =
            versions.iter().find(|version| version.name == name).map_or(place, |first| first.kept_at);
        let policy = text("policy_sha256").map(str::to_owned);
        let parts = entry.and_then(|entry| entry.get("parts")).cloned();
        versions.push(Version { place, kept_at, day: day_of(at.unix_ms()), name, policy, parts });
    }
    versions
}

/// Which versions of these days are compared with the one before each, at most [`COMPARED_MAX`].
fn compared(versions: &[Version], range: Range) -> Vec<[&Version; 2]> {
    let pairs = versions.array_windows().map(|[before, version]| [before, version]);
    let pairs =
        pairs.filter(|[before, version]| is_in(range, version.day) && before.policy != version.policy);
    let pairs: Vec<_> = pairs.collect();
    let early = pairs.len().saturating_sub(COMPARED_MAX);
    pairs.into_iter().skip(early).collect()
}

/// What is told of each version of these days, by those policies that could be had.
fn told(versions: &[Version], range: Range, policies: &BTreeMap<&str, String>) -> Vec<Happened> {
    let mut changes: BTreeMap<u64, Changes> = BTreeMap::new();
    for pair in compared(versions, range) {
        let [before, after] = pair.map(|version| policies.get(version.name.as_str()));
        let compare = || {
            let found = Changes::between(before?, after?).ok()?;
            remember(pair, &found);
            Some(found)
        };
        changes.insert(pair[1].place, known(pair).or_else(compare).unwrap_or_default());
    }
    let mut before: Option<&Version> = None;
    let mut marks = Vec::new();
    for version in versions {
        let changes = changes.remove(&version.place).unwrap_or_default();
        let what = match before {
            None => ", the first".into(),
            Some(before) if before.policy == version.policy => {
                ", the same policy, other code or words".into()
            }
            Some(_) if changes.is_empty() => ", another policy".into(),
            Some(before) if before.parts == version.parts => format!(": {changes}"),
            Some(_) => format!(", with other code: {changes}"),
        };
        let (place, has_before) = (version.place, before.is_some());
        before = Some(version);
        if is_in(range, version.day) {
            let text = format!("version {place} of the banner{what}");
            let mark = Mark { day: version.day, text, version: has_before.then_some(place) };
            marks.push(Happened { mark, changes });
        }
    }
    marks
}

/// The place in the log of an entry of an archive.
pub fn place_of(archived: &Value) -> Option<u64> {
    archived.get("leaf_index").and_then(Value::as_u64)
}

/// The first and the last day of an experiment.
fn ends(experiment: &Experiment) -> Vec<Mark> {
    let mark = |number, what| {
        let text = format!("{what} of experiment “{}”", experiment.name);
        Some(Mark { day: Day::new(number)?, text, version: None })
    };
    [mark(experiment.first_day, "the first day"), mark(experiment.last_day, "the last day")]
        .into_iter()
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line of the archive.
    fn line(place: u64, at: &str, name: &str, policy: &str, parts: &str) -> String {
        format!(
            r#"{{"leaf_index":{place},"entry":{{"at":"{at}","version":"{name}","policy_sha256":"{policy}","parts":{{"css":"{parts}"}}}}}}"#
        )
    }

    fn read(lines: &[String]) -> Vec<Version> {
        // An hour ahead of UTC.
        versions(&lines.join("\n"), |unix_ms| Day::from_unix_ms(unix_ms, 60))
    }

    fn range(first: &str, last: &str) -> Range {
        let day = |text| Day::parse(text).unwrap();
        Range { first: day(first), last: day(last) }
    }

    fn texts(versions: &[Version], range: Range, policies: &[(&str, &str)]) -> Vec<String> {
        let policies = policies.iter().map(|(name, policy)| (*name, (*policy).to_owned())).collect();
        let marks = told(versions, range, &policies);
        marks.iter().map(|Happened { mark, .. }| format!("{} {}", mark.day, mark.text)).collect()
    }

    fn november() -> Range {
        range("2026-11-01", "2026-11-30")
    }

    #[test]
    fn a_version_stands_on_the_day_that_it_was_at_the_site() {
        let versions = read(&[
            line(0, "2026-11-22T11:20:41Z", "a", "aa", "1"),
            line(7, "2026-11-28T22:59:59Z", "b", "aa", "2"),
            line(9, "2026-11-28T23:00:00Z", "c", "bb", "2"),
            line(11, "yesterday", "d", "cc", "2"),
            "{".into(),
        ]);
        let all = [
            "2026-11-22 version 0 of the banner, the first",
            "2026-11-28 version 7 of the banner, the same policy, other code or words",
            "2026-11-29 version 9 of the banner, another policy",
        ];
        assert_eq!(texts(&versions, november(), &[]), all);
        // What came before these days is what the first of them is compared with.
        assert_eq!(texts(&versions, range("2026-11-28", "2026-11-28"), &[]), all[1..2]);
        let linked = told(&versions, november(), &BTreeMap::new());
        let linked: Vec<_> = linked.iter().map(|happened| happened.mark.version).collect();
        assert_eq!(linked, [None, Some(7), Some(9)]);
    }

    #[test]
    fn what_was_compared_once_needs_no_policies_again_and_what_was_not_is_not_made_up() {
        let versions = read(&[
            line(0, "2026-11-01T00:00:00Z", "v1", "aa", "1"),
            line(2, "2026-11-02T00:00:00Z", "v2", "bb", "1"),
            line(4, "2026-11-03T00:00:00Z", "v3", "cc", "1"),
        ]);
        let (bar, card) = ("[banner]\nlayout = \"bar\"", "[banner]\nlayout = \"box\"");
        let first = texts(&versions, november(), &[("v1", bar), ("v2", card)]);
        assert!(first[1].ends_with(": banner.layout from bar to box"), "{first:?}");
        assert!(first[2].ends_with(", another policy"), "{first:?}");
        assert_eq!(texts(&versions, november(), &[]), first);
        let third = texts(&versions, november(), &[("v2", card), ("v3", bar)]);
        assert!(third[2].ends_with(": banner.layout from box to bar"), "{third:?}");
        // Versions without a name may be any.
        let unnamed = read(&[
            line(0, "2026-11-01T00:00:00Z", "", "aa", "1"),
            line(2, "2026-11-02T00:00:00Z", "", "bb", "1"),
        ]);
        let _ = texts(&unnamed, november(), &[("", bar)]);
        assert!(texts(&unnamed, november(), &[])[1].ends_with(", another policy"));
    }

    #[test]
    fn another_policy_says_what_it_changes_where_both_can_be_read() {
        let versions = read(&[
            line(0, "2026-11-01T00:00:00Z", "a", "aa", "1"),
            line(2, "2026-11-02T00:00:00Z", "b", "bb", "1"),
            line(4, "2026-11-03T00:00:00Z", "c", "cc", "2"),
            line(6, "2026-11-04T00:00:00Z", "d", "dd", "2"),
            line(8, "2026-11-05T00:00:00Z", "e", "ee", "2"),
            line(9, "2026-11-06T00:00:00Z", "f", "ff", "2"),
        ]);
        let policies = [
            ("a", "[banner]\nlayout = \"bar\""),
            ("b", "[banner]\nlayout = \"box\""),
            ("c", "[banner]\nlayout = \"box\"\n[vendors.youtube]"),
            ("d", "this is none"),
            ("f", "[banner]\nlayout = \"box\""),
        ];
        assert_eq!(
            texts(&versions, range("2026-11-02", "2026-11-30"), &policies),
            [
                "2026-11-02 version 2 of the banner: banner.layout from bar to box",
                "2026-11-03 version 4 of the banner, with other code: vendors.youtube added",
                "2026-11-04 version 6 of the banner, another policy",
                "2026-11-05 version 8 of the banner, another policy",
                "2026-11-06 version 9 of the banner, another policy",
            ]
        );
    }

    #[test]
    fn the_last_eight_that_differ_in_these_days_are_compared_and_no_others() {
        let lines: Vec<String> = (0..20)
            .map(|place| {
                let name = format!("v{place}");
                line(
                    place,
                    &format!("2026-11-{:02}T00:00:00Z", place + 1),
                    &name,
                    &(place / 2).to_string(),
                    "1",
                )
            })
            .collect();
        let versions = read(&lines);
        let places =
            |range| -> Vec<u64> { compared(&versions, range).iter().map(|pair| pair[1].place).collect() };
        assert_eq!(places(november()), [4, 6, 8, 10, 12, 14, 16, 18]);
        assert_eq!(places(range("2026-11-03", "2026-11-05")), [2, 4]);
        assert_eq!(places(range("2026-12-01", "2026-12-31")), [0; 0]);
        // The others keep what they had.
        let policies: Vec<(String, String)> =
            (0..20).map(|place| (format!("v{place}"), format!("a = {}", place / 2))).collect();
        let policies: Vec<_> =
            policies.iter().map(|(name, policy)| (name.as_str(), policy.as_str())).collect();
        let texts = texts(&versions, november(), &policies);
        assert_eq!(texts[2], "2026-11-03 version 2 of the banner, another policy");
        assert_eq!(texts[4], "2026-11-05 version 4 of the banner: a from 1 to 2");
    }

    #[test]
    fn a_version_that_got_pictures_has_its_policy_where_it_came_first() {
        let versions = read(&[
            line(0, "2026-11-01T00:00:00Z", "a", "aa", "1"),
            line(2, "2026-11-02T00:00:00Z", "b", "bb", "1"),
            line(5, "2026-11-03T00:00:00Z", "a", "aa", "1"),
        ]);
        let kept: Vec<_> = versions.iter().map(|version| (version.place, version.kept_at)).collect();
        assert_eq!(kept, [(0, 0), (2, 2), (5, 0)]);
        let policies = [("a", "a = 1"), ("b", "a = 2")];
        assert_eq!(
            texts(&versions, range("2026-11-03", "2026-11-03"), &policies),
            ["2026-11-03 version 5 of the banner: a from 2 to 1"]
        );
    }
}
