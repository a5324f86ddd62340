//! A site that tries two ways to ask, from its visitors to the verdict: what is published of few visitors must find no difference where
//! there is none.

use postern_stats::{ALPHA, Counter, Counts, Day, Dimension, Findings, Point, Publisher, Verdict, apart};

/// Splitmix64: a fixed stream for each seed.
struct Random(u64);

impl Random {
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        #[allow(clippy::cast_precision_loss, reason = "53 bits are enough of a share")]
        let share = ((z ^ (z >> 31)) >> 11) as f64 / 9_007_199_254_740_992.0;
        share
    }
}

/// Who says yes of those asked, and who says no, of each way.
type Ways = [(f64, f64); 2];

/// What is told of an experiment of 92 days, with so many browsers asked a day, and so many pages and answers of others.
fn found(random: &mut Random, ways: Ways, asked: u32, others: Counts) -> Findings {
    let mut publisher = Publisher::default();
    let (mut blocks, mut days) = (Vec::new(), [Vec::new(), Vec::new()]);
    for day in (20_000..20_092).filter_map(Day::new) {
        let mut counts = [Counts::default(); 2];
        for _ in 0..asked {
            let place = usize::from(random.share() < 0.5);
            let (Some((yes, no)), Some(counts)) = (ways.get(place), counts.get_mut(place)) else { continue };
            let share = random.share();
            *counts = counts.with(Counter::Views, 2).with(Counter::First, 1);
            if share < *yes {
                *counts = counts.with_first(Counter::Accepted, 1);
            } else if share < yes + no {
                *counts = counts.with_first(Counter::Refused, 1);
            }
        }
        let everybody = Counts::total(counts).merge(others);
        for (days, counts) in days.iter_mut().zip(counts) {
            days.push((day, counts));
        }
        let block = publisher.push(day, &[(Dimension::All, String::new(), everybody)]);
        let everybody = block.iter().flat_map(|block| block.cells.iter().map(move |cell| (block, cell)));
        blocks.extend(
            everybody.filter(|(_, (of, _, _))| *of == Dimension::All).map(|(block, (_, _, counts))| Point {
                first: block.first,
                last: block.last,
                counts: *counts,
            }),
        );
    }
    Findings::of(&apart(&blocks, &days), 0.5, 0.03)
}

/// Of so many experiments: how many found a difference, what share of the browsers asked counted, and how far the ways were apart.
fn told(ways: Ways, asked: u32, others: Counts) -> (f64, f64, f64) {
    const EXPERIMENTS: u32 = 200;
    let mut random = Random(20_261_129);
    let (mut differences, mut counted, mut apart) = (0, 0, 0.0);
    for _ in 0..EXPERIMENTS {
        let found = found(&mut random, ways, asked, others);
        let [control, other] = found.ways.as_slice() else { continue };
        differences += u32::from(matches!(found.verdict, Verdict::Better(_)));
        counted += control.rate().denominator() + other.rate().denominator();
        apart += other.rate().share().unwrap_or_default() - control.rate().share().unwrap_or_default();
    }
    #[allow(clippy::cast_precision_loss, reason = "a million browsers")]
    let counted = counted as f64 / f64::from(EXPERIMENTS * 92 * asked);
    (f64::from(differences) / f64::from(EXPERIMENTS), counted, apart / f64::from(EXPERIMENTS))
}

#[test]
fn a_way_that_drives_away_who_says_no_is_not_found_better_on_its_good_days() {
    // As many say yes in both, and four times as many say no in one: on most days it alone has ten answers.
    let pages = Counts::default().with(Counter::Views, 500);
    let some = pages.with(Counter::Accepted, 1).with(Counter::Refused, 1);
    for (asked, others, counted_min) in [(16, pages, 0.9), (40, pages, 0.97), (40, some, 0.9)] {
        let (found, counted, apart) = told([(0.4, 0.1), (0.4, 0.4)], asked, others);
        println!("{asked} a day: a difference in {found}, {counted} counted, {apart} apart");
        // Three standard errors of 5 % in 200 experiments are 4.6 points; of the difference at 16 a day, half a point.
        assert!(found <= ALPHA + 0.046, "{asked}: {found}");
        assert!(counted >= counted_min, "{asked}: {counted}");
        assert!(apart.abs() <= 0.006, "{asked}: {apart}");
    }
}

#[test]
fn a_difference_is_found_among_others_who_have_no_part_in_it() {
    let others =
        Counts::default().with(Counter::Views, 9000).with(Counter::Accepted, 2).with(Counter::Refused, 1);
    let (found, counted, apart) = told([(0.4, 0.2), (0.47, 0.3)], 150, others);
    println!("a difference in {found}, {counted} counted, {apart} apart");
    assert!(found >= 0.9 && counted >= 0.9, "{found} {counted}");
    assert!((apart - 0.07).abs() <= 0.005, "{apart}");
}
