//! Scripts that acknowledge or claim entries of the stream and count in the same step.

use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{RedisResult, Value};

use crate::bus::MARKER;
use crate::entries::{BadEntry, StreamId};
use crate::reader::GROUP;
use crate::script::Kept;
use crate::wire::EVENTS;

/// Where entries go that hold no event, with the reason.
const REFUSED: &str = "analytics:refused";

/// The most refused entries that are kept, in entries.
const REFUSED_ENTRIES: usize = 10_000;

/// How much of a refused entry's text is kept, in bytes.
const REFUSED_BYTES: usize = 4_096;

/// The most entries that one claim brings, in entries.
const CLAIMED_ENTRIES: usize = 1_024;

/// The scripts of a reader.
pub(crate) struct EntryScripts {
    refuse: Kept,
    remove: Kept,
    claim: Kept,
}

impl EntryScripts {
    pub(crate) fn new() -> Self {
        Self {
            refuse: Kept::new(include_str!("scripts/refuse.lua")),
            remove: Kept::new(include_str!("scripts/remove.lua")),
            claim: Kept::new(include_str!("scripts/claim.lua")),
        }
    }

    /// Acknowledges an entry that holds no event, and keeps a copy of it.
    pub(crate) async fn refuse(&self, connection: &mut impl ConnectionLike, bad: &BadEntry) -> RedisResult<()> {
        let mut call = self.refuse.call(&[EVENTS, REFUSED]);
        let text = bad.text.get(..REFUSED_BYTES).unwrap_or(&bad.text);
        call.arg(GROUP)
            .arg(bad.id)
            .arg(REFUSED_ENTRIES)
            .arg(&bad.reason)
            .arg(text);
        self.refuse.run(&call, connection).await
    }

    /// Acknowledges entries that are gone, and adds them to the lost ones. Returns how many were not acknowledged yet.
    pub(crate) async fn remove(&self, connection: &mut impl ConnectionLike, ids: &[StreamId]) -> RedisResult<u64> {
        let mut call = self.remove.call(&[EVENTS, MARKER]);
        call.arg(GROUP).arg(ids);
        self.remove.run(&call, connection).await
    }

    /// Claims entries that lie with another consumer for `idle`. Those that are gone are added to the lost ones.
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
