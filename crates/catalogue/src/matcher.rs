//! Matchers over the generated tables. Case never matters in addresses; it does in names.

use crate::{URL_RULES, VENDORS, Vendor};

/// The vendor of that id.
#[must_use]
pub fn vendor(id: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.id == id)
}

/// The vendor that owns an address, from its parsed parts: host without port, path with its leading
/// slash, query without `?`. The most telling rule wins: query before path before bare host.
#[must_use]
pub fn url_owner(host: &str, path: &str, query: &str) -> Option<&'static Vendor> {
    let host = host.strip_suffix('.').unwrap_or(host);
    URL_RULES
        .iter()
        .find(|rule| {
            is_host_or_subdomain(host, rule.host)
                && glob_prefix(rule.path.as_bytes(), path.as_bytes())
                && (rule.query.is_empty()
                    || query.split('&').any(|pair| glob_prefix(rule.query.as_bytes(), pair.as_bytes())))
        })
        .and_then(|rule| VENDORS.get(rule.vendor))
}

/// The vendor of an inline script, by its shape.
#[must_use]
pub fn inline_owner(_script: &str) -> Option<&'static Vendor> {
    None
}

/// The vendor whose address has that path and query on any host.
#[must_use]
pub fn shape_owner(_path: &str, _query: &str) -> Option<&'static Vendor> {
    None
}

/// The vendor that sets a cookie of that name, or of any name with a value of that shape.
#[must_use]
pub fn cookie_owner(name: &str, value: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.cookies.iter().any(|pattern| is_glob_match(pattern, name))).or_else(
        || VENDORS.iter().find(|vendor| vendor.cookie_values.iter().any(|shape| value.starts_with(shape))),
    )
}

/// The vendor that reads a URL parameter of that (decoded) name.
#[must_use]
pub fn param_owner(name: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.params.contains(&name))
}

/// The vendor that writes a storage key of that name.
#[must_use]
pub fn storage_owner(key: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.storage.iter().any(|pattern| is_glob_match(pattern, key)))
}

pub(crate) fn is_host_or_subdomain(host: &str, of: &str) -> bool {
    let (host, of) = (host.as_bytes(), of.as_bytes());
    let Some(start) = host.len().checked_sub(of.len()) else { return false };
    let (before, tail) = host.split_at(start);
    tail.eq_ignore_ascii_case(of) && matches!(before.last(), None | Some(b'.'))
}

/// Does `text` begin with something the pattern matches?
pub(crate) fn glob_prefix(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => true,
        Some((b'*', rest)) => {
            (0..=text.len()).any(|start| text.get(start..).is_some_and(|tail| glob_prefix(rest, tail)))
        }
        Some((byte, rest)) => match text.split_first() {
            Some((first, tail)) => first.eq_ignore_ascii_case(byte) && glob_prefix(rest, tail),
            None => false,
        },
    }
}

/// Does the pattern match the whole of `text`?
pub(crate) fn is_glob_match(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    let mut rest = rest;
    while let Some((middle, after)) = rest.split_once('*') {
        let Some((_, tail)) = text.split_once(middle) else { return false };
        text = tail;
        rest = after;
    }
    text.ends_with(rest)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::String;
    use std::vec::Vec;

    fn owner_id(url: &str) -> Option<&'static str> {
        let (_, rest) = url.split_once("//")?;
        let (host, tail) = rest.split_once('/').unwrap_or((rest, ""));
        let host = host.split(':').next().unwrap();
        let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
        let path = std::format!("/{path}");
        url_owner(host, &path, query).map(|vendor| vendor.id)
    }

    #[test]
    fn the_shared_vectors_hold() {
        let rows: Vec<(String, Option<String>)> =
            serde_json::from_str(include_str!("../../../tests/vectors/urls.json")).unwrap();
        assert!(rows.len() > 20);
        for (url, expected) in rows {
            let plain = url.replace('\\', "/");
            assert_eq!(owner_id(&plain), expected.as_deref(), "{url}");
        }
    }

    #[test]
    fn cookies_are_known_by_name_and_by_the_shape_of_their_value() {
        for (name, value, expected) in [
            ("_ga", "x", Some("ga4")),
            ("_ga_DEMO123456", "x", Some("ga4")),
            ("pfx_ga", "GA1.1.12.34", Some("ga4")),
            ("ph_phc_abc_posthog", "{}", Some("posthog")),
            ("_fbp", "fb.1.1.1", Some("meta-pixel")),
            ("_gcl_au", "1.1.1", Some("google-ads")),
            ("session", "abc", None),
            ("_gallery", "1", None),
            ("__Host-postern", "v1.", None),
        ] {
            assert_eq!(cookie_owner(name, value).map(|vendor| vendor.id), expected, "{name}");
        }
    }

    #[test]
    fn parameters_and_storage_keys_have_owners() {
        assert_eq!(param_owner("fbclid").map(|vendor| vendor.id), Some("meta-pixel"));
        assert_eq!(param_owner("gclid").map(|vendor| vendor.id), Some("google-ads"));
        // Vendors read their own spelling only; another is the site's.
        assert!(param_owner("GCLID").is_none() && param_owner("size").is_none());
        assert_eq!(storage_owner("ph_phc_x_posthog").map(|vendor| vendor.id), Some("posthog"));
        assert!(storage_owner("basket").is_none());
    }

    #[test]
    fn globs_match_whole_names() {
        assert!(is_glob_match("a*c*e", "abcde"));
        assert!(!is_glob_match("a*c*e", "abcd"));
        assert!(!is_glob_match("_ga_*", "_ga"));
        assert!(glob_prefix(b"/*/sdk.js", b"/en_US/sdk.js?x"));
    }
}
