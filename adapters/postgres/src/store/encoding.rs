//! How visitor states and sessions are stored: a byte with the version, then the fields in the format of
//! [postcard](https://postcard.jamesmunns.com/wire-format).

use horizon_core::reports::{SessionRow, VisitorState};
use serde::{Serialize, de::DeserializeOwned};

use crate::{columns::invalid, error::DatabaseError};

/// The version of the encoding. A program that reads another one fails.
const VERSION: u8 = 1;

/// The capacity of the buffer for a value, in bytes. Few values are longer.
const VALUE_BYTES: usize = 512;

/// Why a value cannot be encoded or decoded.
#[derive(Debug, thiserror::Error)]
enum EncodingError {
    #[error("a value cannot be stored")]
    Unwritable(#[source] postcard::Error),
    #[error("a stored value has the unknown version {0:?}; a newer program wrote it")]
    UnknownVersion(Option<u8>),
    #[error("a stored value is damaged")]
    Damaged(#[source] postcard::Error),
}

/// A type that is stored as bytes.
pub(super) trait StoredValue: Serialize + DeserializeOwned {
    /// The column.
    const COLUMN: &'static str;
}

impl StoredValue for VisitorState {
    const COLUMN: &'static str = "state";
}

impl StoredValue for SessionRow {
    const COLUMN: &'static str = "session";
}

pub(super) fn encode<T: StoredValue>(value: &T) -> Result<Vec<u8>, DatabaseError> {
    let mut bytes = Vec::with_capacity(VALUE_BYTES);
    bytes.push(VERSION);
    postcard::to_extend(value, bytes).map_err(|error| invalid(T::COLUMN, EncodingError::Unwritable(error)))
}

pub(super) fn decode<T: StoredValue>(bytes: &[u8]) -> Result<T, DatabaseError> {
    let decoded = match bytes {
        [VERSION, rest @ ..] => postcard::from_bytes(rest).map_err(EncodingError::Damaged),
        _ => Err(EncodingError::UnknownVersion(bytes.first().copied())),
    };
    decoded.map_err(|error| invalid(T::COLUMN, error))
}
