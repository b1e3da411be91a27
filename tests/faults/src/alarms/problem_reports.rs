//! The problems that a process reports in its log, its metrics and `/readyz`.

use std::time::Duration;

use horizon_test_support::http;
use tokio::time::{Instant, sleep, timeout};

use crate::node_process::NodeProcess;

/// The longest time until a process reports a problem.
pub(crate) const REPORTED_WITHIN: Duration = Duration::from_secs(15);

/// The longest time until a process is ready again.
const READY_WITHIN: Duration = Duration::from_secs(15);

/// The longest time of a health check.
const RESPONSE_WITHIN: Duration = Duration::from_secs(3);

/// The time between two health checks.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// The metric of a problem.
const PROBLEM: &str = "horizon_problem{part=\"";

/// The metric of events that were removed before they were counted.
const LOST: &str = "horizon_stream_lost_total ";

/// A problem that a process must report.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReportedProblem {
    /// The start of its line in `/readyz`.
    line: &'static str,
    /// The label of its metric, if any.
    part: Option<&'static str>,
}

impl ReportedProblem {
    /// Events were lost before they were counted.
    pub(crate) const BUS: Self = Self::of_part("bus");
    /// With its settings Redis may lose acknowledged writes.
    pub(crate) const SETTINGS: Self = Self::of_part("redis-settings");
    /// Redis is not a single server.
    pub(crate) const KIND: Self = Self::of_part("redis-kind");
    /// The clock is wrong.
    pub(crate) const CLOCK: Self = Self::of_part("clock");
    /// Another process has the same name.
    pub(crate) const NAME: Self = Self::of_part("node-name");
    /// Accumulators count into different stores.
    pub(crate) const ACCUMULATORS: Self = Self::of_part("accumulators");
    /// Events cannot be counted.
    pub(crate) const COUNTING: Self = Self::of_part("counting");
    /// The store is not writable. Only `/readyz` checks that, so there is no metric.
    pub(crate) const STORE: Self = Self {
        line: "the store is not writable",
        part: None,
    };

    fn line_of(self, ready: &str) -> Option<&str> {
        let mut lines = ready.strip_prefix("503 ")?.lines();
        lines.find(|line| line.starts_with(self.line))
    }

    /// Returns the problem with this metric label.
    const fn of_part(part: &'static str) -> Self {
        Self {
            line: part,
            part: Some(part),
        }
    }
}

/// The reports of one process.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProblemReports {
    errors: usize,
    metrics: String,
    ready: String,
}

impl ProblemReports {
    async fn read(node: &NodeProcess) -> Self {
        let metrics = get(node, "/metrics").await;
        Self {
            errors: node.log().lines().filter(|line| line.contains("ERROR")).count(),
            metrics: metrics.map_or_else(|error| error, |(_, body)| body),
            ready: readiness(node).await.err().unwrap_or_default(),
        }
    }

    /// Returns which reports of this problem are missing.
    pub(crate) fn missing(&self, problem: ReportedProblem) -> Vec<String> {
        let mut missing = Vec::new();
        if self.errors == 0 {
            missing.push("no ERROR is logged".into());
        }
        if !self.has_metric(problem) {
            missing.push("no metric shows it".into());
        }
        if self.line(problem).is_none() {
            missing.push(match self.ready.as_str() {
                "" => "/readyz is 200".into(),
                other => format!("/readyz returns {other}"),
            });
        }
        missing
    }

    /// Returns the line of `/readyz` about this problem.
    pub(crate) fn line(&self, problem: ReportedProblem) -> Option<&str> {
        problem.line_of(&self.ready)
    }

    fn has_metric(&self, problem: ReportedProblem) -> bool {
        let Some(part) = problem.part else { return true };
        self.metrics.lines().any(|line| {
            let lost = line.strip_prefix(LOST).is_some_and(|lost| lost.trim() != "0");
            lost || line.starts_with(&format!("{PROBLEM}{part}\"}} 1"))
        })
    }
}

/// Waits until a node reports this problem everywhere. Returns its last reports.
pub(crate) async fn wait_for_reports(node: &NodeProcess, problem: ReportedProblem) -> ProblemReports {
    let give_up = Instant::now() + REPORTED_WITHIN;
    loop {
        let reports = ProblemReports::read(node).await;
        if reports.missing(problem).is_empty() || Instant::now() > give_up {
            return reports;
        }
        sleep(POLL_INTERVAL).await;
    }
}

/// Returns whether a node is ready.
///
/// # Errors
/// The status and the reasons, or why there is no response.
pub(crate) async fn readiness(node: &NodeProcess) -> Result<(), String> {
    match get(node, "/readyz").await? {
        (200, _) => Ok(()),
        (status, body) => Err(format!("{status} {}", body.trim())),
    }
}

/// Waits until a node is ready.
///
/// # Errors
/// The last response.
pub(crate) async fn ready(node: &NodeProcess) -> Result<(), String> {
    let give_up = Instant::now() + READY_WITHIN;
    loop {
        match readiness(node).await {
            Err(_) if Instant::now() < give_up => sleep(POLL_INTERVAL).await,
            answer => return answer,
        }
    }
}

/// Waits until a node is not ready because of this problem, and returns the line of `/readyz`.
///
/// # Errors
/// The last response.
pub(crate) async fn unready(node: &NodeProcess, problem: ReportedProblem) -> Result<String, String> {
    let give_up = Instant::now() + REPORTED_WITHIN;
    loop {
        let answer = readiness(node).await.err().unwrap_or_else(|| "200".into());
        match problem.line_of(&answer) {
            Some(line) => return Ok(line.to_owned()),
            None if Instant::now() > give_up => return Err(answer),
            None => sleep(POLL_INTERVAL).await,
        }
    }
}

/// Returns whether `/healthz` returns 200, or what it returns instead.
pub(crate) async fn alive(node: &NodeProcess) -> Result<(), String> {
    match get(node, "/healthz").await? {
        (200, _) => Ok(()),
        (status, body) => Err(format!("{status} {}", body.trim())),
    }
}

/// Returns the value of a metric.
pub(crate) async fn metric(node: &NodeProcess, name: &str) -> Option<u64> {
    let (_, metrics) = get(node, "/metrics").await.ok()?;
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line?.trim().parse().ok()
}

async fn get(node: &NodeProcess, path: &str) -> Result<(u16, String), String> {
    match timeout(RESPONSE_WITHIN, http::get(node.address(), path)).await {
        Ok(Ok(answer)) => Ok((answer.status.as_u16(), answer.text())),
        Ok(Err(error)) => Err(format!("{error:#}")),
        Err(_) => Err(format!("GET {path} has no response within {RESPONSE_WITHIN:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_an_error_a_metric_and_a_reason() {
        let mut reports = ProblemReports::default();
        assert_eq!(reports.missing(ReportedProblem::BUS).len(), 3);
        reports.errors = 1;
        reports.metrics = "horizon_stream_lost_total 0\nhorizon_problem{part=\"clock\"} 1\n".into();
        reports.ready = "503 clock: it is off\nbus: events are lost".into();
        assert_eq!(reports.missing(ReportedProblem::BUS), ["no metric shows it"]);
        assert_eq!(reports.line(ReportedProblem::BUS), Some("bus: events are lost"));
        reports.metrics = "horizon_stream_lost_total 7\n".into();
        assert!(reports.missing(ReportedProblem::BUS).is_empty());
        reports.ready = "200 bus: fine".into();
        assert_eq!(reports.missing(ReportedProblem::BUS).len(), 1);
    }
}
