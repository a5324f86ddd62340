//! What the stub must know of a site beyond the built-in catalogue, whose table it carries: needs that the
//! policy changes, vendors and hosts that only the policy names, and, on a strict site, everybody else.
//!
//! Rows of `[need, regular expression]`, asked before the built-in ones: first for `host + path + query` of an
//! address, then for names of cookies and storage keys. Written as JSON, which markup and script can both hold.

use postern_catalogue::{Catalogue, HOSTS, SHAPES, VENDORS, Vendor};
use std::fmt::Write as _;

/// A row: the bits of what is needed, and the source of a regular expression.
type Row = (u8, String);

/// The rows as JSON; empty if the site says nothing that the stub does not know.
#[must_use]
pub fn stub_rows(catalogue: &Catalogue, page_host: &str, is_strict: bool) -> String {
    let changes = catalogue.changes();
    let mut addresses: Vec<Row> = Vec::new();
    let mut names: Vec<Row> = Vec::new();
    for (host, path, vendor) in changes.hosts() {
        addresses.push((need(vendor), format!("^{}{}", of_host(host), of_path(path))));
    }
    for (path, vendor) in changes.paths() {
        addresses.push((need(vendor), format!("^{}{}", literal(page_host), of_path(path))));
    }
    // A strict site knows nobody but those it lists; any other knows them from the built-in table.
    let spelled = catalogue.listed().iter().copied().filter(|vendor| is_strict || changes.is_changed(vendor));
    for vendor in spelled {
        addresses.extend(built_in(vendor));
    }
    for vendor in
        catalogue.listed().iter().filter(|vendor| changes.is_changed(vendor) || changes.is_own(vendor))
    {
        let patterns = vendor.cookies.iter().chain(vendor.storage).map(|name| literal(name));
        let joined: Vec<String> = patterns.collect();
        if !joined.is_empty() {
            names.push((need(vendor), format!("^({})$", joined.join("|"))));
        }
    }
    if is_strict {
        VENDORS
            .iter()
            .filter(|vendor| vendor.is_necessary())
            .for_each(|vendor| addresses.extend(built_in(vendor)));
        let own: Vec<String> = catalogue.own_hosts(page_host).map(literal).collect();
        addresses.push((0, format!("^(?!([^/]*\\.)?({})/)", own.join("|"))));
    }
    if addresses.is_empty() && names.is_empty() {
        return String::new();
    }
    format!("[{},{}]", json(&addresses), json(&names))
}

fn need(vendor: &Vendor) -> u8 {
    vendor.need.categories().bits()
}

/// The built-in addresses of a vendor under the need it has here.
fn built_in(vendor: &Vendor) -> Vec<Row> {
    let is_its = |index: usize| VENDORS.get(index).is_some_and(|known| known.id == vendor.id);
    let hosts = HOSTS.iter().flat_map(|(host, rules)| rules.iter().map(move |rule| (*host, rule)));
    let hosts = hosts
        .filter(|(_, rule)| is_its(rule.vendor))
        .map(|(host, rule)| format!("^{}{}{}", of_marks(rule.query), of_host(host), of_path(rule.path)));
    let shapes = SHAPES.iter().flat_map(|(_, shapes)| shapes.iter()).filter(|shape| is_its(shape.vendor));
    let shapes = shapes.map(|shape| format!("^{}[^?]*{}(\\?|$)", of_marks(shape.query), literal(shape.path)));
    hosts.chain(shapes).map(|source| (need(vendor), source)).collect()
}

fn of_host(host: &str) -> String {
    format!("([^/]*\\.)?{}", literal(host))
}

/// A beginning of a path; none means the whole host. `$` last is the path's end.
fn of_path(path: &str) -> String {
    match (path, path.strip_suffix('$')) {
        ("", _) => "/".into(),
        (_, Some(whole)) => format!("{}(\\?|$)", literal(whole)),
        (path, None) => literal(path),
    }
}

fn of_marks(marks: &[&str]) -> String {
    let mut out = String::new();
    for mark in marks {
        let _ = write!(out, "(?=.*[?&]{})", literal(mark));
    }
    out
}

/// A pattern's own characters stand for themselves, `*` for any run of characters.
fn literal(pattern: &str) -> String {
    let mut out = String::new();
    for c in pattern.chars() {
        match c {
            '*' => out.push_str(".*"),
            c if c.is_ascii_alphanumeric() || "-_/=:@~% ".contains(c) || !c.is_ascii() => out.push(c),
            c => out.extend(['\\', c]),
        }
    }
    out
}

fn json(rows: &[Row]) -> String {
    let rows: Vec<String> = rows
        .iter()
        .map(|(need, source)| format!("[{need},\"{}\"]", source.replace('\\', "\\\\").replace('"', "\\\"")))
        .collect();
    format!("[{}]", rows.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_catalogue::SiteVendor;
    use postern_consent::{Category, CategorySet, Need};

    fn site<'policy>(id: &'policy str, category: Category, hosts: &'policy [String]) -> SiteVendor<'policy> {
        let need = Need::any_of(CategorySet::EMPTY.with(category));
        SiteVendor { id, name: id, need, hosts, paths: &[], cookies: &[], params: &[], storage: &[] }
    }

    #[test]
    fn a_site_like_the_catalogue_needs_no_rows() {
        assert_eq!(stub_rows(&Catalogue::default(), "shop.example", false), "");
        let listed = Catalogue::of_site([site("ga4", Category::Analytics, &[])]);
        assert_eq!(stub_rows(&listed, "shop.example", false), "");
    }

    #[test]
    fn what_the_policy_says_otherwise_is_told() {
        let hosts = ["t.example.net/x".to_string()];
        let (paths, cookies) = (["/ingest/".to_string()], ["acme_*".to_string()]);
        let acme =
            SiteVendor { paths: &paths, cookies: &cookies, ..site("acme", Category::Analytics, &hosts) };
        let catalogue = Catalogue::of_site([acme]);
        assert_eq!(
            stub_rows(&catalogue, "shop.example", false),
            r#"[[[4,"^([^/]*\\.)?t\\.example\\.net/x"],[4,"^shop\\.example/ingest/"]],[[4,"^(acme_.*)$"]]]"#
        );
        let moved = Catalogue::of_site([site("clarity", Category::Marketing, &[])]);
        let rows = stub_rows(&moved, "shop.example", false);
        assert!(rows.contains("[8,\"^([^/]*\\\\.)?clarity\\\\.ms/\"]") && rows.contains("_clck"), "{rows}");
    }

    #[test]
    fn a_strict_site_ends_with_everybody_else() {
        let catalogue = Catalogue::of_site([site("ga4", Category::Analytics, &[])]);
        let rows = stub_rows(&catalogue, "www.shop.example", true);
        assert!(rows.contains("google-analytics") && rows.contains("stripe"), "{rows}");
        assert!(rows.ends_with(r#"[0,"^(?!([^/]*\\.)?(shop\\.example)/)"]],[]]"#), "{rows}");
    }
}
