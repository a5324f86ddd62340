//! Patterns taken apart, and a plain matcher over them: what the fast ones must agree with.
//!
//! Everything here is slow and obvious on purpose; it runs on examples, at generation.

/// An address on the vendor's own host: `host[/path][?name=value[&…]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UrlRule {
    pub host: String,
    /// Beginning of the path, `*` for any run of characters, `$` last for its end.
    pub path: String,
    /// Beginnings of `name=value`, all of which must occur.
    pub query: Vec<String>,
}

/// An address on any host, told by the end of its path and by marks in its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    /// End of the path from a `/` on, `*` for any run of characters.
    pub path: String,
    /// Beginnings of `name=value`, all of which must occur.
    pub query: Vec<String>,
}

/// What an inline script of the vendor has in it, and has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Snippet {
    pub all: Vec<String>,
    pub none: Vec<String>,
}

fn split_query(pattern: &str) -> Result<(String, Vec<String>), String> {
    let lower = pattern.to_ascii_lowercase();
    let Some((rest, query)) = lower.split_once('?') else { return Ok((lower, Vec::new())) };
    let marks: Vec<String> = query.split('&').map(String::from).collect();
    match marks.iter().find(|mark| !mark.contains('=') || mark.starts_with('=')) {
        Some(_) => Err(format!("pattern {pattern:?}: write name=value after ?, joined by &")),
        None => Ok((rest.to_string(), marks)),
    }
}

impl UrlRule {
    pub fn parse(pattern: &str) -> Result<Self, String> {
        let (rest, query) = split_query(pattern)?;
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let written = pattern.get(..host.len()).unwrap_or_default();
        let is_host = host.contains('.')
            && written == host
            && host.split('.').all(|label| {
                !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            });
        if !is_host {
            return Err(format!("url pattern {pattern:?}: write a lower-case host name first"));
        }
        Ok(Self { host: host.into(), path: path.into(), query })
    }

    /// Rules with more to say are asked first: query, then path, then bare host.
    pub fn tier(&self) -> u8 {
        match (self.query.is_empty(), self.path.is_empty()) {
            (false, _) => 0,
            (true, false) => 1,
            (true, true) => 2,
        }
    }

    /// Sorts the most telling first: by tier, then the deeper host, then the longer path.
    pub fn rank(&self) -> (u8, usize, usize, usize) {
        let marks: usize = self.query.iter().map(String::len).sum();
        (self.tier(), usize::MAX - self.host.len(), usize::MAX - self.path.len(), usize::MAX - marks)
    }

    /// Can one address be both?
    pub fn may_overlap(&self, other: &Self) -> bool {
        let literal = |path: &str| path.split(['*', '$']).next().unwrap_or_default().to_string();
        let (path, other_path) = (literal(&self.path), literal(&other.path));
        (is_host_or_subdomain(&self.host, &other.host) || is_host_or_subdomain(&other.host, &self.host))
            && (path.starts_with(&other_path) || other_path.starts_with(&path))
    }

    pub fn is_match(&self, address: &Address) -> bool {
        is_host_or_subdomain(&address.host, &self.host)
            && match self.path.strip_suffix('$') {
                Some(whole) => is_glob(whole, &address.path),
                None => is_glob(&format!("{}*", self.path), &address.path),
            }
            && has_marks(&self.query, &address.query)
    }
}

impl Shape {
    pub fn parse(pattern: &str) -> Result<Self, String> {
        let (path, query) = split_query(pattern)?;
        if !path.starts_with('/') || path.contains('$') {
            return Err(format!(
                "first_party pattern {pattern:?}: begin with / and let the path's end stand last"
            ));
        }
        if path.ends_with('*') && query.is_empty() {
            return Err(format!("first_party pattern {pattern:?}: an open end needs marks in the query"));
        }
        Ok(Self { path, query })
    }

    /// Sorts the most telling first: closed ends, then by how much is written.
    pub fn rank(&self) -> (bool, usize, String) {
        let marks: usize = self.query.iter().map(String::len).sum();
        (self.path.ends_with('*'), usize::MAX - self.path.len() - marks, self.path.clone())
    }

    /// The table's key: the last two bytes of what it matches, `/` alone, or nothing for an open end.
    pub fn ending(&self) -> Result<&str, String> {
        if self.path.ends_with('/') {
            return Ok("/");
        }
        if self.path.ends_with('*') {
            return Ok("");
        }
        match self.path.get(self.path.len().saturating_sub(2)..) {
            Some(ending) if ending.is_ascii() && !ending.contains('*') => Ok(ending),
            _ => Err(format!("first_party pattern {:?}: the last two characters must be plain", self.path)),
        }
    }

    /// Is all that it matches matched by `broader`, too, as far as the same path tells?
    pub fn refines(&self, broader: &Self) -> bool {
        self.path == broader.path
            && broader.query.iter().all(|mark| self.query.iter().any(|own| own.starts_with(mark.as_str())))
    }

    pub fn is_match(&self, address: &Address) -> bool {
        is_glob(&format!("*{}", self.path), &address.path) && has_marks(&self.query, &address.query)
    }
}

impl Snippet {
    pub fn parse(pattern: &str) -> Result<Self, String> {
        let (none, all): (Vec<&str>, Vec<&str>) =
            pattern.split(" & ").partition(|part| part.starts_with('!'));
        let strip = |part: &str| part.strip_prefix('!').unwrap_or(part).to_string();
        let snippet =
            Self { all: all.into_iter().map(strip).collect(), none: none.into_iter().map(strip).collect() };
        let is_telling = snippet.all.iter().map(String::len).sum::<usize>() >= 8;
        if !is_telling || snippet.all.iter().chain(&snippet.none).any(|part| part.trim().len() < 3) {
            return Err(format!("inline pattern {pattern:?}: too short to tell a script by"));
        }
        Ok(snippet)
    }
}

/// An example's parts, in lower case as far as case does not matter.
#[derive(Debug)]
pub(super) struct Address {
    pub host: String,
    pub path: String,
    pub query: String,
}

impl Address {
    /// Of an example: absolute, scheme-relative or a path on the page's own host; `None` for other schemes.
    pub fn parse(url: &str) -> Option<Self> {
        let plain = url.replace('\\', "/").to_ascii_lowercase();
        let rest = match plain.split_once("//") {
            Some((scheme, rest)) if ["", "http:", "https:", "ws:", "wss:"].contains(&scheme) => {
                rest.to_string()
            }
            _ if plain.starts_with('/') => format!("shop.example{plain}"),
            _ => return None,
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, path) = before.split_once('/').unwrap_or((before, ""));
        let host = host.split(':').next().unwrap_or_default().trim_end_matches('.');
        Some(Self { host: host.into(), path: format!("/{path}"), query: query.into() })
    }
}

fn has_marks(marks: &[String], query: &str) -> bool {
    marks.iter().all(|mark| query.split('&').any(|pair| is_glob(&format!("{mark}*"), pair)))
}

pub(super) fn is_host_or_subdomain(host: &str, of: &str) -> bool {
    host.strip_suffix(of).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// Does the pattern match the whole text?
pub(super) fn is_glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => text.strip_prefix(head).is_some_and(|tail| {
            tail.char_indices().any(|(at, _)| is_glob(rest, tail.split_at(at).1)) || is_glob(rest, "")
        }),
    }
}

/// Can one name match both patterns? Told by writing out the stars of each.
pub(super) fn may_share_name(one: &str, other: &str) -> bool {
    ["", "x"]
        .iter()
        .any(|fill| is_glob(one, &other.replace('*', fill)) || is_glob(other, &one.replace('*', fill)))
}
