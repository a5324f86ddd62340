//! Rules on values that are well formed and still may not stand. Each names its source.

use postern_consent::Category;

use crate::cause::Cause;
use crate::legal::LegalProfile;
use crate::section::{Report, Section};
use crate::vendor::{Role, Transfer, Vendor};

/// Words that read silence as consent, in the languages most sites of the Union are in. Source: standards.md
/// requirement 35, S2.6; EDPB 05/2020 par. 86.
const DEEMED: [&str; 16] = [
    "deemed to have accepted",
    "deemed to accept",
    "by continuing",
    "if you continue",
    "by using this website you agree",
    "by using this site you agree",
    "durch die weitere nutzung",
    "wenn sie fortfahren",
    "en poursuivant",
    "en continuant",
    "al continuar",
    "si continúa",
    "continuando",
    "proseguendo",
    "door verder te gaan",
    "συνεχίζοντας",
];

/// Words that push, and the name of what they do. Source: EDPB Guidelines 03/2022, "stirring: emotional steering".
const PUSHES: [(&str, &str); 26] = [
    ("miss out", EMOTION),
    ("don't miss", EMOTION),
    ("we'd hate", EMOTION),
    ("sorry to see you", EMOTION),
    ("please help us", EMOTION),
    ("support us", EMOTION),
    ("best experience", EMOTION),
    ("best possible experience", EMOTION),
    ("better experience", EMOTION),
    ("we love cookies", EMOTION),
    ("yummy", EMOTION),
    ("delicious", EMOTION),
    ("we value your privacy", EMOTION),
    ("we care about your privacy", EMOTION),
    ("das beste erlebnis", EMOTION),
    ("bestmögliches erlebnis", EMOTION),
    ("meilleure expérience", EMOTION),
    ("mejor experiencia", EMOTION),
    ("migliore esperienza", EMOTION),
    ("beste ervaring", EMOTION),
    ("free gift", OFFER),
    ("get a voucher", OFFER),
    ("get a discount", OFFER),
    ("last chance", TIME),
    ("hurry", TIME),
    ("seconds left", TIME),
];
const EMOTION: &str = "EDPB 03/2022: emotional steering";
const OFFER: &str = "EDPB 03/2022: emotional steering by an offer";
const TIME: &str = "EDPB 03/2022: emotional steering by lack of time";

/// How much longer one of two buttons may be said: twice, and a word of six signs more.
const LIKE_SIGNS_MAX: usize = 6;

/// Refuses a text that reads silence as consent, or that pushes.
pub(crate) fn lint_text(section: &Section<'_>, report: &mut Report<'_>, key: &str, text: &str) {
    let plain = text.to_lowercase().replace(['\u{2019}', '\u{2bc}'], "'");
    let is_part = |sign: char| sign.is_alphanumeric() || sign == '\'';
    let words: Vec<&str> = plain.split(|sign| !is_part(sign)).filter(|word| !word.is_empty()).collect();
    let words = format!(" {} ", words.join(" "));
    let says = |phrase: &&str| words.contains(&format!(" {phrase} "));
    for phrase in DEEMED.into_iter().filter(|phrase| says(phrase)) {
        section.refuse(report, key, Cause::DeemedConsent(phrase));
    }
    for (phrase, pattern) in PUSHES.into_iter().filter(|(phrase, _)| says(phrase)) {
        section.refuse(report, key, Cause::Pushes { phrase, pattern });
    }
}

/// Accept and reject are twins: neither says what the other says, and neither is said at much greater length.
pub(crate) fn lint_twins(section: &Section<'_>, report: &mut Report<'_>, accept: &str, reject: &str) {
    let (long, short) = (accept.chars().count(), reject.chars().count());
    let key = ["reject", "accept"].into_iter().find(|key| section.says(key)).unwrap_or("");
    if accept.to_lowercase() == reject.to_lowercase() {
        section.refuse(report, key, Cause::SameButtons);
    } else if long.max(short) > long.min(short) * 2 + LIKE_SIGNS_MAX {
        section.warn(report, key, Cause::UnlikeButtons { accept: long, reject: short });
    }
}

/// What a vendor is judged against.
pub(crate) struct Surroundings<'a> {
    /// The legal profile, where the file names one that exists.
    pub(crate) legal: Option<&'a LegalProfile>,
    /// The catalogue's category, where it knows the vendor.
    pub(crate) catalogued: Option<Category>,
    /// The hosts of the site, as far as the file names them.
    pub(crate) site_hosts: &'a [String],
}

/// Checks one enabled vendor against the legal profile, the catalogue and the site.
pub(crate) fn lint_vendor(
    section: &Section<'_>,
    report: &mut Report<'_>,
    vendor: &Vendor,
    surroundings: &Surroundings<'_>,
) {
    lint_category(section, report, vendor, surroundings.catalogued);
    lint_hosts(section, report, vendor, surroundings);
    lint_law(section, report, vendor, surroundings.legal);
    if vendor.is_cookieless {
        section.warn(report, "cookieless", Cause::Cookieless);
    }
    if !vendor.is_known && vendor.hosts.is_empty() && vendor.paths.is_empty() && vendor.cookies.is_empty() {
        section.warn(report, "", Cause::NotInCatalogue);
    }
}

/// A vendor's host is never the site's, and PostHog's is in the EU where the law is the EU's.
/// Source: standards.md S0.4, requirement 18.
fn lint_hosts(
    section: &Section<'_>,
    report: &mut Report<'_>,
    vendor: &Vendor,
    surroundings: &Surroundings<'_>,
) {
    for address in &vendor.hosts {
        let key = if vendor.host.as_ref() == Some(address) { "host" } else { "hosts" };
        let host = address.split('/').next().unwrap_or_default();
        if surroundings.site_hosts.iter().any(|own| own == host || own.ends_with(&format!(".{host}"))) {
            section.refuse(report, key, Cause::OwnHost(address.clone()));
        }
        let bound = surroundings.legal.filter(|legal| legal.region.is_host_bound());
        if let Some(legal) = bound.filter(|_| vendor.id == "posthog" && !is_eu_posthog(host)) {
            let cause = Cause::PosthogRegion { host: host.to_owned(), profile: legal.name.clone() };
            section.refuse(report, key, cause);
        }
    }
}

/// Shortest reason why a vendor needs no consent, signs: less is a word, not a reason.
const REASON_CHARS_MIN: usize = 40;

/// Nobody's word makes a tracker necessary, and Meta is advertising whatever it is called.
/// Source: standards.md S0.5, requirements 7 and 14; ePrivacy Directive Art. 5(3).
fn lint_category(
    section: &Section<'_>,
    report: &mut Report<'_>,
    vendor: &Vendor,
    catalogued: Option<Category>,
) {
    let is_necessary = vendor.category == Category::Necessary;
    if vendor.id.starts_with("meta-") && vendor.category != Category::Marketing {
        section.refuse(report, "category", Cause::MetaCategory(vendor.category.name()));
    } else if let Some(category) =
        catalogued.filter(|category| is_necessary && *category != Category::Necessary)
    {
        section.refuse(report, "category", Cause::TrackerNecessary(category.name()));
    } else if is_necessary && catalogued.is_none() && vendor.reason.is_none() {
        section.refuse(report, "reason", Cause::ReasonMissing(REASON_CHARS_MIN));
    }
    if let Some(length) = vendor.reason.as_ref().map(|reason| reason.chars().count())
        && length < REASON_CHARS_MIN
    {
        section.refuse(report, "reason", Cause::ReasonTooShort { length, min: REASON_CHARS_MIN });
    }
}

/// What the legal profile asks of a vendor: safeguards and papers.
fn lint_law(section: &Section<'_>, report: &mut Report<'_>, vendor: &Vendor, legal: Option<&LegalProfile>) {
    let is_elsewhere = vendor.country.as_deref().is_some_and(|country| !is_home(country));
    if let Some(legal) = legal.filter(|legal| legal.region.is_transfer_bound())
        && let Some(country) =
            vendor.country.as_deref().filter(|_| is_elsewhere && vendor.transfer == Some(Transfer::None))
    {
        let cause = Cause::NoSafeguard { country: country.to_owned(), profile: legal.name.clone() };
        section.refuse(report, "transfer", cause);
    }
    if vendor.role == Some(Role::Processor) && vendor.dpa_url.is_none() {
        section.warn(report, "dpa_url", Cause::DpaMissing);
    }
    if vendor.country.is_none() {
        section.warn(report, "country", Cause::TransferMissing);
    } else if is_elsewhere && vendor.transfer.is_none() {
        section.warn(report, "transfer", Cause::TransferMissing);
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
