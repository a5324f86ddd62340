//! The figures as tables, a file each. Source: RFC 4180.

use super::{gate, is_kept, of_asked};
use crate::figures::{Figures, Other, whole};
use crate::watching::day_at;
use crate::{Asked, answer};
use postern_stats::{
    Counter, Counts, Day, GATE_ACTS, Level, Question, Range, Rate, Seen, Segment, category_rates, lines_of,
};
use postern_view::{Tried, told_of};
use worker::{Response, Result};

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    /// Over time.
    Series,
    /// By one level.
    Breakdown(Level),
    /// The whole, and what stands beside it.
    Totals,
    /// What was granted.
    Categories,
    /// What the gate did.
    Gate,
    /// What was seen that the policy does not name, and what went wrong.
    Seen,
    /// The ways to ask.
    Experiment,
}

impl Table {
    /// The table of that file, by `level` if it is by any; `None` if there is none.
    pub(super) fn named(file: &str, level: Option<Level>) -> Option<Self> {
        Some(match file {
            "series.csv" => Self::Series,
            "breakdown.csv" => Self::Breakdown(level?),
            "totals.csv" => Self::Totals,
            "categories.csv" => Self::Categories,
            "gate.csv" => Self::Gate,
            "seen.csv" => Self::Seen,
            "experiment.csv" => Self::Experiment,
            _ => return None,
        })
    }

    /// What it is called where it is kept.
    const fn file(self) -> &'static str {
        match self {
            // From before there were others.
            Self::Series | Self::Breakdown(_) => "figures.csv",
            Self::Totals => "totals.csv",
            Self::Categories => "categories.csv",
            Self::Gate => "gate.csv",
            Self::Seen => "seen.csv",
            Self::Experiment => "experiment.csv",
        }
    }
}

/// A table, of these figures or of what else it takes.
pub(super) async fn text(
    asked: &Asked<'_>,
    question: &Question,
    figures: &Figures,
    table: Table,
) -> Result<String> {
    let segment = question.segment.as_ref();
    Ok(match table {
        Table::Series => series(figures, segment),
        Table::Breakdown(level) => breakdown(figures, segment, level),
        Table::Totals => {
            let other = asked.site.beside(question).await?;
            totals(question.range(asked.site.settled), segment, figures, other.as_ref())
        }
        Table::Categories => categories(&whole(&figures.sums, segment), &asked.offered()),
        Table::Gate => acts(figures),
        Table::Seen => seen(&asked.seen().await?, |at_ms| day_at(asked.policy, at_ms)),
        Table::Experiment => experiment(asked.tried().await?.as_ref()),
    })
}

/// The answer that it is.
pub(super) fn answer(table: Table, text: String) -> Result<Response> {
    file(table.file(), text)
}

/// A table as a file of that name.
pub(super) fn file(name: &str, text: String) -> Result<Response> {
    let answer = answer::with(200, "text/csv; charset=utf-8", text)?;
    let disposition = format!("attachment; filename=\"{name}\"");
    answer.headers().set("content-disposition", &disposition)?;
    Ok(answer)
}

fn series(figures: &Figures, segment: Option<&Segment>) -> String {
    let rows = figures.points.iter().map(|point| {
        let rate = of_asked(figures, segment, &point.counts);
        (format!("{},{}", point.first, point.last), point.counts, rate)
    });
    counted("from,to", rows)
}

fn breakdown(figures: &Figures, segment: Option<&Segment>, level: Level) -> String {
    let lines = if is_kept(level, segment) { lines_of(&figures.sums, level, segment) } else { Vec::new() };
    let rows = lines.into_iter().map(|(value, counts)| {
        let group = Segment { level, value };
        (quoted(&group.value), counts, of_asked(figures, Some(&group), &counts))
    });
    counted("value", rows)
}

fn totals(range: Range, segment: Option<&Segment>, figures: &Figures, other: Option<&Other>) -> String {
    let row = |range: Range, segment: Option<&Segment>, figures: &Figures| {
        let counts = whole(&figures.sums, segment);
        let named = segment.map_or_else(String::new, |segment| quoted(&segment.to_string()));
        let head = format!("{},{},{named}", range.first, range.last);
        (head, counts, of_asked(figures, segment, &counts))
    };
    let own = row(range, segment, figures);
    let beside = other.map(|other| row(other.range, other.segment.as_ref(), &other.figures));
    counted("from,to,segment", [own].into_iter().chain(beside))
}

fn categories(whole: &Counts, offered: &[Counter]) -> String {
    let rows = category_rates(whole, offered).into_iter();
    let rows =
        rows.map(|(category, rate)| format!("{},{}{}", category.name(), rate.numerator(), rate_cells(rate)));
    plain("category,grants,yes_of_answers,low,high", rows)
}

fn acts(figures: &Figures) -> String {
    let rows = gate(figures).into_iter().map(|(vendor, counts)| {
        let counts = counts.map(|count| format!(",{count}")).concat();
        format!("{}{counts}", quoted(vendor))
    });
    plain(&format!("vendor,{}", GATE_ACTS.join(",")), rows)
}

fn seen(seen: &[Seen], day_of: impl Fn(u64) -> Day) -> String {
    let rows = told_of(seen).into_iter().map(|seen| {
        let [first, last] = [seen.first_ms, seen.last_ms].map(&day_of);
        let times = seen.times().map_or_else(String::new, |times| times.to_string());
        let (kind, name, page) = (seen.kind.name(), quoted(&seen.name), quoted(&seen.page));
        format!("{kind},{name},{page},{times},{first},{last}")
    });
    plain("kind,name,page,times,first,last", rows)
}

fn experiment(tried: Option<&Tried<'_>>) -> String {
    let ways = tried.into_iter().flat_map(|tried| tried.ways.iter().zip(&tried.findings.ways));
    let rows = ways.map(|(name, way)| {
        let (name, rate, answered) = (quoted(name), way.rate(), way.counts.decided());
        let (asked, granted) = (rate.denominator(), rate.numerator());
        let ends = way.difference.map(|interval| format!("{:.6},{:.6}", interval.low, interval.high));
        let ends = ends.unwrap_or_else(|| ",".into());
        // Never less than it is, as on the page: no difference is impossible by chance.
        let p = (way.p * 1e6).ceil() / 1e6;
        format!("{name},{asked},{answered},{granted}{},{ends},{p:.6}", rate_cells(rate))
    });
    let rates = "yes_of_asked,of_asked_low,of_asked_high,difference_low,difference_high";
    plain(&format!("way,asked,answered,granted,{rates},p"), rows)
}

/// Lines under their heads.
fn plain(heads: &str, rows: impl Iterator<Item = String>) -> String {
    [heads.to_owned()].into_iter().chain(rows).map(|line| line + "\r\n").collect()
}

/// Rows with counters and both rates behind their first cells.
fn counted(first: &str, rows: impl Iterator<Item = (String, Counts, Rate)>) -> String {
    let rows = rows.map(|(head, counts, of_asked)| head + &counted_cells(&counts, of_asked));
    plain(&format!("{first}{}", counted_heads()), rows)
}

/// New columns stand last: programs may count them.
fn columns() -> (&'static [Counter], &'static [Counter]) {
    const ALL: &[Counter] = &Counter::ALL;
    ALL.split_at(Counter::Times as usize + 1)
}

fn counted_heads() -> String {
    let (counters, later) = columns();
    let names =
        |counters: &[Counter]| counters.iter().map(|of| format!(",{}", of.name())).collect::<String>();
    let rates = "yes_of_answers,low,high,yes_of_asked,of_asked_low,of_asked_high";
    format!("{},{rates}{}", names(counters), names(later))
}

fn counted_cells(counts: &Counts, of_asked: Rate) -> String {
    let (counters, later) = columns();
    let told = |counters: &[Counter]| {
        counters.iter().map(|counter| format!(",{}", counts.get(*counter))).collect::<String>()
    };
    let rates = [counts.rate_of_decided(), of_asked].map(rate_cells).concat();
    format!("{}{rates}{}", told(counters), told(later))
}

/// Sites, each with days and what is counted in them; empty cells where that cannot be had.
pub(super) fn sites(rows: impl Iterator<Item = (String, Option<String>, Range, Option<Counts>)>) -> String {
    let heads = counted_heads();
    let rows = rows.map(|(site, host, days, counts)| {
        let cells = counts.map_or_else(
            || ",".repeat(heads.matches(',').count()),
            |counts| counted_cells(&counts, counts.rate_of_asked()),
        );
        format!("{},{},{},{}{cells}", quoted(&site), quoted(&host.unwrap_or_default()), days.first, days.last)
    });
    plain(&format!("site,host,from,to{heads}"), rows)
}

/// A share and the ends of its interval, each behind a comma; of nothing none.
fn rate_cells(rate: Rate) -> String {
    match rate.share().zip(rate.wilson_95()) {
        Some((share, interval)) => format!(",{share:.6},{:.6},{:.6}", interval.low, interval.high),
        None => ",,,".into(),
    }
}

/// A cell of text. What a spreadsheet would take for a formula is none.
fn quoted(text: &str) -> String {
    let plain = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() };
    if plain.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", plain.replace('"', "\"\"")) } else { plain }
}

#[cfg(test)]
#[path = "csv_tests.rs"]
mod tests;
