//! What changes in an answer on its way to the visitor.

use crate::{FileKind, Grants, Headers, LOCKED_POLICY, OwnSources, csp, response_headers};
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
    /// A script, style sheet or speculation rules: never parsed as HTML, but looked into for what it asks by itself.
    Source,
    /// An image, font, film …: nothing in it asks for anything.
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
            Some(
                "style" | "script" | "worker" | "sharedworker" | "serviceworker" | "audioworklet"
                | "paintworklet" | "speculationrules",
            ) => Self::Source,
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
    /// What may pass.
    pub grants: &'response Grants,
    /// Is something of ours to be put into pages: banner, gate, or the control to reopen?
    pub must_inject: bool,
    /// Our inline parts, for CSP.
    pub own: &'response OwnSources,
    /// Is the page to be handed out with nothing in it alive ([`crate::locked_target`])?
    pub is_locked: bool,
    /// A policy to stand beside the site's own ([`crate::lockdown_policy`]).
    pub lockdown: Option<&'response str>,
    /// Is it a file of the site's that makes browsers ask for more?
    pub file: Option<FileKind>,
}

/// How a browser reads a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// As HTML: through a [`crate::PageRewriter`], in the charset of [`crate::Charset::of`].
    Html,
    /// As XML: through a [`crate::XmlRewriter`], in the charset of [`crate::Charset::of_xml`]. It leaves as UTF-8.
    Xml,
}

/// Why a page leaves locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locked {
    /// It was asked for so ([`crate::locked_target`]).
    Asked,
    /// Its types say that it is read in two ways.
    Either,
    /// Nobody here can read its `Content-Encoding`.
    Unreadable,
}

/// What happens to the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyPlan {
    /// Goes through byte for byte.
    Pass,
    /// Streams through the rewriter of that syntax; `inject` puts our parts in.
    Rewrite {
        /// How is it read?
        syntax: Syntax,
        /// Put gate and banner in?
        inject: bool,
    },
    /// A file of the site's: what must be held in it is replaced ([`crate::plan_file`]).
    File(FileKind),
    /// Goes through with nothing in it alive; through a [`crate::LinkFilter`] where its bytes can be read.
    Lock(Locked),
    /// Must not go out: nobody here can read it, and no browser would keep what is in it from starting.
    Refuse,
    /// Must not go out: it sends what is no page on to a vendor that is denied.
    Withhold,
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
    /// For each policy that hands trust on (`'strict-dynamic'`): the nonces that scripts of the markup need one of.
    pub demanded_nonces: Vec<Vec<String>>,
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
    let mut plan = ResponsePlan {
        remove: vec![],
        append: vec![],
        body: BodyPlan::Pass,
        is_page: false,
        demanded_nonces: vec![],
    };
    response_headers::filter(facts, &mut plan);
    // A visitor who follows a link goes where it leads; a picture or a script must not be led to a tracker.
    let is_redirect = matches!(facts.status, 301 | 302 | 303 | 307 | 308);
    if is_redirect
        && facts.destination != Destination::Page
        && facts.values("location").any(|target| response_headers::held(target, facts).is_some())
    {
        plan.body = BodyPlan::Withhold;
        return plan;
    }
    let has_body = !matches!(facts.status, 204 | 205 | 304) && facts.status >= 200;
    let encoding = facts.header("content-encoding").unwrap_or("identity").trim().to_ascii_lowercase();
    let is_readable = ["identity", "gzip", "br", ""].contains(&encoding.as_str());
    if let Some(kind) = facts.file.filter(|_| has_body) {
        match (facts.grants.is_open(), is_readable) {
            // Nobody looks whether somebody else would get other bytes: no shared cache decides.
            (true, _) => plan.keep_personal(facts.headers),
            (false, true) => plan.body = BodyPlan::File(kind),
            (false, false) => plan.body = BodyPlan::Refuse,
        }
        return plan;
    }
    let Some(reading) = reading_of(facts) else { return plan };
    let is_certain = !matches!(reading, Reading::Sniffed);
    let is_denying = !facts.grants.is_open();
    let inject = facts.must_inject && is_certain && facts.destination.is_document();
    let is_page = matches!(reading, Reading::Html | Reading::Xhtml | Reading::Either);
    plan.is_page = has_body && is_page && facts.destination == Destination::Page;
    if !has_body || !(is_denying || inject) {
        // The same address has other bytes under another consent: caches must tell them apart.
        plan.append.push(("vary".into(), "Cookie".into()));
        return plan;
    }
    let is_unreadable = !is_readable || reading == Reading::Either;
    if is_unreadable && !facts.destination.is_document() {
        plan.body = BodyPlan::Refuse;
        return plan;
    }
    if facts.is_locked || is_unreadable {
        plan.body = BodyPlan::Lock(match (is_readable, facts.is_locked) {
            (false, _) => Locked::Unreadable,
            (true, true) => Locked::Asked,
            (true, false) => Locked::Either,
        });
        plan.remove.extend(ABOUT_THE_BYTES.map(String::from));
        plan.remove.extend(["content-security-policy", "cache-control"].map(String::from));
        plan.append.push(("cache-control".into(), "private, no-store".into()));
        plan.append.push(("content-security-policy".into(), LOCKED_POLICY.into()));
        plan.append.push(("x-dns-prefetch-control".into(), "off".into()));
        return plan;
    }
    let syntax = match reading {
        // What scripts fetch they may insert as HTML, whatever it is called.
        Reading::Xml | Reading::Xhtml if facts.destination.is_document() => Syntax::Xml,
        _ => Syntax::Html,
    };
    plan.body = BodyPlan::Rewrite { syntax, inject };
    plan.replace_body();
    let policies = facts.values("content-security-policy").flat_map(|value| value.split(','));
    plan.demanded_nonces = policies.filter_map(csp::demanded_nonces).collect();
    if inject && let Some(policy) = facts.lockdown {
        plan.append.push(("content-security-policy".into(), policy.into()));
    }
    if inject {
        for name in ["content-security-policy", "content-security-policy-report-only"] {
            let policies: Vec<&str> = facts.values(name).collect();
            if !policies.is_empty() {
                plan.remove.push(name.into());
                // One header can carry several policies, separated by commas.
                let amended = policies.iter().flat_map(|value| value.split(',')).map(|one| {
                    let is_held = |address: &str| response_headers::held(address, facts).is_some();
                    let silent = csp::without_reports(one, is_held);
                    csp::amend(silent.as_deref().unwrap_or(one), facts.own)
                });
                plan.append.extend(amended.map(|value| (name.to_string(), value)));
            }
        }
    }
    plan
}

impl ResponsePlan {
    /// The answer's body is one that nobody else gets, and not the one that came.
    pub fn replace_body(&mut self) {
        self.remove.extend(ABOUT_THE_BYTES.map(String::from));
        self.remove.push("cache-control".into());
        self.append.push(("cache-control".into(), "private, no-store".into()));
    }

    /// The visitor's own browser may keep the answer, and nobody in between. Source: RFC 9111 section 5.2.2.7.
    pub fn keep_personal(&mut self, headers: &Headers) {
        let values =
            headers.iter().filter(|(name, _)| name == "cache-control").map(|(_, value)| value.as_str());
        let all: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
        let name = |directive: &str| directive.split('=').next().unwrap_or("").trim().to_ascii_lowercase();
        if all.iter().any(|directive| matches!(name(directive).as_str(), "private" | "no-store")) {
            return;
        }
        let is_shared = |directive: &&&str| matches!(name(directive).as_str(), "public" | "s-maxage" | "");
        let kept = all.iter().filter(|directive| !is_shared(directive)).copied();
        let value = std::iter::once("private").chain(kept).collect::<Vec<_>>().join(", ");
        self.remove.push("cache-control".into());
        self.append.push(("cache-control".into(), value));
    }
}

impl ResponseFacts<'_> {
    /// Every value of that header.
    pub(crate) fn values<'facts>(&'facts self, wanted: &'facts str) -> impl Iterator<Item = &'facts str> {
        self.headers.iter().filter(move |(name, _)| name == wanted).map(|(_, value)| value.as_str())
    }

    fn header<'facts>(&'facts self, wanted: &'facts str) -> Option<&'facts str> {
        self.values(wanted).next()
    }
}

/// What a browser takes an answer for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Html,
    /// HTML by its names, XML by its syntax.
    Xhtml,
    /// XML in which HTML or SVG may stand.
    Xml,
    /// HTML, if its first bytes look like it.
    Sniffed,
    /// HTML or XML: it says both.
    Either,
}

/// Source: MIME Sniffing section 4.6, "XML MIME type"; `text/xsl` is one to Chromium.
fn is_xml(essence: &str) -> bool {
    essence.ends_with("+xml") || matches!(essence, "text/xml" | "application/xml" | "text/xsl")
}

/// How it will be read; `None` for what is never read as a document.
fn reading_of(facts: &ResponseFacts) -> Option<Reading> {
    // What is saved to a file is not rendered, and must be the file. Source: RFC 6266.
    let is_saved = facts.header("content-disposition").is_some_and(|value| {
        value.trim_start().get(..10).is_some_and(|kind| kind.eq_ignore_ascii_case("attachment"))
    });
    if matches!(facts.destination, Destination::Asset | Destination::Source) || is_saved {
        return None;
    }
    let sniffed = facts.destination.is_document().then_some(Reading::Sniffed);
    // Of several types browsers take the last one they can read; whoever sends several may get any.
    // Source: Fetch standard, "extract a MIME type".
    let types: Vec<String> = facts
        .values("content-type")
        .flat_map(|value| value.split(','))
        .map(|one| one.split(';').next().unwrap_or("").trim().to_ascii_lowercase())
        .collect();
    let is = |wanted: &[&str]| types.iter().any(|essence| wanted.contains(&essence.as_str()));
    let (is_html, is_xhtml) = (is(&["text/html"]), is(&["application/xhtml+xml"]));
    let is_xml_document = facts.destination.is_document() && types.iter().any(|essence| is_xml(essence));
    match (is_html, is_xhtml, is_xml_document) {
        (true, _, true) => return Some(Reading::Either),
        (true, ..) => return Some(Reading::Html),
        (_, true, _) => return Some(Reading::Xhtml),
        (.., true) => return Some(Reading::Xml),
        _ => {}
    }
    // Source: MIME Sniffing section 7: these are sniffed as if there were no type.
    let is_unknown = is(&["unknown/unknown", "application/unknown", "*/*"]);
    let is_readable = |essence: &String| {
        essence.split_once('/').is_some_and(|(kind, rest)| !kind.is_empty() && !rest.is_empty())
    };
    if is_unknown || !types.iter().any(is_readable) { sniffed } else { None }
}

#[cfg(test)]
#[path = "response_tests.rs"]
mod tests;
