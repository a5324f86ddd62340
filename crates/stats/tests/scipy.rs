//! Intervals, p-values and sizes against those that SciPy finds: `scipy.tsv`, written by `scipy.py`.

use postern_stats::{Interval, Rate, always_valid_p, difference_95, planned_size};

/// Of the other's number; both compute in 53 bits, and differences of shares lose some of them.
const TOLERANCE: f64 = 1e-9;

fn is_close(found: f64, known: f64) -> bool {
    (found - known).abs() <= TOLERANCE * known.abs().max(1e-300) || (found - known).abs() <= 1e-15
}

#[test]
fn scipy_finds_the_same() {
    let mut seen = [0; 4];
    for line in include_str!("scipy.tsv").lines() {
        let fields: Vec<&str> = line.split('\t').collect();
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
        match fields[0] {
            "wilson" => {
                check(rate(1).wilson_95(), 3);
                seen[0] += 1;
            }
            "newcombe" => {
                check(difference_95(rate(1), rate(3)), 5);
                seen[1] += 1;
            }
            "always_valid" => {
                let found = always_valid_p(rate(1), rate(3), float(5), 1.0);
                assert!(is_close(found, float(6)), "{line}: {found}");
                seen[2] += 1;
            }
            "planned" => {
                let comparisons = fields[3].parse().unwrap();
                assert_eq!(planned_size(float(1), float(2), comparisons), fields[4].parse().ok(), "{line}");
                seen[3] += 1;
            }
            other => panic!("{other} is not known"),
        }
    }
    assert!(seen.iter().all(|count| *count >= 30), "{seen:?}");
}
