//! Cookies by owner: out of requests, out of responses, out of browsers.

use crate::Grants;
use postern_catalogue::Vendor;
use postern_sort::sorted_by_key;
use url::{Host, Url};

/// Our own cookies begin with this; the origin never sees them.
pub const OWN_COOKIE_PREFIX: &str = "__Host-postern";

/// How much of one answer's headers may go to removal cookies, bytes: browsers and proxies take 16 kB of
/// headers at least. What does not fit goes with the next answer, since the browser still sends it.
const EXPIRE_BYTES_MAX: usize = 6 * 1024;

/// Both halves of `name=value`.
pub fn name_and_value(pair: &str) -> (&str, &str) {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    (name.trim(), value.trim())
}

/// The `Cookie` header less denied trackers' cookies and our own; `None` if nothing is left.
pub fn strip_request(header: &str, grants: &Grants) -> Option<String> {
    let is_kept = |pair: &&str| {
        !name_and_value(pair).0.starts_with(OWN_COOKIE_PREFIX) && denied_owner(pair, grants).is_none()
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
pub fn is_settable(set_cookie: &str, grants: &Grants) -> bool {
    denied_owner(set_cookie.split(';').next().unwrap_or(""), grants).is_none()
}

/// The vendor of a cookie, `name=value`, that may not travel.
pub fn denied_owner(pair: &str, grants: &Grants) -> Option<&'static Vendor> {
    let (name, value) = name_and_value(pair);
    grants.denied_cookie(name, value)
}

/// The value of the first cookie of that name in a `Cookie` header.
#[must_use]
pub fn cookie_value<'header>(header: &'header str, name: &str) -> Option<&'header str> {
    header.split(';').map(name_and_value).find(|(found, _)| *found == name).map(|(_, value)| value)
}

/// `Set-Cookie` values that remove the denied trackers' cookies the browser still sends: for the host itself
/// and every parent domain, on every path that could have sent them, partitioned or not, since nobody can read
/// back which it was. A browser ignores those for public suffixes, so no list of these is needed here.
/// Source: RFC 6265 sections 5.1.4, 5.3; CHIPS; trackers.md section 5.
#[must_use]
pub fn expire_denied(header: &str, url: &Url, grants: &Grants) -> Vec<String> {
    let names: Vec<&str> = header
        .split(';')
        .map(name_and_value)
        .filter(|(name, value)| grants.denied_cookie(name, value).is_some() && is_token(name))
        .map(|(name, _)| name)
        .collect();
    let mut names = sorted_by_key(names, |name| *name);
    names.dedup();
    if names.is_empty() {
        return Vec::new();
    }
    let domains = domains(url.host_str().unwrap_or(""));
    let mut out = Vec::new();
    let mut bytes = 0;
    // The likely ones of every name go before the unlikely ones of any.
    for (path, is_partitioned) in paths(url.path()) {
        for name in &names {
            for domain in &domains {
                let partitioned = if is_partitioned { "; Secure; Partitioned" } else { "" };
                let secure = if name.starts_with("__") && !is_partitioned { "; Secure" } else { "" };
                let cookie = format!("{name}=; Path={path}; Max-Age=0{domain}{secure}{partitioned}");
                bytes += cookie.len();
                if bytes > EXPIRE_BYTES_MAX {
                    return out;
                }
                out.push(cookie);
            }
        }
    }
    out
}

/// `Domain` attributes to try: none, the host, each of its parents.
fn domains(host: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut domain = if matches!(Host::parse(host), Ok(Host::Domain(_))) { host } else { "" };
    while domain.contains('.') {
        out.push(format!("; Domain={domain}"));
        domain = domain.split_once('.').map_or("", |(_, parent)| parent);
    }
    out
}

/// `Path` attributes to try, and whether as a partitioned cookie: the root, then each folder above the page,
/// with and without its last slash, then the page itself.
fn paths(path: &str) -> Vec<(&str, bool)> {
    let mut out = vec![("/", false), ("/", true)];
    // A path that cannot be written into a header was set by nobody.
    if path.bytes().any(|byte| byte == b';' || byte.is_ascii_control()) {
        return out;
    }
    for (at, _) in path.match_indices('/').skip(1) {
        out.extend([path.get(..at), path.get(..=at)].into_iter().flatten().map(|folder| (folder, false)));
    }
    if !path.ends_with('/') {
        out.push((path, false));
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
    use crate::grants::testing::{denied, grants};
    use postern_consent::{Category, CategorySet};

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
            assert_eq!(strip_request(header, &denied()).as_deref(), expected, "{header}");
        }
    }

    #[test]
    fn a_grant_lets_its_cookies_through() {
        let analytics = grants(CategorySet::NECESSARY.with(Category::Analytics));
        assert_eq!(strip_request("_ga=1; _fbp=fb.1.2.3", &analytics).as_deref(), Some("_ga=1"));
        assert!(is_settable("_ga=1; Path=/", &analytics));
        assert!(!is_settable("_fbp=fb.1.2.3; Path=/", &analytics));
        assert!(is_settable("session=1; HttpOnly", &denied()));
    }

    fn expired(header: &str, url: &str) -> Vec<String> {
        expire_denied(header, &Url::parse(url).unwrap(), &denied())
    }

    #[test]
    fn what_the_browser_still_sends_is_expired_on_every_candidate() {
        assert_eq!(
            expired("_ga=1; a=1; _ga=2", "https://www.shop.example/a/b"),
            [
                "_ga=; Path=/; Max-Age=0",
                "_ga=; Path=/; Max-Age=0; Domain=www.shop.example",
                "_ga=; Path=/; Max-Age=0; Domain=shop.example",
                "_ga=; Path=/; Max-Age=0; Secure; Partitioned",
                "_ga=; Path=/; Max-Age=0; Domain=www.shop.example; Secure; Partitioned",
                "_ga=; Path=/; Max-Age=0; Domain=shop.example; Secure; Partitioned",
                "_ga=; Path=/a; Max-Age=0",
                "_ga=; Path=/a; Max-Age=0; Domain=www.shop.example",
                "_ga=; Path=/a; Max-Age=0; Domain=shop.example",
                "_ga=; Path=/a/; Max-Age=0",
                "_ga=; Path=/a/; Max-Age=0; Domain=www.shop.example",
                "_ga=; Path=/a/; Max-Age=0; Domain=shop.example",
                "_ga=; Path=/a/b; Max-Age=0",
                "_ga=; Path=/a/b; Max-Age=0; Domain=www.shop.example",
                "_ga=; Path=/a/b; Max-Age=0; Domain=shop.example",
            ]
        );
        assert_eq!(expired("_ga=1", "https://127.0.0.1/").len(), 2);
        let url = Url::parse("https://shop.example/").unwrap();
        assert!(expire_denied("_ga=1", &url, &grants(CategorySet::ALL)).is_empty());
    }

    #[test]
    fn removal_never_outgrows_the_headers() {
        let header: Vec<String> = (0..400).map(|index| format!("_ga_{index}=1")).collect();
        let out = expired(&header.join("; "), "https://a.b.c.shop.example/a/b/c/d/e/f");
        assert!(out.iter().map(String::len).sum::<usize>() <= EXPIRE_BYTES_MAX);
        assert!(out.iter().all(|cookie| cookie.contains("Path=/; ")));
    }

    #[test]
    fn a_cookie_is_found_by_its_name() {
        assert_eq!(cookie_value("a=1; __Host-postern=x=y; b", "__Host-postern"), Some("x=y"));
        assert_eq!(cookie_value("a=1", "b"), None);
    }
}
