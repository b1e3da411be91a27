//! The file of an embedded blog: deleted or replaced under the running server, or another program's.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use super::{
    articles::Articles,
    scene::Scene,
    witness::{Problem, REPORTED_WITHIN},
};
use crate::node::Node;

/// How the name of the lock ends that keeps two servers from one file.
const LOCK: &str = "accumulator";

/// How many likes are sent to a server that knows that its file is gone: it answers each only after seconds of retries.
const LATE_LIKES: u64 = 1;

/// What may happen to the file.
#[derive(Clone, Copy, Debug)]
enum Loss {
    Deleted,
    Replaced,
}

/// The file disappears under the running server: noticed within seconds.
pub(crate) async fn deleted(scene: &mut Scene) -> anyhow::Result<()> {
    for loss in [Loss::Deleted, Loss::Replaced] {
        let file = scene.folder().join(format!("{loss:?}.db"));
        lose(scene, &file, loss).await?;
    }
    Ok(())
}

async fn lose(scene: &mut Scene, file: &Path, loss: Loss) -> anyhow::Result<()> {
    let mut web = embedded(scene, file).await?;
    let articles = Articles::read_at(&[&web]);
    let mut likers = scene.likers(&[&web]);
    likers.likes(scene.likes).await;
    let before = likers.acknowledged();
    take_away(file, loss)?;
    scene.struck();
    let refused = likers.like_until_refused(REPORTED_WITHIN).await;
    if refused {
        let late = likers.acknowledged() - before;
        scene.note(format!(
            "{loss:?}: {late} likes were acknowledged before it was noticed"
        ));
    } else {
        scene.find(format!(
            "{loss:?}: {REPORTED_WITHIN:?} later likes are still acknowledged"
        ));
    }
    scene.all_must_report(&[&web], Problem::STORE).await;
    if likers.likes(LATE_LIKES).await > 0 {
        scene.find(format!(
            "{loss:?}: likes are acknowledged after the server knows that its file is gone"
        ));
    }
    scene.finish_reading(articles).await;
    let acknowledged = likers.acknowledged();
    web.stop().await?;
    web.start_again().await?;
    let counted = super::likers::likes_at(web.address()).await?;
    scene.add_up(acknowledged, counted);
    scene
        .must_be_ready(&web, "after a restart with a file that is there")
        .await;
    Ok(())
}

fn take_away(file: &Path, loss: Loss) -> anyhow::Result<()> {
    let log_of = |suffix: &str| PathBuf::from(format!("{}{suffix}", file.display()));
    for part in [file.to_owned(), log_of("-wal"), log_of("-shm")] {
        if part.exists() {
            fs::remove_file(part)?;
        }
    }
    if matches!(loss, Loss::Replaced) {
        fs::write(file, "")?;
    }
    Ok(())
}

/// Starts a web node that counts into this file itself.
pub(crate) async fn embedded(scene: &mut Scene, file: &Path) -> anyhow::Result<Node> {
    scene.web(&[store(file)]).await
}

/// The variable that names this file as the store.
pub(crate) fn store(file: &Path) -> (&'static str, String) {
    ("HORIZON_STORE", format!("sqlite:{}", file.display()))
}

/// Another program's file is refused at the start, and not changed.
pub(crate) async fn foreign(scene: &mut Scene) -> anyhow::Result<()> {
    let marks = [
        ("marked.db", "PRAGMA application_id = 252006674"),
        ("versioned.db", "PRAGMA user_version = 2"),
    ];
    for (name, mark) in marks {
        let folder = scene.folder().join(format!("of-another-program-{name}"));
        fs::create_dir(&folder)?;
        let file = folder.join(name);
        let database = Connection::open(&file)?;
        database.execute_batch(&format!(
            "{mark}; CREATE TABLE invoices (id INTEGER PRIMARY KEY, amount INTEGER); \
             INSERT INTO invoices VALUES (1, 99);"
        ))?;
        drop(database);
        refused(scene, &folder, &file, mark).await?;
    }
    Ok(())
}

async fn refused(scene: &mut Scene, folder: &Path, file: &Path, mark: &str) -> anyhow::Result<()> {
    let before = contents(folder)?;
    scene.struck();
    match embedded(scene, file).await {
        Ok(mut web) => {
            scene.find(format!("it starts over another program's database ({mark})"));
            web.stop().await?;
        }
        Err(error) => {
            let said = format!("{error:#}");
            if !said.contains(&file.display().to_string()) {
                scene.find(format!("the refusal does not name the file: {said}"));
            }
            let sentence = said.lines().find(|line| line.contains("database"));
            scene.note(format!("{mark}: {}", sentence.unwrap_or(&said)));
        }
    }
    let after = contents(folder)?;
    for (path, bytes) in &before {
        if after.get(path) != Some(bytes) {
            scene.find(format!("{} of another program is changed ({mark})", path.display()));
        }
    }
    for path in after.keys().filter(|path| !before.contains_key(*path)) {
        let text = format!("{} lies beside another program's database ({mark})", path.display());
        // A lock is empty and nobody else's.
        if path.extension().is_some_and(|end| end == LOCK) {
            scene.note(text);
        } else {
            scene.find(text);
        }
    }
    Ok(())
}

/// The files of a folder, by name.
fn contents(folder: &Path) -> anyhow::Result<BTreeMap<PathBuf, Vec<u8>>> {
    let files = fs::read_dir(folder)?.map(|entry| {
        let path = entry?.path();
        let bytes = fs::read(&path)?;
        Ok((path, bytes))
    });
    files.collect()
}
