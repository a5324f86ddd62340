//! gzip around a body: read with a bound, written anew.
//!
//! What lives here: the frame of RFC 1952; DEFLATE itself is `miniz_oxide`'s. What never does: guessing
//! what is inside.

use super::{BEGINNING_BYTES, DECODED_BYTES_MAX};
use miniz_oxide::{deflate::compress_to_vec, inflate::decompress_to_vec_with_limit};

/// How hard to compress: a body is sent once, time counts more than bytes. 0..=10.
const LEVEL: u8 = 3;

/// What a gzip body turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unpacked {
    /// All of it.
    Whole(Vec<u8>),
    /// Broken, cut off, or larger than the bound: how it begins.
    Beginning(Vec<u8>),
}

/// Does the body begin as gzip does? Senders do not say so: posthog-js calls it `text/plain`.
pub(super) fn is_gzip(body: &[u8]) -> bool {
    body.starts_with(&[0x1f, 0x8b])
}

/// What is inside of the first member, which is all that any sender writes.
pub(super) fn unpack(body: &[u8]) -> Unpacked {
    let Some(deflated) = after_header(body) else { return Unpacked::Beginning(Vec::new()) };
    match decompress_to_vec_with_limit(deflated, DECODED_BYTES_MAX) {
        Ok(whole) => Unpacked::Whole(whole),
        Err(error) => {
            let mut beginning = error.output;
            beginning.truncate(BEGINNING_BYTES);
            Unpacked::Beginning(beginning)
        }
    }
}

/// The bytes as a gzip body without name and time. Source: RFC 1952 section 2.3.
pub(super) fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    out.append(&mut compress_to_vec(bytes, LEVEL));
    out.extend(checksum(bytes).to_le_bytes());
    // The length counts modulo 2^32; a decoded body never comes near.
    out.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    out
}

/// Skips the header with its optional fields. Source: RFC 1952 section 2.3.1.
fn after_header(body: &[u8]) -> Option<&[u8]> {
    let (header, mut rest) = body.split_at_checked(10)?;
    let [0x1f, 0x8b, 8, flags, ..] = *header else { return None };
    if flags & 0b100 != 0 {
        let (length, after) = rest.split_first_chunk::<2>()?;
        rest = after.get(usize::from(u16::from_le_bytes(*length))..)?;
    }
    // A name and a comment, each up to its zero.
    for flag in [0b1000, 0b1_0000] {
        if flags & flag != 0 {
            let end = rest.iter().position(|byte| *byte == 0)?;
            rest = rest.get(end + 1..)?;
        }
    }
    if flags & 0b10 != 0 {
        rest = rest.get(2..)?;
    }
    Some(rest)
}

/// CRC-32, reflected, bit by bit: bodies are small. Source: RFC 1952 section 8.
fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |mut crc, byte| {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
        crc
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_node_wrote() {
        let golden: Vec<(String, Vec<u8>)> =
            serde_json::from_str(include_str!("../../tests/golden/gzip.json")).unwrap();
        assert!(golden.len() > 3);
        for (text, packed) in golden {
            assert!(is_gzip(&packed));
            assert_eq!(unpack(&packed), Unpacked::Whole(text.into_bytes()));
        }
    }

    #[test]
    fn the_checksum_is_the_one_everybody_computes() {
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn optional_header_fields_are_skipped() {
        let plain = pack(b"inside");
        let mut full = vec![0x1f, 0x8b, 8, 0b1_1110, 0, 0, 0, 0, 0, 3];
        full.extend([3, 0, 1, 2, 3]);
        full.extend(b"name\0comment\0");
        full.extend([7, 7]);
        full.extend(&plain[10..]);
        assert_eq!(unpack(&full), Unpacked::Whole(b"inside".to_vec()));
    }

    #[test]
    fn a_bomb_shows_its_beginning_only() {
        let bomb = pack(&vec![b'a'; DECODED_BYTES_MAX + 1]);
        assert!(bomb.len() < 100_000);
        assert_eq!(unpack(&bomb), Unpacked::Beginning(vec![b'a'; BEGINNING_BYTES]));
        let Unpacked::Beginning(beginning) = unpack(&bomb[..bomb.len() / 2]) else { panic!("cut") };
        assert!(beginning.iter().all(|byte| *byte == b'a') && !beginning.is_empty());
    }

    proptest! {
        #[test]
        fn what_is_packed_unpacks(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            prop_assert_eq!(unpack(&pack(&bytes)), Unpacked::Whole(bytes));
        }

        #[test]
        fn no_bytes_panic(flags: u8, bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut body = vec![0x1f, 0x8b, 8, flags];
            body.extend(bytes);
            let _ = unpack(&body);
        }
    }
}
