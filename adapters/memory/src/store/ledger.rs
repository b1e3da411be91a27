use std::collections::hash_map;
use std::convert::Infallible;

use horizon_core::reports::{Dimension, NumberKind, ReportChanges, ReportLedger, ReportSite, StoredLike, VisitorState};
use horizon_core::{
    Comment, Day, Delta, EventId, Ledger, ReaderId, Stamp, Timestamp, Topic, Update, Visibility, VisitorKey,
};

use super::Tables;

impl Tables {
    pub(super) fn total(&self, topic: &Topic) -> Update {
        let total = self.totals.get(topic).cloned();
        total.unwrap_or_else(|| Update::empty(topic.clone()))
    }
}

impl Ledger for Tables {
    type Error = Infallible;

    fn insert_event_id(&mut self, id: EventId, at: Timestamp) -> Result<bool, Infallible> {
        let hash_map::Entry::Vacant(entry) = self.counted.entry(id) else {
            return Ok(false);
        };
        entry.insert(at);
        Ok(true)
    }

    #[cfg(test)]
    fn touch_visitor(
        &mut self,
        topic: &Topic,
        visitor: VisitorKey,
        at: Timestamp,
    ) -> Result<Option<Timestamp>, Infallible> {
        let key = (topic.clone(), visitor);
        let last = self.last_seen.get(&key).copied();
        self.last_seen.insert(key, last.map_or(at, |last| last.max(at)));
        Ok(last)
    }

    /// Not called: visits are counted by [`VisitorState`].
    #[cfg(not(test))]
    fn touch_visitor(&mut self, _: &Topic, _: VisitorKey, _: Timestamp) -> Result<Option<Timestamp>, Infallible> {
        Ok(None)
    }

    fn set_like(&mut self, topic: &Topic, reader: ReaderId, likes: bool, stamp: Stamp) -> Result<bool, Infallible> {
        let like = self.likes.entry((topic.clone(), reader)).or_insert((false, stamp));
        if stamp < like.1 {
            return Ok(false);
        }
        Ok(std::mem::replace(like, (likes, stamp)).0 != likes)
    }

    fn comment(&mut self, id: EventId) -> Result<Option<Comment>, Infallible> {
        Ok(self.comments.find(id).cloned())
    }

    fn add_comment(&mut self, comment: &Comment) -> Result<(), Infallible> {
        self.comments.add(comment);
        Ok(())
    }

    fn set_visibility(&mut self, id: EventId, visibility: Visibility, stamp: Stamp) -> Result<bool, Infallible> {
        let last = self.verdicts.entry(id).or_insert(stamp);
        if stamp < *last {
            return Ok(false);
        }
        *last = stamp;
        self.comments.set_visibility(id, visibility);
        Ok(true)
    }

    fn add_delta(&mut self, topic: &Topic, delta: Delta) -> Result<Update, Infallible> {
        if delta.is_empty() {
            return Ok(self.total(topic));
        }
        let total = self.totals.entry(topic.clone());
        let total = total.or_insert_with(|| Update::empty(topic.clone()));
        total.stats += delta;
        total.revision += 1;
        Ok(total.clone())
    }
}

impl ReportLedger for Tables {
    fn site_state(&mut self) -> Result<ReportSite, Infallible> {
        Ok(self.reports.site_state())
    }

    fn visitor_state(&mut self, topic: &Topic, visitor: VisitorKey) -> Result<VisitorState, Infallible> {
        let state = self.reports.visitors.get(&(topic.clone(), visitor));
        Ok(state.cloned().unwrap_or_default())
    }

    fn stored_like(&mut self, topic: &Topic, reader: ReaderId) -> Result<Option<StoredLike>, Infallible> {
        let like = self.likes.get(&(topic.clone(), reader));
        Ok(like.map(|(is_liked, stamp)| StoredLike {
            is_liked: *is_liked,
            stamp: *stamp,
            is_dated: true,
        }))
    }

    fn is_dated_comment(&mut self, _: EventId) -> Result<bool, Infallible> {
        Ok(true)
    }

    fn claim_value(&mut self, day: Day, dimension: Dimension, value: &str) -> Result<bool, Infallible> {
        Ok(self.reports.claim_value(day, dimension, value))
    }

    fn next_number(&mut self, day: Day, kind: NumberKind) -> Result<u32, Infallible> {
        Ok(self.reports.next_number(day, kind))
    }

    fn write_reports(&mut self, changes: ReportChanges) -> Result<(), Infallible> {
        self.reports.write(changes);
        Ok(())
    }
}
