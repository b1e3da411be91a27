//! The record of a visitor's state in Redis: 8 bytes of when the visitor was last seen, 4 of a number that grows with
//! each write, and the state in the format of postcard.

use horizon_core::reports::VisitorState;
use horizon_core::{Error, Result};

use super::comment_record;

/// The length of the part that changes with each write.
pub(super) const VERSION_LENGTH: usize = 12;

/// A state as it is stored.
#[derive(Default)]
pub(super) struct StoredState {
    /// The first [`VERSION_LENGTH`] bytes of the record; empty if there is none.
    pub(super) version: Vec<u8>,
    /// Whether the last version stored the visitor.
    pub(super) is_old: bool,
    pub(super) state: VisitorState,
}

impl StoredState {
    /// Decodes a record.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self> {
        let (version, rest) = bytes.split_at_checked(VERSION_LENGTH).unwrap_or((bytes, &[]));
        let state = postcard::from_bytes(rest);
        let invalid = |e| Error::permanent("the state of a visitor in Redis is invalid").with_source(e);
        Ok(Self {
            version: version.into(),
            is_old: false,
            state: state.map_err(invalid)?,
        })
    }

    /// Encodes the next record. Returns `None` for a state without visits, which is not stored.
    pub(super) fn encode_next(&self, state: &VisitorState) -> Result<Option<Vec<u8>>> {
        let Some(last_seen) = state.last_seen() else {
            return Ok(None);
        };
        let number = self.version.last_chunk().copied().map_or(0, u32::from_be_bytes);
        let mut bytes = Vec::from(comment_record::time(last_seen));
        bytes.extend(number.wrapping_add(1).to_be_bytes());
        let failed = |e| Error::permanent("the state of a visitor cannot be encoded").with_source(e);
        postcard::to_extend(state, bytes).map_err(failed).map(Some)
    }
}
