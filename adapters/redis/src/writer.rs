//! Group commit: many callers share one round trip to the stream, and each hears of its own event.

use std::sync::Arc;
use std::time::Duration;

use horizon_core::{Error, Event, Result};
use redis::aio::ConnectionManager;
use redis::{RedisError, RedisResult, Value};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use crate::bus::{self, Bus};
use crate::connection::RedisConfig;
use crate::entries;
use crate::error::{cause, map};
use crate::inspect::{NO_CLUSTER, is_cluster};
use crate::monitor::BusMonitor;
use crate::replicas::{NotReplicated, Replicas};
use crate::task::Task;
use crate::unconfirmed::Unconfirmed;
use crate::wire::{self, EVENTS};

/// The most events that share a round trip. There is no artificial wait: the window in which a group
/// gathers is the round trip of the group before.
const GROUP_EVENTS: usize = 512;

/// The most events that wait for their group.
const QUEUE_EVENTS: usize = 16_384;

/// How long an event waits for a place in the queue and for Redis.
const TRACK_WAIT: Duration = Duration::from_secs(6);

/// How often it is checked whether the stream still has what was written.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Hands events to the one task that writes.
pub(crate) struct Writer {
    queue: mpsc::Sender<Job>,
    monitor: BusMonitor,
    _task: Task,
    _look: Task,
}

struct Job {
    json: String,
    done: oneshot::Sender<Result<()>>,
}

impl Writer {
    /// Starts the task. While more than `most` events wait in the stream, none is taken.
    pub(crate) fn start(config: &RedisConfig, most: u64) -> Result<Self> {
        let (queue, jobs) = mpsc::channel(QUEUE_EVENTS);
        let (monitor, unconfirmed) = (BusMonitor::default(), Arc::new(Unconfirmed::default()));
        let stream = Stream {
            connection: config.commands()?,
            replicas: config.replicas(),
            most,
            full: false,
            is_single: false,
            monitor: monitor.clone(),
            unconfirmed: Arc::clone(&unconfirmed),
            unreplicated: false,
        };
        let look = look_for_ever(
            Bus::new(monitor.clone(), config.replicas()),
            config.commands()?,
            unconfirmed,
        );
        let report = config.panic_report();
        Ok(Self {
            queue,
            monitor,
            _task: Task::spawn(report, "redis writer", write(stream, jobs)),
            _look: Task::spawn(report, "redis stream watcher", look),
        })
    }

    pub(crate) fn monitor(&self) -> &BusMonitor {
        &self.monitor
    }

    /// Answers once Redis has the event.
    pub(crate) async fn write(&self, event: &Event) -> Result<()> {
        let json = wire::encode_event(event)
            .map_err(|e| Error::permanent("the event cannot be written as JSON").with_source(e))?;
        timeout(TRACK_WAIT, self.hand_over(json))
            .await
            .unwrap_or_else(|late| Err(Error::unavailable("Redis did not take the event in time").with_source(late)))
    }

    async fn hand_over(&self, json: String) -> Result<()> {
        let gone = || Error::unavailable("the task that writes to Redis is gone");
        let (done, answer) = oneshot::channel();
        self.queue.send(Job { json, done }).await.map_err(|_| gone())?;
        answer.await.map_err(|e| gone().with_source(e))?
    }
}

struct Stream {
    connection: ConnectionManager,
    replicas: Replicas,
    most: u64,
    full: bool,
    /// Whether Redis has confirmed that it is not a node of a cluster.
    is_single: bool,
    monitor: BusMonitor,
    unconfirmed: Arc<Unconfirmed>,
    /// Whether replicas did not confirm the last group.
    unreplicated: bool,
}

/// Looks at the stream every second, for what was written and lost.
async fn look_for_ever(bus: Bus, mut connection: ConnectionManager, unconfirmed: Arc<Unconfirmed>) {
    loop {
        match bus.look(&mut connection, bus::Job::Look, unconfirmed.own()).await {
            Ok(standing) => unconfirmed.confirm(&standing),
            Err(error) => tracing::debug!(%error, "the stream cannot be looked at, trying again"),
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Writes what is queued, group by group.
async fn write(mut stream: Stream, mut jobs: mpsc::Receiver<Job>) {
    let mut group = Vec::with_capacity(GROUP_EVENTS);
    while jobs.recv_many(&mut group, GROUP_EVENTS).await > 0 {
        let answers = stream.add(&group).await;
        for (job, answer) in group.drain(..).zip(answers) {
            // Whoever tracked it may have gone; it is written all the same.
            let _ = job.done.send(answer);
        }
    }
}

/// What Redis said to each event of a group, and whether its replicas have them.
type Added = (Vec<RedisResult<Value>>, Result<(), NotReplicated>);

/// Why a whole group was not taken.
enum Refusal {
    Full,
    Cluster,
    Driver(RedisError),
}

impl Refusal {
    fn error(&self) -> Error {
        match self {
            Self::Full => Error::unavailable("too many events wait to be counted"),
            Self::Cluster => Error::unavailable(NO_CLUSTER),
            Self::Driver(driver) => not_taken(driver.clone()),
        }
    }
}

impl Stream {
    /// One answer for each event, in their order.
    async fn add(&mut self, group: &[Job]) -> Vec<Result<()>> {
        match self.try_add(group).await {
            Ok((answers, confirmed)) => answers
                .into_iter()
                .map(|answer| match (answer, &confirmed) {
                    (Err(driver), _) => Err(not_taken(driver)),
                    (Ok(_), Err(cause)) => Err(cause.into()),
                    (Ok(_), Ok(())) => Ok(()),
                })
                .collect(),
            Err(refusal) => {
                if let Refusal::Driver(driver) = &refusal {
                    self.monitor.refused(driver);
                    // Another Redis may stand at this address when it is back.
                    self.is_single = false;
                }
                group.iter().map(|_| Err(refusal.error())).collect()
            }
        }
    }

    async fn try_add(&mut self, group: &[Job]) -> Result<Added, Refusal> {
        if !self.is_single {
            if is_cluster(&mut self.connection).await.map_err(Refusal::Driver)? {
                return Err(Refusal::Cluster);
            }
            self.is_single = true;
        }
        if self.full && self.is_still_full().await {
            return Err(Refusal::Full);
        }
        let mut pipe = redis::pipe();
        // With no memory left some are taken and some are not, and each caller has to hear of their own.
        pipe.ignore_errors();
        for job in group {
            pipe.cmd("XADD").arg(EVENTS).arg("*").arg("event").arg(&job.json);
        }
        pipe.cmd("XLEN").arg(EVENTS);
        self.replicas.wait_in(&mut pipe);
        let answers = pipe.query_async(&mut self.connection).await;
        let mut answers: Vec<RedisResult<Value>> = answers.map_err(Refusal::Driver)?;
        let confirmed = self.replicas.confirm(&mut answers);
        self.note_replicated(&confirmed);
        if let Some(Ok(Value::Int(length))) = answers.pop() {
            self.note(u64::try_from(length).unwrap_or(0));
        }
        self.note_taken(&answers, confirmed.is_ok());
        Ok((answers, confirmed))
    }

    /// Logs once that replicas do not confirm, and once that they do again.
    fn note_replicated(&mut self, confirmed: &Result<(), NotReplicated>) {
        let was = std::mem::replace(&mut self.unreplicated, confirmed.is_err());
        match confirmed {
            Err(not_replicated) if !was => {
                let error = Error::from(not_replicated);
                let cause = cause(&error);
                tracing::error!(%error, cause, "events are not acknowledged: look at the replicas of Redis");
            }
            Ok(()) if was => tracing::info!("the replicas of Redis confirm events again"),
            _ => {}
        }
    }

    /// Notes what was written and confirmed, for [`look_for_ever`], and what was refused.
    fn note_taken(&self, answers: &[RedisResult<Value>], is_confirmed: bool) {
        let ids = answers.iter().filter_map(|answer| entries::id(answer.as_ref().ok()?));
        if let Some(last) = ids.clone().max() {
            if is_confirmed {
                self.unconfirmed.wrote(ids.count() as u64, last);
            }
            self.monitor.taken();
        }
        if let Some(Err(error)) = answers.iter().find(|answer| answer.is_err()) {
            self.monitor.refused(error);
        }
    }

    async fn is_still_full(&mut self) -> bool {
        let length: RedisResult<u64> = redis::cmd("XLEN").arg(EVENTS).query_async(&mut self.connection).await;
        length.map_or(true, |length| {
            self.note(length);
            length >= self.most
        })
    }

    fn note(&mut self, length: u64) {
        let was_full = std::mem::replace(&mut self.full, length >= self.most);
        if self.full && !was_full {
            tracing::error!(
                events = length,
                "too many events wait to be counted, no more are taken: does an accumulator run?"
            );
        }
    }
}

fn not_taken(driver: RedisError) -> Error {
    map("Redis did not take the event", driver)
}
