//! All sites that somebody keeps, and how pages of several lead to each other.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, not their helpers"
)]

mod check;

use check::check_golden;
use postern_stats::{Counter, Counts, Day, Point, Question, Range};
use postern_view::{
    AlertLine, Dashboard, Locale, Overview, Place, SiteFigures, SiteLine, Standing, dashboard, sites, today,
};

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn counts(accepted: u64, refused: u64) -> Counts {
    [
        (Counter::Views, 40_000),
        (Counter::First, 2 * (accepted + refused)),
        (Counter::Accepted, accepted),
        (Counter::Refused, refused),
        (Counter::FirstAnswered, accepted + refused),
        (Counter::FirstGranted, accepted),
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
    country_name: &|code| code.to_owned(),
    language_name: &|tag| tag.to_owned(),
};

const PLACE: Place<'_> = Place { site: "shop", is_other: false, has_several: true, may_register: true };

const ALERTS: [AlertLine<'_>; 2] = [
    AlertLine { kind: "stranger", text: "hotjar is in the pages and not in the policy." },
    AlertLine { kind: "policy", text: "In the policy: <b>no DPA</b>" },
];

/// Thirty days until yesterday.
fn days() -> Range {
    Range { first: day("2026-10-05"), last: day("2026-11-03") }
}

/// A site with these figures now and before.
fn line<'a>(id: &'a str, whole: Counts, before: Counts, alerts: &'a [AlertLine<'a>]) -> SiteLine<'a> {
    let point = |first, counts| Point { first: day(first), last: day(first), counts };
    let points = Box::leak(Box::new([
        point("2026-11-01", counts(40, 60)),
        point("2026-11-02", counts(50, 50)),
        point("2026-11-03", counts(20, 80)),
    ]));
    let standing = Standing { begin: Some(day("2026-10-01")), ..Standing::default() };
    let figures = SiteFigures { standing, range: days(), whole, before, points, alerts };
    SiteLine { id, is_named: true, host: Some("www.example"), figures: Ok(figures) }
}

fn page(lines: &[SiteLine<'_>]) -> String {
    sites(&Overview { place: PLACE, sites: lines }, &ENGLISH).into_string()
}

fn row<'page>(page: &'page str, id: &str) -> &'page str {
    let row = page.split("<tr").find(|row| row.contains(&format!("data-site=\"{id}\""))).unwrap();
    row.split("</tr>").next().unwrap()
}

#[test]
fn the_markup_is_the_golden_one() {
    let quiet = SiteFigures {
        standing: Standing::default(),
        range: days(),
        whole: Counts::default(),
        before: Counts::default(),
        points: &[],
        alerts: &[],
    };
    let lines = [
        line("shop", counts(500, 500), counts(600, 400), &ALERTS),
        line("clinic", counts(20, 21), counts(21, 20), &[]),
        SiteLine { id: "rewards", is_named: true, host: None, figures: Ok(quiet) },
        SiteLine { id: "FIRM", is_named: false, host: None, figures: Err("Its policy cannot be read.") },
    ];
    check_golden("sites.html", &page(&lines));
}

#[test]
fn a_change_is_told_where_chance_alone_would_hardly_make_it() {
    let page = page(&[
        line("down", counts(500, 500), counts(600, 400), &[]),
        line("same", counts(20, 21), counts(21, 20), &[]),
        line("new", counts(500, 500), Counts::default(), &[]),
    ]);
    assert!(row(&page, "down").contains("<td>−10.0</td>"), "{page}");
    assert!(row(&page, "same").contains("<td>none told</td>"), "{page}");
    assert!(row(&page, "new").contains("<td>–</td>"), "{page}");
}

#[test]
fn days_are_said_once_where_they_are_the_same_and_else_of_each_site() {
    let shop = line("shop", counts(500, 500), counts(600, 400), &[]);
    let lost = SiteLine { id: "FIRM", is_named: false, host: None, figures: Err("Why.") };
    let same = page(&[shop.clone(), shop.clone(), lost.clone()]);
    assert_eq!(same.matches("5\u{a0}Oct\u{a0}2026 – 3\u{a0}Nov\u{a0}2026").count(), 1, "{same}");
    let mut east = line("east", counts(500, 500), counts(600, 400), &[]);
    if let Ok(figures) = &mut east.figures {
        figures.range = Range { first: day("2026-10-06"), last: day("2026-11-04") };
    }
    let page = page(&[shop, east, lost]);
    assert!(page.contains("<p>The last days of each site by its own time zone"), "{page}");
    assert!(row(&page, "shop").contains("5\u{a0}Oct\u{a0}2026 – 3\u{a0}Nov\u{a0}2026"), "{page}");
    assert!(row(&page, "east").contains("6\u{a0}Oct\u{a0}2026 – 4\u{a0}Nov\u{a0}2026"), "{page}");
    assert!(!self::page(&[]).contains("Of everybody"));
}

#[test]
fn what_must_be_seen_to_is_counted_and_a_site_without_figures_is_one() {
    let shop = line("shop", counts(500, 500), counts(600, 400), &ALERTS);
    let lost =
        SiteLine { id: "FIRM", is_named: false, host: None, figures: Err("Its policy <cannot> be read.") };
    let page = page(&[shop, lost]);
    assert!(page.contains("<h1>2 sites, 3 things to see to</h1>"), "{page}");
    assert!(row(&page, "shop").contains("<td class=\"warn\">2</td>"), "{page}");
    assert!(row(&page, "FIRM").contains("<td class=\"warn\">1</td>"), "{page}");
    assert!(
        row(&page, "FIRM").contains("Its policy &lt;cannot&gt; be read.")
            && !row(&page, "FIRM").contains("href")
    );
    assert!(page.contains("&lt;b&gt;no DPA") && !page.contains("<b>no DPA"));
    let one = self::page(&[line("shop", counts(500, 500), counts(600, 400), &[])]);
    assert!(one.contains("<h1>One site, nothing to see to</h1>"), "{one}");
}

#[test]
fn each_site_leads_to_its_figures_and_its_figures_to_more_of_it() {
    let page = page(&[line("clinic", counts(500, 500), counts(600, 400), &[])]);
    assert!(row(&page, "clinic").contains("href=\"/_postern/dashboard?site=clinic&amp;days=30\""), "{page}");
    let question = Question { site: Some("clinic".into()), ..Question::default() };
    let of_site = dashboard(&Dashboard {
        place: Place { site: "clinic", is_other: true, may_register: false, ..PLACE },
        question: &question,
        today: day("2026-11-04"),
        standing: Standing { begin: Some(day("2026-10-01")), ..Standing::default() },
        whole: counts(500, 500),
        points: &[],
        beside: None,
        sums: &[],
        marks: &[],
        alerts: &[],
        week: None,
        experiment: None,
        offered: &[],
        vendors: &[],
        seen: &[],
        day_of: &|at_ms| Day::from_unix_ms(at_ms, 0),
        locale: ENGLISH,
    })
    .into_string();
    let links: Vec<&str> =
        of_site.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let own =
        links.iter().filter(|link| link.contains("/_postern/dashboard?") || link.contains("/_postern/api/"));
    for link in own {
        assert!(link.contains("site=clinic"), "{link}");
    }
    assert!(links.contains(&"/_postern/dashboard/sites"), "{links:?}");
    assert!(!links.contains(&"/_postern/requests") && !links.contains(&"/_postern/dashboard"), "{links:?}");
    assert!(of_site.contains("<input type=\"hidden\" name=\"site\" value=\"clinic\">"));
    assert!(of_site.contains("data-live=\"/_postern/dashboard/today?site=clinic\""));
    let one = today(None, &Standing::default(), &ENGLISH).into_string();
    assert!(one.contains("data-live=\"/_postern/dashboard/today\""));
}
