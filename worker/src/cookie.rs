//! The consent cookie: a choice as the visitor carries it, sealed; or that they were asked, in a word that is the same for everybody.

use crate::site::Site;
use crate::visit::Visit;
use crate::{asked, experiment};
use postern_consent::{Choice, Minutes, State};
use postern_policy::Policy;

/// The consent cookie. Behind a choice that holds no longer it says which question has been asked anew: `<choice>~<tag>`, the same
/// for all who are asked that.
pub const CONSENT_COOKIE: &str = "__Host-postern";

/// What stands before the question.
pub const ASKED_ANEW: char = '~';

/// The consent cookie's value in a browser that was asked and has not answered: the same for everybody, and for its session.
pub const ASKED: &str = "asked";

/// Is that the cookie of a browser that has been asked, and has not chosen?
pub fn is_asked(cookie: &str) -> bool {
    cookie.split('.').next() == Some(ASKED)
}

/// A choice as the visitor carries it: sealed, and as a cookie that lives as long as it holds.
pub fn kept(site: &Site, visit: &Visit, choice: &Choice) -> Option<(String, String)> {
    let (policy, key) = site.recording()?;
    let sealed = key.seal(&site.scope(visit.host()), choice);
    // Who has let one video load has still been asked, and not answered.
    let value =
        if visit.is_asked && !choice.is_answered { asked_anew(policy, &sealed) } else { sealed.clone() };
    let cookie = consent_cookie(&value, left_seconds(visit, choice));
    Some((sealed, cookie))
}

/// What a browser is given that is asked: for its session, or as long as it would have kept the choice that holds no longer.
pub fn asked_cookie(site: &Site, visit: &Visit) -> String {
    match (&visit.state, &site.policy, visit.consent_cookie()) {
        (State::Decided(choice), Ok(policy), Some(kept)) => {
            let sealed = kept.split(ASKED_ANEW).next().unwrap_or(kept);
            consent_cookie(&asked_anew(policy, sealed), left_seconds(visit, choice))
        }
        _ => consent_cookie(&experiment::asked(site, visit.way), 0),
    }
}

fn asked_anew(policy: &Policy, sealed: &str) -> String {
    format!("{sealed}{ASKED_ANEW}{}", asked::tag(policy))
}

/// How long a choice holds yet, or would.
fn left_seconds(visit: &Visit, choice: &Choice) -> u64 {
    let ttl_minutes = visit.profile.ttl_minutes(choice.granted, !choice.vendors.is_empty());
    u64::from(ttl_minutes.saturating_sub(Minutes::from_unix_ms(visit.now_ms).since(choice.decided_at))) * 60
}

/// The cookie's line; for the browser's session if it lives for no seconds.
fn consent_cookie(value: &str, seconds: u64) -> String {
    let age = if seconds > 0 { format!("; Max-Age={seconds}") } else { String::new() };
    format!("{CONSENT_COOKIE}={value}; Path=/{age}; Secure; HttpOnly; SameSite=Lax")
}
