//! The categories as a form shows them: layer 2 and the consent page share this.

use crate::fill::fill;
use maud::{Markup, html};
use postern_consent::{Category, CategorySet};
use postern_policy::{Language, Policy, Role, Texts, Transfer, Vendor};

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
pub(crate) fn choices(policy: &Policy, language: &Language, granted: CategorySet, id_prefix: &str) -> Markup {
    let texts = &language.texts;
    html! {
        fieldset {
            legend { (texts.necessary_title) " · " (texts.always_on) }
            p { (texts.necessary_text) }
            (vendors(policy, texts, Category::Necessary))
        }
        @for purpose in &policy.purposes {
            @let name = purpose.category.name();
            @let (title, text) = texts.category(purpose.category);
            @let id = format!("{id_prefix}-{name}");
            fieldset {
                legend {
                    label {
                        input type="checkbox" name="category" value=(name) data-consent-category=(name)
                            aria-describedby=(id) checked[granted.contains(purpose.category)];
                        (title)
                    }
                }
                p id=(id) { (text) }
                (vendors(policy, texts, purpose.category))
            }
        }
    }
}

fn vendors(policy: &Policy, texts: &Texts, category: Category) -> Markup {
    let count = policy.vendors_of(category).count();
    html! {
        @if count > 0 {
            details {
                summary { (fill(&texts.vendors, &[("count", &count.to_string())])) }
                ul {
                    @for vendor in policy.vendors_of(category) {
                        li {
                            @match &vendor.privacy_url {
                                Some(url) => a href=(url) { (vendor.name) },
                                None => (vendor.name),
                            }
                            (vendor_facts(texts, vendor))
                        }
                    }
                }
            }
        }
    }
}

/// `, works on our behalf, US, Data Privacy Framework`: what is known, and no more.
fn vendor_facts(texts: &Texts, vendor: &Vendor) -> String {
    let role = vendor.role.map(|role| match role {
        Role::Processor => &*texts.role_processor,
        Role::Joint => &texts.role_joint,
        Role::Independent => &texts.role_independent,
    });
    let transfer = vendor.transfer.map(|transfer| match transfer {
        Transfer::Adequacy => &*texts.transfer_adequacy,
        Transfer::Dpf => &texts.transfer_dpf,
        Transfer::Scc => &texts.transfer_scc,
        Transfer::Idta => &texts.transfer_idta,
        Transfer::None => &texts.transfer_none,
    });
    let facts = [role, vendor.country.as_deref(), transfer];
    facts.into_iter().flatten().flat_map(|fact| [", ", fact]).collect()
}
