//! How visitor states, sessions and histograms are stored: a byte with the version, then the fields in the format of
//! [postcard](https://postcard.jamesmunns.com/wire-format).

use horizon_core::reports::{ReadingTimes, SessionRow, VisitorState};
use rusqlite::types::{FromSqlError, ValueRef};
use rusqlite::{Error, Result};

/// The version of the encoding. A program that reads another one fails.
const VERSION: u8 = 1;

/// The capacity of the buffer for a value, in bytes. Few values are longer.
const VALUE_BYTES: usize = 512;

/// Why bytes cannot be decoded.
#[derive(Debug, thiserror::Error)]
enum DecodeError {
    #[error("a stored value has the unknown version {0:?}; a newer program wrote it")]
    UnknownVersion(Option<u8>),
    #[error("a stored value is damaged")]
    Damaged(#[source] postcard::Error),
}

/// A type that is stored as bytes.
pub(super) trait Encoded: serde::Serialize + serde::de::DeserializeOwned {}

impl Encoded for VisitorState {}
impl Encoded for SessionRow {}
impl Encoded for ReadingTimes {}
impl Encoded for ReadingTimeBins {}

/// The bins of [`ReadingTimes`], which have the same encoding. They are read more quickly than a map.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct ReadingTimeBins(pub(super) Vec<(u8, i64)>);

pub(super) fn encode(value: &impl Encoded) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(VALUE_BYTES);
    bytes.push(VERSION);
    postcard::to_extend(value, bytes).map_err(|error| Error::ToSqlConversionFailure(error.into()))
}

pub(super) fn decode<T: Encoded>(value: ValueRef<'_>) -> Result<T> {
    decode_bytes(value.as_blob()?).map_err(|error| FromSqlError::Other(error.into()).into())
}

fn decode_bytes<T: Encoded>(bytes: &[u8]) -> std::result::Result<T, DecodeError> {
    match bytes {
        [VERSION, rest @ ..] => postcard::from_bytes(rest).map_err(DecodeError::Damaged),
        _ => Err(DecodeError::UnknownVersion(bytes.first().copied())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_is_read_as_a_list_of_its_bins() {
        let mut times = ReadingTimes::default();
        for (seconds, count) in [(0, 3), (1, -1), (70, i64::MAX), (86_400, 1)] {
            times.add(seconds, count);
        }
        for times in [ReadingTimes::default(), times] {
            let bytes = encode(&times).unwrap();
            let bins: ReadingTimeBins = decode(ValueRef::Blob(&bytes)).unwrap();
            assert_eq!(bins.0, times.bins().collect::<Vec<_>>());
        }
    }
}
