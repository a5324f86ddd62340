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

/// The share of experiments that stop with a difference by the rule, and by the usual test at any look.
fn found(rates: [f64; 2], size: u64, experiments: u32) -> (f64, f64) {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is within 0 and 1")]
    let rates = rates.map(|rate| (rate * 4_294_967_296.0) as u64);
    let mut random = Random(20_261_127);
    let (mut by_rule, mut by_test) = (0, 0);
    for _ in 0..experiments {
        let (mut yes, mut p, mut is_found, mut is_tested) = ([0, 0], 1.0, false, false);
        for look in 1..=LOOKS {
            for (yes, rate) in yes.iter_mut().zip(rates) {
                *yes += random.yes(size / LOOKS, rate);
            }
            let of = look * (size / LOOKS);
            let variants = yes.map(|yes| Rate::new(yes, of));
            p = always_valid_p(variants[0], variants[1], p);
            is_found |= matches!(judge(&variants, &[p], u64::MAX), Verdict::Better(_));
            is_tested |= is_significant(variants);
        }
        by_rule += u32::from(is_found);
        by_test += u32::from(is_tested);
    }
    (f64::from(by_rule) / f64::from(experiments), f64::from(by_test) / f64::from(experiments))
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
        let (by_rule, by_test) = found([rate; 2], 5_000, 1_500);
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
    let size = planned_size(0.5, 0.04).unwrap();
    let (twice, _) = found([0.5, 0.54], size * LOOKING_FACTOR, 600);
    // Three standard errors of 80 % in 600 experiments are 4.9 points.
    assert!(twice >= 0.8 - 0.049, "{twice}");
    let (once, _) = found([0.5, 0.54], size, 600);
    println!("found: {once} in the size, {twice} in twice the size");
    assert!(once < 0.65, "the factor would not be needed: {once}");
}
