use std::sync::Arc;
use std::time::Duration;

use horizon_core::{Error, Event, Result, error_chain};
use redis::aio::ConnectionManager;
use redis::{RedisError, RedisResult, Value};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use super::entries;
use super::monitor::StreamMonitor;
use super::stream_check::{Job, StreamCheck};
use super::unconfirmed::UnconfirmedWrites;
use crate::connection::RedisConfig;
use crate::connection::inspect::{IS_CLUSTER, is_cluster};
use crate::connection::replicas::{NotReplicated, Replicas};
use crate::connection::task::Task;
use crate::error::map;
use crate::wire::{self, EVENTS};

/// The maximum number of events in one round trip. A group collects events during the round trip of the previous group,
/// without an additional delay.
const GROUP_EVENTS: usize = 512;

/// The maximum number of events that wait for their group.
const QUEUE_EVENTS: usize = 16_384;

/// How long an event may wait for space in the queue and for Redis: 6 seconds.
const TRACK_TIMEOUT: Duration = Duration::from_secs(6);

/// How often the stream is checked for lost events: every second.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Group commit: concurrent callers share a round trip to the stream, and each gets the result of its own event.
pub(crate) struct Writer {
    queue: mpsc::Sender<Write>,
    monitor: StreamMonitor,
    _tasks: [Task; 2],
}

struct Write {
    json: String,
    done: oneshot::Sender<Result<()>>,
}

impl Writer {
    /// Starts the tasks. Events are rejected while more than `capacity` are in the stream.
    pub(crate) fn start(config: &RedisConfig, capacity: u64) -> Result<Self> {
        let (queue, writes) = mpsc::channel(QUEUE_EVENTS);
        let (monitor, unconfirmed) = (StreamMonitor::default(), Arc::new(UnconfirmedWrites::default()));
        let stream = StreamWriter {
            connection: config.command_connection()?,
            replicas: config.replicas(),
            capacity,
            is_full: false,
            is_single: false,
            monitor: monitor.clone(),
            unconfirmed: Arc::clone(&unconfirmed),
            is_unreplicated: false,
        };
        let check = StreamCheck::new(monitor.clone(), config.replicas());
        let checks = run_checks(check, config.command_connection()?, unconfirmed);
        let report = config.panic_report();
        let writer = Task::spawn(report, "redis writer", run_writes(stream, writes));
        let checker = Task::spawn(report, "redis stream watcher", checks);
        Ok(Self {
            queue,
            monitor,
            _tasks: [writer, checker],
        })
    }

    pub(crate) fn monitor(&self) -> &StreamMonitor {
        &self.monitor
    }

    /// Returns once Redis has the event.
    pub(crate) async fn write(&self, event: &Event) -> Result<()> {
        let json = wire::encode_event(event)
            .map_err(|e| Error::permanent("the event cannot be encoded as JSON").with_source(e))?;
        timeout(TRACK_TIMEOUT, self.enqueue(json))
            .await
            .unwrap_or_else(|late| Err(Error::unavailable("Redis did not respond in time").with_source(late)))
    }

    async fn enqueue(&self, json: String) -> Result<()> {
        let stopped = || Error::unavailable("the task that writes to Redis has stopped: restart the process");
        let (done, result) = oneshot::channel();
        self.queue.send(Write { json, done }).await.map_err(|_| stopped())?;
        result.await.map_err(|e| stopped().with_source(e))?
    }
}

struct StreamWriter {
    connection: ConnectionManager,
    replicas: Replicas,
    capacity: u64,
    is_full: bool,
    /// Whether Redis has confirmed that it is not a node of a cluster.
    is_single: bool,
    monitor: StreamMonitor,
    unconfirmed: Arc<UnconfirmedWrites>,
    /// Whether replicas did not confirm the last group.
    is_unreplicated: bool,
}

/// Checks periodically whether the stream still has what this process wrote.
async fn run_checks(check: StreamCheck, mut connection: ConnectionManager, unconfirmed: Arc<UnconfirmedWrites>) {
    loop {
        match check.run(&mut connection, Job::Look, unconfirmed.own_writes()).await {
            Ok(status) => unconfirmed.confirm(&status),
            Err(error) => tracing::debug!(%error, "the event stream cannot be checked, retrying"),
        }
        sleep(CHECK_INTERVAL).await;
    }
}

/// Writes the queue, group by group.
async fn run_writes(mut stream: StreamWriter, mut queue: mpsc::Receiver<Write>) {
    let mut group = Vec::with_capacity(GROUP_EVENTS);
    while queue.recv_many(&mut group, GROUP_EVENTS).await > 0 {
        let results = stream.write(&group).await;
        for (write, result) in group.drain(..).zip(results) {
            // The caller may be gone; its event is written anyway.
            let _ = write.done.send(result);
        }
    }
}

/// The reply to each event of a group, and whether the replicas have confirmed the group.
type GroupReply = (Vec<RedisResult<Value>>, Result<(), NotReplicated>);

/// Why a whole group was not written.
enum GroupError {
    Full,
    Cluster,
    Driver(RedisError),
}

impl GroupError {
    fn to_error(&self) -> Error {
        match self {
            Self::Full => Error::unavailable("too many events wait to be counted"),
            Self::Cluster => Error::unavailable(IS_CLUSTER),
            Self::Driver(driver) => not_written(driver.clone()),
        }
    }
}

impl StreamWriter {
    /// Returns the result of each event, in their order.
    async fn write(&mut self, group: &[Write]) -> Vec<Result<()>> {
        match self.try_write(group).await {
            Ok((replies, confirmed)) => replies
                .into_iter()
                .map(|reply| match (reply, &confirmed) {
                    (Err(driver), _) => Err(not_written(driver)),
                    (Ok(_), Err(cause)) => Err(cause.into()),
                    (Ok(_), Ok(())) => Ok(()),
                })
                .collect(),
            Err(error) => {
                if let GroupError::Driver(driver) = &error {
                    self.monitor.note_failed_write(driver);
                    // After a reconnect, another Redis may be at this address.
                    self.is_single = false;
                }
                group.iter().map(|_| Err(error.to_error())).collect()
            }
        }
    }

    async fn try_write(&mut self, group: &[Write]) -> Result<GroupReply, GroupError> {
        if !self.is_single {
            if is_cluster(&mut self.connection).await.map_err(GroupError::Driver)? {
                return Err(GroupError::Cluster);
            }
            self.is_single = true;
        }
        if self.is_full && self.is_still_full().await {
            return Err(GroupError::Full);
        }
        let mut pipe = redis::pipe();
        // When Redis is out of memory, it may accept some events and reject others: each caller gets its own result.
        pipe.ignore_errors();
        for write in group {
            pipe.cmd("XADD").arg(EVENTS).arg("*").arg("event").arg(&write.json);
        }
        pipe.cmd("XLEN").arg(EVENTS);
        self.replicas.append_wait(&mut pipe);
        let replies = pipe.query_async(&mut self.connection).await;
        let mut replies: Vec<RedisResult<Value>> = replies.map_err(GroupError::Driver)?;
        let confirmed = self.replicas.check_wait(&mut replies);
        self.note_replicated(&confirmed);
        if let Some(Ok(Value::Int(length))) = replies.pop() {
            self.note_length(u64::try_from(length).unwrap_or(0));
        }
        self.note_written(&replies, confirmed.is_ok());
        Ok((replies, confirmed))
    }

    /// Logs the first group that replicas do not confirm, and the first that they confirm again.
    fn note_replicated(&mut self, confirmed: &Result<(), NotReplicated>) {
        let was_unreplicated = std::mem::replace(&mut self.is_unreplicated, confirmed.is_err());
        match confirmed {
            Err(not_replicated) if !was_unreplicated => {
                let error = Error::from(not_replicated);
                let cause = error_chain(&error);
                tracing::error!(%error, cause, "events are not acknowledged: check the replicas of Redis");
            }
            Ok(()) if was_unreplicated => tracing::info!("the replicas of Redis confirm events again"),
            _ => {}
        }
    }

    /// Passes on what was written, and what was rejected.
    fn note_written(&self, replies: &[RedisResult<Value>], is_confirmed: bool) {
        let ids = replies.iter().filter_map(|reply| entries::id(reply.as_ref().ok()?));
        if let Some(last) = ids.clone().max() {
            if is_confirmed {
                self.unconfirmed.add(ids.count() as u64, last);
            }
            self.monitor.note_written();
        }
        if let Some(Err(error)) = replies.iter().find(|reply| reply.is_err()) {
            self.monitor.note_failed_write(error);
        }
    }

    async fn is_still_full(&mut self) -> bool {
        let length: RedisResult<u64> = redis::cmd("XLEN").arg(EVENTS).query_async(&mut self.connection).await;
        length.map_or(true, |length| {
            self.note_length(length);
            length >= self.capacity
        })
    }

    fn note_length(&mut self, length: u64) {
        let was_full = std::mem::replace(&mut self.is_full, length >= self.capacity);
        if self.is_full && !was_full {
            tracing::error!(
                stream = EVENTS,
                events = length,
                "the event stream is full, new events are rejected: check that an accumulator runs"
            );
        }
    }
}

fn not_written(driver: RedisError) -> Error {
    map("Redis did not accept the event", driver)
}
