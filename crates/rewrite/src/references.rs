//! Character references in attributes, as a browser resolves them. Libraries have their 2,231 names as code or as hash tables
//! of some 45 kB compressed, of a Worker that may have a megabyte in all; as the text beside this file they are 11.
//! Source: HTML standard 13.2.5.72 to 13.2.5.80 and 13.5.

use std::borrow::Cow;
use std::sync::OnceLock;

/// Each name, `;` or `&`, and what it stands for, a space behind it, in the order of their bytes. Those with `&` hold without
/// their semicolon as well. The tests compare it with a library's; `BLESS=1` writes it anew.
const NAMED: &str = include_str!("references.txt");

/// What the numbers from 0x80 on stand for, which were written in windows-1252; 0 where they stand for themselves.
const WINDOWS_1252: [u16; 32] = [
    0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,
    0x017D, 0, 0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
    0x0153, 0, 0x017E, 0x0178,
];

/// An attribute's value as the browser reads it.
pub fn unescape(raw: &str) -> Cow<'_, str> {
    let Some(first) = raw.find('&') else { return Cow::Borrowed(raw) };
    let (before, mut rest) = raw.split_at(first);
    let mut out = String::with_capacity(raw.len());
    out.push_str(before);
    while let Some(behind) = rest.strip_prefix('&') {
        let resolved = match behind.strip_prefix('#') {
            Some(number) => numbered(number, &mut out),
            None => named(behind, &mut out),
        };
        let behind = resolved.unwrap_or_else(|| {
            out.push('&');
            behind
        });
        let (plain, next) = behind.split_at(behind.find('&').unwrap_or(behind.len()));
        out.push_str(plain);
        rest = next;
    }
    Cow::Owned(out)
}

/// Writes what the number stands for and gives what is behind it.
fn numbered<'text>(text: &'text str, out: &mut String) -> Option<&'text str> {
    let (digits, radix) = match text.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    let (digits, behind) = split_run(digits, |sign| sign.is_digit(radix));
    if digits.is_empty() {
        return None;
    }
    // More than a u32 holds is beyond Unicode too.
    let number = u32::from_str_radix(digits, radix).unwrap_or(u32::MAX);
    let is_windows = |number: u32| (0x80..0xA0).contains(&number);
    let windows = number.checked_sub(0x80).and_then(|place| WINDOWS_1252.get(usize::try_from(place).ok()?));
    let meant = match windows {
        Some(meant) if is_windows(number) && *meant != 0 => u32::from(*meant),
        _ => number,
    };
    out.push(char::from_u32(meant).filter(|sign| *sign != '\0').unwrap_or(char::REPLACEMENT_CHARACTER));
    Some(behind.strip_prefix(';').unwrap_or(behind))
}

/// The same of a name.
fn named<'text>(text: &'text str, out: &mut String) -> Option<&'text str> {
    let (name, behind) = split_run(text, |sign| sign.is_ascii_alphanumeric());
    let (meant, is_legacy) = meaning(name)?;
    // Without its semicolon it is one only where no address could go on: `?a=1&copy=2` is no copyright sign.
    let behind = match behind.strip_prefix(';') {
        Some(behind) => behind,
        None if is_legacy && !behind.starts_with('=') => behind,
        None => return None,
    };
    out.push_str(meant);
    Some(behind)
}

fn split_run(text: &str, is_of_it: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|sign| !is_of_it(sign)).unwrap_or(text.len()))
}

/// What a name stands for; true if it does without its semicolon as well.
fn meaning(name: &str) -> Option<(&'static str, bool)> {
    static ROWS: OnceLock<Vec<(&str, &str, bool)>> = OnceLock::new();
    let rows = ROWS.get_or_init(|| NAMED.split(' ').filter_map(row).collect());
    let found = rows.binary_search_by(|(known, ..)| (*known).cmp(name)).ok()?;
    rows.get(found).map(|(_, meant, is_legacy)| (*meant, *is_legacy))
}

fn row(row: &'static str) -> Option<(&'static str, &'static str, bool)> {
    let end = row.find([';', '&'])?;
    let (name, rest) = row.split_at(end);
    rest.strip_prefix('&')
        .map(|meant| (name, meant, true))
        .or_else(|| Some((name, rest.strip_prefix(';')?, false)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use htmlize::{ENTITIES, unescape_attribute};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// The table as the library has it.
    fn of_library() -> String {
        let mut names: BTreeMap<String, (String, bool)> = BTreeMap::new();
        for (name, meant) in ENTITIES.entries() {
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            let name = text(name);
            let (is_legacy, bare) = (!name.ends_with(';'), name.trim_matches(['&', ';']).to_owned());
            let row = names.entry(bare).or_insert((text(meant), false));
            row.1 |= is_legacy;
        }
        let rows = names
            .iter()
            .map(|(name, (meant, is_legacy))| format!("{name}{}{meant}", if *is_legacy { '&' } else { ';' }));
        rows.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_names_are_those_of_the_library() {
        let wanted = of_library();
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/references.txt"), &wanted).unwrap();
        }
        assert!(wanted.split(' ').count() == 2125 && NAMED == wanted, "run again with BLESS=1");
    }

    #[test]
    fn every_name_is_resolved_wherever_it_stands() {
        for (name, ..) in NAMED.split(' ').filter_map(row) {
            for behind in [";", "", "=", " ", ";;", "x", "é", "&amp;", "=1&copy=2", "&"] {
                let text = format!("a&{name}{behind}");
                assert_eq!(unescape(&text), unescape_attribute(&text), "{text}");
            }
        }
    }

    #[test]
    fn every_number_is_resolved() {
        let rest = (0x3000..=0x0011_0010_u32).step_by(61).chain([0xD7FF, 0xD800, 0xDFFF, 0xE000, u32::MAX]);
        for number in (0..0x3000_u32).chain(rest) {
            for text in [format!("&#{number};"), format!("&#x{number:x}"), format!("&#X{number:X};g")] {
                assert_eq!(unescape(&text), unescape_attribute(&text), "{text}");
            }
        }
    }

    proptest! {
        #[test]
        fn anything_is_read_as_the_library_does(
            text in "([&#;=xX0-9a-zA-Z é]|&#|&#x|&amp|&not|&notin;|&lt;|&copy=|\u{0}|99999999999){0,24}",
        ) {
            prop_assert_eq!(unescape(&text), unescape_attribute(&text));
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            prop_assert_eq!(unescape(&text), unescape_attribute(&text));
        }
    }
}
