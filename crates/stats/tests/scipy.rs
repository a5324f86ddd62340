//! Intervals, p-values and sizes against those that SciPy finds: `scipy.tsv`, written by `scipy.py` on the figures of a site. They are
//! made here once more: what SciPy was asked is what the rates are now.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "clippy exempts test functions, not their helpers"
)]

#[path = "../examples/two_years/site.rs"]
mod site;

use postern_stats::{
    Batch, Counter, Counts, Dimension, Interval, Rate, always_valid_p, difference_95, planned_size,
};
use site::Site;
use std::collections::{BTreeMap, BTreeSet};

/// Of the other's number; both compute in 53 bits, and differences of shares lose some of them.
const TOLERANCE: f64 = 1e-9;

/// What asks no figures of the site.
const OF_NOBODY: &str = "-";

type RateOf = fn(&Counts) -> Rate;

/// Each rate that is told or tested, by its name in the file.
const RATES: [(&str, RateOf); 3] = [
    ("of_answers", Counts::rate_of_decided),
    ("of_asked", Counts::rate_of_asked),
    ("answers_of_asked", |counts| Rate::new(counts.get(Counter::FirstAnswered), counts.get(Counter::First))),
];

/// The ways to ask that were in use together.
const WAYS: [&str; 2] = ["c29e04b7/12", "c29e04b7/13"];

/// The parts that stand beside all others.
const PARTS: [Dimension; 2] = [Dimension::Place, Dimension::Client];

fn is_close(found: f64, known: f64) -> bool {
    (found - known).abs() <= TOLERANCE * known.abs().max(1e-300) || (found - known).abs() <= 1e-15
}

/// What is counted of each value in some days together, in the dimensions that are compared.
fn sums(days: &[Batch]) -> BTreeMap<(Dimension, &str), Counts> {
    let mut sums: BTreeMap<(Dimension, &str), Counts> = BTreeMap::new();
    let is_compared = |of: Dimension| of == Dimension::All || PARTS.contains(&of);
    let cells = days.iter().flat_map(Batch::cells).filter(|((_, of, _), _)| is_compared(*of));
    for ((_, dimension, value), counts) in cells {
        let sum = sums.entry((*dimension, value.as_str())).or_default();
        *sum = sum.merge(*counts);
    }
    sums
}

/// Two rates of the site that stand beside each other, the control's first, by their name in the file.
fn figures() -> BTreeMap<String, [Rate; 2]> {
    let days: Vec<Batch> = Site::new().unwrap().batches().collect();
    let mut figures = BTreeMap::new();
    let mut put = |days: usize, dimension: Dimension, value: &str, counts: [Counts; 2]| {
        for (name, rate) in RATES {
            let rates = [rate(&counts[0]), rate(&counts[1])];
            if rates[1].denominator() > 0 {
                figures.insert(format!("{name} {days} {} {value}", dimension.name()), rates);
            }
        }
    };
    for last in [1, 7, days.len()] {
        let sums = sums(&days[days.len() - last..]);
        let everybody = sums[&(Dimension::All, "")];
        for ((dimension, value), counts) in sums.iter().filter(|((of, _), _)| PARTS.contains(of)) {
            put(last, *dimension, value, [everybody.minus(*counts), *counts]);
        }
    }
    let mut so_far = [Counts::default(); 2];
    let of_way = |day: &Batch, way: &str| {
        let found = day.cells().find(|((_, of, value), _)| *of == Dimension::Version && value == way);
        found.map(|(_, counts)| *counts)
    };
    let ways_of = |day: &Batch| of_way(day, WAYS[0]).zip(of_way(day, WAYS[1]));
    for (count, (control, other)) in (1..).zip(days.iter().filter_map(ways_of)) {
        so_far = [so_far[0].merge(control), so_far[1].merge(other)];
        put(count, Dimension::Version, WAYS[1], so_far);
    }
    figures
}

#[test]
fn scipy_finds_the_same() {
    let figures = figures();
    let mut seen: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    let mut sizes = 0;
    for line in include_str!("scipy.tsv").lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let (what, of) = (fields[0], fields[1]);
        let float = |place: usize| fields[place].parse::<f64>().unwrap();
        let rate =
            |place: usize| Rate::new(fields[place].parse().unwrap(), fields[place + 1].parse().unwrap());
        let check = |found: Option<Interval>, place: usize| {
            let found = found.unwrap();
            assert!(
                is_close(found.low, float(place)) && is_close(found.high, float(place + 1)),
                "{line}: {found:?}"
            );
        };
        let asked = match what {
            "wilson" => {
                check(rate(2).wilson_95(), 4);
                vec![rate(2)]
            }
            "newcombe" => {
                check(difference_95(rate(2), rate(4)), 6);
                vec![rate(2), rate(4)]
            }
            "always_valid" => {
                let found = always_valid_p(rate(2), rate(4), float(6), 1.0);
                assert!(is_close(found, float(7)), "{line}: {found}");
                vec![rate(2), rate(4)]
            }
            "planned" => {
                let comparisons = fields[4].parse().unwrap();
                assert_eq!(planned_size(float(2), float(3), comparisons), fields[5].parse().ok(), "{line}");
                sizes += 1;
                continue;
            }
            other => panic!("{other} is not known"),
        };
        if of != OF_NOBODY {
            let own = figures.get(of).unwrap_or_else(|| panic!("{line}: the site has no such figures"));
            assert!(own.ends_with(&asked), "{line}: the site has {own:?}; write it anew with scipy.py");
            assert!(
                seen.entry((what, of.split(' ').next().unwrap())).or_default().insert(of),
                "{line}: twice"
            );
        }
    }
    for (name, _) in RATES {
        let named = |places: &[Dimension]| {
            let is_meant = |of: &&str| {
                of.split(' ').next() == Some(name)
                    && places.iter().any(|dimension| of.split(' ').nth(2) == Some(dimension.name()))
            };
            figures.keys().map(String::as_str).filter(is_meant).collect::<BTreeSet<&str>>()
        };
        assert_eq!(seen[&("wilson", name)], named(&PARTS), "{name}");
        assert_eq!(seen[&("newcombe", name)], named(&[PARTS[0], PARTS[1], Dimension::Version]), "{name}");
        assert!(seen[&("always_valid", name)].len() >= 100, "{name}");
    }
    assert!(sizes >= 30, "{sizes}");
}

#[test]
fn scipy_reads_every_counter_by_its_place() {
    let names = include_str!("scipy.py").split("\nCOUNTERS = \"\"\"").nth(1).unwrap();
    let names = names.split("\"\"\"").next().unwrap().split_whitespace();
    assert!(names.eq(Counter::ALL.map(Counter::name)), "scipy.py knows other counters");
}
