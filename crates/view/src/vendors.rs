//! The vendors of a category as visitors are told of them, each with a switch of its own.
//! Source: standards.md 3.3, requirements 27 and 36.

use crate::fill::fill;
use maud::{Markup, html};
use postern_consent::{Category, CategorySet, VendorSet};
use postern_policy::{Language, Policy, Role, Texts, Transfer, Vendor};

/// What a vendor leaves in the browser, from the data it is held by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VendorTraces {
    /// The id in the policy.
    pub id: String,
    /// Names or patterns of cookies, and the days each lives where that is known; 0 for less than one.
    pub cookies: Vec<(String, Option<u16>)>,
    /// Keys in the browser's storage.
    pub storage: Vec<String>,
}

/// What is granted now.
#[derive(Clone, Copy, Debug)]
pub struct Granted<'a> {
    /// Whole categories.
    pub categories: CategorySet,
    /// Single vendors beyond them.
    pub vendors: VendorSet,
    /// What each vendor leaves.
    pub traces: &'a [VendorTraces],
    /// The name of a country, by the tag of a language and the country's ISO 3166-1 alpha-2 code.
    pub country_name: fn(&str, &str) -> String,
}

impl Granted<'_> {
    /// May that vendor run?
    pub(crate) fn is_vendor_granted(&self, policy: &Policy, vendor: &Vendor) -> bool {
        self.categories.contains(vendor.category)
            || policy.place_of(&vendor.id).is_some_and(|place| self.vendors.contains(place))
    }
}

/// Where switches stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the page: the gate keeps vendors' switches in step with their category's.
    Dialog,
    /// On a page without scripts: nothing moves a switch but its visitor, so that of a vendor says only what is granted
    /// to it alone. Who switches a category off there leaves no vendor of it on.
    Page,
}

/// A list behind its count; nothing where nobody is involved. The necessary have no switch.
pub(crate) fn vendors(
    policy: &Policy,
    language: &Language,
    category: Category,
    granted: &Granted<'_>,
    place: Place,
) -> Markup {
    let texts = &language.texts;
    let is_on = |vendor: &Vendor| {
        granted.is_vendor_granted(policy, vendor)
            && (place == Place::Dialog || !granted.categories.contains(category))
    };
    let count = policy.vendors_of(category).count();
    html! {
        @if count > 0 {
            details {
                summary { (fill(&texts.vendors, &[("count", &count.to_string())])) }
                ul {
                    @for vendor in policy.vendors_of(category) {
                        li {
                            @if category == Category::Necessary {
                                strong { (vendor.name) }
                            } @else {
                                label {
                                    input type="checkbox" name="vendor" value=(vendor.id)
                                        data-consent-vendor=(vendor.id)
                                        checked[is_on(vendor)];
                                    (vendor.name)
                                }
                            }
                            (vendor_facts(language, vendor, granted))
                        }
                    }
                }
            }
        }
    }
}

/// What is known of a vendor, and no more.
fn vendor_facts(language: &Language, vendor: &Vendor, granted: &Granted<'_>) -> Markup {
    let texts = &language.texts;
    let traces = granted.traces.iter().find(|traces| traces.id == vendor.id);
    let country = vendor.country.as_deref().map(|code| (granted.country_name)(&language.tag, code));
    let cookies = traces.map(|traces| cookies(language, traces)).unwrap_or_default();
    let storage = traces.map(|traces| traces.storage.join(language.comma())).unwrap_or_default();
    // Names in letters of ours run from the left, whatever is around them.
    let is_turned = language.direction() == "rtl";
    let facts = [
        (&texts.fact_role, role(texts, vendor), false),
        (&texts.fact_country, country.as_deref().unwrap_or_default(), false),
        (&texts.fact_transfer, transfer(texts, vendor), false),
        (&texts.fact_cookies, &cookies, is_turned),
        (&texts.fact_storage, &storage, is_turned),
    ];
    let links = [(&texts.privacy_link, &vendor.privacy_url), (&texts.dpa_link, &vendor.dpa_url)];
    html! {
        dl {
            @for (name, fact, is_turned) in facts.into_iter().filter(|(_, fact, _)| !fact.is_empty()) {
                div { dt { (name) } dd { @if is_turned { bdi dir="ltr" { (fact) } } @else { (fact) } } }
            }
        }
        p {
            @for (words, url) in links {
                @if let Some(url) = url { a href=(url) { (words) } " " }
            }
        }
    }
}

/// `_ga (730), _gat (< 1), IDE`: the days in brackets, where they are known.
fn cookies(language: &Language, traces: &VendorTraces) -> String {
    let told = traces.cookies.iter().map(|(name, days)| match days {
        Some(0) => format!("{name} (< 1)"),
        Some(days) => format!("{name} ({days})"),
        None => name.clone(),
    });
    told.collect::<Vec<_>>().join(language.comma())
}

fn role<'a>(texts: &'a Texts, vendor: &Vendor) -> &'a str {
    match vendor.role {
        Some(Role::Processor) => &texts.role_processor,
        Some(Role::Joint) => &texts.role_joint,
        Some(Role::Independent) => &texts.role_independent,
        None => "",
    }
}

fn transfer<'a>(texts: &'a Texts, vendor: &Vendor) -> &'a str {
    match vendor.transfer {
        Some(Transfer::Adequacy) => &texts.transfer_adequacy,
        Some(Transfer::Dpf) => &texts.transfer_dpf,
        Some(Transfer::Scc) => &texts.transfer_scc,
        Some(Transfer::Idta) => &texts.transfer_idta,
        Some(Transfer::None) => &texts.transfer_none,
        None => "",
    }
}
