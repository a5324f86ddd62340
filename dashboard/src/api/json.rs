//! The figures as JSON.

use super::{gate, is_kept, of_asked};
use crate::Asked;
use crate::figures::{Figures, Other, whole};
use crate::ledgers::Ledger;
use crate::marks::{Happened, marks};
use crate::watching::{day_at, locale};
use postern_platform::Numbers;
use postern_stats::{
    Common, Counter, Counts, Day, Difference, GATE_ACTS, Level, Point, Question, Rate, Seen, Segment,
    Verdict, Week, cover_of, lines_of,
};
use postern_view::{Standing, Tried, beside_name, told_of, week_text};
use serde_json::{Map, Value, json};
use worker::Result;

/// All of a range, as the page has it.
pub(super) async fn figures_told(asked: &Asked<'_>, question: &Question, figures: &Figures) -> Result<Value> {
    let (range, segment) = (question.range(asked.site.settled), question.segment.as_ref());
    let mut breakdowns = Map::new();
    for level in Level::ALL.into_iter().filter(|level| is_kept(*level, segment)) {
        let lines = lines_of(&figures.sums, level, segment).into_iter().map(|(value, counts)| {
            let group = Segment { level, value };
            let mut one = told(&counts, of_asked(figures, Some(&group), &counts));
            one.insert("told_apart".into(), told_apart(figures, Some(&group)));
            one.insert("value".into(), group.value.into());
            Value::from(one)
        });
        breakdowns.insert(level.name().into(), lines.collect::<Vec<_>>().into());
    }
    let (other, seen, tried) =
        (asked.site.beside(question).await?, asked.seen().await?, asked.tried().await?);
    let marks = marks(asked, &Ledger::main(asked.site.env, asked.site.id)?, range).await?;
    let marks = marks.iter().map(|Happened { mark, changes }| {
        let (day, text) = (mark.day.to_string(), &mark.text);
        json!({ "day": day, "text": text, "changes": changes.named, "more_changes": changes.more })
    });
    let standing = &figures.standing;
    Ok(json!({
        "site": asked.site.id,
        "question": question.write(),
        "from": range.first.to_string(),
        "to": range.last.to_string(),
        "published": standing.published.map(|(first, last)| json!({ "from": first.to_string(), "to": last.to_string() })),
        "is_gathering": standing.has_more,
        "smallest_group": postern_stats::SMALLEST_GROUP,
        "whole": whole_told(figures, segment),
        "series": series_told(figures, segment),
        "beside": other.as_ref().map(|other| beside_told(asked, question, figures, other)),
        "breakdowns": breakdowns,
        "gate": gate_told(figures),
        "seen": seen_told(&seen, |at_ms| day_at(asked.policy, at_ms)),
        "today": today_told(standing),
        "grants_due": Standing::in_steps(standing.due),
        "marks": marks.collect::<Vec<_>>(),
        "week": figures.week.as_ref().map(|week| week_told(asked, week)),
        "experiment": tried.as_ref().map(experiment_told),
    }))
}

/// What is counted of a group in all, or of everybody.
fn whole_told(figures: &Figures, group: Option<&Segment>) -> Value {
    let counts = whole(&figures.sums, group);
    let mut all = told(&counts, of_asked(figures, group, &counts));
    all.insert("told_apart".into(), told_apart(figures, group));
    all.into()
}

/// The same over time.
fn series_told(figures: &Figures, group: Option<&Segment>) -> Vec<Value> {
    let point = |point: &Point| {
        let mut one = told(&point.counts, of_asked(figures, group, &point.counts));
        one.insert("from".into(), point.first.to_string().into());
        one.insert("to".into(), point.last.to_string().into());
        one.into()
    };
    figures.points.iter().map(point).collect()
}

/// What stands beside the figures, called as on the page.
fn beside_told(asked: &Asked<'_>, question: &Question, figures: &Figures, other: &Other) -> Value {
    let (today, segment) = (asked.site.settled, other.segment.as_ref());
    let own = whole(&figures.sums, question.segment.as_ref()).rate_of_decided();
    let difference = question.difference(today, own, other.whole().rate_of_decided());
    json!({
        "name": beside_name(question, today, &locale(&Numbers::of("en"))),
        "from": other.range.first.to_string(),
        "to": other.range.last.to_string(),
        "segment": segment.map(ToString::to_string),
        "whole": whole_told(&other.figures, segment),
        "series": series_told(&other.figures, segment),
        "difference": difference.map(difference_told),
    })
}

fn difference_told(Difference { share, interval }: Difference) -> Value {
    let known = interval.ok();
    json!({
        "share": share,
        "low": known.map(|interval| interval.low),
        "high": known.map(|interval| interval.high),
        "common": interval.err().map(Common::name),
    })
}

/// What was seen that the policy does not name, and what went wrong, in the order of the page.
fn seen_told(seen: &[Seen], day_of: impl Fn(u64) -> Day) -> Vec<Value> {
    let line = |seen: &Seen| {
        let [first, last] = [seen.first_ms, seen.last_ms].map(|at_ms| day_of(at_ms).to_string());
        let (kind, name, page) = (seen.kind.name(), &seen.name, &seen.page);
        json!({ "kind": kind, "name": name, "page": page, "times": seen.times(), "first": first, "last": last })
    };
    told_of(seen).into_iter().map(line).collect()
}

/// Today, while it goes on: the tens that each count has reached.
fn today_told(standing: &Standing) -> Value {
    let pages = [Counter::Views, Counter::Shown, Counter::First, Counter::Bots];
    let pages = pages.map(|counter| (counter.name(), standing.today.get(counter)));
    let gate = Standing::GATE.map(|(name, _)| name).into_iter().zip(standing.gate);
    let all = pages.into_iter().chain(gate);
    Map::from_iter(all.map(|(name, count)| (name.to_owned(), Standing::in_steps(count).into()))).into()
}

/// What the gate did, a line for each vendor.
fn gate_told(figures: &Figures) -> Vec<Value> {
    let line = |(vendor, counts): (&str, [u64; GATE_ACTS.len()])| {
        let acts = GATE_ACTS.into_iter().zip(counts).map(|(act, count)| (act.to_owned(), count.into()));
        Map::from_iter(acts.chain([("vendor".to_owned(), vendor.into())])).into()
    };
    gate(figures).into_iter().map(line).collect()
}

/// The last whole week, in the words of the page and of the message as well.
fn week_told(asked: &Asked<'_>, week: &Week) -> Value {
    json!({
        "from": week.days.first.to_string(),
        "to": week.days.last.to_string(),
        "whole": told(&week.counts, week.counts.rate_of_asked()),
        "before": told(&week.before, week.before.rate_of_asked()),
        "text": week_text(asked.site.id, week, &locale(&Numbers::of("en"))),
    })
}

/// What an experiment has found.
fn experiment_told(tried: &Tried<'_>) -> Value {
    let ways = tried.ways.iter().zip(&tried.findings.ways).map(|(name, way)| {
        json!({
            "name": name,
            "asked": way.rate().denominator(),
            "answered": way.counts.decided(),
            "granted": way.rate().numerator(),
            "of_asked": rate_told(way.rate()),
            "difference": way.difference.map(|interval| json!({ "low": interval.low, "high": interval.high })),
            "p": way.p,
        })
    });
    let verdict = match tried.findings.verdict {
        Verdict::Undecided => "undecided",
        Verdict::NoDifference => "no-difference",
        Verdict::Better(_) => "better",
    };
    json!({
        "name": tried.name,
        "from": tried.first.to_string(),
        "to": tried.last.to_string(),
        "smallest_points": tried.points,
        "planned": tried.findings.planned,
        "verdict": verdict,
        "better": tried.best(),
        "winner": tried.winner,
        "ways": ways.collect::<Vec<_>>(),
    })
}

/// In how much of the range a group is told apart, by the browsers asked of everybody; `null` where that is not kept.
fn told_apart(figures: &Figures, group: Option<&Segment>) -> Value {
    group.and_then(|group| cover_of(&figures.sums, group)).and_then(Rate::share).into()
}

/// Counts by name, and both rates with their intervals; `null` where there is nobody to ask about.
pub(super) fn told(counts: &Counts, of_asked: Rate) -> Map<String, Value> {
    let mut told = Map::new();
    for counter in Counter::ALL {
        told.insert(counter.name().into(), counts.get(counter).into());
    }
    for (name, rate) in [("of_answers", counts.rate_of_decided()), ("of_asked", of_asked)] {
        told.insert(name.into(), rate_told(rate));
    }
    told
}

fn rate_told(rate: Rate) -> Value {
    match rate.share().zip(rate.wilson_95()) {
        Some((share, interval)) => json!({ "share": share, "low": interval.low, "high": interval.high }),
        None => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_stats::{Interval, Kind};

    /// The fields that the description has there, in their order.
    fn described(place: &str) -> Vec<String> {
        let all: Value = serde_json::from_str(crate::api::OPEN_API).unwrap();
        let fields = all.pointer(&format!("/components/schemas/{place}/properties")).unwrap();
        fields.as_object().unwrap().keys().cloned().collect()
    }

    fn fields(told: &Value) -> Vec<String> {
        told.as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn the_fields_are_those_that_are_described() {
        let difference = Difference { share: 0.25, interval: Err(Common::Part) };
        assert_eq!(fields(&difference_told(difference)), described("Beside/properties/difference/anyOf/0"));
        assert_eq!(fields(&today_told(&Standing::default())), described("Figures/properties/today"));
        let (name, page) = ("a.example".into(), "/".into());
        let seen = [Seen { kind: Kind::Unknown, name, page, count: 1, first_ms: 1, last_ms: 2 }];
        assert_eq!(
            fields(&seen_told(&seen, |at_ms| Day::from_unix_ms(at_ms, 0))[0]),
            described("Figures/properties/seen/items")
        );
    }

    #[test]
    fn a_difference_has_its_interval_or_says_what_both_have_in_common() {
        let told = |interval| difference_told(Difference { share: 0.25, interval });
        assert_eq!(
            told(Ok(Interval { low: -0.5, high: 0.75 })),
            json!({ "share": 0.25, "low": -0.5, "high": 0.75, "common": null })
        );
        for (common, word) in [(Common::Part, "part"), (Common::Answers, "answers")] {
            let expected = json!({ "share": 0.25, "low": null, "high": null, "common": word });
            assert_eq!(told(Err(common)), expected);
        }
    }

    #[test]
    fn what_was_seen_is_told_as_on_the_page_and_no_more_of_it() {
        let seen = |kind, name: &str, count, last_ms| {
            let (page, first_ms) = ("/a/…".into(), 1_795_000_000_000);
            Seen { kind, name: name.into(), page, count, first_ms, last_ms }
        };
        let all = [
            seen(Kind::Fault, "rewriter", 2, 1_795_300_000_000),
            seen(Kind::Cookie, "rare", 9, 1_795_300_000_000),
            seen(Kind::Cookie, "often", 10, 1_795_300_000_000),
            seen(Kind::Unknown, "old.example", 4, 1_795_100_000_000),
            seen(Kind::Unknown, "new.example", 400, 1_795_300_000_000),
        ];
        let line = |kind: &str, name: &str, times: Option<u64>, last: &str| json!({ "kind": kind, "name": name, "page": "/a/…", "times": times, "first": "2026-11-18", "last": last });
        let expected = [
            line("unknown", "new.example", Some(400), "2026-11-21"),
            line("unknown", "old.example", None, "2026-11-19"),
            line("cookie", "often", Some(10), "2026-11-21"),
            line("fault", "rewriter", None, "2026-11-21"),
        ];
        assert_eq!(seen_told(&all, |at_ms| Day::from_unix_ms(at_ms, 0)), expected);
    }

    #[test]
    fn today_is_told_in_steps_so_that_nobody_is_watched() {
        let today =
            Counts::default().with(Counter::Views, 1234).with(Counter::First, 19).with(Counter::Bots, 9);
        // Answers are told of days that are over alone.
        let today = today.with(Counter::Accepted, 500);
        let told = today_told(&Standing { today, gate: [57, 9, 10], ..Standing::default() });
        assert_eq!(
            told,
            json!({ "views": 1230, "shown": 0, "first": 10, "bots": 0, "held": 50, "stripped": 0, "refused": 10 })
        );
    }
}
