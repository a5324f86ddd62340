//! What was seen that the policy of now does not name. A Ledger keeps what none named when it was seen, and a policy may have been
//! mended since. What a policy names is `postern-catalogue`'s to say.

use postern_catalogue::{Named, NamedVendor};
use postern_policy::Policy;
use postern_stats::{Kind, Seen};

/// Leaves out what the policy names. Failures stay, and all where there is no policy that can be read.
pub fn unnamed(seen: impl IntoIterator<Item = Seen>, policy: Option<&Policy>) -> Vec<Seen> {
    let named = policy.map_or_else(Named::default, |policy| {
        let vendors = policy.vendors().iter().map(|listed| NamedVendor {
            id: &listed.id,
            hosts: &listed.hosts,
            cookies: &listed.cookies,
        });
        Named::of_site(vendors, &policy.site.hosts)
    });
    let is_named = |seen: &Seen| match seen.kind {
        Kind::Undeclared => named.has_vendor(&seen.name),
        Kind::Unknown | Kind::Reported => named.has_host(&seen.name),
        Kind::Cookie => named.has_cookie(&seen.name),
        Kind::Fault => false,
    };
    seen.into_iter().filter(|seen| policy.is_none() || !is_named(seen)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::read_policy;

    fn policy(vendors: &str) -> Policy {
        let built_in = include_str!("../../postern.toml");
        read_policy(&format!("{built_in}\n{vendors}")).unwrap()
    }

    #[test]
    fn what_was_mended_is_told_no_more() {
        let seen = |kind, name: &str| Seen {
            kind,
            name: name.into(),
            page: "/".into(),
            count: 20,
            first_ms: 1,
            last_ms: 2,
        };
        let all = [
            seen(Kind::Unknown, "cdn.acme.example"),
            seen(Kind::Unknown, "cdn.other.example"),
            seen(Kind::Undeclared, "tiktok"),
            seen(Kind::Cookie, "acme_*"),
            seen(Kind::Reported, "api.acme.example"),
            seen(Kind::Fault, "rewriter"),
        ];
        let names = |policy: Option<&Policy>| -> Vec<String> {
            unnamed(all.clone(), policy).into_iter().map(|seen| seen.name).collect()
        };
        let every: Vec<String> = all.iter().map(|seen| seen.name.clone()).collect();
        assert_eq!(names(None), every);
        assert_eq!(names(Some(&policy(""))), every);
        let mended = policy(
            "[vendors.tiktok]\n[vendors.acme]\nname = \"Acme\"\ncategory = \"analytics\"\nhosts = [\"acme.example\"]\ncookies = [\"acme_*\"]\n",
        );
        assert_eq!(names(Some(&mended)), ["cdn.other.example", "rewriter"]);
    }
}
