//! Figures: counters by day, their sums, what of them may be shown, rates with an interval, variants compared, the rule
//! on bots, and what was seen that the policy does not name.
//!
//! What lives here: numbers that name nobody. What never does: receipts and ids
//! (`postern-receipt`), storage and clocks (the worker's), words about the figures (`postern-view`).

mod apart;
mod batch;
mod bots;
mod counts;
mod cover;
mod day;
mod difference;
mod dimension;
mod drops;
mod experiment;
mod facts;
mod figures;
mod findings;
mod gate;
mod late;
mod publish;
mod question;
mod rate;
mod seen;
mod series;
mod slides;
mod watch;
mod week;

pub use apart::apart;
pub use batch::{Batch, BatchError, CELLS_MAX, Place, UNKNOWN};
pub use bots::{BOT_WORDS, is_bot};
pub use counts::{Counter, Counts};
pub use cover::{COVER_MIN, cover_of, rate_of_asked, tells_asked};
pub use day::{Day, DayError};
pub use difference::Difference;
pub use dimension::{Dimension, browser_of, device_of, plain_value, wait_of};
pub use drops::DROP_DAYS;
pub use experiment::{
    ALPHA, ANSWERS_MIN, Evidence, LOOKING_FACTOR, Verdict, always_valid_p, difference_95, judge, planned_size,
};
pub use facts::{Facts, SIGNAL_LAYER};
pub use figures::{Funnel, Level, Months, Range, Segment, SegmentError, by_level, category_rates, lines_of};
pub use findings::{Findings, Way};
pub use gate::{GATE_ACTS, gate_by_vendor};
pub use late::{Cell, added, late_parts};
pub use publish::{Block, OTHER, Publisher, SMALLEST_GROUP, is_showable};
pub use question::{Against, Common, Question, QuestionError, Span};
pub use rate::{Interval, Rate};
pub use seen::{Kind, SEEN_OF_KIND_MAX, Seen, SeenBatch, SeenError, cookie_pattern, page_pattern};
pub use series::{Point, Step, points};
pub use slides::SLIDE_DAYS;
pub use watch::{Alert, asked_last, is_gone};
pub use week::{Week, last_week};
