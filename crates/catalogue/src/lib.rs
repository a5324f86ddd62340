//! Which vendor an address, a cookie, a parameter or a storage key belongs to, and what it needs.
//!
//! What lives here: one data file per vendor (`vendors/`), the static tables generated from them
//! (`cargo xtask gen`), and matchers over those tables.
//! What never does: policy and decisions (`postern-policy`, `postern-consent`), URL parsing (the
//! caller has a parser: `url` at the edge, the browser in the page), regular expressions at run time.
#![no_std]

extern crate alloc;

mod generated;
mod matcher;
mod named;
mod pattern;
mod site;

pub use generated::{HOSTS, KEEP_COOKIES, SHAPES, VENDORS};
pub use matcher::{
    cookie_owner, database_owner, inline_owner, param_owner, shape_owner, storage_owner, url_owner, vendor,
};
pub use named::{Named, NamedVendor};
pub use site::{Catalogue, Changes, SiteVendor};

use postern_consent::{Category, CategorySet, Need};

/// How the vendor stands to the controller. Source: GDPR Art. 4(7), 26, 28.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Acts on the controller's instructions.
    Processor,
    /// Decides together with the controller.
    Joint,
    /// Decides for itself.
    Independent,
}

impl Role {
    /// The word used in policy files and texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Processor => "processor",
            Self::Joint => "joint",
            Self::Independent => "independent",
        }
    }
}

/// What is known of one vendor. Each fact's source stands in the data file.
#[derive(Clone, Copy, Debug)]
pub struct Vendor {
    /// Stable slug, the data file's name.
    pub id: &'static str,
    /// The product's name as people know it.
    pub name: &'static str,
    /// What must be granted before it may run; `necessary` for what everybody has granted.
    pub need: Need,
    /// Why it needs no consent, in a sentence or two; empty for all that need it.
    pub reason: &'static str,
    /// Does it count only where a site's policy lists it? Its matchers answer either way.
    pub is_optional: bool,
    /// How it stands to the controller.
    pub role: Role,
    /// The legal person.
    pub company: &'static str,
    /// ISO 3166-1 codes of where data goes, comma separated.
    pub country: &'static str,
    /// Its privacy notice.
    pub privacy_url: &'static str,
    /// More of its papers.
    pub links: Links,
    /// First-party cookie names, `*` for any run of characters.
    pub cookies: &'static [&'static str],
    /// Shapes of cookie values, for renamed cookies: their beginnings, `#` for a run of digits, `*` (once)
    /// for any run of characters.
    pub cookie_values: &'static [&'static str],
    /// Cookies on the vendor's own hosts: to be told to visitors, never matched, since a site may have
    /// one of the same name.
    pub third_party_cookies: &'static [&'static str],
    /// Days that cookies live as the vendor sets them, by name; 0 for less than one. Those not named are not known.
    pub lifetimes: &'static [(&'static str, u16)],
    /// URL parameters that identify a visitor or a click, `*` for any run of characters.
    pub params: &'static [&'static str],
    /// Keys in local and session storage, `*` for any run of characters.
    pub storage: &'static [&'static str],
    /// IndexedDB databases, `*` for any run of characters.
    pub databases: &'static [&'static str],
    /// Inline scripts that start it.
    pub inline: &'static [Snippet],
    /// Names its code puts on `window`.
    pub globals: &'static [&'static str],
    /// How the vendor's own consent API is called and what that does, in a sentence; empty if there is none.
    pub consent_api: &'static str,
    /// What is sent to it, told by shape wherever it is sent.
    pub payloads: &'static [Payload],
}

impl Vendor {
    /// Its cookies and the days each lives, where that is known: those with a lifetime first, then every other name
    /// or pattern: what is an example of one may not be all of it.
    pub fn told_cookies(&self) -> impl Iterator<Item = (&'static str, Option<u16>)> {
        let (lifetimes, cookies, others) = (self.lifetimes, self.cookies, self.third_party_cookies);
        let is_told = move |cookie: &str| lifetimes.iter().any(|(name, _)| *name == cookie);
        let rest = cookies.iter().chain(others).copied().filter(move |cookie| !is_told(cookie));
        lifetimes.iter().map(|(name, days)| (*name, Some(*days))).chain(rest.map(|cookie| (cookie, None)))
    }

    /// A vendor of whom nothing is known and whom nothing lets pass.
    #[must_use]
    pub const fn unknown() -> Self {
        Self {
            id: "",
            name: "",
            need: Need::any_of(CategorySet::EMPTY),
            reason: "",
            is_optional: false,
            role: Role::Independent,
            company: "",
            country: "",
            privacy_url: "",
            links: Links { privacy: "", dpa: "", disclosure: "" },
            cookies: &[],
            cookie_values: &[],
            third_party_cookies: &[],
            lifetimes: &[],
            params: &[],
            storage: &[],
            databases: &[],
            inline: &[],
            globals: &[],
            consent_api: "",
            payloads: &[],
        }
    }

    /// Does it only bring in others? Then it has no purpose of its own, and any category is enough for it.
    #[must_use]
    pub fn is_loader(&self) -> bool {
        self.need.categories().iter().count() > 1
    }

    /// Does it need no consent at all?
    #[must_use]
    pub fn is_necessary(&self) -> bool {
        self.need.is_met(CategorySet::NECESSARY)
    }

    /// The category under which it is shown: its own; for a loader the first of those it needs.
    #[must_use]
    pub fn shown_category(&self) -> Category {
        self.need.categories().iter().next().unwrap_or(Category::Necessary)
    }
}

/// Papers of a vendor beside its privacy notice; each empty if not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Links {
    /// A notice for this product alone.
    pub privacy: &'static str,
    /// The data processing agreement.
    pub dpa: &'static str,
    /// Its list of cookies and storage.
    pub disclosure: &'static str,
}

/// What is in an inline script of the vendor, and what is not. Case counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// All of these occur.
    pub all: &'static [&'static str],
    /// None of these does.
    pub none: &'static [&'static str],
}

/// Where a [`Payload`]'s fields stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadKind {
    /// In the query, or in a body that is written like one: a form, lines of hits.
    Query,
    /// In JSON, however wrapped.
    Json,
}

/// What a vendor's hit looks like, and what in it identifies somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload {
    /// Where its fields stand.
    pub kind: PayloadKind,
    /// What all must be there. Each is a list of alternatives parted by `|`: `name` or `name=value` where the
    /// kind says, `?name` or `?name=value` in the query, `/a/b` for the end of the path. In values `*` is
    /// any run of signs and `#` a digit. Names in JSON are paths `a.b`, through arrays; a number is a place in
    /// one. `.name` is a field of one event: such a payload tells no hit, only events inside of one, which go.
    pub marks: &'static [&'static str],
    /// Fields that identify somebody, `*` for any run of signs. In JSON keys at any depth; `a.b` is `b` in `a`.
    pub ids: &'static [&'static str],
    /// Fields that are addresses as a whole, whose parameters may identify.
    pub addresses: &'static [&'static str],
    /// Can it be made anonymous, so that nothing links two hits?
    pub cookieless: bool,
}

/// An address on a host of [`HOSTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UrlRule {
    /// Lower-case beginning of the path, `*` for any run of characters, `$` last for the path's end; empty
    /// for any.
    pub path: &'static str,
    /// Lower-case beginnings of `name=value`, all of which occur in the query; none for any.
    pub query: &'static [&'static str],
    /// Index into [`VENDORS`].
    pub vendor: usize,
}

impl UrlRule {
    /// Rules with more to say go first: query (0), then path (1), then bare host (2).
    #[must_use]
    pub fn tier(&self) -> u8 {
        match (self.query.is_empty(), self.path.is_empty()) {
            (false, _) => 0,
            (true, false) => 1,
            (true, true) => 2,
        }
    }
}

/// An address that is telling on any host: server containers, tag gateways, reverse proxies, collectors
/// that sites run themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Lower-case end of the path, from a `/` on, `*` for any run of characters.
    pub path: &'static str,
    /// Lower-case beginnings of `name=value`, all of which occur in the query; none for any.
    pub query: &'static [&'static str],
    /// Index into [`VENDORS`].
    pub vendor: usize,
}

/// Names and whose they are, as indices into [`VENDORS`].
#[derive(Debug)]
pub(crate) struct Names {
    /// Whole names, sorted.
    pub exact: &'static [(&'static str, usize)],
    /// Names with `*`.
    pub globs: &'static [(&'static str, usize)],
}
