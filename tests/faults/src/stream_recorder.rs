//! Records every event of the stream, for the model of the reports.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context, bail};
use horizon_core::{Event, reports::SiteTimeZone, testing::ReportModel};
use horizon_redis::testing::RedisServer;
use redis::{
    AsyncTypedCommands, Client, RedisResult,
    aio::MultiplexedConnection,
    streams::{StreamId, StreamReadOptions, StreamReadReply},
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::stream::{EVENTS, EntryId};

/// The consumer group of the recorder. Accumulators do not trim what it has not reached.
const GROUP: &str = "recorder";

/// The maximum number of entries of one read.
const READ_ENTRIES: usize = 1_024;

/// How long a read waits for entries, in milliseconds. Shorter than the response timeout of the driver.
const READ_WAIT: usize = 100;

/// The wait before the next attempt to read the stream.
const RETRY_INTERVAL: Duration = Duration::from_millis(50);

/// The longest wait for the recorder to reach an entry.
const REACHED_WITHIN: Duration = Duration::from_secs(30);

/// Reads the stream from its start, through all faults, and applies each event to a model.
///
/// It keeps its position itself. A consumer group that follows it only prevents that entries are trimmed before.
#[derive(Debug)]
pub(crate) struct StreamRecorder {
    recorded: Arc<Mutex<RecordedStream>>,
    _task: JoinSet<()>,
}

#[derive(Debug)]
struct RecordedStream {
    model: ReportModel,
    /// The id of the last entry that was read.
    last: String,
    /// The entries that are not events.
    unreadable: Vec<String>,
}

impl StreamRecorder {
    /// Starts to record an empty stream, for a site in this time zone.
    pub(crate) async fn start(redis: &RedisServer, zone: &SiteTimeZone) -> anyhow::Result<Self> {
        redis
            .cli(&["XGROUP", "CREATE", EVENTS, GROUP, "0", "MKSTREAM"])
            .await
            .context("the recorder has no group")?;
        let recorded = Arc::new(Mutex::new(RecordedStream {
            model: ReportModel::new(zone.clone()),
            last: "0-0".to_owned(),
            unreadable: Vec::new(),
        }));
        let mut task = JoinSet::new();
        task.spawn(record(Client::open(redis.url())?, Arc::clone(&recorded)));
        Ok(Self { recorded, _task: task })
    }

    /// Waits until all entries up to this one are recorded, and returns the model of them.
    pub(crate) async fn model_up_to(&self, end: EntryId) -> anyhow::Result<ReportModel> {
        let give_up = Instant::now() + REACHED_WITHIN;
        while Instant::now() < give_up {
            if let Some(model) = lock(&self.recorded).model_from(end)? {
                return Ok(model);
            }
            sleep(RETRY_INTERVAL).await;
        }
        bail!("the recorder does not reach the end of the stream");
    }
}

async fn record(redis: Client, recorded: Arc<Mutex<RecordedStream>>) {
    loop {
        // A fault ends the connection, but not the recording.
        let _ = read(&redis, &recorded).await;
        sleep(RETRY_INTERVAL).await;
    }
}

async fn read(redis: &Client, recorded: &Mutex<RecordedStream>) -> RedisResult<Infallible> {
    let mut connection = redis.get_multiplexed_async_connection().await?;
    let options = StreamReadOptions::default().count(READ_ENTRIES).block(READ_WAIT);
    loop {
        let last = lock(recorded).last.clone();
        let reply: Option<StreamReadReply> = connection.xread_options(&[EVENTS], &[&last], &options).await?;
        let entries: Vec<StreamId> = reply
            .into_iter()
            .flat_map(|reply| reply.keys)
            .flat_map(|key| key.ids)
            .collect();
        if let Some(end) = entries.last() {
            lock(recorded).add(&entries);
            move_group(&mut connection, &end.id).await?;
        }
    }
}

async fn move_group(connection: &mut MultiplexedConnection, last: &str) -> RedisResult<()> {
    let mut command = redis::cmd("XGROUP");
    command.arg("SETID").arg(EVENTS).arg(GROUP).arg(last);
    command.query_async(connection).await
}

impl RecordedStream {
    fn add(&mut self, entries: &[StreamId]) {
        let mut events = Vec::new();
        for entry in entries {
            match event(entry) {
                Ok(event) => events.push(event),
                Err(error) => self.unreadable.push(format!("{}: {error:#}", entry.id)),
            }
            self.last.clone_from(&entry.id);
        }
        self.model.apply(&events);
    }

    /// Returns the model if the entries up to this one are recorded, and leaves an empty one.
    fn model_from(&mut self, end: EntryId) -> anyhow::Result<Option<ReportModel>> {
        if EntryId::try_from(self.last.clone())? < end {
            return Ok(None);
        }
        if let Some(entry) = self.unreadable.first() {
            bail!("an entry of the stream is not an event: {entry}");
        }
        let empty = ReportModel::new(SiteTimeZone::utc());
        Ok(Some(std::mem::replace(&mut self.model, empty)))
    }
}

fn event(entry: &StreamId) -> anyhow::Result<Event> {
    let json: String = entry.get("event").context("there is no field `event`")?;
    Ok(serde_json::from_str(&json)?)
}

fn lock(recorded: &Mutex<RecordedStream>) -> MutexGuard<'_, RecordedStream> {
    recorded.lock().unwrap_or_else(PoisonError::into_inner)
}
