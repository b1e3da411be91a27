//! One small disk holds the database and the log of an embedded blog, and is full for a while.

use std::{fs, time::Duration};

use super::{
    articles::Articles,
    database::store,
    likers::COUNTED_WITHIN,
    scene::Scene,
    tmpfs::Tmpfs,
    witness::{self, Problem},
};
use crate::node::Node;

/// The size of the disk, in mebibytes.
const DISK: u64 = 16;

/// How soon a like has to be refused on a full disk.
const REFUSED_WITHIN: Duration = Duration::from_secs(30);

/// How many more likes are sent to a full disk: the server answers each only after seconds of retries.
const LATE_LIKES: u64 = 2;

/// How soon every like has to be acknowledged once there is space again.
const HEALED_WITHIN: Duration = Duration::from_secs(15);

/// Likes are refused while nothing can be written, articles stay, and everything heals by itself.
pub(crate) async fn with_the_log(scene: &mut Scene) -> anyhow::Result<()> {
    let folder = scene.folder().join("disk");
    fs::create_dir(&folder)?;
    let disk = Tmpfs::mount(folder, DISK)?;
    let file = store(&disk.path().join("horizon.db"));
    let level = ("RUST_LOG", "debug".to_owned());
    let mut web = scene.web_with_log(&[file, level], disk.path().join("web.log")).await?;
    let played = fill_and_free(scene, &disk, &web).await;
    let ended = web.stop().await;
    // The disk goes, and its log is shown if the class fails.
    fs::copy(disk.path().join("web.log"), scene.folder().join("web.log"))?;
    played.and(ended)
}

async fn fill_and_free(scene: &mut Scene, disk: &Tmpfs, web: &Node) -> anyhow::Result<()> {
    let articles = Articles::read_at(&[web]);
    let mut likers = scene.likers(&[web]);
    likers.likes(scene.likes).await;
    disk.fill()?;
    scene.struck();
    if !likers.like_until_refused(REFUSED_WITHIN).await {
        scene.find(format!(
            "{REFUSED_WITHIN:?} after the disk was full likes are still acknowledged"
        ));
    }
    likers.likes(LATE_LIKES).await;
    // There is no space for an ERROR either.
    scene.must_be_unready(web, Problem::STORE).await;
    if let Err(answer) = witness::alive(web).await {
        scene.find(format!("on a full disk /healthz says {answer}"));
    }
    let refused = likers.unsure();
    disk.free()?;
    if !likers.settle(HEALED_WITHIN).await {
        let why = likers.last_refusal().to_owned();
        scene.find(format!(
            "{HEALED_WITHIN:?} after there is space again likes are refused: {why}"
        ));
    }
    scene.must_be_ready(web, "after there is space again").await;
    scene.note(format!("{refused} likes were refused meanwhile"));
    match likers.counted_at(web.address(), 0, COUNTED_WITHIN).await {
        Ok(counted) => {
            scene.add_up(likers.acknowledged(), counted);
            if let Some(difference) = likers.difference(counted) {
                scene.find(difference);
            }
        }
        Err(error) => scene.find(format!("no numbers are shown: {error:#}")),
    }
    if web.log().contains("panicked") {
        scene.find("the server panicked");
    }
    scene.finish_reading(articles).await;
    Ok(())
}
