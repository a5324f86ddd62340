//! What comes late: what is added, when it is told, and that no two readings tell of few.

use super::*;
use crate::{Counter, Day, Publisher};
use proptest::prelude::*;

fn counts(first: u64, accepted: u64) -> Counts {
    Counts::default()
        .with(Counter::Views, first * 2)
        .with(Counter::First, first)
        .with(Counter::Accepted, accepted)
}

fn cell(dimension: Dimension, value: &str, counts: Counts) -> Cell {
    (dimension, value.into(), counts)
}

#[test]
fn what_is_more_than_before_is_added_and_what_is_less_is_another_day() {
    let before = [cell(Dimension::All, "", counts(20, 10)), cell(Dimension::Place, "EU/FR", counts(20, 10))];
    assert_eq!(added(&before, &before), Some(Vec::new()));
    let more = [
        cell(Dimension::All, "", counts(23, 10)),
        cell(Dimension::Place, "EU/FR", counts(20, 10)),
        cell(Dimension::Place, "EU/MT", counts(3, 0)),
    ];
    let wanted = vec![cell(Dimension::All, "", counts(3, 0)), cell(Dimension::Place, "EU/MT", counts(3, 0))];
    assert_eq!(added(&before, &more), Some(wanted));
    assert_eq!(added(&more, &before), None);
    assert_eq!(added(&before, &[]), None);
    // As many pages more as answers are gone.
    assert_eq!(added(&before, &[cell(Dimension::All, "", counts(90, 9)), before[1].clone()]), None);
    assert_eq!(added(&[], &before).map(|cells| cells.len()), Some(2));
}

#[test]
fn few_that_are_late_wait_for_more_and_stand_by_themselves() {
    let late = |first, accepted| {
        vec![
            cell(Dimension::All, "", counts(first, accepted)),
            cell(Dimension::Place, "EU/MT", counts(first, accepted)),
        ]
    };
    for (first, accepted, is_told) in
        [(3, 0, false), (10, 0, true), (10, 9, false), (10, 10, true), (9, 0, false)]
    {
        let parts = late_parts(&late(first, accepted));
        assert_eq!(parts.is_some(), is_told, "{first} asked, {accepted} answered: {parts:?}");
    }
    // Of some days together.
    let [mut both, more] = [late(6, 0), late(5, 0)];
    both.extend(more);
    let parts = late_parts(&both).unwrap();
    assert!(parts.contains(&cell(Dimension::All, "", counts(11, 0))), "{parts:?}");
    assert_eq!(late_parts(&[]), None);
    // Pages alone may be one visitor's.
    assert_eq!(late_parts(&[cell(Dimension::All, "", Counts::default().with(Counter::Views, 400))]), None);
}

#[test]
fn ways_to_ask_wait_until_each_has_enough() {
    let of = |corner, control| {
        vec![
            cell(Dimension::All, "", counts(corner + control, 0)),
            cell(Dimension::Variant, "place.corner", counts(corner, 0)),
            cell(Dimension::Variant, "place.control", counts(control, 0)),
        ]
    };
    assert_eq!(late_parts(&of(3, 12)), None);
    let told = late_parts(&of(10, 12)).unwrap();
    assert!(told.iter().all(|(dimension, ..)| *dimension != Dimension::Variant), "{told:?}");
    // And the rest, of who was asked in no way.
    let mut with_rest = of(10, 12);
    with_rest[0] = cell(Dimension::All, "", counts(25, 0));
    assert_eq!(late_parts(&with_rest), None);
}

const VALUES: [&str; 3] = ["EU/FR", "EU/MT", "GB/GB"];

/// A day as it is counted: pages of some countries, all of them in everybody's.
fn day_of(countries: &[(usize, u64, u64)]) -> Vec<Cell> {
    countries
        .iter()
        .flat_map(|(place, first, accepted)| {
            let of = counts(*first, *accepted);
            [cell(Dimension::All, "", of), cell(Dimension::Place, VALUES[*place], of)]
        })
        .collect()
}

fn countries() -> impl Strategy<Value = Vec<(usize, u64, u64)>> {
    prop::collection::vec((0..VALUES.len(), 0..40_u64, 0..20_u64), 0..6)
}

proptest! {
    /// Whoever reads at any two times sees a difference of whole parts, each of ten or more: of each dimension, too.
    #[test]
    fn no_two_readings_tell_of_few(day in countries(), batches in prop::collection::vec(countries(), 1..12)) {
        let at = Day::new(9).unwrap();
        let mut published: Vec<Cell> =
            Publisher::default().push(at, &day_of(&day)).map_or_else(Vec::new, |block| block.cells);
        prop_assume!(!published.is_empty());
        let (mut told, mut waiting) = (day_of(&day), Vec::new());
        for batch in &batches {
            let mut now = [told.clone(), waiting.clone()].concat();
            now.extend(day_of(batch));
            waiting = added(&told, &now).unwrap();
            let before = sums(&published);
            if let Some(parts) = late_parts(&waiting) {
                prop_assert!(parts.iter().all(|(.., counts)| is_showable(counts)), "{parts:?}");
                told.append(&mut waiting);
                published.extend(parts);
            }
            for (place, counts) in sums(&published) {
                let more = counts.minus(before.get(&place).copied().unwrap_or_default());
                prop_assert!(is_showable(&more), "{place:?}: {more:?}");
                prop_assert!(before.get(&place).is_none_or(|before| before.minus(counts).is_empty()));
            }
        }
        // Nothing is lost: what is not told waits.
        let everything = sums(&[told.clone(), waiting.clone()].concat());
        let counted = sums(&[day_of(&day), batches.iter().flat_map(|batch| day_of(batch)).collect()].concat());
        prop_assert_eq!(
            everything.into_iter().filter(|(_, counts)| !counts.is_empty()).collect::<Vec<_>>(),
            counted.into_iter().filter(|(_, counts)| !counts.is_empty()).collect::<Vec<_>>()
        );
        let total = |cells: &[Cell], of| Counts::total(cells.iter().filter(|(dimension, ..)| *dimension == of).map(|(.., counts)| *counts));
        prop_assert_eq!(total(&published, Dimension::All), total(&told, Dimension::All));
        prop_assert_eq!(total(&published, Dimension::Place), total(&told, Dimension::All));
    }
}
