//! Removing tracking parameters from an address. What stays keeps its order and every byte.

use postern_catalogue::param_owner;
use postern_consent::CategorySet;

/// The address without parameters of denied vendors; `None` if there are none.
pub fn strip_denied(address: &str, granted: CategorySet) -> Option<String> {
    let (before, rest) = address.split_once('?')?;
    let (query, fragment) = match rest.split_once('#') {
        Some((query, fragment)) => (query, Some(fragment)),
        None => (rest, None),
    };
    let is_kept = |pair: &&str| {
        let name = pair.split_once('=').map_or(*pair, |(name, _)| name);
        param_owner(&decode(name)).is_none_or(|owner| owner.need.is_met(granted))
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

/// A parameter's name as servers read it: percent-decoded. Bytes that are no UTF-8 stay foreign.
fn decode(name: &str) -> String {
    let mut out = Vec::with_capacity(name.len());
    let mut bytes = name.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let escaped = (byte == b'%').then(|| {
            let digits = [ahead.next()?, ahead.next()?];
            u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()
        });
        if let Some(Some(value)) = escaped {
            out.push(value);
            bytes = ahead;
        } else {
            out.push(byte);
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_consent::Category;
    use proptest::prelude::*;

    #[test]
    fn only_denied_parameters_go() {
        let denied = CategorySet::NECESSARY;
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
            assert_eq!(strip_denied(address, denied).as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn a_grant_keeps_its_own_parameters_only() {
        let marketing = CategorySet::NECESSARY.with(Category::Marketing);
        assert_eq!(strip_denied("/p?gclid=a&fbclid=b", marketing), None);
        let analytics = CategorySet::NECESSARY.with(Category::Analytics);
        assert_eq!(strip_denied("/p?gclid=a&_ga=b&c=d", analytics).as_deref(), Some("/p?_ga=b&c=d"));
    }

    proptest! {
        #[test]
        fn other_parameters_keep_every_byte(query in "[a-z0-9=&%+.~-]{0,60}") {
            let address = format!("/p?{query}");
            if let Some(stripped) = strip_denied(&address, CategorySet::NECESSARY) {
                let stripped = stripped.strip_prefix("/p").unwrap().trim_start_matches('?').to_string();
                let mut rest = query.split('&');
                for pair in stripped.split('&').filter(|pair| !pair.is_empty()) {
                    prop_assert!(rest.any(|original| original == pair));
                }
            }
        }
    }
}
