//! Reads what the rules look up for a batch.

use horizon_core::{BatchKeys, EventId, Facts, Timestamp, Topic, Update};
use tokio::try_join;
use tokio_postgres::{GenericClient, Row, Transaction, types::Type};

use crate::error::DbError;
use crate::rows::{self, Param};

const EVENT_IDS: &str = "SELECT id FROM event_ids WHERE id = ANY($1)";
const VISITORS: &str = "SELECT topic, visitor, last_seen FROM visitors
    JOIN unnest($1::text[], $2::bytea[]) AS keys (topic, visitor) USING (topic, visitor)";
const LIKES: &str = "SELECT topic, reader, is_liked, at, event FROM likes
    JOIN unnest($1::text[], $2::bytea[]) AS keys (topic, reader) USING (topic, reader)";
const COMMENTS: &str = "SELECT * FROM comments WHERE id = ANY($1)";
const VERDICTS: &str = "SELECT comment, at, event FROM verdicts WHERE comment = ANY($1)";
const TOTALS: &str = "SELECT * FROM totals WHERE topic = ANY($1)";
const CUSTOM_EVENTS: &str = "SELECT * FROM custom_events WHERE topic = ANY($1)";

/// Reads everything that is stored under these keys, in one round trip.
pub(crate) async fn read(transaction: &Transaction<'_>, keys: &BatchKeys) -> Result<Facts, DbError> {
    // All queries are sent before the first result arrives.
    let (event_ids, visitors, likes, comments, verdicts, totals) = try_join!(
        by_id(transaction, EVENT_IDS, &keys.event_ids),
        by_topic_and_id(transaction, VISITORS, &keys.visitors, |visitor| visitor.as_u128()),
        by_topic_and_id(transaction, LIKES, &keys.likes, |reader| reader.as_u128()),
        by_id(transaction, COMMENTS, &keys.comments),
        by_id(transaction, VERDICTS, &keys.verdicts),
        totals(transaction, &keys.topics),
    )?;
    let mut facts = Facts::default();
    for row in &event_ids {
        facts.insert_event_id(rows::event_id(row, "id")?);
    }
    for row in &visitors {
        let last_seen = Timestamp::from_millis(row.try_get("last_seen")?);
        facts.insert_visitor(rows::topic(row)?, rows::visitor(row)?, last_seen);
    }
    for row in &likes {
        let is_liked = row.try_get("is_liked")?;
        facts.insert_like(rows::topic(row)?, rows::reader(row)?, is_liked, rows::stamp(row)?);
    }
    for row in &comments {
        facts.insert_comment(rows::comment(row)?);
    }
    for row in &verdicts {
        facts.insert_verdict(rows::event_id(row, "comment")?, rows::stamp(row)?);
    }
    for total in totals {
        facts.insert_totals(total);
    }
    Ok(facts)
}

async fn by_id(transaction: &Transaction<'_>, sql: &str, ids: &[EventId]) -> Result<Vec<Row>, DbError> {
    let ids: Vec<_> = ids.iter().map(|id| rows::bytes(id.as_u128())).collect();
    Ok(transaction.query_typed(sql, &[(&ids, Type::BYTEA_ARRAY)]).await?)
}

async fn by_topic_and_id<K>(
    transaction: &Transaction<'_>,
    sql: &str,
    keys: &[(Topic, K)],
    bits: impl Fn(&K) -> u128,
) -> Result<Vec<Row>, DbError> {
    let columns = keys
        .iter()
        .map(|(topic, key)| (topic.to_string(), rows::bytes(bits(key))));
    let (topics, ids): (Vec<_>, Vec<_>) = columns.unzip();
    let params: &[Param<'_>] = &[(&topics, Type::TEXT_ARRAY), (&ids, Type::BYTEA_ARRAY)];
    Ok(transaction.query_typed(sql, params).await?)
}

/// Returns the totals of the topics that have some, inside or outside a transaction.
pub(crate) async fn totals(client: &impl GenericClient, topics: &[Topic]) -> Result<Vec<Update>, DbError> {
    let topics: Vec<_> = topics.iter().map(Topic::to_string).collect();
    let topics: &[Param<'_>] = &[(&topics, Type::TEXT_ARRAY)];
    let (totals, events) = try_join!(
        client.query_typed(TOTALS, topics),
        client.query_typed(CUSTOM_EVENTS, topics),
    )?;
    rows::totals(&totals, &events)
}
