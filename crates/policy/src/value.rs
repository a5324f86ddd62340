//! What single values must look like: slugs, hosts, URLs, dates, languages; and how alike two words are.

/// `a-z`, then `a-z0-9-`, at most 40 signs.
pub(crate) fn is_slug(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && !text.ends_with('-')
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// A lower-case host name of LDH labels, 253 signs at most. Source: RFC 1123 2.1.
pub(crate) fn is_host(text: &str) -> bool {
    !text.is_empty() && text.len() <= 253 && text.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// `http` or `https`, a host, perhaps a port; then the rest, which begins with `/`, `?`, `#` or is empty.
fn split_url(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at_checked(end)?;
    let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    (is_host(host) && is_port && tail.bytes().all(is_url_byte)).then_some((authority, tail))
}

const fn is_url_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
}

pub(crate) fn is_url(text: &str) -> bool {
    split_url(text).is_some()
}

/// Scheme, host and port, nothing after. Source: RFC 6454 6.2.
pub(crate) fn is_origin(text: &str) -> bool {
    split_url(text).is_some_and(|(_, tail)| tail.is_empty())
}

/// A path of this site or a URL. `//host` is neither: it would leave the site unseen.
pub(crate) fn is_link(text: &str) -> bool {
    let is_path = text.starts_with('/') && !text.starts_with("//") && text.bytes().all(is_url_byte);
    is_path || is_url(text)
}

/// A host of two labels or more, perhaps with a beginning of the path, in which `*` is any run of signs.
/// A single label would be a whole top-level domain: subdomains count too.
pub(crate) fn is_vendor_address(text: &str) -> bool {
    let (host, path) = text.split_at(text.find('/').unwrap_or(text.len()));
    is_host(host) && host.contains('.') && !path.contains(['?', '#']) && path.bytes().all(is_url_byte)
}

/// The beginning of a path on the site's own host; not `/`, which is the whole site.
pub(crate) fn is_vendor_path(text: &str) -> bool {
    text.starts_with('/')
        && !text.trim_matches('/').is_empty()
        && !text.starts_with("//")
        && !text.contains(['?', '#', '*'])
        && text.bytes().all(is_url_byte)
}

/// A path from the first `/` on, or the beginning of one with `*` behind it.
pub(crate) fn is_page_pattern(text: &str) -> bool {
    let path = text.strip_suffix('*').unwrap_or(text);
    path.len() <= 200
        && path.starts_with('/')
        && !path.contains(['?', '#', '*'])
        && path.bytes().all(is_url_byte)
}

/// The shape of a name in the IANA time zone database; whether there is such a zone, the platform knows.
pub(crate) fn is_time_zone(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte);
    text.len() <= 40 && text.split('/').all(|part| !part.is_empty() && part.bytes().all(is_plain))
}

/// Would this beginning cover our own pages below `/_postern/`? Paths are compared without case.
pub(crate) fn is_own_path(text: &str) -> bool {
    const OWN: &str = "/_postern/";
    let text = text.to_ascii_lowercase();
    OWN.starts_with(&text) || text.starts_with(OWN)
}

/// A cookie's or parameter's name, at most 100 signs, `*` for any run of them but not alone.
/// Source: RFC 6265 4.1.1, less what ends a parameter.
pub(crate) fn is_name_pattern(text: &str) -> bool {
    is_key_pattern(text) && !text.contains([';', ',', '=', '"', '&', '\\'])
}

/// A storage key, at most 100 visible signs, `*` for any run of them but not alone.
pub(crate) fn is_key_pattern(text: &str) -> bool {
    text.len() <= 100
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && text.bytes().any(|byte| byte != b'*')
}

/// `YYYY-MM-DD` and a day that exists. Source: RFC 3339 5.6.
pub(crate) fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut number = |digits: usize| -> Option<u32> {
        let part = parts.next()?;
        (part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse().ok())?
    };
    let (Some(year), Some(month), Some(day)) = (number(4), number(2), number(2)) else { return false };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=days).contains(&day) && parts.next().is_none()
}

/// Days since 1970-01-01 of a date that [`is_date`]. Source: Howard Hinnant, "chrono-compatible low-level date algorithms",
/// `days_from_civil`.
pub(crate) fn day_number(date: &str) -> Option<u32> {
    if !is_date(date) {
        return None;
    }
    let mut parts = date.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let year = if month <= 2 { year - 1 } else { year };
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = year.div_euclid(400) * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    u32::try_from(days).ok()
}

/// 1 to 40 signs of `A-Z a-z 0-9 . _ -`: what a receipt may hold.
pub(crate) fn is_version(text: &str) -> bool {
    matches!(text.len(), 1..=40)
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

/// A language subtag and further subtags. Source: RFC 5646 2.1 (shape only, no registry).
pub(crate) fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let is_primary = parts.next().is_some_and(|primary| {
        matches!(primary.len(), 2 | 3) && primary.bytes().all(|byte| byte.is_ascii_lowercase())
    });
    is_primary
        && text.len() <= 35
        && parts
            .all(|part| matches!(part.len(), 1..=8) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Two capital letters. Source: ISO 3166-1 alpha-2 (shape only).
pub(crate) fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// The candidate at most two edits away, the closest first.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Bounded: a longer word is no typing slip, and the distance costs length times length.
    if word.len() > 60 {
        return None;
    }
    candidates
        .into_iter()
        .map(|candidate| (edits(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 2 && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance in characters.
fn edits(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (above, a) in left.chars().enumerate() {
        let mut diagonal = above;
        let mut before = above + 1;
        if let Some(first) = row.first_mut() {
            *first = before;
        }
        for (slot, b) in row.iter_mut().skip(1).zip(right.chars()) {
            let replaced = diagonal + usize::from(a != b);
            diagonal = *slot;
            before = replaced.min(before + 1).min(*slot + 1);
            *slot = before;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (left, right, distance) in
            [("", "", 0), ("a", "", 1), ("", "ab", 2), ("kitten", "sitting", 3), ("titel", "title", 2)]
        {
            assert_eq!(edits(left, right), distance, "{left} {right}");
        }
        assert_eq!(nearest("titel", ["text", "title"]), Some("title"));
        assert_eq!(nearest("x", ["id", "text"]), None);
    }

    #[test]
    fn hosts_urls_and_links_are_told_apart() {
        for (text, host, origin, url, link) in [
            ("shop.example", true, false, false, false),
            ("Shop.example", false, false, false, false),
            ("https://shop.example", false, true, true, true),
            ("http://localhost:8787", false, true, true, true),
            ("https://shop.example/", false, false, true, true),
            ("https://shop.example/a b", false, false, false, false),
            ("https://user@shop.example/", false, false, false, false),
            ("javascript:alert(1)", false, false, false, false),
            ("/privacy", false, false, false, true),
            ("//evil.example", false, false, false, false),
            ("", false, false, false, false),
        ] {
            let found = (is_host(text), is_origin(text), is_url(text), is_link(text));
            assert_eq!(found, (host, origin, url, link), "{text}");
        }
    }

    #[test]
    fn what_a_vendor_may_name_is_never_everything() {
        for (text, address, path, is_own) in [
            ("cdn.example.com", true, false, false),
            ("cdn.example.com/tracker/", true, false, false),
            ("cdn.example.com/*/t.js", true, false, false),
            ("com", false, false, false),
            ("*.example.com", false, false, false),
            ("cdn.example.com/?x", false, false, false),
            ("https://cdn.example.com", false, false, false),
            ("/ingest/", false, true, false),
            ("/ingest", false, true, false),
            ("/", false, false, true),
            ("//", false, false, false),
            ("//evil.example/", false, false, false),
            ("/*", false, false, false),
            ("/in gest/", false, false, false),
            ("ingest/", false, false, false),
            ("/_postern/decision", false, true, true),
            ("/_POSTERN/", false, true, true),
            ("/_p", false, true, true),
            ("/_posternal/", false, true, false),
            ("", false, false, true),
        ] {
            assert_eq!(
                (is_vendor_address(text), is_vendor_path(text), is_own_path(text)),
                (address, path, is_own),
                "{text}"
            );
        }
        for (text, name, key) in [
            ("_ga", true, true),
            ("_ga_*", true, true),
            ("*", false, false),
            ("**", false, false),
            ("", false, false),
            ("a b", false, false),
            ("a=b", false, true),
            ("{\"a\":1}", false, true),
            ("ä", false, false),
        ] {
            assert_eq!((is_name_pattern(text), is_key_pattern(text)), (name, key), "{text}");
        }
        assert!(!is_key_pattern(&"a".repeat(101)));
    }

    #[test]
    fn only_days_that_exist_are_dates() {
        for date in ["2026-05-01", "2024-02-29", "2000-02-29", "2026-12-31"] {
            assert!(is_date(date), "{date}");
        }
        for date in
            ["2026-02-29", "1900-02-29", "2026-13-01", "2026-00-01", "2026-1-1", "2026-05-01-", "", "x"]
        {
            assert!(!is_date(date), "{date}");
        }
    }

    #[test]
    fn days_are_counted_from_1970() {
        for (date, number) in [
            ("1970-01-01", Some(0)),
            ("1970-12-31", Some(364)),
            ("2000-02-29", Some(11_016)),
            ("2000-03-01", Some(11_017)),
            ("2026-11-25", Some(20_782)),
            ("2100-03-01", Some(47_541)),
            ("1969-12-31", None),
            ("2026-02-30", None),
            ("", None),
        ] {
            assert_eq!(day_number(date), number, "{date}");
        }
    }

    #[test]
    fn languages_have_their_shape() {
        for language in ["en", "el", "pt-BR", "zh-Hant-TW"] {
            assert!(is_language(language), "{language}");
        }
        for language in ["", "EN", "e", "en-", "en_GB", "english"] {
            assert!(!is_language(language), "{language}");
        }
    }
}
