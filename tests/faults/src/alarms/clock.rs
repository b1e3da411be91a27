//! The clock of a web node is wrong.

use anyhow::{bail, ensure};
use horizon_redis::testing::RedisServer;
use horizon_test_support::{clock, http};

use super::{
    article_readers::ArticleReaders,
    like_clients::{COUNTED_WITHIN, LikeClients, PAGE, likes_at},
    problem_reports::{self, ReportedProblem},
    report_totals,
    scenario::AlarmScenario,
};
use crate::{cluster::NO_VISIT, node_process::NodeProcess};

/// Offsets of a clock, and whether likes must be acknowledged all the same.
const OFFSETS: [(&str, bool); 4] = [("+2h", false), ("-31d", false), ("+50m", false), ("+5m", true)];

/// A web node with each offset runs together with one whose clock is right.
pub(crate) async fn shifted(scenario: &mut AlarmScenario) -> anyhow::Result<()> {
    let redis = RedisServer::start(&[]).await?;
    let bus = ("HORIZON_BUS", redis.url());
    let _accumulator = scenario.accumulator(std::slice::from_ref(&bus)).await?;
    let right = scenario.web(std::slice::from_ref(&bus)).await?;
    for (offset, must_pass) in OFFSETS {
        let mut variables = vec![bus.clone()];
        variables.extend(clock::shifted_by(offset).map(|(name, value)| (name, value.to_owned())));
        let wrong = scenario.web(&variables).await?;
        scenario.count_fault();
        let articles = ArticleReaders::read_at(&[&right, &wrong]);
        let passed = check_likes(scenario, &right, &wrong, offset).await?;
        if passed {
            check_unlikes(scenario, &right, &wrong, offset).await?;
        } else {
            scenario.check_all_report(&[&wrong], ReportedProblem::CLOCK).await;
        }
        if must_pass && !passed {
            scenario.add_finding(format!("a node rejects likes with a clock that is {offset} off"));
        }
        scenario.finish_reading(articles).await;
    }
    report_totals::check(scenario, &redis.url()).await
}

/// Checks that acknowledged likes are counted. Returns whether all are acknowledged.
async fn check_likes(
    scenario: &mut AlarmScenario,
    right: &NodeProcess,
    wrong: &NodeProcess,
    offset: &str,
) -> anyhow::Result<bool> {
    let base = likes_at(right.address()).await?;
    let mut clients: LikeClients = scenario.clients(&[wrong]);
    clients.likes(scenario.likes).await;
    let counted = clients
        .counted_at(right.address(), base, COUNTED_WITHIN)
        .await?
        .saturating_sub(base);
    scenario.add_counts(clients.acknowledged(), counted);
    if let Some(difference) = clients.difference(counted) {
        scenario.add_finding(format!("at a node whose clock is {offset} off {difference}"));
    }
    if clients.unsure() > 0 {
        scenario.add_note(format!(
            "at a node whose clock is {offset} off {} of {} likes are refused: {}",
            clients.unsure(),
            scenario.likes,
            clients.last_error()
        ));
    }
    Ok(clients.unsure() == 0)
}

/// Checks that likes and unlikes on both nodes take effect in their real order.
async fn check_unlikes(
    scenario: &mut AlarmScenario,
    right: &NodeProcess,
    wrong: &NodeProcess,
    offset: &str,
) -> anyhow::Result<()> {
    let base = likes_at(right.address()).await?;
    let cookie = change(wrong, "PUT", "").await?;
    check_count(scenario, right, base + 1, "a like", offset).await?;
    change(right, "DELETE", &cookie).await?;
    check_count(scenario, right, base, "an unlike elsewhere", offset).await?;
    change(right, "PUT", &cookie).await?;
    check_count(scenario, right, base + 1, "a like after that", offset).await?;
    change(wrong, "DELETE", &cookie).await?;
    check_count(scenario, right, base, "an unlike after that", offset).await
}

async fn change(web: &NodeProcess, method: &str, cookie: &str) -> anyhow::Result<String> {
    let headers = [("cookie", cookie), ("x-forwarded-for", "172.20.1.1"), NO_VISIT];
    let headers = if cookie.is_empty() { &headers[1..] } else { &headers[..] };
    let path = format!("/horizon/likes/{PAGE}");
    let answer = http::send(web.address(), method.parse()?, &path, headers, "").await?;
    if answer.status != 200 {
        bail!("{method} at {} got {} {}", web.name(), answer.status, answer.text());
    }
    let cookie = answer.cookie();
    ensure!(
        method == "DELETE" || !cookie.is_empty() || headers.len() > 2,
        "a like got no cookie"
    );
    Ok(cookie)
}

async fn check_count(
    scenario: &mut AlarmScenario,
    web: &NodeProcess,
    expected: u64,
    what: &str,
    offset: &str,
) -> anyhow::Result<()> {
    let mut shown = 0;
    let wrong = crate::oracle::settled(problem_reports::REPORTED_WITHIN, async || {
        shown = likes_at(web.address()).await.unwrap_or_default();
        if shown == expected {
            Vec::new()
        } else {
            vec![shown.to_string()]
        }
    });
    if !wrong.await.is_empty() {
        scenario.add_finding(format!(
            "with a clock {offset} off {what} was acknowledged without effect: {shown} likes, expected {expected}"
        ));
    }
    Ok(())
}
