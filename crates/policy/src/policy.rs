//! What a policy file means once it is parsed. No value here can be wrong: only `parse` makes one.

use postern_consent::{Category, CategorySet, PolicyTag};

use crate::error::Issue;
use crate::experiment::Experiment;
use crate::figures::Figures;
use crate::language::Language;
use crate::options::{ConsentMode, Edge, Receipts};
use crate::rules::Rules;
use crate::theme::Theme;
use crate::vendor::Vendor;

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
    /// `[categories]` that are asked for, in display order and in the words of the site's own language. Never the
    /// necessary, never empty.
    pub purposes: Vec<Purpose>,
    /// `[vendors]` that are enabled, by id.
    pub vendors: Vec<Vendor>,
    /// `[banner]`
    pub banner: Banner,
    /// `[edge]`
    pub edge: Edge,
    /// `[consent_mode]`
    pub consent_mode: ConsentMode,
    /// `[receipts]`
    pub receipts: Receipts,
    /// `[figures]`
    pub figures: Figures,
    /// `[experiment]`
    pub experiment: Option<Experiment>,
    pub(crate) own_language: Language,
    pub(crate) other_languages: Vec<Language>,
    pub(crate) warnings: Vec<Issue>,
    /// Made once: every request asks for it, and it is a hash over all that is asked in every language.
    pub(crate) tag: PolicyTag,
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
    /// The site's own language, BCP 47.
    pub language: String,
    /// The languages visitors may be shown, as the file lists them; empty means: all there are texts for.
    pub languages: Vec<String>,
    /// Origins of sites that are not behind the Worker and carry its script: no other may use it.
    pub drop_in: Vec<String>,
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
    /// A change that is announced. It never changes a consent.
    pub change: Option<Change>,
}

/// An announced change of the notice.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The day from which it applies, `YYYY-MM-DD`.
    pub from: String,
    /// The first day it is announced: the same, days since 1970-01-01.
    pub first_day: u32,
    /// The last day it is announced, days since 1970-01-01; 30 days with the first at least.
    pub last_day: u32,
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

/// How layer 1 stands on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Along the lower edge.
    Bar,
    /// In the lower corner.
    Box,
    /// In the middle; the page around it stays usable.
    Centre,
}

impl Layout {
    pub(crate) const WORDS: [(&'static str, Self); 3] =
        [("bar", Self::Bar), ("box", Self::Box), ("centre", Self::Centre)];

    /// The word in the file and in the markup.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bar => "bar",
            Self::Box => "box",
            Self::Centre => "centre",
        }
    }
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
    /// Colours, corners and type.
    pub theme: Theme,
}

impl Policy {
    /// What the site asks for.
    #[must_use]
    pub fn offered(&self) -> CategorySet {
        self.purposes.iter().map(|purpose| purpose.category).collect()
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

    /// The change that is announced on that day, days since 1970-01-01.
    #[must_use]
    pub fn change_on(&self, day: u32) -> Option<&Change> {
        self.notice.change.as_ref().filter(|change| (change.first_day..=change.last_day).contains(&day))
    }

    /// The place of a vendor among them, as a [`VendorSet`](postern_consent::VendorSet) has it.
    #[must_use]
    pub fn place_of(&self, id: &str) -> Option<usize> {
        self.vendors.iter().position(|vendor| vendor.id == id)
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
}
