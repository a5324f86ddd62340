//! What a policy file means once it is parsed. No value here can be wrong: only `parse` makes one.

use postern_consent::{Category, CategorySet, Profile};

use crate::error::Issue;
use crate::legal::LegalProfile;
use crate::texts::Texts;

/// A vendor of the catalogue: id, its category, its name.
pub type KnownVendor<'a> = (&'a str, Category, &'a str);

/// A site's policy. Source of each key: `postern.toml` at the root of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// `[site]`
    pub site: Site,
    /// `[controller]`
    pub controller: Controller,
    /// `[notice]`
    pub notice: Notice,
    /// `[profile]`
    pub rules: Rules,
    /// `[categories]` that are asked for, in display order. Never the necessary, never empty.
    pub purposes: Vec<Purpose>,
    /// `[vendors]` that are enabled, by id.
    pub vendors: Vec<Vendor>,
    /// `[banner]`
    pub banner: Banner,
    /// The words shown: built-in ones with `[texts]` over them.
    pub texts: Texts,
    pub(crate) warnings: Vec<Issue>,
}

/// The site.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Site {
    /// Slug that names the site in storage.
    pub id: String,
    /// Scheme, host and port of what the Worker stands before.
    pub origin: Option<String>,
    /// Hosts the policy covers; empty means: the host of the request.
    pub hosts: Vec<String>,
    /// Language of the texts, BCP 47.
    pub language: String,
}

/// Who is responsible. Source: GDPR Art. 13(1)(a).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Controller {
    /// Name shown in layer 1.
    pub name: String,
    /// Postal address.
    pub address: String,
    /// Mail address or URL.
    pub contact: String,
    /// Where to complain.
    pub authority: Authority,
}

/// A supervisory authority. Source: GDPR Art. 13(2)(d).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authority {
    /// Its name.
    pub name: String,
    /// Its page for complaints.
    pub url: String,
}

/// The cookie notice.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notice {
    /// A path of the site or a full URL.
    pub url: String,
    /// Version as the site names it.
    pub version: String,
    /// Last change, `YYYY-MM-DD`.
    pub updated: String,
}

/// The legal profile and the site's own numbers within it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rules {
    /// The built-in profile.
    pub legal: LegalProfile,
    /// How long a grant lasts, days.
    pub grant_days: u32,
    /// How long a refusal is remembered, days.
    pub refusal_days: u32,
    /// Does `DNT: 1` deny?
    pub is_dnt_denial: bool,
}

/// A category the site asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Purpose {
    /// Which category.
    pub category: Category,
    /// Short title, as layer 1 lists it.
    pub title: String,
    /// The purposes in plain words.
    pub text: String,
}

/// What a vendor is in law. Source: GDPR Art. 26, 28; standards.md S0.20.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Works on the controller's behalf.
    Processor,
    /// Decides with the controller.
    Joint,
    /// Decides on its own.
    Independent,
}

impl Role {
    pub(crate) const WORDS: [(&'static str, Self); 3] =
        [("processor", Self::Processor), ("joint", Self::Joint), ("independent", Self::Independent)];

    /// The word in the file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Processor => "processor",
            Self::Joint => "joint",
            Self::Independent => "independent",
        }
    }
}

/// What makes a transfer lawful. Source: standards.md S0.19.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// Adequacy decision.
    Adequacy,
    /// EU-US Data Privacy Framework.
    Dpf,
    /// EU standard contractual clauses.
    Scc,
    /// UK international data transfer agreement.
    Idta,
    /// Nothing.
    None,
}

impl Transfer {
    pub(crate) const WORDS: [(&'static str, Self); 5] = [
        ("adequacy", Self::Adequacy),
        ("DPF", Self::Dpf),
        ("SCC", Self::Scc),
        ("IDTA", Self::Idta),
        ("none", Self::None),
    ];

    /// The word in the file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Adequacy => "adequacy",
            Self::Dpf => "DPF",
            Self::Scc => "SCC",
            Self::Idta => "IDTA",
            Self::None => "none",
        }
    }
}

/// A vendor the site uses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Vendor {
    /// Slug, the catalogue's where it knows the vendor.
    pub id: String,
    /// Name shown.
    pub name: String,
    /// What must be granted.
    pub category: Category,
    /// Does the catalogue know it, so that it is held?
    pub is_known: bool,
    /// What it is in law.
    pub role: Option<Role>,
    /// Where data goes, ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Under what safeguard.
    pub transfer: Option<Transfer>,
    /// Its privacy policy.
    pub privacy_url: Option<String>,
    /// The data processing agreement.
    pub dpa_url: Option<String>,
    /// Its endpoint, where the site chooses one.
    pub host: Option<String>,
}

/// How layer 1 stands on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Along the lower edge.
    Bar,
    /// In the lower corner.
    Box,
}

/// How the settings are reached again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reopen {
    /// A button of ours on every page.
    Button,
    /// The site links to `/_postern/consent` itself.
    OwnLink,
}

/// Looks, which nobody consents to: not part of the tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Banner {
    /// Where layer 1 stands.
    pub layout: Layout,
    /// How settings are reached again.
    pub reopen: Reopen,
}

const MINUTES_PER_DAY: u32 = 24 * 60;

impl Policy {
    /// What the site asks for.
    #[must_use]
    pub fn offered(&self) -> CategorySet {
        self.purposes.iter().map(|purpose| purpose.category).collect()
    }

    /// The numbers `decide` works with. Days are at most 400, so minutes fit.
    #[must_use]
    pub fn profile(&self) -> Profile {
        Profile {
            offered: self.offered(),
            grant_ttl_minutes: self.rules.grant_days.saturating_mul(MINUTES_PER_DAY),
            refusal_ttl_minutes: self.rules.refusal_days.saturating_mul(MINUTES_PER_DAY),
            is_dnt_denial: self.rules.is_dnt_denial,
            policy: self.tag(),
        }
    }

    /// The purpose of that category, if it is asked for.
    #[must_use]
    pub fn purpose(&self, category: Category) -> Option<&Purpose> {
        self.purposes.iter().find(|purpose| purpose.category == category)
    }

    /// The vendors the site uses, by id.
    #[must_use]
    pub fn vendors(&self) -> &[Vendor] {
        &self.vendors
    }

    /// The vendors of one category, by id.
    pub fn vendors_of(&self, category: Category) -> impl Iterator<Item = &Vendor> {
        self.vendors.iter().filter(move |vendor| vendor.category == category)
    }

    /// What is lawful to run but should be mended, in the order of the lines.
    #[must_use]
    pub fn warnings(&self) -> &[Issue] {
        &self.warnings
    }

    /// `"rtl"` or `"ltr"`, by the language of the texts.
    #[must_use]
    pub fn direction(&self) -> &'static str {
        let primary = self.site.language.split('-').next().unwrap_or_default();
        if matches!(primary, "ar" | "dv" | "fa" | "he" | "ps" | "ur" | "yi") { "rtl" } else { "ltr" }
    }
}
