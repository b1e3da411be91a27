//! What a process says of its own problems: in its log, in its metrics, and at `/readyz`.

use std::time::Duration;

use horizon_test_support::http;
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

/// A problem that a process has to report.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Problem {
    /// How the line of `/readyz` about it begins.
    line: &'static str,
    /// The label of its metric, if there is one.
    part: Option<&'static str>,
}

impl Problem {
    /// Events were lost on their way from web nodes to accumulators.
    pub(crate) const BUS: Self = Self::of_part("bus");
    /// Redis may lose what it acknowledged, because of its settings.
    pub(crate) const SETTINGS: Self = Self::of_part("redis-settings");
    /// Redis is no single server.
    pub(crate) const KIND: Self = Self::of_part("redis-kind");
    /// The clock is off.
    pub(crate) const CLOCK: Self = Self::of_part("clock");
    /// Another process has the same name.
    pub(crate) const NAME: Self = Self::of_part("node-name");
    /// Accumulators count into different stores.
    pub(crate) const ACCUMULATORS: Self = Self::of_part("accumulators");
    /// The store cannot be written. Only `/readyz` finds that out, and so there is no metric.
    pub(crate) const STORE: Self = Self {
        line: "the store is not writable",
        part: None,
    };

    fn line_of(self, ready: &str) -> Option<&str> {
        let mut lines = ready.strip_prefix("503 ")?.lines();
        lines.find(|line| line.starts_with(self.line))
    }

    /// A problem that a background task reports under this name.
    const fn of_part(part: &'static str) -> Self {
        Self {
            line: part,
            part: Some(part),
        }
    }
}

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

    /// What is missing of a report about this problem.
    pub(crate) fn lacks(&self, problem: Problem) -> Vec<String> {
        let mut lacks = Vec::new();
        if self.errors == 0 {
            lacks.push("no ERROR is logged".into());
        }
        if !self.has_metric(problem) {
            lacks.push("no metric shows it".into());
        }
        if self.line(problem).is_none() {
            lacks.push(match self.ready.as_str() {
                "" => "/readyz is 200".into(),
                other => format!("/readyz says {other}"),
            });
        }
        lacks
    }

    /// What `/readyz` says about this problem while it is 503.
    pub(crate) fn line(&self, problem: Problem) -> Option<&str> {
        problem.line_of(&self.ready)
    }

    fn has_metric(&self, problem: Problem) -> bool {
        let Some(part) = problem.part else { return true };
        self.metrics.lines().any(|line| {
            let lost = line.strip_prefix(LOST).is_some_and(|lost| lost.trim() != "0");
            lost || line.starts_with(&format!("{PROBLEM}{part}\"}} 1"))
        })
    }
}

/// Waits until a node reports this problem everywhere, and returns what it says then or at last.
pub(crate) async fn of_problem(node: &Node, problem: Problem) -> Testimony {
    let give_up = Instant::now() + REPORTED_WITHIN;
    loop {
        let testimony = Testimony::of(node).await;
        if testimony.lacks(problem).is_empty() || Instant::now() > give_up {
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

/// Waits until a node is not ready because of this problem, and returns what it says of it.
///
/// # Errors
/// What it answers at last.
pub(crate) async fn unready(node: &Node, problem: Problem) -> Result<String, String> {
    let give_up = Instant::now() + REPORTED_WITHIN;
    loop {
        let answer = readiness(node).await.err().unwrap_or_else(|| "200".into());
        match problem.line_of(&answer) {
            Some(line) => return Ok(line.to_owned()),
            None if Instant::now() > give_up => return Err(answer),
            None => sleep(ASK_EVERY).await,
        }
    }
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
        assert_eq!(testimony.lacks(Problem::BUS).len(), 3);
        testimony.errors = 1;
        testimony.metrics = "horizon_stream_lost_total 0\nhorizon_problem{part=\"clock\"} 1\n".into();
        testimony.ready = "503 clock: it is off\nbus: events are lost".into();
        assert_eq!(testimony.lacks(Problem::BUS), ["no metric shows it"]);
        assert_eq!(testimony.line(Problem::BUS), Some("bus: events are lost"));
        testimony.metrics = "horizon_stream_lost_total 7\n".into();
        assert!(testimony.lacks(Problem::BUS).is_empty());
        testimony.ready = "200 bus: fine".into();
        assert_eq!(testimony.lacks(Problem::BUS).len(), 1);
    }
}
