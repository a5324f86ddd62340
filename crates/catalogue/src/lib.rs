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
mod site;

pub use generated::{URL_RULES, VENDORS};
pub use matcher::{cookie_owner, inline_owner, param_owner, shape_owner, storage_owner, url_owner, vendor};
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
    /// What must be granted before it may run.
    pub need: Need,
    /// How it stands to the controller.
    pub role: Role,
    /// The legal person.
    pub company: &'static str,
    /// ISO 3166-1 codes of where data goes, comma separated.
    pub country: &'static str,
    /// Its privacy notice.
    pub privacy_url: &'static str,
    /// Cookie names, `*` for any run of characters.
    pub cookies: &'static [&'static str],
    /// Beginnings of cookie values, for renamed cookies.
    pub cookie_values: &'static [&'static str],
    /// URL parameters that identify a visitor or a click.
    pub params: &'static [&'static str],
    /// Keys in local and session storage, `*` for any run of characters.
    pub storage: &'static [&'static str],
    /// Does it count only where a policy lists it?
    pub is_optional: bool,
}

impl Vendor {
    /// A vendor of whom nothing is known and whom nothing lets pass.
    #[must_use]
    pub const fn unknown(id: &'static str, name: &'static str) -> Self {
        Self {
            id,
            name,
            need: Need::any_of(CategorySet::EMPTY),
            role: Role::Independent,
            company: "",
            country: "",
            privacy_url: "",
            cookies: &[],
            cookie_values: &[],
            params: &[],
            storage: &[],
            is_optional: false,
        }
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

/// One URL pattern.
#[derive(Debug)]
pub struct UrlRule {
    /// Lower-case host; its subdomains match too.
    pub host: &'static str,
    /// Lower-case beginning of the path, `*` for any run of characters; empty for any.
    pub path: &'static str,
    /// Beginning of one lower-case `name=value` of the query; empty for any.
    pub query: &'static str,
    /// Index into [`VENDORS`].
    pub vendor: usize,
}
