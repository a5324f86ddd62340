//! The share of those asked: told where it is of a fair sample, and nowhere else.

use super::*;
use crate::{Day, Publisher};
use proptest::prelude::*;

fn counts(first: u64, granted: u64, refused: u64) -> Counts {
    let counts = Counts::default().with(Counter::Views, first * 2).with(Counter::First, first);
    counts.with_first(Counter::Accepted, granted).with_first(Counter::Refused, refused)
}

fn segment(text: &str) -> Segment {
    Segment::parse(text).unwrap()
}

/// What is published of days on which each of these places was asked so, one entry a day.
fn published(days: &[Vec<(&str, Counts)>]) -> Vec<Cell> {
    let mut publisher = Publisher::default();
    let mut all = Vec::new();
    for (number, places) in (1..).zip(days) {
        let whole = Counts::total(places.iter().map(|(_, counts)| *counts));
        let mut cells = vec![(Dimension::All, String::new(), whole)];
        cells.extend(places.iter().map(|(value, counts)| (Dimension::Place, (*value).to_owned(), *counts)));
        let block = publisher.push(Day::new(number).unwrap(), &cells);
        all.extend(block.into_iter().flat_map(|block| block.cells));
    }
    all
}

#[test]
fn a_group_told_apart_on_its_busier_days_has_no_share_of_those_asked() {
    // Forty of Malta asked each day; on four of ten days fewer than ten answer.
    let busy = |answers: u64| {
        vec![
            ("EU/FR", counts(400, 90, 90)),
            ("EU/DE", counts(300, 60, 60)),
            ("EU/MT", counts(40, answers / 2, answers - answers / 2)),
        ]
    };
    let days: Vec<_> = [12, 8, 10, 7, 14, 10, 9, 11, 8, 12].map(busy).to_vec();
    let sums = published(&days);
    assert_eq!(cover_of(&sums, &segment("country:MT")), Some(Rate::new(6 * 740, 10 * 740)));
    assert!(!tells_asked(&sums, Some(&segment("country:MT"))));
    for told in ["country:FR", "law:EU"] {
        assert!(tells_asked(&sums, Some(&segment(told))), "{told}");
    }
    // Germany is put together with it where the rest would be too few.
    assert_eq!(cover_of(&sums, &segment("country:DE")), Some(Rate::new(6 * 740, 10 * 740)));
    assert!(!tells_asked(&sums, Some(&segment("country:DE"))));
    // And who is in none of the blocks is in none.
    assert_eq!(cover_of(&sums, &segment("country:LU")), Some(Rate::new(0, 7400)));
    assert!(tells_asked(&sums, None));
}

#[test]
fn a_group_is_told_by_it_from_nineteen_of_twenty_days_on() {
    let day = |answers: u64| {
        vec![("EU/FR", counts(200, 60, 60)), ("EU/MT", counts(40, answers, 0)), ("EU/LU", counts(40, 12, 0))]
    };
    for (short, is_told) in [(0, true), (1, true), (2, false)] {
        let days: Vec<_> = (0..20).map(|number| day(if number < short { 9 } else { 12 })).collect();
        assert_eq!(
            tells_asked(&published(&days), Some(&segment("country:MT"))),
            is_told,
            "{short} of 20 days"
        );
    }
}

#[test]
fn the_others_and_groups_that_nobody_is_asked_of_have_none() {
    let sums = published(&vec![
        vec![
            ("EU/FR", counts(100, 30, 30)),
            ("US/US", counts(100, 30, 30)),
            ("EU/MT", counts(15, 6, 6))
        ];
        3
    ]);
    assert!(tells_asked(&sums, Some(&segment("country:FR"))));
    for none in [
        "country:other",
        "country:?",
        "policy:1a2b3c4d",
        "policy:other",
        "page:shop",
        "layer:banner",
        "wait:0-2",
        "vendor:youtube",
    ] {
        assert!(!tells_asked(&sums, Some(&segment(none))), "{none}");
    }
    assert!(!tells_asked(&[], Some(&segment("country:FR"))));
    // Nobody is asked: answers come from pages of others.
    let unasked = published(&[vec![("EU/FR", counts(0, 30, 30)), ("US/US", counts(0, 30, 30))]]);
    assert!(unasked.iter().all(|(dimension, _, _)| *dimension != Dimension::Cover));
    assert!(!tells_asked(&unasked, Some(&segment("country:FR"))));
}

#[test]
fn counters_that_are_full_tell_no_more_than_all() {
    let asked = Counts::default().with(Counter::First, u64::MAX);
    let of = |told: u64| {
        vec![
            (Dimension::All, String::new(), asked),
            (Dimension::Cover, "country:FR".to_owned(), Counts::default().with(Counter::First, told)),
        ]
    };
    assert!(tells_asked(&of(u64::MAX), Some(&segment("country:FR"))));
    assert!(!tells_asked(&of(u64::MAX / 2), Some(&segment("country:FR"))));
}

/// What is published of days on which these versions were asked with, one entry a day.
fn versions(days: &[Vec<(&str, Counts)>]) -> Vec<Cell> {
    let mut publisher = Publisher::default();
    let mut all = Vec::new();
    for (number, versions) in (1..).zip(days) {
        let mut cells =
            vec![(Dimension::All, String::new(), Counts::total(versions.iter().map(|(_, counts)| *counts)))];
        cells.extend(
            versions.iter().map(|(value, counts)| (Dimension::Version, (*value).to_owned(), *counts)),
        );
        let block = publisher.push(Day::new(number).unwrap(), &cells);
        all.extend(block.into_iter().flat_map(|block| block.cells));
    }
    all
}

#[test]
fn a_version_has_a_share_where_nearly_everybody_was_asked_with_it() {
    let day = |value: &'static str| vec![(value, counts(400, 60, 60))];
    // The day of the change has both.
    let both = vec![("aa/1", counts(200, 30, 30)), ("bb/2", counts(200, 30, 30))];
    let mut days = vec![day("aa/1"); 12];
    days.push(both);
    days.extend(vec![day("bb/2"); 3]);
    let sums = versions(&days);
    for (version, is_told) in
        [("policy:aa", true), ("banner:1", true), ("policy:bb", false), ("banner:2", false)]
    {
        assert_eq!(tells_asked(&sums, Some(&segment(version))), is_told, "{version}");
    }
    assert_eq!(cover_of(&sums, &segment("banner:2")), Some(Rate::new(3 * 400 + 200, 4 * 400)));
    // A tenth has the new one for weeks, as where a deployment is gradual: it is told apart on its busier days.
    let busy = |answers: u64| vec![("aa/1", counts(360, 60, 60)), ("aa/2", counts(40, answers, 0))];
    let sums = versions(&[12, 8, 10, 7, 14, 10, 9, 11, 8, 12].map(busy));
    let told = |version| tells_asked(&sums, Some(&segment(version)));
    assert_eq!((told("policy:aa"), told("banner:1"), told("banner:2")), (true, true, false));
}

#[test]
fn what_is_said_of_the_fault_is_so() {
    // Forty asked, a fourth of whom answers, six in ten of these say yes: by the binomial distribution.
    let mut chance = 0.75_f64.powi(40);
    let (mut told, mut answers) = (0.0, 0.0);
    for count in 0..=40_u32 {
        if count >= 10 {
            told += chance;
            answers += chance * f64::from(count);
        }
        chance *= f64::from(40 - count) / f64::from(count + 1) / 3.0;
    }
    let share = answers / told / 40.0 * 0.6;
    assert!((share - 0.18).abs() < 0.005, "{share}");
}

/// Malta's answers on each day, as they mostly are, and too few now and then.
fn days() -> impl Strategy<Value = Vec<u64>> {
    let answers = prop_oneof![30 => 10u64..=20, 1 => 0u64..10];
    prop::collection::vec(answers, 20..100)
}

fn of_malta(answers: &[u64]) -> Vec<Cell> {
    let day = |granted: &u64| {
        let malta = ("EU/MT", counts(30, *granted, 0));
        vec![("EU/FR", counts(200, 60, 60)), ("EU/LU", counts(80, 12, 12)), malta]
    };
    published(&answers.iter().map(day).collect::<Vec<_>>())
}

#[test]
fn there_are_groups_that_are_told_though_days_of_theirs_are_missing() {
    // What the property below is about.
    let mut answers = vec![15; 60];
    answers[7] = 4;
    assert_eq!(cover_of(&of_malta(&answers), &segment("country:MT")), Some(Rate::new(59 * 310, 60 * 310)));
    assert!(tells_asked(&of_malta(&answers), Some(&segment("country:MT"))));
}

proptest! {
    /// Whatever days a group is missing on: what is told of it is off by no more than the days can hold that are missing.
    #[test]
    fn a_share_that_is_told_is_at_most_a_nineteenth_too_high(answers in days()) {
        let sums = of_malta(&answers);
        let malta = segment("country:MT");
        let lines = lines_of(&sums, Level::Country, None).into_iter();
        let told = Counts::total(lines.filter(|(name, _)| name == "MT").map(|(_, counts)| counts));
        let cover = cover_of(&sums, &malta).unwrap();
        // All days have as many of everybody, so that the share is the days'. Malta may be told on a day on which nobody answered.
        prop_assert_eq!(cover.numerator() / 310 * 30, told.get(Counter::First));
        let (asked, granted) = (answers.len() as f64 * 30.0, answers.iter().sum::<u64>() as f64);
        let told_share = told.rate_of_asked().share();
        if tells_asked(&sums, Some(&malta)) {
            prop_assert!(told_share.unwrap() <= granted / asked * 20.0 / 19.0 + 1e-9, "{told_share:?} for {}", granted / asked);
        } else {
            prop_assert!(cover.numerator() * 100 < cover.denominator() * COVER_MIN);
        }
    }

    #[test]
    fn no_sums_panic(text in "[a-z]{3,8}:[A-Z]{0,2}", told: u64, all: u64) {
        let first = |count| Counts::default().with(Counter::First, count);
        let sums = [(Dimension::Cover, text.clone(), first(told)), (Dimension::All, String::new(), first(all))];
        if let Ok(segment) = Segment::parse(&text) {
            prop_assert!(!tells_asked(&sums, Some(&segment)) || all > 0);
        }
    }
}
