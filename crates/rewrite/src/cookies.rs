//! Cookies by owner: out of requests, out of responses, out of browsers.

use postern_catalogue::cookie_owner;
use postern_consent::CategorySet;
use url::Host;

/// Our own cookies begin with this; the origin never sees them.
pub const OWN_COOKIE_PREFIX: &str = "__Host-postern";

/// Removal cookies sent in one answer, at most: 20 names × host and parents keep within 8 kB of headers.
const EXPIRE_NAMES_MAX: usize = 20;

fn is_denied(name: &str, value: &str, granted: CategorySet) -> bool {
    cookie_owner(name, value).is_some_and(|owner| !owner.need.is_met(granted))
}

fn name_and_value(pair: &str) -> (&str, &str) {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    (name.trim(), value.trim())
}

/// The `Cookie` header less denied trackers' cookies and our own; `None` if nothing is left.
pub fn strip_request(header: &str, granted: CategorySet) -> Option<String> {
    let is_kept = |pair: &&str| {
        let (name, value) = name_and_value(pair);
        !name.starts_with(OWN_COOKIE_PREFIX) && !is_denied(name, value, granted)
    };
    let all = header.split(';').count();
    let kept: Vec<&str> = header.split(';').filter(is_kept).collect();
    if kept.len() == all {
        return Some(header.to_string());
    }
    let out = kept.join(";");
    let out = out.trim_start();
    (!out.is_empty()).then(|| out.to_string())
}

/// May this `Set-Cookie` value reach the browser?
pub fn is_settable(set_cookie: &str, granted: CategorySet) -> bool {
    let (name, value) = name_and_value(set_cookie.split(';').next().unwrap_or(""));
    !is_denied(name, value, granted)
}

/// The value of the first cookie of that name in a `Cookie` header.
#[must_use]
pub fn cookie_value<'header>(header: &'header str, name: &str) -> Option<&'header str> {
    header.split(';').map(name_and_value).find(|(found, _)| *found == name).map(|(_, value)| value)
}

/// `Set-Cookie` values that remove the denied trackers' cookies the browser still sends: for the host
/// itself and every parent domain, since nobody can read back which one it was. A browser ignores
/// those for public suffixes. Source: RFC 6265 section 5.3; trackers.md section 5.
#[must_use]
pub fn expire_denied(header: &str, host: &str, granted: CategorySet) -> Vec<String> {
    let mut names: Vec<&str> = header
        .split(';')
        .map(name_and_value)
        .filter(|(name, value)| is_denied(name, value, granted) && is_token(name))
        .map(|(name, _)| name)
        .collect();
    names.sort_unstable();
    names.dedup();
    names.truncate(EXPIRE_NAMES_MAX);
    let mut out = Vec::new();
    for name in names {
        out.push(format!("{name}=; Path=/; Max-Age=0"));
        let mut domain = if matches!(Host::parse(host), Ok(Host::Domain(_))) { host } else { "" };
        while domain.contains('.') {
            out.push(format!("{name}=; Path=/; Max-Age=0; Domain={domain}"));
            domain = domain.split_once('.').map_or("", |(_, parent)| parent);
        }
    }
    out
}

/// Only names that can be written back without changing the header's meaning.
fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_consent::Category;

    const DENIED: CategorySet = CategorySet::NECESSARY;

    #[test]
    fn trackers_and_our_own_leave_the_request() {
        for (header, expected) in [
            ("a=1; _ga=GA1.1.2.3; b=2", Some("a=1; b=2")),
            ("_ga=1", None),
            ("__Host-postern=v1.x; a=1", Some("a=1")),
            ("a=1;b=2 ;  c=\"x; y\"", Some("a=1;b=2 ;  c=\"x; y\"")),
            ("renamed=GS2.1.s17$o1; basket=7", Some("basket=7")),
            ("", Some("")),
        ] {
            assert_eq!(strip_request(header, DENIED).as_deref(), expected, "{header}");
        }
    }

    #[test]
    fn a_grant_lets_its_cookies_through() {
        let analytics = DENIED.with(Category::Analytics);
        assert_eq!(strip_request("_ga=1; _fbp=fb.1.2.3", analytics).as_deref(), Some("_ga=1"));
        assert!(is_settable("_ga=1; Path=/", analytics));
        assert!(!is_settable("_fbp=fb.1.2.3; Path=/", analytics));
        assert!(is_settable("session=1; HttpOnly", DENIED));
    }

    #[test]
    fn what_the_browser_still_sends_is_expired_on_every_candidate() {
        let out = expire_denied("_ga=1; a=1; _ga=2", "www.shop.example", DENIED);
        assert_eq!(
            out,
            [
                "_ga=; Path=/; Max-Age=0",
                "_ga=; Path=/; Max-Age=0; Domain=www.shop.example",
                "_ga=; Path=/; Max-Age=0; Domain=shop.example",
            ]
        );
        assert_eq!(expire_denied("_ga=1", "127.0.0.1", DENIED).len(), 1);
        assert!(expire_denied("_ga=1", "shop.example", CategorySet::ALL).is_empty());
    }

    #[test]
    fn a_cookie_is_found_by_its_name() {
        assert_eq!(cookie_value("a=1; __Host-postern=x=y; b", "__Host-postern"), Some("x=y"));
        assert_eq!(cookie_value("a=1", "b"), None);
    }
}
