//! What happened on which day, to be seen beside the curve: versions of what visitors are asked with, and where an experiment begins and
//! ends. The days are the site's, as those of the curve are.

use crate::Asked;
use crate::ledgers::Ledger;
use crate::watching::day_at;
use postern_policy::Experiment;
use postern_receipt::Timestamp;
use postern_stats::Day;
use postern_view::Mark;
use serde_json::Value;
use worker::Result;

/// All that happened, in the order of days.
pub async fn marks(asked: &Asked<'_>, ledger: &Ledger) -> Result<Vec<Mark>> {
    let mut marks = versions(&ledger.releases().await?, |unix_ms| day_at(asked.policy, unix_ms));
    marks.extend(asked.policy.and_then(|policy| policy.experiment.as_ref()).into_iter().flat_map(ends));
    marks.sort_by_key(|mark| mark.day);
    Ok(marks)
}

/// Each version in the log, and whether its policy or only its code is another.
fn versions(lines: &str, day_of: impl Fn(u64) -> Day) -> Vec<Mark> {
    let mut policy_before = None;
    let mut marks = Vec::new();
    for line in lines.lines() {
        let Ok(archived) = serde_json::from_str::<Value>(line) else { continue };
        let entry = archived.get("entry");
        let text = |name: &str| entry.and_then(|entry| entry.get(name)).and_then(Value::as_str);
        let (at, place) = (text("at").and_then(Timestamp::parse), place_of(&archived));
        let (Some(at), Some(place)) = (at, place) else { continue };
        let policy = text("policy_sha256").map(str::to_owned);
        let what = match &policy_before {
            None => "the first",
            Some(before) if *before == policy => "the same policy, other code or words",
            Some(_) => "another policy",
        };
        marks
            .push(Mark { day: day_of(at.unix_ms()), text: format!("version {place} of the banner, {what}") });
        policy_before = Some(policy);
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
        Some(Mark { day: Day::new(number)?, text: format!("{what} of experiment “{}”", experiment.name) })
    };
    [mark(experiment.first_day, "the first day"), mark(experiment.last_day, "the last day")]
        .into_iter()
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_stands_on_the_day_that_it_was_at_the_site() {
        let line = |place: u64, at: &str, policy: &str| {
            format!(r#"{{"leaf_index":{place},"entry":{{"at":"{at}","policy_sha256":"{policy}"}}}}"#)
        };
        let lines = [
            line(0, "2026-11-22T11:20:41Z", "aa"),
            line(7, "2026-11-28T22:59:59Z", "aa"),
            line(9, "2026-11-28T23:00:00Z", "bb"),
            line(11, "yesterday", "cc"),
            "{".into(),
        ];
        // An hour ahead of UTC.
        let marks = versions(&lines.join("\n"), |unix_ms| Day::from_unix_ms(unix_ms, 60));
        let told: Vec<String> = marks.iter().map(|mark| format!("{} {}", mark.day, mark.text)).collect();
        assert_eq!(
            told,
            [
                "2026-11-22 version 0 of the banner, the first",
                "2026-11-28 version 7 of the banner, the same policy, other code or words",
                "2026-11-29 version 9 of the banner, another policy",
            ]
        );
    }
}
