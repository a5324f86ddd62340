//! Whom a policy names, asked by what is kept of somebody who was seen: a vendor's id, a host, what is left of a cookie's name. The
//! edge, which has the whole address, asks the site's [`Catalogue`](crate::Catalogue); this is the same, as far as it follows from a part.
//! Unlike that one it keeps nothing, and may be made for each question.

use crate::matcher::rules_of_host;
use crate::pattern::{is_glob_match, is_host_or_subdomain};
use crate::{Vendor, cookie_owner, vendor};
use alloc::string::String;
use alloc::vec::Vec;

/// A vendor as a policy names it, as far as it is asked for here: see [`SiteVendor`](crate::SiteVendor).
#[derive(Clone, Copy, Debug)]
pub struct NamedVendor<'policy> {
    /// The catalogue's id, or one of the site's own.
    pub id: &'policy str,
    /// Addresses: a host whose subdomains match too, with a beginning of the path if wanted.
    pub hosts: &'policy [String],
    /// Cookie names, `*` for any run of characters.
    pub cookies: &'policy [String],
}

/// Whom one policy names.
#[derive(Clone, Debug, Default)]
pub struct Named<'policy> {
    vendors: Vec<NamedVendor<'policy>>,
    own_hosts: &'policy [String],
}

impl<'policy> Named<'policy> {
    /// What a policy with these vendors names that counts these hosts among the site's own.
    pub fn of_site(
        vendors: impl IntoIterator<Item = NamedVendor<'policy>>,
        own_hosts: &'policy [String],
    ) -> Self {
        Self { vendors: vendors.into_iter().collect(), own_hosts }
    }

    fn is_listed(&self, id: &str) -> bool {
        self.vendors.iter().any(|listed| listed.id == id)
    }

    /// An optional one counts only where it is listed: else nobody knows it.
    fn is_declared(&self, vendor: &Vendor) -> bool {
        self.is_listed(vendor.id) || (vendor.is_necessary() && !vendor.is_optional)
    }

    /// Is the vendor of that id listed, or one that need not be?
    #[must_use]
    pub fn has_vendor(&self, id: &str) -> bool {
        self.is_listed(id) || vendor(id).is_some_and(|known| self.is_declared(known))
    }

    /// Is everything on that host the site's own or somebody's who is listed or need not be? Not if the policy, or the catalogue of one
    /// who is listed, names only some of its paths: what was seen may have been another.
    #[must_use]
    pub fn has_host(&self, host: &str) -> bool {
        let bare = host.strip_suffix('.').unwrap_or(host);
        let is_below = |of: &str| is_host_or_subdomain(bare, of);
        let is_whole = |address: &String| is_below(address.strip_suffix('/').unwrap_or(address));
        if self.own_hosts.iter().any(|own| is_below(own))
            || self.vendors.iter().any(|listed| listed.hosts.iter().any(is_whole))
        {
            return true;
        }
        let is_declared =
            |owner: usize| crate::VENDORS.get(owner).is_some_and(|owner| self.is_declared(owner));
        rules_of_host(bare).any(|rule| rule.path.is_empty() && rule.query.is_empty())
            && rules_of_host(bare).all(|rule| is_declared(rule.vendor))
    }

    /// Is a cookie of that name, or are all that such a pattern (`*` for any run of characters) stands for, of somebody who is listed or
    /// need not be?
    #[must_use]
    pub fn has_cookie(&self, pattern: &str) -> bool {
        let of_catalogue = |id| vendor(id).into_iter().flat_map(|known| known.cookies.iter().copied());
        let names = |listed: &NamedVendor<'policy>| {
            let own = listed.cookies.iter().map(String::as_str);
            own.chain(of_catalogue(listed.id)).any(|name| is_glob_match(name, pattern))
        };
        self.vendors.iter().any(names)
            || cookie_owner(pattern, "").is_some_and(|owner| self.is_declared(owner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Catalogue, HOSTS, SiteVendor, VENDORS};
    use alloc::string::ToString;
    use postern_consent::{Category, CategorySet, Need};

    fn texts(all: &[&str]) -> Vec<String> {
        all.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn whom_the_policy_names_is_named_and_nobody_else() {
        let hosts = texts(&["stats.example.net", "cdn.example.net/t/", "whole.example.net/"]);
        let (cookies, own) = (texts(&["acme_*", "basket"]), texts(&["shop-cdn.example"]));
        let named = Named::of_site(
            [
                NamedVendor { id: "acme", hosts: &hosts, cookies: &cookies },
                NamedVendor { id: "posthog", hosts: &[], cookies: &[] },
            ],
            &own,
        );
        for (id, is_named) in
            [("acme", true), ("posthog", true), ("stripe", true), ("ga4", false), ("nobody", false)]
        {
            assert_eq!(named.has_vendor(id), is_named, "{id}");
        }
        for (host, is_named) in [
            ("stats.example.net", true),
            ("A.stats.Example.net.", true),
            ("mystats.example.net", false),
            ("whole.example.net", true),
            // What was seen there may have been outside of `/t/`.
            ("cdn.example.net", false),
            ("img.shop-cdn.example", true),
            ("eu.i.posthog.com", true),
            ("js.stripe.com", true),
            ("www.google-analytics.com", false),
            ("cdn.other.example", false),
            ("", false),
        ] {
            assert_eq!(named.has_host(host), is_named, "{host}");
        }
        for (name, is_named) in [
            ("basket", true),
            ("acme_*", true),
            ("acme_*_x", true),
            ("bask*", false),
            ("ph_*_posthog", true),
            ("_ga_*", false),
            ("wp-settings-*", false),
        ] {
            assert_eq!(named.has_cookie(name), is_named, "{name}");
        }
        let nobody = Named::default();
        assert!(
            !nobody.has_vendor("acme")
                && !nobody.has_host("stats.example.net")
                && !nobody.has_cookie("basket")
        );
    }

    #[test]
    fn a_host_with_paths_of_others_is_not_named_by_one_of_them() {
        // Two vendors are on this host, told apart by their paths.
        let id = |owner: usize| VENDORS[owner].id;
        let shared = HOSTS.iter().find(|(_, rules)| {
            rules.iter().any(|rule| rule.path.is_empty() && rule.query.is_empty())
                && rules.iter().any(|rule| id(rule.vendor) != id(rules[0].vendor))
                && rules.iter().all(|rule| !VENDORS[rule.vendor].is_necessary())
        });
        let (host, rules) = shared.expect("a host of two");
        let listed = |ids: &[&'static str]| {
            let of = |id: &&'static str| NamedVendor { id, hosts: &[], cookies: &[] };
            Named::of_site(ids.iter().map(of).collect::<Vec<_>>(), &[]).has_host(host)
        };
        let ids: Vec<&str> = rules.iter().map(|rule| id(rule.vendor)).collect();
        assert!(listed(&ids), "{host} {ids:?}");
        assert!(!listed(&ids[..1]), "{host} {ids:?}");
    }

    #[test]
    fn what_is_named_is_what_the_edge_takes_for_declared() {
        let need = Need::any_of(CategorySet::EMPTY.with(Category::Analytics));
        for listed in VENDORS {
            let catalogue = Catalogue::of_site([SiteVendor {
                id: listed.id,
                name: listed.name,
                need,
                hosts: &[],
                paths: &[],
                cookies: &[],
                params: &[],
                storage: &[],
            }]);
            let named = Named::of_site([NamedVendor { id: listed.id, hosts: &[], cookies: &[] }], &[]);
            for (host, rules) in HOSTS.iter().filter(|(host, _)| named.has_host(host)) {
                for path in rules.iter().map(|rule| rule.path).chain(["/", "/x/y.js"]) {
                    let owner = catalogue.url_owner(host, path, "").unwrap();
                    assert!(catalogue.is_declared(owner), "{host}{path} of {} with {}", owner.id, listed.id);
                }
            }
            for other in VENDORS {
                let found = catalogue.vendor(other.id).unwrap();
                let is_declared =
                    catalogue.is_declared(found) && (!found.is_optional || other.id == listed.id);
                assert_eq!(named.has_vendor(other.id), is_declared, "{} with {}", other.id, listed.id);
            }
        }
    }
}
