//! The way back to the settings for who has chosen: a link, and nothing else but the announcement of a change while
//! there is one, and the place where it is said that a choice was taken.

use crate::change::change_notice;
use crate::consent_address;
use maud::{Markup, html};
use postern_policy::{Change, Language, Policy, Reopen};

/// Looks of [`reopen`] alone; the banner's own stylesheet is not sent with it.
pub const REOPEN_CSS: &str = include_str!("../../../www/css/reopen.css");

/// What it needs beside [`REOPEN_CSS`] where something is held: the frames that hold it, and what is said of a choice.
pub const HOLDING_CSS: &str = include_str!("../../../www/css/holding.css");

/// What such a page shows.
#[derive(Clone, Copy, Debug)]
pub struct ReopenFacts<'a> {
    /// The site's policy.
    pub policy: &'a Policy,
    /// The language it speaks.
    pub language: &'a Language,
    /// The policy's tag, 8 lower-case hex digits.
    pub policy_hex: &'a str,
    /// The change of the site's notice that is announced now.
    pub change: Option<&'a Change>,
    /// Is anything held that a choice could release in this page?
    pub can_release: bool,
}

/// The control that opens the consent page, where the site has none of its own. Source: GDPR Art. 7(3), standards.md
/// requirement 25.
#[must_use]
pub fn reopen(facts: &ReopenFacts<'_>) -> Markup {
    let ReopenFacts { policy, language, policy_hex, change, can_release } = *facts;
    let texts = &language.texts;
    html! {
        div id="postern" data-postern-policy=(policy_hex) lang=(language.tag) dir=(language.direction()) {
            @if let Some(change) = change { (change_notice(policy, language, change)) }
            @if can_release {
                p role="status" data-postern-status data-saved=(texts.saved) data-failed=(texts.failed) {}
            }
            @if policy.banner.reopen == Reopen::Button {
                nav aria-label=(texts.reopen) {
                    a href=(consent_address(language)) data-consent-action="open" { (texts.reopen) }
                }
            }
        }
    }
}
