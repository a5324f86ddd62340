//! A stored receipt in the words of others: as linked data in the Data Privacy Vocabulary ([`dpv`]), and as a Kantara consent
//! receipt ([`kantara`]). These are views to hand on; what was committed to is the receipt itself.
//!
//! A receipt names what stood in the policy by hash. Who the controller and the vendors are is known where that policy is
//! still the one in force, and is handed in as [`Parties`]; without them the views say the names that the receipt says.

mod dpv;
mod kantara;

pub use dpv::dpv;
pub use kantara::kantara;

use serde_json::{Map, Value};

/// What the policy says of the people and companies in a receipt that was given under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parties {
    /// The controller's name.
    pub controller: String,
    /// Postal address.
    pub address: String,
    /// Mail address or URL.
    pub contact: String,
    /// The supervisory authority's name and page.
    pub authority: (String, String),
    /// Each purpose by id, with the title and text that were shown.
    pub purposes: Vec<PurposeWords>,
    /// Each vendor.
    pub vendors: Vec<VendorParty>,
}

/// One purpose in the words that were shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurposeWords {
    /// The category's name.
    pub id: String,
    /// Short title.
    pub title: String,
    /// The words.
    pub text: String,
}

/// One vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorParty {
    /// Its id in the policy.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The category it belongs to.
    pub category: String,
}

/// A stored receipt to be shown, and whose site it is.
#[derive(Clone, Copy, Debug)]
pub struct Exported<'a> {
    /// The canonical receipt, read.
    pub receipt: &'a Value,
    /// Scheme and host of the site, which paths in the receipt are meant on.
    pub origin: &'a str,
    /// Who is who, if that is known.
    pub parties: Option<&'a Parties>,
}

impl Exported<'_> {
    fn text(&self, pointer: &str) -> &str {
        self.receipt.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// An address of the receipt as one that can be followed from anywhere.
    fn absolute(&self, pointer: &str) -> String {
        let address = self.text(pointer);
        if address.starts_with('/') { format!("{}{address}", self.origin) } else { address.to_owned() }
    }

    /// Each purpose's id and state.
    fn purposes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.states("purposes")
    }

    fn states(&self, part: &str) -> impl Iterator<Item = (&str, &str)> {
        let each = self.receipt.get(part).and_then(Value::as_array).into_iter().flatten();
        each.filter_map(|one| Some((one.get("id")?.as_str()?, one.get("state")?.as_str()?)))
    }

    fn words(&self, purpose: &str) -> Option<&PurposeWords> {
        self.parties?.purposes.iter().find(|words| words.id == purpose)
    }

    fn vendor(&self, id: &str) -> Option<&VendorParty> {
        self.parties?.vendors.iter().find(|vendor| vendor.id == id)
    }

    fn vendors_of(&self, purpose: &str) -> impl Iterator<Item = &VendorParty> {
        let vendors = self.parties.map(|parties| parties.vendors.as_slice()).unwrap_or_default();
        vendors.iter().filter(move |vendor| vendor.category == purpose)
    }
}

/// An object of these members, those left out that are null. One function, since each use of `json!` is code of its own.
fn object(members: &[(&str, Value)]) -> Value {
    let is_said = |(_, value): &&(&str, Value)| !value.is_null();
    let members = members.iter().filter(is_said).map(|(name, value)| ((*name).to_owned(), value.clone()));
    Value::Object(members.collect::<Map<_, _>>())
}

fn text(text: impl AsRef<str>) -> Value {
    Value::String(text.as_ref().to_owned())
}

fn maybe(found: Option<&str>) -> Value {
    found.map_or(Value::Null, text)
}
