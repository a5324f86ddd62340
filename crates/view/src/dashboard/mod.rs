//! The dashboard: the answer first, then the curve, then by what it differs, then how each figure is counted. All of it is
//! there without a script; charts are drawn over the tables.

mod alerts;
mod answer;
mod breakdown;
mod experiment;
mod filters;
mod gate;
mod method;
mod names;
mod numbers;
mod place;
mod seen;
mod sites;
mod time;
mod today;

use maud::{Markup, html};
use place::frame;
use postern_stats::{Counter, Counts, Day, Dimension, Point, Question, SMALLEST_GROUP, Seen, Week};

pub use alerts::{AlertLine, alert_text, week_text};
pub use experiment::{Tried, stop_text};
pub use names::beside_name;
pub use numbers::Locale;
pub(crate) use numbers::{day_name, instant_name, time_name};
pub(crate) use place::{Own, header};
pub use place::{Place, figures_address};
pub use seen::told_of;
pub use sites::{Overview, SiteFigures, SiteLine, sites};
pub use today::today;

/// Where programs are answered. Source: `dashboard/openapi.json`.
const API_PATH: &str = "/_postern/api/v1/";

/// A vendor of the policy's.
#[derive(Clone, Copy, Debug)]
pub struct VendorName<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The counter of its category; `None` for what needs no consent.
    pub category: Option<Counter>,
}

/// Something that happened on a day, to be seen beside the curve.
#[derive(Clone, Debug)]
pub struct Mark {
    /// When.
    pub day: Day,
    /// What, in a sentence.
    pub text: String,
    /// The place in the log of the version that it is, where there was one before: then the days before and after can be compared.
    pub version: Option<u64>,
}

/// Where the figures stand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standing {
    /// Is more being gathered just now?
    pub has_more: bool,
    /// How many grants run out within thirty days.
    pub due: u64,
    /// Since when anything is counted.
    pub begin: Option<Day>,
    /// From and until when figures are published.
    pub published: Option<(Day, Day)>,
    /// Everybody's counts of today, so far.
    pub today: Counts,
    /// What the gate did today, so far, in the order of [`Self::GATE`].
    pub gate: [u64; 3],
}

impl Standing {
    /// What is told of the gate while a day goes on: as it is counted, and in words.
    pub const GATE: [(&'static str, &'static str); 3] = [
        ("held", "Trackers held, by page"),
        ("stripped", "Identifiers taken out"),
        ("refused", "Hits refused"),
    ];

    /// What may be told of a count that goes on: the tens that it has reached.
    #[must_use]
    pub const fn in_steps(count: u64) -> u64 {
        count / SMALLEST_GROUP * SMALLEST_GROUP
    }
}

/// What stands beside the figures asked for.
#[derive(Clone, Debug)]
pub struct Beside<'a> {
    /// What it is called.
    pub name: &'a str,
    /// What is counted in all.
    pub whole: Counts,
    /// Over time.
    pub points: &'a [Point],
}

/// A value of a dimension, and what is counted of it.
pub type Sum = (Dimension, String, Counts);

/// What the dashboard shows.
#[derive(Clone, Copy)]
pub struct Dashboard<'a> {
    /// Where the reader is.
    pub place: Place<'a>,
    /// What is asked.
    pub question: &'a Question,
    /// Today at the site.
    pub today: Day,
    /// Where the figures stand.
    pub standing: Standing,
    /// What is counted of whom is asked about, in the range.
    pub whole: Counts,
    /// The same over time.
    pub points: &'a [Point],
    /// What stands beside it.
    pub beside: Option<&'a Beside<'a>>,
    /// Everybody's figures of the range, by value of each dimension.
    pub sums: &'a [Sum],
    /// What happened, in the order of days.
    pub marks: &'a [Mark],
    /// What must be seen to.
    pub alerts: &'a [AlertLine<'a>],
    /// Everybody's last whole week, whatever is asked; `None` before there is one.
    pub week: Option<&'a Week>,
    /// What the site tries, or has tried.
    pub experiment: Option<&'a Tried<'a>>,
    /// The counters of the categories that the policy asks for.
    pub offered: &'a [Counter],
    /// The policy's vendors.
    pub vendors: &'a [VendorName<'a>],
    /// What was seen that the policy does not name, and what went wrong; in any order.
    pub seen: &'a [Seen],
    /// The day at the site of a moment, Unix milliseconds.
    pub day_of: &'a dyn Fn(u64) -> Day,
    /// How numbers and names are written.
    pub locale: Locale<'a>,
}

/// The dashboard as a whole document.
#[must_use]
pub fn dashboard(facts: &Dashboard<'_>) -> Markup {
    frame(
        &facts.place,
        Some(Own::Figures),
        &format!("Consent – {}", facts.place.site),
        html! {
            (answer::answer(facts))
            (alerts::alerts(facts.alerts))
            @if let Some(week) = facts.week { p id="week" class="soft" { (week_text(facts.place.site, week, &facts.locale)) } }
        @if facts.standing.has_more && !facts.whole.is_empty() {
            p class="note" role="status" { "More days are being gathered. Look again in a moment for all of them." }
        }
            (filters::filters(facts))
            (today(facts.question.site.as_deref(), &facts.standing, &facts.locale))
            @if !facts.whole.is_empty() {
                (time::rate(facts))
                (answer::funnel(facts))
                (breakdown::categories(facts))
                (breakdown::vendors(facts))
                (breakdown::levels(facts))
            }
            (experiment::experiment(facts))
            (gate::gate(facts))
            (seen::seen(facts))
            (method::method())
        },
    )
}

/// The way to what stands above as a file, by the same question.
fn csv_link(question: &Question, file: &str) -> Markup {
    // A file that is one of several says itself which.
    let sign = if file.contains('?') { '&' } else { '?' };
    html! { p class="acts" { a href=(format!("{API_PATH}{file}{sign}{}", question.write())) download { "CSV" } } }
}

/// A page that says why nothing can be told: `what` is the reason, `link` what would be asked instead.
#[must_use]
pub fn dashboard_refusal(place: &Place<'_>, title: &str, what: &str, link: Option<(&str, &str)>) -> Markup {
    frame(
        place,
        None,
        title,
        html! {
            h1 { (title) }
            p { (what) }
            @if let Some((address, name)) = link { p { a href=(address) { (name) } } }
        },
    )
}
