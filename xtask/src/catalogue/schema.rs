//! What a vendor data file may say, as written. What is wrong in one is `lint`'s to find.

use serde::Deserialize;
use std::collections::BTreeMap;

/// The five categories, in the order of their bits.
pub(super) const CATEGORIES: [&str; 5] = ["necessary", "functional", "analytics", "marketing", "social"];

/// The bit of what needs no consent.
pub(super) const NECESSARY: u8 = 1;

/// One vendor data file. `vendors/README.md` says what each key means.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VendorFile {
    pub id: String,
    pub name: String,
    pub category: Option<String>,
    #[serde(default)]
    pub needs_any_of: Vec<String>,
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub optional: bool,
    pub role: String,
    pub company: String,
    pub country: String,
    pub privacy_url: String,
    pub checked: String,
    pub source: BTreeMap<String, String>,
    #[serde(default)]
    pub links: Links,
    #[serde(default)]
    pub urls: Vec<String>,
    #[serde(default)]
    pub first_party: Vec<String>,
    #[serde(default)]
    pub inline: Vec<String>,
    #[serde(default)]
    pub cookies: Vec<String>,
    #[serde(default)]
    pub cookie_values: Vec<String>,
    #[serde(default)]
    pub third_party_cookies: Vec<String>,
    /// Days a cookie lives, by name; 0 for less than one.
    #[serde(default)]
    pub lifetimes: BTreeMap<String, u16>,
    #[serde(default)]
    pub params: Vec<String>,
    #[serde(default)]
    pub storage: Vec<String>,
    #[serde(default)]
    pub databases: Vec<String>,
    #[serde(default)]
    pub globals: Vec<String>,
    #[serde(default)]
    pub consent_api: String,
    #[serde(default)]
    pub examples: Vec<String>,
    #[serde(default)]
    pub payload: Vec<PayloadFile>,
    #[serde(default)]
    pub consent_call: Vec<ConsentCall>,
}

/// A call of the vendor's own consent interface, where its code is on the page.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsentCall {
    /// `granted` or `denied`.
    pub when: String,
    /// The function, by its path from `window`.
    pub call: String,
    pub args: Vec<toml::Value>,
}

/// Links beside the privacy notice.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Links {
    pub privacy: String,
    pub dpa: String,
    pub disclosure: String,
}

/// The shape of what is sent to the vendor.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PayloadFile {
    pub kind: String,
    pub marks: Vec<String>,
    #[serde(default)]
    pub ids: Vec<String>,
    #[serde(default)]
    pub addresses: Vec<String>,
    #[serde(default)]
    pub cookieless: bool,
}

/// The two lists of names that are nobody's to take away (`keep.toml`).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeepFile {
    pub source: String,
    pub checked: String,
    pub cookies: Vec<String>,
}

impl VendorFile {
    /// The categories of which one must be granted, as bits.
    pub fn need_bits(&self) -> Result<u8, String> {
        let named: Vec<&String> = self.category.iter().chain(&self.needs_any_of).collect();
        if named.is_empty() || (self.category.is_some() && !self.needs_any_of.is_empty()) {
            return Err("write either category or needs_any_of".into());
        }
        let bits =
            named.iter().try_fold(0, |bits, name| match CATEGORIES.iter().position(|c| c == name) {
                Some(bit) => Ok(bits | 1 << bit),
                None => Err(format!("unknown category {name:?}; use one of {}", CATEGORIES.join(", "))),
            })?;
        if bits & NECESSARY != 0 && !self.needs_any_of.is_empty() {
            return Err("needs_any_of with necessary needs nothing; write category = \"necessary\"".into());
        }
        Ok(bits)
    }

    /// Does it run without consent?
    pub fn is_necessary(&self) -> bool {
        self.category.as_deref() == Some("necessary")
    }

    /// Is it held unless granted, on every site?
    pub fn is_held(&self) -> bool {
        !self.is_necessary() && !self.optional
    }
}
