//! `[edge]`, `[consent_mode]` and `[receipts]`: how gate and records are kept, which nobody consents to. Not part of the tag.

use postern_consent::Category;

use crate::cause::Cause;
use crate::section::{Report, Section};

/// What a browser can be told to delete when consent is withdrawn, in the words of `Clear-Site-Data`.
///
/// `cookies` is not among them: it would delete the site's own cookies, and ours, which holds the refusal.
/// Source: W3C Clear Site Data, 3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClearTarget {
    /// What the browser keeps to load faster; a copy of a tracker's script among it.
    Cache,
    /// Local storage, IndexedDB, service workers: the vendors' and the site's own.
    Storage,
}

impl ClearTarget {
    const WORDS: [(&'static str, Self); 2] = [("cache", Self::Cache), ("storage", Self::Storage)];

    /// The word in the file and, in quotes, in the header.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cache => "cache",
            Self::Storage => "storage",
        }
    }
}

/// How strict the edge is beyond what the catalogue names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edge {
    /// Are hosts that are neither the site's nor a listed vendor's held too? Default no: they pass, and are
    /// reported. Source: standards.md requirement 15.
    pub strict: bool,
    /// Does the browser itself refuse what is not granted, by a Content-Security-Policy of ours on every
    /// page? Default no: a page may need what no list names.
    pub lockdown: bool,
    /// Is a visitor who arrives with identifiers in the address sent on to the address without them?
    /// Default no: they are removed on the way to the origin, and stay in the address bar.
    pub clean_landing: bool,
    /// Do identifiers in the address leave the address bar before any script runs, and come back into it with the
    /// grant they need? Default no. Excludes `clean_landing`, which loses them.
    pub hold_landing: bool,
    /// What the browser is told to delete on withdrawal; default nothing.
    pub clear_site_data: Vec<ClearTarget>,
    /// Are hosts nobody listed told to the site? Default yes.
    pub report_unknown: bool,
}

/// Longest time tags wait for a choice, milliseconds: longer, and a page looks broken.
const WAIT_MS_MAX: u32 = 5000;

/// What Google's tags are told beside the signals, once they may run at all. Source: trackers.md 1.3.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsentMode {
    /// `ads_data_redaction`: are click identifiers left out of advertising hits while `ad_storage` is denied?
    /// Default yes.
    pub ads_data_redaction: bool,
    /// `url_passthrough`: are click identifiers put into links of the site while storage is denied?
    /// Default no: it makes again, in addresses, the identifier that was denied.
    pub url_passthrough: bool,
    /// `wait_for_update`: how long tags wait for the choice, milliseconds, 0..=5000. Default 500.
    pub wait_for_update_ms: u32,
}

/// Most months a receipt is kept once it holds no more: ten years, the longest limitation period that sites name.
const KEEP_MONTHS_MAX: u16 = 120;

/// How long records are kept. Source: GDPR Art. 5(1)(e) and 7(1); standards.md requirement 69.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipts {
    /// Months a receipt is kept once it is withdrawn, replaced or over, 1..=120. Default 12.
    pub keep_months: u16,
    /// Categories whose receipts are kept longer, with their months.
    pub longer: Vec<(Category, u16)>,
}

pub(crate) fn read_receipts(mut receipts: Section<'_>, report: &mut Report<'_>) -> Receipts {
    let keep_months = receipts.months(report, "keep_months", KEEP_MONTHS_MAX).unwrap_or(12);
    let mut longer = Vec::new();
    for (key, category) in crate::parse::CATEGORY_WORDS.into_iter().skip(1) {
        match receipts.months(report, key, KEEP_MONTHS_MAX) {
            Some(months) if months > keep_months => longer.push((category, months)),
            Some(months) if months < keep_months => {
                receipts.refuse(report, key, Cause::KeptShorter { months, keep_months });
            }
            _ => {}
        }
    }
    receipts.close(report);
    Receipts { keep_months, longer }
}

pub(crate) fn read_edge(mut edge: Section<'_>, report: &mut Report<'_>) -> Edge {
    let [strict, lockdown, clean_landing, hold_landing] =
        ["strict", "lockdown", "clean_landing", "hold_landing"]
            .map(|key| edge.boolean(report, key).unwrap_or(false));
    if clean_landing && hold_landing {
        edge.refuse(report, "hold_landing", Cause::LandingTwice);
    }
    let mut clear_site_data = Vec::new();
    for word in edge.list(report, "clear_site_data") {
        let target = ClearTarget::WORDS.iter().find(|(name, _)| *name == word).map(|(_, target)| *target);
        match target {
            Some(target) if !clear_site_data.contains(&target) => clear_site_data.push(target),
            Some(_) => {}
            None if matches!(word.as_str(), "cookies" | "*") => {
                edge.refuse(report, "clear_site_data", Cause::ClearsRecord(word));
            }
            None => {
                let allowed = ClearTarget::WORDS.iter().map(|(name, _)| *name).collect();
                let cause = Cause::UnknownWord { what: "target", found: word, allowed };
                edge.refuse(report, "clear_site_data", cause);
            }
        }
    }
    if clear_site_data.contains(&ClearTarget::Storage) {
        edge.warn(report, "clear_site_data", Cause::ClearsOwnStorage);
    }
    let report_unknown = edge.boolean(report, "report_unknown").unwrap_or(true);
    edge.close(report);
    Edge { strict, lockdown, clean_landing, hold_landing, clear_site_data, report_unknown }
}

pub(crate) fn read_consent_mode(mut mode: Section<'_>, report: &mut Report<'_>) -> ConsentMode {
    let ads_data_redaction = mode.boolean(report, "ads_data_redaction").unwrap_or(true);
    let url_passthrough = mode.boolean(report, "url_passthrough").unwrap_or(false);
    if url_passthrough {
        mode.warn(report, "url_passthrough", Cause::UrlPassthrough);
    }
    let wait_for_update_ms = mode.milliseconds(report, "wait_for_update", WAIT_MS_MAX).unwrap_or(500);
    mode.close(report);
    ConsentMode { ads_data_redaction, url_passthrough, wait_for_update_ms }
}
