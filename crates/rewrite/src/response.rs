//! What changes in an answer on its way to the visitor.

use crate::address::{Base, denied_owner};
use crate::{Headers, OwnSources, cookies, csp};
use postern_consent::CategorySet;
use url::Url;

/// What the browser will do with the answer. Source: Fetch Metadata, `Sec-Fetch-Dest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A page in a tab: it gets the gate and the banner.
    Page,
    /// A page in a frame: it gets the gate, and no second banner.
    Frame,
    /// Data for scripts: HTML in it is a fragment they will insert.
    Data,
    /// A script, style, image, font …: never parsed as HTML, so never looked into.
    Asset,
}

impl Destination {
    /// From the request's headers. Browsers without Fetch Metadata are told by `Accept`.
    #[must_use]
    pub fn of(headers: &Headers) -> Self {
        let get =
            |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        match get("sec-fetch-dest") {
            Some("document") => Self::Page,
            Some("iframe" | "frame" | "object" | "embed" | "fencedframe") => Self::Frame,
            Some("empty") => Self::Data,
            Some(_) => Self::Asset,
            None if get("x-requested-with").is_some() || get("hx-request").is_some() => Self::Data,
            None if get("accept").is_some_and(|accept| accept.contains("text/html")) => Self::Page,
            None => Self::Data,
        }
    }

    /// Is the answer rendered as a document of its own?
    #[must_use]
    pub const fn is_document(self) -> bool {
        matches!(self, Self::Page | Self::Frame)
    }
}

/// What is known of an answer.
#[derive(Debug)]
pub struct ResponseFacts<'response> {
    /// The origin's status.
    pub status: u16,
    /// All headers, `set-cookie` once per cookie.
    pub headers: &'response Headers,
    /// What the browser will do with it.
    pub destination: Destination,
    /// The request's `Cookie` header, empty if none.
    pub request_cookies: &'response str,
    /// The address the visitor sees.
    pub url: &'response Url,
    /// What is granted.
    pub granted: CategorySet,
    /// Is something of ours to be put into pages: banner, gate, or the control to reopen?
    pub must_inject: bool,
    /// Our inline parts, for CSP.
    pub own: &'response OwnSources,
}

/// What happens to the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyPlan {
    /// Goes through byte for byte.
    Pass,
    /// Streams through a [`crate::PageRewriter`]; `inject` puts our parts in.
    Rewrite {
        /// Put gate and banner in?
        inject: bool,
    },
    /// Must not go out: it is a page nobody here can read (its `Content-Encoding`).
    Refuse,
}

/// Changes to an answer: remove, then append. Headers not named stay as they are.
#[derive(Debug, PartialEq, Eq)]
pub struct ResponsePlan {
    /// Header names to remove, all values.
    pub remove: Vec<String>,
    /// Headers to add after that.
    pub append: Headers,
    /// What happens to the body.
    pub body: BodyPlan,
    /// Is it a page that a visitor will see?
    pub is_page: bool,
}

/// Headers that speak of bytes we are about to change. Source: RFC 9110 section 8, RFC 9530.
const ABOUT_THE_BYTES: [&str; 9] = [
    "content-length",
    "content-md5",
    "content-digest",
    "repr-digest",
    "digest",
    "etag",
    "last-modified",
    "accept-ranges",
    "expires",
];

/// Plans an answer.
#[must_use]
pub fn plan_response(facts: &ResponseFacts) -> ResponsePlan {
    let mut plan = ResponsePlan { remove: vec![], append: vec![], body: BodyPlan::Pass, is_page: false };
    filter_cookies(facts, &mut plan);
    filter_links(facts, &mut plan);
    let Some(is_certain) = html_certainty(facts) else { return plan };
    let is_denying = facts.granted != CategorySet::ALL;
    let inject = facts.must_inject && is_certain && facts.destination.is_document();
    let has_body = !matches!(facts.status, 204 | 205 | 304) && facts.status >= 200;
    plan.is_page = has_body && is_certain && facts.destination == Destination::Page;
    if !has_body || !(is_denying || inject) {
        // The same address has other bytes under another consent: caches must tell them apart.
        plan.append.push(("vary".into(), "Cookie".into()));
        return plan;
    }
    let encoding = header(facts, "content-encoding").unwrap_or("identity").trim().to_ascii_lowercase();
    if !["identity", "gzip", "br", ""].contains(&encoding.as_str()) {
        plan.body = BodyPlan::Refuse;
        return plan;
    }
    plan.body = BodyPlan::Rewrite { inject };
    plan.remove.extend(ABOUT_THE_BYTES.map(String::from));
    plan.remove.push("cache-control".into());
    plan.append.push(("cache-control".into(), "private, no-store".into()));
    if inject {
        for name in ["content-security-policy", "content-security-policy-report-only"] {
            let policies: Vec<&str> = values(facts, name).collect();
            if !policies.is_empty() {
                plan.remove.push(name.into());
                // One header can carry several policies, separated by commas.
                let amended =
                    policies.iter().flat_map(|value| value.split(',')).map(|one| csp::amend(one, facts.own));
                plan.append.extend(amended.map(|value| (name.to_string(), value)));
            }
        }
    }
    plan
}

fn values<'facts>(facts: &'facts ResponseFacts, wanted: &'facts str) -> impl Iterator<Item = &'facts str> {
    facts.headers.iter().filter(move |(name, _)| name == wanted).map(|(_, value)| value.as_str())
}

fn header<'facts>(facts: &'facts ResponseFacts, wanted: &'facts str) -> Option<&'facts str> {
    values(facts, wanted).next()
}

/// `Some(true)` for HTML, `Some(false)` for what a browser may take for HTML, `None` for the rest.
fn html_certainty(facts: &ResponseFacts) -> Option<bool> {
    // What is saved to a file is not rendered, and must be the file. Source: RFC 6266.
    let is_saved = header(facts, "content-disposition").is_some_and(|value| {
        value.trim_start().get(..10).is_some_and(|kind| kind.eq_ignore_ascii_case("attachment"))
    });
    if facts.destination == Destination::Asset || is_saved {
        return None;
    }
    let Some(content_type) = header(facts, "content-type") else {
        return facts.destination.is_document().then_some(false);
    };
    let essence = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    match essence.as_str() {
        "text/html" | "application/xhtml+xml" => Some(true),
        // Source: MIME Sniffing section 7: these are sniffed as if there were no type.
        "" | "unknown/unknown" | "application/unknown" | "*/*" => Some(false),
        _ => None,
    }
}

fn filter_cookies(facts: &ResponseFacts, plan: &mut ResponsePlan) {
    let all: Vec<&str> = values(facts, "set-cookie").collect();
    let kept: Vec<&str> =
        all.iter().copied().filter(|value| cookies::is_settable(value, facts.granted)).collect();
    if kept.len() < all.len() {
        plan.remove.push("set-cookie".into());
        plan.append.extend(kept.into_iter().map(|value| ("set-cookie".to_string(), value.to_string())));
    }
    let host = facts.url.host_str().unwrap_or("");
    let expired = cookies::expire_denied(facts.request_cookies, host, facts.granted);
    plan.append.extend(expired.into_iter().map(|value| ("set-cookie".to_string(), value)));
}

/// `Link:` makes browsers connect and fetch before they have read a byte of the page. Source: RFC 8288.
fn filter_links(facts: &ResponseFacts, plan: &mut ResponsePlan) {
    let base = Base::new(facts.url.clone());
    let all: Vec<&str> = values(facts, "link").flat_map(split_links).collect();
    let is_kept = |link: &&&str| {
        let target = link.trim().strip_prefix('<').and_then(|rest| rest.split_once('>'));
        target.is_none_or(|(target, _)| denied_owner(target, &base, facts.granted).is_none())
    };
    let kept: Vec<&str> = all.iter().filter(is_kept).copied().collect();
    if kept.len() < all.len() {
        plan.remove.push("link".into());
        if !kept.is_empty() {
            plan.append
                .push(("link".into(), kept.iter().map(|link| link.trim()).collect::<Vec<_>>().join(", ")));
        }
    }
}

/// Splits at commas that stand neither in `<…>` nor in quotes.
fn split_links(value: &str) -> impl Iterator<Item = &str> {
    let (mut in_target, mut in_quotes) = (false, false);
    value.split(move |c| {
        match c {
            '"' if !in_target => in_quotes = !in_quotes,
            '<' if !in_quotes => in_target = true,
            '>' if !in_quotes => in_target = false,
            _ => {}
        }
        c == ',' && !in_target && !in_quotes
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(headers: &[(&str, &str)], change: impl FnOnce(&mut ResponseFacts)) -> ResponsePlan {
        let headers: Headers =
            headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let url = Url::parse("https://shop.example/").unwrap();
        let own = OwnSources {
            script_hashes: vec!["S".into()],
            style_hashes: vec![],
            folder: "https://shop.example/_postern/".into(),
        };
        let mut facts = ResponseFacts {
            status: 200,
            headers: &headers,
            destination: Destination::Page,
            request_cookies: "",
            url: &url,
            granted: CategorySet::NECESSARY,
            must_inject: true,
            own: &own,
        };
        change(&mut facts);
        plan_response(&facts)
    }

    #[test]
    fn a_page_is_rewritten_and_kept_out_of_caches() {
        let plan = plan(&[("content-type", "text/html"), ("etag", "\"a\"")], |_| {});
        assert_eq!(plan.body, BodyPlan::Rewrite { inject: true });
        assert!(plan.remove.contains(&"etag".to_string()));
        assert!(plan.append.contains(&("cache-control".into(), "private, no-store".into())));
    }

    #[test]
    fn what_is_no_page_passes_untouched() {
        let image = plan(&[("content-type", "image/png"), ("content-length", "9")], |_| {});
        assert_eq!(
            image,
            ResponsePlan { remove: vec![], append: vec![], body: BodyPlan::Pass, is_page: false }
        );
    }

    #[test]
    fn a_page_under_a_full_grant_passes_and_says_it_depends_on_the_cookie() {
        let granted = plan(&[("content-type", "text/html")], |facts| {
            facts.granted = CategorySet::ALL;
            facts.must_inject = false;
        });
        assert_eq!(granted.body, BodyPlan::Pass);
        assert_eq!(granted.append, [("vary".to_string(), "Cookie".to_string())]);
    }

    #[test]
    fn fragments_are_held_but_get_no_banner() {
        let fragment = plan(&[("content-type", "text/html")], |facts| facts.destination = Destination::Data);
        assert_eq!(fragment.body, BodyPlan::Rewrite { inject: false });
        let saved = [("content-type", "text/html"), ("content-disposition", "Attachment; filename=a.html")];
        assert_eq!(plan(&saved, |_| {}).body, BodyPlan::Pass);
        let untyped = plan(&[], |_| {});
        assert_eq!(untyped.body, BodyPlan::Rewrite { inject: false });
    }

    #[test]
    fn a_page_nobody_can_read_is_refused() {
        let plan = plan(&[("content-type", "text/html"), ("content-encoding", "zstd")], |_| {});
        assert_eq!(plan.body, BodyPlan::Refuse);
    }

    #[test]
    fn an_answer_without_a_body_is_not_rewritten() {
        assert_eq!(plan(&[("content-type", "text/html")], |facts| facts.status = 304).body, BodyPlan::Pass);
    }

    #[test]
    fn trackers_cookies_are_neither_set_nor_kept() {
        let headers = [("set-cookie", "_ga=GA1.1.1.1; Path=/"), ("set-cookie", "s=1; HttpOnly")];
        let plan = plan(&headers, |facts| facts.request_cookies = "_gid=1");
        let set = plan.append.iter().filter(|(name, _)| name == "set-cookie");
        let cookies: Vec<&str> = set.map(|(_, value)| value.as_str()).collect();
        assert_eq!(
            cookies,
            ["s=1; HttpOnly", "_gid=; Path=/; Max-Age=0", "_gid=; Path=/; Max-Age=0; Domain=shop.example"]
        );
    }

    #[test]
    fn links_to_trackers_are_dropped_and_others_kept() {
        let links = "<https://www.googletagmanager.com/gtag/js?a=1,2>; rel=preload, </a,b.css>; rel=preload; title=\"x,y\"";
        let plan = plan(&[("link", links)], |_| {});
        assert!(plan.remove.contains(&"link".to_string()));
        assert!(plan.append.contains(&("link".into(), "</a,b.css>; rel=preload; title=\"x,y\"".into())));
    }

    #[test]
    fn every_policy_is_amended() {
        let headers =
            [("content-type", "text/html"), ("content-security-policy", "script-src 'self', img-src *")];
        let plan = plan(&headers, |_| {});
        let policies: Vec<&str> = plan
            .append
            .iter()
            .filter(|(name, _)| name.starts_with("content-s"))
            .map(|(_, value)| value.as_str())
            .collect();
        assert_eq!(
            policies,
            ["script-src 'self' 'sha256-S' https://shop.example/_postern/ 'wasm-unsafe-eval'", "img-src *"]
        );
    }
}
