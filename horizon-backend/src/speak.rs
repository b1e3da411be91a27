use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use horizon_core::{Error, Result};
use horizon_redis::{HEARTBEAT_INTERVAL, NodeInfo, NodeRegistry};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::clock_report::ClockReport;
use super::peers::{Name, Stores};
use crate::backoff::error_chain;
use crate::{CorrectedClock, Health, StoreHandle};

/// How long it may take to say that this process goes.
const LEAVE_WAIT: Duration = Duration::from_secs(1);

/// How often the stores of the others are looked at, in signs of life: every fifth, so every five seconds.
const STORES_EVERY: u32 = 5;

/// A process among those that share a Redis, for [`run_heartbeat`]. Cloning is cheap.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use horizon_backend::{CorrectedClock, Health, Membership, StoreHandle, now};
/// use horizon_redis::{NodeRegistry, RedisConfig};
///
/// let membership = Membership {
///     cluster: Arc::new(NodeRegistry::connect(&RedisConfig::new("redis://127.0.0.1")?)?),
///     clock: CorrectedClock::new(now),
///     store: StoreHandle::open(&"redis://127.0.0.1".parse()?)?,
///     health: Health::default(),
/// };
/// membership.clock.require_comparison();
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Membership {
    /// Where the processes are listed.
    pub cluster: Arc<NodeRegistry>,
    /// The clock that is corrected by that of Redis.
    pub clock: CorrectedClock,
    /// The store that all accumulators must share.
    pub store: StoreHandle,
    /// What is told of a clock that is too far off, a name that is taken, a store that others do not have, and a Redis
    /// that refuses: the parts `clock`, `node-name`, `accumulators` and `cluster`.
    pub health: Health,
}

/// Tells the other processes every second how this one is until `shutdown`, and then that it goes.
///
/// The answers correct the clock, and tell of other processes of this name. Every five seconds it looks whether all
/// accumulators count into the store of this process.
///
/// Where `about` says no time of a round trip, it is the one that was needed the last time. Leaving takes one second at
/// most. A Redis that is away is no error: who was not heard of for a while is known to be gone.
///
/// ```no_run
/// use horizon_backend::{Membership, shutdown_signal, now, random_node, run_heartbeat};
/// use horizon_redis::{NodeInfo, NodeRole};
///
/// async fn take_part(membership: &Membership) -> horizon_core::Result<()> {
///     let (name, started) = (random_node("web")?.to_string(), now());
///     let about = || NodeInfo::new(&*name, started, NodeRole::Web { viewers: 17 });
///     run_heartbeat(membership, &about, shutdown_signal()).await;
///     Ok(())
/// }
/// ```
pub async fn run_heartbeat(
    membership: &Membership,
    about: &(dyn Fn() -> NodeInfo + Send + Sync),
    shutdown: impl Future<Output = ()>,
) {
    tokio::select! {
        () = shutdown => {}
        () = speak_for_ever(membership, about) => {}
        () = report_clock_for_ever(membership) => {}
    }
    let left = timeout(LEAVE_WAIT, membership.cluster.deregister(&about().name)).await;
    tell(
        "left",
        left.unwrap_or_else(|_| Err(Error::unavailable("Redis did not answer in time"))),
    );
}

async fn speak_for_ever(membership: &Membership, about: &(dyn Fn() -> NodeInfo + Send + Sync)) {
    let mut beats = interval(HEARTBEAT_INTERVAL);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut speaker = Speaker {
        membership,
        round_trip: None,
        store: None,
        name: Name::default(),
        stores: Stores::default(),
    };
    // The first answer takes as long as the connection, and would tell the time late.
    tell("members", membership.cluster.members().await.map(drop));
    for number in 0_u32.. {
        beats.tick().await;
        let about = speaker.complete(about());
        let said = speaker.beat(&about).await;
        // Nobody may stamp anything before the time is known, so a slow answer is not waited upon for a second.
        if said.is_ok() && !membership.clock.is_known() {
            beats.reset_immediately();
        }
        tell("beat", said);
        if number % STORES_EVERY == 0 {
            tell("stores", speaker.check_stores(about).await);
        }
    }
}

/// Reports what is wrong with the clock, beside the signs of life: one that Redis does not answer takes many seconds.
async fn report_clock_for_ever(membership: &Membership) {
    let (mut looks, mut report) = (interval(HEARTBEAT_INTERVAL), ClockReport::default());
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = looks.tick() => {}
            () = membership.clock.next_comparison() => {}
        }
        report.note(&membership.clock, &membership.health);
    }
}

/// What was learnt so far.
struct Speaker<'a> {
    membership: &'a Membership,
    round_trip: Option<u64>,
    store: Option<String>,
    name: Name,
    stores: Stores,
}

impl Speaker<'_> {
    /// Adds what the process itself does not know.
    fn complete(&self, mut about: NodeInfo) -> NodeInfo {
        about.round_trip = about.round_trip.or(self.round_trip);
        about.store = self.store.clone();
        about.clock_offset = self.membership.clock.offset();
        about
    }

    async fn beat(&mut self, about: &NodeInfo) -> Result<()> {
        let Membership {
            cluster, clock, health, ..
        } = self.membership;
        let (asked, sent) = (Instant::now(), clock.reading());
        let said = cluster.heartbeat(about).await;
        let received = clock.reading();
        let took = u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.round_trip = said.is_ok().then_some(took);
        health.update("cluster", said.as_ref().err().and_then(refusal));
        let beat = said?;
        clock.compare(sent, beat.time, received);
        self.name.note(about, beat.rival.as_ref(), health);
        Ok(())
    }

    async fn check_stores(&mut self, mut about: NodeInfo) -> Result<()> {
        let Membership {
            cluster, store, health, ..
        } = self.membership;
        let identity = store.identity().await?;
        // What is in memory is nobody else's.
        let identity = identity.unwrap_or_else(|| format!("memory:{}", cluster.instance()));
        about.store = Some(identity.clone());
        self.store = Some(identity);
        self.stores.check(cluster, &about, health).await
    }
}

/// The sentence about a sign of life that Redis refuses, as it does to a user without the right to `TIME`. A Redis that
/// is away refuses nothing.
fn refusal(error: &Error) -> Option<String> {
    (!error.is_retryable()).then(|| {
        format!(
            "Redis refuses the sign of life of this process, so its clock is not compared and /cluster \
             does not list it: {}",
            error_chain(error)
        )
    })
}

/// Others say loudly enough that Redis is away.
fn tell(what: &str, said: Result<()>) {
    if let Err(error) = said {
        tracing::debug!(what, %error, cause = error_chain(&error), "the other processes could not be told");
    }
}
