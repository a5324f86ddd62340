//! Whose address stands in an attribute. Reads it as a browser does: character references, tabs and
//! newlines inside, backslashes, case, ports, trailing dots, IDNs (the `url` crate is WHATWG's parser).

use postern_catalogue::{Vendor, url_owner};
use postern_consent::CategorySet;
use std::borrow::Cow;
use url::Url;

/// The vendor that the address belongs to and that `granted` does not allow.
pub fn denied_owner(raw: &str, base: &Url, granted: CategorySet) -> Option<&'static Vendor> {
    let text = decode_references(raw);
    let text = text.trim_matches(|c: char| c <= ' ');
    // A path on the page's own host needs no parsing; most addresses are such.
    let is_plain_path =
        text.starts_with('/') && !text.get(1..2).is_some_and(|second| "/\\\t\n\r".contains(second));
    if is_plain_path && base.host_str().is_none_or(|host| url_owner(host, "/", "").is_none()) {
        return None;
    }
    let url = base.join(text).ok()?;
    if !matches!(url.scheme(), "http" | "https" | "ws" | "wss") {
        return None;
    }
    let owner = url_owner(url.host_str()?, url.path(), url.query().unwrap_or(""))?;
    (!owner.need.is_met(granted)).then_some(owner)
}

/// Like [`denied_owner`] for a `srcset`: any candidate is enough.
pub fn denied_owner_in_srcset(raw: &str, base: &Url, granted: CategorySet) -> Option<&'static Vendor> {
    decode_references(raw)
        .split([',', ' ', '\t', '\n', '\r', '\x0c'])
        .filter(|candidate| !candidate.is_empty())
        .find_map(|candidate| denied_owner(candidate, base, granted))
}

/// Names of the character references that stand for a sign with meaning in an address.
const NAMED: [(&str, &str); 14] = [
    ("colon", ":"),
    ("sol", "/"),
    ("bsol", "\\"),
    ("period", "."),
    ("quest", "?"),
    ("equals", "="),
    ("num", "#"),
    ("percnt", "%"),
    ("lowbar", "_"),
    ("commat", "@"),
    ("comma", ","),
    ("Tab", "\t"),
    ("NewLine", "\n"),
    ("plus", "+"),
];

/// Names that end without a semicolon too, for the web's sake: not before a letter, digit or `=`.
const LEGACY: [(&str, &str); 9] = [
    ("amp", "&"),
    ("AMP", "&"),
    ("lt", "<"),
    ("LT", "<"),
    ("gt", ">"),
    ("GT", ">"),
    ("quot", "\""),
    ("QUOT", "\""),
    ("apos", "'"),
];

/// The text with its character references replaced, as far as they can matter in an address.
/// Source: HTML standard, "named/numeric character reference state".
pub fn decode_references(raw: &str) -> Cow<'_, str> {
    if !raw.contains('&') {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        match reference(after) {
            Some((text, tail)) => {
                out.push_str(&text);
                rest = tail;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn reference(after: &str) -> Option<(String, &str)> {
    if let Some(numeric) = after.strip_prefix('#') {
        let (digits, radix) = match numeric.strip_prefix(['x', 'X']) {
            Some(hex) => (hex, 16),
            None => (numeric, 10),
        };
        let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
        let (number, tail) = digits.split_at_checked(end)?;
        let c = char::from_u32(u32::from_str_radix(number, radix).ok()?)?;
        return Some((c.to_string(), tail.strip_prefix(';').unwrap_or(tail)));
    }
    let named = NAMED.iter().find_map(|(name, text)| {
        let tail = after.strip_prefix(name)?.strip_prefix(';')?;
        Some(((*text).to_string(), tail))
    });
    named.or_else(|| {
        LEGACY.iter().find_map(|(name, text)| {
            let tail = after.strip_prefix(name)?;
            let bare_ends = !tail.starts_with(|c: char| c == '=' || c.is_ascii_alphanumeric());
            let tail = tail.strip_prefix(';').or(bare_ends.then_some(tail))?;
            Some(((*text).to_string(), tail))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn owner_id(raw: &str) -> Option<&'static str> {
        let base = Url::parse("https://shop.example/a/b.html").unwrap();
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
        ] {
            // A scheme-relative "https:/host" is a path on an https page and a host on any other.
            let expected = if raw.starts_with("https:/w") { None } else { Some("ga4") };
            assert_eq!(owner_id(raw), expected, "{raw}");
        }
    }

    #[test]
    fn a_base_elsewhere_moves_relative_addresses() {
        let base = Url::parse("https://www.googletagmanager.com/").unwrap();
        for raw in ["gtag/js?id=G-1", "/gtag/js?id=G-1"] {
            let owner = denied_owner(raw, &base, CategorySet::NECESSARY);
            assert_eq!(owner.map(|vendor| vendor.id), Some("ga4"), "{raw}");
        }
    }

    #[test]
    fn what_is_granted_has_no_denied_owner() {
        let base = Url::parse("https://shop.example/").unwrap();
        let raw = "https://www.googletagmanager.com/gtag/js?id=G-1";
        assert!(denied_owner(raw, &base, CategorySet::ALL).is_none());
    }

    #[test]
    fn a_srcset_is_denied_by_any_candidate() {
        let base = Url::parse("https://shop.example/").unwrap();
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
