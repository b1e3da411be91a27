//! The record of a like in Redis: `1` for a like or `0` for an unlike, 24 bytes of its stamp, and `d` if it came after
//! the topic had reports.

use horizon_core::reports::StoredLike;
use horizon_core::{Error, Result};

use super::comment_record;

/// The length of a record.
pub(super) const LENGTH: usize = 26;

/// Encodes a like that came after the topic had reports.
pub(super) fn encode(like: &StoredLike) -> Vec<u8> {
    let mut bytes = vec![if like.is_liked { b'1' } else { b'0' }];
    bytes.extend(comment_record::stamp(like.stamp));
    if like.is_dated {
        bytes.push(b'd');
    }
    bytes
}

/// Decodes a like.
pub(super) fn decode(bytes: &[u8]) -> Result<StoredLike> {
    try_decode(bytes).ok_or_else(|| Error::permanent("the record of a like in Redis is invalid"))
}

fn try_decode(bytes: &[u8]) -> Option<StoredLike> {
    let (state, rest) = bytes.split_first()?;
    let mut rest = rest;
    Some(StoredLike {
        is_liked: *state == b'1',
        stamp: comment_record::read_stamp(&mut rest)?,
        is_dated: !rest.is_empty(),
    })
}
