//! Runs the classes and reports their outcomes.

use std::{fs, time::Duration};

use anyhow::{Context, ensure};
use fastrand::Rng;
use futures::{StreamExt, future::join, stream};
use horizon_backend::now;
use horizon_test_support::seeded_rng;
use tokio::time::{Instant, timeout};

use crate::{
    Run,
    ack_log::AckLog,
    alarms,
    classes::Class,
    cluster::FaultCluster,
    counts::PageTotals,
    event_generator::EventGenerator,
    faults::ClassRun,
    live_viewers::LiveViewers,
    mutant::{FaultMutant, MutatedPart},
    node_process::NodeProcess,
    oracle::{Oracle, settled},
    publishers::Publishers,
    report::{self, ClassOutcome},
    report_check, retrying_clients,
    scale::{FULL, SHORT, Scale},
};

/// The longest wait for all viewers to connect before the first fault.
const CONNECT_WITHIN: Duration = Duration::from_secs(30);

/// How long ago the events of the past are: 31 hours, and up to 20 hours more. At five o'clock all are of the day
/// before yesterday, which accumulators close only when the first event of today is counted.
pub(crate) const PAST: Duration = Duration::from_secs(31 * 3_600);

/// Runs the selected classes and prints their outcomes.
///
/// # Errors
/// A class failed, or a mutant was not detected.
pub(crate) async fn run(run: &Run) -> anyhow::Result<()> {
    let scale = if run.short { &SHORT } else { &FULL };
    let (seed, mut rng) = seeded_rng();
    report::print(&format!("HORIZON_SEED={seed}"));
    let classes = planned_classes(run).into_iter().map(|(class, mutant)| {
        let rng = rng.fork();
        (class.is_alarm(), run_class(class, mutant, scale, rng))
    });
    let (alarms, counts): (Vec<_>, Vec<_>) = classes.partition(|(is_alarm, _)| *is_alarm);
    let outcomes_of =
        |classes: Vec<(bool, _)>, at_once| stream::iter(classes).map(|(_, class)| class).buffered(at_once);
    let mut outcomes: Vec<ClassOutcome> = outcomes_of(counts, scale.clusters).collect().await;
    outcomes.extend(outcomes_of(alarms, scale.scenarios).collect::<Vec<_>>().await);
    let table = if run.mutants {
        report::mutants(&outcomes)
    } else {
        report::classes(&outcomes)
    };
    report::print(&format!("\n{table}"));
    if let Some(path) = &run.out {
        fs::write(path, table).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let bad = outcomes.iter().filter(|outcome| !outcome.is_as_expected()).count();
    ensure!(
        bad == 0,
        "{bad} of {} classes have an unexpected outcome",
        outcomes.len()
    );
    Ok(())
}

/// Returns the selected classes with their mutants, in order.
fn planned_classes(run: &Run) -> Vec<(Class, Option<FaultMutant>)> {
    let classes = Class::all().filter(|class| run.only.is_empty() || run.only.contains(class));
    if !run.mutants {
        return classes.map(|class| (class, None)).collect();
    }
    classes
        .flat_map(|class| class.mutants().iter().map(move |mutant| (class, Some(*mutant))))
        .collect()
}

/// Runs a class and returns its outcome, also if it fails.
async fn run_class(class: Class, mutant: Option<FaultMutant>, scale: &Scale, rng: Rng) -> ClassOutcome {
    let mut outcome = ClassOutcome::new(class, mutant);
    let started = Instant::now();
    let result = timeout(scale.class_within, async {
        if class.is_alarm() {
            alarms::play(&mut outcome, scale, rng).await
        } else {
            play(&mut outcome, scale, rng).await
        }
    });
    let result = result.await.context("it takes too long").flatten();
    outcome.error = result.err().map(|error| format!("{error:#}"));
    outcome.took = started.elapsed();
    report::print(&outcome.line());
    outcome
}

async fn play(outcome: &mut ClassOutcome, scale: &Scale, mut rng: Rng) -> anyhow::Result<()> {
    let mut cluster = FaultCluster::start(outcome.class, outcome.mutant).await?;
    let ack_log = AckLog::default();
    send_past_events(&cluster, scale, &ack_log, rng.fork()).await?;
    let viewers = connect_viewers(&cluster, scale);
    let wrong = counted_wrong(&cluster, &viewers, &ack_log).await;
    if !wrong.is_empty() {
        outcome.findings.push(format!("before any fault {}", wrong.join("; ")));
        outcome.read_logs(&cluster);
        return Ok(());
    }
    let written = write_during_faults(outcome, &mut cluster, scale, &ack_log, &mut rng).await;
    outcome.acknowledged = ack_log.events();
    let mut examined = match written {
        Ok(since) => {
            let over = Instant::now();
            let mut oracle = Oracle {
                cluster: &cluster,
                ack_log: &ack_log,
                viewers: &viewers,
                findings: Vec::new(),
                seen_after: None,
            };
            let examined = oracle.examine(&mut rng).await;
            outcome.findings.append(&mut oracle.findings);
            outcome.seen_after = oracle.seen_after;
            examined.map(|now| outcome.drained(since, over, now))
        }
        Err(error) => Err(error),
    };
    drop(viewers);
    // A mutant that was detected may not count the rest.
    if examined.is_ok() && (outcome.mutant.is_none() || outcome.findings.is_empty()) {
        examined = report_check::run(outcome, &mut cluster, scale, &mut rng).await;
    }
    outcome.read_logs(&cluster);
    examined
}

/// Sends events of a day that the later events close.
async fn send_past_events(cluster: &FaultCluster, scale: &Scale, ack_log: &AckLog, rng: Rng) -> anyhow::Result<()> {
    let past = now().minus(PAST);
    let events = EventGenerator::new(rng, &cluster.slugs, past).events(scale.past_events, past, ack_log);
    Publishers::new(cluster.bus()?, None).publish(events, ack_log).await?;
    let rest = crate::stream::drained(&cluster.redis).await?;
    ensure!(
        rest.is_none(),
        "before any fault the events of the past are not counted: {rest:?}"
    );
    Ok(())
}

/// Connects all viewers.
fn connect_viewers(cluster: &FaultCluster, scale: &Scale) -> LiveViewers {
    let topics = cluster.topics();
    let places = topics
        .iter()
        .flat_map(|topic| cluster.webs.iter().map(move |web| (web, topic)));
    let mut viewers = LiveViewers::default();
    for (_, (web, topic)) in (0..scale.viewers).zip(places.cycle()) {
        viewers.add(web.name(), web.address(), topic.clone());
    }
    viewers
}

/// Waits until the visits of the viewers are counted. Returns what is wrong if they are not.
async fn counted_wrong(cluster: &FaultCluster, viewers: &LiveViewers, ack_log: &AckLog) -> Vec<String> {
    let topics = cluster.topics();
    for topic in &topics {
        let visits = viewers.at(topic);
        ack_log.add(
            topic,
            PageTotals {
                visits,
                ..PageTotals::default()
            },
        );
    }
    let mut expected = ack_log.counts();
    expected.retain(|topic, _| cluster.has_topic(topic));
    settled(CONNECT_WITHIN, async || {
        let stored = cluster.stored(topics.iter()).await.unwrap_or_default();
        let away = viewers.iter().filter(|viewer| !viewer.view().is_live).count();
        let right = stored == expected && away == 0;
        let wrong = (!right)
            .then(|| format!("{away} viewers have no stream, {expected:?} are expected, {stored:?} are stored"));
        wrong.into_iter().collect()
    })
    .await
}

/// Runs clients and publishers while the faults happen. Returns when the counting of their events began.
async fn write_during_faults(
    outcome: &mut ClassOutcome,
    cluster: &mut FaultCluster,
    scale: &Scale,
    ack_log: &AckLog,
    rng: &mut Rng,
) -> anyhow::Result<Instant> {
    let webs: Vec<_> = cluster.webs.iter().map(NodeProcess::address).collect();
    let slugs = cluster.slugs.clone();
    let broken_publishers = outcome.mutant.filter(|mutant| mutant.replaces(MutatedPart::Publishers));
    let mut run = ClassRun {
        class: outcome.class,
        mutant: outcome.mutant,
        scale,
        publishers: Publishers::new(cluster.bus()?, broken_publishers),
        generator: EventGenerator::new(rng.fork(), &slugs, now()),
        cluster,
        rng: rng.fork(),
        ack_log,
        faults: 0,
        counted_since: Instant::now(),
        notes: Vec::new(),
        findings: Vec::new(),
    };
    let faults = async {
        let result = run.run().await;
        ack_log.stop();
        result
    };
    let (written, injected) = join(
        retrying_clients::write(scale.readers, &webs, &slugs, rng, ack_log),
        faults,
    )
    .await;
    outcome.faults = run.faults;
    outcome.notes.append(&mut run.notes);
    outcome.findings.append(&mut run.findings);
    written.and(injected).map(|()| run.counted_since)
}
