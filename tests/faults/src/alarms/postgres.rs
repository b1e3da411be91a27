//! PostgreSQL fails while a blog with an embedded accumulator writes to it.

use std::{cell::Cell, fs, time::Duration};

use anyhow::ensure;
use tokio::time::sleep;

use super::{
    article_readers::ArticleReaders,
    like_clients::{COUNTED_WITHIN, LikeClients},
    problem_reports::ReportedProblem,
    report_totals,
    scenario::AlarmScenario,
};
use crate::{node_process::NodeProcess, postgres::FaultPostgres};

/// How long likes are sent before each fault.
const BEFORE_FAULT: Duration = Duration::from_secs(1);

/// How long the server is away after a kill, so that the blog notices.
const AWAY: Duration = Duration::from_secs(3);

/// How long the server is paused: longer than clients wait for a response.
const PAUSE: Duration = Duration::from_secs(7);

/// The longest time until every like is acknowledged once the server runs again.
const RECOVERED_WITHIN: Duration = Duration::from_secs(15);

/// What happens to the server.
#[derive(Clone, Copy, Debug)]
enum PostgresFault {
    Killed,
    Paused,
    Terminated,
}

/// Acknowledged likes are in PostgreSQL, whatever happens to it, and retried ones count once.
pub(crate) async fn blog(scenario: &mut AlarmScenario) -> anyhow::Result<()> {
    let postgres = FaultPostgres::start(scenario.mutant).await?;
    let web = scenario.web(&[("HORIZON_STORE", postgres.url("web-0"))]).await?;
    let articles = ArticleReaders::read_at(&[&web]);
    let mut clients = scenario.clients(&[&web]);
    let mut played = Ok(());
    for fault in [PostgresFault::Killed, PostgresFault::Paused, PostgresFault::Terminated] {
        played = played.and(play(scenario, &postgres, &web, &mut clients, fault).await);
    }
    fs::write(scenario.folder().join("postgres.log"), postgres.server.log())?;
    played?;
    check_counts(scenario, &clients, &web).await;
    scenario.finish_reading(articles).await;
    report_totals::check(scenario, &postgres.server.url()).await
}

async fn play(
    scenario: &mut AlarmScenario,
    postgres: &FaultPostgres,
    web: &NodeProcess,
    clients: &mut LikeClients,
    fault: PostgresFault,
) -> anyhow::Result<()> {
    let is_over = Cell::new(false);
    let injected = async {
        sleep(BEFORE_FAULT).await;
        let injected = inject(scenario, postgres, web, fault).await;
        is_over.set(true);
        injected
    };
    let (injected, ()) = tokio::join!(injected, clients.like_until(|| is_over.get()));
    injected?;
    check_recovered(scenario, clients, web, &format!("PostgreSQL was {fault:?}")).await;
    Ok(())
}

/// Retries all likes that were not acknowledged. Each has to be acknowledged now.
pub(super) async fn check_recovered(
    scenario: &mut AlarmScenario,
    clients: &mut LikeClients,
    web: &NodeProcess,
    after: &str,
) {
    let refused = clients.unsure();
    if !clients.retry_all(RECOVERED_WITHIN).await {
        let why = clients.last_error().to_owned();
        scenario.add_finding(format!("{RECOVERED_WITHIN:?} after {after} likes are refused: {why}"));
    }
    scenario.check_ready(web, &format!("after {after}")).await;
    scenario.add_note(format!("{refused} likes were refused, and acknowledged after {after}"));
}

async fn inject(
    scenario: &mut AlarmScenario,
    postgres: &FaultPostgres,
    web: &NodeProcess,
    fault: PostgresFault,
) -> anyhow::Result<()> {
    scenario.count_fault();
    match fault {
        PostgresFault::Killed => {
            postgres.server.kill().await?;
            scenario.check_unready(web, ReportedProblem::STORE).await;
            sleep(AWAY).await;
            postgres.server.restart().await
        }
        PostgresFault::Paused => postgres.pause(PAUSE).await,
        PostgresFault::Terminated => {
            ensure!(postgres.terminate().await? > 0, "the blog has no connection");
            Ok(())
        }
    }
}

/// Checks that the blog shows exactly the acknowledged likes.
pub(super) async fn check_counts(scenario: &mut AlarmScenario, clients: &LikeClients, web: &NodeProcess) {
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
}
