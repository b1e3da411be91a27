//! A batch of events as `count.lua` takes it: page by page, a word an event.
//!
//! A word is a letter for the kind, 8 bytes for the time and 16 for the id, then what the kind needs. Where an id
//! is looked for depends on the id, so that a repeat is found whatever time it brings; the words `d` and `o` turn to
//! the ids of a day and to those that have no time.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use horizon_core::{
    DEDUPE_WINDOW, Day, Error, Event, EventId, EventKind, Result, Slug, Timestamp, Topic, VISIT_GAP, VISITOR_MEMORY,
    Visibility,
};
use redis::Cmd;

use crate::script::Kept;
use crate::{keys, record};

/// How far an id's own time and its event's may lie apart; further, and it is no time.
pub(crate) const APART: Duration = Duration::from_secs(24 * 3600);

/// How much longer than needed ids and visitors are kept when nobody forgets them, counted from the last write.
///
/// An event's time may lie an hour ahead of the write, and machines may disagree about the time.
const SPARE: Duration = Duration::from_secs(2 * 24 * 3600);

/// Which page each comment of a batch belongs to, and where the first one stands among all comments.
#[derive(Default)]
pub(crate) struct Claims {
    pub(crate) base: u64,
    pub(crate) owners: HashMap<EventId, String>,
}

impl Claims {
    fn is_of(&self, comment: EventId, slug: &Slug) -> bool {
        self.owners.get(&comment).is_some_and(|owner| owner == slug.as_str())
    }
}

/// The events of one page.
pub(crate) struct Page<'a> {
    pub(crate) topic: &'a Topic,
    days: Vec<Day>,
    /// Where the ids of the last event are, nothing before the first.
    ids: Option<Ids>,
    words: Vec<Vec<u8>>,
}

/// Where an id is kept.
#[derive(Clone, Copy, PartialEq)]
enum Ids {
    Of(Day),
    Other,
}

/// Sorts the events into pages, each in their order.
pub(crate) fn pages<'a>(events: &'a [Event], claims: &Claims) -> Result<Vec<Page<'a>>> {
    let mut pages: BTreeMap<&Topic, Page<'a>> = BTreeMap::new();
    for (event, number) in events.iter().zip(0..) {
        let page = pages.entry(&event.topic).or_insert_with(|| Page::new(&event.topic));
        page.turn_to(Ids::of(event));
        page.words.push(word(event, number, claims)?);
    }
    Ok(pages.into_values().collect())
}

impl Ids {
    /// An id that is a UUID of version 7 begins with the time of its birth, which is that of its event or near it.
    fn of(event: &Event) -> Self {
        let birth = i64::try_from(event.id.as_u128() >> 80).map_or(Timestamp::default(), Timestamp::from_millis);
        if birth.since(event.at).max(event.at.since(birth)) > APART {
            return Self::Other;
        }
        Self::Of(birth.day())
    }
}

impl<'a> Page<'a> {
    fn new(topic: &'a Topic) -> Self {
        Self {
            topic,
            days: Vec::new(),
            ids: None,
            words: Vec::new(),
        }
    }

    fn turn_to(&mut self, ids: Ids) {
        if self.ids.replace(ids) == Some(ids) {
            return;
        }
        let Ids::Of(day) = ids else {
            self.words.push(b"o".into());
            return;
        };
        let place = self.days.iter().position(|&known| known == day).unwrap_or_else(|| {
            self.days.push(day);
            self.days.len() - 1
        });
        self.words.push(format!("d{place} {}", day.number()).into());
    }

    /// The call that counts them.
    pub(crate) fn call(&self, script: &Kept, claims: &Claims) -> Cmd {
        let mut keys = keys::of_page(self.topic).to_vec();
        keys.extend(self.days.iter().map(|&day| keys::ids(self.topic, day)));
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let mut call = script.call(&keys);
        call.arg(VISIT_GAP.as_millis().to_string())
            .arg((DEDUPE_WINDOW + SPARE).as_secs())
            .arg((VISITOR_MEMORY + SPARE).as_secs())
            .arg(claims.base)
            .arg(&self.words);
        call
    }
}

/// One event as a word; `number` is its number in the batch.
fn word(event: &Event, number: u32, claims: &Claims) -> Result<Vec<u8>> {
    let (letter, rest) = match (&event.kind, event.topic.slug()) {
        (EventKind::Visit { visitor: None }, _) => (b'h', Vec::new()),
        (EventKind::Visit { visitor: Some(visitor) }, _) => (b'v', visitor.as_u128().to_be_bytes().to_vec()),
        (EventKind::Like { reader }, _) => (b'l', said(b'1', reader.as_u128())),
        (EventKind::Unlike { reader }, _) => (b'l', said(b'0', reader.as_u128())),
        (EventKind::Moderate { comment, verdict }, Some(_)) => (b'm', said(record::state(*verdict), comment.as_u128())),
        (
            EventKind::Comment {
                reader,
                draft,
                pending: held,
            },
            Some(slug),
        ) if claims.is_of(event.id, slug) => {
            let state = if *held { Visibility::Pending } else { Visibility::Shown };
            let mut rest = vec![record::state(state)];
            rest.extend(number.to_be_bytes());
            rest.extend(record::parent(draft.parent()));
            rest.extend(record::rest(*reader, event.at, draft));
            (b'c', rest)
        }
        // Remembered, without effect.
        (EventKind::Moderate { .. } | EventKind::Comment { .. }, _) => (b'x', Vec::new()),
        _ => return Err(Error::permanent("the store does not know this kind of event")),
    };
    Ok([&[letter][..], &record::stamp(event.stamp()), &rest].concat())
}

/// What was said, and by or of whom.
fn said(what: u8, whom: u128) -> Vec<u8> {
    [&[what][..], &whom.to_be_bytes()].concat()
}
