//! The tables, of figures made up.

use super::*;
use postern_stats::{Dimension, Findings, Kind, Point};

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn range(first: &str, last: &str) -> Range {
    Range { first: day(first), last: day(last) }
}

/// Figures of everybody, half of them in France, where the same share says yes.
fn figures(first: u64, accepted: u64, refused: u64) -> Figures {
    let counts = |part: u64| {
        let counts = Counts::default().with(Counter::First, first / part);
        counts.with_first(Counter::Accepted, accepted / part).with_first(Counter::Refused, refused / part)
    };
    let times = |count| Counts::default().with(Counter::Times, count);
    let sum = |dimension, value: &str, counts| (dimension, value.to_owned(), counts);
    Figures {
        sums: vec![
            sum(Dimension::All, "", counts(1).with(Counter::Analytics, accepted)),
            sum(Dimension::Place, "EU/FR", counts(2)),
            sum(Dimension::Cover, "country:FR", Counts::default().with(Counter::First, first)),
            sum(Dimension::Gate, "held/ga4", times(500)),
            sum(Dimension::Gate, "refused/ga4", times(12)),
            sum(Dimension::Gate, "held/=own,\"one\"", times(20)),
        ],
        points: vec![Point { first: day("2026-11-20"), last: day("2026-11-21"), counts: counts(1) }],
        ..Figures::default()
    }
}

/// Rows of cells, without the heads; of texts without signs that are quoted.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let lines: Vec<Vec<&str>> =
        text.strip_suffix("\r\n").unwrap().split("\r\n").map(|line| line.split(',').collect()).collect();
    assert!(lines.iter().all(|line| line.len() == lines[0].len()), "{text}");
    lines[1..].to_vec()
}

/// The cells of a row under these heads.
fn cells<'text, const N: usize>(text: &'text str, row: usize, heads: [&str; N]) -> [&'text str; N] {
    let all: Vec<&str> = text.split("\r\n").next().unwrap().split(',').collect();
    heads.map(|head| rows(text)[row][all.iter().position(|name| *name == head).unwrap()])
}

#[test]
fn a_text_is_one_cell_and_no_formula() {
    for (text, cell) in [
        ("", ""),
        ("phone", "phone"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("a,b", "\"a,b\""),
        ("a \"b\"", "\"a \"\"b\"\"\""),
        ("=a\r\nb", "\"'=a\r\nb\""),
    ] {
        assert_eq!(quoted(text), cell, "{text:?}");
    }
}

#[test]
fn each_file_has_its_table_and_by_a_level_only_with_one() {
    for file in ["series", "totals", "categories", "gate", "seen", "experiment"] {
        let table = Table::named(&format!("{file}.csv"), None).unwrap();
        let name = if file == "series" { "figures" } else { file };
        assert_eq!(table.file(), format!("{name}.csv"));
    }
    assert_eq!(Table::named("breakdown.csv", Some(Level::Country)), Some(Table::Breakdown(Level::Country)));
    for none in ["breakdown.csv", "figures.csv", "gate", ""] {
        assert_eq!(Table::named(none, None), None, "{none}");
    }
}

#[test]
fn the_files_are_those_that_are_described_and_their_heads_too() {
    let described: serde_json::Value = serde_json::from_str(crate::api::OPEN_API).unwrap();
    let paths = described["paths"].as_object().unwrap();
    let files: Vec<&str> = paths.keys().filter_map(|path| path.strip_prefix("/api/v1/")).collect();
    let files: Vec<&str> = files.into_iter().filter(|path| path.ends_with(".csv")).collect();
    assert_eq!(files.len(), 8, "{files:?}");
    for file in files.into_iter().filter(|file| *file != "sites.csv") {
        let table = Table::named(file, Some(Level::Country)).unwrap();
        let none = Figures::default();
        let text = match table {
            Table::Categories => categories(&Counts::default(), &[]),
            Table::Gate => acts(&none),
            Table::Seen => seen(&[], |at_ms| Day::from_unix_ms(at_ms, 0)),
            Table::Experiment => experiment(None),
            // What they count is described as it is for JSON.
            Table::Series | Table::Breakdown(_) | Table::Totals => continue,
        };
        let said = &paths[&format!("/api/v1/{file}")]["get"]["responses"]["200"]["description"];
        let mut rest = said.as_str().unwrap().split("Heads: ").nth(1).unwrap();
        for head in text.trim_end().split(',') {
            let quoted = format!("`{head}`");
            let place = rest.find(&quoted).unwrap_or_else(|| panic!("{file}: {head} in its place: {said}"));
            rest = &rest[place + quoted.len()..];
        }
    }
}

#[test]
fn the_first_columns_stay_where_they_are() {
    let counters = "views,bots,shown,first,reported,no_script,accepted,refused,partial,withdrawn,by_agent,functional,\
                    analytics,marketing,social,times,yes_of_answers,low,high,yes_of_asked,of_asked_low,of_asked_high,\
                    first_answered,first_granted\r\n";
    let of_time = series(&figures(150, 30, 70), None);
    assert!(of_time.starts_with(&format!("from,to,{counters}2026-11-20,2026-11-21,0,0,0,150,")), "{of_time}");
    let by_country = breakdown(&figures(150, 30, 70), None, Level::Country);
    assert!(by_country.starts_with(&format!("value,{counters}FR,0,0,0,75,")), "{by_country}");
    // Nothing is kept of those who share a country and a device.
    let phones = Segment { level: Level::Device, value: "phone".into() };
    assert_eq!(rows(&breakdown(&figures(150, 30, 70), Some(&phones), Level::Country)).len(), 0);
}

#[test]
fn totals_have_a_row_for_what_is_asked_and_one_for_what_stands_beside() {
    let (own, days) = (figures(150, 30, 70), range("2026-11-20", "2026-11-21"));
    let alone = totals(days, None, &own, None);
    assert_eq!(rows(&alone).len(), 1);
    assert_eq!(cells(&alone, 0, ["from", "to", "segment"]), ["2026-11-20", "2026-11-21", ""]);
    let france = Segment { level: Level::Country, value: "FR".into() };
    let before = range("2026-11-18", "2026-11-19");
    let other = Other { range: before, segment: Some(france), figures: figures(200, 80, 20) };
    let both = totals(days, None, &own, Some(&other));
    let heads = ["from", "to", "segment", "accepted", "yes_of_answers", "yes_of_asked"];
    assert_eq!(rows(&both).len(), 2);
    assert_eq!(cells(&both, 0, heads), ["2026-11-20", "2026-11-21", "", "30", "0.300000", "0.200000"]);
    assert_eq!(
        cells(&both, 1, heads),
        ["2026-11-18", "2026-11-19", "country:FR", "40", "0.800000", "0.400000"]
    );
}

#[test]
fn categories_are_told_as_on_the_page() {
    let whole = whole(&figures(150, 30, 70).sums, None);
    let heads = "category,grants,yes_of_answers,low,high\r\n";
    // Wilson's intervals of 30 and of none of 100, by Python's math.
    let analytics = "analytics,30,0.300000,0.218949,0.395849\r\n";
    assert_eq!(categories(&whole, &[]), format!("{heads}{analytics}"));
    let social = "social,0,0.000000,0.000000,0.036993\r\n";
    assert_eq!(categories(&whole, &[Counter::Social]), format!("{heads}{analytics}{social}"));
    assert_eq!(categories(&Counts::default(), &[Counter::Social]), heads);
}

#[test]
fn a_site_has_its_days_and_empty_cells_where_its_figures_cannot_be_had() {
    let days = range("2026-11-01", "2026-11-30");
    let counts = Counts::default().with(Counter::First, 100).with_first(Counter::Accepted, 20);
    let text = sites(
        [
            ("shop".to_owned(), Some("shop.example".to_owned()), days, Some(counts)),
            ("=clinic".to_owned(), None, days, None),
        ]
        .into_iter(),
    );
    assert_eq!(
        cells(&text, 0, ["site", "host", "from", "to", "first", "accepted", "yes_of_asked"]),
        ["shop", "shop.example", "2026-11-01", "2026-11-30", "100", "20", "0.200000"]
    );
    assert_eq!(
        cells(&text, 1, ["site", "host", "first", "low", "first_granted"]),
        ["'=clinic", "", "", "", ""]
    );
}

#[test]
fn the_gate_has_a_row_for_each_vendor() {
    let heads = "vendor,held,released,stripped,refused,anonymous\r\n";
    let own = "\"'=own,\"\"one\"\"\",20,0,0,0,0\r\n";
    assert_eq!(acts(&figures(150, 30, 70)), format!("{heads}{own}ga4,500,0,0,12,0\r\n"));
    assert_eq!(acts(&Figures::default()), heads);
}

#[test]
fn what_was_seen_by_a_few_is_not_told_or_not_how_often() {
    let sight = |kind, name: &str, count| {
        let (first_ms, last_ms) = (1_795_000_000_000, 1_795_300_000_000);
        Seen { kind, name: name.into(), page: "/a,b".into(), count, first_ms, last_ms }
    };
    let all = [
        sight(Kind::Cookie, "rare", 9),
        sight(Kind::Cookie, "=often", 10),
        sight(Kind::Unknown, "cdn.example", 4),
    ];
    let host = "unknown,cdn.example,\"/a,b\",,2026-11-18,2026-11-21\r\n";
    let cookie = "cookie,'=often,\"/a,b\",10,2026-11-18,2026-11-21\r\n";
    assert_eq!(
        seen(&all, |at_ms| Day::from_unix_ms(at_ms, 0)),
        format!("kind,name,page,times,first,last\r\n{host}{cookie}")
    );
}

#[test]
fn an_experiment_has_a_row_for_each_way_and_without_one_there_are_heads_alone() {
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
    let found = tried(&[way(4000, 1400), way(4000, 2000)]);
    let text = experiment(Some(&found));
    let counts = ["way", "asked", "answered", "granted", "yes_of_asked"];
    assert_eq!(cells(&text, 0, counts), ["control", "4000", "1400", "1400", "0.350000"]);
    assert_eq!(cells(&text, 1, counts), ["corner", "4000", "2000", "2000", "0.500000"]);
    let judged = ["difference_low", "difference_high", "p"];
    let corner = found.findings.ways[1];
    let ends = corner.difference.map(|ends| [ends.low, ends.high].map(|end| format!("{end:.6}"))).unwrap();
    assert_eq!(cells(&text, 0, judged), ["", "", "1.000000"]);
    // However small, a chance is not none.
    assert!(corner.p < 1e-9);
    assert_eq!(cells(&text, 1, judged), [ends[0].as_str(), ends[1].as_str(), "0.000001"]);
    let begun = experiment(Some(&tried(&[vec![], vec![]])));
    assert_eq!(rows(&begun)[1], ["corner", "0", "0", "0", "", "", "", "", "", "1.000000"]);
    assert_eq!(rows(&experiment(None)).len(), 0);
}
