//! What of a policy is hashed into what. Fields are length-prefixed, so no two policies share a form.

use postern_consent::{Category, PolicyTag};
use sha2::{Digest, Sha256};

use crate::experiment::Experiment;
use crate::figures::Figures;
use crate::language::Language;
use crate::policy::{Policy, Reopen};
use crate::texts::{Texts, category_keys};
use crate::vendor::{Role, Transfer, Vendor};

/// Hashes `u32 length ‖ bytes` of each field, big-endian.
struct Form(Sha256);

impl Form {
    /// A form of that kind; the kind keeps forms with equal fields apart.
    fn of(kind: &str) -> Self {
        Self(Sha256::new()).with(kind)
    }

    fn with(mut self, field: &str) -> Self {
        // A policy file is at most 256 KiB, so a field's length fits.
        self.0.update(u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.0.update(field.as_bytes());
        self
    }

    fn with_all<T>(self, items: impl IntoIterator<Item = T>, field: impl Fn(Self, T) -> Self) -> Self {
        items.into_iter().fold(self, |form, item| field(form.with("+"), item)).with(".")
    }

    /// What the site says of its categories in other languages; nothing where it says nothing, so that built-in
    /// languages come and go without a trace.
    fn with_other_words(self, policy: &Policy) -> Self {
        let keys: Vec<_> =
            policy.purposes.iter().flat_map(|purpose| category_keys(purpose.category)).collect();
        let speaks = |language: &&Language| keys.iter().any(|key| language.own.contains_key(key));
        policy.other_languages.iter().filter(speaks).fold(self, |form, language| {
            form.with(&language.tag).with_all(policy.asked_in(language), own_words_fields)
        })
    }

    fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// Stands in the tag for words that the site did not write. Raised when a built-in text of a category comes to
/// mean more than before, so that those who agreed to less are asked again; a better wording asks nobody.
const BUILT_IN_WORDS: &str = "built-in/1";

fn purpose_fields(form: Form, (category, language): (Category, &Language)) -> Form {
    let (title, text) = language.texts.category(category);
    form.with(category.name()).with(title).with(text)
}

/// The site's own words on a category in that language.
fn own_words_fields(form: Form, (category, language): (Category, &Language)) -> Form {
    let own = |key| language.own.get(key).map_or(BUILT_IN_WORDS, String::as_str);
    let [title, text] = category_keys(category);
    form.with(category.name()).with(own(title)).with(own(text))
}

fn vendor_fields(form: Form, vendor: &Vendor) -> Form {
    form.with(&vendor.id)
        .with(vendor.category.name())
        .with(vendor.role.map_or("", Role::name))
        .with(vendor.country.as_deref().unwrap_or(""))
}

const fn yes_or_no(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}

impl Policy {
    /// First 32 bits of SHA-256 over what consent is asked for: offered categories with the site's own title and
    /// text in every language, their vendors with category, role and country, and the notice's version. Looks,
    /// lifetimes, links and other words are left out: they change nothing a visitor agreed to. It is the same in
    /// every language, so who switches language is not asked again.
    #[must_use]
    pub const fn tag(&self) -> PolicyTag {
        self.tag
    }

    pub(crate) fn make_tag(&self) -> PolicyTag {
        let asked = self.vendors.iter().filter(|vendor| vendor.category != Category::Necessary);
        let [a, b, c, d, ..] = Form::of("postern-asked/1")
            .with(&self.notice.version)
            .with_all(self.asked_in(&self.own_language), own_words_fields)
            .with_all(asked, vendor_fields)
            .with_other_words(self)
            .finish();
        PolicyTag(u32::from_be_bytes([a, b, c, d]))
    }

    /// SHA-256 of the file's whole meaning: every value after defaults, whatever its spelling.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        let Self {
            site,
            controller,
            notice,
            rules,
            banner,
            edge,
            consent_mode,
            receipts,
            figures,
            experiment,
            ..
        } = self;
        let words = |form: Form, language: &Language| {
            let own = |form: Form, (key, text): (&&str, &String)| form.with(key).with(text);
            form.with(&language.tag).with_all(&language.own, own)
        };
        let form = Form::of("postern-policy/4")
            .with(&site.id)
            .with(site.origin.as_deref().unwrap_or(""))
            .with_all(&site.hosts, |form, host| form.with(host))
            .with_all(&site.drop_in, |form, origin| form.with(origin))
            .with(&site.language)
            .with(&controller.name)
            .with(&controller.address)
            .with(&controller.contact)
            .with(&controller.authority.name)
            .with(&controller.authority.url)
            .with(&notice.url)
            .with(&notice.version)
            .with(&notice.updated)
            .with_all(&notice.change, |form, change| {
                form.with(&change.from).with(&change.last_day.to_string())
            })
            .with(&rules.name)
            .with_all(rules.all_legal(), |form, legal| {
                let (grant_days, refusal_days) = rules.days_under(legal);
                form.with(&legal.name).with(&grant_days.to_string()).with(&refusal_days.to_string())
            })
            .with(if rules.is_dnt_denial { "deny" } else { "ignore" })
            .with_all(self.asked_in(&self.own_language), purpose_fields)
            .with_all(&self.vendors, |form, vendor| {
                vendor_fields(form, vendor)
                    .with(&vendor.name)
                    .with(vendor.transfer.map_or("", Transfer::name))
                    .with(vendor.privacy_url.as_deref().unwrap_or(""))
                    .with(vendor.dpa_url.as_deref().unwrap_or(""))
                    .with(vendor.host.as_deref().unwrap_or(""))
                    .with_all(&vendor.hosts, |form, host| form.with(host))
                    .with_all(&vendor.paths, |form, path| form.with(path))
                    .with_all(&vendor.cookies, |form, cookie| form.with(cookie))
                    .with_all(&vendor.params, |form, param| form.with(param))
                    .with_all(&vendor.storage, |form, key| form.with(key))
                    .with(yes_or_no(vendor.is_cookieless))
                    .with(vendor.reason.as_deref().unwrap_or(""))
            })
            .with(banner.layout.name())
            .with(if banner.reopen == Reopen::Button { "button" } else { "own-link" })
            .with_all(banner.theme.fields(), |form, field| form.with(&field))
            .with(yes_or_no(edge.strict))
            .with(yes_or_no(edge.lockdown))
            .with(yes_or_no(edge.clean_landing))
            .with(yes_or_no(edge.hold_landing))
            .with_all(&edge.clear_site_data, |form, target| form.with(target.name()))
            .with(yes_or_no(edge.report_unknown))
            .with(yes_or_no(consent_mode.ads_data_redaction))
            .with(yes_or_no(consent_mode.url_passthrough))
            .with(&consent_mode.wait_for_update_ms.to_string())
            .with(&receipts.keep_months.to_string())
            .with_all(&receipts.longer, |form, (category, months)| {
                form.with(category.name()).with(&months.to_string())
            })
            .with_all(self.languages(), words);
        // Files from before there were these sections mean what they meant.
        let form = if *figures == Figures::default() {
            form
        } else {
            form.with(&figures.time_zone).with_all(&figures.pages, |form, (name, paths)| {
                form.with(name).with_all(paths, |form, path| form.with(path))
            })
        };
        let Some(experiment) = experiment else { return form.finish() };
        let Experiment { name, first_day, last_day, points, expected, winner, variants } = experiment;
        let numbers = [first_day, last_day, points, expected];
        form.with("experiment")
            .with(name)
            .with_all(numbers, |form, number| form.with(&number.to_string()))
            .with(winner.as_deref().unwrap_or(""))
            .with_all(variants, |mut form, variant| {
                form.0.update(variant.policy.hash());
                form.with(&variant.name)
            })
            .finish()
    }

    /// SHA-256 of every word shown in that language: its tag, the titles and texts of what is asked, all texts.
    #[must_use]
    pub fn texts_sha256(&self, language: &Language) -> [u8; 32] {
        Form::of("postern-texts/1")
            .with(&language.tag)
            .with_all(self.asked_in(language), purpose_fields)
            .with_all(Texts::KEYS, |form, key| form.with(language.texts.text(key).unwrap_or("")))
            .finish()
    }

    /// SHA-256 of one category's title and text in that language; `None` if it is not offered.
    #[must_use]
    pub fn purpose_sha256(&self, category: Category, language: &Language) -> Option<[u8; 32]> {
        let purpose = self.purpose(category)?;
        Some(purpose_fields(Form::of("postern-purpose/1"), (purpose.category, language)).finish())
    }

    fn asked_in<'p>(&'p self, language: &'p Language) -> impl Iterator<Item = (Category, &'p Language)> {
        self.purposes.iter().map(move |purpose| (purpose.category, language))
    }

    /// SHA-256 of the vendor list: id, category, role and country of each, by id.
    #[must_use]
    pub fn vendors_sha256(&self) -> [u8; 32] {
        Form::of("postern-vendors/1").with_all(&self.vendors, vendor_fields).finish()
    }
}
