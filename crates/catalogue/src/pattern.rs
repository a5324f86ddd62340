//! Patterns of the vendor files against texts. Each takes time in the text's length times the pattern's,
//! whatever the text is.

/// Is `host` that host or one below it? Case does not count.
pub(crate) fn is_host_or_subdomain(host: &str, of: &str) -> bool {
    let (host, of) = (host.as_bytes(), of.as_bytes());
    let Some(start) = host.len().checked_sub(of.len()) else { return false };
    let (before, tail) = host.split_at(start);
    tail.eq_ignore_ascii_case(of) && matches!(before.last(), None | Some(b'.'))
}

/// Does `text` begin with something the pattern matches? `*` is any run of characters, `$` at the
/// pattern's end is the text's end; case does not count.
pub(crate) fn glob_prefix(pattern: &[u8], text: &[u8]) -> bool {
    let (pattern, is_whole) = match pattern.split_last() {
        Some((b'$', rest)) => (rest, true),
        _ => (pattern, false),
    };
    let mut parts = pattern.split(|byte| *byte == b'*').peekable();
    let Some(head) = parts.next() else { return true };
    let Some(mut rest) = strip_head(text, head) else { return false };
    if parts.peek().is_none() {
        return !is_whole || rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if is_whole && parts.peek().is_none() {
            return strip_tail(rest, part).is_some();
        }
        let Some(at) = windows(rest, part).position(|window| window.eq_ignore_ascii_case(part)) else {
            return false;
        };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    true
}

/// Does `text` end with something the pattern matches? `*` is any run of characters; case does not count.
pub(crate) fn glob_suffix(pattern: &[u8], text: &[u8]) -> bool {
    let mut parts = pattern.rsplit(|byte| *byte == b'*');
    let Some(tail) = parts.next() else { return true };
    let Some(mut rest) = strip_tail(text, tail) else { return false };
    for part in parts {
        let Some(at) = windows(rest, part).rposition(|window| window.eq_ignore_ascii_case(part)) else {
            return false;
        };
        rest = rest.get(..at).unwrap_or_default();
    }
    true
}

/// Does the pattern match the whole of `text`? Case counts.
pub(crate) fn is_glob_match(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    let mut rest = rest;
    while let Some((middle, after)) = rest.split_once('*') {
        let Some((_, tail)) = text.split_once(middle) else { return false };
        text = tail;
        rest = after;
    }
    text.ends_with(rest)
}

/// Does `value` begin with the shape? `#` is a run of digits; what follows a `*` stands anywhere later.
pub(crate) fn has_value_shape(shape: &str, value: &str) -> bool {
    let (head, later) = shape.split_once('*').unwrap_or((shape, ""));
    let mut rest = value;
    for (index, part) in head.split('#').enumerate() {
        if index > 0 {
            let tail = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            if tail.len() == rest.len() {
                return false;
            }
            rest = tail;
        }
        let Some(tail) = rest.strip_prefix(part) else { return false };
        rest = tail;
    }
    rest.contains(later)
}

fn strip_head<'text>(text: &'text [u8], head: &[u8]) -> Option<&'text [u8]> {
    text.split_at_checked(head.len())
        .filter(|(start, _)| start.eq_ignore_ascii_case(head))
        .map(|(_, rest)| rest)
}

fn strip_tail<'text>(text: &'text [u8], tail: &[u8]) -> Option<&'text [u8]> {
    let (rest, end) = text.split_at_checked(text.len().checked_sub(tail.len())?)?;
    end.eq_ignore_ascii_case(tail).then_some(rest)
}

/// Every place where `part` could stand; for an empty one every place there is.
fn windows<'text>(
    text: &'text [u8],
    part: &[u8],
) -> impl DoubleEndedIterator<Item = &'text [u8]> + ExactSizeIterator {
    let length = part.len();
    let places = (text.len() + 1).saturating_sub(length);
    (0..places).map(move |at| text.get(at..at + length).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_whole_names() {
        assert!(is_glob_match("a*c*e", "abcde"));
        assert!(!is_glob_match("a*c*e", "abcd"));
        assert!(!is_glob_match("_ga_*", "_ga"));
        assert!(is_glob_match("*-_zldp", "shop-_zldp"));
    }

    #[test]
    fn paths_begin_with_a_pattern() {
        for (pattern, text, expected) in [
            ("", "/x", true),
            ("/*/sdk.js", "/en_US/sdk.js?x", true),
            ("/*/sdk.js", "/sdk.js", false),
            ("/TR", "/tr/x", true),
            ("/tr$", "/tr", true),
            ("/tr$", "/travel", false),
            ("/p/*/embed$", "/p/a/b/embed", true),
            ("/p/*/embed$", "/p/a/embed/b", false),
            ("/a*", "/a", true),
            ("/a*b*c", "/a-b-c-d", true),
            ("/a*b*c", "/a-c-b", false),
        ] {
            assert_eq!(glob_prefix(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn paths_end_with_a_pattern() {
        for (pattern, text, expected) in [
            ("/gtm.js", "/metrics/GTM.js", true),
            ("/gtm.js", "/my-gtm.js", false),
            ("/array/phc_*/config.js", "/ingest/array/phc_abc/config.js", true),
            ("/array/phc_*/config.js", "/array/config.js", false),
            ("/config/*", "/signals/config/12", true),
            ("/a*b*c", "/x/a/b/c", true),
            ("/a*b*c", "/b/a/c", false),
        ] {
            assert_eq!(glob_suffix(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn values_begin_with_a_shape() {
        for (shape, value, expected) in [
            ("fb.#.#.", "fb.1.1700000000000.12", true),
            ("fb.#.#.", "fb.dark.1.2", false),
            ("GS2.#.s#$", "GS2.1.s1747323152$o28$g0", true),
            ("GS2.#.s#$", "GS2.1.session", false),
            ("{*\"distinct_id\"", "{\"a\":1,\"distinct_id\":\"x\"}", true),
            ("{*\"distinct_id\"", "{\"distinct\":1}", false),
            ("GA1.#", "GA1.", false),
        ] {
            assert_eq!(has_value_shape(shape, value), expected, "{shape} on {value}");
        }
    }
}
