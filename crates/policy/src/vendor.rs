//! `[vendors]`: who the site lets in, what of theirs is held, and what it says of each.
//!
//! Vendor facts are not here: they arrive as [`KnownVendor`]s.

use postern_consent::{Category, CategorySet, VendorSet};

use crate::cause::Cause;
use crate::legal::LegalProfile;
use crate::lint::{Surroundings, lint_vendor};
use crate::parse::CATEGORY_WORDS;
use crate::section::{Report, Section};
use crate::value::{
    is_country, is_host, is_key_pattern, is_name_pattern, is_own_path, is_slug, is_url, is_vendor_address,
    is_vendor_path, nearest,
};

/// A vendor of the catalogue: id, its category, its name.
pub type KnownVendor<'a> = (&'a str, Category, &'a str);

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
    /// Addresses that are the vendor's beside the catalogue's, [`Self::host`] first: a host whose subdomains
    /// count too, with a beginning of the path if wanted (`"cdn.example.com/tracker/"`).
    pub hosts: Vec<String>,
    /// Beginnings of paths on the site's own host that lead to the vendor (`"/ingest/"`).
    pub paths: Vec<String>,
    /// Cookie names beside the catalogue's, `*` for any run of signs.
    pub cookies: Vec<String>,
    /// URL parameters beside the catalogue's, `*` for any run of signs.
    pub params: Vec<String>,
    /// Keys of local and session storage beside the catalogue's, `*` for any run of signs.
    pub storage: Vec<String>,
    /// May it be sent, without a grant, what is left when its identifiers are removed? The address of the
    /// visitor still reaches it. Source: EDPB Guidelines 2/2023 par. 50-51; trackers.md, finding 2.
    pub is_cookieless: bool,
    /// Why it needs no consent, where the site says so; 40 signs or more. Source: standards.md requirement 14.
    pub reason: Option<String>,
}

/// The vendors that are enabled, by id. Disabled ones are checked and left out.
pub(crate) fn read_vendors(
    vendors: &Section<'_>,
    report: &mut Report<'_>,
    known: &[KnownVendor<'_>],
    offered: CategorySet,
    site_hosts: &[String],
    legal: Option<&LegalProfile>,
) -> Vec<Vendor> {
    let mut list = Vec::new();
    for (id, mut entry) in vendors.entries(report) {
        if !is_slug(&id) {
            entry.refuse(report, "", Cause::Slug(id.clone()));
        }
        let enabled = entry.boolean(report, "enabled").unwrap_or(true);
        let found = known.iter().find(|(known_id, ..)| *known_id == id);
        let catalogued = found.map(|(_, category, _)| *category);
        let vendor = read_vendor(&mut entry, report, id, known);
        if let Some(vendor) = vendor.filter(|_| enabled) {
            if vendor.category != Category::Necessary && !offered.contains(vendor.category) {
                entry.refuse(report, "category", Cause::CategoryNotOffered(vendor.category.name()));
            }
            let surroundings = Surroundings { legal, catalogued, site_hosts };
            lint_vendor(&entry, report, &vendor, &surroundings);
            list.push(vendor);
        }
        entry.close(report);
    }
    if list.len() > VendorSet::VENDORS_MAX {
        let cause = Cause::TooManyVendors { found: list.len(), max: VendorSet::VENDORS_MAX };
        vendors.refuse(report, "", cause);
    }
    list
}

fn read_vendor(
    entry: &mut Section<'_>,
    report: &mut Report<'_>,
    id: String,
    known: &[KnownVendor<'_>],
) -> Option<Vendor> {
    let name = entry.text(report, "name");
    let role = entry.word(report, "role", "role", &Role::WORDS);
    let country = entry.text(report, "country");
    entry.check(report, "country", country.as_deref().unwrap_or(""), is_country, Cause::Country);
    let transfer = entry.word(report, "transfer", "safeguard", &Transfer::WORDS);
    let privacy_url = entry.text(report, "privacy_url");
    entry.check(report, "privacy_url", privacy_url.as_deref().unwrap_or(""), is_url, Cause::Url);
    let dpa_url = entry.text(report, "dpa_url");
    entry.check(report, "dpa_url", dpa_url.as_deref().unwrap_or(""), is_url, Cause::Url);
    let is_category_given = entry.has("category");
    let category = entry.word(report, "category", "category", &CATEGORY_WORDS);
    let host = entry.text(report, "host");
    entry.check(report, "host", host.as_deref().unwrap_or(""), is_host, Cause::Host);
    let reach = read_reach(entry, report, host.as_deref());
    let is_cookieless = entry.boolean(report, "cookieless").unwrap_or(false);
    let reason = entry.text(report, "reason");
    let found = known.iter().find(|(known_id, ..)| *known_id == id);
    let name = name.or_else(|| found.map(|(.., name)| (*name).to_owned()));
    // A category that was given and refused is not replaced by the catalogue's: the file is wrong.
    let category = if is_category_given { category } else { found.map(|(_, category, _)| *category) };
    if found.is_none() && (name.is_none() || !is_category_given) {
        let nearest = nearest(&id, known.iter().map(|(id, ..)| *id)).map(str::to_owned);
        entry.refuse(report, "", Cause::UnknownVendor(nearest));
    }
    Some(Vendor {
        name: name?,
        category: category?,
        is_known: found.is_some(),
        id,
        role,
        country,
        transfer,
        privacy_url,
        dpa_url,
        host,
        hosts: reach.hosts,
        paths: reach.paths,
        cookies: reach.cookies,
        params: reach.params,
        storage: reach.storage,
        is_cookieless,
        reason,
    })
}

/// What of a vendor's the site names: where it is reached and what it leaves.
struct Reach {
    hosts: Vec<String>,
    paths: Vec<String>,
    cookies: Vec<String>,
    params: Vec<String>,
    storage: Vec<String>,
}

fn read_reach(entry: &mut Section<'_>, report: &mut Report<'_>, endpoint: Option<&str>) -> Reach {
    let named = entry.list(report, "hosts");
    entry.check_all(report, "hosts", &named, is_vendor_address, Cause::VendorAddress);
    let paths = entry.list(report, "paths");
    entry.check_all(report, "paths", &paths, is_vendor_path, Cause::VendorPath);
    entry.check_all(report, "paths", &paths, |path| !is_own_path(path), Cause::OwnPath);
    let [cookies, params] = ["cookies", "params"].map(|key| {
        let names = entry.list(report, key);
        entry.check_all(report, key, &names, is_name_pattern, Cause::Pattern);
        names
    });
    let storage = entry.list(report, "storage");
    entry.check_all(report, "storage", &storage, is_key_pattern, Cause::Pattern);
    let mut hosts: Vec<String> = endpoint.map(str::to_owned).into_iter().collect();
    hosts.extend(named.into_iter().filter(|host| Some(host.as_str()) != endpoint));
    Reach { hosts, paths, cookies, params, storage }
}
