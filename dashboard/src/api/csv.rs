//! The figures as tables.

use crate::answer;
use postern_stats::{Counter, Counts, Rate};
use worker::{Response, Result};

/// Rows with counters and both rates behind their first cells. Source: RFC 4180.
pub(super) fn csv(first: &str, rows: impl Iterator<Item = (String, Counts, Rate)>) -> Result<Response> {
    // New columns stand last: programs may count them.
    let (counters, later) = Counter::ALL.split_at(Counter::Times as usize + 1);
    let names =
        |counters: &[Counter]| counters.iter().map(|of| format!(",{}", of.name())).collect::<String>();
    let rates = "yes_of_answers,low,high,yes_of_asked,of_asked_low,of_asked_high";
    let mut out = format!("{first}{},{rates}{}\r\n", names(counters), names(later));
    for (head, counts, of_asked) in rows {
        out.push_str(&head);
        let told = |counters: &[Counter]| {
            counters.iter().map(|counter| format!(",{}", counts.get(*counter))).collect::<String>()
        };
        out.push_str(&told(counters));
        for rate in [counts.rate_of_decided(), of_asked] {
            match rate.share().zip(rate.wilson_95()) {
                Some((share, interval)) => {
                    out.push_str(&format!(",{share:.6},{:.6},{:.6}", interval.low, interval.high));
                }
                None => out.push_str(",,,"),
            }
        }
        out.push_str(&told(later));
        out.push_str("\r\n");
    }
    let answer = answer::with(200, "text/csv; charset=utf-8", out)?;
    answer.headers().set("content-disposition", "attachment; filename=\"figures.csv\"")?;
    Ok(answer)
}

/// A cell. What a spreadsheet would take for a formula is none.
pub(super) fn quoted(text: &str) -> String {
    let plain = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() };
    if plain.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", plain.replace('"', "\"\"")) } else { plain }
}
