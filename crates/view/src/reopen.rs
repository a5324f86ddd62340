//! The way back to the settings on pages where everything is granted: a link, and nothing else.

use crate::consent_address;
use maud::{Markup, html};
use postern_policy::Language;

/// Looks of [`reopen`] alone; the banner's own stylesheet is not sent with it.
pub const REOPEN_CSS: &str = include_str!("../../../www/css/reopen.css");

/// The control that opens the consent page. Source: GDPR Art. 7(3), standards.md requirement 25.
#[must_use]
pub fn reopen(language: &Language, policy_hex: &str) -> Markup {
    html! {
        div id="postern" data-postern-policy=(policy_hex) lang=(language.tag) dir=(language.direction()) {
            nav aria-label=(language.texts.reopen) {
                a href=(consent_address(language)) data-consent-action="open" { (language.texts.reopen) }
            }
        }
    }
}

/// What stands in a held frame, as a document of its own; `{vendor}` is left for the vendor's name.
#[must_use]
pub fn embed_note(language: &Language) -> Markup {
    let texts = &language.texts;
    html! {
        div lang=(language.tag) dir=(language.direction()) {
            p { (texts.held) }
            p { a href=(consent_address(language)) target="_top" { (texts.reopen) } }
        }
    }
}
