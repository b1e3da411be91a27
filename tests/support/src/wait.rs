use std::time::Duration;

use anyhow::{Context, anyhow};
use tokio::time::{Instant, sleep};

/// How long a test waits for something that should happen at once, even on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// How often it looks.
const POLL: Duration = Duration::from_millis(25);

/// Asks `probe` again and again until it has an answer.
///
/// # Errors
/// After [`DEADLINE`]: `what` was waited for, and what the probe said last.
pub async fn wait_until<T>(what: &str, mut probe: impl AsyncFnMut() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let give_up = Instant::now() + DEADLINE;
    loop {
        let error = match probe().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        if Instant::now() > give_up {
            return Err(anyhow!("{error:#}")).with_context(|| format!("waited {DEADLINE:?} until {what}"));
        }
        sleep(POLL).await;
    }
}
