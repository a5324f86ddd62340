//! `cargo xtask gen`: vendor data files → the edge's static tables, the stub's table, shared vectors.
//!
//! The data files are the only place where a vendor fact is written. What this file refuses, no
//! build can ship. Matching itself is `postern-catalogue`'s and the stub's.

use postern_consent::{CONSENT_MODE_SIGNALS, CategorySet};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// One vendor data file, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct VendorFile {
    id: String,
    name: String,
    category: Option<String>,
    #[serde(default)]
    needs_any_of: Vec<String>,
    role: String,
    company: String,
    country: String,
    privacy_url: String,
    source: String,
    checked: String,
    urls: Vec<String>,
    cookies: Vec<String>,
    cookie_values: Vec<String>,
    params: Vec<String>,
    storage: Vec<String>,
    examples: Vec<String>,
}

/// A URL pattern taken apart: `host[/path-with-*][?query-part]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct UrlRule {
    host: String,
    path: String,
    query: String,
}

impl UrlRule {
    fn parse(pattern: &str) -> Result<Self, String> {
        let (rest, query) = pattern.split_once('?').unwrap_or((pattern, ""));
        let (host, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        let is_host = host.contains('.')
            && host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b));
        if !is_host {
            return Err(format!("url pattern {pattern:?}: write a lower-case host name first"));
        }
        Ok(Self { host: host.into(), path: path.to_ascii_lowercase(), query: query.to_ascii_lowercase() })
    }

    /// Rules with more to say are asked first: query, then path, then bare host.
    fn tier(&self) -> u8 {
        match (self.query.is_empty(), self.path.is_empty()) {
            (false, _) => 0,
            (true, false) => 1,
            (true, true) => 2,
        }
    }
}

const CATEGORIES: [&str; 5] = ["necessary", "functional", "analytics", "marketing", "social"];

impl VendorFile {
    fn need_bits(&self) -> Result<u8, String> {
        let named: Vec<&String> = self.category.iter().chain(&self.needs_any_of).collect();
        if named.is_empty() || (self.category.is_some() && !self.needs_any_of.is_empty()) {
            return Err("write either category or needs_any_of".into());
        }
        named.iter().try_fold(0, |bits, name| match CATEGORIES.iter().position(|c| c == name) {
            Some(0) => Err("necessary is not something to hold".to_string()),
            Some(bit) => Ok(bits | 1 << bit),
            None => Err(format!("unknown category {name:?}; use one of {}", CATEGORIES.join(", "))),
        })
    }

    fn check(&self) -> Result<(), String> {
        self.need_bits()?;
        if self.id.starts_with("meta-") && self.category.as_deref() != Some("marketing") {
            return Err("Meta's pixel can only be marketing (standards.md requirement 7)".into());
        }
        for (key, value) in [("source", &self.source), ("checked", &self.checked), ("name", &self.name)] {
            if value.trim().is_empty() {
                return Err(format!("{key} is empty; every fact needs it"));
            }
        }
        if !["processor", "joint", "independent"].contains(&self.role.as_str()) {
            return Err(format!("unknown role {:?}", self.role));
        }
        if self.urls.len() + self.params.len() + self.cookies.len() == 0 {
            return Err("names nothing to match".into());
        }
        if !self.urls.is_empty() && self.examples.is_empty() {
            return Err("has urls and no examples to test them by".into());
        }
        Ok(())
    }
}

/// What one generation writes: path from the repository root → content.
pub type Outputs = BTreeMap<String, String>;

/// Reads every vendor file and renders everything that follows from them.
///
/// # Errors
/// The file's name, what is wrong in it, and what to write instead.
pub fn generate(root: &Path) -> Result<Outputs, String> {
    let folder = root.join("crates/catalogue/vendors");
    let mut paths: Vec<_> = std::fs::read_dir(&folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    paths.sort();
    let mut vendors = Vec::new();
    for path in paths {
        let shown = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{shown}: {error}"))?;
        let vendor: VendorFile = toml::from_str(&text).map_err(|error| format!("{shown}: {error}"))?;
        vendor.check().map_err(|error| format!("{shown}: {error}"))?;
        if shown != format!("{}.toml", vendor.id) {
            return Err(format!("{shown}: id is {:?}; name the file after it", vendor.id));
        }
        vendors.push(vendor);
    }
    let mut rules = Vec::new();
    for (index, vendor) in vendors.iter().enumerate() {
        for pattern in &vendor.urls {
            let rule = UrlRule::parse(pattern).map_err(|error| format!("{}.toml: {error}", vendor.id))?;
            rules.push((rule, index));
        }
    }
    rules.sort_by_key(|(rule, index)| (rule.tier(), *index, rule.clone()));
    Ok(Outputs::from([
        ("crates/catalogue/src/generated.rs".into(), render_rust(&vendors, &rules)?),
        ("www/stub/catalogue.js".into(), render_stub_table(&vendors, &rules)?),
        ("tests/vectors/urls.json".into(), render_vectors(&vendors)),
    ]))
}

/// Writes the outputs, or with `is_check` says which are not what the vendor files make them.
///
/// # Errors
/// A faulty vendor file, a file that cannot be written, or a stale output.
pub fn write_or_check(root: &Path, is_check: bool) -> Result<(), String> {
    let mut stale = Vec::new();
    for (name, content) in generate(root)? {
        let path = root.join(&name);
        // Generated Rust is formatted like all Rust; only the formatter decides about white space.
        let squeeze =
            |text: &str| text.split_whitespace().collect::<String>().replace(",}", "}").replace(",]", "]");
        if std::fs::read_to_string(&path).is_ok_and(|found| squeeze(&found) == squeeze(&content)) {
            continue;
        }
        if is_check {
            stale.push(name);
            continue;
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        std::fs::write(&path, content).map_err(|error| format!("{name}: {error}"))?;
        println!("wrote {name}");
    }
    if stale.is_empty() { Ok(()) } else { Err(format!("stale, run `cargo xtask gen`: {}", stale.join(", "))) }
}

fn render_rust(vendors: &[VendorFile], rules: &[(UrlRule, usize)]) -> Result<String, String> {
    let mut out = String::from(
        "//! Generated by `cargo xtask gen` from `vendors/*.toml`. Do not edit; a test compares.\n\n\
         use crate::{Role, UrlRule, Vendor};\nuse postern_consent::{CategorySet, Need};\n\n\
         const fn any_of(bits: u8) -> Need {\n    match CategorySet::from_bits(bits) {\n        \
         Some(set) => Need::any_of(set),\n        None => Need::any_of(CategorySet::EMPTY),\n    }\n}\n\n\
         /// Every vendor, by id.\npub static VENDORS: &[Vendor] = &[\n",
    );
    for vendor in vendors {
        let role = match vendor.role.as_str() {
            "processor" => "Processor",
            "joint" => "Joint",
            _ => "Independent",
        };
        let _ = write!(
            out,
            "    Vendor {{\n        id: {:?},\n        name: {:?},\n        need: any_of({:#04x}),\n        \
             role: Role::{role},\n        company: {:?},\n        country: {:?},\n        privacy_url: {:?},\n        \
             cookies: &{:?},\n        cookie_values: &{:?},\n        params: &{:?},\n        storage: &{:?},\n        is_optional: false,\n    }},\n",
            vendor.id,
            vendor.name,
            vendor.need_bits()?,
            vendor.company,
            vendor.country,
            vendor.privacy_url,
            vendor.cookies,
            vendor.cookie_values,
            vendor.params,
            vendor.storage,
        );
    }
    out.push_str(
        "];\n\n/// Every URL rule, the most telling first; `vendor` is an index into [`VENDORS`].\n",
    );
    out.push_str("pub static URL_RULES: &[UrlRule] = &[\n");
    for (rule, vendor) in rules {
        let _ = writeln!(
            out,
            "    UrlRule {{ host: {:?}, path: {:?}, query: {:?}, vendor: {vendor} }},",
            rule.host, rule.path, rule.query
        );
    }
    out.push_str("];\n");
    Ok(out)
}

/// One row per vendor and tier: `[vendor index, need, URL regex]`, then one regex of cookie and
/// storage names per need. Regexes, because the browser has an engine and they compress well.
fn render_stub_table(vendors: &[VendorFile], rules: &[(UrlRule, usize)]) -> Result<String, String> {
    let mut rows: Vec<(u8, usize, Vec<String>)> = Vec::new();
    for (rule, vendor) in rules {
        let query =
            if rule.query.is_empty() { String::new() } else { format!(".*[?&]{}", glob(&rule.query)) };
        let path = if rule.path.is_empty() { String::new() } else { glob(&rule.path) };
        let source = format!("{}{path}{query}", glob(&rule.host));
        match rows.last_mut() {
            Some((tier, index, sources)) if *tier == rule.tier() && index == vendor => sources.push(source),
            _ => rows.push((rule.tier(), *vendor, vec![source])),
        }
    }
    let mut out =
        String::from("// Generated by `cargo xtask gen` from crates/catalogue/vendors. Do not edit.\n");
    out.push_str("// Rows of [vendor, need, URLs]; then names of cookies and storage keys by need.\nexport const urls = [\n");
    for (tier, index, sources) in rows {
        let Some(vendor) = vendors.get(index) else { continue };
        let tail = if tier == 2 { "/" } else { "" };
        let joined = sources.join("|").replace('/', "\\/");
        let tail = tail.replace('/', "\\/");
        let _ =
            writeln!(out, "  [{:?}, {}, /^([^\\/]*\\.)?({joined}){tail}/i],", vendor.id, vendor.need_bits()?);
    }
    out.push_str("];\nexport const names = [\n");
    let mut names: BTreeMap<u8, Vec<String>> = BTreeMap::new();
    for vendor in vendors {
        let list = names.entry(vendor.need_bits()?).or_default();
        list.extend(vendor.cookies.iter().chain(&vendor.storage).map(|name| glob(name)));
    }
    for (need, mut sources) in names {
        sources.sort();
        sources.dedup();
        if !sources.is_empty() {
            let _ = writeln!(out, "  [{need}, /^({})$/],", sources.join("|"));
        }
    }
    out.push_str("];\n// Consent Mode signals and the need of each; `security_storage` needs nothing.\nexport const signals = {\n");
    for (signal, category) in CONSENT_MODE_SIGNALS {
        let _ = writeln!(out, "  {signal}: {},", CategorySet::EMPTY.with(category).bits());
    }
    out.push_str("};\n");
    Ok(out)
}

fn glob(pattern: &str) -> String {
    let mut out = String::new();
    for c in pattern.chars() {
        match c {
            '*' => out.push_str(".*"),
            '.' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '^' | '$' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

fn render_vectors(vendors: &[VendorFile]) -> String {
    // Addresses that look like a tracker's and are not: the matcher must leave them alone.
    const NOBODY: [&str; 8] = [
        "/products/lamp.jpg",
        "https://example.com/gtag/js?id=G-1",
        "https://notgoogletagmanager.com/gtm.js",
        "https://www.googletagmanager.com.example.org/gtm.js",
        "https://www.facebook.com/luxmoor",
        "https://www.google.com/maps",
        "mailto:hello@facebook.com",
        "data:text/plain,connect.facebook.net",
    ];
    let mut rows: Vec<String> = Vec::new();
    for vendor in vendors {
        rows.extend(vendor.examples.iter().map(|url| format!("  [{url:?}, {:?}]", vendor.id)));
    }
    rows.extend(NOBODY.iter().map(|url| format!("  [{url:?}, null]")));
    format!("[\n{}\n]\n", rows.join(",\n"))
}
