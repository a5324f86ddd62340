//! What changes in a request on its way to the origin.

use crate::cookies::OWN_COOKIE_PREFIX;
use crate::locked::unlocked_target;
use crate::{Destination, Grants, Headers, cookies, hints, query};
use postern_catalogue::Vendor;

/// What is known of a request.
#[derive(Debug)]
pub struct RequestFacts<'request> {
    /// Path and query as they came.
    pub target: &'request str,
    /// All headers.
    pub headers: &'request Headers,
    /// What may pass.
    pub grants: &'request Grants,
    /// What the browser will do with the answer.
    pub destination: Destination,
    /// Will pages be rewritten for this visitor? Then they must arrive whole and readable.
    pub will_rewrite: bool,
}

/// What to send instead. Headers not named stay as they are.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RequestPlan {
    /// Path and query to ask for, if they change.
    pub target: Option<String>,
    /// Headers to set.
    pub set: Headers,
    /// Headers to remove.
    pub remove: Vec<&'static str>,
}

/// Plans a request: denied trackers' cookies and parameters leave, everything else stays.
#[must_use]
pub fn plan_request(facts: &RequestFacts) -> RequestPlan {
    let must_be_readable = facts.will_rewrite && facts.destination != Destination::Asset;
    let must_be_whole = must_be_readable && facts.destination != Destination::Data;
    let may_hint = hints::may_travel(facts.grants.granted());
    let mut plan = RequestPlan { target: target(facts.target, facts.grants), ..Default::default() };
    // The platform would ask for compression on its own, and hand it to a client that cannot read it.
    if !facts.headers.iter().any(|(name, _)| name == "accept-encoding") {
        plan.set.push(("accept-encoding".into(), "identity".into()));
    }
    for (name, value) in facts.headers {
        match name.as_str() {
            "cookie" => match cookies::strip_request(value, facts.grants) {
                Some(kept) if kept == *value => {}
                Some(kept) => plan.set.push((name.clone(), kept)),
                None => plan.remove.push("cookie"),
            },
            "referer" => {
                if let Some(stripped) = query::strip_denied(value, facts.grants) {
                    plan.set.push((name.clone(), stripped));
                }
            }
            // A partial or "not modified" answer could be completed from a copy made under a grant.
            "range" if must_be_whole => plan.remove.push("range"),
            "if-range" if must_be_whole => plan.remove.push("if-range"),
            "if-none-match" if must_be_whole => plan.remove.push("if-none-match"),
            "if-modified-since" if must_be_whole => plan.remove.push("if-modified-since"),
            "accept-encoding" if must_be_readable => plan.set.push((name.clone(), readable_encodings(value))),
            name if !may_hint => plan.remove.extend(hints::TELLING.iter().find(|telling| **telling == name)),
            _ => {}
        }
    }
    plan
}

/// Whose identifiers do not pass between a browser and the site: the vendor of each cookie that is not sent on or not set, and of
/// each parameter that leaves the address. Once for each identifier; what they say is nobody's affair.
#[must_use]
pub fn stripped(target: &str, request: &Headers, answer: &Headers, grants: &Grants) -> Vec<&'static Vendor> {
    let mut owners: Vec<&'static Vendor> =
        cookie_pairs(request, answer).filter_map(|(pair, _)| cookies::denied_owner(pair, grants)).collect();
    owners.extend(query::denied_owners(target, grants));
    owners
}

/// Cookies between a browser and the site that its policy says nothing of.
#[derive(Debug, Default)]
pub struct StrangeCookies<'a> {
    /// The vendors of the catalogue whose cookies the site sets; as often as there are cookies.
    pub vendors: Vec<&'static Vendor>,
    /// The names of the others. Of those that a browser sends only the name is told, whosever it is: anybody can send one.
    pub names: Vec<&'a str>,
}

/// Looks at what a browser sends and a site sets. Our own are none of them.
#[must_use]
pub fn strange_cookies<'a>(request: &'a Headers, answer: &'a Headers, grants: &Grants) -> StrangeCookies<'a> {
    let mut strange = StrangeCookies::default();
    for (pair, is_set) in cookie_pairs(request, answer) {
        let (name, value) = cookies::name_and_value(pair);
        if name.is_empty() || name.starts_with(OWN_COOKIE_PREFIX) {
            continue;
        }
        match grants.catalogue().cookie_owner(name, value) {
            Some(owner) if !grants.is_undeclared(owner) => {}
            Some(owner) if is_set => strange.vendors.push(owner),
            _ => strange.names.push(name),
        }
    }
    strange
}

/// Each cookie that is sent or set, `name=value`, and whether it is set.
fn cookie_pairs<'a>(request: &'a Headers, answer: &'a Headers) -> impl Iterator<Item = (&'a str, bool)> {
    let sent = request.iter().filter(|(name, _)| name == "cookie").flat_map(|(_, all)| all.split(';'));
    let set = answer.iter().filter(|(name, _)| name == "set-cookie");
    let set = set.map(|(_, cookie)| cookie.split(';').next().unwrap_or(""));
    sent.map(|pair| (pair, false)).chain(set.map(|pair| (pair, true)))
}

/// Path and query less what is ours and what is denied; `None` if nothing is.
fn target(target: &str, grants: &Grants) -> Option<String> {
    let unlocked = unlocked_target(target);
    query::strip_denied(unlocked.as_deref().unwrap_or(target), grants).or(unlocked)
}

/// The encodings of the list that the platform decodes; `identity` if none is left.
fn readable_encodings(accepted: &str) -> String {
    let is_readable = |item: &&str| {
        let name = item.split(';').next().unwrap_or("").trim();
        ["gzip", "br", "identity"].iter().any(|known| name.eq_ignore_ascii_case(known))
    };
    let kept: Vec<&str> = accepted.split(',').map(str::trim).filter(is_readable).collect();
    if kept.is_empty() { "identity".into() } else { kept.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grants::testing::denied;

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    #[test]
    fn cookies_that_the_policy_says_nothing_of_are_told_by_whose_they_are_or_by_name() {
        use postern_catalogue::{Catalogue, SiteVendor};
        use postern_consent::{Category, CategorySet, Need};
        let ga4 = SiteVendor {
            id: "ga4",
            name: "GA4",
            need: Need::any_of(CategorySet::EMPTY.with(Category::Analytics)),
            hosts: &[],
            paths: &[],
            cookies: &[],
            params: &[],
            storage: &[],
        };
        let request = headers(&[
            ("cookie", "_ga=GA1.1.1.2; _fbp=fb.1.1.2;basket=1; own=x ; =nameless; __Host-postern=asked"),
            ("x-cookie", "not=one"),
        ]);
        let answer = headers(&[
            ("set-cookie", "sid=1; Path=/; HttpOnly"),
            ("set-cookie", "__Host-postern-session=1"),
            ("set-cookie", "_fbp=fb.1.1.3; Path=/"),
        ]);
        let names = ["basket".to_string()];
        let shop = SiteVendor {
            id: "shop",
            name: "Shop",
            need: Need::any_of(CategorySet::NECESSARY),
            cookies: &names,
            ..ga4
        };
        let catalogue = std::rc::Rc::new(Catalogue::of_site([shop, ga4]));
        for granted in [CategorySet::NECESSARY, CategorySet::ALL] {
            let grants = Grants::new(std::rc::Rc::clone(&catalogue), granted);
            let strange = strange_cookies(&request, &answer, &grants);
            assert_eq!(strange.vendors.iter().map(|vendor| vendor.id).collect::<Vec<_>>(), ["meta-pixel"]);
            assert_eq!(strange.names, ["_fbp", "own", "sid"]);
        }
    }

    #[test]
    fn nothing_changes_where_nothing_must() {
        let headers = headers(&[
            ("accept-encoding", "gzip"),
            ("cookie", "a=1"),
            ("sec-gpc", "1"),
            ("range", "bytes=0-1"),
            ("x", "_ga=1"),
        ]);
        let facts = RequestFacts {
            target: "/p?size=42",
            headers: &headers,
            grants: &denied(),
            destination: Destination::Data,
            will_rewrite: false,
        };
        assert_eq!(plan_request(&facts), RequestPlan::default());
    }

    #[test]
    fn whose_identifiers_do_not_pass_is_known_one_by_one() {
        let request = headers(&[("cookie", "_ga=1; a=1; _fbp=2;_ga_X=3"), ("referer", "/?gclid=1")]);
        let answer = headers(&[("set-cookie", "_fbp=2; Path=/"), ("set-cookie", "b=_ga"), ("x", "_ga=1")]);
        let names = |grants: &Grants| -> Vec<&str> {
            let found = stripped("/p?fbclid=1&size=42&gclid=2", &request, &answer, grants);
            found.iter().map(|vendor| vendor.id).collect()
        };
        let [params_of_meta, params_of_google] =
            ["fbclid", "gclid"].map(|name| denied().denied_param(name).unwrap().id);
        assert_eq!(
            names(&denied()),
            ["ga4", "meta-pixel", "ga4", "meta-pixel", params_of_meta, params_of_google]
        );
        assert_eq!(names(&crate::grants::testing::grants(postern_consent::CategorySet::ALL)), [""; 0]);
    }

    #[test]
    fn identifiers_leave_cookies_query_and_referer() {
        let headers = headers(&[
            ("accept-encoding", "gzip"),
            ("cookie", "_ga=1; a=1"),
            ("referer", "https://x.example/?fbclid=1&q=2"),
            ("sec-ch-ua-model", "\"Pixel 9\""),
            ("sec-ch-ua", "\"Chromium\";v=\"156\""),
            ("sec-gpc", "1"),
        ]);
        let facts = RequestFacts {
            target: "/p?gclid=1",
            headers: &headers,
            grants: &denied(),
            destination: Destination::Data,
            will_rewrite: false,
        };
        let plan = plan_request(&facts);
        assert_eq!(plan.target.as_deref(), Some("/p"));
        assert_eq!(
            plan.set,
            [("cookie".into(), "a=1".into()), ("referer".into(), "https://x.example/?q=2".into())]
        );
        assert_eq!(plan.remove, ["sec-ch-ua-model"]);
    }

    #[test]
    fn a_page_is_asked_for_whole_and_readable() {
        let headers = headers(&[
            ("accept-encoding", "gzip, deflate, br;q=0.9, zstd"),
            ("if-none-match", "\"x\""),
            ("range", "bytes=0-1"),
        ]);
        let facts = RequestFacts {
            target: "/",
            headers: &headers,
            grants: &denied(),
            destination: Destination::Page,
            will_rewrite: true,
        };
        let plan = plan_request(&facts);
        assert_eq!(plan.set, [("accept-encoding".into(), "gzip, br;q=0.9".into())]);
        assert_eq!(plan.remove, ["if-none-match", "range"]);
        assert_eq!(readable_encodings("zstd"), "identity");
    }
}
