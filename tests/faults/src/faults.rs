//! What happens in each class, while others write.

use std::{cell::Cell, time::Duration};

use anyhow::{Context, bail, ensure};
use horizon_backend::now;
use horizon_test_support::Seed;
use tokio::time::{Instant, sleep};

use crate::{
    classes::Class,
    crowd::Crowd,
    defect::Defect,
    diary::Diary,
    load::Load,
    scale::Scale,
    stage::Stage,
    stream::{self, Backlog},
};

/// The longest wait before a kill, in milliseconds.
const BEFORE_KILL: u64 = 400;

/// The longest that Redis stays away after a kill, in milliseconds.
const REDIS_AWAY: u64 = 500;

/// How often connections are cut.
const CUT_EVERY: Duration = Duration::from_secs(1);

/// How much memory is left when the limit is set, in bytes.
const HEADROOM: u64 = 512 * 1024;

/// The longest wait before an accumulator is paused, in milliseconds.
const BEFORE_NAP: u64 = 50;

/// The fewest events that an accumulator has in hand when it falls asleep for long.
const IN_HAND: u64 = 100;

/// How often an accumulator is paused until it has so many.
const NAPS: u32 = 100;

/// How many events are sent at a time until an accumulator has fallen asleep over them.
const AWAKE: u64 = 5_000;

/// How soon an event has to be counted while an accumulator sleeps and nothing waits.
const COUNTED_WITHIN: Duration = Duration::from_secs(2);

/// How often each event is sent where all are repeated.
const TIMES: usize = 10;

/// How many events are sent together where very many wait, in events.
const SLICE: u64 = 50_000;

/// How long readers write before the memory of the web nodes is measured: pools and caches fill once.
const WARM_UP: Duration = Duration::from_secs(3);

/// The most that a web node may grow while events wait, in kilobytes.
const MAY_GROW: u64 = 8 * 1_024;

/// A class as it is played.
pub(crate) struct Play<'a> {
    pub(crate) class: Class,
    pub(crate) defect: Option<Defect>,
    pub(crate) scale: &'a Scale,
    pub(crate) stage: &'a mut Stage,
    pub(crate) load: Load,
    pub(crate) crowd: Crowd,
    pub(crate) dice: Seed,
    pub(crate) diary: &'a Diary,
    /// How many faults happened.
    pub(crate) faults: u64,
    /// Since when events are counted.
    pub(crate) counted_since: Instant,
    /// What else is worth knowing.
    pub(crate) notes: Vec<String>,
    /// What went wrong.
    pub(crate) findings: Vec<String>,
}

impl Play<'_> {
    /// Sends the events of the class, and makes its faults happen meanwhile.
    pub(crate) async fn run(&mut self) -> anyhow::Result<()> {
        match self.class {
            Class::Zombie => self.zombie().await,
            Class::Repeats => self.repeats().await,
            Class::Backlog => self.backlog().await,
            _ => self.rounds().await,
        }
    }

    async fn rounds(&mut self) -> anyhow::Result<()> {
        let (rounds, mut left_behind) = (self.class.rounds(self.scale), 0);
        for round in 0..rounds {
            let events = self.crowd.events(self.scale.events / rounds, now(), self.diary);
            let fault = strike(self.class, self.scale, round, self.stage, &mut self.dice);
            let (published, struck) = tokio::join!(self.load.publish(events, self.diary), fault);
            left_behind += struck.with_context(|| format!("fault {round}"))?;
            published?;
            self.faults += 1;
        }
        self.check_the_faults(left_behind);
        Ok(())
    }

    /// Whether the faults did what they are for.
    fn check_the_faults(&mut self, left_behind: u64) {
        if self.class == Class::RedisFull && self.load.errors() == 0 {
            self.findings.push("Redis never ran out of memory".into());
        }
        if self.class == Class::AccumulatorKill {
            let text = format!("those that were killed had {left_behind} events in hand");
            if left_behind == 0 {
                self.findings.push(text.clone());
            }
            self.notes.push(text);
        }
    }

    async fn zombie(&mut self) -> anyhow::Result<()> {
        let (zombie, asleep) = (self.dice.next(), Cell::new(false));
        let falling = async {
            let in_hand = fall_asleep(self.stage, zombie, &mut self.dice).await;
            asleep.set(true);
            in_hand
        };
        let publishing = async {
            let mut sent = 0;
            while sent < self.scale.slept_over || !asleep.get() {
                let events = self.crowd.events(AWAKE, now(), self.diary);
                sent += AWAKE;
                self.load.publish(events, self.diary).await?;
            }
            anyhow::Ok(())
        };
        let (published, in_hand) = tokio::join!(publishing, falling);
        published?;
        self.notes.push(format!(
            "the accumulator slept over {} events that it had in hand",
            in_hand?
        ));
        sleep(self.scale.sleep).await;
        // Everything but what readers have written in this very moment.
        let end = stream::end(&self.stage.redis).await?;
        sleep(COUNTED_WITHIN).await;
        let rest = Backlog::of(&self.stage.redis).await?;
        if !rest.is_past(end) {
            self.findings
                .push(format!("nobody takes over from an accumulator that sleeps: {rest}"));
        }
        self.stage.accumulator(zombie)?.process()?.resume().await?;
        self.faults += 1;
        let events = self.crowd.events(self.scale.slept_over, now(), self.diary);
        self.load.publish(events, self.diary).await
    }

    async fn repeats(&mut self) -> anyhow::Result<()> {
        let events = self.crowd.events(self.scale.repeated, now(), self.diary);
        let mut repeated: Vec<_> = std::iter::repeat_n(events, TIMES).flatten().collect();
        self.crowd.shuffle(&mut repeated);
        self.faults += repeated.len() as u64;
        self.load.publish(repeated, self.diary).await
    }

    async fn backlog(&mut self) -> anyhow::Result<()> {
        for accumulator in &mut self.stage.accumulators {
            accumulator.stop().await?;
        }
        sleep(WARM_UP).await;
        let before = self.memory()?;
        let mut left = self.scale.backlog;
        while left > 0 {
            let slice = left.min(SLICE);
            left -= slice;
            let events = self.crowd.events(slice, now(), self.diary);
            self.load.publish(events, self.diary).await?;
        }
        let waiting = self.stage.redis.cli(&["XLEN", stream::EVENTS]).await?;
        self.grown(&before, waiting.trim())?;
        if self.defect == Some(Defect::TrimsUnread) {
            let half = (self.scale.backlog / 2).to_string();
            self.stage
                .redis
                .cli(&["XTRIM", stream::EVENTS, "MAXLEN", &half])
                .await?;
        }
        self.counted_since = Instant::now();
        for accumulator in &mut self.stage.accumulators {
            accumulator.start_again().await?;
        }
        self.faults += 1;
        Ok(())
    }

    fn memory(&self) -> anyhow::Result<Vec<u64>> {
        let webs = self.stage.webs.iter();
        webs.map(|web| web.process()?.resident_kilobytes()).collect()
    }

    fn grown(&mut self, before: &[u64], waiting: &str) -> anyhow::Result<()> {
        for ((web, before), after) in self.stage.webs.iter().zip(before).zip(self.memory()?) {
            let text = format!(
                "{} had {before} kB and has {after} kB while {waiting} events wait",
                web.name()
            );
            if after > before + MAY_GROW {
                self.findings.push(format!("{text}, {MAY_GROW} kB more are allowed"));
            }
            self.notes.push(text);
        }
        Ok(())
    }
}

/// Pauses an accumulator at a moment when it has many events in hand. Answers how many.
async fn fall_asleep(stage: &mut Stage, number: u64, dice: &mut Seed) -> anyhow::Result<u64> {
    for _ in 0..NAPS {
        sleep(Duration::from_millis(dice.between(0, BEFORE_NAP))).await;
        let accumulator = stage.accumulator(number)?;
        accumulator.process()?.pause().await?;
        let name = accumulator.full_name();
        let in_hand = stream::in_hand(&stage.redis, &name).await?;
        if in_hand >= IN_HAND {
            return Ok(in_hand);
        }
        stage.accumulator(number)?.process()?.resume().await?;
    }
    bail!("the accumulator never had {IN_HAND} events in hand")
}

/// One fault of a class. Answers how many events a dead accumulator had in hand.
async fn strike(class: Class, scale: &Scale, round: u64, stage: &mut Stage, dice: &mut Seed) -> anyhow::Result<u64> {
    match class {
        Class::AccumulatorKill => return kill_an_accumulator(stage, dice).await,
        Class::WebKill => {
            sleep(Duration::from_millis(dice.between(0, BEFORE_KILL))).await;
            let web = stage.web(dice.next())?;
            web.kill().await?;
            web.start_again().await?;
        }
        Class::RedisKill => {
            sleep(Duration::from_millis(dice.between(0, BEFORE_KILL))).await;
            stage.redis.kill().await?;
            sleep(Duration::from_millis(dice.between(0, REDIS_AWAY))).await;
            stage.redis.start_again().await?;
        }
        Class::RedisPause => {
            let pause = usize::try_from(round).ok().and_then(|round| scale.pauses.get(round));
            stage.redis.pause().await?;
            sleep(*pause.context("a pause has a length")?).await;
            stage.redis.resume().await?;
        }
        Class::PubsubKill => {
            stage.redis.cli(&["CLIENT", "KILL", "TYPE", "pubsub"]).await?;
            sleep(CUT_EVERY).await;
        }
        Class::RedisFull => fill(stage, scale.full_for).await?,
        _ => {}
    }
    Ok(0)
}

async fn kill_an_accumulator(stage: &mut Stage, dice: &mut Seed) -> anyhow::Result<u64> {
    sleep(Duration::from_millis(dice.between(0, BEFORE_KILL))).await;
    let number = dice.next();
    let accumulator = stage.accumulator(number)?;
    accumulator.kill().await?;
    let name = accumulator.full_name();
    let in_hand = stream::in_hand(&stage.redis, &name).await?;
    let accumulator = stage.accumulator(number)?;
    // Half come back as themselves, half as a machine that nobody has seen before.
    if dice.between(0, 2) == 0 {
        accumulator.start_again().await?;
    } else {
        accumulator.start_anew().await?;
    }
    Ok(in_hand)
}

/// Leaves Redis hardly any memory for a while.
async fn fill(stage: &Stage, time: Duration) -> anyhow::Result<()> {
    let limit = stream::info(&stage.redis, "memory", "used_memory").await? + HEADROOM;
    set_limit(stage, limit).await?;
    sleep(time).await;
    set_limit(stage, 0).await
}

async fn set_limit(stage: &Stage, bytes: u64) -> anyhow::Result<()> {
    let said = stage
        .redis
        .cli(&["CONFIG", "SET", "maxmemory", &bytes.to_string()])
        .await?;
    ensure!(said.trim() == "OK", "CONFIG SET maxmemory says {said}");
    Ok(())
}
