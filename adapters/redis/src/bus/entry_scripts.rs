use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{RedisResult, Value};

use super::entries::{BadEntry, StreamId};
use super::reader::GROUP;
use super::stream_check::MARKER;
use crate::connection::script::CachedScript;
use crate::wire::EVENTS;

/// The stream of rejected entries.
const REJECTED: &str = "analytics:refused";

/// The maximum number of rejected entries that are kept.
const REJECTED_ENTRIES: usize = 10_000;

/// How much of a rejected entry's text is kept, in bytes.
const REJECTED_BYTES: usize = 4_096;

/// The maximum number of entries in one claim.
const CLAIMED_ENTRIES: usize = 1_024;

/// Scripts that acknowledge or claim stream entries and update counters in the same step.
pub(crate) struct EntryScripts {
    reject: CachedScript,
    acknowledge_lost: CachedScript,
    claim: CachedScript,
}

impl EntryScripts {
    pub(crate) fn new() -> Self {
        Self {
            reject: CachedScript::new(include_str!("reject.lua")),
            acknowledge_lost: CachedScript::new(include_str!("acknowledge_lost.lua")),
            claim: CachedScript::new(include_str!("claim.lua")),
        }
    }

    /// Acknowledges an entry that is not an event, and keeps a copy of it.
    pub(crate) async fn reject(&self, connection: &mut impl ConnectionLike, bad: &BadEntry) -> RedisResult<()> {
        let mut call = self.reject.call(&[EVENTS, REJECTED]);
        let text = bad.text.get(..REJECTED_BYTES).unwrap_or(&bad.text);
        call.arg(GROUP)
            .arg(bad.id)
            .arg(REJECTED_ENTRIES)
            .arg(&bad.reason)
            .arg(text);
        self.reject.run(&call, connection).await
    }

    /// Acknowledges entries that are gone, and adds them to the lost ones. Returns how many were still pending.
    pub(crate) async fn acknowledge_lost(
        &self,
        connection: &mut impl ConnectionLike,
        ids: &[StreamId],
    ) -> RedisResult<u64> {
        let mut call = self.acknowledge_lost.call(&[EVENTS, MARKER]);
        call.arg(GROUP).arg(ids);
        self.acknowledge_lost.run(&call, connection).await
    }

    /// Claims entries that were pending for `idle`. Entries that are gone are added to the lost ones.
    pub(crate) async fn claim(
        &self,
        connection: &mut impl ConnectionLike,
        consumer: &str,
        idle: Duration,
        from: StreamId,
    ) -> RedisResult<Value> {
        let mut call = self.claim.call(&[EVENTS, MARKER]);
        let idle = u64::try_from(idle.as_millis()).unwrap_or(u64::MAX);
        call.arg(GROUP).arg(consumer).arg(idle).arg(from).arg(CLAIMED_ENTRIES);
        self.claim.run(&call, connection).await
    }
}
