//! What whoever keeps a site must be told, as far as figures and sightings say it. What it is called: `postern-view`.

use crate::drops::drops;
use crate::seen::host_pattern;
use crate::slides::slide;
use crate::{Counter, Counts, Day, Kind, Point, Range, Rate, SEEN_OF_KIND_MAX, Seen};
use std::collections::{BTreeMap, BTreeSet};

/// Something to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alert {
    /// Fewer say yes than in the days before, by more than chance makes it, and still do.
    RateDropped {
        /// The day that names the drop: its first, or the last of its first few where these are published together.
        begun: Day,
        /// The days since then that were published last: seven once there are so many, on a quiet site those of a fortnight.
        days: Range,
        /// The rate of these.
        now: Rate,
        /// Those before the drop that they are compared with: as long as it lasts the same, unless it is back at these and still
        /// low against those before its second day.
        days_before: Range,
        /// The rate of those.
        before: Rate,
    },
    /// Fewer say yes in four weeks than in the four before, by more than chance makes it, and no drop has told it.
    RateSlid {
        /// The day that names it: the end of the first week that was found so.
        begun: Day,
        /// The four weeks until the last Sunday of which all is published.
        days: Range,
        /// The rate of these.
        now: Rate,
        /// The four before them.
        days_before: Range,
        /// The rate of those.
        before: Rate,
    },
    /// No page has been counted for whole days.
    CountsStopped {
        /// The last day with a page.
        last: Day,
    },
    /// A host or a vendor is in the pages that the policy does not name.
    Stranger {
        /// The host, or the vendor's id.
        name: String,
    },
    /// Something recorded has been in no checkpoint for too long.
    NotSealed {
        /// Since when, Unix milliseconds.
        since_ms: u64,
    },
    /// The cookie notice has not been looked at for a year.
    NoticeOld {
        /// When it was updated last.
        updated: Day,
    },
    /// An experiment is to be stopped.
    Experiment {
        /// Its name.
        name: String,
        /// The way that everybody is to be asked.
        winner: String,
        /// Why.
        text: String,
    },
    /// The policy has something that may run and should be mended.
    Policy {
        /// Which key, and what.
        text: String,
    },
}

/// Days without a page that are told.
const SILENT_DAYS: u32 = 2;
/// For how long who is seen no more counts as still there, milliseconds: some pages are asked for only once in a week.
const STRANGER_MS: u64 = 7 * 86_400_000;
/// Longer than any setting of the log waits before it seals, milliseconds.
const SEALED_WITHIN_MS: u64 = 30 * 60_000;
/// How long a notice is good for, days. Source: standards.md S4.13 ("review this policy at least annually").
const NOTICE_DAYS: u32 = 365;

/// A site without a page for so many days is one that was taken away.
const GONE_DAYS: u32 = 60;

/// Is a site gone, so that nobody is left to look for? `last` is the last day with a page; if there never was one, days count from the first
/// on which it was looked for.
#[must_use]
pub fn is_gone(last: Option<Day>, watched_since: Day, today: Day) -> bool {
    last.unwrap_or(watched_since) < today.minus(GONE_DAYS)
}

/// What visitors were asked with last: the policy's tag and the place in the log, of most pages of the last of these days with a page. The
/// values are those of [`Dimension::Version`](crate::Dimension::Version).
#[must_use]
pub fn asked_last(versions: &[(Day, String, Counts)]) -> Option<(String, u64)> {
    let views = |counts: &Counts| counts.get(Counter::Views);
    let last = versions.iter().filter(|(_, _, counts)| views(counts) > 0).map(|(day, _, _)| *day).max()?;
    let mut pages: BTreeMap<(u64, &str), u64> = BTreeMap::new();
    for (_, value, counts) in versions.iter().filter(|(day, _, _)| *day == last) {
        // A value without a place is of visitors who were asked with none.
        let Some((tag, place)) = value.split_once('/') else { continue };
        let Ok(place) = place.parse() else { continue };
        let sum = pages.entry((place, tag)).or_default();
        *sum = sum.saturating_add(views(counts));
    }
    // Of as many the later version.
    let ((place, tag), _) = pages.into_iter().max_by_key(|(version, pages)| (*pages, *version))?;
    Some((tag.to_owned(), place))
}

impl Alert {
    /// Names what it is about: two of one name are the same thing.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::RateDropped { begun, .. } => format!("rate-dropped {begun}"),
            Self::RateSlid { begun, .. } => format!("rate-slid {begun}"),
            Self::CountsStopped { last } => format!("counts-stopped {last}"),
            Self::Stranger { name } => format!("stranger {name}"),
            Self::NotSealed { .. } => "not-sealed".into(),
            Self::NoticeOld { updated } => format!("notice-old {updated}"),
            Self::Experiment { name, winner, .. } => format!("experiment {name} {winner}"),
            Self::Policy { text } => format!("policy {text}"),
        }
    }

    /// The word for programs: the key's first.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::RateDropped { .. } => "rate-dropped",
            Self::RateSlid { .. } => "rate-slid",
            Self::CountsStopped { .. } => "counts-stopped",
            Self::Stranger { .. } => "stranger",
            Self::NotSealed { .. } => "not-sealed",
            Self::NoticeOld { .. } => "notice-old",
            Self::Experiment { .. } => "experiment",
            Self::Policy { .. } => "policy",
        }
    }

    /// Where the rate of answers has dropped of late and is low still, the oldest drop first: by the points of the last
    /// [`DROP_DAYS`](crate::DROP_DAYS) before today. A drop is told from the point on with which it begins until the rate is back, 28 days
    /// at most; where it falls further later, that is a drop of its own.
    #[must_use]
    pub fn rate_dropped(points: &[Point], today: Day) -> Vec<Self> {
        drops(points, today)
    }

    /// Where the rate of answers has slid little by little, and does so still: by the points of the last [`SLIDE_DAYS`](crate::SLIDE_DAYS)
    /// before today. One at a time, told at the end of a week for the first time, and until four weeks are within a point of the four
    /// before. What a drop tells it does not tell again.
    #[must_use]
    pub fn rate_slid(points: &[Point], today: Day) -> Option<Self> {
        slide(points, today)
    }

    /// Has no page been counted since that day, on a site that had some?
    #[must_use]
    pub fn counts_stopped(last: Option<Day>, today: Day) -> Option<Self> {
        let last = last?;
        let silent = today.number().saturating_sub(last.number() + 1);
        (silent >= SILENT_DAYS).then_some(Self::CountsStopped { last })
    }

    /// Who is in the pages, of those seen that the policy does not name now: who has been seen within seven days, however long ago first.
    /// What browsers report is left out: anybody can report anything.
    #[must_use]
    pub fn strangers(unnamed: &[Seen], now_ms: u64) -> Vec<Self> {
        let told = unnamed.iter().filter(|seen| is_stranger(seen, now_ms));
        let names = told.map(|seen| match seen.kind {
            Kind::Unknown => host_pattern(&seen.name),
            _ => seen.name.clone(),
        });
        // Each once.
        names.collect::<BTreeSet<_>>().into_iter().map(|name| Self::Stranger { name }).collect()
    }

    /// Who was told as a stranger, and has not been found to be one since that moment, is one no more. Unix milliseconds: now; but where so
    /// many are seen in a week that the list does not hold all, who is not in it may be there still, and the moment is a week ago.
    #[must_use]
    pub fn strangers_over(seen: &[Seen], now_ms: u64) -> u64 {
        let is_full = |kind: Kind| {
            let strangers = seen.iter().filter(|seen| seen.kind == kind && is_stranger(seen, now_ms));
            strangers.count() >= SEEN_OF_KIND_MAX
        };
        if Kind::ALL.into_iter().any(is_full) { now_ms.saturating_sub(STRANGER_MS) } else { now_ms }
    }

    /// Has the oldest of what no checkpoint holds waited for too long?
    #[must_use]
    pub fn not_sealed(oldest_ms: Option<u64>, now_ms: u64) -> Option<Self> {
        let since_ms = oldest_ms.filter(|oldest| now_ms.saturating_sub(*oldest) > SEALED_WITHIN_MS)?;
        Some(Self::NotSealed { since_ms })
    }

    /// Is a notice of that day to be looked at again?
    #[must_use]
    pub fn notice_old(updated: Option<Day>, today: Day) -> Option<Self> {
        let updated = updated?;
        (today.number().saturating_sub(updated.number()) > NOTICE_DAYS).then_some(Self::NoticeOld { updated })
    }
}

/// Is it somebody whom the edge itself has seen in a page of late?
fn is_stranger(seen: &Seen, now_ms: u64) -> bool {
    matches!(seen.kind, Kind::Unknown | Kind::Undeclared) && now_ms.saturating_sub(seen.last_ms) < STRANGER_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: u32) -> Day {
        Day::new(number).unwrap()
    }

    fn days(first: u32, last: u32) -> Range {
        Range { first: day(first), last: day(last) }
    }

    #[test]
    fn silence_is_told_after_two_whole_days() {
        for (last, today, is_told) in [(10, 10, false), (10, 11, false), (10, 12, false), (10, 13, true)] {
            assert_eq!(Alert::counts_stopped(Some(day(last)), day(today)).is_some(), is_told, "{today}");
        }
        assert_eq!(Alert::counts_stopped(None, day(99)), None);
    }

    #[test]
    fn a_site_is_gone_after_sixty_days_without_a_page_had_it_one_or_not() {
        for (last, since, today, is_gone) in [
            (Some(100), 1, 160, false),
            (Some(100), 1, 161, true),
            (Some(100), 150, 161, true),
            (None, 100, 160, false),
            (None, 100, 161, true),
            (None, 0, 9, false),
        ] {
            assert_eq!(
                super::is_gone(last.map(day), day(since), day(today)),
                is_gone,
                "{last:?} {since} {today}"
            );
        }
    }

    fn seen(kind: Kind, name: &str, first_ms: u64, last_ms: u64) -> Seen {
        Seen { kind, name: name.into(), page: "/".into(), count: 1, first_ms, last_ms }
    }

    #[test]
    fn strangers_are_told_while_they_are_there_and_not_on_anybodys_word() {
        let now_ms = STRANGER_MS * 60;
        let all = [
            seen(Kind::Unknown, "new.example", now_ms - 1, now_ms - 1),
            // Whether since a year or once more after it.
            seen(Kind::Undeclared, "tiktok", 1, now_ms - STRANGER_MS + 1),
            seen(Kind::Unknown, "gone.example", 1, now_ms - STRANGER_MS),
            // One for each visit.
            seen(Kind::Unknown, "a81f03.acme.example", 1, now_ms - 1),
            seen(Kind::Unknown, "b17c44.acme.example", 1, now_ms - 1),
            seen(Kind::Reported, "made-up.example", now_ms, now_ms),
            seen(Kind::Cookie, "basket", now_ms, now_ms),
            seen(Kind::Fault, "rewriter", now_ms, now_ms),
        ];
        let names: Vec<String> = Alert::strangers(&all, now_ms).iter().map(Alert::key).collect();
        assert_eq!(names, ["stranger *.acme.example", "stranger new.example", "stranger tiktok"]);
    }

    #[test]
    fn who_finds_no_room_in_a_full_list_is_a_stranger_for_another_week() {
        let now_ms = STRANGER_MS * 60;
        let many = |kind, last_ms| -> Vec<Seen> {
            (0..SEEN_OF_KIND_MAX).map(|index| seen(kind, &format!("h{index}"), 1, last_ms)).collect()
        };
        let full = many(Kind::Unknown, now_ms);
        assert_eq!(Alert::strangers_over(&full, now_ms), now_ms - STRANGER_MS);
        for all in [
            &full[1..],
            // Who is in none of these has not been seen for longer than the last of them.
            &many(Kind::Undeclared, now_ms - STRANGER_MS),
            &many(Kind::Reported, now_ms),
        ] {
            assert_eq!(Alert::strangers_over(all, now_ms), now_ms);
        }
    }

    #[test]
    fn visitors_were_asked_last_with_what_most_pages_of_the_last_day_had() {
        let line = |number, value: &str, views| {
            (day(number), value.to_owned(), Counts::default().with(Counter::Views, views))
        };
        let mut lines = vec![
            line(7, "1a2b3c4d/3", 900),
            line(8, "1a2b3c4d/3", 50),
            line(8, "1a2b3c4d/11", 30),
            // Of two shards.
            line(8, "1a2b3c4d/11", 20),
            line(8, "0f0f0f0f/11", 9),
            line(8, "1a2b3c4d", 400),
            line(9, "1a2b3c4d/3", 0),
        ];
        let version = |place| Some(("1a2b3c4d".to_owned(), place));
        assert_eq!(asked_last(&lines), version(11), "of as many the later");
        lines[3].2 = Counts::default();
        assert_eq!(asked_last(&lines), version(3));
        for none in [vec![], vec![line(8, "1a2b3c4d", 5)], vec![line(8, "?", 5)], vec![line(8, "a/3", 0)]] {
            assert_eq!(asked_last(&none), None, "{none:?}");
        }
    }

    #[test]
    fn what_waits_and_what_is_old_is_told() {
        assert_eq!(Alert::not_sealed(None, u64::MAX), None);
        assert_eq!(Alert::not_sealed(Some(5), 5 + SEALED_WITHIN_MS), None);
        assert_eq!(Alert::not_sealed(Some(5), 6 + SEALED_WITHIN_MS), Some(Alert::NotSealed { since_ms: 5 }));
        assert_eq!(Alert::notice_old(Some(day(100)), day(465)), None);
        assert_eq!(Alert::notice_old(Some(day(100)), day(466)).unwrap().key(), "notice-old 1970-04-11");
        assert_eq!(Alert::notice_old(None, day(9999)), None);
    }

    #[test]
    fn each_kind_begins_its_key() {
        let rate = Rate::new(1, 2);
        for alert in [
            Alert::RateDropped {
                begun: day(1),
                days: days(1, 1),
                now: rate,
                days_before: days(0, 0),
                before: rate,
            },
            Alert::RateSlid {
                begun: day(1),
                days: days(1, 1),
                now: rate,
                days_before: days(0, 0),
                before: rate,
            },
            Alert::CountsStopped { last: day(1) },
            Alert::Stranger { name: "x".into() },
            Alert::NotSealed { since_ms: 1 },
            Alert::NoticeOld { updated: day(1) },
            Alert::Experiment { name: "place".into(), winner: "corner".into(), text: "x".into() },
            Alert::Policy { text: "x".into() },
        ] {
            assert!(alert.key().starts_with(alert.kind()), "{alert:?}");
        }
    }
}
