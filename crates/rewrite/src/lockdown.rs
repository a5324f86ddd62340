//! A Content-Security-Policy for a visitor who has decided: the browser itself refuses everything but the site's
//! own hosts, those that are necessary, and those of vendors that are granted. It stands beside the site's own
//! policy, so it only ever takes away. Source: CSP Level 3, section 4.2 (several policies).

use crate::Grants;
use postern_catalogue::{HOSTS, VENDORS, Vendor};

/// Where browsers report what they refused.
pub const REPORT_PATH: &str = "/_postern/report";

/// The policy for pages of `page_host` under these grants.
#[must_use]
pub fn lockdown_policy(grants: &Grants, page_host: &str) -> String {
    let catalogue = grants.catalogue();
    // A vendor that is granted but not listed is one visitors were not told of.
    let is_allowed =
        |vendor: &Vendor| vendor.is_necessary() || (catalogue.is_listed(vendor) && grants.allows(vendor));
    let mut hosts: Vec<&str> = catalogue.own_hosts(page_host).collect();
    for (host, rules) in HOSTS {
        let mut owners = rules.iter().filter_map(|rule| VENDORS.get(rule.vendor));
        if owners.any(|vendor| catalogue.vendor(vendor.id).is_some_and(is_allowed)) {
            hosts.push(host);
        }
    }
    for (host, _, vendor) in catalogue.changes().hosts() {
        if is_allowed(vendor) {
            hosts.push(host);
        }
    }
    hosts.retain(|host| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte)));
    let hosts: Vec<String> = hosts
        .into_iter()
        .map(|host| format!("https://{host} https://*.{host} wss://{host} wss://*.{host}"))
        .collect();
    format!(
        "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob: {}; report-uri {REPORT_PATH}",
        hosts.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_catalogue::{Catalogue, SiteVendor};
    use postern_consent::{Category, CategorySet, Need};
    use std::rc::Rc;

    #[test]
    fn only_what_may_run_is_named() {
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
        let catalogue = Catalogue::of_site([
            site("posthog", Category::Analytics),
            site("meta-pixel", Category::Marketing),
        ]);
        let catalogue = Rc::new(catalogue);
        let policy =
            |granted| lockdown_policy(&Grants::new(Rc::clone(&catalogue), granted), "www.shop.example");
        let refused = policy(CategorySet::NECESSARY);
        assert!(refused.contains(" https://shop.example https://*.shop.example"), "{refused}");
        assert!(
            refused.contains("stripe.com") && !refused.contains("posthog") && !refused.contains("facebook"),
            "{refused}"
        );
        let analytics = CategorySet::NECESSARY.with(Category::Analytics);
        let partial = policy(analytics);
        assert!(
            partial.contains("posthog.com") && !partial.contains("facebook") && !partial.contains("clarity"),
            "{partial}"
        );
    }
}
