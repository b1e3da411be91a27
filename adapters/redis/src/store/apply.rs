//! Counts a batch: reads what it needs, counts it by the rules of `horizon_core`, and writes what changed if nothing
//! that was read has changed meanwhile.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use horizon_core::reports::{ReportSite, SiteTimeZone, apply_events_with_reports};
use horizon_core::{Error, Event, Result, Timestamp, Topic, Update};
use redis::{Value, from_redis_value};

use super::batch::{self, CommentOwners, TopicReads};
use super::commit::CountedBatch;
use super::ledger::{DimensionValue, SnapshotLedger};
use super::operations::Operations;
use super::snapshot::{self, Snapshot, StoredSite};
use super::{NOT_APPLIED, RedisStore, keys, update};
use crate::error::map;

/// How often a batch is counted before the accumulator has to try again: 20 times.
const MAX_ATTEMPTS: usize = 20;

/// What became of a batch.
enum Outcome {
    Applied(Vec<Update>),
    /// Another process changed what was read.
    Changed,
    /// There is no room for these values in their dimensions.
    Beyond(Vec<DimensionValue>),
}

/// The values for which their dimensions had no room when the batch was last counted.
#[derive(Default)]
struct BeyondLimit(BTreeSet<DimensionValue>);

impl BeyondLimit {
    /// Remembers the values of an attempt that failed.
    fn update(&mut self, outcome: &Outcome) {
        let values = match outcome {
            // They are all that had no room.
            Outcome::Beyond(values) if self.0.is_empty() => values.as_slice(),
            // Another process wrote meanwhile. It may have stored one of these values.
            _ => &[],
        };
        self.0 = values.iter().cloned().collect();
    }
}

/// Applies the events of all topics in one transaction.
pub(super) async fn apply(store: &RedisStore, events: &[Event]) -> Result<Vec<Update>> {
    let owners = store
        .assign_comment_ids(events)
        .await
        .map_err(|e| map(NOT_APPLIED, e))?;
    let events = owners.resolve(events);
    let reads = batch::reads(&events);
    let mut beyond = BeyondLimit::default();
    for _ in 0..MAX_ATTEMPTS {
        let Some(snapshot) = snapshot::read(store, &reads).await? else {
            beyond.update(&Outcome::Changed);
            continue;
        };
        let zone = store.counting_zone(snapshot.site.zone.as_deref())?;
        let site = stored_site(zone, &snapshot.site);
        let operations = count(&events, &reads, &snapshot, &site, &beyond.0)?;
        match write(store, &operations, &owners, &reads).await? {
            Outcome::Applied(updates) => return Ok(updates),
            failed => beyond.update(&failed),
        }
    }
    let what = "the events cannot be applied in Redis, because other accumulators change the same data all the time";
    Err(Error::unavailable(what))
}

/// Returns the state of the site.
pub(super) fn stored_site(zone: SiteTimeZone, stored: &StoredSite) -> ReportSite {
    let cutoff = stored.cutoff.map(Timestamp::from_millis);
    ReportSite::stored(zone, cutoff, stored.late_events)
}

/// Counts the events.
fn count(
    events: &[Event],
    reads: &BTreeMap<&Topic, TopicReads>,
    snapshot: &Snapshot<'_>,
    site: &ReportSite,
    beyond: &BTreeSet<DimensionValue>,
) -> Result<Operations> {
    let mut ledger = SnapshotLedger::new(snapshot, site.clone(), events, beyond)?;
    apply_events_with_reports(&mut ledger, events)?;
    let mut writes = ledger.into_writes();
    let missing = || Error::permanent("the changes of a batch are missing");
    let changes = writes.reports.take().ok_or_else(missing)?;
    let batch = CountedBatch {
        events,
        reads,
        snapshot,
        site,
        writes: &writes,
        changes: &changes,
    };
    batch.operations()
}

async fn write(
    store: &RedisStore,
    operations: &Operations,
    owners: &CommentOwners,
    reads: &BTreeMap<&Topic, TopicReads>,
) -> Result<Outcome> {
    let mut pipe = redis::pipe();
    pipe.cmd("SADD").arg(keys::TOPICS);
    for topic in reads.keys() {
        pipe.arg(topic.to_string());
    }
    let script = &store.scripts.apply;
    pipe.add_command(operations.call(script, owners));
    let replies: Vec<Value> = store.writes.transact(script, &pipe, NOT_APPLIED).await?;
    let reply = replies.into_iter().next_back().unwrap_or(Value::Nil);
    parse(reply, operations, reads).map_err(|e| map(NOT_APPLIED, e))
}

/// Parses the reply of `apply.lua`.
fn parse(reply: Value, operations: &Operations, reads: &BTreeMap<&Topic, TopicReads>) -> redis::RedisResult<Outcome> {
    let parts = match reply {
        Value::Array(parts) => parts,
        _ => return Ok(Outcome::Changed),
    };
    if let [Value::Array(_)] = parts.as_slice() {
        let totals: Vec<Vec<HashMap<String, i64>>> = from_redis_value(Value::Array(parts))?;
        let totals = reads.keys().zip(totals.into_iter().flatten());
        return Ok(Outcome::Applied(
            totals.map(|(topic, fields)| update(topic, &fields)).collect(),
        ));
    }
    let numbers: Vec<usize> = from_redis_value(Value::Array(parts))?;
    let value = |number: usize| operations.claims.get(number.checked_sub(1)?).cloned();
    Ok(Outcome::Beyond(numbers.into_iter().filter_map(value).collect()))
}

#[cfg(test)]
mod tests {
    use horizon_core::Day;
    use horizon_core::reports::Dimension;

    use super::*;

    #[test]
    fn a_value_that_another_process_may_have_stored_is_claimed_again() {
        let value = |name: &str| (Dimension::Source, Day::default(), name.into());
        let mut beyond = BeyondLimit::default();
        beyond.update(&Outcome::Beyond(vec![value("b")]));
        assert_eq!(beyond.0, [value("b")].into());
        beyond.update(&Outcome::Changed);
        assert_eq!(beyond.0, [].into());
        // The last free place of a dimension is for `a`, until another process gives it to `b`.
        beyond.update(&Outcome::Beyond(vec![value("b")]));
        beyond.update(&Outcome::Beyond(vec![value("a")]));
        assert_eq!(beyond.0, [].into());
        beyond.update(&Outcome::Beyond(vec![value("a")]));
        assert_eq!(beyond.0, [value("a")].into());
    }
}
