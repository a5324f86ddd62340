//! Removing tracking parameters from an address. What stays keeps its order and every byte.

use crate::Grants;
use crate::address::percent_decode;

/// The address without parameters of denied vendors; `None` if there are none.
#[must_use]
pub fn strip_denied(address: &str, grants: &Grants) -> Option<String> {
    let (before, rest) = address.split_once('?')?;
    let (query, fragment) = match rest.split_once('#') {
        Some((query, fragment)) => (query, Some(fragment)),
        None => (rest, None),
    };
    let is_kept = |pair: &&str| {
        let name = pair.split_once('=').map_or(*pair, |(name, _)| name);
        grants.denied_param(&String::from_utf8_lossy(&percent_decode(name))).is_none()
    };
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
            ("/p?", None),
            ("/gclid", None),
            ("/p?%zz=1&%=", None),
        ] {
            assert_eq!(strip_denied(address, &denied).as_deref(), expected, "{address}");
        }
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
