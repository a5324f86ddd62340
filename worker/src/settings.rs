//! The site's part of a receipt, made once for each kind of visitor: it is hashes over every word that is asked, the same for
//! all who read one language under one law. Made natively it takes 44 µs, as much as all the rest of an append.

use crate::messages::ActMessage;
use crate::site::Site;
use postern_receipt::{HostName, Notice, NoticeUri, Retention, Setting, Sha256Hex, Word};
use postern_sort::sorted_by;
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

/// The site's part of a receipt.
pub fn setting(site: &Site, message: &ActMessage) -> Option<Setting> {
    let policy = site.asking(Some(message.way))?;
    let hosts = policy.site.hosts.iter().map(String::as_str).chain([message.host.as_str()]);
    let scope = hosts.filter_map(|host| HostName::parse(host).ok()).collect();
    let mut scope: Vec<HostName> = sorted_by(scope, Ord::cmp);
    scope.dedup();
    let purposes = policy.purposes.iter();
    let language = policy.language_for(Some(&message.lang), None);
    Some(Setting {
        controller: Word::parse(&policy.site.id).ok()?,
        profile: Word::parse(&policy.legal_for(message.country.as_deref(), message.region.as_deref()).name)
            .ok()?,
        rules: policy.profile_for(message.country.as_deref(), message.region.as_deref()),
        scope,
        lang: Word::parse(&language.tag).ok()?,
        purposes: purposes
            .filter_map(|purpose| {
                Some((purpose.category, policy.purpose_sha256(purpose.category, language)?))
            })
            .collect(),
        vendors: policy.vendors().iter().filter_map(|vendor| Word::parse(&vendor.id).ok()).collect(),
        vendors_sha256: policy.vendors_sha256(),
        notice: Notice {
            uri: NoticeUri::parse(&policy.notice.url).ok()?,
            version: Word::parse(&policy.notice.version).ok()?,
            sha256: Sha256Hex(policy.texts_sha256(language)),
        },
        policy_sha256: policy.hash(),
        release: message.release,
        withdraw_uri: NoticeUri::parse("/_postern/consent").ok()?,
        retention: Retention {
            months: policy.receipts.keep_months,
            by_category: policy.receipts.longer.clone(),
        },
    })
}
