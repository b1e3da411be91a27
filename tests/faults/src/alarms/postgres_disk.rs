//! A disk of PostgreSQL is full for a while (needs `mount -t tmpfs`, so root).

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, chown, symlink},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, ensure};
use tokio::time::{Instant, sleep};

use super::{
    article_readers::ArticleReaders,
    like_clients::LikeClients,
    postgres::{check_counts, check_recovered},
    problem_reports::{self, ReportedProblem},
    report_totals,
    scenario::AlarmScenario,
    tmpfs::Tmpfs,
};
use crate::{node_process::NodeProcess, oracle::settled, postgres::FaultPostgres};

/// The size of the disk, in mebibytes: four files of the write-ahead log.
const DISK: u64 = 64;

/// The longest time until a like is rejected on a full disk.
const REFUSED_WITHIN: Duration = Duration::from_secs(30);

/// The longest time until PostgreSQL has stopped after its first error.
const STOPPED_WITHIN: Duration = Duration::from_secs(15);

/// The number of likes on a full disk: few, because the server retries each for seconds.
const LATE_LIKES: u64 = 2;

/// How long to check that PostgreSQL stays down although there is space again.
const DOWN: Duration = Duration::from_secs(3);

/// What PostgreSQL logs about a full disk.
const NO_SPACE: &str = "No space left on device";

/// What PostgreSQL logs when it has stopped.
const SHUT_DOWN: &str = "database system is shut down";

/// PostgreSQL rejects writes while the disk of the tables is full. Likes count again without a restart.
pub(crate) async fn tables_full(scenario: &mut AlarmScenario) -> anyhow::Result<()> {
    let postgres = FaultPostgres::start(scenario.mutant).await?;
    let disk = mount(&postgres, "tables").await?;
    let folder = disk.path().join("small");
    fs::create_dir(&folder)?;
    give_to_server(&postgres, &folder).await?;
    let database = postgres.server.database();
    let tablespace = format!("CREATE TABLESPACE small LOCATION '{}'", folder.display());
    database.execute(&tablespace).await?;
    database
        .execute("ALTER ROLE postgres SET default_tablespace = small")
        .await?;
    let web = scenario.web(&[("HORIZON_STORE", postgres.url("web-0"))]).await?;
    let articles = ArticleReaders::read_at(&[&web]);
    let mut clients = scenario.clients(&[&web]);
    clients.likes(scenario.likes).await;
    disk.fill()?;
    scenario.count_fault();
    check_refused(scenario, &mut clients, &web, async || {}).await;
    scenario.check_unready(&web, ReportedProblem::COUNTING).await;
    disk.free()?;
    finish(scenario, &postgres, &mut clients, &web).await?;
    scenario.finish_reading(articles).await;
    report_totals::check(scenario, &postgres.server.url()).await
}

/// PostgreSQL stops when the disk of its write-ahead log is full, and stays down until it is started.
pub(crate) async fn wal_full(scenario: &mut AlarmScenario) -> anyhow::Result<()> {
    let postgres = FaultPostgres::start(scenario.mutant).await?;
    let disk = mount(&postgres, "wal").await?;
    move_log(&postgres, &disk).await?;
    let web = scenario.web(&[("HORIZON_STORE", postgres.url("web-0"))]).await?;
    let articles = ArticleReaders::read_at(&[&web]);
    let mut clients = scenario.clients(&[&web]);
    clients.likes(scenario.likes).await;
    disk.fill()?;
    scenario.count_fault();
    let (likes, late) = (scenario.likes, clients.likes(scenario.likes).await);
    scenario.add_note(format!(
        "{late} of {likes} likes were acknowledged on the full disk, in the file that the log already had"
    ));
    let database = postgres.server.database();
    // Leaves the rest of the file empty, so that the next write needs another file.
    let switch = async || {
        // It fails once PostgreSQL has stopped.
        let _ = database.execute("SELECT pg_switch_wal()").await;
    };
    check_refused(scenario, &mut clients, &web, switch).await;
    check_stays_down(scenario, &postgres, &disk, &web).await?;
    postgres.server.restart().await?;
    finish(scenario, &postgres, &mut clients, &web).await?;
    scenario.finish_reading(articles).await;
    report_totals::check(scenario, &postgres.server.url()).await
}

/// Checks that PostgreSQL stops, and does not start by itself when there is space again.
async fn check_stays_down(
    scenario: &mut AlarmScenario,
    postgres: &FaultPostgres,
    disk: &Tmpfs,
    web: &NodeProcess,
) -> anyhow::Result<()> {
    let is_down = async || {
        let log = postgres.server.log();
        let last = log.lines().last().unwrap_or_default().to_owned();
        if log.contains(SHUT_DOWN) {
            Vec::new()
        } else {
            vec![last]
        }
    };
    let running = settled(STOPPED_WITHIN, is_down).await;
    ensure!(
        running.is_empty(),
        "PostgreSQL still runs without space for its log: {running:?}"
    );
    note_errors(scenario, postgres);
    scenario.check_unready(web, ReportedProblem::STORE).await;
    disk.free()?;
    sleep(DOWN).await;
    scenario.check_unready(web, ReportedProblem::STORE).await;
    Ok(())
}

/// Sends likes until one is rejected. Calls `before` before each.
async fn check_refused(
    scenario: &mut AlarmScenario,
    clients: &mut LikeClients,
    web: &NodeProcess,
    before: impl AsyncFn(),
) {
    let give_up = Instant::now() + REFUSED_WITHIN;
    let mut is_refused = false;
    while !is_refused && Instant::now() < give_up {
        before().await;
        is_refused = !clients.like().await;
    }
    if !is_refused {
        scenario.add_finding(format!(
            "{REFUSED_WITHIN:?} after the disk was full likes are still acknowledged"
        ));
    }
    clients.likes(LATE_LIKES).await;
    if let Err(answer) = problem_reports::alive(web).await {
        scenario.add_finding(format!("on a full disk /healthz returns {answer}"));
    }
}

/// Checks that all likes count once there is space again and PostgreSQL runs.
async fn finish(
    scenario: &mut AlarmScenario,
    postgres: &FaultPostgres,
    clients: &mut LikeClients,
    web: &NodeProcess,
) -> anyhow::Result<()> {
    note_errors(scenario, postgres);
    check_recovered(scenario, clients, web, "there is space again").await;
    check_counts(scenario, clients, web).await;
    fs::write(scenario.folder().join("postgres.log"), postgres.server.log())?;
    Ok(())
}

/// Adds what PostgreSQL logged about the full disk.
fn note_errors(scenario: &mut AlarmScenario, postgres: &FaultPostgres) {
    let log = postgres.server.log();
    let errors: Vec<&str> = log
        .lines()
        .filter(|line| line.contains(NO_SPACE) || line.contains(SHUT_DOWN))
        .collect();
    for line in errors.first().into_iter().chain(errors.get(1..).and_then(<[_]>::last)) {
        scenario.add_note(format!("PostgreSQL: {line}"));
    }
}

/// Mounts a small disk in the folder of the server.
async fn mount(postgres: &FaultPostgres, name: &str) -> anyhow::Result<Tmpfs> {
    let data = data_folder(postgres).await?;
    let folder = data.with_file_name(name);
    fs::create_dir(&folder)?;
    let disk = Tmpfs::mount(folder, DISK)?;
    give_to_server(postgres, disk.path()).await?;
    Ok(disk)
}

/// Moves the write-ahead log to this disk.
async fn move_log(postgres: &FaultPostgres, disk: &Tmpfs) -> anyhow::Result<()> {
    let log = data_folder(postgres).await?.join("pg_wal");
    postgres.server.stop().await?;
    let moved = disk.path().join("pg_wal");
    let copy = Command::new("cp").arg("-a").arg(&log).arg(&moved).output();
    let copy = copy.context("`cp` cannot be started")?;
    ensure!(copy.status.success(), "{}", String::from_utf8_lossy(&copy.stderr));
    fs::remove_dir_all(&log)?;
    symlink(&moved, &log)?;
    postgres.server.restart().await
}

async fn data_folder(postgres: &FaultPostgres) -> anyhow::Result<PathBuf> {
    let rows = postgres.server.database().execute("SHOW data_directory").await?;
    Ok(rows.first().context("PostgreSQL has no data directory")?.into())
}

/// Makes the user of the server the owner of a folder.
async fn give_to_server(postgres: &FaultPostgres, folder: &Path) -> anyhow::Result<()> {
    let owner = fs::metadata(data_folder(postgres).await?)?;
    Ok(chown(folder, Some(owner.uid()), Some(owner.gid()))?)
}
