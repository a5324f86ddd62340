//! Looking often: what it costs with the always-valid p-value, and what it does to the usual test.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "clippy exempts test functions, not their helpers"
)]

use postern_stats::{ALPHA, Evidence, LOOKING_FACTOR, Rate, Verdict, judge, planned_size};

/// Splitmix64: a fixed stream for each seed.
struct Random(u64);

impl Random {
    #[allow(clippy::cast_precision_loss, reason = "53 bits are enough of a share")]
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / 9_007_199_254_740_992.0
    }
}

/// How many of so many say yes: the chance of each number or fewer.
struct Yes(Vec<f64>);

impl Yes {
    /// The binomial distribution, from its middle outwards by the ratio of neighbours, so that nothing underflows that matters.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "numbers of answers"
    )]
    fn new(of: u64, rate: f64) -> Self {
        let (odds, middle) = (rate / (1.0 - rate), (of as f64 * rate) as usize);
        let mut chances = vec![1.0; of as usize + 1];
        let ratio = |less: usize| odds * (of as f64 - less as f64) / (less as f64 + 1.0);
        for less in middle..of as usize {
            chances[less + 1] = chances[less] * ratio(less);
        }
        for less in (0..middle).rev() {
            chances[less] = chances[less + 1] / ratio(less);
        }
        let (sum, mut so_far) = (chances.iter().sum::<f64>(), 0.0);
        for chance in &mut chances {
            so_far += *chance / sum;
            *chance = so_far;
        }
        Self(chances)
    }

    fn draw(&self, random: &mut Random) -> u64 {
        let share = random.share();
        self.0.partition_point(|chance| *chance <= share).min(self.0.len() - 1) as u64
    }
}

/// How one looks: so many answers of each way later each time, so many times.
#[derive(Clone, Copy)]
struct Looks {
    step: u64,
    count: u64,
}

impl Looks {
    /// So many looks at most until each way has so many answers, the last when it has.
    fn until(size: u64, count: u64) -> Self {
        let step = size.div_ceil(count);
        Self { step, count: size.div_ceil(step) }
    }
}

/// Calls `look` with the rates so far, the control's first, at each look at each of so many experiments, until it has an answer. The share
/// of experiments in which that is yes.
fn share_of<const WAYS: usize>(
    rates: [f64; WAYS],
    looks: Looks,
    experiments: u32,
    mut look: impl FnMut(u64, [Rate; WAYS]) -> Option<bool>,
) -> f64 {
    let chances = rates.map(|rate| Yes::new(looks.step, rate));
    let mut random = Random(20_261_127);
    let mut count = 0;
    for _ in 0..experiments {
        let (mut yes, mut answer) = ([0; WAYS], None);
        for number in 1..=looks.count {
            for (yes, chances) in yes.iter_mut().zip(&chances) {
                *yes += chances.draw(&mut random);
            }
            answer = look(number, yes.map(|yes| Rate::new(yes, number * looks.step)));
            if answer.is_some() {
                break;
            }
        }
        count += u32::from(answer == Some(true));
    }
    f64::from(count) / f64::from(experiments)
}

/// The share of experiments on a difference of `smallest` that the rule stops with a verdict that is meant.
fn found<const WAYS: usize>(
    rates: [f64; WAYS],
    smallest: f64,
    looks: Looks,
    experiments: u32,
    is_meant: impl Fn(Verdict) -> bool,
) -> f64 {
    let mut evidence = Vec::new();
    share_of(rates, looks, experiments, |number, rates| {
        let (control, others) = rates.split_first()?;
        if number == 1 {
            evidence = vec![Evidence::NONE; others.len()];
        }
        for (found, other) in evidence.iter_mut().zip(others) {
            *found = found.with(*control, *other, smallest);
        }
        let verdict = judge(&rates, &evidence, u64::MAX);
        (verdict != Verdict::Undecided).then(|| is_meant(verdict))
    })
}

fn is_difference(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Better(_))
}

/// The number of answers at which an experiment ends without a difference.
fn planned(base: f64, smallest: f64, comparisons: usize) -> u64 {
    planned_size(base, smallest, comparisons).unwrap() * LOOKING_FACTOR
}

/// The share of experiments that find the first variant, which is better than a control of one half by seven points, in the number that
/// is planned for so many comparisons. The others are like the control: none of them helps.
fn named<const WAYS: usize>(rates: [f64; WAYS], comparisons: usize) -> f64 {
    let looks = Looks::until(planned(0.5, 0.07, comparisons), 50);
    found(rates, 0.07, looks, 4_000, |verdict| verdict == Verdict::Better(1))
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
    let looks = Looks::until(5_000, 50);
    for rate in [0.5, 0.1] {
        let by_rule = found([rate; 2], 0.03, looks, 1_500, is_difference);
        let by_test = share_of([rate; 2], looks, 1_500, |_, rates| is_significant(rates).then_some(true));
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
fn whatever_difference_is_looked_for_none_is_found_where_there_is_none() {
    const EXPERIMENTS: u32 = 1_500;
    // From the first ten answers on, and as long again as planned: one may stop whenever one likes.
    let mut most = 0.0_f64;
    for smallest in [0.01, 0.03, 0.1, 0.2, 0.3, 0.4] {
        for rate in [0.05, 0.5, 0.9] {
            for comparisons in [1, 3] {
                let step = (2 * planned(rate, smallest, comparisons) / 92).max(10);
                let looks = Looks { step, count: 92 };
                let share = match comparisons {
                    1 => found([rate; 2], smallest, looks, EXPERIMENTS, is_difference),
                    _ => found([rate; 4], smallest, looks, EXPERIMENTS, is_difference),
                };
                // Three standard errors of 5 % in 1,500 experiments are 1.7 points.
                assert!(share <= ALPHA + 0.017, "{smallest} from {rate}, {comparisons}: {share}");
                most = most.max(share);
            }
        }
    }
    println!("found where there is none at most: {most}");
}

#[test]
fn whatever_difference_is_looked_for_it_is_found_in_the_planned_number_of_answers() {
    const EXPERIMENTS: u32 = 1_500;
    let is_first = |verdict| verdict == Verdict::Better(1);
    let mut least = [1.0_f64; 3];
    for smallest in [0.01, 0.03, 0.1, 0.15, 0.2, 0.3, 0.4] {
        for (base, other) in
            [0.05, 0.2, 0.5].map(|base| (base, base + smallest)).into_iter().chain([(0.95, 0.95 - smallest)])
        {
            for count in [10, 92] {
                for (comparisons, least) in (1..).zip(&mut least) {
                    let looks = Looks::until(planned(base, smallest, comparisons), count);
                    let share = match comparisons {
                        1 => found([base, other], smallest, looks, EXPERIMENTS, is_difference),
                        // Of several the site's own way is said to be better only if all of them are worse.
                        _ if other < base => continue,
                        2 => found([base, other, base], smallest, looks, EXPERIMENTS, is_first),
                        _ => found([base, other, base, base], smallest, looks, EXPERIMENTS, is_first),
                    };
                    // Three standard errors of 80 % in 1,500 experiments are 3.1 points.
                    assert!(
                        share >= 0.8 - 0.031,
                        "{smallest} from {base}, {comparisons}, {count} looks: {share}"
                    );
                    *least = least.min(share);
                }
            }
        }
    }
    println!("found of one, two and three at least: {least:?}");
}

#[test]
fn who_expects_one_half_is_on_the_safe_side() {
    for smallest in [0.03, 0.1, 0.2, 0.3] {
        for base in [0.05, 0.2, 0.35, 0.45] {
            let looks = Looks::until(planned(0.5, smallest, 1), 10);
            let share = found([base, base + smallest], smallest, looks, 1_500, is_difference);
            assert!(share >= 0.8 - 0.031, "{smallest} from {base}: {share}");
        }
    }
}

#[test]
fn once_the_size_would_not_be_enough() {
    for smallest in [0.04, 0.2] {
        let looks = Looks::until(planned_size(0.5, smallest, 1).unwrap(), 50);
        let once = found([0.5, 0.5 + smallest], smallest, looks, 600, is_difference);
        assert!(once < 0.65, "the factor would not be needed; {smallest}: {once}");
    }
}

#[test]
fn a_better_variant_is_as_likely_found_among_several() {
    // Three standard errors of how far two shares of 87 % in 4,000 experiments are apart.
    const CHANCE: f64 = 0.023;
    let (one, two, three) = ([0.5, 0.57], [0.5, 0.57, 0.5], [0.5, 0.57, 0.5, 0.5]);
    let planned = [named(one, 1), named(two, 2), named(three, 3)];
    let as_if_one = [named(two, 1), named(three, 1)];
    println!("found of one, two and three: {planned:?}; in the number for one: {as_if_one:?}");
    assert!(planned.iter().all(|share| *share >= planned[0] - CHANCE), "{planned:?}");
    assert!(
        as_if_one.iter().all(|share| *share < planned[0] - CHANCE),
        "the size need not depend on them: {as_if_one:?}"
    );
}
