//! The words shown to visitors: one field per text, built in for the languages of `texts/`, each open to override.

use std::borrow::Cow;

use postern_consent::Category;

macro_rules! texts {
    ($($key:ident),* $(,)?) => {
        /// Every text of banner, settings, consent page and notices, in one language. The keys and their meaning are
        /// in `texts/en.toml`; what stands in braces is filled in when shown.
        #[derive(Clone, Debug, PartialEq, Eq, Default)]
        #[non_exhaustive]
        pub struct Texts {
            $(#[doc = concat!("The text `", stringify!($key), "`.")] pub $key: Cow<'static, str>,)*
        }

        impl Texts {
            /// Every key, in the order of the data file.
            pub const KEYS: &'static [&'static str] = &[$(stringify!($key)),*];

            /// The text of that key.
            #[must_use]
            pub fn text(&self, key: &str) -> Option<&str> {
                let place = Self::KEYS.iter().position(|known| *known == key)?;
                let all = [$(&self.$key),*];
                all.get(place).copied().map(|text| &**text)
            }

            pub(crate) fn set(&mut self, key: &str, text: String) {
                let place = Self::KEYS.iter().position(|known| *known == key);
                if let Some((_, field)) = self.fields().into_iter().enumerate().find(|(at, _)| Some(*at) == place) {
                    *field = text.into();
                }
            }

            /// Every text, in the order of the keys. Code for each key by its name would be ten times as large.
            fn fields(&mut self) -> [&mut Cow<'static, str>; [$(stringify!($key)),*].len()] {
                [$(&mut self.$key),*]
            }
        }
    };
}

// `texts!` with the keys of the English file, and the table of all languages: `build.rs` writes both.
include!(concat!(env!("OUT_DIR"), "/languages.rs"));

/// What a text must still contain after an override. Source: standards.md requirement 26.
pub(crate) const PLACEHOLDERS: &[(&str, &[&str])] = &[
    ("body", &["{controller}", "{purposes}"]),
    ("third_parties", &["{count}"]),
    ("vendors", &["{count}"]),
    ("updated", &["{version}", "{date}"]),
    ("held", &["{vendor}"]),
    ("held_load", &["{vendor}"]),
    ("change_text", &["{date}"]),
];

impl Texts {
    /// The built-in texts of the language that has this very tag.
    #[must_use]
    pub fn built_in(tag: &str) -> Option<Self> {
        let (_, found) = BUILT_IN.iter().find(|(known, _)| *known == tag)?;
        let mut texts = Self::default();
        for (field, text) in texts.fields().into_iter().zip(found.split('\n')) {
            *field = Cow::Borrowed(text);
        }
        Some(texts)
    }

    /// Title and text of a category.
    #[must_use]
    pub fn category(&self, category: Category) -> (&str, &str) {
        match category {
            Category::Necessary => (&self.necessary_title, &self.necessary_text),
            Category::Functional => (&self.functional_title, &self.functional_text),
            Category::Analytics => (&self.analytics_title, &self.analytics_text),
            Category::Marketing => (&self.marketing_title, &self.marketing_text),
            Category::Social => (&self.social_title, &self.social_text),
        }
    }
}

/// The keys of all categories' words.
pub(crate) const ALL_CATEGORY_KEYS: [&str; 10] = [
    "necessary_title",
    "necessary_text",
    "functional_title",
    "functional_text",
    "analytics_title",
    "analytics_text",
    "marketing_title",
    "marketing_text",
    "social_title",
    "social_text",
];

/// The keys under which title and text of a category stand.
pub(crate) const fn category_keys(category: Category) -> [&'static str; 2] {
    match category {
        Category::Necessary => ["necessary_title", "necessary_text"],
        Category::Functional => ["functional_title", "functional_text"],
        Category::Analytics => ["analytics_title", "analytics_text"],
        Category::Marketing => ["marketing_title", "marketing_text"],
        Category::Social => ["social_title", "social_text"],
    }
}
