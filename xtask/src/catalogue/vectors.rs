//! The shared vectors: `tests/vectors/*.json`. Every matcher in the house is driven through them.

use super::innocent::{INNOCENT_COOKIES, INNOCENT_PARAMS, INNOCENT_URLS};
use super::model::Model;
use super::pattern::{Address, is_glob};
use super::schema::{KeepFile, VendorFile};

/// Addresses and who holds them, or `null`: nobody's, or let through because it is necessary.
pub(super) fn urls(vendors: &[VendorFile], model: &Model) -> Result<String, String> {
    let mut rows = Vec::new();
    for vendor in vendors.iter().filter(|vendor| !vendor.optional) {
        let owner = if vendor.is_necessary() { "null".to_string() } else { format!("{:?}", vendor.id) };
        rows.extend(vendor.examples.iter().map(|url| format!("[{url:?}, {owner}]")));
    }
    for url in INNOCENT_URLS {
        let owner = Address::parse(url).and_then(|address| model.owner(&address));
        if let Some(owner) = owner.and_then(|index| vendors.get(index)) {
            return Err(format!("{}.toml claims {url:?}, which is nobody's", owner.id));
        }
        rows.push(format!("[{url:?}, null]"));
    }
    Ok(array(rows))
}

/// Addresses that nobody holds unasked, and whose they are: necessary vendors, and optional ones.
pub(super) fn allowed(vendors: &[VendorFile]) -> String {
    let rows = vendors.iter().filter(|vendor| !vendor.is_held());
    array(
        rows.flat_map(|vendor| vendor.examples.iter().map(|url| format!("[{url:?}, {:?}]", vendor.id)))
            .collect(),
    )
}

/// Cookies by name, then by value, then nobody's.
pub(super) fn cookies(vendors: &[VendorFile], keep: &KeepFile) -> String {
    let mut rows = Vec::new();
    for vendor in vendors {
        for name in &vendor.cookies {
            let name = name.replace('*', "x1");
            let is_kept = keep.cookies.iter().any(|kept| is_glob(kept, &name));
            let owner = if is_kept {
                "null".to_string()
            } else {
                format!("{:?}", first_owner(vendors, &name, vendor))
            };
            rows.push(format!("[{name:?}, \"1\", {owner}]"));
        }
        for shape in &vendor.cookie_values {
            let value = shape.replace('#', "1742").replace('*', "%22x%22:1,");
            rows.push(format!("[\"renamed\", {value:?}, {:?}]", vendor.id));
        }
    }
    for kept in &keep.cookies {
        rows.push(format!("[{:?}, \"GA1.1.17.42\", null]", kept.replace('*', "x1")));
    }
    rows.extend(INNOCENT_COOKIES.iter().map(|(name, value)| format!("[{name:?}, {value:?}, null]")));
    array(rows)
}

/// Parameters of addresses.
pub(super) fn params(vendors: &[VendorFile]) -> String {
    let mut rows = Vec::new();
    for vendor in vendors {
        for name in &vendor.params {
            let owner = vendors.iter().find(|other| other.params.contains(name)).unwrap_or(vendor);
            rows.push(format!("[{:?}, {:?}]", name.replace('*', "x1"), owner.id));
        }
    }
    rows.extend(INNOCENT_PARAMS.iter().map(|name| format!("[{name:?}, null]")));
    array(rows)
}

/// Who is found first for a cookie: whole names before patterns, then by id.
fn first_owner<'files>(
    vendors: &'files [VendorFile],
    name: &str,
    otherwise: &'files VendorFile,
) -> &'files str {
    let whole = vendors.iter().find(|vendor| vendor.cookies.iter().any(|cookie| cookie == name));
    &whole.unwrap_or(otherwise).id
}

fn array(mut rows: Vec<String>) -> String {
    let mut seen = std::collections::BTreeSet::new();
    rows.retain(|row| seen.insert(row.clone()));
    format!("[\n  {}\n]\n", rows.join(",\n  "))
}
