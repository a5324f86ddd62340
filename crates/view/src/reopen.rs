//! The way back to the settings on pages where everything is granted: a link, and nothing else.

use crate::CONSENT_PATH;
use maud::{Markup, html};
use postern_policy::Policy;

/// Looks of [`reopen`] alone; the banner's own stylesheet is not sent with it.
pub const REOPEN_CSS: &str = include_str!("../../../www/css/reopen.css");

/// The control that opens the consent page. Source: GDPR Art. 7(3), standards.md requirement 25.
#[must_use]
pub fn reopen(policy: &Policy, policy_hex: &str) -> Markup {
    html! {
        div id="postern" data-postern-policy=(policy_hex) lang=(policy.site.language) dir=(policy.direction()) {
            nav aria-label=(policy.texts.reopen) {
                a href=(CONSENT_PATH) data-consent-action="open" { (policy.texts.reopen) }
            }
        }
    }
}

/// What stands in a held frame, as a document of its own; `{vendor}` is left for the vendor's name.
#[must_use]
pub fn embed_note(policy: &Policy) -> Markup {
    html! {
        p { strong { "{vendor}" } " – " (policy.texts.held) }
        p { a href=(CONSENT_PATH) target="_top" { (policy.texts.reopen) } }
    }
}
