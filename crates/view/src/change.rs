//! The notice that the site's own notice changes: a component of its own, apart from the question. It asks nothing,
//! changes no consent, and leaves nothing in the browser, so it is there again on the next page until its last day.
//! Source: standards.md requirement 32.

use crate::fill::{fill, in_order};
use maud::{Markup, html};
use postern_policy::{Change, Language, Policy};

/// Looks of [`change_notice`], sent only while it is shown.
pub const CHANGE_CSS: &str = include_str!("../../../www/css/change.css");

/// A dialog that is open and not modal: its own form closes it, without a script and without a request.
pub(crate) fn change_notice(policy: &Policy, language: &Language, change: &Change) -> Markup {
    let texts = &language.texts;
    html! {
        dialog id="postern-change" open aria-labelledby="postern-change-title" {
            form method="dialog" {
                div {
                    h2 id="postern-change-title" { (texts.change_title) }
                    p {
                        (fill(&texts.change_text, &[("date", &in_order(language, &change.from))])) " "
                        a href=(policy.notice.url) { (texts.notice) }
                    }
                }
                div { button { (texts.close) } }
            }
        }
    }
}
