//! Identifiers inside of addresses that a hit carries: where they stand and how they are cut out.
//!
//! What lives here: percent decoding with the way back, so that what stays keeps its encoding byte for
//! byte and no text ever grows. What never does: knowing which names identify (`postern-catalogue`;
//! below only what no vendor file lists).

use postern_catalogue::param_owner;
use postern_consent::CategorySet;
use std::ops::Range;

/// How deep addresses are looked for inside of parameters of addresses: a redirect in a redirect.
const DEPTH_MAX: u8 = 3;

/// Names that identify a person or a click whoever reads them.
/// Source: posthog-js 1.449.2, "could be considered personal data"; `trackers.md` section 4 (`utm_*` that
/// senders fill per recipient); names of the person.
const IDENTIFYING: [&str; 38] = [
    "gclid",
    "gclsrc",
    "dclid",
    "gbraid",
    "wbraid",
    "gad_source",
    "gad_campaignid",
    "srsltid",
    "_gl",
    "fbclid",
    "msclkid",
    "twclid",
    "li_fat_id",
    "igshid",
    "igsh",
    "ttclid",
    "rdt_cid",
    "epik",
    "qclid",
    "sccid",
    "irclid",
    "irclickid",
    "yclid",
    "_kx",
    "mc_eid",
    "mkt_tok",
    "_hsenc",
    "__hssc",
    "vero_id",
    "pk_vid",
    "utm_email",
    "utm_emailid",
    "utm_userid",
    "utm_session",
    "utm_id",
    "email",
    "user_email_address",
    "phone",
];

/// Is that the (decoded) name of a parameter that identifies a visitor or a click? A hit of a vendor
/// that is denied carries no identifier of any vendor, granted or not: each would link two hits.
pub(super) fn is_identifying(name: &str) -> bool {
    IDENTIFYING.iter().any(|known| known.eq_ignore_ascii_case(name))
        || param_owner(name).is_some_and(|owner| !owner.need.is_met(CategorySet::NECESSARY))
}

/// What a text is: an address as a whole, or anything that may have addresses in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    /// All of it is one address, whatever signs it has.
    Address,
    /// Prose, markup, numbers: white space, quotes and brackets end an address.
    Any,
}

/// The text without identifying parameters of the addresses in it; `None` if there are none.
pub(super) fn clean(text: &str, kind: Text) -> Option<String> {
    let cuts = cuts(text, kind, 0);
    if cuts.is_empty() { None } else { Some(without(text, &cuts)) }
}

/// The same for a text that is percent-encoded as a whole, as a parameter's value is.
pub(super) fn clean_encoded(text: &str, kind: Text) -> Option<String> {
    let cuts = encoded_cuts(text, kind, 0);
    if cuts.is_empty() { None } else { Some(without(text, &cuts)) }
}

/// A name or value as servers read it, but for "+". Bytes that are no UTF-8 become foreign.
pub(super) fn decode(text: &str) -> String {
    let (bytes, _) = decode_with_places(text);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What to cut from the text, in order and apart. A parameter begins behind "?", "#" or "&" and ends
/// before the next of them.
fn cuts(text: &str, kind: Text, depth: u8) -> Vec<Range<usize>> {
    let mut cuts: Vec<Range<usize>> = Vec::new();
    // A "?" whose parameters up to there are all cut: it stays if one follows that stays.
    let mut open: Option<Range<usize>> = None;
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|tail| tail.find(is_mark)) {
        let mark = at + found;
        let tail = text.get(mark + 1..).unwrap_or_default();
        let is_joined = text.as_bytes().get(mark) == Some(&b'&');
        let start = mark + if is_joined && tail.starts_with("amp;") { 5 } else { 1 };
        let tail = text.get(start..).unwrap_or_default();
        let is_end = |sign| is_mark(sign) || (kind == Text::Any && is_outside(sign));
        let pair = tail.get(..tail.find(is_end).unwrap_or(tail.len())).unwrap_or_default();
        let end = start + pair.len();
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let is_cut = is_identifying(&decode(name));
        match open.take_if(|open| !(is_joined && open.end == mark && is_cut)) {
            Some(open) if is_joined && open.end == mark => cuts.push(open.start + 1..start),
            Some(open) => cuts.push(open),
            None => {}
        }
        if let Some(open) = &mut open {
            open.end = end;
        } else if is_cut && is_joined {
            cuts.push(mark..end);
        } else if is_cut {
            open = Some(mark..end);
        }
        if !is_cut && depth < DEPTH_MAX {
            let offset = end - value.len();
            let nested = encoded_cuts(value, kind, depth + 1).into_iter();
            cuts.extend(nested.map(|cut| cut.start + offset..cut.end + offset));
        }
        at = end;
    }
    cuts.extend(open);
    cuts
}

/// Signs that part an address's parameters.
fn is_mark(sign: char) -> bool {
    matches!(sign, '?' | '#' | '&')
}

/// Signs that end an address in running text or markup.
fn is_outside(sign: char) -> bool {
    sign.is_whitespace() || sign.is_control() || matches!(sign, '"' | '\'' | '<' | '>' | '`' | '\\')
}

/// What to cut from a percent-encoded text, so that its decoded form is clean.
fn encoded_cuts(text: &str, kind: Text, depth: u8) -> Vec<Range<usize>> {
    let (bytes, places) = decode_with_places(text);
    // Without these there is no address with parameters; most values end here.
    if !bytes.iter().any(|byte| matches!(byte, b'?' | b'#' | b'&')) {
        return Vec::new();
    }
    // What is no UTF-8 cannot be read, so it cannot be cleaned.
    let Ok(decoded) = String::from_utf8(bytes) else { return std::iter::once(0..text.len()).collect() };
    let place = |at: usize| places.get(at).copied().unwrap_or(text.len());
    cuts(&decoded, kind, depth).into_iter().map(|cut| place(cut.start)..place(cut.end)).collect()
}

/// The decoded bytes, and for each where its encoding begins.
fn decode_with_places(text: &str) -> (Vec<u8>, Vec<usize>) {
    let mut out = Vec::with_capacity(text.len());
    let mut places = Vec::with_capacity(text.len());
    let mut bytes = text.bytes().enumerate();
    while let Some((place, byte)) = bytes.next() {
        let mut ahead = bytes.clone();
        let escaped = (byte == b'%').then(|| {
            let digits = [ahead.next()?.1, ahead.next()?.1];
            if !digits.iter().all(u8::is_ascii_hexdigit) {
                return None;
            }
            u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()
        });
        if let Some(Some(value)) = escaped {
            out.push(value);
            bytes = ahead;
        } else {
            out.push(byte);
        }
        places.push(place);
    }
    (out, places)
}

/// The text without these pieces.
fn without(text: &str, cuts: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for cut in cuts {
        out.push_str(text.get(from..cut.start).unwrap_or_default());
        from = cut.end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn identifiers_leave_addresses_and_the_rest_keeps_every_byte() {
        for (text, expected) in [
            ("https://a/p?gclid=1", Some("https://a/p")),
            ("https://a/p?gclid=1&x=ö%20+y", Some("https://a/p?x=ö%20+y")),
            ("https://a/p?x=1&gclid=2&y=3&fbclid=4", Some("https://a/p?x=1&y=3")),
            ("?gclid=1&gclid=2&x=1&gclid=3&gclid=4&y=2&gclid=5", Some("?x=1&y=2")),
            ("/p?x=1#gclid=2", Some("/p?x=1")),
            ("/p?gclid=1#gclid=2", Some("/p")),
            ("/p#/route?gclid=2&a=b", Some("/p#/route?a=b")),
            ("/p?GCLID=1&email=a%40b.c", Some("/p")),
            (
                "a:href=\"/x?fbclid=1\"nth=\"2\";div:href='/?a=1&gclid=2'",
                Some("a:href=\"/x\"nth=\"2\";div:href='/?a=1'"),
            ),
            (
                "/go?to=https%3A%2F%2Fb%2F%3Fgclid%3D1%26c%3D2&x=1",
                Some("/go?to=https%3A%2F%2Fb%2F%3Fc%3D2&x=1"),
            ),
            ("/go?gclid=0&to=%2Fb%3Fgclid%3D1", Some("/go?to=%2Fb")),
            ("/go?to=%2Fb%3Fto%3D%252Fc%253Fgclid%253D1", Some("/go?to=%2Fb%3Fto%3D%252Fc")),
            ("https://a/p?x=1&id=gclid", None),
            ("what? a & b = c", None),
            ("see https://a/?gclid=1 for more", Some("see https://a/ for more")),
            ("/p?x=a b&gclid=1", Some("/p?x=a b")),
            ("/p?gclid=1&amp;x=1&amp;fbclid=2", Some("/p?x=1")),
            ("/p?gclid=1&&x=1", Some("/p?&x=1")),
            ("/p?a=b?gclid=1&c=d", Some("/p?a=b?c=d")),
            ("gclid=1", None),
            ("", None),
            ("?&&=&", None),
        ] {
            assert_eq!(clean(text, Text::Any).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn encoded_values_are_cut_in_their_own_encoding() {
        for (text, expected) in [
            ("https%3A%2F%2Fa%2F%3Fgclid%3D1%26x%3D%C3%B6", Some("https%3A%2F%2Fa%2F%3Fx%3D%C3%B6")),
            ("https://a/%3fgclid=1%26x=:::", Some("https://a/%3fx=:::")),
            ("a%3Fx%3D1", None),
            ("a%3Fq%3Dx+y%26gclid%3Da%20b%26x", Some("a%3Fq%3Dx+y%26x")),
            ("%FF%3Fgclid%3D1", Some("")),
            ("%ZZ%3Fgclid%3D1", Some("%ZZ")),
        ] {
            assert_eq!(clean_encoded(text, Text::Address).as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn cleaning_only_cuts_and_once_is_enough(text in "(gclid|fbclid|x|=|&|\\?|#|%3F|%26|%3D|%|3|\"| |ö){0,24}") {
            for (cleaner, kind) in [(clean as fn(&str, Text) -> _, Text::Any), (clean, Text::Address), (clean_encoded, Text::Any)] {
                let Some(clean) = cleaner(&text, kind) else { continue };
                prop_assert!(clean.len() < text.len());
                let mut rest = text.chars();
                prop_assert!(clean.chars().all(|sign| rest.any(|original| original == sign)));
                prop_assert_eq!(cleaner(&clean, kind), None, "{} became {}", text, clean);
            }
        }
    }
}
