//! Removing tracking parameters from an address. What stays keeps its order and every byte.

use crate::Grants;
use crate::address::percent_decode;
use postern_catalogue::Vendor;

/// The address without parameters of denied vendors; `None` if there are none.
#[must_use]
pub fn strip_denied(address: &str, grants: &Grants) -> Option<String> {
    // A question mark in a fragment is the fragment's.
    let (address, fragment) = match address.split_once('#') {
        Some((address, fragment)) => (address, Some(fragment)),
        None => (address, None),
    };
    let (before, query) = address.split_once('?')?;
    let is_kept = |pair: &&str| denied_owner(pair, grants).is_none();
    let kept: Vec<&str> = query.split('&').filter(is_kept).collect();
    if kept.len() == query.split('&').count() {
        return None;
    }
    let mut out = String::from(before);
    if !kept.is_empty() {
        out.push('?');
        out.push_str(&kept.join("&"));
    }
    if let Some(fragment) = fragment {
        out.push('#');
        out.push_str(fragment);
    }
    Some(out)
}

/// The vendor of a parameter, `name=value`, that may not travel.
fn denied_owner(pair: &str, grants: &Grants) -> Option<&'static Vendor> {
    let name = pair.split_once('=').map_or(pair, |(name, _)| name);
    grants.denied_param(&String::from_utf8_lossy(&percent_decode(name)))
}

/// The vendors of parameters of a path and query that may not travel.
pub fn denied_owners<'a>(target: &'a str, grants: &'a Grants) -> impl Iterator<Item = &'static Vendor> + 'a {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    query.split('&').filter_map(|pair| denied_owner(pair, grants))
}

/// The query of an address that carries identifiers, as the stub reads it, so that it can take them out of the address
/// bar and put them back: `"0 size=42&8 gclid=a"`, each parameter after the categories it needs, hexadecimal, in order.
/// `None` if it carries none.
#[must_use]
pub fn held_query(target: &str, grants: &Grants) -> Option<String> {
    let (_, query) = target.split_once('?')?;
    let mut is_held = false;
    let pairs: Vec<String> = query
        .split('&')
        .map(|pair| {
            let owner = denied_owner(pair, grants);
            is_held |= owner.is_some();
            format!("{:x} {pair}", owner.map_or(0, |owner| owner.need.categories().bits()))
        })
        .collect();
    is_held.then(|| pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grants::testing::{denied, grants};
    use postern_consent::{Category, CategorySet};
    use proptest::prelude::*;

    #[test]
    fn only_denied_parameters_go() {
        let denied = denied();
        for (address, expected) in [
            ("/p?gclid=a&fbclid=b&size=42", Some("/p?size=42")),
            ("/p?size=42&gclid=a&q=%20x+y&&=", Some("/p?size=42&q=%20x+y&&=")),
            ("/p?gclid=a", Some("/p")),
            ("/p?%67clid=a&GCLID=b", Some("/p?GCLID=b")),
            ("/p?gclid", Some("/p")),
            ("/p?fbclid=x#gclid=1", Some("/p#gclid=1")),
            ("/p?size=42", None),
            ("/p#x?gclid=1", None),
            ("/p?", None),
            ("/gclid", None),
            ("/p?%zz=1&%=", None),
        ] {
            assert_eq!(strip_denied(address, &denied).as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn a_query_says_what_each_parameter_needs() {
        let held = |target| held_query(target, &denied());
        assert_eq!(
            held("/p?size=42&gclid=a&_ga=b&&x").as_deref(),
            Some("0 size=42&8 gclid=a&4 _ga=b&0 &0 x")
        );
        assert_eq!(held("/p?size=42"), None);
        assert_eq!(held("/p"), None);
        let marketing = grants(CategorySet::NECESSARY.with(Category::Marketing));
        assert_eq!(held_query("/p?gclid=a", &marketing), None);
    }

    #[test]
    fn a_grant_keeps_its_own_parameters_only() {
        let marketing = grants(CategorySet::NECESSARY.with(Category::Marketing));
        assert_eq!(strip_denied("/p?gclid=a&fbclid=b", &marketing), None);
        let analytics = grants(CategorySet::NECESSARY.with(Category::Analytics));
        assert_eq!(strip_denied("/p?gclid=a&_ga=b&c=d", &analytics).as_deref(), Some("/p?_ga=b&c=d"));
    }

    proptest! {
        #[test]
        fn other_parameters_keep_every_byte(query in "[a-z0-9=&%+.~-]{0,60}") {
            let address = format!("/p?{query}");
            if let Some(stripped) = strip_denied(&address, &denied()) {
                let stripped = stripped.strip_prefix("/p").unwrap().trim_start_matches('?').to_string();
                let mut rest = query.split('&');
                for pair in stripped.split('&').filter(|pair| !pair.is_empty()) {
                    prop_assert!(rest.any(|original| original == pair));
                }
            }
        }
    }
}
