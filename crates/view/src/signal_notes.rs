//! What the visitor is told of the browser's own signals: that they were received, and what they keep off.
//! Source: 11 CCR 7025(c)(6), since 2026-01-01; standards.md requirement 53.

use maud::{Markup, html};
use postern_consent::Signal;
use postern_policy::Texts;

/// A sentence for each signal.
pub(crate) fn signal_notes(texts: &Texts, honoured: &[Signal]) -> Markup {
    let sentence = |signal| match signal {
        Signal::Gpc => &texts.signal_gpc,
        Signal::Adpc => &texts.signal_adpc,
        Signal::Dnt => &texts.signal_dnt,
    };
    html! {
        @for signal in honoured { p data-postern-signal=(signal.name()) { (sentence(*signal)) } }
    }
}
