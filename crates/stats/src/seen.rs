//! What the edge saw that the policy does not name, and what went wrong: by name, with a page as an example.
//! No address of a visitor, no query, of a path the first part alone. The names of cookies are the site's own to make, and one may
//! have a word in it that is its visitor's: what looks like it is left out.

use crate::SMALLEST_GROUP;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::net::Ipv4Addr;

/// Entries of one kind that a batch holds, at most. What comes when it is full is seen again with the next page. By
/// kind, since anybody can have hosts reported, and must not crowd out what the edge has seen itself.
pub const SEEN_OF_KIND_MAX: usize = 64;

/// Longest name and page kept, characters.
const CHARACTERS_MAX: usize = 120;

/// What kind of thing was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A host in a page that neither the catalogue nor the policy knows.
    Unknown,
    /// A vendor of the catalogue that the policy does not list, and so visitors were not told of.
    Undeclared,
    /// A cookie that neither the catalogue nor the policy knows, by its name as [`cookie_pattern`] makes it. Anybody can send one.
    Cookie,
    /// A host that a browser says it refused to contact. Anybody can say so.
    Reported,
    /// A page that could not be served as it should.
    Fault,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Unknown, Self::Undeclared, Self::Cookie, Self::Reported, Self::Fault];

    /// The word in batches and storage.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Undeclared => "undeclared",
            Self::Cookie => "cookie",
            Self::Reported => "reported",
            Self::Fault => "fault",
        }
    }

    /// The kind of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == word)
    }
}

/// One thing seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What kind.
    pub kind: Kind,
    /// A host, a vendor's id, the pattern of a cookie's name, or the name of a fault.
    pub name: String,
    /// A page it was seen on, as [`page_pattern`] makes it.
    pub page: String,
    /// How often.
    pub count: u64,
    /// When first, Unix milliseconds.
    pub first_ms: u64,
    /// When last, Unix milliseconds.
    pub last_ms: u64,
}

impl Seen {
    /// May it be told? What comes from visitors (a cookie's name, a host that a browser refused, perhaps for what its visitor has
    /// installed) may be one visitor's: only once it has come so often that it is not of few. What stands in the site's own pages is the
    /// site's.
    #[must_use]
    pub const fn is_told(&self) -> bool {
        match self.kind {
            Kind::Cookie | Kind::Reported => self.count >= SMALLEST_GROUP,
            Kind::Unknown | Kind::Undeclared | Kind::Fault => true,
        }
    }

    /// How often, in steps of [`SMALLEST_GROUP`]: a number that is watched tells of each visitor as it grows. `None` before the first.
    #[must_use]
    pub fn times(&self) -> Option<u64> {
        let steps = self.count / SMALLEST_GROUP;
        (steps > 0).then_some(steps * SMALLEST_GROUP)
    }
}

/// What was seen since the last batch was sent.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SeenBatch(BTreeMap<(Kind, String), (String, u64, u64, u64)>);

/// A batch that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenError;

impl fmt::Display for SeenError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "not a batch; write up to {SEEN_OF_KIND_MAX} lines of each kind, with kind, name, page, count, first and last, with tabs between"
        )
    }
}

impl std::error::Error for SeenError {}

impl SeenBatch {
    /// Adds one sight of something on the page at `path`.
    pub fn see(&mut self, kind: Kind, name: &str, path: &str, now_ms: u64) {
        let seen = Seen {
            kind,
            name: plain(name),
            page: page_pattern(path),
            count: 1,
            first_ms: now_ms,
            last_ms: now_ms,
        };
        self.add(seen);
    }

    fn add(&mut self, seen: Seen) {
        let key = (seen.kind, seen.name);
        if seen.count == 0 || key.1.is_empty() {
            return;
        }
        if self.is_full(key.0) && !self.0.contains_key(&key) {
            // Anybody can make up names of cookies: one that was seen once makes room, so that those of many are counted.
            let mut once =
                self.0.iter().filter(|((kind, _), (_, count, _, _))| *kind == Kind::Cookie && *count == 1);
            let Some(gone) = once.next().map(|(gone, _)| gone.clone()).filter(|_| key.0 == Kind::Cookie)
            else {
                return;
            };
            self.0.remove(&gone);
        }
        let entry = self.0.entry(key).or_insert((seen.page, 0, seen.first_ms, seen.last_ms));
        entry.1 = entry.1.saturating_add(seen.count);
        entry.2 = entry.2.min(seen.first_ms);
        entry.3 = entry.3.max(seen.last_ms);
    }

    fn is_full(&self, kind: Kind) -> bool {
        self.0.keys().filter(|(known, _)| *known == kind).count() >= SEEN_OF_KIND_MAX
    }

    /// Is anything in it that is of another kind?
    #[must_use]
    pub fn has_other_than(&self, kind: Kind) -> bool {
        self.0.keys().any(|(known, _)| *known != kind)
    }

    /// The batch less what is of that kind.
    #[must_use]
    pub fn without(mut self, kind: Kind) -> Self {
        self.0.retain(|(known, _), _| *known != kind);
        self
    }

    /// Each thing seen, by kind and name.
    pub fn all(&self) -> impl Iterator<Item = Seen> {
        self.0.iter().map(|((kind, name), (page, count, first_ms, last_ms))| Seen {
            kind: *kind,
            name: name.clone(),
            page: page.clone(),
            count: *count,
            first_ms: *first_ms,
            last_ms: *last_ms,
        })
    }

    /// Was nothing seen?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Empties the batch and gives what it held.
    #[must_use]
    pub fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    /// The batch as text.
    #[must_use]
    pub fn write(&self) -> String {
        let mut out = String::new();
        for seen in self.all() {
            let Seen { kind, name, page, count, first_ms, last_ms } = seen;
            let _ = writeln!(out, "{}\t{name}\t{page}\t{count}\t{first_ms}\t{last_ms}", kind.name());
        }
        out
    }

    /// Reads what [`Self::write`] wrote.
    ///
    /// # Errors
    /// [`SeenError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, SeenError> {
        let mut batch = Self::default();
        for line in text.lines() {
            let mut fields = line.split('\t');
            let mut next = || fields.next().ok_or(SeenError);
            let kind = Kind::parse(next()?).ok_or(SeenError)?;
            let (name, page) = (next()?.to_owned(), next()?.to_owned());
            let mut number = || next()?.parse::<u64>().map_err(|_| SeenError);
            let (count, first_ms, last_ms) = (number()?, number()?, number()?);
            let is_sound =
                plain(&name) == name && page_pattern(&page) == page && count > 0 && !name.is_empty();
            if !is_sound || batch.is_full(kind) || fields.next().is_some() {
                return Err(SeenError);
            }
            batch.add(Seen { kind, name, page, count, first_ms, last_ms });
        }
        Ok(batch)
    }
}

/// Signs of a cookie's name between which its words are. Source: RFC 6265 section 4.1.1 (a token).
const BETWEEN_WORDS: [char; 5] = ['_', '-', '.', ':', '|'];

/// Hexadecimal digits in a row that are no word.
const HEX_MIN: usize = 8;

/// Longest word.
const WORD_MAX: usize = 20;

/// The name of a cookie without what may tell visitors apart. A word that is of nothing but digits, has two of them or more, is long and
/// hexadecimal, changes between small and large letters more often than words do, is very long or has other signs in it is `*`. `None` if
/// that leaves no word. A word that is somebody's name looks like any other.
#[must_use]
pub fn cookie_pattern(name: &str) -> Option<String> {
    let is_own = |word: &str| {
        let signs = word.as_bytes();
        let digits = signs.iter().filter(|sign| sign.is_ascii_digit()).count();
        let is_hex = signs.len() >= HEX_MIN && signs.iter().all(u8::is_ascii_hexdigit);
        let humps = signs
            .windows(2)
            .filter(
                |pair| matches!(pair, [one, other] if one.is_ascii_lowercase() && other.is_ascii_uppercase()),
            )
            .count();
        let is_other = signs.len() > WORD_MAX || !signs.iter().all(u8::is_ascii_alphanumeric);
        digits >= 2 || digits > 0 && digits == signs.len() || is_hex || humps * 4 > signs.len() || is_other
    };
    let (mut pattern, mut has_word) = (String::new(), false);
    for piece in name.split_inclusive(BETWEEN_WORDS) {
        let word = piece.trim_end_matches(BETWEEN_WORDS);
        let sign = piece.get(word.len()..).unwrap_or("");
        if is_own(word) {
            pattern.push('*');
        } else {
            pattern.push_str(word);
            has_word |= !word.is_empty();
        }
        pattern.push_str(sign);
    }
    has_word.then(|| plain(&pattern))
}

/// A host without what may be of one visit alone: of the names before its last two those up to the last that looks made up, by the rule of
/// [`cookie_pattern`], are one `*`. Who has a name of its own for each visitor is one stranger, not many.
#[must_use]
pub fn host_pattern(host: &str) -> String {
    let names: Vec<&str> = host.split('.').collect();
    let before = names.get(..names.len().saturating_sub(2)).unwrap_or_default();
    let is_made_up = |name: &&str| cookie_pattern(name).is_none_or(|pattern| pattern.contains('*'));
    match before.iter().rposition(is_made_up) {
        Some(last) if host.parse::<Ipv4Addr>().is_err() => {
            [&["*"], names.get(last + 1..).unwrap_or_default()].concat().join(".")
        }
        _ => host.to_owned(),
    }
}

/// What can stand in a line, and no more of it than is kept.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !c.is_whitespace()).take(CHARACTERS_MAX).collect()
}

/// A path's first part, if it is a word: what is behind it may name a person, an order or a token (`/orders/…`).
/// Source: standards.md 5.3, S1.6: no path of a visitor is kept, only the kind of page.
#[must_use]
pub fn page_pattern(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or("");
    let Some(parts) = path.strip_prefix('/') else { return "…".into() };
    let (first, rest) = parts.split_once('/').map_or((parts, ""), |(first, rest)| (first, rest));
    let is_word = first.len() <= 24
        && first.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        && first.bytes().filter(u8::is_ascii_digit).count() <= 2;
    let first = if is_word { first } else { "…" };
    if rest.is_empty() { format!("/{first}") } else { format!("/{first}/…") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_page_names_nobody() {
        for (path, expected) in [
            ("/", "/"),
            ("/about", "/about"),
            ("/about/", "/about"),
            ("/shop/lamps", "/shop/…"),
            ("/profile/jane.doe", "/profile/…"),
            ("/orders/2391842/print?token=x", "/orders/…"),
            ("/2391842", "/…"),
            ("…", "…"),
            ("", "…"),
            ("/u/jane@example.com", "/u/…"),
            ("/reset/eyJhbGciOiJIUzI1NiJ9aaaaaaaaa", "/reset/…"),
            ("/clinic/%C3%A4", "/clinic/…"),
            ("/a/b/c/d/e/f/g", "/a/…"),
        ] {
            assert_eq!(page_pattern(path), expected, "{path}");
        }
    }

    #[test]
    fn what_may_be_one_visitors_is_told_once_it_has_come_often() {
        let seen = |kind, count| Seen {
            kind,
            name: "a.example".into(),
            page: "/".into(),
            count,
            first_ms: 1,
            last_ms: 2,
        };
        for kind in Kind::ALL {
            let is_of_visitors = matches!(kind, Kind::Cookie | Kind::Reported);
            assert_eq!(
                [1, 9, 10].map(|count| seen(kind, count).is_told()),
                [!is_of_visitors, !is_of_visitors, true],
                "{kind:?}"
            );
            let times = [1, 9, 10, 19, 20, u64::MAX].map(|count| seen(kind, count).times());
            assert_eq!(times, [None, None, Some(10), Some(10), Some(20), Some(u64::MAX / 10 * 10)]);
        }
    }

    #[test]
    fn a_host_of_one_visit_is_told_by_what_stays() {
        for (host, expected) in [
            ("acme.example", "acme.example"),
            ("cdn.acme.example", "cdn.acme.example"),
            ("a81f03.acme.example", "*.acme.example"),
            ("d3f9a2bc.eu.acme.example", "*.eu.acme.example"),
            ("eu.1234.cdn.acme.example", "*.cdn.acme.example"),
            ("user-8374.acme.example", "*.acme.example"),
            ("12345.example", "12345.example"),
            ("192.168.1.44", "192.168.1.44"),
            ("localhost", "localhost"),
            ("", ""),
        ] {
            assert_eq!(host_pattern(host), expected, "{host}");
        }
    }

    #[test]
    fn a_batch_gathers_and_travels() {
        let mut batch = SeenBatch::default();
        batch.see(Kind::Unknown, "cdn.other.example", "/a", 10);
        batch.see(Kind::Unknown, "cdn.other.example", "/b", 5);
        batch.see(Kind::Fault, "a tab\there", "/c", 7);
        let all: Vec<Seen> = batch.all().collect();
        assert_eq!((all[0].count, all[0].first_ms, all[0].last_ms, all[0].page.as_str()), (2, 5, 10, "/a"));
        assert_eq!(all[1].name, "atabhere");
        assert_eq!(SeenBatch::parse(&batch.write()), Ok(batch.clone()));
        assert_eq!(batch.take().all().count(), 2);
        assert!(batch.is_empty());
    }

    #[test]
    fn a_full_batch_counts_what_it_knows_and_takes_nothing_new() {
        let mut batch = SeenBatch::default();
        for index in 0..SEEN_OF_KIND_MAX + 9 {
            batch.see(Kind::Reported, &format!("h{index}.example"), "/", 1);
        }
        batch.see(Kind::Reported, "h0.example", "/", 2);
        assert_eq!(batch.all().count(), SEEN_OF_KIND_MAX);
        assert_eq!(batch.all().next().unwrap().count, 2);
        // And leaves room for what is of another kind.
        batch.see(Kind::Unknown, "h.example", "/", 1);
        assert_eq!(batch.all().count(), SEEN_OF_KIND_MAX + 1);
        assert_eq!(SeenBatch::parse(&batch.write()), Ok(batch.clone()));
        assert_eq!(
            batch.without(Kind::Reported).all().map(|seen| seen.name).collect::<Vec<_>>(),
            ["h.example"]
        );
    }

    #[test]
    fn names_of_cookies_that_somebody_makes_up_take_no_room_from_those_of_many() {
        let mut batch = SeenBatch::default();
        for index in 0..SEEN_OF_KIND_MAX {
            batch.see(Kind::Reported, &format!("h{index}.example"), "/", 1);
            batch.see(Kind::Cookie, &format!("made-up-{index:0>3}"), "/", 1);
        }
        batch.see(Kind::Cookie, "basket", "/", 1);
        batch.see(Kind::Cookie, "basket", "/", 2);
        for index in 0..SEEN_OF_KIND_MAX * 2 {
            batch.see(Kind::Cookie, &format!("more-{index:0>3}"), "/", 1);
        }
        let basket = batch.all().find(|seen| seen.name == "basket").unwrap();
        assert_eq!((basket.count, basket.last_ms), (2, 2));
        assert_eq!(batch.all().count(), 2 * SEEN_OF_KIND_MAX);
        assert_eq!(SeenBatch::parse(&batch.write()), Ok(batch));
    }

    #[test]
    fn what_is_no_batch_is_refused() {
        for text in [
            "x",
            "unknown\ta\t/\t0\t1\t1",
            "unknown\ta b\t/\t1\t1\t1",
            "unknown\ta\t/?q\t1\t1\t1",
            "other\ta\t/\t1\t1\t1",
            "unknown\ta\t/\t1\t1\t1\t1",
            "unknown\t\t/\t1\t1\t1",
        ] {
            assert_eq!(SeenBatch::parse(text), Err(SeenError), "{text}");
        }
        assert_eq!(SeenBatch::parse(""), Ok(SeenBatch::default()));
    }

    proptest! {
        #[test]
        fn whatever_is_seen_can_be_read_back(names in proptest::collection::vec("\\PC{0,40}", 0..9), path in "\\PC{0,60}") {
            let mut batch = SeenBatch::default();
            for name in &names {
                batch.see(Kind::Unknown, name, &path, 3);
            }
            prop_assert_eq!(SeenBatch::parse(&batch.write()), Ok(batch));
        }

        #[test]
        fn a_pattern_is_its_own_pattern(path in "[a-z0-9/%@._…-]{0,80}") {
            let once = page_pattern(&path);
            prop_assert_eq!(page_pattern(&once), once);
        }
    }

    #[test]
    fn a_cookies_name_keeps_its_words_and_nothing_that_tells_visitors_apart() {
        for (name, expected) in [
            ("PHPSESSID", Some("PHPSESSID")),
            ("basket", Some("basket")),
            ("ab_test_v2", Some("ab_test_v2")),
            ("_hjSession_1234567", Some("_hjSession_*")),
            ("wordpress_logged_in_8f3a2bdeadbeef", Some("wordpress_logged_in_*")),
            ("wp-settings-17", Some("wp-settings-*")),
            ("wp-settings-7", Some("wp-settings-*")),
            ("cart_jane.doe@example.com", Some("cart_jane.*.com")),
            ("sid-550e8400-e29b-41d4-a716-446655440000", Some("sid-*-*-*-*-*")),
            ("kJhGfDsAqZ", None),
            ("sessionIdOfShop", Some("sessionIdOfShop")),
            ("id:averyverylongwordthatnobodywrites", Some("id:*")),
            ("jane%40example", None),
            ("user.4711.name", Some("user.*.name")),
            ("visitor-deadbeefcafe", Some("visitor-*")),
            ("facade", Some("facade")),
            ("grüße_a", Some("*_a")),
            ("a1b2c3d4e5", None),
            ("12345", None),
            ("__", None),
            ("", None),
        ] {
            assert_eq!(cookie_pattern(name).as_deref(), expected, "{name}");
        }
        let long = cookie_pattern(&"x_".repeat(500)).unwrap();
        assert!(long.len() <= 120 && plain(&long) == long);
    }
}
