//! What the stub must know of a site and a visitor beyond the built-in catalogue, whose table it carries: needs that
//! the policy changes, vendors and hosts that only the policy names, vendors that this visitor granted by themselves,
//! and, on a strict site, everybody else.
//!
//! Rows of `[need, regular expression]`, and for a vendor granted by itself its id; asked before the built-in ones:
//! first for `host + path + query` of an address, then for names of cookies and storage keys, then of databases; the
//! last are for addresses that are telling on any host, asked when no built-in host is known.
//! Written as JSON, which markup and script can both hold.

use crate::Grants;
use postern_catalogue::{Catalogue, HOSTS, SHAPES, Shape, UrlRule, VENDORS, Vendor};
use postern_consent::CategorySet;
use postern_sort::sorted_by_key;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The bits of what is needed, the source of a regular expression, and the id of a vendor that is granted by itself.
struct Row(u8, String, &'static str);

/// The rows as JSON; empty if there is nothing that the stub does not know. `page_hosts`: where the page may be.
#[must_use]
pub fn stub_rows(grants: &Grants, page_hosts: &[&str]) -> String {
    let (catalogue, is_strict) = (grants.catalogue(), grants.is_strict());
    let changes = catalogue.changes();
    let row = |vendor: &Vendor, source: String| {
        // Whom a strict site does not list, nobody can grant there.
        if is_strict && !vendor.is_necessary() && !catalogue.is_listed(vendor) {
            return Row(0, source, "");
        }
        match grants.vendors().iter().find(|granted| granted.id == vendor.id) {
            // Everybody has granted the necessary.
            Some(granted) => Row(CategorySet::NECESSARY.bits(), source, granted.id),
            None => Row(vendor.need.categories().bits(), source, ""),
        }
    };
    let mut addresses: Vec<Row> = Vec::new();
    for (host, path, vendor) in changes.hosts() {
        addresses.push(row(vendor, format!("^{}{}", of_host(host), of_path(path))));
    }
    for (path, vendor) in changes.paths() {
        for host in page_hosts {
            addresses.push(row(vendor, format!("^{}{}", literal(host), of_path(path))));
        }
    }
    let is_granted = |vendor: &Vendor| grants.vendors().iter().any(|granted| granted.id == vendor.id);
    // A strict site knows nobody but those it lists; any other knows them from the built-in table.
    let listed = catalogue.listed().iter().copied();
    let mut spelled: Vec<&Vendor> =
        listed.filter(|vendor| is_strict || changes.is_changed(vendor) || is_granted(vendor)).collect();
    if is_strict {
        spelled.extend(VENDORS.iter().filter(|vendor| vendor.is_necessary()));
    }
    let in_rows = |found: Vec<(&'static Vendor, String)>| -> Vec<Row> {
        found.into_iter().map(|(vendor, source)| row(vendor, source)).collect()
    };
    addresses.extend(in_rows(built_in_hosts(catalogue, &spelled)));
    let mut shapes = in_rows(built_in_shapes(catalogue, &spelled));
    if is_strict {
        addresses.append(&mut shapes);
        let own: BTreeSet<&str> = page_hosts.iter().flat_map(|host| catalogue.own_hosts(host)).collect();
        let own: Vec<String> = own.into_iter().map(literal).collect();
        addresses.push(Row(0, format!("^(?!([^/]*\\.)?({})/)", own.join("|")), ""));
    }
    let mut names: Vec<Row> = Vec::new();
    let mut databases: Vec<Row> = Vec::new();
    for vendor in catalogue.listed() {
        if changes.is_changed(vendor) || changes.is_own(vendor) || is_granted(vendor) {
            let patterns: Vec<&str> = vendor.cookies.iter().chain(vendor.storage).copied().collect();
            names.extend(any_of(&patterns).map(|source| row(vendor, source)));
            databases.extend(any_of(vendor.databases).map(|source| row(vendor, source)));
        }
    }
    let lists = [addresses, names, databases, shapes];
    if lists.iter().all(Vec::is_empty) {
        return String::new();
    }
    format!("[{}]", lists.map(|rows| json(&rows)).join(","))
}

/// Whole names, any of which is enough.
fn any_of(patterns: &[&str]) -> Option<String> {
    let joined: Vec<String> = patterns.iter().map(|name| literal(name)).collect();
    (!joined.is_empty()).then(|| format!("^({})$", joined.join("|")))
}

/// As the site has it; one that counts only where it is listed is nobody elsewhere.
fn as_listed(catalogue: &Catalogue, index: usize) -> Option<&'static Vendor> {
    let known = VENDORS.get(index)?;
    (catalogue.is_listed(known) || !known.is_optional).then(|| catalogue.vendor(known.id))?
}

fn is_among(spelled: &[&Vendor], index: usize) -> bool {
    VENDORS.get(index).is_some_and(|known| spelled.iter().any(|vendor| vendor.id == known.id))
}

/// The built-in addresses of these vendors on their hosts, and of others that own a part of them: in the order in which
/// the matcher asks, so that the first that fits is the owner.
fn built_in_hosts(catalogue: &Catalogue, spelled: &[&Vendor]) -> Vec<(&'static Vendor, String)> {
    let is_spelled = |index: usize| is_among(spelled, index);
    let is_within = |inner: &str, outer: &str| {
        inner.strip_suffix(outer).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    let theirs: Vec<&str> = HOSTS
        .iter()
        .filter(|(_, rules)| rules.iter().any(|rule| is_spelled(rule.vendor)))
        .map(|(host, _)| *host)
        .collect();
    let rules: Vec<(&str, &UrlRule)> = HOSTS
        .iter()
        .flat_map(|(host, rules)| rules.iter().map(move |rule| (*host, rule)))
        .filter(|(host, rule)| {
            is_spelled(rule.vendor)
                || theirs.iter().any(|other| is_within(host, other) || is_within(other, host))
        })
        .collect();
    // As `url_owner` asks; the rules of one host stay in their order.
    let rules = sorted_by_key(rules, |(host, rule)| (rule.tier(), Reverse(host.matches('.').count())));
    let rules = rules.into_iter().filter_map(|(host, rule)| {
        Some((
            as_listed(catalogue, rule.vendor)?,
            format!("^{}{}{}", of_marks(rule.query), of_host(host), of_path(rule.path)),
        ))
    });
    rules.collect()
}

/// The same for addresses that are telling on any host: those that end alike are asked in their order, then those that
/// may end in any way.
fn built_in_shapes(catalogue: &Catalogue, spelled: &[&Vendor]) -> Vec<(&'static Vendor, String)> {
    let is_theirs = |shapes: &[Shape]| shapes.iter().any(|shape| is_among(spelled, shape.vendor));
    let (by_query, by_ending): (Vec<_>, Vec<_>) =
        SHAPES.iter().filter(|(_, shapes)| is_theirs(shapes)).partition(|(ending, _)| ending.is_empty());
    let shapes = by_ending.into_iter().chain(by_query).flat_map(|(_, shapes)| shapes.iter());
    let shapes = shapes.filter_map(|shape| {
        Some((
            as_listed(catalogue, shape.vendor)?,
            format!("^{}[^?]*{}(\\?|$)", of_marks(shape.query), literal(shape.path)),
        ))
    });
    shapes.collect()
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
        let _ = write!(out, "(?=[^?]*\\?(.*&)?{})", literal(mark));
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
        .map(|Row(need, source, id)| {
            let source = source.replace('\\', "\\\\").replace('"', "\\\"");
            let id = if id.is_empty() { String::new() } else { format!(",\"{id}\"") };
            format!("[{need},\"{source}\"{id}]")
        })
        .collect();
    format!("[{}]", rows.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_catalogue::SiteVendor;
    use postern_consent::{Category, Need, VendorSet};
    use std::rc::Rc;

    fn rows_of(catalogue: Catalogue, page_host: &str, is_strict: bool) -> String {
        let grants = Grants::new(Rc::new(catalogue), CategorySet::NECESSARY).with_strict(is_strict);
        stub_rows(&grants, &[page_host])
    }

    fn site<'policy>(id: &'policy str, category: Category, hosts: &'policy [String]) -> SiteVendor<'policy> {
        let need = Need::any_of(CategorySet::EMPTY.with(category));
        SiteVendor { id, name: id, need, hosts, paths: &[], cookies: &[], params: &[], storage: &[] }
    }

    #[test]
    fn a_site_like_the_catalogue_needs_no_rows() {
        assert_eq!(rows_of(Catalogue::default(), "shop.example", false), "");
        let listed = Catalogue::of_site([site("ga4", Category::Analytics, &[])]);
        assert_eq!(rows_of(listed, "shop.example", false), "");
    }

    #[test]
    fn what_the_policy_says_otherwise_is_told() {
        let hosts = ["t.example.net/x".to_string()];
        let (paths, cookies) = (["/ingest/".to_string()], ["acme_*".to_string()]);
        let acme =
            SiteVendor { paths: &paths, cookies: &cookies, ..site("acme", Category::Analytics, &hosts) };
        let catalogue = Catalogue::of_site([acme]);
        assert_eq!(
            rows_of(catalogue, "shop.example", false),
            r#"[[[4,"^([^/]*\\.)?t\\.example\\.net/x"],[4,"^shop\\.example/ingest/"]],[[4,"^(acme_.*)$"]],[],[]]"#
        );
        let again =
            Catalogue::of_site([SiteVendor { paths: &paths, ..site("acme", Category::Analytics, &[]) }]);
        let grants = Grants::new(Rc::new(again), CategorySet::NECESSARY);
        let rows = stub_rows(&grants, &["shop.example", "shop.test"]);
        assert!(rows.contains(r#"[4,"^shop\\.example/ingest/"],[4,"^shop\\.test/ingest/"]"#), "{rows}");
        let moved = Catalogue::of_site([site("clarity", Category::Marketing, &[])]);
        let rows = rows_of(moved, "shop.example", false);
        assert!(rows.contains("[8,\"^([^/]*\\\\.)?clarity\\\\.ms/\"]") && rows.contains("_clck"), "{rows}");
    }

    #[test]
    fn a_strict_site_ends_with_everybody_else() {
        let catalogue = Catalogue::of_site([site("ga4", Category::Analytics, &[])]);
        let rows = rows_of(catalogue, "www.shop.example", true);
        assert!(rows.contains("google-analytics") && rows.contains("stripe"), "{rows}");
        assert!(rows.ends_with(r#"[0,"^(?!([^/]*\\.)?(shop\\.example)/)"]],[],[],[]]"#), "{rows}");
        let catalogue = Catalogue::of_site([site("ga4", Category::Analytics, &[])]);
        let grants = Grants::new(Rc::new(catalogue), CategorySet::NECESSARY).with_strict(true);
        let rows = stub_rows(&grants, &["www.shop.example", "shop.example", "shop.test"]);
        assert!(
            rows.contains(r#"(shop\\.example|shop\\.test)"#),
            "no page of the site is a stranger on another: {rows}"
        );
    }

    #[test]
    fn a_vendor_granted_by_itself_passes_and_nobody_else_on_its_hosts() {
        let catalogue = Rc::new(Catalogue::of_site([
            site("ga4", Category::Analytics, &[]),
            site("google-ads", Category::Marketing, &[]),
        ]));
        let grants = Grants::new(catalogue, CategorySet::NECESSARY)
            .with_vendors(VendorSet::EMPTY.with(0), CategorySet::ALL);
        let rows = stub_rows(&grants, &["shop.example"]);
        // Of two that share a host the more telling comes first, as the matcher has it.
        let advertising =
            rows.find(r#"[8,"^(?=[^?]*\\?(.*&)?id=aw-)([^/]*\\.)?www\\.googletagmanager\\.com/gtag/"#);
        let own = rows.find(r#"[1,"^([^/]*\\.)?www\\.googletagmanager\\.com/gtag/","ga4"]"#);
        assert!(advertising.is_some() && advertising < own, "{rows}");
        assert!(rows.contains(r#",[[1,"^(_ga|"#), "{rows}");
    }
}
