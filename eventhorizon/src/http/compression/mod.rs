//! Compressed bodies (RFC 9110 §8.4).

mod coding;

use std::{
    io::{self, Write},
    sync::OnceLock,
};

use brotli::enc::BrotliEncoderParams;
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};

pub use coding::ContentCoding;

/// The base-2 logarithm of the window size of brotli in bytes: 4 MiB.
const BROTLI_WINDOW_BITS: i32 = 22;

/// The buffer size of brotli, in bytes.
const BROTLI_BUFFER: usize = 4_096;

/// The largest body that brotli compresses with the highest quality, in bytes: a few hundredths of a second.
const MAX_SLOW_BYTES: usize = 32 * 1024;

/// How much time a compression may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// A few milliseconds for 500 KiB: for bodies that are sent once.
    Fast,
    /// As small as possible: for bodies that are compressed once and sent often.
    Best,
}

/// A body that is sent often. Each compressed version is made once, when a client first accepts it.
///
/// ```
/// use eventhorizon::http::{CompressedBody, ContentCoding};
///
/// let style = CompressedBody::new("a { color: red } ".repeat(100));
/// let (bytes, coding) = style.in_coding(ContentCoding::Gzip);
/// assert_eq!(coding, ContentCoding::Gzip);
/// assert!(bytes.len() < 100);
/// ```
#[derive(Clone, Debug, Default)]
pub struct CompressedBody {
    plain: Bytes,
    /// `None` in a cell if compression does not make it smaller.
    brotli: OnceLock<Option<Bytes>>,
    gzip: OnceLock<Option<Bytes>>,
}

impl CompressedBody {
    /// Creates a body from its uncompressed bytes.
    pub fn new(plain: impl Into<Bytes>) -> Self {
        Self {
            plain: plain.into(),
            ..Self::default()
        }
    }

    /// Sets the brotli version, which was made before.
    #[must_use]
    pub fn with_brotli(self, brotli: impl Into<Bytes>) -> Self {
        Self {
            brotli: OnceLock::from(Some(brotli.into())),
            ..self
        }
    }

    /// Returns the uncompressed bytes.
    #[must_use]
    pub fn plain(&self) -> &Bytes {
        &self.plain
    }

    /// Returns the bytes in this coding, or uncompressed if that is not larger; and the coding.
    #[must_use]
    pub fn in_coding(&self, coding: ContentCoding) -> (Bytes, ContentCoding) {
        let cell = match coding {
            ContentCoding::Brotli => &self.brotli,
            ContentCoding::Gzip => &self.gzip,
            ContentCoding::Identity => return (self.plain.clone(), ContentCoding::Identity),
        };
        match cell.get_or_init(|| compress(&self.plain, coding, Effort::Best)) {
            Some(compressed) => (compressed.clone(), coding),
            None => (self.plain.clone(), ContentCoding::Identity),
        }
    }
}

/// Returns the compressed bytes, or `None` if they are not smaller.
pub(super) fn compress(plain: &[u8], coding: ContentCoding, effort: Effort) -> Option<Bytes> {
    let compressed = match coding {
        ContentCoding::Brotli => brotli(plain, effort),
        ContentCoding::Gzip => gzip(plain, effort),
        ContentCoding::Identity => return None,
    };
    match compressed {
        Ok(compressed) => (compressed.len() < plain.len()).then(|| compressed.into()),
        Err(error) => {
            tracing::error!(%error, "compressing a response failed, so it is sent uncompressed");
            None
        }
    }
}

fn brotli(plain: &[u8], effort: Effort) -> io::Result<Vec<u8>> {
    let params = BrotliEncoderParams {
        quality: match effort {
            Effort::Fast => 4,
            Effort::Best if plain.len() > MAX_SLOW_BYTES => 9,
            Effort::Best => 11,
        },
        lgwin: BROTLI_WINDOW_BITS,
        size_hint: plain.len(),
        ..BrotliEncoderParams::default()
    };
    let mut encoder = brotli::CompressorWriter::with_params(Vec::new(), BROTLI_BUFFER, &params);
    encoder.write_all(plain)?;
    encoder.flush()?;
    Ok(encoder.into_inner())
}

fn gzip(plain: &[u8], effort: Effort) -> io::Result<Vec<u8>> {
    let level = match effort {
        Effort::Fast => Compression::new(5),
        Effort::Best => Compression::best(),
    };
    let mut encoder = GzEncoder::new(Vec::new(), level);
    encoder.write_all(plain)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn decompress(bytes: &[u8], coding: ContentCoding) -> Vec<u8> {
        let mut plain = Vec::new();
        match coding {
            ContentCoding::Brotli => brotli::Decompressor::new(bytes, BROTLI_BUFFER).read_to_end(&mut plain),
            ContentCoding::Gzip => flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain),
            ContentCoding::Identity => (&bytes[..]).read_to_end(&mut plain),
        }
        .unwrap();
        plain
    }

    #[test]
    fn every_coding_decompresses_to_the_same_bytes() {
        let text: String = (0..2_000).map(|number| format!("{number} ")).collect();
        let body = CompressedBody::new(text.clone());
        for coding in [ContentCoding::Brotli, ContentCoding::Gzip, ContentCoding::Identity] {
            let (bytes, actual) = body.in_coding(coding);
            assert_eq!(actual, coding);
            assert_eq!(decompress(&bytes, coding), text.as_bytes());
            if let Some(fast) = compress(text.as_bytes(), coding, Effort::Fast) {
                assert_eq!(decompress(&fast, coding), text.as_bytes());
            }
        }
    }

    #[test]
    fn a_body_that_does_not_shrink_is_sent_uncompressed() {
        let body = CompressedBody::new("x");
        for coding in [ContentCoding::Brotli, ContentCoding::Gzip] {
            assert_eq!(body.in_coding(coding), ("x".into(), ContentCoding::Identity));
        }
    }

    #[test]
    fn a_version_is_made_once() {
        let body = CompressedBody::new("a".repeat(1_000)).with_brotli("made before");
        assert_eq!(body.in_coding(ContentCoding::Brotli).0, "made before");
        let gzip = || body.in_coding(ContentCoding::Gzip).0.as_ptr();
        assert_eq!(gzip(), gzip());
    }
}
