//! The legal profiles' numbers, read from `profiles.toml`. The numbers and their sources are there.

use toml::de::{DeTable, DeValue};

/// No browser keeps a cookie longer, days. Source: standards.md 3.2 (measured: `Max-Age` clamped to 400.00 d).
pub const COOKIE_DAYS_MAX: u32 = 400;

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
}

impl Region {
    /// Do this region's rules ask for a safeguard when data leaves it? Source: standards.md S4.7.
    #[must_use]
    pub const fn is_transfer_bound(self) -> bool {
        matches!(self, Self::Eea | Self::Gb)
    }
}

/// One legal regime's numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegalProfile {
    /// Name as written in `[profile] name` (`"EU"`, `"GB"`, `"US-CA"`).
    pub name: String,
    /// Whose transfer rules bind.
    pub region: Region,
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

/// The built-in profile of that name.
#[must_use]
pub fn legal_profile(name: &str) -> Option<LegalProfile> {
    let data = DeTable::parse(PROFILES).ok()?;
    let table = data.get_ref().get(name)?.get_ref().as_table()?;
    let (grant_days_default, _) = number(table, "grant_days_default")?;
    let (grant_days_max, grant_source) = number(table, "grant_days_max")?;
    let (refusal_days_min, refusal_source) = number(table, "refusal_days_min")?;
    let region = match table.get("region")?.get_ref().as_str()? {
        "eea" => Region::Eea,
        "gb" => Region::Gb,
        "us" => Region::Us,
        _ => return None,
    };
    let name = name.to_owned();
    Some(LegalProfile {
        name,
        region,
        grant_days_default,
        grant_days_max,
        grant_source,
        refusal_days_min,
        refusal_source,
    })
}

/// The names there are, in order.
#[must_use]
pub fn legal_profile_names() -> Vec<&'static str> {
    PROFILES
        .lines()
        .filter_map(|line| line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')))
        .collect()
}

fn number(table: &DeTable<'_>, key: &str) -> Option<(u32, String)> {
    let DeValue::Table(entry) = table.get(key)?.get_ref() else { return None };
    let days = entry.get("days")?.get_ref().as_integer()?.as_str().parse().ok()?;
    Some((days, entry.get("source")?.get_ref().as_str()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_is_complete_sourced_and_consistent() {
        let names = legal_profile_names();
        assert_eq!(names, ["EU", "FR", "IT", "IE", "ES", "GR", "BE", "DE", "GB", "US-CA"]);
        for name in names {
            let legal = legal_profile(name).expect(name);
            assert!(legal.grant_days_default <= legal.grant_days_max.min(COOKIE_DAYS_MAX), "{name}");
            assert!(legal.refusal_days_min <= COOKIE_DAYS_MAX, "{name}");
            assert!(!legal.grant_source.is_empty() && !legal.refusal_source.is_empty(), "{name}");
        }
        assert_eq!(legal_profile("XX"), None);
    }

    #[test]
    fn the_numbers_are_the_tables() {
        // Source: standards.md 3.2, row by row.
        for (name, default, max, refusal) in [
            ("EU", 180, 365, 180),
            ("FR", 180, 180, 180),
            ("IT", 180, 365, 180),
            ("IE", 180, 180, 180),
            ("ES", 180, 730, 180),
            ("GR", 180, 365, 180),
            ("BE", 180, 365, 180),
            ("DE", 180, 365, 180),
            ("GB", 180, 365, 180),
            ("US-CA", 180, 365, 365),
        ] {
            let legal = legal_profile(name).unwrap();
            let found = (legal.grant_days_default, legal.grant_days_max, legal.refusal_days_min);
            assert_eq!(found, (default, max, refusal), "{name}");
        }
    }
}
