use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use horizon_core::{Day, Event, EventId, EventKind, ReaderId, Slug, Timestamp, Topic, Visibility, Visit, VisitorKey};

use super::keys;

/// How far the time in an id may differ from the time of its event: a day. An id with a larger difference is stored
/// like an id without a time.
pub(super) const MAX_ID_SKEW: Duration = Duration::from_secs(24 * 3600);

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

    /// Returns the events. Of a comment on a page that does not own its id, only the id counts.
    pub(super) fn resolve<'a>(&self, events: &'a [Event]) -> Cow<'a, [Event]> {
        let is_elsewhere = |event: &Event| {
            let slug = event.topic.slug();
            matches!(event.kind, EventKind::Comment { .. }) && slug.is_some_and(|slug| !self.is_on(event.id, slug))
        };
        if !events.iter().any(is_elsewhere) {
            return events.into();
        }
        let mut events = events.to_vec();
        for event in events.iter_mut().filter(|event| is_elsewhere(event)) {
            // A verdict on a comment of another page has no effect.
            event.kind = EventKind::Moderate {
                comment: event.id,
                verdict: Visibility::Removed,
            };
        }
        events.into()
    }
}

/// Where an id is stored: in the ids of a day, or in those without a time. This depends only on the id and the day of
/// its event, so that a repeated event is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum IdSet {
    Of(Day),
    Other,
}

impl IdSet {
    /// A UUID of version 7 starts with its time, which is close to that of its event.
    pub(super) fn of(event: &Event) -> Self {
        let created = i64::try_from(event.id.as_u128() >> 80).map_or(Timestamp::default(), Timestamp::from_millis);
        if created.since(event.at).max(event.at.since(created)) > MAX_ID_SKEW {
            return Self::Other;
        }
        Self::Of(created.day())
    }

    /// Returns the key of the ids.
    pub(super) fn key(self, topic: &Topic) -> String {
        match self {
            Self::Of(day) => keys::ids(topic, day),
            Self::Other => keys::of_topic(topic, keys::OTHER_IDS),
        }
    }
}

/// What a batch reads of a topic.
#[derive(Default)]
pub(super) struct TopicReads {
    pub(super) ids: BTreeMap<IdSet, Vec<EventId>>,
    pub(super) visitors: BTreeSet<VisitorKey>,
    pub(super) readers: BTreeSet<ReaderId>,
    /// The new comments, those that they reply to, and those with a new verdict.
    pub(super) comments: BTreeSet<EventId>,
}

/// Returns what a batch reads of each topic.
pub(super) fn reads(events: &[Event]) -> BTreeMap<&Topic, TopicReads> {
    let mut topics: BTreeMap<&Topic, TopicReads> = BTreeMap::new();
    for event in events {
        topics.entry(&event.topic).or_default().add(event);
    }
    topics
}

impl TopicReads {
    fn add(&mut self, event: &Event) {
        self.ids.entry(IdSet::of(event)).or_default().push(event.id);
        match &event.kind {
            EventKind::Visit(Visit { visitor, .. }) => self.visitors.extend(visitor),
            EventKind::Like { reader } | EventKind::Unlike { reader } => {
                self.readers.insert(*reader);
            }
            EventKind::Comment { draft, .. } => {
                self.comments.insert(event.id);
                self.comments.extend(draft.parent());
            }
            EventKind::Moderate { comment, .. } => {
                self.comments.insert(*comment);
            }
            // A new kind of event reads nothing else until this store knows it.
            _ => {}
        }
    }
}
