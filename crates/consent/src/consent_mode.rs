//! Google Consent Mode v2: which signal follows which category. Nothing here talks to Google.

use crate::{Category, CategorySet};

/// The seven signals and the category each follows. Source: trackers.md 1.3 (vendor docs, 2026-11).
pub const CONSENT_MODE_SIGNALS: [(&str, Category); 7] = [
    ("ad_storage", Category::Marketing),
    ("ad_user_data", Category::Marketing),
    ("ad_personalization", Category::Marketing),
    ("analytics_storage", Category::Analytics),
    ("functionality_storage", Category::Functional),
    ("personalization_storage", Category::Functional),
    ("security_storage", Category::Necessary),
];

/// Each signal with whether it is granted. `security_storage` is granted always, as it is necessary.
#[must_use]
pub fn consent_mode(granted: CategorySet) -> [(&'static str, bool); 7] {
    let granted = granted.with(Category::Necessary);
    CONSENT_MODE_SIGNALS.map(|(signal, category)| (signal, granted.contains(category)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_granted_leaves_only_security_storage() {
        let on = consent_mode(CategorySet::EMPTY).into_iter().filter(|(_, is_granted)| *is_granted);
        assert!(on.eq([("security_storage", true)]));
    }

    #[test]
    fn analytics_grants_no_advertising_signal() {
        let signals = consent_mode(CategorySet::EMPTY.with(Category::Analytics));
        for (signal, is_granted) in signals {
            assert_eq!(is_granted, matches!(signal, "analytics_storage" | "security_storage"), "{signal}");
        }
    }
}
