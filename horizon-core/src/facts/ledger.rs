use std::collections::{BTreeMap, HashMap, HashSet};
use std::convert::Infallible;

use super::Facts;
use crate::{
    Changes, Comment, Delta, EventId, Ledger, LikeChange, ReaderId, Stamp, Timestamp, Topic, Update, Visibility,
    VisibilityChange, VisitorChange, VisitorKey,
};

/// A ledger over facts, which it does not change. `R` is the part for reports.
pub(crate) struct FactsLedger<'a, R> {
    facts: &'a Facts,
    changed: ChangedFacts,
    pub(crate) reports: R,
}

/// What a batch changed, by key. It takes precedence over the facts.
#[derive(Default)]
struct ChangedFacts {
    event_ids: HashSet<EventId>,
    /// The new events in their order.
    events: Vec<(EventId, Timestamp)>,
    visitors: BTreeMap<(Topic, VisitorKey), Timestamp>,
    likes: BTreeMap<(Topic, ReaderId), (bool, Stamp)>,
    /// The comments that are new or have another visibility.
    comments: HashMap<EventId, Comment>,
    /// The new comments in the order of arrival.
    new_comments: Vec<EventId>,
    verdicts: BTreeMap<EventId, (Visibility, Stamp)>,
    totals: BTreeMap<Topic, Update>,
}

impl<'a, R> FactsLedger<'a, R> {
    pub(crate) fn new(facts: &'a Facts, reports: R) -> Self {
        let changed = ChangedFacts::default();
        Self {
            facts,
            changed,
            reports,
        }
    }

    /// Returns whether the reader likes the topic, and the stamp of that decision.
    pub(crate) fn like(&self, key: &(Topic, ReaderId)) -> Option<(bool, Stamp)> {
        let like = self.changed.likes.get(key).or_else(|| self.facts.likes.get(key));
        like.copied()
    }

    /// Returns the changes to write, and the part for reports.
    pub(crate) fn into_changes(self) -> (Changes, R) {
        let mut changed = self.changed;
        let new_comments = changed.new_comments.iter();
        let changes = Changes {
            event_ids: changed.events,
            visitors: changed.visitors.into_iter().map(visitor_change).collect(),
            likes: changed.likes.into_iter().map(like_change).collect(),
            comments: new_comments.filter_map(|id| changed.comments.remove(id)).collect(),
            verdicts: changed.verdicts.into_iter().map(visibility_change).collect(),
            totals: changed.totals.into_values().collect(),
        };
        (changes, self.reports)
    }
}

fn visitor_change(((topic, visitor), last_seen): ((Topic, VisitorKey), Timestamp)) -> VisitorChange {
    VisitorChange {
        topic,
        visitor,
        last_seen,
    }
}

fn like_change(((topic, reader), (is_liked, stamp)): ((Topic, ReaderId), (bool, Stamp))) -> LikeChange {
    LikeChange {
        topic,
        reader,
        is_liked,
        stamp,
    }
}

fn visibility_change((comment, (visibility, stamp)): (EventId, (Visibility, Stamp))) -> VisibilityChange {
    VisibilityChange {
        comment,
        visibility,
        stamp,
    }
}

impl<R> Ledger for FactsLedger<'_, R> {
    type Error = Infallible;

    fn insert_event_id(&mut self, id: EventId, at: Timestamp) -> Result<bool, Infallible> {
        let is_new = !self.facts.event_ids.contains(&id) && self.changed.event_ids.insert(id);
        if is_new {
            self.changed.events.push((id, at));
        }
        Ok(is_new)
    }

    fn touch_visitor(
        &mut self,
        topic: &Topic,
        visitor: VisitorKey,
        at: Timestamp,
    ) -> Result<Option<Timestamp>, Infallible> {
        let key = (topic.clone(), visitor);
        let visitors = &mut self.changed.visitors;
        let last = visitors.get(&key).or_else(|| self.facts.visitors.get(&key)).copied();
        if last.is_none_or(|last| last < at) {
            visitors.insert(key, at);
        }
        Ok(last)
    }

    fn set_like(&mut self, topic: &Topic, reader: ReaderId, likes: bool, stamp: Stamp) -> Result<bool, Infallible> {
        let key = (topic.clone(), reader);
        let last = self.like(&key);
        if last.is_some_and(|(_, last)| stamp < last) {
            return Ok(false);
        }
        self.changed.likes.insert(key, (likes, stamp));
        Ok(last.is_some_and(|(liked, _)| liked) != likes)
    }

    fn comment(&mut self, id: EventId) -> Result<Option<Comment>, Infallible> {
        let changed = self.changed.comments.get(&id);
        Ok(changed.or_else(|| self.facts.comments.get(&id)).cloned())
    }

    fn add_comment(&mut self, comment: &Comment) -> Result<(), Infallible> {
        self.changed.comments.insert(comment.id, comment.clone());
        self.changed.new_comments.push(comment.id);
        Ok(())
    }

    fn set_visibility(&mut self, id: EventId, visibility: Visibility, stamp: Stamp) -> Result<bool, Infallible> {
        let changed = self.changed.verdicts.get(&id).map(|(_, stamp)| stamp);
        let last = changed.or_else(|| self.facts.verdicts.get(&id));
        if last.is_some_and(|last| stamp < *last) {
            return Ok(false);
        }
        self.changed.verdicts.insert(id, (visibility, stamp));
        let Ok(comment) = self.comment(id);
        if let Some(comment) = comment {
            let comment = Comment { visibility, ..comment };
            self.changed.comments.insert(id, comment);
        }
        Ok(true)
    }

    fn add_delta(&mut self, topic: &Topic, delta: Delta) -> Result<Update, Infallible> {
        let changed = self.changed.totals.get(topic);
        let total = changed.or_else(|| self.facts.totals.get(topic)).cloned();
        let mut total = total.unwrap_or_else(|| Update::empty(topic.clone()));
        if !delta.is_empty() {
            total.stats += delta;
            total.revision += 1;
            self.changed.totals.insert(topic.clone(), total.clone());
        }
        Ok(total)
    }
}
