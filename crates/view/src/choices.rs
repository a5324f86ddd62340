//! The categories as a form shows them: layer 2 and the consent page share this.

use crate::fill::fill;
use maud::{Markup, html};
use postern_consent::{Category, CategorySet};
use postern_policy::{Policy, Role, Texts, Transfer, Vendor};

/// What every form of ours sends along.
pub(crate) struct Hidden<'a> {
    pub(crate) policy: &'a str,
    pub(crate) key: &'a str,
    pub(crate) return_to: &'a str,
    pub(crate) layer: &'a str,
}

pub(crate) fn hidden(fields: &Hidden<'_>) -> Markup {
    html! {
        input type="hidden" name="policy" value=(fields.policy);
        input type="hidden" name="key" value=(fields.key);
        input type="hidden" name="return" value=(fields.return_to);
        input type="hidden" name="layer" value=(fields.layer);
    }
}

/// One fieldset for the necessary, which has no switch, and one for each category offered. A box is
/// checked only if its category is granted. Source: standards.md requirement 24.
pub(crate) fn choices(policy: &Policy, granted: CategorySet, id_prefix: &str) -> Markup {
    let texts = &policy.texts;
    html! {
        fieldset {
            legend { (texts.necessary_title) " · " (texts.always_on) }
            p { (texts.necessary_text) }
            (vendors(policy, Category::Necessary))
        }
        @for purpose in &policy.purposes {
            @let name = purpose.category.name();
            @let id = format!("{id_prefix}-{name}");
            fieldset {
                legend {
                    label {
                        input type="checkbox" name="category" value=(name) data-consent-category=(name)
                            aria-describedby=(id) checked[granted.contains(purpose.category)];
                        (purpose.title)
                    }
                }
                p id=(id) { (purpose.text) }
                (vendors(policy, purpose.category))
            }
        }
    }
}

fn vendors(policy: &Policy, category: Category) -> Markup {
    let count = policy.vendors_of(category).count();
    html! {
        @if count > 0 {
            details {
                summary { (fill(&policy.texts.vendors, &[("count", &count.to_string())])) }
                ul {
                    @for vendor in policy.vendors_of(category) {
                        li {
                            @match &vendor.privacy_url {
                                Some(url) => a href=(url) { (vendor.name) },
                                None => (vendor.name),
                            }
                            (vendor_facts(&policy.texts, vendor))
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
        Role::Processor => texts.role_processor.as_str(),
        Role::Joint => &texts.role_joint,
        Role::Independent => &texts.role_independent,
    });
    let transfer = vendor.transfer.map(|transfer| match transfer {
        Transfer::Adequacy => texts.transfer_adequacy.as_str(),
        Transfer::Dpf => &texts.transfer_dpf,
        Transfer::Scc => &texts.transfer_scc,
        Transfer::Idta => &texts.transfer_idta,
        Transfer::None => &texts.transfer_none,
    });
    let facts = [role, vendor.country.as_deref(), transfer];
    facts.into_iter().flatten().flat_map(|fact| [", ", fact]).collect()
}

/// The titles of these categories in the site's words; `none` if there are none.
pub(crate) fn titles(policy: &Policy, categories: CategorySet) -> String {
    let titles: Vec<_> = categories
        .without(Category::Necessary)
        .iter()
        .map(|category| policy.purpose(category).map_or(category.name(), |purpose| purpose.title.as_str()))
        .collect();
    if titles.is_empty() { policy.texts.none.clone() } else { titles.join(", ") }
}
