//! The site's part of a receipt, made once for each kind of visitor: it is hashes over every word that is asked, the same for
//! all who read one language under one law. Made natively it takes 44 µs, as much as all the rest of an append.

use crate::messages::ActMessage;
use postern_receipt::Setting;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Kinds of visitors that are kept: hosts, languages and places multiply, and anybody may name a host. Beyond it all are
/// made anew; at 2 kB each this is half a megabyte.
const KINDS_MAX: usize = 256;

/// All that the site's part depends on, beside the site.
type Kind = (String, String, Option<String>, Option<String>, Option<u64>, usize);

/// Those of one site.
#[derive(Default)]
pub struct Settings(RefCell<HashMap<Kind, Rc<Setting>>>);

impl Settings {
    /// The setting of an act; `make` makes it where none of its kind is kept.
    pub fn of(&self, message: &ActMessage, make: impl FnOnce() -> Option<Setting>) -> Option<Rc<Setting>> {
        let kind = (
            message.host.clone(),
            message.lang.clone(),
            message.country.clone(),
            message.region.clone(),
            message.release,
            message.way,
        );
        if let Some(setting) = self.0.borrow().get(&kind).cloned() {
            return Some(setting);
        }
        let setting = Rc::new(make()?);
        let mut settings = self.0.borrow_mut();
        if settings.len() >= KINDS_MAX {
            settings.clear();
        }
        settings.insert(kind, Rc::clone(&setting));
        Some(setting)
    }
}
