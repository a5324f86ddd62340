//! Matchers over the generated tables. Case never matters in addresses; it does in names.

use crate::generated::{COOKIES, DATABASES, PARAMS, STORAGE};
use crate::pattern::{glob_prefix, glob_suffix, has_value_shape, is_glob_match};
use crate::{HOSTS, KEEP_COOKIES, Names, SHAPES, Shape, UrlRule, VENDORS, Vendor};
use core::cmp::Ordering;

/// The vendor of that id.
#[must_use]
pub fn vendor(id: &str) -> Option<&'static Vendor> {
    let index = VENDORS.binary_search_by(|vendor| vendor.id.cmp(id)).ok()?;
    VENDORS.get(index)
}

/// The vendor that owns an address, from its parsed parts: host without port, path with its leading
/// slash, query without `?`. The most telling rule of the host wins: query before path before bare host,
/// then the deeper host. An address that no rule of a host names may still be telling by itself, see
/// [`shape_owner`].
///
/// The owner may be necessary (its need is met by everyone) or optional (the caller knows what the site
/// lists).
///
/// ```
/// let owner = |host, path, query| postern_catalogue::url_owner(host, path, query).map(|vendor| vendor.id);
/// assert_eq!(owner("www.googletagmanager.com", "/gtag/js", "id=G-DEMO"), Some("ga4"));
/// assert_eq!(owner("www.googletagmanager.com", "/gtag/js", "id=AW-1"), Some("google-ads"));
/// assert_eq!(owner("shop.example", "/metrics/gtm.js", "id=GTM-DEMO"), Some("gtm"));
/// ```
#[must_use]
pub fn url_owner(host: &str, path: &str, query: &str) -> Option<&'static Vendor> {
    let mut best: Option<&UrlRule> = None;
    let mut tail = host.strip_suffix('.').unwrap_or(host);
    loop {
        let rule = rules_of(tail)
            .iter()
            .find(|rule| glob_prefix(rule.path.as_bytes(), path.as_bytes()) && has_marks(rule.query, query));
        if let Some(rule) = rule
            && best.is_none_or(|best| rule.tier() < best.tier())
        {
            best = Some(rule);
        }
        match tail.split_once('.') {
            Some((_, parent)) => tail = parent,
            None => break,
        }
    }
    match best {
        Some(rule) => VENDORS.get(rule.vendor),
        None => shape_owner(path, query),
    }
}

/// All rules of a host and of those above it.
pub(crate) fn rules_of_host(host: &str) -> impl Iterator<Item = &'static UrlRule> {
    let bare = host.strip_suffix('.').unwrap_or(host);
    let above = core::iter::successors(Some(bare), |host| host.split_once('.').map(|(_, parent)| parent));
    above.flat_map(rules_of)
}

/// The vendor whose address is telling on any host, by the end of its path and marks in its query.
/// Cheap where it is nobody's: two bytes are looked up before anything is compared.
///
/// ```
/// let owner = postern_catalogue::shape_owner("/ingest/array/phc_x/config.js", "");
/// assert_eq!(owner.map(|vendor| vendor.id), Some("posthog"));
/// assert!(postern_catalogue::shape_owner("/img/lamp.jpg", "").is_none());
/// ```
#[must_use]
pub fn shape_owner(path: &str, query: &str) -> Option<&'static Vendor> {
    let ending = match path.as_bytes() {
        [.., b'/'] => &b"/"[..],
        [.., one, two] => &[one.to_ascii_lowercase(), two.to_ascii_lowercase()],
        _ => return None,
    };
    let is_match = |shape: &&Shape| {
        (shape.query.is_empty() || !query.is_empty())
            && glob_suffix(shape.path.as_bytes(), path.as_bytes())
            && has_marks(shape.query, query)
    };
    let is_known = ending.last().is_some_and(|last| LAST_BYTES & (1 << (last & 0x7f)) != 0);
    let by_ending = if is_known { shapes_of(ending).iter().find(is_match) } else { None };
    // What may end in any way comes first in the table.
    let (_, by_query) = SHAPES.first().filter(|(ending, _)| ending.is_empty()).unwrap_or(&("", &[]));
    let shape = by_ending.or_else(|| by_query.iter().find(is_match))?;
    VENDORS.get(shape.vendor)
}

/// The vendor that sets a cookie of that name, or of any name with a value of that shape. What
/// [`KEEP_COOKIES`] names has no owner.
#[must_use]
pub fn cookie_owner(name: &str, value: &str) -> Option<&'static Vendor> {
    if KEEP_COOKIES.iter().any(|kept| is_glob_match(kept, name)) {
        return None;
    }
    name_owner(&COOKIES, name).or_else(|| {
        VENDORS.iter().find(|vendor| vendor.cookie_values.iter().any(|shape| has_value_shape(shape, value)))
    })
}

/// The vendor that reads a URL parameter of that (decoded) name.
#[must_use]
pub fn param_owner(name: &str) -> Option<&'static Vendor> {
    name_owner(&PARAMS, name)
}

/// The vendor that writes a storage key of that name.
#[must_use]
pub fn storage_owner(key: &str) -> Option<&'static Vendor> {
    name_owner(&STORAGE, key)
}

/// The vendor that opens an IndexedDB database of that name.
#[must_use]
pub fn database_owner(name: &str) -> Option<&'static Vendor> {
    name_owner(&DATABASES, name)
}

/// The vendor that an inline script of that text starts. The text is passed over once, whatever the number of vendors.
#[must_use]
pub fn inline_owner(script_text: &str) -> Option<&'static Vendor> {
    let mut seen = 0u64;
    for (at, three) in script_text.as_bytes().windows(3).enumerate() {
        if let [one, two, three] = *three
            && is_beginning(&INLINE_BEGINNINGS, one, two, three)
        {
            seen |= beginning_with(script_text.as_bytes().get(at..).unwrap_or_default());
        }
    }
    let mut number = 0;
    VENDORS.iter().find(|vendor| {
        vendor.inline.iter().any(|snippet| {
            let bit = 1u64.checked_shl(number).unwrap_or(0);
            number += 1;
            seen & bit != 0
                && snippet.all.iter().all(|part| script_text.contains(part))
                && !snippet.none.iter().any(|part| script_text.contains(part))
        })
    })
}

/// A bit for each snippet, in the order of the vendors, whose first part this text begins with.
fn beginning_with(text: &[u8]) -> u64 {
    let snippets = VENDORS.iter().flat_map(|vendor| vendor.inline);
    snippets.enumerate().fold(0, |bits, (number, snippet)| {
        let is_it = snippet.all.first().is_some_and(|part| text.starts_with(part.as_bytes()));
        bits | (u64::from(is_it) << number)
    })
}

/// A bit for each three bytes that a snippet's first part begins with, by [`place_of`]; few others share them.
static INLINE_BEGINNINGS: [u64; 1024] = {
    let mut bits = [0u64; 1024];
    let (mut vendors, mut number) = (VENDORS, 0);
    while let Some((vendor, more_vendors)) = vendors.split_first() {
        let mut snippets = vendor.inline;
        while let Some((snippet, more)) = snippets.split_first() {
            let Some(first) = snippet.all.first() else { panic!("a snippet without a part") };
            let [one, two, three, ..] = *first.as_bytes() else { panic!("a part of less than three bytes") };
            let place = place_of(one, two, three);
            if let Some((_, rest)) = bits.split_at_mut_checked(place / 64)
                && let Some((word, _)) = rest.split_first_mut()
            {
                *word |= 1 << (place % 64);
            }
            number += 1;
            snippets = more;
        }
        vendors = more_vendors;
    }
    // One bit each in what `inline_owner` has seen.
    assert!(number <= 64, "more snippets than bits");
    bits
};

/// 0..65536. Source: Knuth, multiplicative hashing.
const fn place_of(one: u8, two: u8, three: u8) -> usize {
    let bytes = one as u32 | (two as u32) << 8 | (three as u32) << 16;
    (bytes.wrapping_mul(0x9e37_79b1) >> 16) as usize
}

fn is_beginning(bits: &[u64; 1024], one: u8, two: u8, three: u8) -> bool {
    let place = place_of(one, two, three);
    bits.get(place / 64).is_some_and(|word| word & (1 << (place % 64)) != 0)
}

fn rules_of(host: &str) -> &'static [UrlRule] {
    let lower =
        |text: &str| -> Ordering { text.bytes().cmp(host.bytes().map(|byte| byte.to_ascii_lowercase())) };
    match HOSTS.binary_search_by(|(name, _)| lower(name)) {
        Ok(index) => HOSTS.get(index).map_or(&[], |(_, rules)| rules),
        Err(_) => &[],
    }
}

fn shapes_of(ending: &[u8]) -> &'static [Shape] {
    match SHAPES.binary_search_by(|(name, _)| name.as_bytes().cmp(ending)) {
        Ok(index) => SHAPES.get(index).map_or(&[], |(_, shapes)| shapes),
        Err(_) => &[],
    }
}

/// A bit for each byte that a path of [`SHAPES`] ends with: most paths end otherwise, and need no search.
const LAST_BYTES: u128 = {
    let (mut bits, mut rest): (u128, &[(&str, &[Shape])]) = (0, SHAPES);
    while let Some(((ending, _), tail)) = rest.split_first() {
        if let Some(last) = ending.as_bytes().last() {
            bits |= 1 << (*last & 0x7f);
        }
        rest = tail;
    }
    bits
};

fn has_marks(marks: &[&str], query: &str) -> bool {
    marks.iter().all(|mark| query.split('&').any(|pair| glob_prefix(mark.as_bytes(), pair.as_bytes())))
}

fn name_owner(names: &Names, name: &str) -> Option<&'static Vendor> {
    let index = match names.exact.binary_search_by(|(exact, _)| (*exact).cmp(name)) {
        Ok(position) => names.exact.get(position),
        Err(_) => names.globs.iter().find(|(pattern, _)| is_glob_match(pattern, name)),
    };
    index.and_then(|(_, vendor)| VENDORS.get(*vendor))
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use postern_consent::CategorySet;
    use std::string::String;
    use std::vec::Vec;

    fn id(vendor: Option<&'static Vendor>) -> Option<&'static str> {
        vendor.map(|vendor| vendor.id)
    }

    /// The owner of an absolute address, or of a path on the page's own host.
    fn owner(url: &str) -> Option<&'static Vendor> {
        let plain = url.replace('\\', "/");
        let (_, rest) = match plain.strip_prefix('/') {
            Some(path) if !path.starts_with('/') => ("", std::format!("shop.example/{path}")),
            _ => plain.split_once("//").map(|(scheme, rest)| (scheme, String::from(rest)))?,
        };
        let (before, query) = rest.split_once('?').unwrap_or((&rest, ""));
        let (host, path) = before.split_once('/').unwrap_or((before, ""));
        url_owner(host.split(':').next().unwrap(), &std::format!("/{path}"), query)
    }

    #[test]
    fn every_snippet_is_known_by_its_parts_wherever_they_stand() {
        for vendor in VENDORS {
            for snippet in vendor.inline {
                let parts = snippet.all.join(" ");
                let owner = inline_owner(&std::format!("x{parts}")).unwrap_or_else(|| panic!("{parts}"));
                assert!(
                    owner.id == vendor.id
                        || owner.inline.iter().any(|other| other.all.iter().all(|part| parts.contains(part))),
                    "{parts}"
                );
            }
        }
        assert!(inline_owner("").is_none() && inline_owner("gt").is_none());
    }

    #[test]
    fn the_shared_addresses_hold() {
        let rows: Vec<(String, Option<String>)> =
            serde_json::from_str(include_str!("../../../tests/vectors/urls.json")).unwrap();
        assert!(rows.len() > 100);
        for (url, expected) in rows {
            let held = owner(&url).filter(|vendor| !vendor.need.is_met(CategorySet::NECESSARY));
            assert_eq!(id(held), expected.as_deref(), "{url}");
        }
    }

    #[test]
    fn what_nobody_holds_unasked_is_known_too() {
        let rows: Vec<(String, String)> =
            serde_json::from_str(include_str!("../../../tests/vectors/allowed.json")).unwrap();
        for (url, expected) in rows {
            let found = owner(&url).unwrap_or_else(|| panic!("{url} is nobody's"));
            assert_eq!(found.id, expected, "{url}");
            assert!(
                found.is_optional || (found.need.is_met(CategorySet::NECESSARY) && found.reason.len() >= 40)
            );
        }
    }

    #[test]
    fn the_shared_cookies_hold() {
        let rows: Vec<(String, String, Option<String>)> =
            serde_json::from_str(include_str!("../../../tests/vectors/cookies.json")).unwrap();
        assert!(rows.len() > 60);
        for (name, value, expected) in rows {
            assert_eq!(id(cookie_owner(&name, &value)), expected.as_deref(), "{name}={value}");
        }
    }

    #[test]
    fn the_shared_parameters_hold() {
        let rows: Vec<(String, Option<String>)> =
            serde_json::from_str(include_str!("../../../tests/vectors/params.json")).unwrap();
        assert!(rows.len() > 40);
        for (name, expected) in rows {
            assert_eq!(id(param_owner(&name)), expected.as_deref(), "{name}");
        }
    }

    #[test]
    fn cookies_are_known_by_name_and_by_the_shape_of_their_value() {
        for (name, value, expected) in [
            ("_ga", "x", Some("ga4")),
            ("_ga_DEMO123456", "x", Some("ga4")),
            ("pfx_ga", "GA1.1.12.34", Some("ga4")),
            ("ph_phc_abc_posthog", "{}", Some("posthog")),
            ("visitor", "%7B%22distinct_id%22%3A%2217%22%7D", Some("posthog")),
            ("_fbp", "fb.1.1.1", Some("meta-pixel")),
            ("_gcl_au", "1.1.1", Some("google-ads")),
            ("mtm_consent", "GA1.1.12.34", None),
            ("session", "abc", None),
        ] {
            assert_eq!(id(cookie_owner(name, value)), expected, "{name}");
        }
    }

    #[test]
    fn storage_keys_and_databases_have_owners() {
        assert_eq!(id(storage_owner("ph_phc_x_posthog")), Some("posthog"));
        assert_eq!(id(storage_owner("multiFbc")), Some("meta-pixel"));
        assert!(storage_owner("basket").is_none() && storage_owner("__ph_opt_in_out_phc_x").is_none());
        assert!(database_owner("basket").is_none());
    }

    #[test]
    fn inline_scripts_that_start_a_vendor_have_owners() {
        let gtm = "(function(w,d,s,l,i){w[l]=w[l]||[];w[l].push({'gtm.start':new Date().getTime(),event:'gtm.js'});\
                   j.src='https://www.googletagmanager.com/gtm.js?id='+i;})(window,document,'script','dataLayer','GTM-X');";
        let meta = "!function(f,b,e,v){n=f.fbq=function(){};if(!f._fbq)f._fbq=n;}(window,document,'script',\
                    'https://connect.facebook.net/en_US/fbevents.js');fbq('init','123456789012345');";
        let queue = "window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments);}\
                     gtag('js',new Date());gtag('config','G-DEMO');";
        assert_eq!(id(inline_owner(gtm)), Some("gtm"));
        assert_eq!(id(inline_owner(meta)), Some("meta-pixel"));
        // It only queues: the loader is what is held, and the page's own calls go on working.
        assert_eq!(id(inline_owner(queue)), None);
        assert_eq!(id(inline_owner("const basket = [];")), None);
    }

    #[test]
    fn a_deeper_host_and_a_longer_path_go_first() {
        assert_eq!(id(url_owner("stats.g.doubleclick.net", "/g/collect", "")), Some("ga4"));
        assert_eq!(id(url_owner("x.doubleclick.net", "/", "")), Some("google-ads"));
        assert_eq!(id(url_owner("CONNECT.facebook.net.", "/", "")), Some("meta-pixel"));
        assert!(url_owner("", "", "").is_none() && url_owner(".", "/", "").is_none());
    }

    #[test]
    fn tables_are_sorted_as_they_are_searched() {
        assert!(HOSTS.is_sorted_by_key(|(host, _)| host) && SHAPES.is_sorted_by_key(|(ending, _)| ending));
        assert!(VENDORS.is_sorted_by_key(|vendor| vendor.id));
        for names in [&COOKIES, &PARAMS, &STORAGE, &DATABASES] {
            assert!(names.exact.is_sorted());
        }
    }
}
