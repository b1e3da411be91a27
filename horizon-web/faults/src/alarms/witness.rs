//! What a process says of its own problems: in its log, in its metrics, and at `/readyz`.

use std::time::Duration;

use horizon_web_tests::http;
use tokio::time::{Instant, sleep, timeout};

use crate::node::Node;

/// How soon a process has to report a problem.
pub(crate) const REPORTED_WITHIN: Duration = Duration::from_secs(15);

/// How soon a process has to be ready again once nothing is wrong any more.
const READY_WITHIN: Duration = Duration::from_secs(15);

/// How long a health check may take to be answered.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// How often a process is asked.
const ASK_EVERY: Duration = Duration::from_millis(100);

/// The metric of a problem that a process knows of itself.
const PROBLEM: &str = "horizon_problem{part=\"";

/// The metric of events that were removed before they were counted.
const LOST: &str = "horizon_stream_lost_total ";

/// What one process says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Testimony {
    errors: usize,
    metrics: String,
    ready: String,
}

impl Testimony {
    async fn of(node: &Node) -> Self {
        let metrics = get(node, "/metrics").await;
        Self {
            errors: node.log().lines().filter(|line| line.contains("ERROR")).count(),
            metrics: metrics.map_or_else(|error| error, |(_, body)| body),
            ready: readiness(node).await.err().unwrap_or_default(),
        }
    }

    /// What is missing of a report about one of these parts.
    pub(crate) fn lacks(&self, parts: &[&str]) -> Vec<String> {
        let mut lacks = Vec::new();
        if self.errors == 0 {
            lacks.push("no ERROR is logged".into());
        }
        if !self.has_metric(parts) {
            lacks.push("no metric shows it".into());
        }
        if self.problem(parts).is_none() {
            lacks.push(match self.ready.as_str() {
                "" => "/readyz is 200".into(),
                other => format!("/readyz says {other}"),
            });
        }
        lacks
    }

    /// What `/readyz` says about one of these parts while it is 503.
    pub(crate) fn problem(&self, parts: &[&str]) -> Option<&str> {
        let is_about = |line: &&str| parts.iter().any(|part| line.starts_with(&format!("{part}: ")));
        self.ready.strip_prefix("503 ")?.lines().find(is_about)
    }

    fn has_metric(&self, parts: &[&str]) -> bool {
        self.metrics.lines().any(|line| {
            let is_problem = |part: &&str| line.starts_with(&format!("{PROBLEM}{part}\"}} 1"));
            let lost = line.strip_prefix(LOST).is_some_and(|lost| lost.trim() != "0");
            lost || parts.iter().any(is_problem)
        })
    }
}

/// Waits until a node reports a problem of one of these parts everywhere, and returns what it says then or at last.
pub(crate) async fn of_problem(node: &Node, parts: &[&str]) -> Testimony {
    let give_up = Instant::now() + REPORTED_WITHIN;
    loop {
        let testimony = Testimony::of(node).await;
        if testimony.lacks(parts).is_empty() || Instant::now() > give_up {
            return testimony;
        }
        sleep(ASK_EVERY).await;
    }
}

/// Asks once whether a node is ready.
///
/// # Errors
/// What it answers instead: the status and the reasons, or why there is no answer.
pub(crate) async fn readiness(node: &Node) -> Result<(), String> {
    match get(node, "/readyz").await? {
        (200, _) => Ok(()),
        (status, body) => Err(format!("{status} {}", body.trim())),
    }
}

/// Waits until a node is ready.
///
/// # Errors
/// What it answers at last.
pub(crate) async fn ready(node: &Node) -> Result<(), String> {
    let give_up = Instant::now() + READY_WITHIN;
    loop {
        match readiness(node).await {
            Err(_) if Instant::now() < give_up => sleep(ASK_EVERY).await,
            answer => return answer,
        }
    }
}

/// Waits until a node is not ready, and returns what it says.
pub(crate) async fn not_ready(node: &Node) -> Option<String> {
    let give_up = Instant::now() + REPORTED_WITHIN;
    while Instant::now() < give_up {
        if let Err(answer) = readiness(node).await {
            return Some(answer);
        }
        sleep(ASK_EVERY).await;
    }
    None
}

/// Returns whether the process answers `/healthz`, or how it does not.
pub(crate) async fn alive(node: &Node) -> Result<(), String> {
    match get(node, "/healthz").await? {
        (200, _) => Ok(()),
        (status, body) => Err(format!("{status} {}", body.trim())),
    }
}

/// Returns a number from a node's metrics.
pub(crate) async fn metric(node: &Node, name: &str) -> Option<u64> {
    let (_, metrics) = get(node, "/metrics").await.ok()?;
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line?.trim().parse().ok()
}

async fn get(node: &Node, path: &str) -> Result<(u16, String), String> {
    match timeout(ANSWER_WITHIN, http::get(node.address(), path)).await {
        Ok(Ok(answer)) => Ok((answer.status.as_u16(), answer.text())),
        Ok(Err(error)) => Err(format!("{error:#}")),
        Err(_) => Err(format!("GET {path} is not answered within {ANSWER_WITHIN:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_an_error_a_metric_and_a_reason() {
        let mut testimony = Testimony::default();
        assert_eq!(testimony.lacks(&["bus"]).len(), 3);
        testimony.errors = 1;
        testimony.metrics = "horizon_stream_lost_total 0\nhorizon_problem{part=\"clock\"} 1\n".into();
        testimony.ready = "503 clock: it is off\nbus: events are lost".into();
        assert_eq!(testimony.lacks(&["bus"]), ["no metric shows it"]);
        assert_eq!(testimony.problem(&["bus"]), Some("bus: events are lost"));
        testimony.metrics = "horizon_stream_lost_total 7\n".into();
        assert!(testimony.lacks(&["bus"]).is_empty());
        testimony.ready = "200 bus: fine".into();
        assert_eq!(testimony.lacks(&["bus"]).len(), 1);
    }
}
