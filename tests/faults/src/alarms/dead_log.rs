//! Standard error fails: the process continues and counts the dropped lines.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use horizon_redis::testing::RedisServer;
use tokio::{
    net::unix::pipe::{OpenOptions, Receiver},
    process::Command,
};

use super::{
    article_readers::ArticleReaders,
    database::store,
    like_clients::{COUNTED_WITHIN, LikeClients, likes_at},
    problem_reports, report_totals,
    scenario::AlarmScenario,
};
use crate::node_process::{NodeProcess, Role};

/// The metric of lines that could not be written.
const REFUSED: &str = "horizon_log_lines_dropped_total{reason=\"write_error\"}";

/// The metric of lines that did not fit into the queue.
const OVERFLOWED: &str = "horizon_log_lines_dropped_total{reason=\"overflow\"}";

/// The size of one write to fill a pipe, in bytes.
const PAGE_BYTES: usize = 4_096;

/// The log level at which each request has a line.
const TRACE: (&str, &str) = ("RUST_LOG", "trace");

/// How standard error fails.
#[derive(Clone, Copy, Debug)]
enum DeadLogKind {
    /// A pipe whose reader was closed.
    ReaderGone,
    /// A device that is always full.
    DevFull,
    /// A full pipe that is never read.
    FullPipe,
}

/// The log of a blog with an embedded accumulator fails in each of these ways, and that of an accumulator.
pub(crate) async fn dead(scenario: &mut AlarmScenario) -> anyhow::Result<()> {
    let level = || (TRACE.0, TRACE.1.to_owned());
    for dead in [DeadLogKind::ReaderGone, DeadLogKind::DevFull, DeadLogKind::FullPipe] {
        let log = LogTarget::open(scenario.folder(), dead, Role::Web).await?;
        let file = store(&scenario.folder().join(format!("{dead:?}.db")));
        let web = scenario
            .web_with_log(&[file.clone(), level()], log.path.clone())
            .await?;
        let mut clients = scenario.clients(&[&web]);
        check_running(scenario, &web, &web, &mut clients, log).await?;
        scenario.add_counts(
            clients.acknowledged(),
            likes_at(web.address()).await.unwrap_or_default(),
        );
        check_shutdown(scenario, web, dead).await;
        report_totals::check(scenario, &file.1).await?;
    }
    let redis = RedisServer::start(&[]).await?;
    let bus = ("HORIZON_BUS", redis.url());
    let web = scenario.web(std::slice::from_ref(&bus)).await?;
    let mut clients = scenario.clients(&[&web]);
    for dead in [DeadLogKind::ReaderGone, DeadLogKind::DevFull, DeadLogKind::FullPipe] {
        let log = LogTarget::open(scenario.folder(), dead, Role::Accumulator).await?;
        let variables = [bus.clone(), level()];
        let accumulator = scenario.accumulator_with_log(&variables, log.path.clone()).await?;
        check_running(scenario, &accumulator, &web, &mut clients, log).await?;
        check_shutdown(scenario, accumulator, dead).await;
    }
    scenario.add_counts(clients.acknowledged(), likes_at(web.address()).await?);
    report_totals::check(scenario, &redis.url()).await
}

/// Checks that likes at `web` are counted and `node` responds although its log fails.
async fn check_running(
    scenario: &mut AlarmScenario,
    node: &NodeProcess,
    web: &NodeProcess,
    clients: &mut LikeClients,
    log: LogTarget,
) -> anyhow::Result<()> {
    let (dead, name) = (log.dead, node.name());
    let _never_read = log.fail().await?;
    scenario.count_fault();
    let articles = ArticleReaders::read_at(&[web]);
    let likes = scenario.likes;
    let taken = clients.likes(likes).await;
    if taken < likes {
        let why = clients.last_error().to_owned();
        scenario.add_finding(format!(
            "{dead:?}: {name} lets {} of {likes} likes fail: {why}",
            likes - taken
        ));
    }
    match clients.counted_at(web.address(), 0, COUNTED_WITHIN).await {
        Ok(counted) => {
            if let Some(difference) = clients.difference(counted) {
                scenario.add_finding(format!("{dead:?}: {difference}"));
            }
        }
        Err(error) => scenario.add_finding(format!("{dead:?}: {name} returns no stats: {error:#}")),
    }
    for (what, answer) in [
        ("/healthz", problem_reports::alive(node).await),
        ("/readyz", problem_reports::readiness(node).await),
    ] {
        if let Err(answer) = answer {
            scenario.add_finding(format!("{dead:?}: {what} of {name} returns {answer}"));
        }
    }
    let (refused, overflowed) = (
        problem_reports::metric(node, REFUSED).await,
        problem_reports::metric(node, OVERFLOWED).await,
    );
    let dropped = refused.unwrap_or_default() + overflowed.unwrap_or_default();
    // With a full pipe many lines may be queued before the first is dropped.
    let may_wait = matches!(dead, DeadLogKind::FullPipe) && overflowed.is_some();
    if dropped == 0 && !may_wait {
        scenario.add_finding(format!("{dead:?}: {name} does not count the dropped lines of its log"));
    }
    scenario.add_note(format!("{dead:?}: {name} dropped {dropped} lines of its log"));
    scenario.finish_reading(articles).await;
    Ok(())
}

async fn check_shutdown(scenario: &mut AlarmScenario, mut node: NodeProcess, dead: DeadLogKind) {
    if let Err(error) = node.stop().await {
        scenario.add_finding(format!("{dead:?}: {} does not stop: {error:#}", node.name()));
    }
}

/// A file for standard error that fails.
struct LogTarget {
    path: PathBuf,
    dead: DeadLogKind,
    reader: Option<Receiver>,
}

impl LogTarget {
    async fn open(folder: &Path, dead: DeadLogKind, role: Role) -> anyhow::Result<Self> {
        if matches!(dead, DeadLogKind::DevFull) {
            let path = PathBuf::from("/dev/full");
            ensure!(path.exists(), "there is no /dev/full: run this class on Linux");
            return Ok(Self {
                path,
                dead,
                reader: None,
            });
        }
        let path = folder.join(format!("{}-{dead:?}.pipe", role.word()));
        let made = Command::new("mkfifo").arg(&path).status().await;
        ensure!(
            made.context("`mkfifo` does not start")?.success(),
            "no pipe could be made"
        );
        let reader = Some(OpenOptions::new().open_receiver(&path)?);
        Ok(Self { path, dead, reader })
    }

    /// Closes the reader, or fills the pipe. Returns the reader that must stay open.
    async fn fail(self) -> anyhow::Result<Option<Receiver>> {
        if matches!(self.dead, DeadLogKind::FullPipe) {
            let pipe = OpenOptions::new().open_sender(&self.path)?;
            pipe.writable().await?;
            // Complete pages, so that no smaller write fits either.
            while pipe.try_write(&[b'.'; PAGE_BYTES]).is_ok() {}
            return Ok(self.reader);
        }
        Ok(None)
    }
}
