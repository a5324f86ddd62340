//! Countries by name, in the visitor's language, from the platform's own tables.

use std::cell::RefCell;
use std::collections::HashMap;

thread_local! {
    static NAMES: RefCell<HashMap<(String, String), String>> = RefCell::default();
}

/// The name of a country in a language; the code where the platform knows none. Remembered: making the table costs more than
/// writing the banner. `tag` and `code` must be well-formed, as those of a policy are (BCP 47, ISO 3166-1 alpha-2).
pub fn country_name(tag: &str, code: &str) -> String {
    let key = (tag.to_owned(), code.to_owned());
    if let Some(name) = NAMES.with_borrow(|names| names.get(&key).cloned()) {
        return name;
    }
    let name = postern_platform::country_name(tag, code);
    NAMES.with_borrow_mut(|names| names.insert(key, name.clone()));
    name
}
