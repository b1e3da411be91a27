//! Nobody takes the log: the process goes on, and says how many lines it dropped.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use horizon_redis::testing::RedisServer;
use tokio::{
    net::unix::pipe::{OpenOptions, Receiver},
    process::Command,
};

use super::{
    articles::Articles,
    database::store,
    likers::{COUNTED_WITHIN, Likers, likes_at},
    scene::Scene,
    witness,
};
use crate::node::{Node, Role};

/// The metric of lines that standard error did not take.
const REFUSED: &str = "horizon_log_lines_dropped_total{reason=\"write_error\"}";

/// The metric of lines for which there was no place while others waited.
const OVERFLOWN: &str = "horizon_log_lines_dropped_total{reason=\"overflow\"}";

/// How much is written to a pipe at once to fill it, in bytes.
const PAGE_BYTES: usize = 4_096;

/// How much is logged: so much that each request has a line.
const EVERYTHING: (&str, &str) = ("RUST_LOG", "trace");

/// What becomes of the log.
#[derive(Clone, Copy, Debug)]
enum Dead {
    /// Standard error is a pipe, and who read it is gone.
    ReaderGone,
    /// Standard error is a device that is always full.
    DevFull,
    /// Standard error is a pipe that is never read.
    NobodyReads,
}

/// The log of an embedded blog dies in each of these ways, and that of an accumulator.
pub(crate) async fn dead(scene: &mut Scene) -> anyhow::Result<()> {
    let level = || (EVERYTHING.0, EVERYTHING.1.to_owned());
    for dead in [Dead::ReaderGone, Dead::DevFull, Dead::NobodyReads] {
        let log = Log::open(scene.folder(), dead, Role::Web).await?;
        let file = store(&scene.folder().join(format!("{dead:?}.db")));
        let web = scene.web_with_log(&[file, level()], log.path.clone()).await?;
        let mut likers = scene.likers(&[&web]);
        goes_on(scene, &web, &web, &mut likers, log).await?;
        scene.add_up(likers.acknowledged(), likes_at(web.address()).await.unwrap_or_default());
        ends_in_order(scene, web, dead).await;
    }
    let redis = RedisServer::start(&[]).await?;
    let pipe = ("HORIZON_BUS", redis.url());
    let web = scene.web(std::slice::from_ref(&pipe)).await?;
    let mut likers = scene.likers(&[&web]);
    for dead in [Dead::ReaderGone, Dead::DevFull, Dead::NobodyReads] {
        let log = Log::open(scene.folder(), dead, Role::Accumulator).await?;
        let variables = [pipe.clone(), level()];
        let accumulator = scene.accumulator_with_log(&variables, log.path.clone()).await?;
        goes_on(scene, &accumulator, &web, &mut likers, log).await?;
        ends_in_order(scene, accumulator, dead).await;
    }
    scene.add_up(likers.acknowledged(), likes_at(web.address()).await?);
    Ok(())
}

/// Likes at `web` are acknowledged and counted, and `node` answers, although nobody takes its log.
async fn goes_on(scene: &mut Scene, node: &Node, web: &Node, likers: &mut Likers, log: Log) -> anyhow::Result<()> {
    let (dead, name) = (log.dead, node.name());
    let _never_read = log.die().await?;
    scene.struck();
    let articles = Articles::read_at(&[web]);
    let likes = scene.likes;
    let taken = likers.likes(likes).await;
    if taken < likes {
        let why = likers.last_refusal().to_owned();
        scene.find(format!(
            "{dead:?}: {name} lets {} of {likes} likes fail: {why}",
            likes - taken
        ));
    }
    match likers.counted_at(web.address(), 0, COUNTED_WITHIN).await {
        Ok(counted) => {
            if let Some(difference) = likers.difference(counted) {
                scene.find(format!("{dead:?}: {difference}"));
            }
        }
        Err(error) => scene.find(format!("{dead:?}: {name} shows no numbers: {error:#}")),
    }
    for (what, answer) in [
        ("/healthz", witness::alive(node).await),
        ("/readyz", witness::readiness(node).await),
    ] {
        if let Err(answer) = answer {
            scene.find(format!("{dead:?}: {what} of {name} says {answer}"));
        }
    }
    let (refused, overflown) = (
        witness::metric(node, REFUSED).await,
        witness::metric(node, OVERFLOWN).await,
    );
    let dropped = refused.unwrap_or_default() + overflown.unwrap_or_default();
    // Where nobody reads, many lines may wait before the first is dropped.
    let may_wait = matches!(dead, Dead::NobodyReads) && overflown.is_some();
    if dropped == 0 && !may_wait {
        scene.find(format!(
            "{dead:?}: {name} does not say that lines of its log were dropped"
        ));
    }
    scene.note(format!("{dead:?}: {name} dropped {dropped} lines of its log"));
    scene.finish_reading(articles).await;
    Ok(())
}

async fn ends_in_order(scene: &mut Scene, mut node: Node, dead: Dead) {
    if let Err(error) = node.stop().await {
        scene.find(format!("{dead:?}: {} does not end in order: {error:#}", node.name()));
    }
}

/// Where a log goes.
struct Log {
    path: PathBuf,
    dead: Dead,
    reader: Option<Receiver>,
}

impl Log {
    async fn open(folder: &Path, dead: Dead, role: Role) -> anyhow::Result<Self> {
        if matches!(dead, Dead::DevFull) {
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

    /// Takes the reader away, or fills the pipe. Returns a reader that reads nothing and has to stay.
    async fn die(self) -> anyhow::Result<Option<Receiver>> {
        if matches!(self.dead, Dead::NobodyReads) {
            let pipe = OpenOptions::new().open_sender(&self.path)?;
            pipe.writable().await?;
            // Whole pages, so that there is no room for less either.
            while pipe.try_write(&[b'.'; PAGE_BYTES]).is_ok() {}
            return Ok(self.reader);
        }
        Ok(None)
    }
}
