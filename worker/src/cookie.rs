//! The cookies of visitors: a choice as they carry it, sealed; and beside it that they were asked, in words that are the same for everybody.
//! Only a choice writes the one that holds it: a page that is late would put an older one, or none, in place of what was decided meanwhile.

use crate::experiment;
use crate::site::Site;
use crate::visit::Visit;
use postern_consent::{Choice, Minutes};

/// The consent cookie.
pub const CONSENT_COOKIE: &str = "__Host-postern";

/// What says that a browser was asked in this session: `<tag of the question>["." <experiment> "." <way>]`.
pub const ASKED_COOKIE: &str = "__Host-postern-asked";

/// A choice as the visitor carries it: sealed, and as a cookie that lives as long as it holds.
pub fn kept(site: &Site, visit: &Visit, choice: &Choice) -> Option<(String, String)> {
    let (_, key) = site.recording()?;
    let now = Minutes::from_unix_ms(visit.now_ms);
    let ttl_minutes = visit.profile.ttl_minutes(choice.granted, !choice.vendors.is_empty());
    let left_minutes = ttl_minutes.saturating_sub(now.since(choice.decided_at));
    let max_age_seconds = u64::from(left_minutes) * 60;
    let sealed = key.seal(&site.scope(visit.host()), choice);
    let cookie = line(CONSENT_COOKIE, &sealed, Some(max_age_seconds));
    Some((sealed, cookie))
}

/// What a browser is given that is asked.
pub fn asked(site: &Site, visit: &Visit) -> String {
    line(ASKED_COOKIE, &experiment::asked(site, visit.way), None)
}

/// Takes that away.
pub fn asked_no_more() -> String {
    line(ASKED_COOKIE, "", Some(0))
}

/// Takes both away.
pub fn gone() -> [String; 2] {
    [line(CONSENT_COOKIE, "", Some(0)), asked_no_more()]
}

/// A cookie's line: for so many seconds, or for the browser's session.
fn line(name: &str, value: &str, seconds: Option<u64>) -> String {
    let age = seconds.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
    format!("{name}={value}; Path=/{age}; Secure; HttpOnly; SameSite=Lax")
}
