//! `[profile]`: under which law the site asks, and its own numbers within it, for each visitor.

use postern_consent::Profile;

use crate::cause::Cause;
use crate::legal::{COOKIE_DAYS_MAX, LegalProfile, legal_profile, legal_profile_names, placed, profiles};
use crate::policy::Policy;
use crate::section::{Report, Section};

/// `[profile] name` of a site whose visitors are each under the law of their country.
pub const BY_COUNTRY: &str = "by-country";

const MINUTES_PER_DAY: u32 = 24 * 60;

/// The legal profile and the site's own numbers within it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rules {
    /// As written: a legal profile's name or [`BY_COUNTRY`].
    pub name: String,
    /// The legal profile of that name; by country the strictest mix, which binds who cannot be placed.
    pub legal: LegalProfile,
    /// How long a grant lasts under [`Self::legal`], days.
    pub grant_days: u32,
    /// How long a refusal is remembered under [`Self::legal`], days.
    pub refusal_days: u32,
    /// Does `DNT: 1` deny?
    pub is_dnt_denial: bool,
    site_grant_days: Option<u32>,
    site_refusal_days: Option<u32>,
}

impl Rules {
    /// Is each visitor under the law of their country?
    #[must_use]
    pub fn is_by_country(&self) -> bool {
        self.name == BY_COUNTRY
    }

    /// How long a grant and a refusal last under that profile, days: the site's numbers, moved into what
    /// the profile and browsers allow.
    #[must_use]
    pub fn days_under(&self, legal: &LegalProfile) -> (u32, u32) {
        let grant = self.site_grant_days.unwrap_or(legal.grant_days_default);
        let refusal = self.site_refusal_days.unwrap_or(legal.refusal_days_min);
        (
            grant.min(legal.grant_days_max).min(COOKIE_DAYS_MAX),
            refusal.max(legal.refusal_days_min).min(COOKIE_DAYS_MAX),
        )
    }

    /// Every profile a visitor of this site can be under.
    pub(crate) fn all_legal(&self) -> impl Iterator<Item = &LegalProfile> {
        let others = profiles().filter(|_| self.is_by_country()).map(|legal: &LegalProfile| legal);
        std::iter::once(&self.legal).chain(others)
    }
}

impl Policy {
    /// The numbers `decide` works with where nobody knows the visitor's country. Days are at most 400, so
    /// minutes fit.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.profile_under(&self.rules.legal)
    }

    /// The numbers `decide` works with for a visitor from there. The tag is the same everywhere: what is
    /// asked does not depend on the country.
    ///
    /// `country` (ISO 3166-1 alpha-2) and `region` (ISO 3166-2 without the country) must be the platform's
    /// own finding; see [`legal_profile_for`](crate::legal_profile_for).
    #[must_use]
    pub fn profile_for(&self, country: Option<&str>, region: Option<&str>) -> Profile {
        self.profile_under(self.legal_at(country, region))
    }

    /// The legal profile of a visitor from there; the named one where the site names one.
    #[must_use]
    pub fn legal_for(&self, country: Option<&str>, region: Option<&str>) -> LegalProfile {
        self.legal_at(country, region).clone()
    }

    fn legal_at(&self, country: Option<&str>, region: Option<&str>) -> &LegalProfile {
        if self.rules.is_by_country() { placed(country, region) } else { &self.rules.legal }
    }

    /// The numbers under the legal regime of that name, as receipts carry it; `None` if this policy has none of it.
    #[must_use]
    pub fn profile_named(&self, name: &str) -> Option<Profile> {
        let nowhere = placed(None, None);
        let legal =
            self.rules.all_legal().chain(std::iter::once(nowhere)).find(|legal| legal.name == name)?;
        Some(self.profile_under(legal))
    }

    fn profile_under(&self, legal: &LegalProfile) -> Profile {
        let (grant_days, refusal_days) = self.rules.days_under(legal);
        Profile {
            offered: self.offered(),
            grant_ttl_minutes: grant_days.saturating_mul(MINUTES_PER_DAY),
            refusal_ttl_minutes: refusal_days.saturating_mul(MINUTES_PER_DAY),
            is_dnt_denial: self.rules.is_dnt_denial || legal.honours_every_signal,
            policy: self.tag(),
        }
    }
}

/// `None` where the profile's name is missing or unknown: no number can be checked then.
pub(crate) fn read_rules(mut profile: Section<'_>, report: &mut Report<'_>) -> Option<Rules> {
    let name = profile.required(report, "name", "a legal profile, as in name = \"EU\"");
    let grant_days = profile.days(report, "grant_days");
    let refusal_days = profile.days(report, "refusal_days");
    let dnt = profile.word(report, "dnt", "rule", &[("deny", true), ("ignore", false)]);
    let is_by_country = name == BY_COUNTRY;
    let legal = if is_by_country { Some(placed(None, None).clone()) } else { legal_profile(&name) };
    let Some(legal) = legal else {
        if !name.is_empty() {
            let allowed = legal_profile_names().into_iter().chain([BY_COUNTRY]).collect();
            profile.refuse(report, "name", Cause::UnknownWord { what: "profile", found: name, allowed });
        }
        profile.close(report);
        return None;
    };
    if let Some(days) = grant_days {
        check_grant(&profile, report, days, (!is_by_country).then_some(&legal));
    }
    if let Some(days) = refusal_days {
        check_refusal(&profile, report, days, (!is_by_country).then_some(&legal));
    }
    profile.close(report);
    let mut rules = Rules {
        name,
        grant_days: 0,
        refusal_days: 0,
        is_dnt_denial: dnt.unwrap_or(true),
        site_grant_days: grant_days,
        site_refusal_days: refusal_days,
        legal,
    };
    (rules.grant_days, rules.refusal_days) = rules.days_under(&rules.legal);
    Some(rules)
}

/// Against the named profile; by country a number that some profile does not allow is moved there.
fn check_grant(profile: &Section<'_>, report: &mut Report<'_>, days: u32, legal: Option<&LegalProfile>) {
    if let Some(legal) = legal.filter(|legal| days > legal.grant_days_max) {
        let cause = Cause::GrantTooLong {
            days,
            max: legal.grant_days_max,
            profile: legal.name.clone(),
            source_text: legal.grant_source.clone(),
        };
        profile.refuse(report, "grant_days", cause);
    } else if days > COOKIE_DAYS_MAX {
        profile.refuse(report, "grant_days", Cause::LongerThanCookie { days, max: COOKIE_DAYS_MAX });
    } else if legal.is_none() {
        let bounds: Vec<_> = profiles()
            .filter(|legal| days > legal.grant_days_max)
            .map(|legal| (legal.name.clone(), legal.grant_days_max))
            .collect();
        if !bounds.is_empty() {
            profile.warn(report, "grant_days", Cause::GrantClamped { days, bounds });
        }
    }
}

/// Against the named profile; by country a number that some profile does not allow is moved there.
fn check_refusal(profile: &Section<'_>, report: &mut Report<'_>, days: u32, legal: Option<&LegalProfile>) {
    if let Some(legal) = legal.filter(|legal| days < legal.refusal_days_min) {
        let cause = Cause::RefusalTooShort {
            days,
            min: legal.refusal_days_min,
            profile: legal.name.clone(),
            source_text: legal.refusal_source.clone(),
        };
        profile.refuse(report, "refusal_days", cause);
    } else if days > COOKIE_DAYS_MAX {
        profile.refuse(report, "refusal_days", Cause::LongerThanCookie { days, max: COOKIE_DAYS_MAX });
    } else if legal.is_none() {
        let bounds: Vec<_> = profiles()
            .filter(|legal| days < legal.refusal_days_min)
            .map(|legal| (legal.name.clone(), legal.refusal_days_min))
            .collect();
        if !bounds.is_empty() {
            profile.warn(report, "refusal_days", Cause::RefusalClamped { days, bounds });
        }
    }
}
