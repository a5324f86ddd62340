//! The vendors a policy may name without describing them: the catalogue's.

use postern_catalogue::VENDORS;
use postern_policy::KnownVendor;

/// Id, category and name of every vendor in the catalogue.
pub(crate) fn known() -> Vec<KnownVendor<'static>> {
    VENDORS.iter().map(|vendor| (vendor.id, vendor.shown_category(), vendor.name)).collect()
}
