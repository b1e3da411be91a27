//! The SQLite file is deleted or replaced while the server runs, or belongs to another program.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use super::{
    article_readers::ArticleReaders,
    problem_reports::{REPORTED_WITHIN, ReportedProblem},
    report_totals,
    scenario::AlarmScenario,
};
use crate::node_process::NodeProcess;

/// The file extension of the store lock.
const LOCK: &str = "accumulator";

/// Likes to a server without its file. Few, because the server retries each for seconds.
const LATE_LIKES: u64 = 1;

/// What happens to the file.
#[derive(Clone, Copy, Debug)]
enum FileLoss {
    Deleted,
    Replaced,
}

/// The file disappears while the server runs, which it must notice.
pub(crate) async fn deleted(scenario: &mut AlarmScenario) -> anyhow::Result<()> {
    for loss in [FileLoss::Deleted, FileLoss::Replaced] {
        let file = scenario.folder().join(format!("{loss:?}.db"));
        lose(scenario, &file, loss).await?;
    }
    Ok(())
}

async fn lose(scenario: &mut AlarmScenario, file: &Path, loss: FileLoss) -> anyhow::Result<()> {
    let mut web = embedded(scenario, file).await?;
    let articles = ArticleReaders::read_at(&[&web]);
    let mut clients = scenario.clients(&[&web]);
    clients.likes(scenario.likes).await;
    let before = clients.acknowledged();
    lose_file(file, loss)?;
    scenario.count_fault();
    let refused = clients.like_until_refused(REPORTED_WITHIN).await;
    if refused {
        let late = clients.acknowledged() - before;
        scenario.add_note(format!(
            "{loss:?}: {late} likes were acknowledged before the server noticed"
        ));
    } else {
        scenario.add_finding(format!(
            "{loss:?}: {REPORTED_WITHIN:?} later likes are still acknowledged"
        ));
    }
    scenario.check_all_report(&[&web], ReportedProblem::STORE).await;
    if clients.likes(LATE_LIKES).await > 0 {
        scenario.add_finding(format!("{loss:?}: likes are acknowledged although the file is missing"));
    }
    scenario.finish_reading(articles).await;
    let acknowledged = clients.acknowledged();
    web.stop().await?;
    web.start_again().await?;
    let counted = super::like_clients::likes_at(web.address()).await?;
    scenario.add_counts(acknowledged, counted);
    scenario.check_ready(&web, "after a restart with a file").await;
    web.stop().await?;
    report_totals::check(scenario, &store(file).1).await
}

fn lose_file(file: &Path, loss: FileLoss) -> anyhow::Result<()> {
    let log_of = |suffix: &str| PathBuf::from(format!("{}{suffix}", file.display()));
    for part in [file.to_owned(), log_of("-wal"), log_of("-shm")] {
        if part.exists() {
            fs::remove_file(part)?;
        }
    }
    if matches!(loss, FileLoss::Replaced) {
        fs::write(file, "")?;
    }
    Ok(())
}

/// Starts a web node with an embedded accumulator and this database.
pub(crate) async fn embedded(scenario: &mut AlarmScenario, file: &Path) -> anyhow::Result<NodeProcess> {
    scenario.web(&[store(file)]).await
}

/// Returns the variable that selects this database.
pub(crate) fn store(file: &Path) -> (&'static str, String) {
    ("HORIZON_STORE", format!("sqlite:{}", file.display()))
}

/// A file of another program is rejected at startup and not changed.
pub(crate) async fn foreign(scenario: &mut AlarmScenario) -> anyhow::Result<()> {
    let marks = [
        ("marked.db", "PRAGMA application_id = 252006674"),
        ("versioned.db", "PRAGMA user_version = 2"),
    ];
    for (name, mark) in marks {
        let folder = scenario.folder().join(format!("of-another-program-{name}"));
        fs::create_dir(&folder)?;
        let file = folder.join(name);
        let database = Connection::open(&file)?;
        database.execute_batch(&format!(
            "{mark}; CREATE TABLE invoices (id INTEGER PRIMARY KEY, amount INTEGER); \
             INSERT INTO invoices VALUES (1, 99);"
        ))?;
        drop(database);
        check_rejected(scenario, &folder, &file, mark).await?;
    }
    Ok(())
}

async fn check_rejected(scenario: &mut AlarmScenario, folder: &Path, file: &Path, mark: &str) -> anyhow::Result<()> {
    let before = contents(folder)?;
    scenario.count_fault();
    match embedded(scenario, file).await {
        Ok(mut web) => {
            scenario.add_finding(format!("it starts over another program's database ({mark})"));
            web.stop().await?;
        }
        Err(error) => {
            let said = format!("{error:#}");
            if !said.contains(&file.display().to_string()) {
                scenario.add_finding(format!("the refusal does not name the file: {said}"));
            }
            let sentence = said.lines().find(|line| line.contains("database"));
            scenario.add_note(format!("{mark}: {}", sentence.unwrap_or(&said)));
        }
    }
    let after = contents(folder)?;
    for (path, bytes) in &before {
        if after.get(path) != Some(bytes) {
            scenario.add_finding(format!("{} of another program is changed ({mark})", path.display()));
        }
    }
    for path in after.keys().filter(|path| !before.contains_key(*path)) {
        let text = format!(
            "{} was created next to the database of another program ({mark})",
            path.display()
        );
        // The lock file is empty.
        if path.extension().is_some_and(|end| end == LOCK) {
            scenario.add_note(text);
        } else {
            scenario.add_finding(text);
        }
    }
    Ok(())
}

/// Returns the files of a folder.
fn contents(folder: &Path) -> anyhow::Result<BTreeMap<PathBuf, Vec<u8>>> {
    let files = fs::read_dir(folder)?.map(|entry| {
        let path = entry?.path();
        let bytes = fs::read(&path)?;
        Ok((path, bytes))
    });
    files.collect()
}
