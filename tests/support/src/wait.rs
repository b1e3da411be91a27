use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use tokio::time::{Instant, sleep};

/// How long a test waits for an event, even on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// The time between two probes.
const POLL: Duration = Duration::from_millis(25);

/// Calls `probe` until it succeeds, and returns its value.
///
/// # Errors
/// `probe` still fails after [`DEADLINE`]. The error names `what` and the last error of `probe`.
pub async fn wait_until<T>(what: &str, mut probe: impl AsyncFnMut() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let give_up = Instant::now() + DEADLINE;
    loop {
        let error = match probe().await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if Instant::now() > give_up {
            return Err(anyhow!("{error:#}")).with_context(|| format!("waited {DEADLINE:?} until {what}"));
        }
        sleep(POLL).await;
    }
}

/// Waits until a line of the log contains all `parts`. Programs write their logs in the background, so a line may be
/// later than the response or the metric for the same event.
///
/// # Errors
/// There is no such line after [`DEADLINE`].
pub async fn wait_for_line(log: impl Fn() -> String, parts: &[&str]) -> anyhow::Result<()> {
    wait_until("the log has a line", async || {
        let log = log();
        let is_found = log.lines().any(|line| parts.iter().all(|part| line.contains(part)));
        ensure!(is_found, "no line with {parts:?} in\n{log}");
        Ok(())
    })
    .await
}
