//! Brotli streams with gaps: constant text is compressed once, and variable text is inserted uncompressed (RFC 7932).
//!
//! The encoder gets a placeholder of the same length for each gap. Its output for a placeholder is replaced with an
//! uncompressed meta-block. The rest of the stream stays valid: it does not refer to a gap, because text contains no
//! bytes of placeholders, and all distances stay the same, because the length does.

use std::io::{self, Read, Write};

use brotli::enc::BrotliEncoderParams;

/// The quality, 0 to 11: two milliseconds for a post. 11 is a tenth smaller and takes thirty times as long.
const QUALITY: i32 = 5;

/// The base-2 logarithm of the window size in bytes.
const WINDOW_BITS: i32 = 22;

/// The buffer size, in bytes.
const BUFFER: usize = 4_096;

/// An empty last meta-block (§9.2).
pub(crate) const END: u8 = 0x03;

/// The maximum size of a meta-block with a 16-bit length, in bytes.
const MAX_BLOCK_BYTES: usize = 1 << 16;

/// The number of constant bytes at the end of a gap: the context of the next literal (§7.1).
pub(crate) const CONTEXT_BYTES: usize = 2;

/// Bytes that do not occur in UTF-8.
const NON_UTF8: [u8; 13] = [
    0xc0, 0xc1, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff,
];

/// A section of the text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Section<'a> {
    /// Constant text.
    Text(&'a [u8]),
    /// Variable text of the same length that ends with the same [`CONTEXT_BYTES`].
    Gap(&'a [u8]),
}

/// Returns the compressed texts between the gaps, in order, or `None` if a stream of them would not decompress.
pub(crate) fn compress(sections: &[Section<'_>]) -> io::Result<Option<Vec<Vec<u8>>>> {
    let params = BrotliEncoderParams {
        quality: QUALITY,
        lgwin: WINDOW_BITS,
        ..BrotliEncoderParams::default()
    };
    let mut encoder = brotli::CompressorWriter::with_params(Vec::new(), BUFFER, &params);
    let (mut texts, mut written, mut used) = (Vec::new(), 0, 0);
    for section in sections {
        match section {
            Section::Text(text) => encoder.write_all(text)?,
            Section::Gap(gap) => encoder.write_all(&placeholder(gap, &mut used))?,
        }
        // Ends the meta-block at a byte boundary.
        encoder.flush()?;
        let stream = encoder.get_ref();
        if let (Section::Text(_), Some(text)) = (section, stream.get(written..)) {
            texts.push(text.to_vec());
        }
        written = stream.len();
    }
    Ok(is_valid(sections, &texts).then_some(texts))
}

/// Returns non-UTF-8 bytes and the constant end of the gap. No four of the bytes occur twice in a page with a few dozen
/// gaps, so the encoder finds no match.
fn placeholder(gap: &[u8], next: &mut usize) -> Vec<u8> {
    let (variable, context) = gap.split_at(gap.len().saturating_sub(CONTEXT_BYTES));
    let mut bytes: Vec<u8> = Vec::with_capacity(gap.len());
    for _ in variable {
        let (pair, is_second) = (*next / 2, *next % 2 == 1);
        let index = if is_second { pair / NON_UTF8.len() } else { pair };
        bytes.extend(NON_UTF8.get(index % NON_UTF8.len()));
        *next += 1;
    }
    bytes.extend_from_slice(context);
    bytes
}

/// Returns whether the stream with filled gaps decompresses to the sections.
fn is_valid(sections: &[Section<'_>], texts: &[Vec<u8>]) -> bool {
    let (mut stream, mut expected, mut read) = (Vec::new(), Vec::new(), Vec::new());
    let mut texts = texts.iter();
    for section in sections {
        match section {
            Section::Text(text) => {
                expected.extend_from_slice(text);
                stream.extend(texts.next().into_iter().flatten());
            }
            Section::Gap(gap) => {
                expected.extend_from_slice(gap);
                store(gap, &mut stream);
            }
        }
    }
    stream.push(END);
    let mut decoder = brotli::Decompressor::new(stream.as_slice(), BUFFER);
    decoder.read_to_end(&mut read).is_ok() && read == expected
}

/// Appends uncompressed meta-blocks of at most 64 KiB (§9.2).
pub(crate) fn store(bytes: &[u8], stream: &mut Vec<u8>) {
    for block in bytes.chunks(MAX_BLOCK_BYTES) {
        // ISLAST = 0, MNIBBLES = 0, MLEN - 1, ISUNCOMPRESSED = 1, padding to a byte boundary.
        let length = u32::try_from(block.len() - 1).unwrap_or_default();
        let [first, second, third, _] = (length << 3 | 1 << 19).to_le_bytes();
        stream.extend_from_slice(&[first, second, third]);
        stream.extend_from_slice(block);
    }
}
