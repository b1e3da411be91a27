//! What [`apply_events`](horizon_core::apply_events) reads and writes for each event.

use horizon_core::{
    Comment, Delta, EventId, Ledger, ReaderId, Stamp, Stats, Timestamp, Topic, Update, Visibility, VisitorKey,
};
use redb::{ReadableTable, WriteTransaction};

use crate::error::RedbError;
use crate::rows;
use crate::tables::{COUNTED, CUSTOM_EVENTS, LIKES, TOTALS, TotalsRow, VERDICTS, VISITORS};

/// An open write transaction.
///
/// redb has one writer at a time, so nothing changes between a read and the write after it.
pub(crate) struct RedbLedger<'t>(pub(crate) &'t WriteTransaction);

impl Ledger for RedbLedger<'_> {
    type Error = RedbError;

    fn insert_event_id(&mut self, id: EventId, at: Timestamp) -> Result<bool, RedbError> {
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
    ) -> Result<Option<Timestamp>, RedbError> {
        let mut visitors = self.0.open_table(VISITORS)?;
        let (topic, at) = (topic.to_string(), at.as_millis());
        let key = (topic.as_str(), visitor.as_u128());
        let last = visitors.get(key)?.map(|last| last.value());
        // Events may arrive out of order: keep the latest time.
        if last.is_none_or(|last| last < at) {
            visitors.insert(key, at)?;
        }
        Ok(last.map(Timestamp::from_millis))
    }

    fn set_like(&mut self, topic: &Topic, reader: ReaderId, likes: bool, stamp: Stamp) -> Result<bool, RedbError> {
        let mut like_rows = self.0.open_table(LIKES)?;
        let topic = topic.to_string();
        let key = (topic.as_str(), reader.as_u128());
        let last = like_rows.get(key)?.map(|row| row.value());
        if last.is_some_and(|(_, at, id)| stamp < read_stamp(at, id)) {
            return Ok(false);
        }
        // Store unlikes too, so that an older like that arrives later is ignored.
        like_rows.insert(key, (likes, stamp.at.as_millis(), stamp.id.as_u128()))?;
        Ok(last.is_some_and(|(liked, ..)| liked) != likes)
    }

    fn comment(&mut self, id: EventId) -> Result<Option<Comment>, RedbError> {
        rows::find_in(self.0, id)
    }

    fn add_comment(&mut self, comment: &Comment) -> Result<(), RedbError> {
        rows::add(self.0, comment)
    }

    fn set_visibility(&mut self, id: EventId, visibility: Visibility, stamp: Stamp) -> Result<bool, RedbError> {
        let mut verdicts = self.0.open_table(VERDICTS)?;
        let last = verdicts.get(id.as_u128())?.map(|last| last.value());
        if last.is_some_and(|(at, id)| stamp < read_stamp(at, id)) {
            return Ok(false);
        }
        verdicts.insert(id.as_u128(), (stamp.at.as_millis(), stamp.id.as_u128()))?;
        rows::set_visibility(self.0, id, visibility)?;
        Ok(true)
    }

    fn add_delta(&mut self, topic: &Topic, delta: Delta) -> Result<Update, RedbError> {
        let mut totals = self.0.open_table(TOTALS)?;
        let mut total = read_total(&totals, &self.0.open_table(CUSTOM_EVENTS)?, topic)?;
        // A new revision means changed totals.
        if delta.is_empty() {
            return Ok(total);
        }
        total.stats += delta;
        total.revision += 1;
        let stats = &total.stats;
        let row = (
            stats.visits,
            stats.likes,
            stats.comments,
            stats.comments_revision,
            total.revision,
        );
        let topic = topic.to_string();
        totals.insert(topic.as_str(), row)?;
        let mut events = self.0.open_table(CUSTOM_EVENTS)?;
        for (name, count) in stats.events.iter() {
            events.insert((topic.as_str(), name), count)?;
        }
        Ok(total)
    }
}

/// Returns the totals of a topic, in a write or a read transaction.
pub(crate) fn read_total(
    totals: &impl ReadableTable<&'static str, TotalsRow>,
    events: &impl ReadableTable<(&'static str, &'static str), u64>,
    topic: &Topic,
) -> Result<Update, RedbError> {
    let name = topic.to_string();
    let Some(row) = totals.get(name.as_str())? else {
        return Ok(Update::empty(topic.clone()));
    };
    let (visits, likes, comments, comments_revision, revision) = row.value();
    let mut stats = Stats::new(visits, likes, comments);
    stats.comments_revision = comments_revision;
    let rows = events.range((name.as_str(), "")..)?;
    let of_topic = rows.map_while(|row| match row {
        Ok((key, count)) if key.value().0 == name => Some(Ok((key.value().1.to_owned(), count.value()))),
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    });
    stats.events = of_topic.collect::<Result<_, _>>()?;
    Ok(Update::new(topic.clone(), stats, revision))
}

fn read_stamp(at: i64, id: u128) -> Stamp {
    Stamp {
        at: Timestamp::from_millis(at),
        id: EventId::from_u128(id),
    }
}
