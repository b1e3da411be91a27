use std::sync::Arc;
use std::time::Duration;

use horizon_core::{Backoff, error_chain};
use parking_lot::Mutex;
use redis::aio::MultiplexedConnection;
use redis::{RedisResult, Value};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout_at};

use super::consumer::ConsumerConfig;
use super::entries::{BadEntry, StreamEntries, StreamEntry, StreamId};
use super::entry_scripts::EntryScripts;
use super::in_flight::InFlight;
use super::stream_check::{Job, OwnWrites, StreamCheck};
use super::stream_state::StreamState;
use crate::connection::RedisConfig;
use crate::error::map;
use crate::wire::EVENTS;

/// The consumer group of the accumulators.
pub(crate) const GROUP: &str = "accumulators";

/// The maximum number of entries in one read.
const READ_ENTRIES: usize = 1_024;

/// How often entries are claimed from other consumers, and the stream is trimmed: one second.
const MAINTENANCE_INTERVAL: Duration = Duration::from_secs(1);

/// How long a reply may take, in addition to the time that XREADGROUP blocks: 5 seconds.
const REPLY_TIMEOUT: Duration = Duration::from_secs(5);

/// The initial and the longest delay before reading again after a failure: 50 ms and one second.
const RETRY_DELAYS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// The task that reads the stream for one consumer: first its own pending entries, then new ones. Once a second it
/// claims the entries that other consumers did not acknowledge.
pub(crate) struct StreamReader {
    pub(crate) redis: RedisConfig,
    pub(crate) config: ConsumerConfig,
    pub(crate) in_flight: Arc<InFlight>,
    pub(crate) entries: mpsc::Sender<Vec<StreamEntry>>,
    pub(crate) state: Arc<Mutex<StreamState>>,
    pub(crate) check: StreamCheck,
    pub(crate) scripts: EntryScripts,
}

/// The consumer was dropped.
struct Closed;

impl StreamReader {
    /// Reads until the consumer is dropped, and retries after any failure.
    pub(crate) async fn run(self) {
        let (initial, longest) = RETRY_DELAYS;
        let mut backoff = Backoff::new(initial, longest);
        loop {
            let started = Instant::now();
            let Err(driver) = self.read_until_closed().await else {
                return;
            };
            if started.elapsed() > longest * 2 {
                backoff.reset();
            }
            let error = map("events cannot be read from Redis", driver);
            let delay = backoff.next_delay_with_jitter(fastrand::u32(..));
            tracing::warn!(%error, cause = error_chain(&error), ?delay, "the event stream cannot be read, retrying");
            sleep(delay).await;
        }
    }

    async fn read_until_closed(&self) -> RedisResult<()> {
        let settings = RedisConfig::dedicated(MAINTENANCE_INTERVAL + REPLY_TIMEOUT);
        let client = self.redis.client();
        let mut session = Session {
            reader: self,
            connection: client.get_multiplexed_async_connection_with_config(&settings).await?,
            next_maintenance: Instant::now(),
        };
        session.open().await?;
        session.read().await.map(|Closed| ())
    }
}

/// A reader with a connection.
struct Session<'a> {
    reader: &'a StreamReader,
    connection: MultiplexedConnection,
    next_maintenance: Instant,
}

impl Session<'_> {
    /// Creates the group if it is missing, and reads the entries that this consumer had pending before a restart.
    async fn open(&mut self) -> RedisResult<()> {
        self.check(Job::Open).await?;
        let mut after = StreamId::START;
        loop {
            let entries = StreamEntries::from_read(self.query(&after.to_string(), None).await?);
            let Some(last) = entries.last else {
                return Ok(());
            };
            after = last;
            if self.deliver(entries).await?.is_err() {
                return Ok(());
            }
        }
    }

    /// Reads new entries until the consumer is dropped.
    async fn read(&mut self) -> RedisResult<Closed> {
        loop {
            if Instant::now() >= self.next_maintenance {
                self.run_maintenance().await?;
                self.next_maintenance = Instant::now() + MAINTENANCE_INTERVAL;
            }
            // Wait for space in the buffer first: entries that wait in Redis need no memory here.
            match timeout_at(self.next_maintenance, self.reader.entries.reserve()).await {
                Err(_) => continue,
                Ok(Err(_)) => return Ok(Closed),
                Ok(Ok(_)) => {}
            }
            let wait = self.next_maintenance.saturating_duration_since(Instant::now());
            let entries = StreamEntries::from_read(self.query(">", Some(wait)).await?);
            if self.deliver(entries).await?.is_err() {
                return Ok(Closed);
            }
        }
    }

    async fn query(&mut self, after: &str, wait: Option<Duration>) -> RedisResult<Value> {
        let mut read = redis::cmd("XREADGROUP");
        read.arg(&["GROUP", GROUP, &self.reader.config.consumer, "COUNT"])
            .arg(READ_ENTRIES);
        if let Some(wait) = wait {
            // `BLOCK 0` would block forever.
            let millis = u64::try_from(wait.as_millis()).unwrap_or(1).max(1);
            read.arg("BLOCK").arg(millis);
        }
        read.arg(&["STREAMS", EVENTS, after])
            .query_async(&mut self.connection)
            .await
    }

    async fn deliver(&mut self, mut entries: StreamEntries) -> RedisResult<Result<(), Closed>> {
        self.reject(&entries.bad).await?;
        self.report_lost(&entries).await?;
        self.reader.in_flight.add_new(&mut entries.good);
        if entries.good.is_empty() {
            return Ok(Ok(()));
        }
        Ok(self.reader.entries.send(entries.good).await.map_err(|_| Closed))
    }

    /// Acknowledges entries that are not events, and keeps copies of them.
    async fn reject(&mut self, bad: &[BadEntry]) -> RedisResult<()> {
        for entry in bad {
            tracing::warn!(
                entry = %entry.id,
                reason = entry.reason,
                "rejected a stream entry that is not an event; see the stream analytics:refused"
            );
            self.reader.scripts.reject(&mut self.connection, entry).await?;
            self.reader.state.lock().rejected += 1;
        }
        Ok(())
    }

    /// Reports entries that are gone from the stream, and acknowledges those that XAUTOCLAIM has not removed.
    async fn report_lost(&mut self, entries: &StreamEntries) -> RedisResult<()> {
        self.reader.check.report_lost(entries.removed.len() as u64);
        if !entries.lost.is_empty() {
            let scripts = &self.reader.scripts;
            let acknowledged = scripts.acknowledge_lost(&mut self.connection, &entries.lost).await?;
            self.reader.check.report_lost(acknowledged);
        }
        Ok(())
    }

    /// Claims entries of dead consumers, and trims what every group has acknowledged.
    async fn run_maintenance(&mut self) -> RedisResult<()> {
        // Skip XAUTOCLAIM while our own entries are stalled: it would reset their idle time and hide that we are stuck.
        let StreamReader { config, in_flight, .. } = self.reader;
        if !in_flight.is_stalled_for(config.claim_after) {
            self.claim().await?;
        }
        self.check(Job::Maintain(config.forget_after)).await
    }

    async fn claim(&mut self) -> RedisResult<()> {
        let StreamReader { scripts, config, .. } = self.reader;
        let mut from = StreamId::START;
        loop {
            // Leave the rest to the next run: claimed entries that are not delivered would look as if they were being
            // counted.
            if self.reader.entries.capacity() == 0 {
                return Ok(());
            }
            let reply = scripts
                .claim(&mut self.connection, &config.consumer, config.claim_after, from)
                .await?;
            let (next, entries) = StreamEntries::from_claim(reply);
            self.reader.state.lock().claimed += entries.good.len() as u64;
            if self.deliver(entries).await?.is_err() || next == StreamId::START {
                return Ok(());
            }
            from = next;
        }
    }

    /// Checks the stream for losses, and updates the gauges.
    async fn check(&mut self, job: Job) -> RedisResult<()> {
        let check = &self.reader.check;
        let status = check.run(&mut self.connection, job, OwnWrites::default()).await?;
        let mut state = self.reader.state.lock();
        (state.unread, state.pending) = (status.unread, status.pending);
        Ok(())
    }
}
