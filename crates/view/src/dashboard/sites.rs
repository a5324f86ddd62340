//! All sites that a reader keeps, beside each other: how many say yes, whether that has changed, and what must be seen to.

use super::alerts::AlertLine;
use super::numbers::days_name;
use super::place::{Own, Place, figures_of, frame};
use super::{Locale, Standing};
use maud::{Markup, html};
use postern_stats::{Counter, Counts, Point, Range, Rate, SMALLEST_GROUP, difference_95};

/// Width and height of a curve, in its own units.
const CURVE: (f64, f64) = (96.0, 24.0);

/// A site.
#[derive(Clone, Debug)]
pub struct SiteLine<'a> {
    /// Its id, or if that is not known what it is called otherwise.
    pub id: &'a str,
    /// Is its id known?
    pub is_named: bool,
    /// Its first host, if its policy names one.
    pub host: Option<&'a str>,
    /// Its figures, or in a sentence why there are none.
    pub figures: Result<SiteFigures<'a>, &'a str>,
}

/// What is told of a site.
#[derive(Clone, Debug)]
pub struct SiteFigures<'a> {
    /// Where its figures stand.
    pub standing: Standing,
    /// Its days: another site's yesterday may be another day.
    pub range: Range,
    /// What is counted of everybody in them.
    pub whole: Counts,
    /// The same of as many days before.
    pub before: Counts,
    /// Both over time.
    pub points: &'a [Point],
    /// What must be seen to.
    pub alerts: &'a [AlertLine<'a>],
}

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub struct Overview<'a> {
    /// Where the reader is.
    pub place: Place<'a>,
    /// The sites, in the order of the deployment.
    pub sites: &'a [SiteLine<'a>],
}

/// All sites as a whole document.
#[must_use]
pub fn sites(facts: &Overview<'_>, locale: &Locale<'_>) -> Markup {
    let open: usize = facts.sites.iter().map(to_see_to).sum();
    let mut ranges = facts.sites.iter().filter_map(|site| Some(site.figures.as_ref().ok()?.range));
    let first = ranges.next();
    let common = first.filter(|first| ranges.all(|range| range == *first));
    frame(
        &facts.place,
        Some(Own::Sites),
        "Consent – all sites",
        html! {
            h1 {
                @match facts.sites.len() { 1 => "One site", count => { (count) " sites" } }
                @match open { 0 => ", nothing to see to", 1 => ", one thing to see to", _ => { ", " (open) " things to see to" } }
            }
            @if first.is_some() {
                p {
                    @match common {
                        Some(range) => (days_name(range.first, range.last)),
                        None => "The last days of each site by its own time zone, which stand under its name",
                    }
                    ", beside as many days before. Of everybody, each day once it is over."
                }
            }
            section class="wide" tabindex="0" aria-labelledby="sites-title" {
                table id="sites" {
                    caption id="sites-title" { "Who said yes" }
                    thead {
                        tr {
                            th scope="col" { "Site" }
                            th scope="col" { "Of answers" }
                            th scope="col" { "Change, points" }
                            th scope="col" { "To see to" }
                            th scope="col" { "Of browsers asked" }
                            th scope="col" { "Answers" }
                            th scope="col" { "Pages" }
                            th scope="col" { "Over time" }
                        }
                    }
                    tbody { @for site in facts.sites { (row(site, common.is_none(), locale)) } }
                }
            }
            p class="acts" { a href="/_postern/api/v1/sites.csv" download { "CSV" } }
            p class="soft" {
                "A change is told where chance alone makes such a one less than once in twenty times (Newcombe’s interval); else it is “none told”. Of fewer than "
                (SMALLEST_GROUP) " visitors nothing is shown. How each figure is counted stands on the page of its site."
            }
            @for site in facts.sites { (warnings(site)) }
        },
    )
}

fn to_see_to(site: &SiteLine<'_>) -> usize {
    site.figures.as_ref().map_or(1, |figures| figures.alerts.len())
}

fn row(site: &SiteLine<'_>, has_own_days: bool, locale: &Locale<'_>) -> Markup {
    let count = to_see_to(site);
    let seen_to = html! { td class=[(count > 0).then_some("warn")] { (count) } };
    html! {
        tr data-site=(site.id) {
            th scope="row" {
                // Of a policy that cannot be read nobody knows the id.
                @if site.is_named { a href=(figures_of(site.id)) { (site.id) } } @else { (site.id) }
                @if let Some(host) = site.host { br; span class="soft" { (host) } }
                @if has_own_days && let Ok(figures) = &site.figures {
                    br; span class="soft" { (days_name(figures.range.first, figures.range.last)) }
                }
            }
            @match &site.figures {
                Err(why) => { td colspan="2" {} (seen_to) td colspan="4" class="note-cell" { (why) } }
                Ok(figures) if figures.whole.is_empty() => { td colspan="2" {} (seen_to) td colspan="4" class="note-cell" { (nothing(figures)) } }
                Ok(figures) => {
                    @let rate = figures.whole.rate_of_decided();
                    td { (locale.percent(rate)) @if rate.share().is_some() { " " span class="soft" { (locale.margin(rate)) } } }
                    td { (change(figures.before.rate_of_decided(), rate, locale)) }
                    (seen_to)
                    td { (locale.percent(figures.whole.rate_of_asked())) }
                    td { (locale.count(rate.denominator())) }
                    td { (locale.count(figures.whole.get(Counter::Views))) }
                    td { (curve(figures.points, locale)) }
                }
            }
        }
    }
}

fn nothing(figures: &SiteFigures<'_>) -> &'static str {
    if figures.standing.has_more {
        "Figures are being gathered. Look again in a moment."
    } else if figures.standing.begin.is_none() {
        "Nothing counted yet."
    } else {
        "Nothing to show yet of these days."
    }
}

/// How far the rate is from what it was, where chance alone would hardly make it so.
fn change(before: Rate, now: Rate, locale: &Locale<'_>) -> Markup {
    let shares = before.share().zip(now.share());
    html! {
        @match (shares, difference_95(before, now)) {
            (Some((was, is)), Some(interval)) if interval.low > 0.0 || interval.high < 0.0 => (locale.points(is - was)),
            (Some(_), _) => "none told",
            (None, _) => "–",
        }
    }
}

/// The rate over time as a line without a scale: the numbers stand beside it.
fn curve(points: &[Point], locale: &Locale<'_>) -> Markup {
    let shares: Vec<f64> = points.iter().filter_map(|point| point.counts.rate_of_decided().share()).collect();
    let (low, high) =
        shares.iter().fold((1.0_f64, 0.0_f64), |(low, high), share| (low.min(*share), high.max(*share)));
    let (width, height) = CURVE;
    // A change of a few points does not fill it: five points are a quarter of its height.
    let room = (high - low).max(0.2);
    let middle = f64::midpoint(low, high);
    let step = width / f64::from(u32::try_from(shares.len().saturating_sub(1)).unwrap_or(1).max(1));
    let mut at = 0.0;
    let mut line = String::new();
    for share in &shares {
        let down = height / 2.0 - (share - middle) / room * (height - 4.0);
        line.push_str(&format!("{at:.1},{down:.1} "));
        at += step;
    }
    let [first, last] = [shares.first(), shares.last()]
        .map(|share| share.map_or(String::new(), |share| locale.share(*share)));
    let said = format!("from {first} to {last}");
    html! {
        @if shares.len() > 1 {
            svg class="curve" width=(width) height=(height) viewBox=(format!("0 0 {width} {height}")) role="img" aria-label=(said) {
                polyline points=(line.trim_end()) fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" {}
            }
        }
    }
}

fn warnings(site: &SiteLine<'_>) -> Markup {
    let Ok(figures) = &site.figures else { return html! {} };
    let id = format!("to-see-to-{}", site.id);
    html! {
        @if !figures.alerts.is_empty() {
            section class="warnings" aria-labelledby=(id) {
                h2 id=(id) { "To see to: " (site.id) }
                ul { @for line in figures.alerts { li data-alert=(line.kind) { (line.text) } } }
            }
        }
    }
}
