//! A site that does not exist: its days, each as a batch of what was counted.
//!
//! Every visit is one of a few kinds, so that no counter can contradict another, and every dimension gives each visit one
//! value, so that its values sum up to everybody. What the shapes are like (weeks, seasons, laws, browsers, a banner's
//! wording) is invented, after what such sites tell.

use postern_stats::{Batch, Counter, Counts, Day, DayError, Dimension};

/// Splitmix64.
struct Random(u64);

impl Random {
    /// 0.0..1.0
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Around 0 with variance 1, nearly normal: the sum of twelve.
    fn bell(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// A whole number around that: its fraction is a chance.
    fn whole(&mut self, around: f64) -> u64 {
        (around + around.sqrt() * self.bell() + self.unit()).max(0.0) as u64
    }

    /// So many, shared out by weight with about the spread that chance has. The sum is exact.
    fn share_out(&mut self, all: u64, weights: &[f64]) -> Vec<u64> {
        let (total, sum) = (all as f64, weights.iter().sum::<f64>());
        let mut spread = |weight: &f64| {
            let share = weight / sum;
            let chance = ((1.0 - share) / (share * total)).sqrt();
            if share > 0.0 && total > 0.0 { (weight * (1.0 + chance * self.bell())).max(0.0) } else { 0.0 }
        };
        let weights: Vec<f64> = weights.iter().map(&mut spread).collect();
        let sum = weights.iter().sum::<f64>();
        let (offset, mut upto, mut given) = (self.unit(), 0.0, 0);
        let last = weights.iter().rposition(|weight| *weight > 0.0);
        let mut part = |(place, weight): (usize, &f64)| {
            upto += weight / sum * total;
            let end = if Some(place) >= last { all } else { ((upto + offset) as u64).clamp(given, all) };
            let part = end - given;
            given = end;
            part
        };
        weights.iter().enumerate().map(&mut part).collect()
    }
}

/// A kind of visit or act.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Seen,
    AskedAgain,
    Ignored,
    WithoutScripts,
    Blocked,
    Accepted,
    AcceptedByAgent,
    Refused,
    RefusedByAgent,
    RefusedWithoutScripts,
    /// With the categories granted.
    Partial(&'static [Counter]),
    Withdrawn,
    Bot,
}

const CATEGORIES: &[Counter] =
    &[Counter::Functional, Counter::Analytics, Counter::Marketing, Counter::Social];

/// Each partial answer, with its share of these.
const PARTIALS: [(&[Counter], f64); 5] = [
    (&[Counter::Functional], 0.34),
    (&[Counter::Functional, Counter::Analytics], 0.31),
    (&[Counter::Analytics], 0.12),
    (&[Counter::Functional, Counter::Social], 0.15),
    (&[Counter::Functional, Counter::Marketing], 0.08),
];

impl Kind {
    fn counts(self) -> Counts {
        use Counter::{
            Accepted, Bots, ByAgent, First, NoScript, Partial, Refused, Reported, Shown, Views, Withdrawn,
        };
        let counted: &[Counter] = match self {
            Self::Seen => &[Views],
            Self::AskedAgain => &[Views, Shown],
            Self::Ignored => &[Views, Shown, First, Reported],
            Self::WithoutScripts => &[Views, Shown, First, NoScript],
            Self::Blocked => &[Views, Shown, First],
            Self::Accepted => &[Views, Shown, First, Reported, Accepted],
            Self::AcceptedByAgent => &[Views, Shown, First, Reported, Accepted, ByAgent],
            Self::Refused => &[Views, Shown, First, Reported, Refused],
            Self::RefusedByAgent => &[Views, Shown, First, Reported, Refused, ByAgent],
            Self::RefusedWithoutScripts => &[Views, Shown, First, NoScript, Refused],
            Self::Partial(_) => &[Views, Shown, First, Reported, Partial],
            Self::Withdrawn => &[Withdrawn],
            Self::Bot => &[Bots],
        };
        let granted = match self {
            Self::Accepted | Self::AcceptedByAgent => CATEGORIES,
            Self::Partial(granted) => granted,
            _ => &[],
        };
        let counts =
            counted.iter().chain(granted).fold(Counts::default(), |counts, counter| counts.with(*counter, 1));
        // Whoever answers here was asked.
        let (answered, granted) = (counts.decided(), counts.granted());
        counts.with(Counter::FirstAnswered, answered).with(Counter::FirstGranted, granted)
    }

    fn is_answer(self) -> bool {
        self.counts().decided() > 0
    }
}

/// A value of a dimension: its share, how its grants compare with everybody's (1.0: as often), and its bots.
struct Value {
    name: String,
    share: f64,
    grants: f64,
    bots: f64,
}

fn values(listed: &[(&str, f64, f64, f64)]) -> Vec<Value> {
    let value = |(name, share, grants, bots): &(&str, f64, f64, f64)| Value {
        name: (*name).to_owned(),
        share: *share,
        grants: *grants,
        bots: *bots,
    };
    listed.iter().map(value).collect()
}

impl Value {
    /// Its weight among those of a kind; of answers that grant nothing it has the more, the fewer it has of others.
    fn weight(&self, kind: Kind) -> f64 {
        let factor = match kind {
            Kind::Accepted | Kind::AcceptedByAgent | Kind::Partial(_) => self.grants,
            Kind::Refused | Kind::RefusedByAgent | Kind::RefusedWithoutScripts => {
                (2.0 - self.grants).max(0.1)
            }
            Kind::Bot => self.bots,
            _ => 1.0,
        };
        self.share * factor
    }
}

#[rustfmt::skip]
const PLACES: [(&str, f64, f64, f64); 42] = [
    ("DE/DE", 0.235, 0.93, 0.7), ("FR/FR", 0.122, 0.97, 0.6), ("GB/GB", 0.114, 1.05, 0.9), ("IT/IT", 0.068, 1.12, 0.4),
    ("ES/ES", 0.064, 1.14, 0.4), ("EU/NL", 0.049, 0.94, 1.6), ("EU/AT", 0.038, 0.92, 0.4), ("US/US", 0.036, 1.10, 6.0),
    ("EU/PL", 0.034, 1.12, 0.5), ("IE/IE", 0.030, 1.02, 3.0), ("BE/BE", 0.028, 0.98, 0.4), ("EU/SE", 0.022, 0.90, 0.6),
    ("US-CA/US", 0.016, 1.00, 9.0), ("EU/PT", 0.015, 1.15, 0.4), ("other/CH", 0.015, 0.93, 0.5), ("EU/DK", 0.013, 0.88, 0.3),
    ("GR/GR", 0.012, 1.18, 0.4), ("EU/CZ", 0.011, 1.05, 0.5), ("EU/FI", 0.010, 0.87, 2.0), ("EU/NO", 0.009, 0.91, 0.3),
    ("EU/RO", 0.009, 1.20, 0.7), ("EU/HU", 0.008, 1.10, 0.4), ("other/CA", 0.006, 1.06, 1.5), ("other/BR", 0.005, 1.25, 1.5),
    ("other/TR", 0.005, 1.20, 0.9), ("EU/SK", 0.004, 1.06, 0.3), ("EU/BG", 0.004, 1.16, 0.8), ("EU/HR", 0.003, 1.12, 0.3),
    ("other/AU", 0.003, 1.05, 0.8), ("other/IN", 0.003, 1.28, 5.0), ("EU/LU", 0.0025, 0.95, 0.4), ("EU/SI", 0.0022, 1.01, 0.3),
    ("EU/LT", 0.0020, 1.04, 0.6), ("EU/LV", 0.0015, 1.03, 0.4), ("EU/EE", 0.0014, 0.94, 0.4), ("other/JP", 0.0013, 0.90, 2.0),
    ("other/UA", 0.0012, 1.10, 2.5), ("EU/CY", 0.0009, 1.12, 0.3), ("EU/MT", 0.0006, 1.10, 0.3), ("EU/IS", 0.0005, 0.92, 0.3),
    ("other/SG", 0.0005, 1.05, 30.0), ("EU/LI", 0.0001, 0.95, 0.2),
];

const CLIENTS: [(&str, f64, f64, f64); 15] = [
    ("phone/chrome", 0.265, 1.08, 0.4),
    ("phone/safari", 0.255, 0.97, 0.2),
    ("computer/chrome", 0.215, 0.99, 3.0),
    ("computer/edge", 0.072, 1.06, 0.2),
    ("computer/firefox", 0.052, 0.72, 0.3),
    ("computer/safari", 0.047, 0.95, 0.1),
    ("phone/samsung", 0.038, 1.12, 0.1),
    ("tablet/safari", 0.016, 1.05, 0.1),
    ("tablet/chrome", 0.014, 1.14, 0.1),
    ("phone/firefox", 0.011, 0.66, 0.1),
    ("computer/opera", 0.006, 0.90, 0.1),
    ("phone/other", 0.004, 0.98, 3.0),
    ("computer/other", 0.003, 0.85, 40.0),
    ("phone/edge", 0.0015, 1.02, 0.1),
    ("tablet/samsung", 0.0005, 1.10, 0.1),
];

const LANGUAGES: [(&str, f64, f64, f64); 8] = [
    ("de", 0.285, 0.94, 0.3),
    ("en", 0.27, 1.03, 3.0),
    ("fr", 0.145, 0.97, 0.2),
    ("es", 0.09, 1.14, 0.2),
    ("it", 0.08, 1.10, 0.1),
    ("nl", 0.06, 0.95, 0.1),
    ("pl", 0.045, 1.10, 0.1),
    ("el", 0.025, 1.16, 0.1),
];

const PAGES: [(&str, f64, f64, f64); 6] = [
    ("product", 0.36, 1.03, 1.4),
    ("shop", 0.24, 1.02, 1.0),
    ("home", 0.17, 0.96, 0.6),
    ("blog", 0.13, 0.90, 1.2),
    ("account", 0.06, 1.12, 0.2),
    ("help", 0.04, 0.92, 0.5),
];

const VENDORS: [(&str, f64); 6] = [
    ("youtube", 0.011),
    ("google-maps", 0.006),
    ("vimeo", 0.0012),
    ("instagram-embed", 0.0009),
    ("hotjar", 0.0004),
    ("x-embed", 0.0001),
];

/// What the gate does, for each page seen.
const GATE: [(&str, f64); 5] = [
    ("held/ga4", 0.62),
    ("held/gtm", 0.62),
    ("held/meta-pixel", 0.55),
    ("refused/posthog", 0.45),
    ("anonymous/ga4", 0.07),
];

/// Each version: from what part of the range it is in use, its share there beside what was before (1.0: alone), the share
/// of its answers by people that accept all, and its name.
const VERSIONS: [(f64, f64, f64, &str); 7] = [
    (0.0, 1.0, 0.462, "5f0c71ae/3"),
    (0.17, 1.0, 0.421, "5f0c71ae/4"),
    (0.38, 1.0, 0.447, "5f0c71ae/6"),
    (0.61, 1.0, 0.439, "c29e04b7/9"),
    (0.79, 1.0, 0.466, "c29e04b7/12"),
    // An experiment: two at a time, for six parts of a hundred.
    (0.90, 0.5, 0.489, "c29e04b7/13"),
    (0.96, 1.0, 0.488, "c29e04b7/14"),
];

/// Answers of people that grant a part.
const PARTIAL: f64 = 0.118;

/// How long it is looked at, and how much is counted in all of that.
pub struct Site {
    pub last: Day,
    pub days: u32,
    pub views: f64,
    pub decisions: f64,
}

impl Site {
    /// The one that is compared with SciPy and asked for by the bench.
    ///
    /// # Errors
    /// Never: its last day is a day.
    pub fn new() -> Result<Self, DayError> {
        Ok(Self { last: Day::parse("2026-11-27")?, days: 730, views: 500e6, decisions: 10e6 })
    }

    /// Each day, in order: the same each time.
    pub fn batches(&self) -> impl Iterator<Item = Batch> {
        let mut random = Random(20_261_127);
        let weights: Vec<f64> =
            self.calendar().map(|day| self.weight(day) * (1.0 + 0.03 * random.bell())).collect();
        let sum: f64 = weights.iter().sum();
        self.calendar().zip(weights).map(move |(day, weight)| self.day(day, weight / sum, &mut random))
    }

    fn calendar(&self) -> impl Iterator<Item = Day> {
        self.last.minus(self.days.saturating_sub(1)).through(self.last)
    }

    /// How far into the range, 0.0..1.0.
    fn progress(&self, day: Day) -> f64 {
        1.0 - f64::from(self.last.number() - day.number() + 1) / f64::from(self.days)
    }

    /// How busy a day is: growth, the week, the summer, the weeks before Christmas.
    fn weight(&self, day: Day) -> f64 {
        let week = match (day.number() + 3) % 7 {
            0 | 2 => 1.06,
            1 => 1.09,
            3 => 1.04,
            4 => 0.98,
            5 => 0.84,
            _ => 0.93,
        };
        let season = match (day.month() % 12 + 1, day.number() - day.month_first().number() + 1) {
            (7, _) => 0.89,
            (8, 1..=20) => 0.84,
            (11, 20..) => 1.28,
            (11, _) => 1.12,
            (12, 1..=18) => 1.34,
            (12, 19..=23) => 1.05,
            (12, 24..=26) => 0.52,
            (12, 27..) => 0.81,
            (1, 1) => 0.66,
            _ => 1.0,
        };
        (1.0 + 0.38 * self.progress(day)) * week * season
    }

    /// Versions in use that day, with their shares; `grants` is the share of answers that accept all, still.
    fn versions(&self, day: Day) -> Vec<Value> {
        let (now, step) = (self.progress(day), 1.0 / f64::from(self.days));
        let mut found: Vec<Value> = Vec::new();
        for (from, share, accepted, name) in VERSIONS.iter().filter(|(from, ..)| *from <= now) {
            // Rolled out at noon; the next day has pages that were left open.
            let left = match ((now - from) / step) as u32 {
                _ if *from == 0.0 => 0.0,
                0 => 0.45,
                1 => 0.012,
                _ => 0.0,
            };
            let share = share * (1.0 - left);
            found.iter_mut().for_each(|before| before.share *= 1.0 - share);
            found.push(Value { name: (*name).to_owned(), share, grants: *accepted, bots: 1.0 });
        }
        found.retain(|version| version.share > 1e-6);
        found
    }

    /// Everybody of one day, by kind.
    fn kinds(&self, day: Day, part: f64, accepted: f64, random: &mut Random) -> Vec<(Kind, u64)> {
        let progress = self.progress(day);
        let (views, answers) = (random.whole(self.views * part), random.whole(self.decisions * part));
        let by_agent = 0.002 + 0.06 * progress * progress;
        let refused = 1.0 - accepted - PARTIAL;
        let mut kinds = vec![
            (Kind::Accepted, accepted * (1.0 - by_agent)),
            (Kind::AcceptedByAgent, 0.14 * by_agent),
            (Kind::Refused, refused * (1.0 - by_agent) - 0.002),
            (Kind::RefusedByAgent, 0.86 * by_agent),
            (Kind::RefusedWithoutScripts, 0.002),
        ];
        let partial = |(granted, share)| (Kind::Partial(granted), share * PARTIAL * (1.0 - by_agent));
        kinds.extend(PARTIALS.map(partial));
        let mut share_out = |all: u64, kinds: &[(Kind, f64)]| -> Vec<(Kind, u64)> {
            let weights: Vec<f64> = kinds.iter().map(|(_, weight)| *weight).collect();
            kinds.iter().map(|(kind, _)| *kind).zip(random.share_out(all, &weights)).collect()
        };
        let mut found = share_out(answers, &kinds);
        // Of browsers asked, 61 of 100 answer; 9 of 1,000 have no scripts, and of 29 the gate is kept from running.
        let asked_only = [(Kind::Ignored, 0.352), (Kind::WithoutScripts, 0.009), (Kind::Blocked, 0.029)];
        let silent = (answers as f64 * 0.39 / 0.61) as u64;
        found.extend(share_out(silent, &asked_only));
        let asked = answers + silent;
        let again = asked * 2 / 5;
        found.push((Kind::AskedAgain, again));
        found.push((Kind::Seen, views.saturating_sub(asked + again)));
        found.push((Kind::Withdrawn, random.whole(answers as f64 * 0.004)));
        found.push((Kind::Bot, random.whole(views as f64 * 0.24)));
        found
    }

    fn day(&self, day: Day, part: f64, random: &mut Random) -> Batch {
        let mut versions = self.versions(day);
        let accepted: f64 = versions.iter().map(|version| version.share * version.grants).sum();
        versions.iter_mut().for_each(|version| version.grants /= accepted);
        let progress = self.progress(day);
        let gpc = 0.035 + 0.11 * progress;
        let signals = [
            ("none", 0.93 - gpc, 1.05, 1.1),
            ("gpc", gpc, 0.42, 0.1),
            ("dnt", 0.068, 0.70, 0.1),
            ("adpc", 0.002, 0.35, 0.0),
        ];
        let kinds = self.kinds(day, part, accepted, random);
        let mut batch = Batch::default();
        for (kind, count) in &kinds {
            batch.add(day, Dimension::All, "", times(kind.counts(), *count));
        }
        for (dimension, values) in [
            (Dimension::Place, values(&PLACES)),
            (Dimension::Client, values(&CLIENTS)),
            (Dimension::Version, versions),
            (Dimension::Language, values(&LANGUAGES)),
            (Dimension::Page, values(&PAGES)),
            (Dimension::Signal, values(&signals)),
        ] {
            for (kind, count) in &kinds {
                let weights: Vec<f64> = values.iter().map(|value| value.weight(*kind)).collect();
                let counts = kind.counts();
                for (value, part) in values.iter().zip(random.share_out(*count, &weights)) {
                    batch.add(day, dimension, &value.name, times(counts, part));
                }
            }
        }
        for (kind, count) in kinds.iter().filter(|(kind, _)| kind.is_answer()) {
            for (dimension, values) in of_answers(*kind) {
                let weights: Vec<f64> = values.iter().map(|(_, weight)| *weight).collect();
                for ((name, _), part) in values.iter().zip(random.share_out(*count, &weights)) {
                    batch.add(day, dimension, name, times(act(kind.counts()), part));
                }
            }
        }
        let count = |of: fn(Kind) -> bool| {
            kinds.iter().filter(|(kind, _)| of(*kind)).map(|(_, count)| count).sum::<u64>() as f64
        };
        let (answers, pages) = (count(Kind::is_answer), count(|kind| kind.counts().get(Counter::Views) > 0));
        let of_answers = VENDORS.map(|(name, share)| (Dimension::Vendor, name, answers * share));
        let of_pages = GATE.map(|(name, share)| (Dimension::Gate, name, pages * share));
        for (dimension, name, around) in of_answers.into_iter().chain(of_pages) {
            batch.add(day, dimension, name, Counts::default().with(Counter::Times, random.whole(around)));
        }
        batch
    }
}

/// Where an answer of that kind was given, and after how long, with weights.
fn of_answers(kind: Kind) -> [(Dimension, Vec<(&'static str, f64)>); 2] {
    let (layers, waits) = match kind {
        Kind::Partial(_) => ([0.0, 0.83, 0.07, 0.10], [0.01, 0.07, 0.37, 0.43, 0.09, 0.03]),
        Kind::AcceptedByAgent | Kind::RefusedByAgent => {
            ([0.97, 0.02, 0.01, 0.0], [0.90, 0.08, 0.02, 0.0, 0.0, 0.0])
        }
        Kind::Accepted => ([0.96, 0.03, 0.01, 0.0], [0.26, 0.38, 0.22, 0.09, 0.03, 0.02]),
        _ => ([0.91, 0.07, 0.02, 0.0], [0.21, 0.37, 0.25, 0.11, 0.04, 0.02]),
    };
    [
        (Dimension::Layer, ["banner", "settings", "page", "withdrawal"].into_iter().zip(layers).collect()),
        (Dimension::Wait, ["0-2", "2-5", "5-15", "15-60", "60-300", "300-"].into_iter().zip(waits).collect()),
    ]
}

/// The same, so often.
fn times(counts: Counts, often: u64) -> Counts {
    let counted = Counter::ALL.into_iter().filter(|of| counts.get(*of) > 0);
    counted.fold(Counts::default(), |sum, of| sum.with(of, counts.get(of) * often))
}

/// The answer alone, without the page it was given on.
fn act(counts: Counts) -> Counts {
    use Counter::{First, FirstAnswered, FirstGranted, NoScript, Reported, Shown, Views};
    let of_pages = [Views, Shown, First, Reported, NoScript, FirstAnswered, FirstGranted];
    counts.only(|counter| !of_pages.contains(&counter))
}
