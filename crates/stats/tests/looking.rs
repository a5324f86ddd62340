//! Looking often: what it costs with the always-valid p-value, and what it does to the usual test.

use postern_stats::{ALPHA, LOOKING_FACTOR, Rate, Verdict, always_valid_p, judge, planned_size};

const LOOKS: u64 = 50;

/// Splitmix64: a fixed stream for each seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// How many of so many say yes, at a rate in 1/2^32.
    fn yes(&mut self, of: u64, rate: u64) -> u64 {
        (0..of).filter(|_| self.next() >> 32 < rate).count() as u64
    }
}

/// Calls `look` with the rates so far, the control's first, at each look at each of so many experiments, until it has an answer. The share
/// of experiments in which that is yes; each way has so many answers in all.
fn share_of<const WAYS: usize>(
    rates: [f64; WAYS],
    size: u64,
    experiments: u32,
    mut look: impl FnMut(u64, [Rate; WAYS]) -> Option<bool>,
) -> f64 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is within 0 and 1")]
    let rates = rates.map(|rate| (rate * 4_294_967_296.0) as u64);
    let mut random = Random(20_261_127);
    let mut count = 0;
    for _ in 0..experiments {
        let (mut yes, mut answer) = ([0; WAYS], None);
        for number in 1..=LOOKS {
            for (yes, rate) in yes.iter_mut().zip(rates) {
                *yes += random.yes(size / LOOKS, rate);
            }
            let rates = yes.map(|yes| Rate::new(yes, number * (size / LOOKS)));
            answer = answer.or_else(|| look(number, rates));
        }
        count += u32::from(answer == Some(true));
    }
    f64::from(count) / f64::from(experiments)
}

/// The share of experiments that the rule stops with a verdict that is meant.
fn found<const WAYS: usize>(
    rates: [f64; WAYS],
    size: u64,
    experiments: u32,
    is_meant: impl Fn(Verdict) -> bool,
) -> f64 {
    let mut p = Vec::new();
    share_of(rates, size, experiments, |number, rates| {
        let (control, others) = rates.split_first()?;
        if number == 1 {
            p = vec![1.0; others.len()];
        }
        for (p, other) in p.iter_mut().zip(others) {
            *p = always_valid_p(*control, *other, *p);
        }
        let verdict = judge(&rates, &p, u64::MAX);
        (verdict != Verdict::Undecided).then(|| is_meant(verdict))
    })
}

fn is_difference(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Better(_))
}

/// The share of experiments that find the first variant, which is better by seven points, in the number that is planned for so many
/// comparisons. The others are like the control: none of them helps.
fn named<const WAYS: usize>(rates: [f64; WAYS], comparisons: usize) -> f64 {
    let size = planned_size(0.5, 0.07, comparisons).unwrap_or(0) * LOOKING_FACTOR;
    found(rates, size, 4_000, |verdict| verdict == Verdict::Better(1))
}

/// The usual test of two proportions at 5 %.
#[allow(clippy::cast_precision_loss, reason = "a few thousand answers")]
fn is_significant([control, other]: [Rate; 2]) -> bool {
    let n = control.denominator() as f64;
    let [p, q] = [control, other].map(|rate| rate.numerator() as f64 / n);
    let middle = f64::midpoint(p, q);
    (p - q).abs() > 1.959_964 * (middle * (1.0 - middle) * 2.0 / n).sqrt()
}

#[test]
fn looking_often_finds_no_difference_where_there_is_none() {
    for rate in [0.5, 0.1] {
        let by_rule = found([rate; 2], 5_000, 1_500, is_difference);
        let by_test = share_of([rate; 2], 5_000, 1_500, |_, rates| is_significant(rates).then_some(true));
        // Three standard errors of 5 % in 1,500 experiments are 1.7 points.
        println!("no difference, {rate}: {by_rule} by the rule, {by_test} by the usual test");
        assert!(by_rule <= ALPHA + 0.017, "{rate}: {by_rule}");
        assert!(
            by_test >= 0.2,
            "the usual test errs far more often, or this test sees nothing; {rate}: {by_test}"
        );
    }
}

#[test]
fn a_difference_is_found_in_the_planned_number_of_answers() {
    let size = planned_size(0.5, 0.04, 1).unwrap();
    let twice = found([0.5, 0.54], size * LOOKING_FACTOR, 600, is_difference);
    // Three standard errors of 80 % in 600 experiments are 4.9 points.
    assert!(twice >= 0.8 - 0.049, "{twice}");
    let once = found([0.5, 0.54], size, 600, is_difference);
    println!("found: {once} in the size, {twice} in twice the size");
    assert!(once < 0.65, "the factor would not be needed: {once}");
}

#[test]
fn a_better_variant_is_as_likely_found_among_several() {
    // Three standard errors of 80 % in 4,000 experiments are 1.9 points.
    const LEAST: f64 = 0.8 - 0.019;
    let (one, two, three) = ([0.5, 0.57], [0.5, 0.57, 0.5], [0.5, 0.57, 0.5, 0.5]);
    let planned = [named(one, 1), named(two, 2), named(three, 3)];
    let as_if_one = [named(two, 1), named(three, 1)];
    println!("found of one, two and three: {planned:?}; in the number for one: {as_if_one:?}");
    assert!(planned.iter().all(|share| *share >= LEAST), "{planned:?}");
    assert!(as_if_one.iter().all(|share| *share < LEAST), "the size need not depend on them: {as_if_one:?}");
}
