//! The legal profiles, read from `profiles.toml`, and which visitor is under which. The numbers and their
//! sources are there; no number is here.

use std::sync::LazyLock;
use toml::de::{DeTable, DeValue};

use crate::value::is_country;

/// No browser keeps a cookie longer, days. Source: standards.md 3.2 (measured: `Max-Age` clamped to 400.00 d).
pub const COOKIE_DAYS_MAX: u32 = 400;

/// The name of the mix for visitors nobody can place. No site can choose it, and no profile bears it.
pub const STRICTEST: &str = "strictest";

const PROFILES: &str = include_str!("../profiles.toml");

/// Whose rules on transfers and hosts bind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// European Economic Area.
    Eea,
    /// United Kingdom.
    Gb,
    /// United States.
    Us,
    /// Anywhere else: no law of theirs was read.
    Other,
}

impl Region {
    /// Do this region's rules ask for a safeguard when data leaves it? Not known is read as yes.
    /// Source: standards.md S4.7.
    #[must_use]
    pub const fn is_transfer_bound(self) -> bool {
        matches!(self, Self::Eea | Self::Gb | Self::Other)
    }

    /// Must hosts with a European twin be the European one? Source: standards.md requirement 18.
    #[must_use]
    pub const fn is_host_bound(self) -> bool {
        matches!(self, Self::Eea | Self::Gb)
    }
}

/// When something that needs consent may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// After it was granted, never before. There is no other: standards.md 0.5.
    OptIn,
}

/// What `Sec-GPC: 1` brings about. Nothing less than denial: standards.md requirement 52.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GpcRule {
    /// Marketing is denied.
    Deny,
    /// Marketing is denied, and the visitor must be told so. Source: 11 CCR 7025(c)(6).
    DenyAndShow,
}

/// One legal regime's rules and numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LegalProfile {
    /// Name as written in `[profile] name` (`"EU"`, `"GB"`, `"US-CA"`), or [`STRICTEST`].
    pub name: String,
    /// Whose transfer rules bind.
    pub region: Region,
    /// When something that needs consent may run.
    pub model: Model,
    /// Where [`Self::model`] comes from.
    pub model_source: String,
    /// What `Sec-GPC: 1` brings about.
    pub gpc: GpcRule,
    /// Where [`Self::gpc`] comes from.
    pub gpc_source: String,
    /// Does every signal deny, whatever the site says of DNT? So it is where nobody knows the law.
    pub honours_every_signal: bool,
    /// How long a grant lasts unless the site says less, days.
    pub grant_days_default: u32,
    /// How long a grant may last at most, days.
    pub grant_days_max: u32,
    /// Where [`Self::grant_days_max`] comes from.
    pub grant_source: String,
    /// How long a refusal must be remembered at least, days.
    pub refusal_days_min: u32,
    /// Where [`Self::refusal_days_min`] comes from.
    pub refusal_source: String,
}

/// A profile and who is under it.
struct Entry {
    legal: LegalProfile,
    countries: Vec<String>,
    /// The parts of the country it is for; empty for all of it.
    regions: Vec<String>,
}

/// The data, read once. A test reads all of it, so an unreadable entry never ships.
static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let Ok(data) = DeTable::parse(PROFILES) else { return Vec::new() };
    let entry = |name| read_entry(name, data.get_ref().get(name)?.get_ref().as_table()?);
    legal_profile_names().into_iter().filter_map(entry).collect()
});

static STRICTEST_MIX: LazyLock<LegalProfile> =
    LazyLock::new(|| strictest_of(ENTRIES.iter().map(|entry| &entry.legal)));

/// The built-in profile of that name.
#[must_use]
pub fn legal_profile(name: &str) -> Option<LegalProfile> {
    profiles().find(|legal| legal.name == name).cloned()
}

/// The names there are, in order.
#[must_use]
pub fn legal_profile_names() -> Vec<&'static str> {
    PROFILES
        .lines()
        .filter_map(|line| line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')))
        .collect()
}

/// The profile a visitor is under, by country (ISO 3166-1 alpha-2) and region (ISO 3166-2 without the
/// country, `"CA"`).
///
/// Both must be the platform's own finding: a header or a cookie would let the visitor choose. Who cannot
/// be placed gets [`STRICTEST`]: no country, one nobody gave out (`XX`, Tor's `T1`), anything malformed,
/// and a country whose regions differ without a region we know. Source: standards.md requirement 60.
///
/// ```
/// use postern_policy::legal_profile_for;
/// assert_eq!(legal_profile_for(Some("FR"), None).name, "FR");
/// assert_eq!(legal_profile_for(Some("US"), Some("CA")).name, "US-CA");
/// assert_eq!(legal_profile_for(Some("T1"), None).name, "strictest");
/// ```
#[must_use]
pub fn legal_profile_for(country: Option<&str>, region: Option<&str>) -> LegalProfile {
    placed(country, region).clone()
}

/// The same without a copy.
pub(crate) fn placed(country: Option<&str>, region: Option<&str>) -> &'static LegalProfile {
    find(country, region).unwrap_or(&STRICTEST_MIX)
}

/// All profiles, in order; not the strictest mix.
pub(crate) fn profiles() -> impl Iterator<Item = &'static LegalProfile> {
    ENTRIES.iter().map(|entry| &entry.legal)
}

fn find(country: Option<&str>, region: Option<&str>) -> Option<&'static LegalProfile> {
    let country = country.filter(|country| is_country(country))?;
    ENTRIES
        .iter()
        .filter(|entry| entry.countries.iter().any(|listed| listed == country))
        .find(|entry| {
            entry.regions.is_empty() || entry.regions.iter().any(|listed| Some(listed.as_str()) == region)
        })
        .map(|entry| &entry.legal)
}

/// The shortest grant and the longest refusal of all, each with whose it is.
fn strictest_of<'a>(all: impl Iterator<Item = &'a LegalProfile> + Clone) -> LegalProfile {
    let shortest = all.clone().min_by_key(|legal| legal.grant_days_max);
    let longest = all.clone().max_by_key(|legal| legal.refusal_days_min);
    let from = |legal: Option<&LegalProfile>, source: fn(&LegalProfile) -> &str| {
        legal.map_or_else(String::new, |legal| format!("as {}: {}", legal.name, source(legal)))
    };
    // Without any data a grant would not outlast the minute, and a refusal lasts as long as a cookie can.
    let grant_days_max = shortest.map_or(0, |legal| legal.grant_days_max);
    LegalProfile {
        name: STRICTEST.to_owned(),
        region: Region::Eea,
        model: Model::OptIn,
        model_source: "no other model is in any profile".to_owned(),
        gpc: GpcRule::DenyAndShow,
        gpc_source: "the most any profile asks".to_owned(),
        honours_every_signal: true,
        grant_days_default: all.map(|legal| legal.grant_days_default).fold(grant_days_max, u32::min),
        grant_days_max,
        grant_source: from(shortest, |legal| &legal.grant_source),
        refusal_days_min: longest.map_or(COOKIE_DAYS_MAX, |legal| legal.refusal_days_min),
        refusal_source: from(longest, |legal| &legal.refusal_source),
    }
}

fn read_entry(name: &str, table: &DeTable<'_>) -> Option<Entry> {
    let (grant_days_default, _) = number(table, "grant_days_default")?;
    let (grant_days_max, grant_source) = number(table, "grant_days_max")?;
    let (refusal_days_min, refusal_source) = number(table, "refusal_days_min")?;
    let (model, model_source) = word(table, "model", &[("opt-in", Model::OptIn)])?;
    let gpc_words = [("deny", GpcRule::Deny), ("deny-and-show", GpcRule::DenyAndShow)];
    let (gpc, gpc_source) = word(table, "gpc", &gpc_words)?;
    let region = match table.get("region")?.get_ref().as_str()? {
        "eea" => Region::Eea,
        "gb" => Region::Gb,
        "us" => Region::Us,
        "other" => Region::Other,
        _ => return None,
    };
    let place = sourced(table, "countries")?.0;
    let legal = LegalProfile {
        name: name.to_owned(),
        region,
        model,
        model_source,
        gpc,
        gpc_source,
        honours_every_signal: false,
        grant_days_default,
        grant_days_max,
        grant_source,
        refusal_days_min,
        refusal_source,
    };
    Some(Entry {
        legal,
        countries: texts(place, "codes")?,
        regions: texts(place, "regions").unwrap_or_default(),
    })
}

/// The table under that key and its source, which must not be missing.
fn sourced<'t>(table: &'t DeTable<'t>, key: &str) -> Option<(&'t DeTable<'t>, String)> {
    let DeValue::Table(entry) = table.get(key)?.get_ref() else { return None };
    let source = entry.get("source")?.get_ref().as_str().filter(|source| !source.is_empty())?;
    Some((entry, source.to_owned()))
}

fn number(table: &DeTable<'_>, key: &str) -> Option<(u32, String)> {
    let (entry, source) = sourced(table, key)?;
    Some((entry.get("days")?.get_ref().as_integer()?.as_str().parse().ok()?, source))
}

fn word<T: Copy>(table: &DeTable<'_>, key: &str, words: &[(&str, T)]) -> Option<(T, String)> {
    let (entry, source) = sourced(table, key)?;
    let found = entry.get("rule")?.get_ref().as_str()?;
    Some((words.iter().find(|(word, _)| *word == found)?.1, source))
}

fn texts(table: &DeTable<'_>, key: &str) -> Option<Vec<String>> {
    let DeValue::Array(items) = table.get(key)?.get_ref() else { return None };
    items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAMES: [&str; 12] = ["EU", "FR", "IT", "IE", "ES", "GR", "BE", "DE", "GB", "US-CA", "US", "other"];

    #[test]
    fn every_profile_is_complete_sourced_and_consistent() {
        assert_eq!(legal_profile_names(), NAMES);
        assert!(profiles().map(|legal| legal.name.as_str()).eq(NAMES), "an entry of the data cannot be read");
        for legal in profiles() {
            let name = &legal.name;
            assert!(legal.grant_days_default <= legal.grant_days_max.min(COOKIE_DAYS_MAX), "{name}");
            assert!(legal.refusal_days_min <= COOKIE_DAYS_MAX, "{name}");
            assert_eq!(legal.model, Model::OptIn, "{name}");
            for source in [&legal.grant_source, &legal.refusal_source, &legal.model_source, &legal.gpc_source]
            {
                assert!(!source.is_empty(), "{name}");
            }
        }
        assert_eq!(legal_profile("XX"), None);
        assert_eq!(legal_profile(STRICTEST), None);
    }

    #[test]
    fn the_numbers_are_the_tables() {
        // Source: standards.md 3.2, row by row; US and other as EU, sourced in the data.
        for (name, default, max, refusal, gpc) in [
            ("EU", 180, 365, 180, GpcRule::Deny),
            ("FR", 180, 180, 180, GpcRule::Deny),
            ("IT", 180, 365, 180, GpcRule::Deny),
            ("IE", 180, 180, 180, GpcRule::Deny),
            ("ES", 180, 730, 180, GpcRule::Deny),
            ("GR", 180, 365, 180, GpcRule::Deny),
            ("BE", 180, 365, 180, GpcRule::Deny),
            ("DE", 180, 365, 180, GpcRule::Deny),
            ("GB", 180, 365, 180, GpcRule::Deny),
            ("US-CA", 180, 365, 365, GpcRule::DenyAndShow),
            ("US", 180, 365, 180, GpcRule::Deny),
            ("other", 180, 365, 180, GpcRule::Deny),
        ] {
            let legal = legal_profile(name).unwrap();
            let found = (legal.grant_days_default, legal.grant_days_max, legal.refusal_days_min, legal.gpc);
            assert_eq!(found, (default, max, refusal, gpc), "{name}");
            assert!(!legal.honours_every_signal, "{name}");
        }
    }

    #[test]
    fn every_country_is_under_the_profile_that_is_meant() {
        // All thirty members of the EEA, then those outside.
        for country in "AT BG CY CZ DK EE FI HR HU IS LI LT LU LV MT NL NO PL PT RO SE SI SK".split(' ') {
            assert_eq!(legal_profile_for(Some(country), None).name, "EU", "{country}");
        }
        for country in ["BE", "DE", "ES", "FR", "GR", "IE", "IT"] {
            assert_eq!(legal_profile_for(Some(country), None).name, country);
        }
        for (country, region, name) in [
            ("GB", None, "GB"),
            ("GB", Some("ENG"), "GB"),
            ("RE", None, "FR"),
            ("AX", None, "EU"),
            ("US", Some("CA"), "US-CA"),
            ("US", Some("NY"), "US"),
            ("US", Some("DC"), "US"),
            ("CH", None, "other"),
            ("JP", Some("13"), "other"),
            ("CA", None, "other"),
            ("PR", None, "other"),
            // A region of one country says nothing in another.
            ("FR", Some("CA"), "FR"),
        ] {
            assert_eq!(legal_profile_for(Some(country), region).name, name, "{country} {region:?}");
        }
    }

    #[test]
    fn who_cannot_be_placed_gets_the_strictest_mix() {
        for (country, region) in [
            (None, None),
            (None, Some("CA")),
            (Some("XX"), None),
            (Some("T1"), None),
            (Some("ZZ"), None),
            (Some("EU"), None),
            (Some("UK"), None),
            (Some("EL"), None),
            (Some(""), None),
            (Some("us"), Some("NY")),
            (Some("USA"), Some("NY")),
            (Some(" US"), Some("NY")),
            (Some("other"), None),
            // California cannot be ruled out.
            (Some("US"), None),
            (Some("US"), Some("")),
            (Some("US"), Some("ca")),
            (Some("US"), Some("California")),
            (Some("US"), Some("ZZ")),
        ] {
            let legal = legal_profile_for(country, region);
            assert_eq!(legal.name, STRICTEST, "{country:?} {region:?}");
            let numbers = (legal.grant_days_default, legal.grant_days_max, legal.refusal_days_min);
            assert_eq!(numbers, (180, 180, 365));
            assert!(legal.honours_every_signal && legal.region.is_transfer_bound());
            assert_eq!(legal.grant_source, "as FR: CNIL 2020-092 (good practice: six months)");
            assert_eq!(legal.refusal_source, "as US-CA: CCPA: 12 months before asking to opt in again");
        }
    }

    #[test]
    fn no_profile_is_stricter_than_the_strictest() {
        for legal in profiles() {
            assert!(STRICTEST_MIX.grant_days_max <= legal.grant_days_max, "{}", legal.name);
            assert!(STRICTEST_MIX.grant_days_default <= legal.grant_days_default, "{}", legal.name);
            assert!(STRICTEST_MIX.refusal_days_min >= legal.refusal_days_min, "{}", legal.name);
        }
        let empty = strictest_of([].iter());
        assert_eq!((empty.grant_days_max, empty.refusal_days_min), (0, COOKIE_DAYS_MAX));
    }

    #[test]
    fn each_country_stands_once_and_regions_tell_the_rest_apart() {
        let mut seen = Vec::new();
        for entry in ENTRIES.iter() {
            let name = &entry.legal.name;
            for country in &entry.countries {
                assert!(is_country(country), "{name}: {country}");
                assert!(country != "XX" && country != "ZZ", "{name}");
                if entry.regions.is_empty() {
                    seen.push(country.clone());
                } else {
                    seen.extend(entry.regions.iter().map(|region| format!("{country}-{region}")));
                }
            }
        }
        let count = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), count, "a country or region stands twice");
        // ISO 3166-1 has 249 codes, tzdata's list as of 2026; the US stands by its 57 regions.
        assert_eq!(count, 248 + 57);
    }

    proptest! {
        #[test]
        fn no_place_panics_and_only_codes_are_placed(country in ".{0,4}", region in ".{0,4}") {
            let legal = legal_profile_for(Some(&country), Some(&region));
            prop_assert!(is_country(&country) || legal.name == STRICTEST);
        }
    }
}
