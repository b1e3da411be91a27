//! Brotli in parts: what never changes is compressed once, what does stands between as it is (RFC 7932).
//!
//! Each part is whole meta-blocks that end at a byte and refer to nothing outside, so parts stand
//! behind each other in any order.

use std::io;

use brotli::enc::{BrotliEncoderParams, backward_references::BrotliEncoderMode};

/// How hard it tries, 0 to 11. It is done once a change, and the last two steps take ten times as long.
const QUALITY: i32 = 9;

/// The window of 4 MiB, and an empty meta-block up to the next byte (§9.1, §9.2).
pub(crate) const START: [u8; 2] = [0x6b, 0x00];

/// The empty last meta-block (§9.2).
pub(crate) const END: u8 = 0x03;

/// The logarithm of the window that [`START`] tells.
const WINDOW_BITS: i32 = 22;

/// The longest meta-block whose length is told in 16 bits, in bytes.
const LONGEST: usize = 1 << 16;

/// The text as a compressed part.
pub(crate) fn compressed(text: &str) -> io::Result<Vec<u8>> {
    let params = BrotliEncoderParams {
        mode: BrotliEncoderMode::BROTLI_MODE_TEXT,
        quality: QUALITY,
        lgwin: WINDOW_BITS,
        size_hint: text.len(),
        catable: true,
        bare_stream: true,
        ..BrotliEncoderParams::default()
    };
    let mut part = Vec::new();
    brotli::BrotliCompress(&mut text.as_bytes(), &mut part, &params)?;
    Ok(part)
}

/// Appends the bytes as they are: an uncompressed meta-block for each 64 KiB (§9.2).
pub(crate) fn store(bytes: &[u8], stream: &mut Vec<u8>) {
    for block in bytes.chunks(LONGEST) {
        // Not the last, four nibbles of length, the length less one, uncompressed; up to the next byte.
        let length = u32::try_from(block.len() - 1).unwrap_or_default();
        let [first, second, third, _] = (length << 3 | 1 << 19).to_le_bytes();
        stream.extend_from_slice(&[first, second, third]);
        stream.extend_from_slice(block);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn read(stream: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        brotli::Decompressor::new(stream, 4096).read_to_end(&mut bytes).unwrap();
        bytes
    }

    /// A number that looks random (`SplitMix64`).
    fn next(seed: &mut u64) -> usize {
        *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) >> 40).unwrap()
    }

    fn words(seed: &mut u64) -> String {
        const WORDS: [&str; 7] = [
            "<p>",
            "</p>\n",
            "the ",
            "time and ",
            "ö",
            "a house of ",
            "href=\"/blog/\" ",
        ];
        let count = next(seed) % 400;
        (0..count).map(|_| WORDS[next(seed) % WORDS.len()]).collect()
    }

    #[test]
    fn parts_in_any_order_read_as_what_they_were_made_of() {
        let seed = u64::from(std::process::id());
        let mut dice = seed;
        for round in 0..300 {
            let (mut stream, mut expected) = (START.to_vec(), Vec::new());
            for _ in 0..next(&mut dice) % 12 {
                let text = words(&mut dice);
                expected.extend_from_slice(text.as_bytes());
                if next(&mut dice) % 2 == 0 {
                    stream.extend(compressed(&text).unwrap());
                } else {
                    store(text.as_bytes(), &mut stream);
                }
            }
            stream.push(END);
            assert_eq!(read(&stream), expected, "seed {seed}, round {round}");
        }
    }

    #[test]
    fn what_is_longer_than_a_block_is_stored_in_many() {
        for length in [0, 1, LONGEST - 1, LONGEST, LONGEST + 1, 3 * LONGEST] {
            let bytes = vec![7; length];
            let mut stream = START.to_vec();
            store(&bytes, &mut stream);
            stream.push(END);
            assert!(read(&stream) == bytes, "{length}");
        }
    }
}
