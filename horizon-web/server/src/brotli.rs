//! Brotli with gaps: what never changes is compressed once, what does stands between as it is (RFC 7932).
//!
//! The encoder sees a stand-in of the same length in each gap. What it writes for a stand-in is thrown away, and an
//! uncompressed meta-block takes its place. The rest does not notice: it refers to nothing in a gap, because no text
//! has a byte of a stand-in, and where a gap is filled with as many bytes, all distances stay.

use std::io::{self, Read, Write};

use brotli::enc::BrotliEncoderParams;

/// How hard it tries, 0 to 11: two milliseconds for a post. 11 makes it a tenth smaller, and takes thirty times as long.
const QUALITY: i32 = 5;

/// The logarithm of the window, in bytes.
const WINDOW_BITS: i32 = 22;

/// The size of the buffers, in bytes.
const BUFFER: usize = 4_096;

/// The empty last meta-block (§9.2).
pub(crate) const END: u8 = 0x03;

/// The longest meta-block whose length is told in 16 bits, in bytes.
const LONGEST: usize = 1 << 16;

/// How many bytes at the end of a gap have to be known: those that say how the next one is read (§7.1).
pub(crate) const KNOWN: usize = 2;

/// Bytes that are in no text, because UTF-8 has no use for them.
const FOREIGN: [u8; 13] = [
    0xc0, 0xc1, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff,
];

/// A stretch of what is to be compressed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Run<'a> {
    /// Never changes.
    Text(&'a [u8]),
    /// As long as this, and ends with the same [`KNOWN`] bytes.
    Gap(&'a [u8]),
}

/// The texts compressed, in order, to be put around the gaps. Nothing if a stream would not read as what went in.
pub(crate) fn compressed(runs: &[Run<'_>]) -> io::Result<Option<Vec<Vec<u8>>>> {
    let params = BrotliEncoderParams {
        quality: QUALITY,
        lgwin: WINDOW_BITS,
        ..BrotliEncoderParams::default()
    };
    let mut encoder = brotli::CompressorWriter::with_params(Vec::new(), BUFFER, &params);
    let (mut texts, mut written, mut foreign) = (Vec::new(), 0, 0);
    for run in runs {
        match run {
            Run::Text(text) => encoder.write_all(text)?,
            Run::Gap(gap) => encoder.write_all(&stand_in(gap, &mut foreign))?,
        }
        // Ends the meta-block at a byte.
        encoder.flush()?;
        let stream = encoder.get_ref();
        if let (Run::Text(_), Some(text)) = (run, stream.get(written..)) {
            texts.push(text.to_vec());
        }
        written = stream.len();
    }
    Ok(reads_well(runs, &texts).then_some(texts))
}

/// Foreign bytes, four of which never come twice in a page with a few dozen gaps, and the known end.
fn stand_in(gap: &[u8], next: &mut usize) -> Vec<u8> {
    let (filled, known) = gap.split_at(gap.len().saturating_sub(KNOWN));
    let mut bytes: Vec<u8> = Vec::with_capacity(gap.len());
    for _ in filled {
        let (pair, is_second) = (*next / 2, *next % 2 == 1);
        let place = if is_second { pair / FOREIGN.len() } else { pair };
        bytes.extend(FOREIGN.get(place % FOREIGN.len()));
        *next += 1;
    }
    bytes.extend_from_slice(known);
    bytes
}

/// Whether a stream whose gaps hold something else than the stand-ins reads as what it was made of.
fn reads_well(runs: &[Run<'_>], texts: &[Vec<u8>]) -> bool {
    let (mut stream, mut expected, mut read) = (Vec::new(), Vec::new(), Vec::new());
    let mut texts = texts.iter();
    for run in runs {
        match run {
            Run::Text(text) => {
                expected.extend_from_slice(text);
                stream.extend(texts.next().into_iter().flatten());
            }
            Run::Gap(gap) => {
                expected.extend_from_slice(gap);
                store(gap, &mut stream);
            }
        }
    }
    stream.push(END);
    let mut decoder = brotli::Decompressor::new(stream.as_slice(), BUFFER);
    decoder.read_to_end(&mut read).is_ok() && read == expected
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
