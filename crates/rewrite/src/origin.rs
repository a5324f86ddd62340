//! Guarding a site under another name: what the origin says of itself must name the host the visitor
//! sees. Used only where the origin's address is not the visitor's.

use url::Url;

/// A `Location` that points at the origin, pointed at the visitor's host; `None` if it need not change.
#[must_use]
pub fn map_location(location: &str, origin: &Url, public: &Url) -> Option<String> {
    let target = Url::parse(location).ok()?;
    if target.origin() != origin.origin() || origin.origin() == public.origin() {
        return None;
    }
    let tail = location
        .split_once("//")
        .and_then(|(_, rest)| rest.find(['/', '?', '#']).and_then(|at| rest.get(at..)));
    Some(format!("{}{}", public.origin().ascii_serialization(), tail.unwrap_or("/")))
}

/// A `Set-Cookie` without a `Domain` that the visitor's host could not set; `None` if it need not change.
#[must_use]
pub fn map_set_cookie(set_cookie: &str, public: &Url) -> Option<String> {
    let host = public.host_str().unwrap_or("");
    let is_foreign = |part: &str| {
        let Some((name, domain)) = part.split_once('=') else { return false };
        let domain = domain.trim().trim_start_matches('.').to_ascii_lowercase();
        name.trim().eq_ignore_ascii_case("domain") && host != domain && !host.ends_with(&format!(".{domain}"))
    };
    let kept: Vec<&str> = set_cookie.split(';').filter(|part| !is_foreign(part)).collect();
    (kept.len() < set_cookie.split(';').count()).then(|| kept.join(";"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_is_named_as_the_visitor_sees_it() {
        let origin = Url::parse("https://example.com/").unwrap();
        let public = Url::parse("http://localhost:8787/").unwrap();
        for (location, expected) in [
            ("https://example.com/a?b#c", Some("http://localhost:8787/a?b#c")),
            ("https://example.com", Some("http://localhost:8787/")),
            ("https://other.example/a", None),
            ("/a", None),
        ] {
            assert_eq!(map_location(location, &origin, &public).as_deref(), expected, "{location}");
        }
        assert_eq!(map_location("https://example.com/a", &origin, &origin), None);
    }

    #[test]
    fn a_cookie_for_a_foreign_domain_becomes_the_hosts_own() {
        let public = Url::parse("http://localhost:8787/").unwrap();
        assert_eq!(
            map_set_cookie("a=1; Domain=.example.com; Path=/", &public).as_deref(),
            Some("a=1; Path=/")
        );
        let same = Url::parse("https://www.example.com/").unwrap();
        assert_eq!(map_set_cookie("a=1; Domain=example.com", &same), None);
    }
}
