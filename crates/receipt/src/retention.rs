//! How long receipts are kept, and what becomes of a grant whose time is over.
//!
//! A receipt holds until it is withdrawn, replaced by a later act, or until its time is over, whichever comes first; the
//! proof of it is kept for some months more, and then deleted with its salt. Source: GDPR Art. 5(1)(e) and 7(1);
//! standards.md S4.3, requirements 61 and 69.

use crate::canonical::{CanonicalError, canonical_json};
use crate::field::{IdempotencyKey, ReceiptId};
use crate::seal::sha256;
use crate::store::ReceiptRow;
use crate::time::Timestamp;
use postern_consent::{Category, CategorySet};
use serde_json::Value;

/// Months a receipt is kept after it held, where the policy says nothing.
pub const KEEP_MONTHS_DEFAULT: u16 = 12;

/// For how many months receipts are kept once they hold no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Every receipt.
    pub months: u16,
    /// Receipts that grant one of these categories, or take it back.
    pub by_category: Vec<(Category, u16)>,
}

impl Default for Retention {
    fn default() -> Self {
        Self { months: KEEP_MONTHS_DEFAULT, by_category: Vec::new() }
    }
}

impl Retention {
    /// The months for a receipt about these categories: the longest of what each needs.
    #[must_use]
    pub fn months(&self, categories: CategorySet) -> u16 {
        let own = self.by_category.iter().filter(|(category, _)| categories.contains(*category));
        own.map(|(_, months)| *months).chain([self.months]).max().unwrap_or(self.months)
    }

    /// As receipts say it.
    #[must_use]
    pub fn written(months: u16) -> String {
        format!("end_of_validity+P{months}M")
    }
}

/// When a receipt that holds until then is deleted, Unix milliseconds.
#[must_use]
pub fn purge_unix_ms(end: Timestamp, keep_months: u16) -> u64 {
    end.plus_months(keep_months).unix_ms()
}

/// The name of the act by which that receipt's time is over: the same however often it is tried.
#[must_use]
pub fn expiry_key(expired: &ReceiptId) -> IdempotencyKey {
    let hash = sha256(format!("postern-expiry/v1\0{expired}").as_bytes());
    IdempotencyKey::of_bits(hash.iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte)))
}

/// Why a stored receipt cannot be followed by its expiry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpiryError {
    /// The stored text is no receipt.
    #[error("the stored receipt {0} cannot be read: restore the storage")]
    Unreadable(ReceiptId),
    /// It has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

/// The canonical receipt that says that what `row` granted holds no more. What the visitor was told, and by which law, is
/// as it was; nothing is said of a browser, since none was there.
///
/// # Errors
/// [`ExpiryError`] where what is stored is no receipt.
pub fn expiry_json(row: &ReceiptRow, id: &ReceiptId, at: Timestamp) -> Result<String, ExpiryError> {
    let unreadable = || ExpiryError::Unreadable(row.receipt_id.clone());
    let Ok(Value::Object(mut receipt)) = serde_json::from_str(&row.json) else { return Err(unreadable()) };
    for part in ["purposes", "vendors"] {
        let Some(Value::Array(each)) = receipt.get_mut(part) else { return Err(unreadable()) };
        for one in each {
            let state = one.get_mut("state").ok_or_else(unreadable)?;
            if state == "ConsentGiven" {
                *state = Value::from("ConsentExpired");
            } else if state == "ConsentWithdrawn" || state == "ConsentExpired" {
                // What was over before is no news.
                *state = Value::from("ConsentRefused");
            }
        }
    }
    if let Some(Value::Array(vendors)) = receipt.get_mut("vendors") {
        vendors.retain(|vendor| vendor.get("state") == Some(&Value::from("ConsentExpired")));
    }
    for (name, value) in [
        ("receipt_id", Value::from(id.as_str())),
        ("previous", Value::from(row.receipt_id.as_str())),
        ("at", Value::from(at.to_string())),
        ("actor", Value::from("controller")),
        ("type", Value::from("lapsed")),
        ("method", Value::from("expiry")),
        ("outcome", Value::from("expired")),
        ("signals", Value::Null),
        ("client", Value::Null),
    ] {
        receipt.insert(name.to_owned(), value);
    }
    Ok(canonical_json(&receipt)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_of_what_a_receipt_needs_counts() {
        let retention =
            Retention { months: 12, by_category: vec![(Category::Marketing, 36), (Category::Social, 6)] };
        let only = |category| CategorySet::NECESSARY.with(category);
        for (categories, months) in [
            (CategorySet::EMPTY, 12),
            (only(Category::Analytics), 12),
            (only(Category::Social), 12),
            (only(Category::Marketing), 36),
            (CategorySet::ALL, 36),
        ] {
            assert_eq!(retention.months(categories), months);
        }
        assert_eq!(Retention::written(36), "end_of_validity+P36M");
    }

    #[test]
    fn an_expiry_has_one_name_however_often_it_is_tried() {
        let [first, second] = [1, 2].map(|bits| ReceiptId::from_random([bits; 16]));
        assert_eq!(expiry_key(&first), expiry_key(&first));
        assert_ne!(expiry_key(&first), expiry_key(&second));
        assert_eq!(IdempotencyKey::parse(expiry_key(&first).as_str()), Ok(expiry_key(&first)));
    }
}
