//! What stands in a frame that is held: whose it is, a way to load that one provider's content, and one to the settings.
//! The frame's document runs no script, so both are links to the page around it; the way in is asked for there.

use crate::{consent_address, encoded};
use maud::{Markup, PreEscaped, html};
use postern_policy::Language;

/// Looks of [`held_note`].
pub const HELD_CSS: &str = include_str!("../../../www/css/held.css");

/// A document; `{vendor}` and `{vendor-id}` are left for the vendor's name and id. `css` is
/// [`held_css`](crate::held_css), `return_to` the page it stands in.
#[must_use]
pub fn held_note(language: &Language, css: &str, return_to: &str) -> Markup {
    let texts = &language.texts;
    let load = format!("{}&return={}&vendor={{vendor-id}}", consent_address(language), encoded(return_to));
    html! {
        html lang=(language.tag) dir=(language.direction()) {
            head { title { "{vendor}" } style { (PreEscaped(css)) } }
            body {
                div {
                    p { (texts.held) }
                    p {
                        a href=(load) target="_top" data-consent-action="load" data-consent-vendor="{vendor-id}" {
                            (texts.held_load)
                        }
                    }
                    p { a href=(consent_address(language)) target="_top" { (texts.held_always) } }
                }
            }
        }
    }
}
