//! The names of variants.

use std::{fmt, str::FromStr};

/// Changes when variants are made in another way, so that those in the cache are made again.
const ENCODER_VERSION: u8 = 1;

/// The length of the start and of the end of a file that its id depends on, in bytes: 64 KiB.
pub(crate) const SAMPLE_BYTES: usize = 1 << 16;

/// The number of hexadecimal digits of an id.
const ID_DIGITS: usize = 24;

/// Identifies the content of a picture file.
///
/// It does not depend on the time of the file: a new checkout has the same variants, and so has another node.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct PictureId(String);

impl PictureId {
    /// Creates the id of a file with this length that starts and ends with these bytes.
    pub(crate) fn new(length: u64, start: &[u8], end: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[ENCODER_VERSION]).update(&length.to_le_bytes());
        hasher.update(start).update(end);
        let mut hex = hasher.finalize().to_hex().to_string();
        hex.truncate(ID_DIGITS);
        Self(hex)
    }
}

/// The name of a variant: the id of the picture and the width, as in `0123456789abcdef01234567-480.webp`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VariantName {
    pub(crate) id: PictureId,
    pub(crate) width: u32,
}

impl fmt::Display for VariantName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PictureId(id) = &self.id;
        write!(out, "{id}-{}.webp", self.width)
    }
}

/// The text is not the name of a variant.
#[derive(Debug, thiserror::Error)]
#[error("not the name of a variant of a picture")]
pub struct ParseVariantNameError;

impl FromStr for VariantName {
    type Err = ParseVariantNameError;

    fn from_str(name: &str) -> Result<Self, ParseVariantNameError> {
        let parts = name.strip_suffix(".webp").and_then(|name| name.split_once('-'));
        let (id, width) = parts.ok_or(ParseVariantNameError)?;
        let is_id = id.len() == ID_DIGITS && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let width = width.parse().map_err(|_| ParseVariantNameError)?;
        let parsed = Self {
            id: PictureId(id.to_owned()),
            width,
        };
        // `+480` and `0480` are numbers, too.
        (is_id && parsed.to_string() == name)
            .then_some(parsed)
            .ok_or(ParseVariantNameError)
    }
}
