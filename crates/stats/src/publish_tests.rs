//! The rule on publication, against a model in which every visitor is known.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

type Cell = (Dimension, String, Counts);

fn day(number: u32) -> Day {
    Day::new(number).unwrap()
}

fn counts(views: u64, first: u64, refused: u64) -> Counts {
    let counts = Counts::default().with(Counter::Views, views).with(Counter::First, first);
    counts.with(Counter::Refused, refused)
}

fn cell(dimension: Dimension, value: &str, counts: Counts) -> Cell {
    (dimension, value.to_owned(), counts)
}

/// What one day is published as: lines of value, views, browsers asked and answers.
fn published(dimension: Dimension, whole: Counts, cells: &[(&str, Counts)]) -> Vec<String> {
    let mut all = vec![cell(Dimension::All, "", whole)];
    all.extend(cells.iter().map(|(value, counts)| cell(dimension, value, *counts)));
    let block = Publisher::default().push(day(1), &all).unwrap();
    let line = |(_, value, counts): &Cell| {
        format!("{value}:{}/{}/{}", counts.get(Counter::Views), counts.get(Counter::First), counts.decided())
    };
    block.cells.iter().filter(|(of, _, _)| *of == dimension).map(line).collect()
}

#[test]
fn groups_are_large_or_empty() {
    for (showable, views, first, refused) in [
        (true, 0, 0, 0),
        (true, 10, 10, 10),
        (true, 1, 10, 0),
        (true, 0, 0, 10),
        (false, 1, 0, 0),
        // Ten pages, or a thousand, may be one visitor's.
        (false, 1000, 0, 0),
        (false, 99, 9, 0),
        (false, 99, 20, 1),
    ] {
        assert_eq!(is_showable(&counts(views, first, refused)), showable, "{views}/{first}/{refused}");
    }
    // What is counted of nobody's page and nobody's answer would be of somebody all the same.
    assert!(!is_showable(&Counts::default().with(Counter::Withdrawn, 12)));
    assert!(is_showable(&counts(10, 10, 0).with(Counter::Withdrawn, 1)));
    assert!(is_showable(&Counts::default().with(Counter::Bots, 3).with(Counter::Times, 1)));
    // How a group that is enough was asked is no smaller group, nor is how it has answered.
    let asked = counts(12, 12, 0).with(Counter::Shown, 12);
    assert!(is_showable(&asked.with(Counter::Reported, 9).with(Counter::NoScript, 1)));
    assert!(is_showable(&counts(12, 0, 12).with(Counter::Shown, 1)));
}

#[test]
fn small_values_are_put_together_until_they_are_enough() {
    let page = |cells: &[(&str, Counts)]| {
        published(Dimension::Page, Counts::total(cells.iter().map(|(_, counts)| *counts)), cells)
    };
    let view = |views| counts(views, views, 0);
    // One large enough, as it is.
    assert_eq!(page(&[("a", view(10)), ("b", view(11))]), ["a:10/10/0", "b:11/11/0"]);
    // Two small ones are enough together.
    assert_eq!(page(&[("a", view(5)), ("b", view(5)), ("c", view(30))]), ["c:30/30/0", "other:10/10/0"]);
    // One small one takes the smallest in: alone, it would be the difference to everybody.
    assert_eq!(page(&[("a", view(1)), ("b", view(20)), ("c", view(30))]), ["c:30/30/0", "other:21/21/0"]);
    assert_eq!(page(&[("a", view(1)), ("b", view(30))]), [":31/31/0"]);
    // Enough pages, and too few answers: c goes as the smallest, b since no answer is left alone.
    let few =
        [("a", counts(50, 20, 3)), ("b", counts(40, 20, 12)), ("c", counts(30, 20, 0)), ("d", view(60))];
    assert_eq!(page(&few), ["d:60/60/0", "other:120/60/15"]);
    // A value that is called so itself is among the others.
    assert_eq!(page(&[("other", view(50)), ("a", view(1)), ("b", view(10))]), ["b:10/10/0", "other:51/51/0"]);
}

#[test]
fn what_no_value_was_counted_for_is_a_part_too() {
    let whole = counts(100, 100, 0);
    assert_eq!(published(Dimension::Page, whole, &[("a", counts(80, 80, 0))]), ["?:20/20/0", "a:80/80/0"]);
    assert_eq!(published(Dimension::Page, whole, &[("a", counts(95, 95, 0))]), [":100/100/0"]);
    assert_eq!(published(Dimension::Page, whole, &[]), [":100/100/0"]);
    assert_eq!(published(Dimension::Page, whole, &[("", counts(100, 100, 0))]), [":100/100/0"]);
    // As is what stands at a level above.
    let cells = [("eu", counts(30, 30, 0)), ("eu/FR", counts(40, 40, 0)), ("us/US", counts(30, 30, 0))];
    assert_eq!(
        published(Dimension::Place, whole, &cells),
        ["eu/?:30/30/0", "eu/FR:40/40/0", "us/US:30/30/0"]
    );
}

#[test]
fn levels_are_cut_one_by_one() {
    let view = |views| counts(views, views, 0);
    let cells = [
        ("eu/DE", view(50)),
        ("eu/FR", view(40)),
        ("eu/LU", view(2)),
        ("eu/MT", view(9)),
        ("gb/GB", view(3)),
        ("other/AU", view(12)),
        ("other/BR", view(12)),
        ("us/US", view(8)),
        ("us/PR", view(8)),
    ];
    let whole = Counts::total(cells.iter().map(|(_, counts)| *counts));
    assert_eq!(
        published(Dimension::Place, whole, &cells),
        [
            "eu/DE:50/50/0",
            "eu/FR:40/40/0",
            "eu/other:11/11/0",
            "other:19/19/0",
            "other/AU:12/12/0",
            "other/BR:12/12/0"
        ]
    );
}

#[test]
fn a_value_called_other_that_is_not_cut_is_among_the_others() {
    let cells = [("other/BR", 9), ("other/AU", 2), ("gb/GB", 7), ("us/US", 5), ("eu/FR", 20)];
    let cells = cells.map(|(value, views)| (value, counts(views, views, 0)));
    assert_eq!(published(Dimension::Place, counts(43, 43, 0), &cells), ["eu/FR:20/20/0", "other:23/23/0"]);
}

#[test]
fn values_that_count_more_than_everybody_are_not_told_apart() {
    let cells = [("a", counts(95, 95, 0)), ("b", counts(10, 10, 0))];
    assert_eq!(published(Dimension::Page, counts(100, 100, 0), &cells), [":100/100/0"]);
    let most = u64::MAX;
    let cells = [("a", counts(most, most, 0)), ("b", counts(most, most, 0))];
    assert_eq!(published(Dimension::Page, counts(most, most, 0), &cells), [format!(":{most}/{most}/0")]);
    // Answers are sums themselves.
    let half = counts(0, 0, most / 2 + 1).with(Counter::Accepted, most / 2 + 1);
    assert_eq!(published(Dimension::Page, half, &[("a", half)]), [format!(":0/0/{most}")]);
}

#[test]
fn acts_are_cut_by_answers_alone() {
    let whole = counts(100, 50, 30).with(Counter::Withdrawn, 4);
    let cells = [("0-2", counts(0, 0, 15)), ("2-5", counts(0, 0, 15))];
    assert_eq!(published(Dimension::Wait, whole, &cells), ["0-2:0/0/15", "2-5:0/0/15"]);
    assert_eq!(published(Dimension::Wait, whole, &cells[..1]), ["0-2:0/0/15", "?:0/0/15"]);
    assert_eq!(published(Dimension::Layer, counts(100, 50, 0), &[]), [""; 0]);
}

#[test]
fn vendors_with_too_few_are_left_out_and_not_put_together() {
    let times = |times| Counts::default().with(Counter::Times, times).with(Counter::Partial, times);
    let mut cells = vec![cell(Dimension::All, "", counts(100, 100, 0))];
    for (vendor, count) in [("a", 10), ("b", 9), ("c", 9)] {
        cells.push(cell(Dimension::Vendor, vendor, times(count)));
        cells.push(cell(Dimension::Gate, vendor, times(count)));
    }
    let block = Publisher::default().push(day(1), &cells).unwrap();
    let only = |times| Counts::default().with(Counter::Times, times);
    let of = |dimension| -> Vec<Cell> {
        block.cells.iter().filter(|(of, _, _)| *of == dimension).cloned().collect()
    };
    assert_eq!(of(Dimension::Vendor), [cell(Dimension::Vendor, "a", only(10))]);
    assert_eq!(of(Dimension::Gate), [cell(Dimension::Gate, "a", only(10))]);
}

#[test]
fn days_wait_until_they_are_enough() {
    let all = |counts| vec![cell(Dimension::All, "", counts)];
    let mut publisher = Publisher::default();
    assert_eq!(publisher.push(day(1), &[]), None);
    assert_eq!(publisher.waiting(), None);
    // Enough pages, but too few answers.
    assert_eq!(publisher.push(day(2), &all(counts(50, 20, 6))), None);
    assert_eq!(publisher.push(day(3), &[]), None);
    assert_eq!(publisher.waiting(), Some((day(2), 2)));
    // Day 4 is left out; a day that was there already does not count twice.
    assert_eq!(publisher.push(day(3), &all(counts(50, 20, 6))), None);
    let block = publisher.push(day(5), &all(counts(1, 1, 4))).unwrap();
    assert_eq!((block.first, block.last), (day(2), day(5)));
    assert_eq!(block.cells[0], cell(Dimension::All, "", counts(51, 21, 10)));
    assert_eq!(publisher, Publisher::after(day(5)));
    let block = publisher.push(day(6), &all(counts(10, 10, 0))).unwrap();
    assert_eq!((block.first, block.last), (day(6), day(6)));
}

/// A visitor: a day, a value in each of [`VALUES`], what the page counts, and what was done on it, where and after what wait.
#[derive(Clone, Debug)]
struct Visitor {
    day: u32,
    values: [&'static str; 6],
    page: &'static [Counter],
    act: Option<(Counter, [&'static str; 2])>,
}

/// The first day on which nobody can have come.
const DAYS_END: u32 = 8;
const VALUES: [(Dimension, &[&str]); 6] = [
    (Dimension::Place, &["eu/DE", "eu/FR", "eu/LU", "eu/?", "us/US", "other/BR", "other", "?"]),
    (Dimension::Client, &["phone/safari", "phone/other", "computer/chrome", "tablet/chrome", "tablet"]),
    (Dimension::Version, &["1a/17", "1a/16", "1a/2", "0f/9", "0f/8"]),
    (Dimension::Language, &["de", "fr", "pl", "el"]),
    (Dimension::Page, &["shop", "blog", "", "other"]),
    (Dimension::Signal, &["none", "gpc", "dnt", "adpc"]),
];
const LAYERS: [&str; 4] = ["banner", "settings", "page", "withdrawal"];
const WAITS: [&str; 3] = ["0-2", "2-5", "5-15"];
const DIMENSIONS: [Dimension; 8] = [
    Dimension::Place,
    Dimension::Client,
    Dimension::Version,
    Dimension::Language,
    Dimension::Page,
    Dimension::Signal,
    Dimension::Layer,
    Dimension::Wait,
];

/// Asked for the first time, again, or not at all; a bot is in no other figure.
const SEEN: [&[Counter]; 6] = [
    &[Counter::Views, Counter::Shown, Counter::First, Counter::Reported],
    &[Counter::Views, Counter::Shown, Counter::First],
    &[Counter::Views, Counter::Shown, Counter::First, Counter::NoScript],
    &[Counter::Views, Counter::Shown],
    &[Counter::Views],
    &[Counter::Bots],
];
const ACTS: [Counter; 4] = [Counter::Accepted, Counter::Refused, Counter::Partial, Counter::Withdrawn];

impl Visitor {
    fn value(&self, dimension: Dimension) -> Option<&'static str> {
        match (dimension, self.act) {
            // A withdrawal answers nothing.
            (Dimension::Layer | Dimension::Wait, None | Some((Counter::Withdrawn, _))) => None,
            (Dimension::Layer, Some((_, [layer, _]))) => Some(layer),
            (Dimension::Wait, Some((_, [_, wait]))) => Some(wait),
            _ => VALUES.iter().zip(self.values).find(|((of, _), _)| *of == dimension).map(|(_, value)| value),
        }
    }

    fn counts(&self, dimension: Dimension) -> Counts {
        let page = self.page.iter().fold(Counts::default(), |counts, counter| counts.with(*counter, 1));
        match (dimension, self.act) {
            (Dimension::Layer | Dimension::Wait, Some((act, _))) => Counts::default().with(act, 1),
            (_, None) => page,
            (_, Some((act, _))) if act != Counter::Withdrawn && page.get(Counter::First) > 0 => {
                page.with_first(act, 1)
            }
            (_, Some((act, _))) => page.with(act, 1),
        }
    }
}

/// A place below the end: the later, the rarer, and the last one time in the square of the end.
fn rare(end: usize) -> impl Strategy<Value = usize> {
    (1..=end, 1..=end).prop_map(move |(one, other)| (one * other - 1) / end)
}

/// Some values are rare, so that there are small groups to hide; the tail of the list is the rare one.
fn one_of<T: Copy + std::fmt::Debug>(values: &'static [T]) -> impl Strategy<Value = T> {
    rare(values.len()).prop_map(|place| values[place])
}

fn visitor() -> impl Strategy<Value = Visitor> {
    let values = VALUES.map(|(_, values)| one_of(values));
    let act = prop::option::weighted(0.5, (one_of(&ACTS), [one_of(&LAYERS), one_of(&WAITS)]));
    // On the last days few come, so that days are put together.
    let day = rare(DAYS_END as usize).prop_map(|day| day as u32);
    (day, values, one_of(&SEEN), act).prop_map(|(day, values, page, act)| Visitor {
        day,
        values,
        page,
        act: act.filter(|_| page.contains(&Counter::Views)),
    })
}

fn cells_of(visitors: &[Visitor], day: u32) -> Vec<Cell> {
    let mut cells = BTreeMap::new();
    for visitor in visitors.iter().filter(|visitor| visitor.day == day) {
        let values = DIMENSIONS.map(|dimension| (dimension, visitor.value(dimension)));
        for (dimension, value) in [(Dimension::All, Some(""))].into_iter().chain(values) {
            let Some(value) = value else { continue };
            let cell: &mut Counts = cells.entry((dimension, value)).or_default();
            *cell = cell.merge(visitor.counts(dimension));
        }
    }
    cells.into_iter().map(|((dimension, value), counts)| cell(dimension, value, counts)).collect()
}

/// Of days without a count every other is left out, as one may be.
fn blocks_of(mut publisher: Publisher, visitors: &[Visitor], days: std::ops::Range<u32>) -> Vec<Block> {
    let days = days.map(|number| (number, cells_of(visitors, number)));
    let pushed = days.filter(|(number, cells)| !cells.is_empty() || number % 2 == 0);
    pushed.filter_map(|(number, cells)| publisher.push(day(number), &cells)).collect()
}

/// The published part that somebody with that value is in: as far down as it is told apart, and else among the others.
fn part_of<'a>(parts: &'a BTreeSet<&str>, value: &str) -> &'a str {
    let mut path = String::new();
    for name in value.split('/').chain([UNKNOWN]) {
        let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        let is_cut = |path: &str| parts.iter().any(|part| part.starts_with(&format!("{path}/")));
        if parts.contains("") || !path.is_empty() && !is_cut(&path) {
            break;
        }
        let next = below(if name.is_empty() { UNKNOWN } else { name });
        if !parts.contains(next.as_str()) && !is_cut(&next) {
            path = below(OTHER);
            break;
        }
        path = next;
    }
    parts.get(path.as_str()).copied().unwrap_or_else(|| panic!("{value} is in none of {parts:?}: {path}"))
}

#[rustfmt::skip]
const PREFIXES: [&str; 22] = [
    "eu", "eu/DE", "eu/FR", "us", "other", "?", "phone", "tablet", "phone/safari", "1a", "1a/17", "0f", "de", "fr", "shop",
    "blog", "none", "gpc", "banner", "settings", "0-2", "2-5",
];

/// A question: blocks, a dimension, and the beginnings of values in it, or everybody but these.
type Query = (usize, usize, usize, Vec<&'static str>, bool);

fn query() -> impl Strategy<Value = Query> {
    let some = prop::sample::subsequence(PREFIXES.to_vec(), 0..=PREFIXES.len());
    (0..DAYS_END as usize, 0..DAYS_END as usize, 0..DIMENSIONS.len(), some, any::<bool>())
}

/// What is displayed for a question, and who is behind it: by block and part.
fn answer<'a>(blocks: &'a [Block], query: &Query) -> (Dimension, Counts, BTreeSet<(usize, &'a str)>) {
    let (first, last, dimension, prefixes, is_inverted) = query;
    let dimension = DIMENSIONS[*dimension];
    let (mut sum, mut parts) = (Counts::default(), BTreeSet::new());
    let asks = |value: &str| {
        prefixes.iter().any(|prefix| value == *prefix || value.starts_with(&format!("{prefix}/")))
            != *is_inverted
    };
    for (place, block) in blocks.iter().enumerate().filter(|(place, _)| first <= place && place <= last) {
        for (of, value, counts) in &block.cells {
            if *of == dimension && asks(value) {
                sum = sum.merge(*counts);
                parts.insert((place, value.as_str()));
            }
        }
    }
    (dimension, sum, parts)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_two_answers_tell_of_a_small_group(
        visitors in prop::collection::vec(visitor(), 0..350),
        queries in prop::collection::vec((query(), query()), 1..12),
    ) {
        let blocks = blocks_of(Publisher::default(), &visitors, 0..DAYS_END);
        // Every part is as many as are in it, and they are enough.
        for (block, dimension) in blocks.iter().flat_map(|block| DIMENSIONS.map(|dimension| (block, dimension))) {
            let cells: Vec<_> = block.cells.iter().filter(|(of, _, _)| *of == dimension).collect();
            let parts: BTreeSet<&str> = cells.iter().map(|(_, value, _)| value.as_str()).collect();
            let mut model: BTreeMap<&str, Counts> = BTreeMap::new();
            for visitor in visitors.iter().filter(|who| (block.first.number()..=block.last.number()).contains(&who.day)) {
                let Some(value) = visitor.value(dimension) else { continue };
                let part = model.entry(part_of(&parts, value)).or_default();
                *part = part.merge(visitor.counts(dimension));
            }
            let found: BTreeMap<&str, Counts> = cells.iter().map(|(_, value, counts)| (value.as_str(), *counts)).collect();
            prop_assert_eq!(&found, &model);
            prop_assert!(found.values().all(is_showable), "{:?}", found);
        }
        // A pair as drawn, and one that lies within the other for certain.
        for (one, mut two) in queries {
            two.2 = one.2;
            let mut within = one.clone();
            within.3.retain(|prefix| two.3.contains(prefix));
            for (inner, outer) in [(&one, &two), (&within, &one), (&one, &within), (&two, &one)] {
                let ((dimension, inner, inside), (_, outer, around)) = (answer(&blocks, inner), answer(&blocks, outer));
                if !inside.is_subset(&around) {
                    continue;
                }
                // And against everybody in the same blocks; of an act, only the answer is counted.
                let blocks_of_outer: BTreeSet<usize> = around.iter().map(|(place, _)| *place).collect();
                let everybody = Counts::total(blocks_of_outer.into_iter().map(|place| blocks[place].cells[0].2));
                let is_of_acts = matches!(dimension, Dimension::Layer | Dimension::Wait);
                let everybody = if is_of_acts { acts(everybody) } else { everybody };
                for base in [|of: &Counts| of.get(Counter::Views), |of: &Counts| of.get(Counter::First), Counts::decided] {
                    for difference in [base(&outer) - base(&inner), base(&everybody) - base(&outer)] {
                        prop_assert!(difference == 0 || difference >= SMALLEST_GROUP);
                    }
                }
                // Whatever else is counted (shown, reported, without scripts) is so of a group that is enough.
                for (more, less) in [(outer, inner), (everybody, outer)] {
                    prop_assert_eq!(less.merge(more.minus(less)), more);
                    prop_assert!(is_showable(&more.minus(less)), "{:?} {:?}", more, less);
                }
            }
        }
    }

    #[test]
    fn what_is_published_stays(visitors in prop::collection::vec(visitor(), 0..350), until in 0..DAYS_END) {
        let (early, late) = (blocks_of(Publisher::default(), &visitors, 0..until), blocks_of(Publisher::default(), &visitors, 0..DAYS_END));
        prop_assert_eq!(&early[..], &late[..early.len()]);
        // And one that starts anew from the last block's end goes on alike.
        if let Some(block) = early.last() {
            let next = block.last.number() + 1;
            prop_assert_eq!(&blocks_of(Publisher::after(block.last), &visitors, next..DAYS_END)[..], &late[early.len()..]);
        }
    }

    #[test]
    fn any_cells_are_cut_into_parts_that_are_enough_and_sum_up_to_the_whole(
        days in prop::collection::vec(prop::collection::vec(any_cell(), 0..30), 1..4),
    ) {
        let mut publisher = Publisher::default();
        for (number, cells) in (0..).zip(&days) {
            let Some(block) = publisher.push(day(number), cells) else { continue };
            let whole = block.cells[0].2;
            for (dimension, value, counts) in block.cells.iter().filter(|(of, _, _)| *of != Dimension::Cover) {
                prop_assert!(is_showable(counts), "{dimension:?} {value:?} {counts:?}");
            }
            for dimension in Dimension::ALL {
                let cells: Vec<&Cell> = block.cells.iter().filter(|(of, _, _)| *of == dimension).collect();
                prop_assert!(cells.windows(2).all(|pair| pair[0].1 < pair[1].1));
                let sum = Counts::total(cells.iter().map(|(_, _, counts)| *counts));
                match dimension {
                    Dimension::Vendor | Dimension::Gate => {}
                    Dimension::Variant => prop_assert!(cells.is_empty()),
                    // Of everybody, whatever else was counted under its name.
                    Dimension::Cover => {
                        let asked = whole.only(|counter| counter == Counter::First);
                        let is_of_all = cells.iter().all(|(_, _, counts)| *counts == asked);
                        prop_assert!(is_of_all);
                    }
                    Dimension::Layer | Dimension::Wait => prop_assert_eq!(sum, acts(whole)),
                    _ => prop_assert_eq!(sum, whole),
                }
            }
        }
    }
}

/// Cells that no site would count, most of them for everybody, so that the others are often less.
fn any_cell() -> impl Strategy<Value = Cell> {
    let count = prop_oneof![4 => 0u64..30, 1 => any::<u64>()];
    let counts = prop::collection::vec((0..Counter::ALL.len(), count), 0..6).prop_map(|each| {
        each.into_iter().fold(Counts::default(), |sum, (place, count)| sum.with(Counter::ALL[place], count))
    });
    let dimension =
        prop_oneof![Just(0usize), 0..Dimension::ALL.len()].prop_map(|place| Dimension::ALL[place]);
    (dimension, "[ab?/]{0,6}|other|other/a", counts)
}
