use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use horizon_core::{
    DEDUPE_WINDOW, Day, Error, Event, EventId, EventKind, MAX_EVENT_NAMES, OTHER_EVENTS, Result, Slug, Timestamp,
    Topic, VISIT_GAP, VISITOR_RETENTION, Visibility, Visit,
};
use redis::Cmd;

use super::{comment_record, keys};
use crate::connection::script::CachedScript;

/// How far the time in an id may differ from the time of its event: a day. An id with a larger difference is stored
/// like an id without a time.
pub(super) const MAX_ID_SKEW: Duration = Duration::from_secs(24 * 3600);

/// How much longer than needed Redis keeps ids and visitors after the last write, if [`expire`](super::expire) does not
/// run: two days. An event may be an hour ahead of the write, and clocks differ.
const EXTRA_TTL: Duration = Duration::from_secs(2 * 24 * 3600);

/// The pages of the comments in a batch.
#[derive(Default)]
pub(super) struct CommentOwners {
    /// The position of the first comment among all comments: the time in microseconds.
    pub(super) first_position: u64,
    /// The slug of the page that owns each id.
    pub(super) slugs: HashMap<EventId, String>,
}

impl CommentOwners {
    fn is_on(&self, comment: EventId, slug: &Slug) -> bool {
        self.slugs.get(&comment).is_some_and(|owner| owner == slug.as_str())
    }
}

/// The events of one topic as the arguments of `apply.lua`.
///
/// An argument is a letter for the kind, 8 bytes of time, 16 bytes of id, and the fields of the kind. The arguments `d`
/// and `o` select where the following ids are stored: in the ids of a day, or in those without a time. This depends
/// only on the id, so that a repeated event is found whatever its time is.
pub(super) struct TopicBatch<'a> {
    pub(super) topic: &'a Topic,
    days: Vec<Day>,
    /// Where the id of the last event is stored.
    ids: Option<IdSet>,
    arguments: Vec<Vec<u8>>,
}

/// Where an id is stored.
#[derive(Clone, Copy, PartialEq)]
enum IdSet {
    Of(Day),
    Other,
}

/// Groups the events by topic and keeps their order.
pub(super) fn by_topic<'a>(events: &'a [Event], owners: &CommentOwners) -> Result<Vec<TopicBatch<'a>>> {
    let mut batches: BTreeMap<&Topic, TopicBatch<'a>> = BTreeMap::new();
    for (event, number) in events.iter().zip(0..) {
        let batch = batches
            .entry(&event.topic)
            .or_insert_with(|| TopicBatch::new(&event.topic));
        batch.select(IdSet::of(event));
        batch.arguments.push(argument(event, number, owners)?);
    }
    Ok(batches.into_values().collect())
}

impl IdSet {
    /// A UUID of version 7 starts with its time, which is close to that of its event.
    fn of(event: &Event) -> Self {
        let created = i64::try_from(event.id.as_u128() >> 80).map_or(Timestamp::default(), Timestamp::from_millis);
        if created.since(event.at).max(event.at.since(created)) > MAX_ID_SKEW {
            return Self::Other;
        }
        Self::Of(created.day())
    }
}

impl<'a> TopicBatch<'a> {
    fn new(topic: &'a Topic) -> Self {
        Self {
            topic,
            days: Vec::new(),
            ids: None,
            arguments: Vec::new(),
        }
    }

    fn select(&mut self, ids: IdSet) {
        if self.ids.replace(ids) == Some(ids) {
            return;
        }
        let IdSet::Of(day) = ids else {
            self.arguments.push(b"o".into());
            return;
        };
        let index = self.days.iter().position(|&known| known == day).unwrap_or_else(|| {
            self.days.push(day);
            self.days.len() - 1
        });
        self.arguments.push(format!("d{index} {}", day.number()).into());
    }

    /// Returns the call that applies the events.
    pub(super) fn call(&self, script: &CachedScript, owners: &CommentOwners) -> Cmd {
        let mut keys = keys::all_of(self.topic).to_vec();
        keys.extend(self.days.iter().map(|&day| keys::ids(self.topic, day)));
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let mut call = script.call(&keys);
        call.arg(VISIT_GAP.as_millis().to_string())
            .arg((DEDUPE_WINDOW + EXTRA_TTL).as_secs())
            .arg((VISITOR_RETENTION + EXTRA_TTL).as_secs())
            .arg(owners.first_position)
            .arg(MAX_EVENT_NAMES)
            .arg(OTHER_EVENTS)
            .arg(&self.arguments);
        call
    }
}

/// Encodes the event with this number in the batch.
fn argument(event: &Event, number: u32, owners: &CommentOwners) -> Result<Vec<u8>> {
    let (letter, rest) = match (&event.kind, event.topic.slug()) {
        // `h` for hit, `v` for visit.
        (EventKind::Visit(Visit { visitor: None, .. }), _) => (b'h', Vec::new()),
        (
            EventKind::Visit(Visit {
                visitor: Some(visitor), ..
            }),
            _,
        ) => (b'v', visitor.as_u128().to_be_bytes().to_vec()),
        (EventKind::Like { reader }, _) => (b'l', byte_and_id(b'1', reader.as_u128())),
        (EventKind::Unlike { reader }, _) => (b'l', byte_and_id(b'0', reader.as_u128())),
        (EventKind::Moderate { comment, verdict }, Some(_)) => {
            (b'm', byte_and_id(comment_record::state(*verdict), comment.as_u128()))
        }
        (EventKind::Comment { reader, draft, pending }, Some(slug)) if owners.is_on(event.id, slug) => {
            let state = if *pending {
                Visibility::Pending
            } else {
                Visibility::Shown
            };
            let mut rest = vec![comment_record::state(state)];
            rest.extend(number.to_be_bytes());
            rest.extend(comment_record::parent(draft.parent()));
            rest.extend(comment_record::content(*reader, event.at, draft));
            (b'c', rest)
        }
        (EventKind::Custom { name, .. }, _) => (b'e', name.as_str().into()),
        // Only the id is stored.
        (EventKind::Moderate { .. } | EventKind::Comment { .. }, _) => (b'x', Vec::new()),
        _ => {
            return Err(Error::permanent(
                "the Redis store does not know this kind of event: update the accumulator",
            ));
        }
    };
    Ok([&[letter][..], &comment_record::stamp(event.stamp()), &rest].concat())
}

fn byte_and_id(byte: u8, id: u128) -> Vec<u8> {
    [&[byte][..], &id.to_be_bytes()].concat()
}
