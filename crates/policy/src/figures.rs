//! `[figures]`: what the dashboard's figures are told apart by. Nobody is asked by it, so it is not part of the tag.

use crate::cause::Cause;
use crate::section::{Report, Section};
use crate::value::{is_page_pattern, is_slug, is_time_zone};

/// Groups that a site may name: each is a row of the dashboard, and a cell of each day.
const GROUPS_MAX: usize = 40;

/// How visits are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Figures {
    /// Where the site's days begin and end, a name of the IANA time zone database; `UTC` if the file says nothing.
    pub time_zone: String,
    /// Groups of pages: a name, and the patterns of its paths, in order of name. A pattern that ends in `*` stands for all
    /// paths that begin so.
    pub pages: Vec<(String, Vec<String>)>,
}

impl Default for Figures {
    fn default() -> Self {
        Self { time_zone: "UTC".into(), pages: Vec::new() }
    }
}

impl Figures {
    /// The group of a page: that with the longest pattern that fits, of equal ones the first by name. `None` where none does, and a path is never its own
    /// group: paths can name people. Source: standards.md S1.6.
    #[must_use]
    pub fn group_of(&self, path: &str) -> Option<&str> {
        let fits = |pattern: &&String| match pattern.strip_suffix('*') {
            Some(beginning) => path.starts_with(beginning),
            None => path == *pattern,
        };
        let mut best: Option<(usize, &str)> = None;
        for (name, patterns) in &self.pages {
            let longest = patterns.iter().filter(fits).map(String::len).max();
            if let Some(length) = longest.filter(|length| best.is_none_or(|(known, _)| *length > known)) {
                best = Some((length, name));
            }
        }
        best.map(|(_, name)| name)
    }
}

pub(crate) fn read_figures(mut figures: Section<'_>, report: &mut Report<'_>) -> Figures {
    let time_zone = figures.text(report, "time_zone").unwrap_or_else(|| Figures::default().time_zone);
    figures.check(report, "time_zone", &time_zone, is_time_zone, Cause::TimeZone);
    let groups = figures.section(report, "pages");
    let mut pages = Vec::new();
    for (name, mut group) in groups.entries(report) {
        if !is_slug(&name) {
            groups.refuse(report, &name, Cause::Slug(name.clone()));
        }
        let paths = group.list(report, "paths");
        if paths.is_empty() {
            group.refuse(report, "paths", Cause::Missing("the group's pages, as in paths = [\"/shop/*\"]"));
        }
        group.check_all(report, "paths", &paths, is_page_pattern, Cause::PagePattern);
        group.close(report);
        pages.push((name, paths));
    }
    if pages.len() > GROUPS_MAX {
        figures.refuse(report, "pages", Cause::TooMany { count: pages.len(), max: GROUPS_MAX });
    }
    figures.close(report);
    Figures { time_zone, pages }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_belongs_to_the_group_that_says_most_of_it() {
        let group = |name: &str, paths: &[&str]| {
            (name.to_owned(), paths.iter().map(|path| (*path).to_owned()).collect())
        };
        let figures = Figures {
            pages: vec![
                group("home", &["/"]),
                group("sale", &["/shop/sale*"]),
                group("shop", &["/shop/*", "/cart"]),
            ],
            ..Figures::default()
        };
        for (path, expected) in [
            ("/", Some("home")),
            ("/shop/lamps", Some("shop")),
            ("/shop/sale", Some("sale")),
            ("/shop/sales/9", Some("sale")),
            ("/cart", Some("shop")),
            ("/cart/9", None),
            ("/shop", None),
            ("", None),
        ] {
            assert_eq!(figures.group_of(path), expected, "{path}");
        }
    }
}
