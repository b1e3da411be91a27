//! How a comment stands in Redis.
//!
//! One byte for its state, 24 for the stamp of the last verdict, 8 for its place, one that says whether it is a
//! reply and 16 for its parent: `count.lua` reads and writes these by their numbers. Behind them is what it only
//! copies: 16 bytes for the reader, 8 for the time, 2 for the length of the author's name, the name, the text.

use horizon_core::{Comment, Draft, Error, EventId, ReaderId, Result, Slug, Stamp, Timestamp, Visibility};

/// A comment and where it stands among all others.
#[derive(Debug, PartialEq)]
pub(crate) struct Record {
    /// When it arrived, in microseconds, and later than all before it on its page.
    pub(crate) place: u64,
    pub(crate) comment: Comment,
}

/// The byte for a state.
pub(crate) fn state(visibility: Visibility) -> u8 {
    match visibility {
        Visibility::Shown => b'1',
        Visibility::Removed => b'2',
        _ => b'0',
    }
}

/// A time as bytes that sort as it does.
pub(crate) fn time(at: Timestamp) -> [u8; 8] {
    (at.as_millis() ^ i64::MIN).to_be_bytes()
}

/// A stamp as bytes that sort as it does.
pub(crate) fn stamp(stamp: Stamp) -> [u8; 24] {
    let mut bytes = [0; 24];
    let (at, id) = bytes.split_at_mut(8);
    at.copy_from_slice(&time(stamp.at));
    id.copy_from_slice(&stamp.id.as_u128().to_be_bytes());
    bytes
}

/// Whether there is a parent, and which.
pub(crate) fn parent(parent: Option<EventId>) -> [u8; 17] {
    let mut bytes = [0; 17];
    if let (Some(id), [flag, rest @ ..]) = (parent, &mut bytes) {
        *flag = b'1';
        *rest = id.as_u128().to_be_bytes();
    }
    bytes
}

/// The part of a record that the script does not read.
pub(crate) fn rest(reader: ReaderId, at: Timestamp, draft: &Draft) -> Vec<u8> {
    let author = draft.author().as_bytes();
    // A draft's author has at most 80 characters of at most 4 bytes.
    let length = u16::try_from(author.len()).unwrap_or(u16::MAX);
    let mut bytes = Vec::with_capacity(26 + author.len() + draft.body().len());
    bytes.extend(reader.as_u128().to_be_bytes());
    bytes.extend(time(at));
    bytes.extend(length.to_be_bytes());
    bytes.extend(author);
    bytes.extend(draft.body().as_bytes());
    bytes
}

/// Reads an id.
pub(crate) fn id(bytes: &[u8]) -> Result<EventId> {
    let id = bytes.try_into().map_err(|e: std::array::TryFromSliceError| {
        Error::permanent("an id in Redis does not have 16 bytes").with_source(e)
    })?;
    Ok(EventId::from_u128(u128::from_be_bytes(id)))
}

/// Reads the record of a comment of this page.
pub(crate) fn decode(slug: &Slug, id: EventId, bytes: &[u8]) -> Result<Record> {
    parse(slug, id, bytes).ok_or_else(|| Error::permanent(format!("the comment {id} cannot be read: it is no record")))
}

fn parse(slug: &Slug, id: EventId, bytes: &[u8]) -> Option<Record> {
    let mut bytes = bytes;
    let [state] = take(&mut bytes)?;
    let _verdict: [u8; 24] = take(&mut bytes)?;
    let place = u64::from_be_bytes(take(&mut bytes)?);
    let [is_reply] = take(&mut bytes)?;
    let parent = u128::from_be_bytes(take(&mut bytes)?);
    let reader = u128::from_be_bytes(take(&mut bytes)?);
    let at = i64::from_be_bytes(take(&mut bytes)?) ^ i64::MIN;
    let length = u16::from_be_bytes(take(&mut bytes)?);
    let (author, body) = bytes.split_at_checked(length.into())?;
    let mut comment = Comment::new(
        id,
        slug.clone(),
        ReaderId::from_u128(reader),
        Timestamp::from_millis(at),
    );
    comment.parent = (is_reply == b'1').then(|| EventId::from_u128(parent));
    comment.author = str::from_utf8(author).ok()?.into();
    comment.body = str::from_utf8(body).ok()?.into();
    comment.visibility = match state {
        b'0' => Visibility::Pending,
        b'1' => Visibility::Shown,
        b'2' => Visibility::Removed,
        _ => return None,
    };
    Some(Record { place, comment })
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(draft: &Draft, parent_id: Option<EventId>, at: Timestamp) -> Vec<u8> {
        let place = 1_800_000_000_000_000_u64.to_be_bytes();
        let reader = ReaderId::from_u128(7);
        [
            &[state(Visibility::Shown)][..],
            &[0; 24],
            &place,
            &parent(parent_id),
            &rest(reader, at, draft),
        ]
        .concat()
    }

    #[test]
    fn a_record_reads_back_also_with_the_longest_words_and_the_oddest_times() {
        let slug = Slug::new("hello").unwrap();
        let draft = Draft::new(&"\u{1f600}".repeat(80), &"\u{1f600}".repeat(2_000), None).unwrap();
        for (parent, at) in [(None, i64::MIN), (Some(EventId::from_u128(0)), -1), (None, i64::MAX)] {
            let at = Timestamp::from_millis(at);
            let read = decode(&slug, EventId::from_u128(1), &record(&draft, parent, at)).unwrap();
            assert_eq!(read.place, 1_800_000_000_000_000);
            assert_eq!((read.comment.parent, read.comment.at), (parent, at));
            assert_eq!(
                (read.comment.author.as_str(), read.comment.body.as_str()),
                (draft.author(), draft.body())
            );
        }
    }

    #[test]
    fn what_is_cut_off_or_no_record_is_refused_by_its_id() {
        let slug = Slug::new("hello").unwrap();
        let draft = Draft::new("Ada", "Hello", None).unwrap();
        let whole = record(&draft, None, Timestamp::from_millis(1));
        for end in 0..whole.len() - draft.body().len() {
            let error = decode(&slug, EventId::from_u128(0xabc), &whole[..end]).unwrap_err();
            assert!(!error.is_retryable() && error.to_string().contains("abc"), "{error}");
        }
    }

    #[test]
    fn stamps_sort_as_their_bytes_do() {
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
