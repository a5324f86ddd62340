//! What a visitor was asked with, as a page by itself: for who must show it years later.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use postern_policy::Language;

/// The banner in a page of its own, with its style and nothing that runs. In the page it was in, a script opens the settings;
/// here they are open where it was with them that the visitor answered.
#[must_use]
pub fn shown_page(
    title: &str,
    language: &Language,
    css: &str,
    banner: &Markup,
    with_settings: bool,
) -> Markup {
    let banner = banner.0.clone();
    let banner = if with_settings { banner.replacen("<dialog ", "<dialog open ", 1) } else { banner };
    html! {
        (DOCTYPE)
        html lang=(language.tag) dir=(language.direction()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title) }
                style { (PreEscaped(css)) }
            }
            body { (PreEscaped(banner)) }
        }
    }
}
