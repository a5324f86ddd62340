//! The categories as a form shows them: layer 2 and the consent page share this.

use crate::vendors::{Granted, Place, vendors};
use maud::{Markup, html};
use postern_consent::Category;
use postern_policy::{Language, Policy};

/// What every form of ours sends along.
pub(crate) struct Hidden<'a> {
    pub(crate) policy: &'a str,
    pub(crate) key: &'a str,
    pub(crate) return_to: &'a str,
    pub(crate) layer: &'a str,
    pub(crate) lang: &'a str,
}

pub(crate) fn hidden(fields: &Hidden<'_>) -> Markup {
    html! {
        input type="hidden" name="policy" value=(fields.policy);
        input type="hidden" name="key" value=(fields.key);
        input type="hidden" name="return" value=(fields.return_to);
        input type="hidden" name="layer" value=(fields.layer);
        input type="hidden" name="lang" value=(fields.lang);
    }
}

/// One fieldset for the necessary, which has no switch, and one for each category offered. A box is
/// checked only if its category is granted. Source: standards.md requirement 24.
pub(crate) fn choices(policy: &Policy, language: &Language, granted: &Granted<'_>, place: Place) -> Markup {
    let id_prefix = if place == Place::Dialog { "postern" } else { "purpose" };
    let texts = &language.texts;
    html! {
        fieldset {
            legend { (texts.necessary_title) " · " (texts.always_on) }
            p { (texts.necessary_text) }
            (vendors(policy, language, Category::Necessary, granted, place))
        }
        @for purpose in &policy.purposes {
            @let name = purpose.category.name();
            @let (title, text) = texts.category(purpose.category);
            @let id = format!("{id_prefix}-{name}");
            fieldset {
                legend {
                    label {
                        input type="checkbox" name="category" value=(name) data-consent-category=(name)
                            aria-describedby=(id) checked[granted.categories.contains(purpose.category)];
                        (title)
                    }
                }
                p id=(id) { (text) }
                (vendors(policy, language, purpose.category, granted, place))
            }
        }
    }
}
