//! The site's calendar: which day it is where the site is.

use crate::site::Site;
use postern_platform::day_in;
use postern_stats::Day;

/// For how long a moment's day is known, milliseconds: no zone's day has ever begun but at a quarter of an hour.
const QUARTER_MS: u64 = 900_000;

/// The site's day at that moment, Unix milliseconds.
pub fn day(site: &Site, now_ms: u64) -> Day {
    let quarter = now_ms / QUARTER_MS;
    if let Some((_, day)) = site.day.get().filter(|(known, _)| *known == quarter) {
        return day;
    }
    let zone = site.policy.as_ref().map_or("UTC", |policy| policy.figures.time_zone.as_str());
    let day = day_in(zone, now_ms).unwrap_or_else(|| Day::from_unix_ms(now_ms, 0));
    site.day.set(Some((quarter, day)));
    day
}

/// Is there such a zone?
pub fn is_known(zone: &str) -> bool {
    day_in(zone, 0).is_some()
}
