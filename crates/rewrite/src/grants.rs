//! What may pass: the site's catalogue under what one visitor granted.

use postern_catalogue::{Catalogue, Vendor};
use postern_consent::{Category, CategorySet, Need, VendorSet};
use std::rc::Rc;
use url::Url;

/// One visitor's grants over one site's catalogue. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Grants {
    catalogue: Rc<Catalogue>,
    granted: CategorySet,
    /// Granted by themselves, beyond the categories.
    vendors: Rc<[&'static Vendor]>,
    is_strict: bool,
}

/// What is to happen to an address.
#[derive(Clone, Copy, Debug)]
pub enum Verdict {
    /// It is the site's own, no address at all, or a vendor's that is granted.
    Passes,
    /// A third party that neither catalogue nor policy knows: it passes and is reported.
    Unknown,
    /// It stays inert until the vendor's need is met.
    Held(&'static Vendor),
    /// It stays inert whatever is granted: the site is strict, and its policy does not list it. The vendor stands
    /// for all such.
    Stranger(&'static Vendor),
}

/// Stands for every host nobody knows, where the site is strict: no grant meets its need.
static UNKNOWN: Vendor = Vendor { id: "unknown", name: "a site that is not listed", ..Vendor::unknown() };

/// Attribute by which a page says what its own code is for: a script, a frame, an image or a style of the site's
/// that needs a grant as a vendor's does.
pub(crate) const CATEGORY_ATTRIBUTE: &str = "data-postern-category";

/// Name of all code of the site's own.
const OWN_CODE: &str = "own";

const fn own_code(need: CategorySet) -> Vendor {
    Vendor { id: OWN_CODE, name: "the site itself", need: Need::any_of(need), ..Vendor::unknown() }
}

/// The site's own code by the category it needs; the last is for a word that names none: no grant meets its need.
static OWN: [(Option<Category>, Vendor); 6] = [
    (Some(Category::Necessary), own_code(CategorySet::EMPTY.with(Category::Necessary))),
    (Some(Category::Functional), own_code(CategorySet::EMPTY.with(Category::Functional))),
    (Some(Category::Analytics), own_code(CategorySet::EMPTY.with(Category::Analytics))),
    (Some(Category::Marketing), own_code(CategorySet::EMPTY.with(Category::Marketing))),
    (Some(Category::Social), own_code(CategorySet::EMPTY.with(Category::Social))),
    (None, own_code(CategorySet::EMPTY)),
];

impl Grants {
    /// What `granted` allows of `catalogue`.
    #[must_use]
    pub fn new(catalogue: Rc<Catalogue>, granted: CategorySet) -> Self {
        Self { catalogue, granted, vendors: Rc::default(), is_strict: false }
    }

    /// The same, and these of the policy's vendors by themselves, as far as what they need is `grantable`: what a
    /// browser's signal denies is denied to each of its vendors.
    #[must_use]
    pub fn with_vendors(self, places: VendorSet, grantable: CategorySet) -> Self {
        let listed = self.catalogue.listed();
        let vendors = places.iter().filter_map(|place| listed.get(place).copied());
        let vendors = vendors.filter(|vendor| vendor.need.is_met(grantable)).collect();
        Self { vendors, ..self }
    }

    /// The same, and with `is_strict` third parties that the policy does not list are held, whatever is
    /// granted: visitors were told of no other.
    #[must_use]
    pub fn with_strict(self, is_strict: bool) -> Self {
        Self { is_strict, ..self }
    }

    /// The same catalogue for somebody who grants nothing.
    #[must_use]
    pub fn denying_all(&self) -> Self {
        Self { granted: CategorySet::NECESSARY, vendors: Rc::default(), ..self.clone() }
    }

    /// Is anything granted beyond the necessary?
    #[must_use]
    pub fn is_anything_granted(&self) -> bool {
        self.granted != CategorySet::NECESSARY || !self.vendors.is_empty()
    }

    /// The vendors granted by themselves.
    #[must_use]
    pub fn vendors(&self) -> &[&'static Vendor] {
        &self.vendors
    }

    /// The site's catalogue.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Does the site hold whom its policy does not list?
    #[must_use]
    pub const fn is_strict(&self) -> bool {
        self.is_strict
    }

    /// May the vendor run?
    #[must_use]
    pub fn allows(&self, vendor: &Vendor) -> bool {
        vendor.need.is_met(self.granted) || self.vendors.iter().any(|granted| granted.id == vendor.id)
    }

    /// The categories granted.
    #[must_use]
    pub const fn granted(&self) -> CategorySet {
        self.granted
    }

    /// Can nothing be held?
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.granted == CategorySet::ALL && !self.is_strict
    }

    fn unmet(&self, owner: &'static Vendor) -> Option<&'static Vendor> {
        (!self.allows(owner)).then_some(owner)
    }

    /// What is to happen to an address on a page of `page_host`.
    #[must_use]
    pub fn judge(&self, url: &Url, page_host: &str) -> Verdict {
        let Some(host) = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https" | "ws" | "wss"))
        else {
            return Verdict::Passes;
        };
        let query = url.query().unwrap_or("");
        let is_own = self.catalogue.is_own_host(host, page_host);
        let owner = if is_own { self.catalogue.path_owner(url.path(), query) } else { None };
        match owner.or_else(|| self.catalogue.url_owner(host, url.path(), query)) {
            None if is_own => Verdict::Passes,
            None if self.is_strict => Verdict::Stranger(&UNKNOWN),
            None => Verdict::Unknown,
            Some(owner) if self.is_strict && !self.catalogue.is_declared(owner) => {
                Verdict::Stranger(&UNKNOWN)
            }
            Some(owner) => self.unmet(owner).map_or(Verdict::Passes, Verdict::Held),
        }
    }

    /// The vendor behind a path of the site's own host that may not be asked for.
    #[must_use]
    pub fn denied_path(&self, path: &str, query: &str) -> Option<&'static Vendor> {
        self.catalogue.path_owner(path, query).and_then(|owner| self.unmet(owner))
    }

    /// The vendor of a cookie that may neither be sent nor set.
    #[must_use]
    pub fn denied_cookie(&self, name: &str, value: &str) -> Option<&'static Vendor> {
        self.catalogue.cookie_owner(name, value).and_then(|owner| self.unmet(owner))
    }

    /// The vendor of a URL parameter that may not travel.
    #[must_use]
    pub fn denied_param(&self, name: &str) -> Option<&'static Vendor> {
        self.catalogue.param_owner(name).and_then(|owner| self.unmet(owner))
    }

    /// Is that vendor denied? One that nobody knows is.
    #[must_use]
    pub fn denies_vendor(&self, id: &str) -> bool {
        self.catalogue.vendor(id).is_none_or(|vendor| self.unmet(vendor).is_some())
    }

    /// Is it a vendor that needs consent and that the policy does not list? Who stands for strangers is none: each is
    /// told of by its host.
    #[must_use]
    pub fn is_undeclared(&self, vendor: &Vendor) -> bool {
        !self.catalogue.is_declared(vendor) && vendor.id != UNKNOWN.id && vendor.id != OWN_CODE
    }

    /// Is it the address of somebody whom the policy does not list?
    #[must_use]
    pub fn is_undeclared_address(&self, url: &Url, page_host: &str) -> bool {
        match self.judge(url, page_host) {
            Verdict::Passes => false,
            Verdict::Held(vendor) => self.is_undeclared(vendor),
            Verdict::Unknown | Verdict::Stranger(_) => true,
        }
    }

    /// Who stands for the site's own code that needs this category, if it may not run.
    #[must_use]
    pub fn denied_own(&self, category: &str) -> Option<&'static Vendor> {
        let category = Category::parse(category.trim());
        let (_, own) = OWN.iter().find(|(known, _)| *known == category)?;
        (!own.need.is_met(self.granted)).then_some(own)
    }

    /// The vendor of an inline script, by its shape, that may not run.
    #[must_use]
    pub fn denied_inline(&self, script: &str) -> Option<&'static Vendor> {
        self.catalogue.inline_owner(script).and_then(|owner| self.unmet(owner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_catalogue::SiteVendor;
    use postern_consent::{Category, Need};

    #[test]
    fn a_vendor_granted_by_itself_brings_no_other_and_yields_to_signals() {
        let site = |id, category| SiteVendor {
            id,
            name: id,
            need: Need::any_of(CategorySet::EMPTY.with(category)),
            hosts: &[],
            paths: &[],
            cookies: &[],
            params: &[],
            storage: &[],
        };
        let catalogue = Rc::new(Catalogue::of_site([
            site("ga4", Category::Analytics),
            site("meta-pixel", Category::Marketing),
            site("posthog", Category::Analytics),
        ]));
        let grants = |grantable| {
            Grants::new(Rc::clone(&catalogue), CategorySet::NECESSARY)
                .with_vendors([1, 2, 90].into_iter().collect(), grantable)
        };
        let all = grants(CategorySet::ALL);
        for (cookie, is_denied) in [("_ga", true), ("_fbp", false), ("ph_phc_a_posthog", false)] {
            assert_eq!(all.denied_cookie(cookie, "1").is_some(), is_denied, "{cookie}");
        }
        assert!(all.is_anything_granted() && !all.is_open() && !all.denying_all().is_anything_granted());
        let under_gpc = grants(CategorySet::ALL.without(Category::Marketing));
        assert!(under_gpc.denies_vendor("meta-pixel") && !under_gpc.denies_vendor("posthog"));
    }
}

#[cfg(test)]
pub mod testing {
    //! Grants for tests of this crate.

    use super::*;

    /// The built-in catalogue under `granted`.
    pub fn grants(granted: CategorySet) -> Grants {
        Grants::new(Rc::new(Catalogue::default()), granted)
    }

    /// Nothing but the necessary.
    pub fn denied() -> Grants {
        grants(CategorySet::NECESSARY)
    }
}
