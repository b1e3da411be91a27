//! The task that reads the stream: first what was left over, then what is new, and now and then what the dead left.

use std::sync::Arc;
use std::time::Duration;

use horizon_core::{Backoff, Result};
use redis::aio::MultiplexedConnection;
use redis::{RedisResult, Value};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout_at};

use crate::bus::{Bus, Job, Own};
use crate::connection::RedisConfig;
use crate::entries::{BadEntry, Entries, Entry, StreamId};
use crate::entry_scripts::EntryScripts;
use crate::error::{cause, map};
use crate::gauges::Gauges;
use crate::held::Held;
use crate::wire::EVENTS;

/// The consumer group of the accumulators.
pub(crate) const GROUP: &str = "accumulators";

/// The most entries that one read brings.
const READ_ENTRIES: usize = 1_024;

/// How often the dead's entries are looked for, and the stream is trimmed.
const HOUSE_EVERY: Duration = Duration::from_secs(1);

/// How long an answer may take, on top of the time that a read waits for entries.
const ANSWER_WAIT: Duration = Duration::from_secs(5);

/// The initial and the longest delay before reading again after a failure.
const RETRY_DELAYS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// Reads for one consumer.
pub(crate) struct Reader {
    pub(crate) config: RedisConfig,
    pub(crate) consumer: String,
    /// How long an entry must lie with another consumer before it counts as dead.
    pub(crate) claim_after: Duration,
    /// How long a consumer with nothing left to do may be silent.
    pub(crate) forget_after: Duration,
    pub(crate) held: Arc<Held>,
    pub(crate) out: mpsc::Sender<Vec<Entry>>,
    pub(crate) gauges: Arc<Gauges>,
    pub(crate) bus: Bus,
    pub(crate) scripts: EntryScripts,
}

/// The feed is gone.
struct Closed;

impl Reader {
    /// Reads until the feed is gone, and comes back from any failure.
    pub(crate) async fn run(self) {
        let (initial, longest) = RETRY_DELAYS;
        let mut backoff = Backoff::new(initial, longest);
        loop {
            let started = Instant::now();
            let Err(driver) = self.serve().await else { return };
            if started.elapsed() > longest * 2 {
                backoff.reset();
            }
            let error = map("events cannot be read from Redis", driver);
            let delay = backoff.next_delay_with_jitter(fastrand::u32(..));
            tracing::warn!(%error, cause = cause(&error), ?delay, "the event stream cannot be read; retrying");
            sleep(delay).await;
        }
    }

    async fn serve(&self) -> RedisResult<()> {
        let settings = RedisConfig::own(HOUSE_EVERY + ANSWER_WAIT);
        let mut session = Session {
            reader: self,
            connection: self
                .config
                .client()
                .get_multiplexed_async_connection_with_config(&settings)
                .await?,
            next_house: Instant::now(),
        };
        session.open().await?;
        match session.read().await {
            Ok(Closed) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// One connection's time.
struct Session<'a> {
    reader: &'a Reader,
    connection: MultiplexedConnection,
    next_house: Instant,
}

impl Session<'_> {
    /// Makes the group if it is not there, and reads what this consumer had read in an earlier life.
    async fn open(&mut self) -> RedisResult<()> {
        self.look(Job::Open).await?;
        let mut after = StreamId::START;
        loop {
            let entries = Entries::of_read(self.ask(&after.to_string(), None).await?);
            let Some(last) = entries.last else {
                return Ok(());
            };
            after = last;
            if self.hand_over(entries).await?.is_err() {
                return Ok(());
            }
        }
    }

    /// Reads what is new, as long as somebody takes it.
    async fn read(&mut self) -> RedisResult<Closed> {
        loop {
            if Instant::now() >= self.next_house {
                self.keep_house().await?;
                self.next_house = Instant::now() + HOUSE_EVERY;
            }
            // A place first: what waits in Redis costs no memory here.
            match timeout_at(self.next_house, self.reader.out.reserve()).await {
                Err(_) => continue,
                Ok(Err(_)) => return Ok(Closed),
                Ok(Ok(_)) => {}
            }
            let wait = self.next_house.saturating_duration_since(Instant::now());
            let entries = Entries::of_read(self.ask(">", Some(wait)).await?);
            if self.hand_over(entries).await?.is_err() {
                return Ok(Closed);
            }
        }
    }

    async fn ask(&mut self, after: &str, wait: Option<Duration>) -> RedisResult<Value> {
        let mut read = redis::cmd("XREADGROUP");
        read.arg(&["GROUP", GROUP, &self.reader.consumer, "COUNT"])
            .arg(READ_ENTRIES);
        if let Some(wait) = wait {
            // Zero would mean for ever.
            read.arg("BLOCK")
                .arg(u64::try_from(wait.as_millis()).unwrap_or(1).max(1));
        }
        read.arg(&["STREAMS", EVENTS, after])
            .query_async(&mut self.connection)
            .await
    }

    async fn hand_over(&mut self, mut entries: Entries) -> RedisResult<Result<(), Closed>> {
        self.refuse(&entries.bad).await?;
        self.forget_gone(&entries).await?;
        self.reader.held.take_new(&mut entries.good);
        if entries.good.is_empty() {
            return Ok(Ok(()));
        }
        Ok(self.reader.out.send(entries.good).await.map_err(|_| Closed))
    }

    /// Puts what is no event aside, where somebody can look at it, and goes on.
    async fn refuse(&mut self, bad: &[BadEntry]) -> RedisResult<()> {
        for entry in bad {
            tracing::warn!(
                entry = %entry.id,
                reason = entry.reason,
                "an entry of the stream is no event, it was put aside"
            );
            self.reader.scripts.refuse(&mut self.connection, entry).await?;
            self.reader.gauges.refused();
        }
        Ok(())
    }

    /// Reports entries that are gone from the stream, and acknowledges them where the claim has not removed them.
    async fn forget_gone(&mut self, entries: &Entries) -> RedisResult<()> {
        let mut lost = entries.removed.len() as u64;
        self.reader.bus.lose(lost);
        if !entries.lost.is_empty() {
            let removed = self.reader.scripts.remove(&mut self.connection, &entries.lost).await?;
            self.reader.bus.lose(removed);
            lost += removed;
        }
        if lost > 0 {
            let first = entries.removed.iter().chain(&entries.lost).min();
            tracing::error!(
                entries = lost,
                first = ?first,
                "events were removed from the stream before they were counted"
            );
        }
        Ok(())
    }

    /// Takes over what the dead left, and drops from the stream what everybody has acknowledged.
    async fn keep_house(&mut self) -> RedisResult<()> {
        // Who does not get its own work done takes over nobody else's. It would claim its own, too, and so make it
        // look alive.
        if !self.reader.held.stands_still_for(self.reader.claim_after) {
            self.claim().await?;
        }
        self.look(Job::Keep(self.reader.forget_after)).await
    }

    async fn claim(&mut self) -> RedisResult<()> {
        let mut from = StreamId::START;
        loop {
            // Another pass will find the rest; what is claimed now and has no place would only look alive.
            if self.reader.out.capacity() == 0 {
                return Ok(());
            }
            let Reader { scripts, consumer, .. } = self.reader;
            let answer = scripts
                .claim(&mut self.connection, consumer, self.reader.claim_after, from)
                .await?;
            let (next, entries) = Entries::of_claim(answer);
            self.reader.gauges.claimed(entries.good.len());
            if self.hand_over(entries).await?.is_err() || next == StreamId::START {
                return Ok(());
            }
            from = next;
        }
    }

    /// Looks at the stream and notes how it stands.
    async fn look(&mut self, job: Job) -> RedisResult<()> {
        let standing = self.reader.bus.look(&mut self.connection, job, Own::default()).await?;
        self.reader.gauges.stands(standing.unread, standing.pending);
        Ok(())
    }
}
