//! The words shown to visitors: one field per text, English built in, each open to override.

use toml::de::DeTable;

const ENGLISH: &str = include_str!("../texts/en.toml");

macro_rules! texts {
    ($($key:ident),* $(,)?) => {
        /// Every text of banner, settings and consent page. The keys and defaults are in `texts/en.toml`;
        /// `{controller}`, `{purposes}`, `{count}`, `{version}` and `{date}` are filled in when shown.
        #[derive(Clone, Debug, PartialEq, Eq, Default)]
        #[non_exhaustive]
        pub struct Texts {
            $(#[doc = concat!("The text `", stringify!($key), "`.")] pub $key: String,)*
        }

        impl Texts {
            /// Every key, in the order of the data file.
            pub const KEYS: &'static [&'static str] = &[$(stringify!($key)),*];

            /// The text of that key.
            #[must_use]
            pub fn text(&self, key: &str) -> Option<&str> {
                match key {
                    $(stringify!($key) => Some(&self.$key),)*
                    _ => None,
                }
            }

            pub(crate) fn set(&mut self, key: &str, text: String) {
                match key {
                    $(stringify!($key) => self.$key = text,)*
                    _ => {}
                }
            }
        }
    };
}

texts!(
    title,
    body,
    third_parties,
    notice,
    accept,
    reject,
    settings,
    settings_title,
    save,
    withdraw,
    close,
    reopen,
    necessary_title,
    necessary_text,
    always_on,
    vendors,
    role_processor,
    role_joint,
    role_independent,
    transfer_adequacy,
    transfer_dpf,
    transfer_scc,
    transfer_idta,
    transfer_none,
    privacy_link,
    saved,
    failed,
    signal_gpc,
    signal_adpc,
    signal_dnt,
    held,
    updated,
    page_title,
    page_intro,
    page_current,
    page_granted,
    page_denied,
    page_undecided,
    page_receipts,
    page_receipts_none,
    page_receipt_time,
    page_receipt_outcome,
    page_receipt_granted,
    page_receipt_refused,
    page_receipt_id,
    page_about,
    page_authority,
    page_back,
    outcome_accepted,
    outcome_refused,
    outcome_partial,
    outcome_withdrawn,
    outcome_vendor,
    none,
);

/// What a text must still contain after an override. Source: standards.md requirement 26.
pub(crate) const PLACEHOLDERS: &[(&str, &[&str])] = &[
    ("body", &["{controller}", "{purposes}"]),
    ("third_parties", &["{count}"]),
    ("vendors", &["{count}"]),
    ("updated", &["{version}", "{date}"]),
];

impl Texts {
    /// The built-in English texts.
    #[must_use]
    pub fn english() -> Self {
        let mut texts = Self::default();
        // A test reads the data file, so a fault in it never ships; an unread text would show as empty.
        let Ok(data) = DeTable::parse(ENGLISH) else { return texts };
        for (key, value) in data.get_ref().iter() {
            if let Some(text) = value.get_ref().as_str() {
                texts.set(key.get_ref(), text.to_owned());
            }
        }
        texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_file_has_each_key_once_and_no_other() {
        let data = DeTable::parse(ENGLISH).unwrap();
        assert_eq!(data.get_ref().len(), Texts::KEYS.len());
        let texts = Texts::english();
        for key in Texts::KEYS {
            assert!(!texts.text(key).unwrap().is_empty(), "{key}");
        }
    }

    #[test]
    fn the_defaults_keep_their_placeholders() {
        let texts = Texts::english();
        for (key, placeholders) in PLACEHOLDERS {
            for placeholder in *placeholders {
                assert!(texts.text(key).unwrap().contains(placeholder), "{key}");
            }
        }
    }
}
