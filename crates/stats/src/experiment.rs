//! Variants of a banner compared: how far apart they are, whether that is chance, and when to stop.
//!
//! Who looks each day and stops at the first day that looks good finds differences where there are none. The p-value here
//! stays valid however often one looks: the chance that it is ever 0.05 or less, if there is no difference, is at most
//! 5 %. That has its price: a difference takes more answers to be found than in one look at a fixed number.
//!
//! What never lives here: who is shown what (the worker's), and words about the verdict (`postern-view`).

use crate::rate::Z;
use crate::{Interval, Rate};
use std::cmp::Ordering;

/// The chance of seeing a difference that is not there, in all comparisons of one experiment together.
pub const ALPHA: f64 = 0.05;

/// Grants and refusals, of both variants together, and answers of each variant, that are needed before anything is said.
/// The p-value takes shares to be normally distributed, which they are not before. Source: the usual rule of ten.
pub const ANSWERS_MIN: u64 = 10;

/// How many times [`planned_size`] is to be planned where [`always_valid_p`] judges, both for the same smallest difference: then that
/// difference is found with 80 % probability at least, whatever it is.
///
/// Why whatever it is: the mixing is as wide as the difference, and the size goes with its inverse square, so at the planned number
/// `t / v` (as in [`always_valid_p`]) is always `2 (z + 0.84)²`, with `z` of the test of one comparison among one, two and three: 15.7,
/// 19.0 and 20.9. There `p` is small enough if the difference is 3.06, 3.30 and 3.44 standard errors or more, and it lies around
/// `√2 (z + 0.84)`, 3.96, 4.36 and 4.58, of them. So it is found at that one look in 81, 85 and 87 %; the looks before can only add. Of
/// once the size it is about half.
///
/// Measured by simulation, 4,000 to 20,000 experiments each, 10 and 92 looks, rates of 0.01 to 0.99, differences of 0.01 to 0.4, of one,
/// two and three variants, of which one differs: 84 to 91 %, 87 to 95 % and 89 to 96 %. By all tables that there are, with one look alone,
/// differences of 0.03 to 0.4 and 1,500 answers at most: 80.5 % or more. Repeated in part by `tests/looking.rs`. Beyond 0.4 two or three
/// dozen answers are planned, no normal distribution is near, and it does not hold: 0.5 is found in 73 % at worst, 0.9 never. No policy
/// looks for more than 0.3 alone (`Experiment::POINTS_MAX` of `postern-policy`).
pub const LOOKING_FACTOR: u64 = 2;

/// Where the normal distribution leaves [`ALPHA`] on both sides together, and a half and a third of it: for the test of each of
/// so many comparisons.
const Z_SHARED: [f64; 3] = [Z, 2.241_402_727_604_945, 2.393_979_799_818_509];

/// The 80 % point of the normal distribution: the power that a size is planned for.
const Z_POWER: f64 = 0.841_621_233_572_914_2;

/// The 95 % interval of how much more of the other than of the control said yes, -1.0..=1.0; `None` if one has no answers.
/// For one look at a time that was fixed before. Source: Newcombe, Stat. Med. 17 (1998) 873, method 10.
#[must_use]
pub fn difference_95(control: Rate, other: Rate) -> Option<Interval> {
    let (p, q) = (other.share()?, control.share()?);
    let (of_p, of_q) = (other.wilson_95()?, control.wilson_95()?);
    let difference = p - q;
    let low = difference - (p - of_p.low).hypot(of_q.high - q);
    let high = difference + (of_p.high - p).hypot(q - of_q.low);
    Some(Interval { low: low.max(-1.0), high: high.min(1.0) })
}

/// The p-value of there being no difference, given all answers so far and the p-value of the last look (1.0 before the
/// first), 0.0..=1.0. It never rises, and is kept by the caller.
///
/// The mixture sequential probability ratio test of two proportions, with normal mixing around no difference: `1 / L`, where
/// `L = sqrt(v / (v + t)) * exp(t * d² / (2 * v * (v + t)))`, `d` the difference of the shares, `v` the variance of `d` if
/// there is no difference (from one share for both, where the source takes each variant's own: the two agree if there is
/// none, and one share is better known), and `t` the mixing variance, the square of `smallest`.
///
/// `smallest` is the smallest difference worth finding (0.02: two points), above 0.0 and at most 1.0; with any other nothing is
/// said. The test is valid with whichever, and finds differences of about that size soonest. It must be chosen before the first
/// answer and stay: each other one is another test, and who tries several has as many chances to err.
///
/// It is valid as far as shares are normally distributed. Of few answers they are not, and it errs less, not more: by simulation, looked at
/// after each answer to the 3,000th of each variant, for differences of 0.01 to 0.4 and rates of 0.01 to 0.99, in 3.7 % at most. Source: Johari,
/// Koomen, Pekelis, Walsh, "Always Valid Inference: Continuous Monitoring of A/B Tests", Oper. Res. 70 (2022) 1806,
/// doi:10.1287/opre.2021.2135, also for mixing by the differences that are expected; the test is of Robbins, "Statistical Methods
/// Related to the Law of the Iterated Logarithm", Ann. Math. Stat. 41 (1970) 1397.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
pub fn always_valid_p(control: Rate, other: Rate, smallest: f64, so_far: f64) -> f64 {
    let so_far = so_far.clamp(0.0, 1.0);
    let yes = control.numerator().saturating_add(other.numerator());
    let all = control.denominator().saturating_add(other.denominator());
    let least = yes.min(all.saturating_sub(yes)).min(control.denominator()).min(other.denominator());
    let (Some(of_control), Some(of_other), Some(of_both)) =
        (control.share(), other.share(), Rate::new(yes, all).share())
    else {
        return so_far;
    };
    let is_size = smallest > 0.0 && smallest <= 1.0;
    if least < ANSWERS_MIN || !is_size {
        return so_far;
    }
    let each = 1.0 / control.denominator() as f64 + 1.0 / other.denominator() as f64;
    let variance = of_both * (1.0 - of_both) * each;
    let mixing = smallest * smallest;
    let both = variance + mixing;
    let difference = of_other - of_control;
    let ln_p = ((both / variance).ln() - mixing * difference * difference / (variance * both)) / 2.0;
    ln_p.exp().min(so_far)
}

/// What is known of one variant against the control, over all looks so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// The [`always_valid_p`]: the smallest of all looks.
    pub p: f64,
    /// On which side of the control the variant was at the look that gave it: [`Ordering::Greater`] if more said yes, and
    /// [`Ordering::Equal`] before there was one.
    pub side: Ordering,
}

impl Evidence {
    /// Before the first look.
    pub const NONE: Self = Self { p: 1.0, side: Ordering::Equal };

    /// With one more look, for differences of `smallest`.
    #[must_use]
    pub fn with(self, control: Rate, other: Rate, smallest: f64) -> Self {
        let p = always_valid_p(control, other, smallest, self.p);
        if p < self.p { Self { p, side: side(control, other) } } else { self }
    }
}

/// On which side of the control a variant is.
fn side(control: Rate, other: Rate) -> Ordering {
    other.share().partial_cmp(&control.share()).unwrap_or(Ordering::Equal)
}

/// What an experiment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing yet; go on.
    Undecided,
    /// Stop: this variant, by its place, is better than the control. 0 is the control, if all others are worse than it.
    Better(usize),
    /// Stop: each variant has as many answers as were planned, and none is known to be better.
    NoDifference,
}

/// Whether to stop. `variants` are the rates of yes, the control's first; `evidence` is that of each of the
/// others against it, in their order; `planned` is what each variant's rate is to be of, at least, before it stops without a
/// difference ([`planned_size`] times [`LOOKING_FACTOR`], decided before the start): browsers asked, where rates are of these.
///
/// A difference is one if p is at most [`ALPHA`] divided by the number of comparisons (Bonferroni). Of several variants
/// better than the control the one with the largest share is named; that it is better than the other ones is not tested.
///
/// The smallest p of all looks is that of its own look, and says which side the difference was on then. A variant that is not on that side
/// now is open: neither is it known to be better or worse, nor that there is no difference. So it is named less often than its p alone
/// would have it, never more.
#[must_use]
pub fn judge(variants: &[Rate], evidence: &[Evidence], planned: u64) -> Verdict {
    let Some((control, others)) = variants.split_first() else { return Verdict::Undecided };
    let threshold = threshold(others.len());
    let (mut best, mut worse, mut is_open) = (None, 0, false);
    for ((place, other), found) in (1..).zip(others).zip(evidence) {
        let (Some(share), Some(_)) = (other.share(), control.share()) else { continue };
        if found.p.is_nan() || found.p > threshold {
            continue;
        }
        match side(*control, *other) {
            now if now != found.side => is_open = true,
            Ordering::Greater if best.is_none_or(|(_, most)| share > most) => best = Some((place, share)),
            Ordering::Greater | Ordering::Equal => {}
            Ordering::Less => worse += 1,
        }
    }
    match best {
        Some((place, _)) => Verdict::Better(place),
        None if worse > 0 && worse == others.len() => Verdict::Better(0),
        None if !others.is_empty()
            && !is_open
            && variants.iter().all(|rate| rate.denominator() >= planned) =>
        {
            Verdict::NoDifference
        }
        None => Verdict::Undecided,
    }
}

/// The p that a difference has at most, if there are so many comparisons. Source: Bonferroni.
#[allow(clippy::cast_precision_loss, reason = "a few variants")]
pub(crate) fn threshold(comparisons: usize) -> f64 {
    ALPHA / comparisons as f64
}

/// How many answers (or browsers asked, for rates of these) each variant needs, so that one look finds a difference of `smallest`
/// (0.02: two points) between `base` and one of the others with 80 % probability, in whichever direction needs more; `None` if
/// there is no such difference, or if there are not 1 to 3 others. Each of these `comparisons` has its test at [`ALPHA`] divided by
/// their number, as in [`judge`]: the more there are, the more answers each needs.
///
/// The normal approximation. Source: Fleiss, Levin, Paik, "Statistical Methods for Rates and Proportions", 3rd ed. (2003),
/// ch. 4, without the correction; Dunn, JASA 56 (1961) 52, for several comparisons.
#[must_use]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast from a float saturates, and the number is positive"
)]
pub fn planned_size(base: f64, smallest: f64, comparisons: usize) -> Option<u64> {
    let z = Z_SHARED.get(comparisons.checked_sub(1)?)?;
    if !(0.0..=1.0).contains(&base) || smallest.is_nan() || smallest <= 0.0 {
        return None;
    }
    let size = |other: f64| {
        let middle = f64::midpoint(base, other);
        let chance = (2.0 * middle * (1.0 - middle)).sqrt();
        let power = (base * (1.0 - base) + other * (1.0 - other)).sqrt();
        ((z * chance + Z_POWER * power) / smallest).powi(2)
    };
    let others = [base - smallest, base + smallest].into_iter().filter(|other| (0.0..=1.0).contains(other));
    others.map(size).reduce(f64::max).map(|size| size.ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn differences_are_those_of_the_source() {
        // Newcombe 1998, table II, method 10, to its four places.
        for (one, other, low, high) in [
            ((56, 70), (48, 80), 0.0524, 0.3339),
            ((9, 10), (3, 10), 0.1705, 0.8090),
            ((6, 7), (2, 7), 0.0582, 0.8062),
            ((5, 56), (0, 29), -0.0381, 0.1926),
            ((0, 10), (0, 20), -0.1611, 0.2775),
            ((0, 10), (0, 10), -0.2775, 0.2775),
            ((10, 10), (0, 20), 0.6791, 1.0000),
            ((10, 10), (0, 10), 0.6075, 1.0000),
        ] {
            let found = difference_95(Rate::new(other.0, other.1), Rate::new(one.0, one.1)).unwrap();
            let close = |found: f64, known: f64| (found - known).abs() < 0.000_06;
            assert!(close(found.low, low) && close(found.high, high), "{one:?} {other:?}: {found:?}");
        }
        assert_eq!(difference_95(Rate::new(0, 0), Rate::new(1, 2)), None);
    }

    #[test]
    fn too_few_answers_say_nothing() {
        for (control, other) in
            [((0, 0), (0, 0)), ((0, 9), (9, 9)), ((0, 10_000), (9, 10_000)), ((100, 100), (0, 9))]
        {
            assert_eq!(
                always_valid_p(Rate::new(control.0, control.1), Rate::new(other.0, other.1), 0.03, 1.0),
                1.0
            );
        }
        assert!(always_valid_p(Rate::new(0, 500), Rate::new(500, 500), 0.03, 1.0) < 1e-9);
        assert_eq!(always_valid_p(Rate::new(500, 1000), Rate::new(500, 1000), 0.03, 0.3), 0.3);
    }

    #[test]
    fn a_test_for_what_is_no_difference_says_nothing() {
        for smallest in [0.0, -0.03, 1.01, f64::NAN, f64::INFINITY] {
            assert_eq!(
                always_valid_p(Rate::new(0, 500), Rate::new(500, 500), smallest, 0.7),
                0.7,
                "{smallest}"
            );
        }
        assert!(always_valid_p(Rate::new(0, 500), Rate::new(500, 500), 1.0, 0.7) < 1e-9);
        assert_eq!(always_valid_p(Rate::new(0, 500), Rate::new(500, 500), f64::MIN_POSITIVE, 0.7), 0.7);
    }

    #[test]
    fn verdicts_follow_from_p_and_the_number_planned() {
        let half = Rate::new(500, 1000);
        let (more, most, less) = (Rate::new(600, 1000), Rate::new(650, 1000), Rate::new(400, 1000));
        let (up, down) =
            (|p| Evidence { p, side: Ordering::Greater }, |p| Evidence { p, side: Ordering::Less });
        for (variants, evidence, planned, verdict) in [
            (&[half, more][..], &[up(0.05)][..], 2000, Verdict::Better(1)),
            (&[half, more], &[up(0.051)], 2000, Verdict::Undecided),
            (&[half, more], &[up(0.051)], 1000, Verdict::NoDifference),
            (&[half, less], &[down(0.01)], 2000, Verdict::Better(0)),
            // Two comparisons, and so half of the chance for each.
            (&[half, more, most], &[up(0.03), up(0.03)], 2000, Verdict::Undecided),
            (&[half, more, most], &[up(0.02), up(0.02)], 2000, Verdict::Better(2)),
            (&[half, more, most], &[up(0.02), up(0.9)], 2000, Verdict::Better(1)),
            // One is worse, and the other is still open.
            (&[half, less, more], &[down(0.01), up(0.9)], 2000, Verdict::Undecided),
            (&[half, less, less], &[down(0.01), down(0.01)], 2000, Verdict::Better(0)),
            // What p was found of is on the other side now, or on none: that is no verdict, and no end without one.
            (&[half, less], &[up(0.01)], 1000, Verdict::Undecided),
            (&[half, more], &[down(0.01)], 1000, Verdict::Undecided),
            (&[half, half], &[up(0.01)], 1000, Verdict::Undecided),
            (&[half, less, less], &[up(0.01), down(0.01)], 1000, Verdict::Undecided),
            (&[half, less, more], &[up(0.01), up(0.01)], 1000, Verdict::Better(2)),
            (&[half, less], &[up(0.3)], 1000, Verdict::NoDifference),
            (&[half], &[], 10, Verdict::Undecided),
            (&[], &[], 0, Verdict::Undecided),
            (&[half, Rate::new(0, 0)], &[down(0.01)], 1000, Verdict::Undecided),
            (&[half, more], &[up(f64::NAN)], 2000, Verdict::Undecided),
        ] {
            assert_eq!(judge(variants, evidence, planned), verdict, "{variants:?} {evidence:?} {planned}");
        }
    }

    #[test]
    fn no_size_finds_what_cannot_be() {
        for (base, smallest) in
            [(-0.1, 0.1), (0.5, 0.0), (0.5, -0.1), (0.5, 0.6), (f64::NAN, 0.1), (0.5, f64::NAN), (1.1, 0.2)]
        {
            assert_eq!(planned_size(base, smallest, 1), None, "{base} {smallest}");
        }
        assert_eq!([0, 4, usize::MAX].map(|comparisons| planned_size(0.5, 0.1, comparisons)), [None; 3]);
        // Fleiss and others: 0.5 against 0.6, a table in every textbook.
        assert_eq!(planned_size(0.5, 0.1, 1), Some(388));
        assert_eq!(planned_size(0.0, 0.5, 1), planned_size(1.0, 0.5, 1));
    }

    proptest! {
        #[test]
        fn p_never_rises_and_is_a_probability(a: u32, b: u32, c: u32, d: u32, smallest: f64, so_far in 0.0f64..=1.0) {
            let p = always_valid_p(Rate::new(a.into(), b.into()), Rate::new(c.into(), d.into()), smallest, so_far);
            prop_assert!((0.0..=so_far).contains(&p));
        }

        #[test]
        fn the_difference_lies_in_its_interval(a in 0u64..999, b in 1u64..999, c in 0u64..999, d in 1u64..999) {
            let (control, other) = (Rate::new(a, b), Rate::new(c, d));
            let found = difference_95(control, other).unwrap();
            let difference = other.share().unwrap() - control.share().unwrap();
            prop_assert!(-1.0 <= found.low && found.low <= difference + 1e-12);
            prop_assert!(difference <= found.high + 1e-12 && found.high <= 1.0);
        }
    }
}
