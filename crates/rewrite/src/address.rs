//! Whose address stands in an attribute. Reads it as a browser does: character references, tabs and
//! newlines inside, backslashes, case, ports, trailing dots, IDNs (the `url` crate is WHATWG's parser).

use htmlize::unescape_attribute;
use postern_catalogue::{Vendor, url_owner};
use postern_consent::CategorySet;
use url::Url;

/// What relative addresses are relative to.
#[derive(Clone, Debug)]
pub struct Base {
    url: Url,
    /// Does the base itself belong to a vendor? Then relative addresses do, too.
    is_owned: bool,
}

impl Base {
    /// The page's own address, or what its `base` element names.
    pub fn new(url: Url) -> Self {
        let is_owned = url.host_str().is_some_and(|host| url_owner(host, "/", "").is_some());
        Self { url, is_owned }
    }

    /// The base that an `href` of a `base` element moves to; `None` if it is no address.
    pub fn moved(&self, raw_href: &str) -> Option<Self> {
        let href = unescape_attribute(raw_href);
        self.url.join(href.trim_matches(|c: char| c <= ' ')).ok().map(Self::new)
    }
}

/// The vendor that the address belongs to and that `granted` does not allow.
pub fn denied_owner(raw: &str, base: &Base, granted: CategorySet) -> Option<&'static Vendor> {
    let text = unescape_attribute(raw);
    let text = text.trim_matches(|c: char| c <= ' ');
    // A path on the page's own host needs no parsing; most addresses are such.
    let is_plain_path =
        matches!(text.as_bytes(), [b'/'] | [b'/', b'!'..=b'.' | b'0'..=b'[' | b']'..=b'~', ..]);
    if is_plain_path && !base.is_owned {
        return None;
    }
    let url = base.url.join(text).ok()?;
    if !matches!(url.scheme(), "http" | "https" | "ws" | "wss") {
        return None;
    }
    let owner = url_owner(url.host_str()?, url.path(), url.query().unwrap_or(""))?;
    (!owner.need.is_met(granted)).then_some(owner)
}

/// Like [`denied_owner`] for a `srcset`: any candidate is enough.
pub fn denied_owner_in_srcset(raw: &str, base: &Base, granted: CategorySet) -> Option<&'static Vendor> {
    unescape_attribute(raw)
        .split([',', ' ', '\t', '\n', '\r', '\x0c'])
        .filter(|candidate| !candidate.is_empty())
        .find_map(|candidate| denied_owner(candidate, base, granted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn owner_id(raw: &str) -> Option<&'static str> {
        let base = Base::new(Url::parse("https://shop.example/a/b.html").unwrap());
        denied_owner(raw, &base, CategorySet::NECESSARY).map(|vendor| vendor.id)
    }

    #[test]
    fn the_shared_vectors_hold() {
        let rows: Vec<(String, Option<String>)> =
            serde_json::from_str(include_str!("../../../tests/vectors/urls.json")).unwrap();
        for (url, expected) in rows {
            assert_eq!(owner_id(&url), expected.as_deref(), "{url}");
        }
    }

    #[test]
    fn disguises_are_seen_through() {
        for raw in [
            " https://www.googletagmanager.com/gtag/js?id=G-1",
            "//www.google&#116;agmanager.com/gtag/js?id=G-1&amp;l=x",
            "https&colon;&sol;&sol;www.googletagmanager&period;com/gtag/js?id=G-1",
            "ht\ntps://www.googletag\tmanager.com/gtag/js?id=G-1",
            "/\t/www.googletagmanager.com/gtag/js?id=G-1",
            "/\\www.googletagmanager.com/gtag/js?id=G-1",
            "https:/www.googletagmanager.com/gtag/js?id=G-1",
            "https://user@www.googletagmanager.com./gtag/js?id=G-1",
            "https://www.g%6fogletagmanager.com:443/gtag/js?id=G-1",
            "https://ｗｗｗ.googletagmanager.com/gtag/js?id=G-1",
            "&#x2f&#x2fwww.googletagmanager.com/gtag/js?id=G-1",
            "//www.google&shy;tagmanager.com/gtag/js?id=G-1",
            "//www.google&ZeroWidthSpace;tagmanager.com/gtag/js?id=G-1",
            "//www.&gfr;oogletagmanager.com/gtag/js?id=G-1",
        ] {
            // A scheme-relative "https:/host" is a path on an https page and a host on any other.
            let expected = if raw.starts_with("https:/w") { None } else { Some("ga4") };
            assert_eq!(owner_id(raw), expected, "{raw}");
        }
    }

    #[test]
    fn a_base_elsewhere_moves_relative_addresses() {
        let base = Base::new(Url::parse("https://www.googletagmanager.com/").unwrap());
        for raw in ["gtag/js?id=G-1", "/gtag/js?id=G-1"] {
            let owner = denied_owner(raw, &base, CategorySet::NECESSARY);
            assert_eq!(owner.map(|vendor| vendor.id), Some("ga4"), "{raw}");
        }
    }

    #[test]
    fn what_is_granted_has_no_denied_owner() {
        let base = Base::new(Url::parse("https://shop.example/").unwrap());
        let raw = "https://www.googletagmanager.com/gtag/js?id=G-1";
        assert!(denied_owner(raw, &base, CategorySet::ALL).is_none());
    }

    #[test]
    fn a_srcset_is_denied_by_any_candidate() {
        let base = Base::new(Url::parse("https://shop.example/").unwrap());
        let owner = |raw| denied_owner_in_srcset(raw, &base, CategorySet::NECESSARY).map(|vendor| vendor.id);
        assert_eq!(owner("/a.jpg 1x, https://www.facebook.com/tr?id=1 2x"), Some("meta-pixel"));
        assert_eq!(owner("/a.jpg 1x, /b.jpg 2x"), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(raw in "\\PC{0,60}") {
            let _ = owner_id(&raw);
        }
    }
}
