//! The rules of `horizon_core` on what was read of Redis.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use horizon_core::reports::{Dimension, NumberKind, ReportChanges, ReportLedger, ReportSite, StoredLike, VisitorState};
use horizon_core::{
    Comment, Day, Delta, Error, Event, EventId, Ledger, ReaderId, Result, Stamp, Timestamp, Topic, Update, Visibility,
    VisitorKey,
};

use super::comment_record::{self, CommentRecord};
use super::like_record;
use super::snapshot::Snapshot;

/// The dimension that the store does not keep.
pub(super) const NOT_STORED: Dimension = Dimension::ExitPage;

/// A value of a dimension on a day.
pub(super) type DimensionValue = (Dimension, Day, Arc<str>);

/// A change of the comments of a topic, in the order of the events.
pub(super) enum CommentWrite {
    Add(Comment),
    SetVisibility(EventId, Visibility, Stamp),
}

/// What a batch changes.
#[derive(Default)]
pub(super) struct BatchWrites {
    /// The indices of the new events.
    pub(super) events: Vec<usize>,
    pub(super) likes: HashMap<(Topic, ReaderId), StoredLike>,
    pub(super) comments: Vec<(Topic, CommentWrite)>,
    /// The changes of the totals.
    pub(super) deltas: Vec<(Topic, Delta)>,
    /// The names under which the custom events of a topic count, one for each event, and whether the name is new.
    pub(super) event_names: Vec<(Topic, Box<str>, bool)>,
    /// The values that were claimed, each once, in order.
    pub(super) claims: Vec<DimensionValue>,
    pub(super) reports: Option<ReportChanges>,
}

/// A ledger on what was read, which notes what to write.
pub(super) struct SnapshotLedger<'a> {
    snapshot: &'a Snapshot<'a>,
    site: ReportSite,
    /// The values for which their dimensions have no room.
    beyond: &'a BTreeSet<DimensionValue>,
    events: std::iter::Enumerate<std::slice::Iter<'a, Event>>,
    seen: HashSet<(&'a Topic, EventId)>,
    comments: HashMap<EventId, CommentRecord>,
    totals: HashMap<Topic, Update>,
    writes: BatchWrites,
}

impl<'a> SnapshotLedger<'a> {
    /// Returns a ledger for these events.
    ///
    /// # Errors
    /// A stored comment is invalid.
    pub(super) fn new(
        snapshot: &'a Snapshot<'a>,
        site: ReportSite,
        events: &'a [Event],
        beyond: &'a BTreeSet<DimensionValue>,
    ) -> Result<Self> {
        let mut comments = HashMap::new();
        let mut totals = HashMap::new();
        for (topic, stored) in &snapshot.topics {
            totals.insert((*topic).clone(), stored.totals.clone());
            let Some(slug) = topic.slug() else { continue };
            for (id, record) in &stored.comments {
                comments.insert(*id, comment_record::decode(slug, *id, record)?);
            }
        }
        Ok(Self {
            snapshot,
            site,
            beyond,
            events: events.iter().enumerate(),
            seen: HashSet::new(),
            comments,
            totals,
            writes: BatchWrites::default(),
        })
    }

    /// Returns what to write.
    pub(super) fn into_writes(self) -> BatchWrites {
        self.writes
    }
}

impl Ledger for SnapshotLedger<'_> {
    type Error = Error;

    /// Called for each event in order. Each topic has its own ids.
    fn insert_event_id(&mut self, id: EventId, _: Timestamp) -> Result<bool> {
        let Some((index, event)) = self.events.next() else {
            return Ok(false);
        };
        let stored = self.snapshot.topics.get(&event.topic);
        let is_new = !stored.is_some_and(|stored| stored.ids.contains(&id)) && self.seen.insert((&event.topic, id));
        if is_new {
            self.writes.events.push(index);
        }
        Ok(is_new)
    }

    /// Not called: visits are counted by [`VisitorState`].
    fn touch_visitor(&mut self, _: &Topic, _: VisitorKey, _: Timestamp) -> Result<Option<Timestamp>> {
        Ok(None)
    }

    fn set_like(&mut self, topic: &Topic, reader: ReaderId, likes: bool, stamp: Stamp) -> Result<bool> {
        let last = self.stored_like(topic, reader)?;
        if last.is_some_and(|last| stamp < last.stamp) {
            return Ok(false);
        }
        let like = StoredLike {
            is_liked: likes,
            stamp,
            is_dated: true,
        };
        self.writes.likes.insert((topic.clone(), reader), like);
        Ok(last.is_some_and(|last| last.is_liked) != likes)
    }

    fn comment(&mut self, id: EventId) -> Result<Option<Comment>> {
        Ok(self.comments.get(&id).map(|record| record.comment.clone()))
    }

    fn add_comment(&mut self, comment: &Comment) -> Result<()> {
        let record = CommentRecord {
            position: u64::MAX,
            verdict: Stamp {
                at: Timestamp::from_millis(i64::MIN),
                id: EventId::from_u128(0),
            },
            comment: comment.clone(),
        };
        self.comments.insert(comment.id, record);
        let topic = comment.slug.clone().into();
        self.writes.comments.push((topic, CommentWrite::Add(comment.clone())));
        Ok(())
    }

    fn set_visibility(&mut self, id: EventId, visibility: Visibility, stamp: Stamp) -> Result<bool> {
        let Some(record) = self.comments.get_mut(&id) else {
            return Ok(false);
        };
        if stamp < record.verdict {
            return Ok(false);
        }
        record.verdict = stamp;
        record.comment.visibility = visibility;
        let topic = record.comment.slug.clone().into();
        let write = CommentWrite::SetVisibility(id, visibility, stamp);
        self.writes.comments.push((topic, write));
        Ok(true)
    }

    /// Returns the totals as far as they are known: the script returns those after the batch.
    fn add_delta(&mut self, topic: &Topic, delta: Delta) -> Result<Update> {
        let totals = self.totals.entry(topic.clone());
        let totals = totals.or_insert_with(|| Update::empty(topic.clone()));
        for name in &delta.events {
            let is_known = totals.stats.events.get(name.as_str()) > 0;
            let counted = totals.stats.events.add(name);
            let is_new = !is_known && counted == name.as_str();
            self.writes.event_names.push((topic.clone(), counted.into(), is_new));
        }
        let totals = totals.clone();
        if !delta.is_empty() {
            self.writes.deltas.push((topic.clone(), delta));
        }
        Ok(totals)
    }
}

impl ReportLedger for SnapshotLedger<'_> {
    fn site_state(&mut self) -> Result<ReportSite> {
        Ok(self.site.clone())
    }

    fn visitor_state(&mut self, topic: &Topic, visitor: VisitorKey) -> Result<VisitorState> {
        let stored = self.snapshot.topics.get(topic);
        let stored = stored.and_then(|stored| stored.states.get(&visitor));
        Ok(stored.map(|stored| stored.state.clone()).unwrap_or_default())
    }

    fn stored_like(&mut self, topic: &Topic, reader: ReaderId) -> Result<Option<StoredLike>> {
        if let Some(like) = self.writes.likes.get(&(topic.clone(), reader)) {
            return Ok(Some(*like));
        }
        let stored = self.snapshot.topics.get(topic);
        let record = stored.and_then(|stored| stored.likes.get(&reader));
        record.map(|record| like_record::decode(record)).transpose()
    }

    fn is_dated_comment(&mut self, id: EventId) -> Result<bool> {
        let Some(record) = self.comments.get(&id) else {
            return Ok(true);
        };
        let topic = Topic::from(record.comment.slug.clone());
        let dated_after = self.snapshot.topics.get(&topic).and_then(|stored| stored.dated_after);
        // Without reports, all stored comments are undated.
        Ok(record.position > dated_after.unwrap_or(u64::MAX - 1))
    }

    fn claim_value(&mut self, day: Day, dimension: Dimension, value: &str) -> Result<bool> {
        if dimension == NOT_STORED {
            return Ok(true);
        }
        let claim = (dimension, day, value.into());
        if self.beyond.contains(&claim) {
            return Ok(false);
        }
        self.writes.claims.push(claim);
        Ok(true)
    }

    /// Session rows are not stored, so the numbers are not used.
    fn next_number(&mut self, _: Day, _: NumberKind) -> Result<u32> {
        Ok(0)
    }

    fn write_reports(&mut self, changes: ReportChanges) -> Result<()> {
        self.writes.reports = Some(changes);
        Ok(())
    }
}
