use std::future::Future;
use std::time::Duration;

use horizon_core::{Error, Result};
use horizon_redis::{About, BEAT_EVERY, RedisCluster};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::backoff::cause;

/// How long it may take to say that this process goes.
const LEAVE_WAIT: Duration = Duration::from_secs(1);

/// Tells the other processes every second how this one is until `shutdown`, and then that it goes.
///
/// Where `about` says no time of a round trip, it is the one that was needed the last time. Leaving takes one second at
/// most. A Redis that is away is no error: who was not heard of for a while is known to be gone.
///
/// ```no_run
/// use horizon_accumulator::process::{asked_to_stop, now, random_node, speak};
/// use horizon_redis::{About, RedisCluster, RedisConfig, Work};
///
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let cluster = RedisCluster::connect(&RedisConfig::new("redis://127.0.0.1")?)?;
/// let (name, started) = (random_node("web")?.to_string(), now());
/// let about = || About { name: name.clone(), started, round_trip: None, problems: Vec::new(), work: Work::Web { viewers: 17 } };
/// speak(&cluster, &about, asked_to_stop()).await;
/// # Ok(()) }
/// ```
pub async fn speak(
    cluster: &RedisCluster,
    about: &(dyn Fn() -> About + Send + Sync),
    shutdown: impl Future<Output = ()>,
) {
    tokio::select! {
        () = shutdown => {}
        () = speak_for_ever(cluster, about) => {}
    }
    let left = timeout(LEAVE_WAIT, cluster.leave(&about().name)).await;
    tell(
        "left",
        left.unwrap_or_else(|_| Err(Error::unavailable("Redis did not answer in time"))),
    );
}

async fn speak_for_ever(cluster: &RedisCluster, about: &(dyn Fn() -> About + Send + Sync)) {
    let mut beats = interval(BEAT_EVERY);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut round_trip = None;
    loop {
        beats.tick().await;
        let mut about = about();
        about.round_trip = about.round_trip.or(round_trip);
        let asked = Instant::now();
        let said = cluster.say(&about).await;
        round_trip = said
            .is_ok()
            .then(|| u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX));
        tell("beat", said);
    }
}

/// Others say loudly enough that Redis is away.
fn tell(what: &str, said: Result<()>) {
    if let Err(error) = said {
        tracing::debug!(what, %error, cause = cause(&error), "the other processes could not be told");
    }
}
