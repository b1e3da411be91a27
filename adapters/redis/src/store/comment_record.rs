//! The record of a comment in Redis.
//!
//! One byte of state, 24 of the stamp of the last verdict, 8 of position, one that is `1` for a reply, and 16 of its
//! parent: `apply.lua` reads and writes these by their offsets. It copies the rest: 16 bytes of reader, 8 of time, 2 of
//! the length of the author's name, the name, the text. A badge follows the name after a line feed, which names do not
//! contain, and is a part of its length.

use horizon_core::{Badge, Comment, Error, EventId, ReaderId, Result, Slug, Stamp, Timestamp, Visibility};

/// A comment and its position among all comments.
#[derive(Debug, PartialEq)]
pub(super) struct CommentRecord {
    /// When it arrived, in microseconds; greater than that of all earlier comments of its page.
    pub(super) position: u64,
    /// The stamp of the last verdict; the earliest stamp without a verdict.
    pub(super) verdict: Stamp,
    pub(super) comment: Comment,
}

/// Encodes a state.
pub(super) fn state(visibility: Visibility) -> u8 {
    match visibility {
        Visibility::Shown => b'1',
        Visibility::Removed => b'2',
        _ => b'0',
    }
}

/// Encodes a time so that bytes sort like times.
pub(super) fn time(at: Timestamp) -> [u8; 8] {
    (at.as_millis() ^ i64::MIN).to_be_bytes()
}

/// Encodes a stamp so that bytes sort like stamps.
pub(super) fn stamp(stamp: Stamp) -> [u8; 24] {
    let mut bytes = [0; 24];
    let (at, id) = bytes.split_at_mut(8);
    at.copy_from_slice(&time(stamp.at));
    id.copy_from_slice(&stamp.id.as_u128().to_be_bytes());
    bytes
}

/// Encodes an optional parent.
pub(super) fn parent(parent: Option<EventId>) -> [u8; 17] {
    let mut bytes = [0; 17];
    if let (Some(id), [flag, rest @ ..]) = (parent, &mut bytes) {
        *flag = b'1';
        *rest = id.as_u128().to_be_bytes();
    }
    bytes
}

/// Decodes a stamp from the start of these bytes.
pub(super) fn read_stamp(bytes: &mut &[u8]) -> Option<Stamp> {
    Some(Stamp {
        at: decode_time(read(bytes)?),
        id: EventId::from_u128(u128::from_be_bytes(read(bytes)?)),
    })
}

fn decode_time(bytes: [u8; 8]) -> Timestamp {
    Timestamp::from_millis(i64::from_be_bytes(bytes) ^ i64::MIN)
}

/// Encodes the part of a record that the script copies.
pub(super) fn content(comment: &Comment) -> Vec<u8> {
    let mut author = comment.author.clone();
    if let Some(badge) = &comment.badge {
        author.push('\n');
        author.push_str(badge.as_str());
    }
    // An author has at most 80 characters of at most 4 bytes, a badge 32.
    let length = u16::try_from(author.len()).unwrap_or(u16::MAX);
    let mut bytes = Vec::with_capacity(26 + author.len() + comment.body.len());
    bytes.extend(comment.reader.as_u128().to_be_bytes());
    bytes.extend(time(comment.at));
    bytes.extend(length.to_be_bytes());
    bytes.extend(author.as_bytes());
    bytes.extend(comment.body.as_bytes());
    bytes
}

/// Decodes an id.
pub(super) fn id(bytes: &[u8]) -> Result<EventId> {
    let id = bytes.try_into().map_err(|e: std::array::TryFromSliceError| {
        Error::permanent("an id in Redis does not have 16 bytes").with_source(e)
    })?;
    Ok(EventId::from_u128(u128::from_be_bytes(id)))
}

/// Decodes the record of a comment on this page.
pub(super) fn decode(slug: &Slug, id: EventId, bytes: &[u8]) -> Result<CommentRecord> {
    try_decode(slug, id, bytes)
        .ok_or_else(|| Error::permanent(format!("the record of comment {id} in Redis is invalid")))
}

fn try_decode(slug: &Slug, id: EventId, bytes: &[u8]) -> Option<CommentRecord> {
    let mut bytes = bytes;
    let [state] = read(&mut bytes)?;
    let verdict = read_stamp(&mut bytes)?;
    let position = u64::from_be_bytes(read(&mut bytes)?);
    let [is_reply] = read(&mut bytes)?;
    let parent = u128::from_be_bytes(read(&mut bytes)?);
    let reader = u128::from_be_bytes(read(&mut bytes)?);
    let at = decode_time(read(&mut bytes)?);
    let length = u16::from_be_bytes(read(&mut bytes)?);
    let (author, body) = bytes.split_at_checked(length.into())?;
    let mut comment = Comment::new(id, slug.clone(), ReaderId::from_u128(reader), at);
    comment.parent = (is_reply == b'1').then(|| EventId::from_u128(parent));
    let author = str::from_utf8(author).ok()?;
    let (author, badge) = author
        .split_once('\n')
        .map_or((author, None), |(author, badge)| (author, Some(badge)));
    comment.author = author.into();
    comment.badge = badge.map(Badge::new).transpose().ok()?;
    comment.body = str::from_utf8(body).ok()?.into();
    comment.visibility = match state {
        b'0' => Visibility::Pending,
        b'1' => Visibility::Shown,
        b'2' => Visibility::Removed,
        _ => return None,
    };
    Some(CommentRecord {
        position,
        verdict,
        comment,
    })
}

fn read<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use horizon_core::Draft;

    use super::*;

    fn encode(draft: &Draft, parent_id: Option<EventId>, at: Timestamp) -> Vec<u8> {
        let position = 1_800_000_000_000_000_u64.to_be_bytes();
        [
            &[state(Visibility::Shown)][..],
            &[0; 24],
            &position,
            &parent(parent_id),
            &content(&Comment::from_draft(
                Stamp {
                    at,
                    id: EventId::from_u128(1),
                },
                Slug::new("hello").unwrap(),
                ReaderId::from_u128(7),
                draft,
                false,
            )),
        ]
        .concat()
    }

    #[test]
    fn a_record_with_the_longest_texts_and_any_time_survives_encoding() {
        let slug = Slug::new("hello").unwrap();
        let badge = Badge::new(&"\u{1f600}".repeat(32)).unwrap();
        let draft = Draft::new(&"\u{1f600}".repeat(80), &"\u{1f600}".repeat(2_000), None).unwrap();
        let draft = draft.with_badge(badge.clone());
        for (parent, at) in [(None, i64::MIN), (Some(EventId::from_u128(0)), -1), (None, i64::MAX)] {
            let at = Timestamp::from_millis(at);
            let decoded = decode(&slug, EventId::from_u128(1), &encode(&draft, parent, at)).unwrap();
            assert_eq!(decoded.position, 1_800_000_000_000_000);
            assert_eq!((decoded.comment.parent, decoded.comment.at), (parent, at));
            assert_eq!(decoded.comment.badge.as_ref(), Some(&badge));
            assert_eq!(
                (decoded.comment.author.as_str(), decoded.comment.body.as_str()),
                (draft.author(), draft.body())
            );
        }
    }

    #[test]
    fn an_error_about_a_truncated_record_names_the_comment() {
        let slug = Slug::new("hello").unwrap();
        let draft = Draft::new("Ada", "Hello", None).unwrap();
        let whole = encode(&draft, None, Timestamp::from_millis(1));
        for end in 0..whole.len() - draft.body().len() {
            let error = decode(&slug, EventId::from_u128(0xabc), &whole[..end]).unwrap_err();
            assert!(!error.is_retryable() && error.to_string().contains("abc"), "{error}");
        }
    }

    #[test]
    fn encoded_stamps_sort_like_stamps() {
        let at = |millis, id| Stamp {
            at: Timestamp::from_millis(millis),
            id: EventId::from_u128(id),
        };
        let stamps = [
            at(i64::MIN, 9),
            at(-1, 0),
            at(0, 0),
            at(0, 1),
            at(0, u128::MAX),
            at(1, 0),
            at(i64::MAX, 0),
        ];
        assert!(
            stamps
                .windows(2)
                .all(|pair| pair[0] < pair[1] && stamp(pair[0]) < stamp(pair[1]))
        );
    }
}
