//! The site's calendar: which day it is where the site is. The platform knows the rules of time zones, Rust's libraries for them are
//! larger than the rest of the Worker's figures.

use crate::site::Site;
use js_sys::{Function, Object, Reflect};
use postern_stats::Day;
use std::cell::Cell;
use wasm_bindgen::{JsCast, JsValue};

/// For how long a moment's day is known, milliseconds: no zone's day has ever begun but at a quarter of an hour.
const QUARTER_MS: u64 = 900_000;

thread_local! {
    /// The last quarter of an hour asked for, and its day. An isolate has one site.
    static KNOWN: Cell<Option<(u64, Day)>> = const { Cell::new(None) };
}

/// The site's day at that moment, Unix milliseconds.
pub fn day(site: &Site, now_ms: u64) -> Day {
    let quarter = now_ms / QUARTER_MS;
    if let Some((_, day)) = KNOWN.get().filter(|(known, _)| *known == quarter) {
        return day;
    }
    let zone = site.policy.as_ref().map_or("UTC", |policy| policy.figures.time_zone.as_str());
    let day = day_in(zone, now_ms).unwrap_or_else(|| Day::from_unix_ms(now_ms, 0));
    KNOWN.set(Some((quarter, day)));
    day
}

/// The day that was asked for last, for what happens on the way of a page that was counted; before there was any, that of UTC.
pub fn last_day(now_ms: u64) -> Day {
    KNOWN.get().map_or_else(|| Day::from_unix_ms(now_ms, 0), |(_, day)| day)
}

/// Is there such a zone?
pub fn is_known(zone: &str) -> bool {
    day_in(zone, 0).is_some()
}

/// `None` where the platform knows no such zone.
fn day_in(zone: &str, now_ms: u64) -> Option<Day> {
    #[allow(clippy::cast_precision_loss, reason = "milliseconds of this era need 41 bits")]
    let date = js_sys::Date::new(&JsValue::from_f64(now_ms as f64));
    let options = Object::new();
    Reflect::set(&options, &"timeZone".into(), &zone.into()).ok()?;
    // Not the binding's own method: it lets an error through that ends the whole program.
    let method: Function = Reflect::get(&date, &"toLocaleDateString".into()).ok()?.dyn_into().ok()?;
    // Swedish dates are those of ISO 8601.
    let text = method.call2(&date, &"sv-SE".into(), &options).ok()?.as_string()?;
    Day::parse(&text).ok()
}
