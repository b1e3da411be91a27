use std::collections::BTreeSet;

use crate::{Event, EventId, EventKind, ReaderId, Topic, VisitorKey};

/// What a store reads before it applies a batch with [`Facts`](crate::Facts). Each list is sorted and has a key once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchKeys {
    /// The ids of the events. Read which of them are stored.
    pub event_ids: Vec<EventId>,
    /// The visitors of each topic. Read the time at which they were last seen there or, with reports, their
    /// [states](crate::reports::ReportFacts::insert_visitor_state).
    pub visitors: Vec<(Topic, VisitorKey)>,
    /// The readers who like or unlike each topic. Read their latest like or unlike and its stamp.
    pub likes: Vec<(Topic, ReaderId)>,
    /// The comments of the batch, the comments that they reply to, and those that a moderator shows or removes. Read
    /// those that are stored.
    pub comments: Vec<EventId>,
    /// The comments that a moderator shows or removes. Read the stamp of the latest verdict.
    pub verdicts: Vec<EventId>,
    /// The topics. Read their totals.
    pub topics: Vec<Topic>,
}

/// The sets of which [`BatchKeys`] has the elements.
#[derive(Default)]
struct KeySets {
    event_ids: BTreeSet<EventId>,
    visitors: BTreeSet<(Topic, VisitorKey)>,
    likes: BTreeSet<(Topic, ReaderId)>,
    comments: BTreeSet<EventId>,
    verdicts: BTreeSet<EventId>,
    topics: BTreeSet<Topic>,
}

impl BatchKeys {
    /// Returns the keys of all data that the rules look up for these events.
    #[must_use]
    pub fn of(events: &[Event]) -> Self {
        let mut sets = KeySets::default();
        events.iter().for_each(|event| sets.add(event));
        Self {
            event_ids: sets.event_ids.into_iter().collect(),
            visitors: sets.visitors.into_iter().collect(),
            likes: sets.likes.into_iter().collect(),
            comments: sets.comments.into_iter().collect(),
            verdicts: sets.verdicts.into_iter().collect(),
            topics: sets.topics.into_iter().collect(),
        }
    }
}

impl KeySets {
    fn add(&mut self, event: &Event) {
        self.event_ids.insert(event.id);
        self.topics.insert(event.topic.clone());
        match &event.kind {
            EventKind::Visit(visit) => {
                let visitor = visit.visitor.map(|visitor| (event.topic.clone(), visitor));
                self.visitors.extend(visitor);
            }
            EventKind::Like { reader } | EventKind::Unlike { reader } => {
                self.likes.insert((event.topic.clone(), *reader));
            }
            EventKind::Comment { draft, .. } => {
                self.comments.insert(event.id);
                self.comments.extend(draft.parent());
            }
            EventKind::Moderate { comment, .. } => {
                self.comments.insert(*comment);
                self.verdicts.insert(*comment);
            }
            EventKind::Custom { .. } => {}
        }
    }
}
