//! The catalogue as one site uses it: the built-in facts, with the needs its policy sets and the
//! vendors only it knows.
//!
//! A site is read once and lives as long as the program, so its vendors are kept for good: every
//! owner, built-in or not, is a `&'static Vendor`.

use crate::pattern::{glob_prefix, is_glob_match, is_host_or_subdomain};
use crate::{Vendor, cookie_owner, inline_owner, param_owner, shape_owner, storage_owner, url_owner, vendor};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use postern_consent::{CategorySet, Need};

/// A vendor as a policy names it.
#[derive(Clone, Debug)]
pub struct SiteVendor<'policy> {
    /// The catalogue's id, or one of the site's own.
    pub id: &'policy str,
    /// Name shown.
    pub name: &'policy str,
    /// What must be granted: the site's word goes over the catalogue's.
    pub need: Need,
    /// Addresses: a host whose subdomains match too, with a beginning of the path if wanted
    /// (`cdn.example.com/tracker/`); `*` stands for any run of characters in the path.
    pub hosts: &'policy [String],
    /// Beginnings of paths on the site's own host that lead to the vendor (`/ingest/`).
    pub paths: &'policy [String],
    /// Cookie names, `*` for any run of characters.
    pub cookies: &'policy [String],
    /// URL parameters that identify a visitor or a click.
    pub params: &'policy [String],
    /// Keys in local and session storage, `*` for any run of characters.
    pub storage: &'policy [String],
}

/// The built-in catalogue under one site's policy.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// What the policy lists, as the policy has it.
    listed: Vec<&'static Vendor>,
    hosts: Vec<(&'static str, &'static str, &'static Vendor)>,
    paths: Vec<(&'static str, &'static Vendor)>,
    own_hosts: Vec<&'static str>,
}

fn keep(text: &str) -> &'static str {
    Box::leak(Box::<str>::from(text))
}

/// What the catalogue knows, and what the site adds.
fn join(known: &'static [&'static str], more: &[String]) -> &'static [&'static str] {
    if more.is_empty() {
        return known;
    }
    Box::leak(known.iter().copied().chain(more.iter().map(|text| keep(text))).collect())
}

impl Catalogue {
    /// The catalogue of a site that lists these vendors.
    pub fn of_site<'policy>(vendors: impl IntoIterator<Item = SiteVendor<'policy>>) -> Self {
        let mut catalogue = Self::default();
        for site in vendors {
            let known = vendor(site.id).copied().unwrap_or(Vendor::unknown());
            let own = Vendor {
                id: keep(site.id),
                name: keep(site.name),
                need: site.need,
                cookies: join(known.cookies, site.cookies),
                params: join(known.params, site.params),
                storage: join(known.storage, site.storage),
                ..known
            };
            let own: &'static Vendor = Box::leak(Box::new(own));
            catalogue.listed.push(own);
            for pattern in site.hosts {
                let (host, path) = pattern.split_at(pattern.find('/').unwrap_or(pattern.len()));
                catalogue.hosts.push((keep(host), keep(path), own));
            }
            catalogue.paths.extend(site.paths.iter().map(|path| (keep(path), own)));
        }
        catalogue
    }

    /// The same site, reached under these hosts too.
    #[must_use]
    pub fn with_own_hosts(mut self, hosts: &[String]) -> Self {
        self.own_hosts.extend(hosts.iter().map(|host| keep(host)));
        self
    }

    /// The vendor of that id, as this site has it.
    #[must_use]
    pub fn vendor(&self, id: &str) -> Option<&'static Vendor> {
        self.listed.iter().find(|listed| listed.id == id).copied().or_else(|| vendor(id))
    }

    /// The vendors the policy lists.
    #[must_use]
    pub fn listed(&self) -> &[&'static Vendor] {
        &self.listed
    }

    /// Does the policy list it? Visitors were told of no other.
    #[must_use]
    pub fn is_listed(&self, vendor: &Vendor) -> bool {
        self.listed.iter().any(|listed| listed.id == vendor.id)
    }

    /// Have visitors been told of it, or need they not be: does the policy list it, or is it necessary?
    #[must_use]
    pub fn is_declared(&self, vendor: &Vendor) -> bool {
        vendor.is_necessary() || self.is_listed(vendor)
    }

    /// A built-in vendor as this site has it; an optional one counts only where it is listed.
    fn as_listed(&self, found: &'static Vendor) -> Option<&'static Vendor> {
        let listed = self.listed.iter().find(|listed| listed.id == found.id).copied();
        listed.or((!found.is_optional).then_some(found))
    }

    /// The vendor that owns an address, from its parsed parts: host without port, path with its leading
    /// slash, query without `?`. The site's own rules go before the built-in ones.
    #[must_use]
    pub fn url_owner(&self, host: &str, path: &str, query: &str) -> Option<&'static Vendor> {
        let bare = host.strip_suffix('.').unwrap_or(host);
        let own = self.hosts.iter().find(|(rule, beginning, _)| {
            is_host_or_subdomain(bare, rule) && glob_prefix(beginning.as_bytes(), path.as_bytes())
        });
        match own {
            Some((_, _, vendor)) => Some(vendor),
            None => url_owner(host, path, query).and_then(|found| self.as_listed(found)),
        }
    }

    /// The vendor behind a path on the site's own host: one the policy names, or one whose address is
    /// telling on any host.
    #[must_use]
    pub fn path_owner(&self, path: &str, query: &str) -> Option<&'static Vendor> {
        let own = self.paths.iter().find(|(beginning, _)| glob_prefix(beginning.as_bytes(), path.as_bytes()));
        match own {
            Some((_, vendor)) => Some(vendor),
            None => shape_owner(path, query).and_then(|found| self.as_listed(found)),
        }
    }

    /// Is `host` the site's own, seen from a page of `page_host`: the same, below it, or one of those the
    /// policy names? `www.` in front makes no other site.
    #[must_use]
    pub fn is_own_host(&self, host: &str, page_host: &str) -> bool {
        let bare = host.strip_suffix('.').unwrap_or(host);
        self.own_hosts(page_host).any(|own| is_host_or_subdomain(bare, own))
    }

    /// The hosts that, with all below them, are the site's own, seen from a page of `page_host`.
    pub fn own_hosts<'site>(&'site self, page_host: &'site str) -> impl Iterator<Item = &'site str> {
        let page = page_host.strip_suffix('.').unwrap_or(page_host);
        let site = page.strip_prefix("www.").unwrap_or(page);
        core::iter::once(site).chain(self.own_hosts.iter().copied())
    }

    /// The vendor of an inline script, by its shape.
    #[must_use]
    pub fn inline_owner(&self, script: &str) -> Option<&'static Vendor> {
        inline_owner(script).and_then(|found| self.as_listed(found))
    }

    /// The vendor that sets a cookie of that name, or of any name with a value of that shape.
    #[must_use]
    pub fn cookie_owner(&self, name: &str, value: &str) -> Option<&'static Vendor> {
        self.own_name(name, |vendor| vendor.cookies)
            .or_else(|| cookie_owner(name, value).and_then(|found| self.as_listed(found)))
    }

    /// The vendor that reads a URL parameter of that (decoded) name.
    #[must_use]
    pub fn param_owner(&self, name: &str) -> Option<&'static Vendor> {
        self.own_name(name, |vendor| vendor.params)
            .or_else(|| param_owner(name).and_then(|found| self.as_listed(found)))
    }

    /// The vendor that writes a storage key of that name.
    #[must_use]
    pub fn storage_owner(&self, key: &str) -> Option<&'static Vendor> {
        self.own_name(key, |vendor| vendor.storage)
            .or_else(|| storage_owner(key).and_then(|found| self.as_listed(found)))
    }

    fn own_name(&self, name: &str, names: fn(&Vendor) -> &'static [&'static str]) -> Option<&'static Vendor> {
        let listed = self.listed.iter().copied();
        listed.into_iter().find(|vendor| names(vendor).iter().any(|pattern| is_glob_match(pattern, name)))
    }

    /// What of this site's catalogue differs from the built-in one, for the stub, whose table is built in:
    /// needs that the policy changes, by vendor; addresses and names that only the policy knows.
    #[must_use]
    pub fn changes(&self) -> Changes<'_> {
        Changes { catalogue: self }
    }

    /// The category bits a vendor needs, as built in.
    fn built_in_need(found: &Vendor) -> Option<CategorySet> {
        vendor(found.id).map(|built_in| built_in.need.categories())
    }
}

/// See [`Catalogue::changes`].
#[derive(Debug)]
pub struct Changes<'catalogue> {
    catalogue: &'catalogue Catalogue,
}

impl Changes<'_> {
    /// Does the built-in table not say of this vendor what the policy says: another need, or that it counts?
    #[must_use]
    pub fn is_changed(&self, listed: &Vendor) -> bool {
        Catalogue::built_in_need(listed).is_some_and(|need| need != listed.need.categories())
            || listed.is_optional
    }

    /// Is it a vendor only the site knows?
    #[must_use]
    pub fn is_own(&self, listed: &Vendor) -> bool {
        vendor(listed.id).is_none()
    }

    /// Host, beginning of the path, vendor.
    #[must_use]
    pub fn hosts(&self) -> &[(&'static str, &'static str, &'static Vendor)] {
        &self.catalogue.hosts
    }

    /// Beginning of a path on the site's own host, vendor.
    #[must_use]
    pub fn paths(&self) -> &[(&'static str, &'static Vendor)] {
        &self.catalogue.paths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cookie_is_told_once_with_its_days_where_they_are_known() {
        let vendor = Vendor {
            cookies: &["_a", "_b_*", "_c*"],
            third_party_cookies: &["IDE"],
            lifetimes: &[("_a", 730), ("_c_one", 0)],
            ..Vendor::unknown()
        };
        let told: Vec<_> = vendor.told_cookies().collect();
        assert_eq!(
            told,
            [("_a", Some(730)), ("_c_one", Some(0)), ("_b_*", None), ("_c*", None), ("IDE", None)]
        );
    }
    use alloc::string::ToString;
    use alloc::vec;
    use postern_consent::Category;

    fn need(category: Category) -> Need {
        Need::any_of(CategorySet::EMPTY.with(category))
    }

    fn site<'policy>(id: &'policy str, category: Category, hosts: &'policy [String]) -> SiteVendor<'policy> {
        SiteVendor {
            id,
            name: id,
            need: need(category),
            hosts,
            paths: &[],
            cookies: &[],
            params: &[],
            storage: &[],
        }
    }

    #[test]
    fn the_policy_goes_over_the_built_in_need() {
        let catalogue = Catalogue::of_site([site("posthog", Category::Marketing, &[])]);
        let owner = catalogue.url_owner("eu.i.posthog.com", "/e/", "").unwrap();
        assert_eq!((owner.id, owner.need), ("posthog", need(Category::Marketing)));
        let cookie = catalogue.cookie_owner("ph_phc_x_posthog", "{}").unwrap();
        assert_eq!(cookie.need, need(Category::Marketing));
        assert!(catalogue.changes().is_changed(catalogue.listed()[0]));
        let ga4 = catalogue.url_owner("www.google-analytics.com", "/g/collect", "").unwrap();
        assert_eq!(ga4.need, need(Category::Analytics));
    }

    #[test]
    fn a_site_brings_vendors_of_its_own() {
        let hosts = vec!["stats.example.net".to_string(), "cdn.example.net/t/*/x.js".to_string()];
        let (paths, cookies) = (vec!["/ingest/".to_string()], vec!["acme_*".to_string()]);
        let acme =
            SiteVendor { paths: &paths, cookies: &cookies, ..site("acme", Category::Analytics, &hosts) };
        let catalogue = Catalogue::of_site([acme]);
        let id = |found: Option<&'static Vendor>| found.map(|vendor| vendor.id);
        assert_eq!(id(catalogue.url_owner("a.stats.example.net.", "/", "")), Some("acme"));
        assert_eq!(id(catalogue.url_owner("cdn.example.net", "/t/1/x.js", "")), Some("acme"));
        assert_eq!(id(catalogue.url_owner("cdn.example.net", "/app.js", "")), None);
        assert_eq!(id(catalogue.path_owner("/ingest/e/", "")), Some("acme"));
        assert_eq!(id(catalogue.path_owner("/", "")), None);
        assert_eq!(id(catalogue.cookie_owner("acme_id", "1")), Some("acme"));
        assert!(catalogue.changes().is_own(catalogue.listed()[0]));
        assert!(catalogue.is_listed(catalogue.listed()[0]));
    }

    #[test]
    fn a_site_knows_its_own_hosts() {
        let catalogue = Catalogue::default().with_own_hosts(&["shop-cdn.example".to_string()]);
        for (host, page, expected) in [
            ("shop.example", "shop.example", true),
            ("shop.example.", "shop.example", true),
            ("cdn.shop.example", "www.shop.example", true),
            ("a.shop-cdn.example", "shop.example", true),
            ("other.example", "shop.example", false),
            ("myshop.example", "shop.example", false),
        ] {
            assert_eq!(catalogue.is_own_host(host, page), expected, "{host} on {page}");
        }
    }
}
