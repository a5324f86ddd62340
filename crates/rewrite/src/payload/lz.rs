//! LZString's base64 form, read: what old PostHog SDKs wrap their bodies in.
//!
//! What lives here: the decoder, bounded. What never does: an encoder (servers that read this form
//! also read plain base64, which is what a changed body goes out as).
//! Source: npm `lz-string` 1.5.0, read; checked against its output in `tests/golden/lz.json`.

/// A code that says: a new character of 8 bits follows.
const NARROW: usize = 0;
/// A code that says: a new character of 16 bits follows.
const WIDE: usize = 1;
/// A code that says: the text ends.
const END: usize = 2;

/// The text, or `None` if the bytes are no such form or hold more than `units_max` UTF-16 units.
pub(super) fn read_lz(base64: &str, units_max: usize) -> Option<String> {
    let mut bits = Bits { rest: base64.as_bytes(), sextet: 0, left: 0 };
    let mut out: Vec<u16> = Vec::new();
    // Words are runs of what was already written: start and length. The first three are the codes above.
    let mut words: Vec<(usize, usize)> = vec![(0, 0); 3];
    let first = match bits.take(2)? {
        NARROW => bits.take(8)?,
        WIDE => bits.take(16)?,
        END => return Some(String::new()),
        _ => return None,
    };
    out.push(u16::try_from(first).ok()?);
    words.push((0, 1));
    let mut last = (0, 1);
    // A code grows by one bit each time as many words are known as its bits can name.
    let (mut width, mut until_wider) = (3_u32, 4_usize);
    loop {
        let code = match bits.take(width)? {
            END => return String::from_utf16(&out).ok(),
            kind @ (NARROW | WIDE) => {
                let unit = bits.take(if kind == NARROW { 8 } else { 16 })?;
                widen(&mut width, &mut until_wider)?;
                words.push((out.len(), 1));
                out.push(u16::try_from(unit).ok()?);
                None
            }
            code => Some(code),
        };
        let start = out.len();
        let written = match code {
            None => (start.checked_sub(1)?, 1),
            Some(code) => {
                // The word after the last one known is the one being made: the last run and its first sign.
                let (from, length) =
                    if code == words.len() { (last.0, last.1 + 1) } else { words.get(code).copied()? };
                if start + length > units_max {
                    return None;
                }
                for index in from..from + length {
                    out.push(out.get(index).copied()?);
                }
                (start, length)
            }
        };
        if out.len() > units_max {
            return None;
        }
        // What was written stands right behind the last run, so the new word is a run as well.
        words.push((last.0, last.1 + 1));
        widen(&mut width, &mut until_wider)?;
        last = written;
    }
}

/// Counts one new word.
fn widen(width: &mut u32, until_wider: &mut usize) -> Option<()> {
    *until_wider = until_wider.checked_sub(1)?;
    if *until_wider == 0 {
        *until_wider = 1_usize.checked_shl(*width).filter(|_| *width < 24)?;
        *width += 1;
    }
    Some(())
}

/// Bits of a base64 text, the lowest of a number first.
struct Bits<'text> {
    rest: &'text [u8],
    sextet: u8,
    left: u8,
}

impl Bits<'_> {
    fn take(&mut self, count: u32) -> Option<usize> {
        let mut value = 0;
        for place in 0..count {
            if self.left == 0 {
                let (sign, rest) = self.rest.split_first()?;
                self.sextet = match sign {
                    b'A'..=b'Z' => sign - b'A',
                    b'a'..=b'z' => sign - b'a' + 26,
                    b'0'..=b'9' => sign - b'0' + 52,
                    // A form may show "+" as the space it stands for.
                    b'+' | b' ' => 62,
                    b'/' => 63,
                    _ => return None,
                };
                self.rest = rest;
                self.left = 6;
            }
            self.left -= 1;
            value |= usize::from(self.sextet >> self.left & 1) << place;
        }
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_the_package_wrote() {
        let golden: Vec<(String, String)> =
            serde_json::from_str(include_str!("../../tests/golden/lz.json")).unwrap();
        assert!(golden.len() > 10);
        for (text, packed) in golden {
            assert_eq!(read_lz(&packed, 1 << 20).as_deref(), Some(text.as_str()), "{packed}");
            assert_eq!(read_lz(&packed.replace('+', " "), 1 << 20).as_deref(), Some(text.as_str()));
            let units = text.encode_utf16().count();
            if units > 1 {
                assert_eq!(read_lz(&packed, units - 1), None, "one less than it holds");
            }
        }
    }

    #[test]
    fn a_small_body_cannot_become_a_big_one() {
        let bomb = include_str!("../../tests/golden/lz-bomb.txt").trim_end();
        assert!(bomb.len() < 1200);
        assert_eq!(read_lz(bomb, 299_999), None);
        assert_eq!(read_lz(bomb, 300_000).map(|text| text.len()), Some(300_000));
        assert_eq!(read_lz(&"/".repeat(100_000), 1000), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[A-Za-z0-9+/= ]{0,200}") {
            if let Some(read) = read_lz(&text, 500) {
                prop_assert!(read.encode_utf16().count() <= 500);
            }
        }
    }
}
