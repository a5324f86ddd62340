//! Rules on values that are well formed and still may not stand. Each names its source.

use postern_consent::Category;

use crate::error::Cause;
use crate::legal::LegalProfile;
use crate::policy::{Role, Transfer, Vendor};
use crate::section::{Report, Section};

/// Words that read silence as consent. Source: standards.md requirement 35, S2.6; EDPB 05/2020.
const DEEMED: [&str; 4] =
    ["deemed to have accepted", "deemed to accept", "by continuing", "by using this website you agree"];

/// Refuses a text that reads silence as consent.
pub(crate) fn lint_text(section: &Section<'_>, report: &mut Report<'_>, key: &str, text: &str) {
    let words = text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ");
    for phrase in DEEMED.into_iter().filter(|phrase| words.contains(phrase)) {
        section.refuse(report, key, Cause::DeemedConsent(phrase));
    }
}

/// Checks one enabled vendor against the legal profile.
pub(crate) fn lint_vendor(
    section: &Section<'_>,
    report: &mut Report<'_>,
    vendor: &Vendor,
    legal: Option<&LegalProfile>,
) {
    if vendor.id == "meta-pixel" && vendor.category != Category::Marketing {
        section.refuse(report, "category", Cause::MetaPixelCategory(vendor.category.name()));
    }
    let is_elsewhere = vendor.country.as_deref().is_some_and(|country| !is_home(country));
    if let Some(legal) = legal.filter(|legal| legal.region.is_transfer_bound()) {
        if let Some(host) = vendor
            .host
            .as_deref()
            .filter(|host| legal.region.is_host_bound() && vendor.id == "posthog" && !is_eu_posthog(host))
        {
            let cause = Cause::PosthogRegion { host: host.to_owned(), profile: legal.name.clone() };
            section.refuse(report, "host", cause);
        }
        if let Some(country) =
            vendor.country.as_deref().filter(|_| is_elsewhere && vendor.transfer == Some(Transfer::None))
        {
            let cause = Cause::NoSafeguard { country: country.to_owned(), profile: legal.name.clone() };
            section.refuse(report, "transfer", cause);
        }
    }
    if vendor.role == Some(Role::Processor) && vendor.dpa_url.is_none() {
        section.warn(report, "dpa_url", Cause::DpaMissing);
    }
    if vendor.country.is_none() {
        section.warn(report, "country", Cause::TransferMissing);
    } else if is_elsewhere && vendor.transfer.is_none() {
        section.warn(report, "transfer", Cause::TransferMissing);
    }
    if !vendor.is_known {
        section.warn(report, "", Cause::NotInCatalogue);
    }
}

/// PostHog's own hosts begin with `eu`; any other host is the site's own. Source: trackers.md, posthog.com
/// docs (EU cloud `eu.i.posthog.com`, US cloud `us.i.posthog.com`, `app.posthog.com`).
fn is_eu_posthog(host: &str) -> bool {
    let is_posthog = host == "posthog.com" || host.ends_with(".posthog.com");
    !is_posthog || host.starts_with("eu.") || host.starts_with("eu-")
}

/// Countries data may go to with no safeguard: the EEA, and the United Kingdom, which the EU finds
/// adequate and which finds the EEA adequate. Source: GDPR Art. 44, 45.
fn is_home(country: &str) -> bool {
    const HOME: &str =
        "AT BE BG CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK";
    HOME.split(' ').any(|home| home == country)
}
