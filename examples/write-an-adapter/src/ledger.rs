//! How a fact is written: the questions that [`apply_events`](horizon_core::record) asks about each event.

use horizon_core::{
    Comment, Delta, EventId, Ledger, ReaderId, Stamp, Stats, Timestamp, Topic, Update, Visibility, VisitorKey,
};
use redb::{ReadableTable, WriteTransaction};

use crate::error::Failed;
use crate::rows;
use crate::tables::{COUNTED, TOTALS, Totals, VERDICTS, VISITORS, WORDS};

/// The facts in an open write transaction.
///
/// redb has one writer at a time, so between a look and the write behind it nothing can happen.
pub(crate) struct RedbLedger<'t>(pub(crate) &'t WriteTransaction);

impl Ledger for RedbLedger<'_> {
    type Error = Failed;

    fn insert_event_id(&mut self, id: EventId, at: Timestamp) -> Result<bool, Failed> {
        let mut counted = self.0.open_table(COUNTED)?;
        if counted.get(id.as_u128())?.is_some() {
            return Ok(false);
        }
        counted.insert(id.as_u128(), at.as_millis())?;
        Ok(true)
    }

    fn touch_visitor(
        &mut self,
        topic: &Topic,
        visitor: VisitorKey,
        at: Timestamp,
    ) -> Result<Option<Timestamp>, Failed> {
        let mut visitors = self.0.open_table(VISITORS)?;
        let (topic, at) = (topic.to_string(), at.as_millis());
        let key = (topic.as_str(), visitor.as_u128());
        let last = visitors.get(key)?.map(|last| last.value());
        // Events may come out of order: an earlier one must not take back that the visitor was here later.
        if last.is_none_or(|last| last < at) {
            visitors.insert(key, at)?;
        }
        Ok(last.map(Timestamp::from_millis))
    }

    fn set_like(&mut self, topic: &Topic, reader: ReaderId, likes: bool, said: Stamp) -> Result<bool, Failed> {
        let mut words = self.0.open_table(WORDS)?;
        let topic = topic.to_string();
        let key = (topic.as_str(), reader.as_u128());
        let last = words.get(key)?.map(|word| word.value());
        if last.is_some_and(|(_, at, id)| said < stamp(at, id)) {
            return Ok(false);
        }
        // Taking a like back is a word too. It is kept, so that an older like that comes late finds it.
        words.insert(key, (likes, said.at.as_millis(), said.id.as_u128()))?;
        Ok(last.is_some_and(|(liked, ..)| liked) != likes)
    }

    fn comment(&mut self, id: EventId) -> Result<Option<Comment>, Failed> {
        rows::written(self.0, id)
    }

    fn add_comment(&mut self, comment: &Comment) -> Result<(), Failed> {
        rows::add(self.0, comment)
    }

    fn set_visibility(&mut self, id: EventId, visibility: Visibility, said: Stamp) -> Result<bool, Failed> {
        let mut verdicts = self.0.open_table(VERDICTS)?;
        let last = verdicts.get(id.as_u128())?.map(|last| last.value());
        if last.is_some_and(|(at, id)| said < stamp(at, id)) {
            return Ok(false);
        }
        verdicts.insert(id.as_u128(), (said.at.as_millis(), said.id.as_u128()))?;
        rows::set_visibility(self.0, id, visibility)?;
        Ok(true)
    }

    fn add_delta(&mut self, topic: &Topic, delta: Delta) -> Result<Update, Failed> {
        let mut totals = self.0.open_table(TOTALS)?;
        let mut total = total(&totals, topic)?;
        // A new revision says that the totals changed, so where nothing did there must be none.
        if delta.is_empty() {
            return Ok(total);
        }
        total.stats = total.stats + delta;
        total.revision += 1;
        let sum = total.stats;
        let row = (
            sum.visits,
            sum.likes,
            sum.comments,
            sum.comments_revision,
            total.revision,
        );
        totals.insert(topic.to_string().as_str(), row)?;
        Ok(total)
    }
}

/// The totals of a topic, in a transaction that writes or one that reads.
pub(crate) fn total(totals: &impl ReadableTable<&'static str, Totals>, topic: &Topic) -> Result<Update, Failed> {
    let Some(row) = totals.get(topic.to_string().as_str())? else {
        return Ok(Update::empty(topic.clone()));
    };
    let (visits, likes, comments, comments_revision, revision) = row.value();
    let mut stats = Stats::new(visits, likes, comments);
    stats.comments_revision = comments_revision;
    Ok(Update::new(topic.clone(), stats, revision))
}

fn stamp(at: i64, id: u128) -> Stamp {
    Stamp {
        at: Timestamp::from_millis(at),
        id: EventId::from_u128(id),
    }
}
