//! Nobody takes the log: the process goes on, and says how many lines it dropped.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use horizon_redis::testing::RedisServer;
use tokio::{
    net::unix::pipe::{OpenOptions, Receiver},
    process::Command,
};

use super::{articles::Articles, database::store, scene::Scene, witness};
use crate::node::{Node, Role};

/// The metric of lines that could not be written.
const DROPPED: &str = "horizon_log_lines_dropped_total";

/// How much is logged: so much that a pipe, which holds 64 KiB, is full at once.
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
    for dead in [Dead::ReaderGone, Dead::DevFull, Dead::NobodyReads] {
        let log = Log::open(scene.folder(), dead, Role::Web).await?;
        let file = store(&scene.folder().join(format!("{dead:?}.db")));
        let level = (EVERYTHING.0, EVERYTHING.1.to_owned());
        let web = scene.web_with_log(&[file, level], log.path.clone()).await?;
        goes_on(scene, &web, web.name(), &web, log, dead).await?;
        ends_in_order(scene, web, dead).await;
    }
    let redis = RedisServer::start(&[]).await?;
    let pipe = ("HORIZON_PIPE", redis.url());
    let web = scene.web(std::slice::from_ref(&pipe)).await?;
    for dead in [Dead::ReaderGone, Dead::DevFull, Dead::NobodyReads] {
        let log = Log::open(scene.folder(), dead, Role::Accumulator).await?;
        let level = (EVERYTHING.0, EVERYTHING.1.to_owned());
        let accumulator = scene
            .accumulator_with_log(&[pipe.clone(), level], log.path.clone())
            .await?;
        goes_on(scene, &accumulator, accumulator.name(), &web, log, dead).await?;
        ends_in_order(scene, accumulator, dead).await;
    }
    Ok(())
}

/// Likes at `web` are acknowledged and counted, and `node` answers, although nobody takes its log.
async fn goes_on(scene: &mut Scene, node: &Node, name: &str, web: &Node, log: Log, dead: Dead) -> anyhow::Result<()> {
    let base = super::likers::likes_at(web.address()).await.unwrap_or_default();
    let _read_by = log.die();
    scene.struck();
    let articles = Articles::read_at(&[web]);
    let mut likers = scene.likers(&[web]);
    let likes = scene.likes;
    let taken = likers.likes(likes).await;
    if taken < likes {
        let why = likers.last_refusal().to_owned();
        scene.find(format!(
            "{dead:?}: {name} lets {} of {likes} likes fail: {why}",
            likes - taken
        ));
    }
    match likers.counted_at(web.address(), base).await {
        Ok(counted) => {
            scene.add_up(likers.acknowledged(), counted - base);
            if let Some(difference) = likers.difference(counted - base) {
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
    match witness::metric(node, DROPPED).await {
        Some(0) | None => scene.find(format!(
            "{dead:?}: {name} does not say that lines of its log were dropped"
        )),
        Some(dropped) => scene.note(format!("{dead:?}: {name} dropped {dropped} lines of its log")),
    }
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

    /// Takes the reader away if that is how the log dies, and returns it otherwise: it reads nothing, and has to stay.
    fn die(self) -> Option<Receiver> {
        match self.dead {
            Dead::NobodyReads => self.reader,
            Dead::ReaderGone | Dead::DevFull => None,
        }
    }
}
