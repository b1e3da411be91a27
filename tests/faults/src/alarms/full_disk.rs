//! The disk with the database and the log of a blog is full for a while.

use std::{fs, time::Duration};

use super::{
    article_readers::ArticleReaders,
    database::store,
    like_clients::COUNTED_WITHIN,
    problem_reports::{self, ReportedProblem},
    report_totals,
    scenario::AlarmScenario,
    tmpfs::Tmpfs,
};
use crate::node_process::NodeProcess;

/// The size of the disk, in mebibytes.
const DISK: u64 = 16;

/// The longest time until a like is rejected on a full disk.
const REFUSED_WITHIN: Duration = Duration::from_secs(30);

/// Likes to a full disk. Few, because the server retries each for seconds.
const LATE_LIKES: u64 = 2;

/// The longest time until every like is acknowledged once there is space again.
const RECOVERED_WITHIN: Duration = Duration::from_secs(15);

/// Likes are rejected while the disk is full, articles stay readable, and the blog recovers.
pub(crate) async fn with_the_log(scenario: &mut AlarmScenario) -> anyhow::Result<()> {
    let folder = scenario.folder().join("disk");
    fs::create_dir(&folder)?;
    let disk = Tmpfs::mount(folder, DISK)?;
    let database = store(&disk.path().join("horizon.db"));
    let level = ("RUST_LOG", "debug".to_owned());
    let mut web = scenario
        .web_with_log(&[database.clone(), level], disk.path().join("web.log"))
        .await?;
    let played = fill_and_free(scenario, &disk, &web).await;
    let ended = web.stop().await;
    let checked = report_totals::check(scenario, &database.1).await;
    // The disk is unmounted, and the report needs its log.
    fs::copy(disk.path().join("web.log"), scenario.folder().join("web.log"))?;
    played.and(ended).and(checked)
}

async fn fill_and_free(scenario: &mut AlarmScenario, disk: &Tmpfs, web: &NodeProcess) -> anyhow::Result<()> {
    let articles = ArticleReaders::read_at(&[web]);
    let mut clients = scenario.clients(&[web]);
    clients.likes(scenario.likes).await;
    disk.fill()?;
    scenario.count_fault();
    if !clients.like_until_refused(REFUSED_WITHIN).await {
        scenario.add_finding(format!(
            "{REFUSED_WITHIN:?} after the disk was full likes are still acknowledged"
        ));
    }
    clients.likes(LATE_LIKES).await;
    // There is no space for a log line either.
    scenario.check_unready(web, ReportedProblem::STORE).await;
    if let Err(answer) = problem_reports::alive(web).await {
        scenario.add_finding(format!("on a full disk /healthz returns {answer}"));
    }
    let refused = clients.unsure();
    disk.free()?;
    if !clients.retry_all(RECOVERED_WITHIN).await {
        let why = clients.last_error().to_owned();
        scenario.add_finding(format!(
            "{RECOVERED_WITHIN:?} after there is space again likes are refused: {why}"
        ));
    }
    scenario.check_ready(web, "after there is space again").await;
    scenario.add_note(format!("{refused} likes were refused meanwhile"));
    match clients.counted_at(web.address(), 0, COUNTED_WITHIN).await {
        Ok(counted) => {
            scenario.add_counts(clients.acknowledged(), counted);
            if let Some(difference) = clients.difference(counted) {
                scenario.add_finding(difference);
            }
        }
        Err(error) => scenario.add_finding(format!("no numbers are shown: {error:#}")),
    }
    if web.log().contains("panicked") {
        scenario.add_finding("the server panicked");
    }
    scenario.finish_reading(articles).await;
    Ok(())
}
