//! The faults of each class.

use std::{cell::Cell, time::Duration};

use anyhow::{Context, bail, ensure};
use fastrand::Rng;
use horizon_backend::now;
use tokio::time::{Instant, sleep};

use crate::{
    ack_log::AckLog,
    classes::Class,
    cluster::FaultCluster,
    event_generator::EventGenerator,
    mutant::FaultMutant,
    oracle::settled,
    publishers::Publishers,
    scale::Scale,
    stream::{self, Backlog},
};

/// The longest wait before a kill, in milliseconds.
const BEFORE_KILL: u64 = 400;

/// The longest time between a kill and the restart of a server, in milliseconds.
const SERVER_AWAY: u64 = 500;

/// The time between two disconnections.
const DISCONNECT_INTERVAL: Duration = Duration::from_secs(1);

/// The free memory of Redis below its limit, in bytes.
const HEADROOM: u64 = 512 * 1024;

/// The longest wait before a pause of an accumulator, in milliseconds.
const BEFORE_PAUSE: u64 = 50;

/// The fewest pending events of the accumulator that stays paused.
const MIN_PENDING: u64 = 100;

/// The maximum number of attempts to pause an accumulator that has so many pending events.
const PAUSE_ATTEMPTS: u32 = 100;

/// How long PostgreSQL may take for the messages that a paused accumulator has sent.
const SENT_WITHIN: Duration = Duration::from_millis(300);

/// How long a paused accumulator may hold the lock of the site. The transaction of a batch ends when PostgreSQL gets no
/// message for ten seconds, and accumulators claim the events of a silent one after ten seconds.
const LOCK_HELD: Duration = Duration::from_secs(20);

/// Events that are sent together until an accumulator is paused with pending events.
const BURST: u64 = 5_000;

/// The longest time to count an event while one accumulator is paused.
const COUNTED_WITHIN: Duration = Duration::from_secs(2);

/// The longest time to count the events of a paused accumulator that has lost the lock, and those that waited for it.
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(10);

/// How often each event is sent in `Class::Repeats`.
const REPEATS: usize = 10;

/// Events that are sent together in `Class::Backlog`.
const SLICE: u64 = 50_000;

/// How long clients write before the memory of the web nodes is measured, so that pools and caches are full.
const WARM_UP: Duration = Duration::from_secs(3);

/// The most that the memory of a web node may grow during a backlog, in kilobytes.
const MAX_GROWTH: u64 = 8 * 1_024;

/// A running class.
pub(crate) struct ClassRun<'a> {
    pub(crate) class: Class,
    pub(crate) mutant: Option<FaultMutant>,
    pub(crate) scale: &'a Scale,
    pub(crate) cluster: &'a mut FaultCluster,
    pub(crate) publishers: Publishers,
    pub(crate) generator: EventGenerator,
    pub(crate) rng: Rng,
    pub(crate) ack_log: &'a AckLog,
    /// The number of faults so far.
    pub(crate) faults: u64,
    /// When the counting of events began.
    pub(crate) counted_since: Instant,
    /// Notes for the report.
    pub(crate) notes: Vec<String>,
    /// Failed checks.
    pub(crate) findings: Vec<String>,
}

impl ClassRun<'_> {
    /// Sends the events of the class and injects its faults meanwhile.
    pub(crate) async fn run(&mut self) -> anyhow::Result<()> {
        match self.class {
            Class::Zombie => self.zombie().await,
            Class::Repeats => self.repeats().await,
            Class::Backlog => self.backlog().await,
            Class::PostgresAccumulators => {
                self.rounds().await?;
                self.paused_lock_holder().await
            }
            _ => self.rounds().await,
        }
    }

    async fn rounds(&mut self) -> anyhow::Result<()> {
        let (rounds, mut left_behind) = (self.class.rounds(self.scale), 0);
        for round in 0..rounds {
            let events = self
                .generator
                .events(self.class.events(self.scale) / rounds, now(), self.ack_log);
            let fault = inject(self.class, self.scale, round, self.cluster, &mut self.rng);
            let (published, injected) = tokio::join!(self.publishers.publish(events, self.ack_log), fault);
            left_behind += injected.with_context(|| format!("fault {round}"))?;
            published?;
            self.faults += 1;
        }
        self.check_the_faults(left_behind);
        Ok(())
    }

    /// Checks that the faults had an effect.
    fn check_the_faults(&mut self, left_behind: u64) {
        if self.class == Class::RedisFull && self.publishers.errors() == 0 {
            self.findings.push("Redis never ran out of memory".into());
        }
        let kills = [Class::AccumulatorKill, Class::SqliteKill, Class::PostgresAccumulators];
        if kills.contains(&self.class) {
            let text = format!("killed accumulators had {left_behind} pending events");
            if left_behind == 0 {
                self.findings.push(text.clone());
            }
            self.notes.push(text);
        }
    }

    async fn zombie(&mut self) -> anyhow::Result<()> {
        let zombie = self.rng.u64(..);
        let pause = async |cluster: &mut FaultCluster, rng: &mut Rng| pause_with_pending(cluster, zombie, rng).await;
        let pending = self.publish_until(self.scale.slept_over, pause).await?;
        self.notes
            .push(format!("the accumulator was paused with {pending} pending events"));
        sleep(self.scale.sleep).await;
        self.check_the_others_count(COUNTED_WITHIN).await?;
        self.cluster.accumulator(zombie)?.process()?.resume().await?;
        self.faults += 1;
        let events = self.generator.events(self.scale.slept_over, now(), self.ack_log);
        self.publishers.publish(events, self.ack_log).await
    }

    /// Pauses the accumulator that holds the lock of the site in PostgreSQL.
    async fn paused_lock_holder(&mut self) -> anyhow::Result<()> {
        let pause = async |cluster: &mut FaultCluster, rng: &mut Rng| pause_lock_holder(cluster, rng).await;
        let holder = self.publish_until(0, pause).await?;
        sleep(LOCK_HELD).await;
        self.check_the_others_count(CAUGHT_UP_WITHIN).await?;
        self.cluster.accumulator(holder)?.process()?.resume().await?;
        self.faults += 1;
        Ok(())
    }

    /// Sends at least this many events, and more until an accumulator is paused.
    async fn publish_until<T>(
        &mut self,
        least: u64,
        pause: impl AsyncFnOnce(&mut FaultCluster, &mut Rng) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let is_paused = Cell::new(false);
        let pausing = async {
            let paused = pause(self.cluster, &mut self.rng).await;
            is_paused.set(true);
            paused
        };
        let publishing = async {
            let mut sent = 0;
            while sent < least || !is_paused.get() {
                let events = self.generator.events(BURST, now(), self.ack_log);
                sent += BURST;
                self.publishers.publish(events, self.ack_log).await?;
            }
            anyhow::Ok(())
        };
        let (published, paused) = tokio::join!(publishing, pausing);
        published.and(paused)
    }

    /// Checks that the other accumulators count the events of a paused one.
    async fn check_the_others_count(&mut self, within: Duration) -> anyhow::Result<()> {
        // Clients still write, so only the events up to this one must be counted.
        let end = stream::end(&self.cluster.redis).await?;
        let waiting = settled(within, async || match Backlog::read(&self.cluster.redis).await {
            Ok(rest) if rest.is_past(end) => Vec::new(),
            Ok(rest) => vec![format!("no accumulator claims the events of a paused one: {rest}")],
            Err(error) => vec![format!("{error:#}")],
        });
        let waiting = waiting.await;
        self.findings.extend(waiting);
        Ok(())
    }

    async fn repeats(&mut self) -> anyhow::Result<()> {
        let events = self.generator.events(self.scale.repeated, now(), self.ack_log);
        let mut repeated: Vec<_> = std::iter::repeat_n(events, REPEATS).flatten().collect();
        self.generator.shuffle(&mut repeated);
        self.faults += repeated.len() as u64;
        self.publishers.publish(repeated, self.ack_log).await
    }

    async fn backlog(&mut self) -> anyhow::Result<()> {
        for accumulator in &mut self.cluster.accumulators {
            accumulator.stop().await?;
        }
        sleep(WARM_UP).await;
        let before = self.memory()?;
        let mut left = self.scale.backlog;
        while left > 0 {
            let slice = left.min(SLICE);
            left -= slice;
            let events = self.generator.events(slice, now(), self.ack_log);
            self.publishers.publish(events, self.ack_log).await?;
        }
        let waiting = self.cluster.redis.cli(&["XLEN", stream::EVENTS]).await?;
        self.check_growth(&before, waiting.trim())?;
        if self.mutant == Some(FaultMutant::TrimsUnread) {
            let half = (self.scale.backlog / 2).to_string();
            self.cluster
                .redis
                .cli(&["XTRIM", stream::EVENTS, "MAXLEN", &half])
                .await?;
        }
        self.counted_since = Instant::now();
        for accumulator in &mut self.cluster.accumulators {
            accumulator.start_again().await?;
        }
        self.faults += 1;
        Ok(())
    }

    fn memory(&self) -> anyhow::Result<Vec<u64>> {
        let webs = self.cluster.webs.iter();
        webs.map(|web| web.process()?.resident_kilobytes()).collect()
    }

    fn check_growth(&mut self, before: &[u64], waiting: &str) -> anyhow::Result<()> {
        for ((web, before), after) in self.cluster.webs.iter().zip(before).zip(self.memory()?) {
            let text = format!(
                "{} grew from {before} kB to {after} kB with {waiting} waiting events",
                web.name()
            );
            if after > before + MAX_GROWTH {
                self.findings.push(format!("{text}; the limit is {MAX_GROWTH} kB more"));
            }
            self.notes.push(text);
        }
        Ok(())
    }
}

/// Pauses an accumulator that has many pending events. Returns how many.
async fn pause_with_pending(cluster: &mut FaultCluster, number: u64, rng: &mut Rng) -> anyhow::Result<u64> {
    for _ in 0..PAUSE_ATTEMPTS {
        sleep(Duration::from_millis(rng.u64(0..BEFORE_PAUSE))).await;
        let accumulator = cluster.accumulator(number)?;
        accumulator.process()?.pause().await?;
        let name = accumulator.full_name();
        let pending = stream::pending(&cluster.redis, &name).await?;
        if pending >= MIN_PENDING {
            return Ok(pending);
        }
        cluster.accumulator(number)?.process()?.resume().await?;
    }
    bail!("the accumulator never had {MIN_PENDING} pending events")
}

/// Pauses the accumulator that has the lock of the site in PostgreSQL, and returns its number.
async fn pause_lock_holder(cluster: &mut FaultCluster, rng: &mut Rng) -> anyhow::Result<u64> {
    for _ in 0..PAUSE_ATTEMPTS {
        sleep(Duration::from_millis(rng.u64(0..BEFORE_PAUSE))).await;
        let number = rng.u64(0..2);
        let accumulator = cluster.accumulator(number)?;
        let name = accumulator.name().to_owned();
        accumulator.process()?.pause().await?;
        // PostgreSQL runs what it has sent. It keeps the lock only if the transaction needs another message.
        sleep(SENT_WITHIN).await;
        if cluster.postgres()?.lock_holders().await?.contains(&name) {
            return Ok(number);
        }
        cluster.accumulator(number)?.process()?.resume().await?;
    }
    bail!("no accumulator was paused between two messages of a transaction")
}

/// Injects one fault. Returns the number of pending events of a killed accumulator.
async fn inject(
    class: Class,
    scale: &Scale,
    round: u64,
    cluster: &mut FaultCluster,
    rng: &mut Rng,
) -> anyhow::Result<u64> {
    match class {
        Class::AccumulatorKill | Class::SqliteKill | Class::PostgresAccumulators => {
            return kill_an_accumulator(cluster, rng).await;
        }
        Class::WebKill => {
            sleep(Duration::from_millis(rng.u64(0..BEFORE_KILL))).await;
            let web = cluster.web(rng.u64(..))?;
            web.kill().await?;
            web.start_again().await?;
        }
        Class::RedisKill => {
            sleep(Duration::from_millis(rng.u64(0..BEFORE_KILL))).await;
            cluster.redis.kill().await?;
            sleep(Duration::from_millis(rng.u64(0..SERVER_AWAY))).await;
            cluster.redis.start_again().await?;
        }
        Class::RedisPause => {
            cluster.redis.pause().await?;
            sleep(pause_of(scale.pauses, round)?).await;
            cluster.redis.resume().await?;
        }
        Class::PubsubKill => {
            cluster.redis.cli(&["CLIENT", "KILL", "TYPE", "pubsub"]).await?;
            sleep(DISCONNECT_INTERVAL).await;
        }
        Class::PostgresKill => {
            sleep(Duration::from_millis(rng.u64(0..BEFORE_KILL))).await;
            let away = Duration::from_millis(rng.u64(0..SERVER_AWAY));
            cluster.postgres()?.kill(away).await?;
        }
        Class::PostgresPause => {
            let pause = pause_of(scale.postgres_pauses, round)?;
            cluster.postgres()?.pause(pause).await?;
        }
        Class::PostgresTerminate => {
            let postgres = cluster.postgres()?;
            postgres.lose_a_commit_reply().await?;
            ensure!(postgres.terminate().await? > 0, "PostgreSQL has no connections");
            sleep(DISCONNECT_INTERVAL).await;
        }
        Class::RedisFull => limit_memory(cluster, scale.full_for).await?,
        _ => {}
    }
    Ok(0)
}

/// Returns the length of the pause of a round.
fn pause_of(pauses: &[Duration], round: u64) -> anyhow::Result<Duration> {
    let pause = pauses.get(usize::try_from(round)?);
    pause.copied().context("the round has no pause")
}

async fn kill_an_accumulator(cluster: &mut FaultCluster, rng: &mut Rng) -> anyhow::Result<u64> {
    sleep(Duration::from_millis(rng.u64(0..BEFORE_KILL))).await;
    let number = rng.u64(..);
    let accumulator = cluster.accumulator(number)?;
    accumulator.kill().await?;
    let name = accumulator.full_name();
    let pending = stream::pending(&cluster.redis, &name).await?;
    let accumulator = cluster.accumulator(number)?;
    // Half restart with their name, half with a new one.
    if rng.u64(0..2) == 0 {
        accumulator.start_again().await?;
    } else {
        accumulator.start_with_new_name().await?;
    }
    Ok(pending)
}

/// Limits the memory of Redis for a while.
async fn limit_memory(cluster: &FaultCluster, time: Duration) -> anyhow::Result<()> {
    let limit = stream::info(&cluster.redis, "memory", "used_memory").await? + HEADROOM;
    set_limit(cluster, limit).await?;
    sleep(time).await;
    set_limit(cluster, 0).await
}

async fn set_limit(cluster: &FaultCluster, bytes: u64) -> anyhow::Result<()> {
    let reply = cluster
        .redis
        .cli(&["CONFIG", "SET", "maxmemory", &bytes.to_string()])
        .await?;
    ensure!(reply.trim() == "OK", "CONFIG SET maxmemory returned {reply}");
    Ok(())
}
