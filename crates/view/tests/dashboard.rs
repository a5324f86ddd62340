//! The dashboard: its answer, what can be asked, what it says where there is nothing, and its whole markup as golden files.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, not their helpers"
)]

#[path = "dashboard/beside.rs"]
mod beside;
mod check;
#[path = "dashboard/files.rs"]
mod files;
#[path = "dashboard/marks.rs"]
mod marks;
#[path = "dashboard/shares.rs"]
mod shares;

use check::check_golden;
use postern_stats::{
    Against, Alert, Counter, Counts, Day, Dimension, Findings, Kind, Level, Point, Question, Range, Seen,
    Segment, Span, Week, last_week,
};
use postern_view::{
    AlertLine, Beside, Dashboard, Locale, Mark, Place, Standing, Sum, Tried, VendorName, alert_text,
    beside_name, dashboard, dashboard_refusal, figures_address, today, week_text,
};

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn counts(first: u64, accepted: u64, refused: u64, partial: u64) -> Counts {
    [
        (Counter::Views, first * 4),
        (Counter::Shown, first * 2),
        (Counter::First, first),
        (Counter::Accepted, accepted),
        (Counter::Refused, refused),
        (Counter::Partial, partial),
        (Counter::FirstAnswered, accepted + refused + partial),
        (Counter::FirstGranted, accepted + partial),
        (Counter::Analytics, accepted + partial),
        (Counter::Marketing, accepted),
    ]
    .into_iter()
    .fold(Counts::default(), |counts, (counter, more)| counts.with(counter, more))
}

const ENGLISH: Locale<'_> = Locale {
    tag: "en",
    group: ",",
    decimal: ".",
    grouped_from: 4,
    group_digits: 3,
    country_name: &country_name,
    language_name: &country_name,
};

fn country_name(code: &str) -> String {
    format!("<{code}>")
}

fn sums() -> Vec<Sum> {
    let sum = |dimension, value: &str, counts| (dimension, value.to_owned(), counts);
    vec![
        sum(Dimension::All, "", counts(150, 57, 38, 5)),
        sum(Dimension::Place, "EU/FR", counts(90, 40, 20, 3)),
        sum(Dimension::Place, "GB/GB", counts(40, 12, 11, 2)),
        sum(Dimension::Place, "other", counts(20, 5, 7, 0)),
        sum(Dimension::Client, "phone/safari", counts(100, 37, 28, 5)),
        sum(Dimension::Client, "computer/chrome", counts(50, 20, 10, 0)),
        sum(Dimension::Wait, "15-60", counts(0, 7, 18, 5)),
        sum(Dimension::Wait, "2-5", counts(0, 50, 20, 0)),
        sum(Dimension::Vendor, "youtube", Counts::default().with(Counter::Times, 12)),
        sum(Dimension::Gate, "held/ga4", Counts::default().with(Counter::Times, 1234)),
        sum(Dimension::Gate, "refused/ga4", Counts::default().with(Counter::Times, 7)),
        sum(Dimension::Cover, "country:FR", Counts::default().with(Counter::First, 150)),
        sum(Dimension::Cover, "country:GB", Counts::default().with(Counter::First, 100)),
        sum(Dimension::Cover, "device:phone", Counts::default().with(Counter::First, 143)),
        sum(Dimension::Version, "1a2b3c4d/7", counts(110, 40, 20, 3)),
        sum(Dimension::Version, "1a2b3c4d/9", counts(40, 12, 11, 2)),
        sum(Dimension::Cover, "banner:7", Counts::default().with(Counter::First, 120)),
        sum(Dimension::Cover, "banner:9", Counts::default().with(Counter::First, 80)),
    ]
}

fn points() -> Vec<Point> {
    let point = |first, last, counts| Point { first: day(first), last: day(last), counts };
    vec![
        point("2026-11-20", "2026-11-21", counts(50, 17, 8, 0)),
        point("2026-11-22", "2026-11-22", counts(100, 40, 30, 5)),
    ]
}

const OFFERED: [Counter; 2] = [Counter::Analytics, Counter::Marketing];

const VENDORS: [VendorName<'_>; 2] = [
    VendorName { id: "ga4", name: "Google Analytics 4", category: Some(Counter::Analytics) },
    VendorName { id: "youtube", name: "YouTube", category: Some(Counter::Social) },
];

/// A reader who keeps the register of one site.
const PLACE: Place<'_> = Place { site: "luxmoor", is_other: false, has_several: false, may_register: true };

/// A dashboard of these figures.
fn page<'a>(change: impl FnOnce(&mut Dashboard<'a>)) -> String {
    // A few kilobytes for the time of the tests, so that each can put in what it has itself.
    let question: &'static Question = Box::leak(Box::default());
    let (sums, points): (&'static [Sum], &'static [Point]) = (sums().leak(), points().leak());
    let standing = Standing {
        begin: Some(day("2026-11-20")),
        published: Some((day("2026-11-20"), day("2026-11-22"))),
        today: counts(19, 3, 2, 0).with(Counter::Bots, 12_345),
        ..Standing::default()
    };
    let mut facts = Dashboard {
        place: PLACE,
        question,
        today: day("2026-11-23"),
        standing,
        whole: counts(150, 57, 38, 5),
        points,
        beside: None,
        sums,
        marks: &[],
        alerts: &[],
        week: None,
        experiment: None,
        offered: &OFFERED,
        vendors: &VENDORS,
        seen: &[],
        day_of: &|at_ms| Day::from_unix_ms(at_ms, 60),
        locale: ENGLISH,
    };
    change(&mut facts);
    dashboard(&facts).into_string()
}

/// A week after one in which half said yes.
fn week(counts: Counts) -> Week {
    Week { days: last_week(day("2026-11-23")), counts, before: self::counts(150, 50, 50, 0) }
}

/// The same where nothing is counted.
fn empty<'a>(change: impl FnOnce(&mut Dashboard<'a>)) -> String {
    page(|facts| {
        (facts.whole, facts.points, facts.sums) = (Counts::default(), &[], &[]);
        facts.standing = Standing::default();
        change(facts);
    })
}

#[test]
fn the_markup_is_the_golden_one() {
    let week = week(counts(150, 57, 38, 5));
    let mark = |at, text: &str, version| Mark { day: day(at), text: text.into(), version };
    let marks = [
        mark("2026-11-21", "version 9 of the banner: banner.layout from bar to box", Some(9)),
        mark("2026-11-22", "the first day of experiment “place”", None),
    ];
    check_golden("dashboard.html", &page(|facts| (facts.week, facts.marks) = (Some(&week), &marks)));
    check_golden("dashboard-empty.html", &empty(|_| {}));
}

#[test]
fn it_answers_first() {
    let page = page(|_| {});
    // 62 of 100 answers; Wilson 52.21 to 70.90 %, so ± 9.3 points; 62 of 150 browsers asked.
    assert!(page.contains("<h1>62\u{a0}% of those who answered said yes</h1>"), "{page}");
    assert!(page.contains("Of the browsers asked 41\u{a0}%."), "{page}");
    assert!(page.contains("±\u{a0}9.3 points: 62 of 100 answers."), "{page}");
    assert!(
        page.contains("<td data-value=\"0.6200\">62\u{a0}%</td>") || page.contains("data-value=\"0.6000\""),
        "{page}"
    );
    // What a reader's language writes otherwise.
    assert!(page.contains("<td>1,234</td>"), "{page}");
}

#[test]
fn a_group_is_told_by_what_lies_within_its_own_dimension_alone() {
    let question = Question {
        segment: Some(Segment { level: Level::Device, value: "phone".into() }),
        ..Question::default()
    };
    let page = page(|facts| facts.question = &question);
    assert!(page.contains("said yes, device: Phone</h1>"), "{page}");
    assert!(page.contains("id=\"browser\"") && page.contains("Safari"), "{page}");
    for other in ["id=\"country\"", "id=\"wait\"", "Granted by itself", "data-value-of=\"chrome\""] {
        assert!(!page.contains(other), "{other}");
    }
    // What can be asked stays whole, and what is asked is chosen.
    assert!(page.contains("<option value=\"country:FR\">&lt;FR&gt;</option>"), "{page}");
    assert!(page.contains("<option value=\"device:phone\" selected>Phone</option>"), "{page}");
}

#[test]
fn values_lead_to_their_own_figures_and_keep_what_else_is_asked() {
    let question = Question { span: Span::Last(90), against: Against::Before, ..Question::default() };
    let page = page(|facts| facts.question = &question);
    let link =
        "<a href=\"/_postern/dashboard?days=90&amp;segment=country:FR&amp;against=before\">&lt;FR&gt;</a>";
    assert!(page.contains(link), "{page}");
    // Ranges of time stand in their order, whoever answered most.
    assert!(page.find("2 to 5 s").unwrap() < page.find("15 to 60 s").unwrap(), "{page}");
}

#[test]
fn a_figure_has_so_many_lines_and_the_others_are_added_up() {
    let countries: Vec<Sum> = (0..40u64)
        .map(|number| (Dimension::Place, format!("EU/C{number:02}"), counts(20, 100 - number, 0, 0)))
        .collect();
    let page = page(|facts| facts.sums = &countries);
    let body = page.split("id=\"country\"").nth(1).unwrap().split("</figure>").next().unwrap();
    assert_eq!(body.matches("<tr data-value-of").count(), 16);
    // Of 100, 99, … the first fifteen stand alone: 25 others, from 85 down to 61.
    assert!(body.contains("<tr data-value-of=\"other\">") && body.contains(">1,825</td>"), "{body}");
    assert!(body.contains("The 24 with the fewest answers"), "{body}");
}

#[test]
fn today_is_told_in_steps_so_that_nobody_is_watched() {
    let said = |counts| {
        today(None, &Standing { today: counts, due: 1234, gate: [9, 57, 0], ..Standing::default() }, &ENGLISH)
            .into_string()
    };
    let page = said(counts(19, 3, 2, 0));
    for (name, text) in [
        ("Pages", "70 or more"),
        ("Browsers asked", "10 or more"),
        ("Pages of bots, left out", "fewer than 10"),
        ("Grants that run out within 30 days", "1,230 or more"),
        ("Trackers held, by page", "fewer than 10"),
        ("Identifiers taken out", "50 or more"),
        ("Hits refused", "fewer than 10"),
    ] {
        assert!(page.contains(&format!("<dd data-today=\"{name}\">{text}</dd>")), "{name}: {page}");
    }
    assert_eq!(said(counts(13, 2, 1, 0)), said(counts(14, 3, 2, 0)), "a visitor more is not seen");
    assert!(page.contains("data-live=\"/_postern/dashboard/today\""), "{page}");
}

#[test]
fn where_there_is_nothing_it_says_what_to_do() {
    assert!(empty(|_| {}).contains("<h1>Nothing counted yet</h1>"));
    let begun = empty(|facts| facts.standing.begin = Some(day("2026-11-22")));
    assert!(begun.contains("<h1>Nothing to show yet of these days</h1>"), "{begun}");
    let more = empty(|facts| facts.standing.has_more = true);
    assert!(more.contains("<h1>Figures are being gathered</h1>"), "{more}");
    let question = Question {
        segment: Some(Segment { level: Level::Country, value: "MT".into() }),
        ..Question::default()
    };
    let of_group = empty(|facts| {
        facts.standing.begin = Some(day("2026-11-22"));
        facts.question = &question;
    });
    assert!(of_group.contains("<h1>Nothing to show of these</h1>"), "{of_group}");
    let refused = dashboard_refusal(&PLACE, "That <cannot>", "days is a number", Some(("/x", "Else")));
    assert!(
        refused
            .into_string()
            .contains("<h1>That &lt;cannot&gt;</h1><p>days is a number</p><p><a href=\"/x\">Else</a></p>")
    );
}

#[test]
fn who_tries_again_asks_the_same() {
    let question = Question {
        span: Span::Last(7),
        segment: Some(Segment { level: Level::Page, value: "a\"b&c".into() }),
        ..Question::default()
    };
    let address = figures_address(&question);
    let page = dashboard_refusal(&PLACE, "No figures", "Why.", Some((&address, "Try again"))).into_string();
    let link = "<a href=\"/_postern/dashboard?days=7&amp;segment=page:a%22b%26c\">Try again</a>";
    assert!(page.contains(link), "{page}");
}

#[test]
fn what_must_be_seen_to_says_what_to_do() {
    let rate = postern_stats::Rate::new;
    for (alert, text) in [
        (
            Alert::RateDropped {
                begun: day("2026-11-22"),
                days: Range { first: day("2026-11-22"), last: day("2026-11-22") },
                now: rate(40, 100),
                days_before: Range { first: day("2026-11-02"), last: day("2026-11-21") },
                before: rate(420, 700),
            },
            "40\u{a0}% of those who answered said yes on 22\u{a0}Nov\u{a0}2026, \
             after 60\u{a0}% from 2\u{a0}Nov\u{a0}2026 to 21\u{a0}Nov\u{a0}2026. See what was changed",
        ),
        (
            Alert::CountsStopped { last: day("2026-11-20") },
            "No page has been counted since 20\u{a0}Nov\u{a0}2026.",
        ),
        (
            Alert::Stranger { name: "cdn.example".into() },
            "cdn.example is in the pages and not in the policy.",
        ),
        (
            Alert::NotSealed { since_ms: 1_795_346_441_000 },
            "Since 22\u{a0}Nov\u{a0}2026, 11:20 UTC nothing recorded",
        ),
        (
            Alert::NoticeOld { updated: day("2025-01-02") },
            "The cookie notice was updated on 2\u{a0}Jan\u{a0}2025, more than a year ago.",
        ),
        (
            Alert::Experiment { name: "place".into(), winner: "corner".into(), text: "Stop.".into() },
            "Experiment “place”: Stop. In the policy, under [experiment]: winner = \"corner\"",
        ),
        (Alert::Policy { text: "x is y".into() }, "In the policy: x is y"),
    ] {
        let said = alert_text(&alert, &ENGLISH);
        assert!(said.starts_with(text), "{said}");
    }
    assert_eq!(
        week_text("luxmoor", &week(counts(150, 57, 38, 5)), &ENGLISH),
        "luxmoor, the week until 22\u{a0}Nov\u{a0}2026: 62\u{a0}% of those who answered said yes (±\u{a0}9.3 points, +12.0 points from the week before). \
         100 answers, 150 browsers asked, 600 pages, 0 took back what they had granted."
    );
    let nobody = week_text("luxmoor", &week(Counts::default()), &ENGLISH);
    assert!(nobody.ends_with("too few have answered to tell."), "{nobody}");
}

#[test]
fn the_last_week_stands_on_the_page_in_the_words_of_the_message_and_whatever_is_asked() {
    let week = week(counts(150, 57, 38, 5));
    let text = week_text("luxmoor", &week, &ENGLISH);
    for page in [page(|facts| facts.week = Some(&week)), empty(|facts| facts.week = Some(&week))] {
        assert!(page.contains(&format!("<p id=\"week\" class=\"soft\">{text}</p>")), "{page}");
    }
    assert!(!page(|_| {}).contains("id=\"week\""));
}

#[test]
fn it_names_who_was_not_declared_and_what_failed() {
    let sight = |kind, name: &str, count| {
        let (first_ms, last_ms) = (1_795_000_000_000, 1_795_300_000_000);
        Seen { kind, name: name.into(), page: "/orders/…".into(), count, first_ms, last_ms }
    };
    let seen = [
        sight(Kind::Fault, "rewriter", 2),
        sight(Kind::Undeclared, "tiktok", 9),
        sight(Kind::Unknown, "cdn.other.example", 4),
    ];
    let page = empty(|facts| facts.seen = &seen);
    let order = ["cdn.other.example", "tiktok", "Pages served otherwise", "rewriter"];
    let places: Vec<usize> = order.iter().map(|text| page.find(text).unwrap()).collect();
    assert!(places.is_sorted(), "{page}");
    assert!(page.contains("unknown host") && page.contains("known vendor, not listed"), "{page}");
}

#[test]
fn hostile_texts_stay_texts() {
    let bad = "\"><script>alert(2)</script>";
    let seen =
        [Seen { kind: Kind::Unknown, name: bad.into(), page: bad.into(), count: 1, first_ms: 0, last_ms: 0 }];
    let sums = [Dimension::Page, Dimension::Language, Dimension::Version, Dimension::Gate, Dimension::Place]
        .map(|dimension| {
            (dimension, format!("x{bad}/{bad}"), counts(50, 20, 10, 0).with(Counter::Times, 30))
        });
    let question = Question {
        segment: Some(Segment { level: Level::Page, value: bad.into() }),
        against: Against::Segment(Segment { level: Level::Page, value: bad.into() }),
        ..Question::default()
    };
    let points = points();
    let beside = Beside { name: bad, whole: counts(50, 20, 10, 0), points: &points };
    let vendors = [VendorName { id: bad, name: bad, category: Some(Counter::Social) }];
    for question in [&question, &Question::default()] {
        let markup = page(|facts| {
            (facts.place.site, facts.seen, facts.sums, facts.question) = (bad, &seen, &sums, question);
            (facts.beside, facts.vendors) = (Some(&beside), &vendors);
        });
        assert!(!markup.contains("<script>"), "{markup}");
        assert!(markup.contains("&lt;script&gt;"));
    }
}

#[test]
fn it_has_a_frame_one_heading_and_one_script_of_ours() {
    for page in [page(|_| {}), empty(|_| {})] {
        assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\" dir=\"ltr\">"));
        for (part, count) in [
            ("<title>", 1),
            ("<h1", 1),
            ("<main>", 1),
            ("<header>", 1),
            ("<script type=\"module\" src=\"/_postern/dashboard.js\"></script>", 1),
            ("<script", 1),
            ("<style", 0),
            (" style=", 0),
            (" onclick", 0),
        ] {
            assert_eq!(page.matches(part).count(), count, "{part}");
        }
    }
}

#[test]
fn an_experiment_says_whether_to_stop() {
    let way = |first, accepted| {
        let counts = Counts::default().with(Counter::First, first).with_first(Counter::Accepted, accepted);
        vec![Point { first: day("2026-11-22"), last: day("2026-11-22"), counts }]
    };
    let tried = |ways: &[Vec<Point>]| Tried {
        name: "place",
        ways: vec!["control", "corner"],
        first: day("2026-11-20"),
        last: day("2026-11-30"),
        winner: None,
        points: 3,
        findings: Findings::of(ways, 0.5, 0.03),
    };
    let told = |tried: &Tried<'_>, today: &str| {
        page(|facts| (facts.experiment, facts.today) = (Some(tried), day(today)))
    };
    let now = "2026-11-23";
    let better = tried(&[way(4000, 1400), way(4000, 1600)]);
    let shown = told(&better, now);
    assert!(
        shown.contains(
            "“corner” is better: 40.0\u{a0}% of the browsers asked so said yes, 35.0\u{a0}% of those"
        ),
        "{shown}"
    );
    assert!(shown.contains("winner = &quot;corner&quot;") && shown.contains("<td>+5.0</td>"), "{shown}");
    assert!(shown.contains("<td>&lt;\u{a0}0.001</td>"), "{shown}");
    let worse = told(&tried(&[way(4000, 1600), way(4000, 1400)]), now);
    assert!(
        worse.contains("own way is better than what was tried: 40.0\u{a0}%")
            && worse.contains("winner = &quot;control&quot;")
    );
    let open = tried(&[way(400, 160), way(400, 150)]);
    let planned = postern_stats::planned_size(0.5, 0.03, 1).unwrap() * 2;
    let sentence = format!(
        "Not decided yet: 400 of {},{:03} browsers asked in each way. Go on until 30\u{a0}Nov\u{a0}2026.",
        planned / 1000,
        planned % 1000
    );
    assert!(told(&open, now).contains(&sentence), "{}", told(&open, now));
    assert!(told(&open, "2026-12-02").contains("It ended on 30\u{a0}Nov\u{a0}2026 without"));
    assert!(told(&open, "2026-11-02").contains("It begins on 20\u{a0}Nov\u{a0}2026."));
    let same = told(&tried(&[way(9000, 4500), way(9000, 4500)]), now);
    assert!(
        same.contains("No difference of 3 points or more was found")
            && same.contains("winner = &quot;control&quot;"),
        "{same}"
    );
    // Of many browsers a difference is known that whole per cents would not show.
    let close = told(&tried(&[way(900_000, 360_900), way(900_000, 364_500)]), now);
    assert!(
        close.contains(
            "“corner” is better: 40.5\u{a0}% of the browsers asked so said yes, 40.1\u{a0}% of those"
        ),
        "{close}"
    );
    assert!(told(&tried(&[vec![], vec![]]), now).contains("Nothing to show yet."));
    let over = Tried { winner: Some("corner"), ..better };
    let over = told(&over, now);
    assert!(over.contains("everybody is asked like “corner”") && !over.contains("<pre>"), "{over}");
    assert!(!page(|_| {}).contains("Experiment"));
}

#[test]
fn an_experiments_section_is_the_golden_one() {
    let point = |text, asked, accepted, refused| {
        let counts = counts(asked, accepted, refused, 20);
        Point { first: day(text), last: day(text), counts }
    };
    let way = |accepted, refused| {
        vec![point("2026-11-21", 2000, accepted, refused), point("2026-11-22", 2100, accepted + 10, refused)]
    };
    let tried = Tried {
        name: "place",
        ways: vec!["control", "corner", "words"],
        first: day("2026-11-20"),
        last: day("2026-11-30"),
        winner: None,
        points: 3,
        findings: Findings::of(&[way(700, 500), way(900, 450), way(710, 480)], 0.35, 0.03),
    };
    let page = page(|facts| facts.experiment = Some(&tried));
    let section = page.split("<h2 id=\"experiment\">").nth(1).unwrap().split("</details>").next().unwrap();
    check_golden("dashboard-experiment.html", &format!("<h2 id=\"experiment\">{section}</details>"));
}
