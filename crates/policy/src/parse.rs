//! From the file's text to a [`Policy`]: what each key means. Faults are collected, not thrown.

use postern_consent::{Category, CategorySet, PolicyTag};
use postern_sort::{sorted_by, sorted_by_key};
use toml::de::DeTable;

use crate::cause::Cause;
use crate::error::{Issue, PolicyError};
use crate::experiment::{Experiment, Variant, read_experiment, read_variant};
use crate::figures::read_figures;
use crate::language::Language;
use crate::lint::lint_text;
use crate::options::{read_consent_mode, read_edge, read_receipts};
use crate::policy::{Authority, Banner, Change, Controller, Layout, Notice, Policy, Purpose, Reopen, Site};
use crate::rules::read_rules;
use crate::section::{Report, Section};
use crate::texts::category_keys;
use crate::theme::read_theme;
use crate::value::{
    day_number, is_date, is_host, is_language, is_link, is_origin, is_slug, is_url, is_version,
};
use crate::vendor::{KnownVendor, read_vendors};
use crate::words::{read_words, starting_with};

/// Largest file read, bytes: a hundred vendors at 500 bytes and every text overridden, four times over.
const FILE_BYTES_MAX: usize = 256 * 1024;

/// How long a change of the notice is announced at least, days. Source: standards.md requirement 32, S4.15.
const CHANGE_DAYS_MIN: u32 = 30;

pub(crate) const CATEGORY_WORDS: [(&str, Category); 5] = [
    ("necessary", Category::Necessary),
    ("functional", Category::Functional),
    ("analytics", Category::Analytics),
    ("marketing", Category::Marketing),
    ("social", Category::Social),
];

/// An experiment whose variants are not read yet, and the name and line of each.
type Tried = (Experiment, Vec<(String, usize)>);

impl Policy {
    /// Parses and lints a policy file.
    ///
    /// # Errors
    /// [`PolicyError`] with every fault: syntax, unknown keys, wrong values, and what the law does not
    /// allow. What should be mended but may run is in [`Policy::warnings`].
    pub fn parse(text: &str, known: &[KnownVendor<'_>]) -> Result<Self, PolicyError> {
        let (mut policy, tried) = Self::parse_as(text, known, None)?;
        let Some((mut experiment, names)) = tried else { return Ok(policy) };
        // Each way to ask is the whole file read with its own words over the others, so no rule can be left out for it.
        let (mut seen, mut errors) = (vec![(Experiment::CONTROL.to_owned(), policy.hash())], Vec::new());
        // In the order of the file, so that of two that are alike the later is the one to mend.
        for (name, line) in sorted_by_key(names, |(_, line)| *line) {
            let key = format!("experiment.variants.{name}");
            let (mut variant, _) = match Self::parse_as(text, known, Some(&name)) {
                Ok(variant) => variant,
                Err(error) => {
                    errors.extend(error.into_issues());
                    continue;
                }
            };
            // Of what is asked and how; what the way is called is not in it.
            let hash = variant.hash();
            if let Some((other, _)) = seen.iter().find(|(_, seen)| *seen == hash) {
                let cause = match other.as_str() {
                    Experiment::CONTROL => Cause::SameAsControl,
                    other => Cause::SameAsVariant(other.to_owned()),
                };
                errors.push(Issue { line, key, cause });
                continue;
            }
            let own = std::mem::take(&mut variant.warnings);
            policy.warnings.extend(own.into_iter().filter(|issue| issue.key.starts_with(&key)));
            seen.push((name.clone(), hash));
            experiment.variants.push(Variant { name, policy: variant });
        }
        if !errors.is_empty() {
            return Err(PolicyError::new(errors));
        }
        if let Some(winner) = &experiment.winner {
            (policy, _) = Self::parse_as(text, known, Some(winner))?;
        }
        policy.warnings = sorted_by_key(policy.warnings, |issue| issue.line);
        experiment.variants = sorted_by(experiment.variants, |one, other| one.name.cmp(&other.name));
        policy.experiment = Some(experiment);
        Ok(policy)
    }

    /// The policy of who is asked in the way of that name, or in the site's own, without the experiment; and this, with the names
    /// of the other ways and their lines.
    fn parse_as(
        text: &str,
        known: &[KnownVendor<'_>],
        variant: Option<&str>,
    ) -> Result<(Self, Option<Tried>), PolicyError> {
        let mut report = Report::new(text);
        if text.len() > FILE_BYTES_MAX {
            let cause = Cause::TooLarge { bytes: text.len(), max: FILE_BYTES_MAX };
            return Err(PolicyError::new(vec![Issue { line: 1, key: String::new(), cause }]));
        }
        let table = match DeTable::parse(text) {
            Ok(table) => table,
            Err(error) => {
                let line = report.line_at(error.span().map_or(0, |span| span.start));
                let message = error.message().replace('\n', ", ");
                let issue = Issue { line, key: String::new(), cause: Cause::Syntax(message) };
                return Err(PolicyError::new(vec![issue]));
            }
        };
        let mut root = Section::root(table.get_ref());
        let site = read_site(root.section(&mut report, "site"), &mut report);
        let controller = read_controller(root.section(&mut report, "controller"), &mut report);
        let notice = read_notice(root.section(&mut report, "notice"), &mut report);
        let rules = read_rules(root.section(&mut report, "profile"), &mut report);
        let mut own_language = starting_with(&site.language);
        let categories = root.section(&mut report, "categories");
        let offered = read_categories(categories, &mut report, &mut own_language);
        let legal = rules.as_ref().map(|rules| &rules.legal);
        let vendors = root.section(&mut report, "vendors");
        let vendors = read_vendors(&vendors, &mut report, known, offered.categories, &site.hosts, legal);
        let mut banner = read_banner(root.section(&mut report, "banner"), &mut report);
        let edge = read_edge(root.section(&mut report, "edge"), &mut report);
        let consent_mode = read_consent_mode(root.section(&mut report, "consent_mode"), &mut report);
        let receipts = read_receipts(root.section(&mut report, "receipts"), &mut report);
        let figures = read_figures(root.section(&mut report, "figures"), &mut report);
        let texts = root.section(&mut report, "texts");
        let mut other_languages = read_words(texts, &mut report, &site, &offered, &mut own_language);
        let experiment = read_experiment(root.section(&mut report, "experiment"), &mut report);
        let mut tried = None;
        if let Some((experiment, variants)) = experiment {
            let mut names = Vec::new();
            for (name, section) in variants {
                let line = section.line_of(&report, "");
                if variant == Some(name.as_str()) {
                    read_variant(section, &mut report, &mut banner, &mut own_language, &mut other_languages);
                }
                names.push((name, line));
            }
            tried = Some((experiment, names));
        }
        root.close(&mut report);
        let Report { errors, warnings, .. } = report;
        let (Some(rules), true) = (rules, errors.is_empty()) else {
            return Err(PolicyError::new(errors));
        };
        let warnings = sorted_by_key(warnings, |issue| issue.line);
        let purposes = offered.categories.iter().map(|category| purpose(category, &own_language)).collect();
        let mut policy = Self {
            site,
            controller,
            notice,
            rules,
            purposes,
            vendors,
            banner,
            edge,
            consent_mode,
            receipts,
            figures,
            experiment: None,
            own_language,
            other_languages,
            warnings,
            tag: PolicyTag(0),
        };
        policy.tag = policy.make_tag();
        Ok((policy, tried))
    }
}

fn read_site(mut site: Section<'_>, report: &mut Report<'_>) -> Site {
    let id = site.required(report, "id", "a slug, as in id = \"shop\"");
    site.check(report, "id", &id, is_slug, Cause::Slug);
    let origin = site.text(report, "origin");
    site.check(report, "origin", origin.as_deref().unwrap_or(""), is_origin, Cause::Origin);
    let hosts = site.list(report, "hosts");
    for host in &hosts {
        site.check(report, "hosts", host, is_host, Cause::Host);
    }
    let language = site.required(report, "language", "the language of the texts, as in language = \"en\"");
    site.check(report, "language", &language, is_language, Cause::Language);
    let languages = site.list(report, "languages");
    site.check_all(report, "languages", &languages, is_language, Cause::Language);
    let drop_in = site.list(report, "drop_in");
    site.check_all(report, "drop_in", &drop_in, is_origin, Cause::Origin);
    site.close(report);
    Site { id, origin, hosts, language, languages, drop_in }
}

fn read_controller(mut controller: Section<'_>, report: &mut Report<'_>) -> Controller {
    let name = controller.required(report, "name", "who is responsible, as in name = \"Shop Ltd\"");
    let address = controller.required(report, "address", "a postal address");
    let contact = controller.required(report, "contact", "a mail address or a URL");
    let mut authority = controller.section(report, "authority");
    let authority_name = authority.required(report, "name", "the supervisory authority's name");
    let url = authority.required(report, "url", "the supervisory authority's page for complaints");
    authority.check(report, "url", &url, is_url, Cause::Url);
    authority.close(report);
    controller.close(report);
    Controller { name, address, contact, authority: Authority { name: authority_name, url } }
}

fn read_notice(mut notice: Section<'_>, report: &mut Report<'_>) -> Notice {
    let url = notice.required(report, "url", "where the cookie notice stands, as in url = \"/privacy\"");
    notice.check(report, "url", &url, is_link, Cause::Link);
    let version = notice.required(report, "version", "the notice's version, as in version = \"2026-05\"");
    notice.check(report, "version", &version, is_version, Cause::Version);
    let updated =
        notice.required_date(report, "updated", "the date of the last change, as in updated = 2026-05-01");
    notice.check(report, "updated", &updated, is_date, Cause::Date);
    let change = read_change(notice.section(report, "change"), report);
    notice.close(report);
    Notice { url, version, updated, change }
}

/// A change that is announced is announced for 30 days at least. Source: standards.md requirement 32.
fn read_change(mut change: Section<'_>, report: &mut Report<'_>) -> Option<Change> {
    if !change.is_present() {
        return None;
    }
    let [from, until] = [
        ("from", "the day from which it applies and is announced, as in from = 2026-05-01"),
        ("until", "the last day it is announced, as in until = 2026-06-01"),
    ]
    .map(|(key, example)| {
        let date = change.required_date(report, key, example);
        change.check(report, key, &date, is_date, Cause::Date);
        date
    });
    let days = day_number(&from).zip(day_number(&until));
    let days = days.map(|(first, last)| (first, last, (last + 1).saturating_sub(first)));
    if let Some((_, _, shown)) = days.filter(|(_, _, shown)| *shown < CHANGE_DAYS_MIN) {
        change.refuse(report, "until", Cause::ChangeTooShort { days: shown, min: CHANGE_DAYS_MIN });
    }
    change.close(report);
    days.map(|(first_day, last_day, _)| Change { from, first_day, last_day })
}

/// What `[categories]` says.
#[derive(Default)]
pub(crate) struct Offered {
    /// What is asked for.
    pub(crate) categories: CategorySet,
    /// The categories that the site describes in its own words, and the line of each.
    pub(crate) described: Vec<(Category, usize)>,
}

/// What is offered. A category without title or text has the built-in ones; `[categories.necessary]` can have
/// nothing else, as it is never asked for.
fn read_categories(mut categories: Section<'_>, report: &mut Report<'_>, language: &mut Language) -> Offered {
    let mut offered = Offered::default();
    for (name, category) in CATEGORY_WORDS {
        let mut entry = categories.section(report, name);
        if !entry.is_present() {
            continue;
        }
        for (key, words) in ["title", "text"].into_iter().zip(category_keys(category)) {
            if let Some(text) = entry.text(report, key) {
                if key == "text" && category != Category::Necessary {
                    offered.described.push((category, entry.line_of(report, key)));
                }
                lint_text(&entry, report, key, &text);
                language.set_own(words, text);
            }
        }
        if category == Category::Necessary {
            for key in ["enabled", "default", "required"] {
                if entry.has(key) {
                    entry.refuse(report, key, Cause::NecessarySwitched);
                }
            }
        } else {
            offered.categories = offered.categories.with(category);
        }
        entry.close(report);
    }
    if offered.categories.is_empty() {
        categories.refuse(report, "", Cause::NothingOffered);
    }
    categories.close(report);
    offered
}

fn purpose(category: Category, language: &Language) -> Purpose {
    let (title, text) = language.texts.category(category);
    Purpose { category, title: title.to_owned(), text: text.to_owned() }
}

pub(crate) fn read_layout(section: &mut Section<'_>, report: &mut Report<'_>) -> Option<Layout> {
    section.word(report, "layout", "layout", &Layout::WORDS)
}

fn read_banner(mut banner: Section<'_>, report: &mut Report<'_>) -> Banner {
    let layout = read_layout(&mut banner, report);
    let reopen =
        banner.word(report, "reopen", "way", &[("button", Reopen::Button), ("own-link", Reopen::OwnLink)]);
    let theme = read_theme(banner.section(report, "theme"), report);
    banner.close(report);
    Banner { layout: layout.unwrap_or(Layout::Bar), reopen: reopen.unwrap_or(Reopen::Button), theme }
}
