//! Whose hits are looked for: the vendors of the catalogue that say what theirs look like.

use super::Payload;
use postern_catalogue::VENDORS;
use std::sync::LazyLock;

/// Vendor ids with their payloads, by id. The first vendor that matches is the one; a test says that no hit
/// matches two.
pub(super) static PAYLOADS: LazyLock<Vec<(&'static str, &'static [Payload])>> = LazyLock::new(|| {
    let vendors = VENDORS.iter().filter(|vendor| !vendor.payloads.is_empty());
    vendors.map(|vendor| (vendor.id, vendor.payloads)).collect()
});
