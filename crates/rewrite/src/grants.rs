//! What may pass: the site's catalogue under what one visitor granted.

use postern_catalogue::{Catalogue, Vendor};
use postern_consent::CategorySet;
use std::rc::Rc;
use url::Url;

/// One visitor's grants over one site's catalogue. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Grants {
    catalogue: Rc<Catalogue>,
    granted: CategorySet,
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

impl Grants {
    /// What `granted` allows of `catalogue`.
    #[must_use]
    pub const fn new(catalogue: Rc<Catalogue>, granted: CategorySet) -> Self {
        Self { catalogue, granted, is_strict: false }
    }

    /// The same, and with `is_strict` third parties that the policy does not list are held, whatever is
    /// granted: visitors were told of no other.
    #[must_use]
    pub fn with_strict(self, is_strict: bool) -> Self {
        Self { is_strict, ..self }
    }

    /// The same catalogue under other grants.
    #[must_use]
    pub fn with_granted(self, granted: CategorySet) -> Self {
        Self { granted, ..self }
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
        (!owner.need.is_met(self.granted)).then_some(owner)
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
            Some(owner) if self.is_strict && !owner.is_necessary() && !self.catalogue.is_listed(owner) => {
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
        !vendor.is_necessary() && !self.catalogue.is_listed(vendor) && vendor.id != UNKNOWN.id
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

    /// The vendor of an inline script, by its shape, that may not run.
    #[must_use]
    pub fn denied_inline(&self, script: &str) -> Option<&'static Vendor> {
        self.catalogue.inline_owner(script).and_then(|owner| self.unmet(owner))
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
