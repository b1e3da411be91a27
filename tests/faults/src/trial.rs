//! Plays the classes, and says how each went.

use std::{fs, time::Duration};

use anyhow::{Context, ensure};
use futures::{StreamExt, future::join, stream};
use horizon_backend::now;
use horizon_core::Topic;
use horizon_test_support::Seed;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    Run, alarms,
    classes::Class,
    counts::Counts,
    crowd::Crowd,
    defect::{Defect, Part},
    diary::Diary,
    faults::Play,
    load::Load,
    node::Node,
    oracle::{Oracle, settled},
    readers,
    report::{self, Outcome},
    scale::{FULL, SHORT, Scale},
    stage::Stage,
    viewers::Viewers,
};

/// How long everybody has to come in before the first fault.
const GATHER_WITHIN: Duration = Duration::from_secs(30);

/// A day, in milliseconds.
const DAY: i64 = 24 * 3_600 * 1_000;

/// Plays what was asked for, and prints how it went.
///
/// # Errors
/// A class failed; with sabotage, one did not.
pub(crate) async fn run(run: &Run) -> anyhow::Result<()> {
    let scale = if run.short { &SHORT } else { &FULL };
    let (seed, mut dice) = Seed::from_environment();
    report::say(&format!("HORIZON_SEED={seed}"));
    let trials = trials(run).into_iter().map(|(class, defect)| {
        let dice = Seed::new(dice.next());
        (class.is_alarm(), attempt(class, defect, scale, dice))
    });
    let (alarms, counts): (Vec<_>, Vec<_>) = trials.partition(|(is_alarm, _)| *is_alarm);
    let played = |trials: Vec<(bool, _)>, at_once| stream::iter(trials).map(|(_, trial)| trial).buffered(at_once);
    let mut outcomes: Vec<Outcome> = played(counts, scale.stages).collect().await;
    outcomes.extend(played(alarms, scale.scenes).collect::<Vec<_>>().await);
    let table = if run.sabotage {
        report::sabotage(&outcomes)
    } else {
        report::classes(&outcomes)
    };
    report::say(&format!("\n{table}"));
    if let Some(path) = &run.out {
        fs::write(path, table).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let bad = outcomes.iter().filter(|outcome| !outcome.is_as_expected()).count();
    ensure!(bad == 0, "{bad} of {} did not go as they have to", outcomes.len());
    Ok(())
}

/// What is played, in its order.
fn trials(run: &Run) -> Vec<(Class, Option<Defect>)> {
    let classes = Class::all().filter(|class| run.only.is_empty() || run.only.contains(class));
    if !run.sabotage {
        return classes.map(|class| (class, None)).collect();
    }
    classes
        .flat_map(|class| class.sabotage().iter().map(move |defect| (class, Some(*defect))))
        .collect()
}

/// Plays a class, whatever comes of it.
async fn attempt(class: Class, defect: Option<Defect>, scale: &Scale, dice: Seed) -> Outcome {
    wait_for_a_day_long_enough(scale.class_within).await;
    let mut outcome = Outcome::new(class, defect);
    let started = Instant::now();
    let played = timeout(scale.class_within, async {
        if class.is_alarm() {
            alarms::play(&mut outcome, scale, dice).await
        } else {
            play(&mut outcome, scale, dice).await
        }
    });
    let played = played.await;
    let played = played.context("it takes too long").flatten();
    outcome.error = played.err().map(|error| format!("{error:#}"));
    outcome.took = started.elapsed();
    report::say(&outcome.line());
    outcome
}

/// At 00:00 UTC every reader becomes a stranger, and so a viewer who comes back after it is a visit of its own.
async fn wait_for_a_day_long_enough(time: Duration) {
    let left = DAY - now().as_millis().rem_euclid(DAY);
    let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
    if left < time {
        report::say(&format!("waiting {left:?} for the day to change"));
        sleep(left).await;
    }
}

async fn play(outcome: &mut Outcome, scale: &Scale, mut dice: Seed) -> anyhow::Result<()> {
    let mut stage = Stage::start(outcome.class.redis_options(), outcome.defect).await?;
    let diary = Diary::default();
    let viewers = gather(&stage, scale, &diary).await?;
    let played = write(outcome, &mut stage, scale, &diary, &mut dice).await;
    outcome.acknowledged = diary.events();
    let examined = match played {
        Ok(since) => {
            let over = Instant::now();
            let mut oracle = Oracle {
                stage: &stage,
                diary: &diary,
                viewers: &viewers,
                findings: Vec::new(),
                seen_after: None,
            };
            let examined = oracle.examine(&mut dice).await;
            outcome.findings.append(&mut oracle.findings);
            outcome.seen_after = oracle.seen_after;
            examined.map(|now| outcome.drained(since, over, now))
        }
        Err(error) => Err(error),
    };
    outcome.read_logs(&stage);
    examined
}

/// Lets everybody come in, and waits until their visits are counted.
async fn gather(stage: &Stage, scale: &Scale, diary: &Diary) -> anyhow::Result<Viewers> {
    let topics: Vec<Topic> = stage
        .slugs
        .iter()
        .cloned()
        .map(Topic::from)
        .chain([Topic::Site])
        .collect();
    let places = topics
        .iter()
        .flat_map(|topic| stage.webs.iter().map(move |web| (web, topic)));
    let mut viewers = Viewers::default();
    for (_, (web, topic)) in (0..scale.viewers).zip(places.cycle()) {
        viewers.add(web.name(), web.address(), topic.clone());
    }
    for topic in &topics {
        let visits = viewers.at(topic);
        diary.add(
            topic,
            Counts {
                visits,
                ..Counts::default()
            },
        );
    }
    let wrong = settled(GATHER_WITHIN, async || {
        let stored = stage.stored(topics.iter()).await.unwrap_or_default();
        let away = viewers.iter().filter(|viewer| !viewer.view().is_live).count();
        let right = stored == diary.counts() && away == 0;
        let wrong = (!right).then(|| format!("{away} viewers have no stream, and their visits are {stored:?}"));
        wrong.into_iter().collect()
    });
    let wrong = wrong.await;
    ensure!(wrong.is_empty(), "before any fault {}", wrong.join("; "));
    Ok(viewers)
}

/// Lets readers and publishers write while the faults happen. Answers since when their events were counted.
async fn write(
    outcome: &mut Outcome,
    stage: &mut Stage,
    scale: &Scale,
    diary: &Diary,
    dice: &mut Seed,
) -> anyhow::Result<Instant> {
    let webs: Vec<_> = stage.webs.iter().map(Node::address).collect();
    let slugs = stage.slugs.clone();
    let broken_publishers = outcome.defect.filter(|defect| defect.replaces(Part::Publishers));
    let mut play = Play {
        class: outcome.class,
        defect: outcome.defect,
        scale,
        load: Load::new(stage.pipe()?, broken_publishers),
        crowd: Crowd::new(Seed::new(dice.next()), &slugs),
        stage,
        dice: Seed::new(dice.next()),
        diary,
        faults: 0,
        counted_since: Instant::now(),
        notes: Vec::new(),
        findings: Vec::new(),
    };
    let playing = async {
        let played = play.run().await;
        diary.say_enough();
        played
    };
    let (written, played) = join(readers::write(scale.readers, &webs, &slugs, dice, diary), playing).await;
    outcome.faults = play.faults;
    outcome.notes.append(&mut play.notes);
    outcome.findings.append(&mut play.findings);
    written.and(played).map(|()| play.counted_since)
}
