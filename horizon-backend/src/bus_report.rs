use std::future::Future;
use std::time::Duration;

use horizon_redis::{BusMonitor, Loss};
use tokio::time::sleep;

use crate::Health;

/// How often a process reports what it knows of the stream: once a second.
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// The part of the process that the problems belong to.
const PART: &str = "bus";

/// Reports to `health`, every second until `shutdown`, which events were lost and why the stream cannot be used.
///
/// A loss stays a problem for `alarm` after the last one, or without it until the process ends.
///
/// ```no_run
/// use horizon_backend::{Health, shutdown_signal, report_bus};
/// use horizon_redis::{ConsumerConfig, RedisConfig, RedisConsumer};
///
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let feed = RedisConsumer::connect(&RedisConfig::new("redis://127.0.0.1")?, ConsumerConfig::new("counts-1"))?;
/// let health = Health::default();
/// report_bus(&[feed.monitor()], None, &health, shutdown_signal()).await;
/// # Ok(()) }
/// ```
pub async fn report_bus(
    monitors: &[BusMonitor],
    alarm: Option<Duration>,
    health: &Health,
    shutdown: impl Future<Output = ()>,
) {
    let report = async {
        loop {
            health.update(PART, problem(monitors, alarm));
            sleep(REPORT_EVERY).await;
        }
    };
    tokio::select! {
        () = shutdown => {}
        () = report => {}
    }
}

/// Monitors of one process see the same losses, so the largest number is that of all.
fn problem(monitors: &[BusMonitor], alarm: Option<Duration>) -> Option<String> {
    let losses = monitors.iter().filter_map(BusMonitor::loss);
    let loss = losses.max_by_key(|loss| (loss.events, loss.emptied));
    let lost = loss.filter(|loss| is_alarming(loss.age, alarm));
    let sentences = [
        lost.map(|loss| sentence(loss, alarm)),
        monitors.iter().find_map(BusMonitor::trouble),
    ];
    let sentences: Vec<_> = sentences.into_iter().flatten().collect();
    (!sentences.is_empty()).then(|| sentences.join("; "))
}

/// Whether a loss of this age is still a problem.
fn is_alarming(age: Duration, alarm: Option<Duration>) -> bool {
    alarm.is_none_or(|alarm| age < alarm)
}

fn sentence(loss: Loss, alarm: Option<Duration>) -> String {
    let until = match alarm {
        Some(alarm) => format!("this alarm ends {} s after the last loss", alarm.as_secs()),
        None => "restart this process to clear this alarm".to_owned(),
    };
    format!(
        "{} (the log says when); {until}",
        what_happened(loss.events, loss.is_upper_bound)
    )
}

/// What was lost. Without a number Redis was emptied while nothing waited.
fn what_happened(events: u64, is_upper_bound: bool) -> String {
    let number = match (events, is_upper_bound) {
        (0, _) => {
            return "Redis lost its data or went back to an older state; no event is known to have waited to be \
                    counted, but numbers that are stored in this Redis may be gone"
                .to_owned();
        }
        (events, true) => format!("up to {events}"),
        (events, false) => events.to_string(),
    };
    let stored = if is_upper_bound {
        "; numbers that are stored in this Redis may be gone, too"
    } else {
        ""
    };
    format!(
        "{number} acknowledged events were lost from the stream analytics:events before they were counted, because it \
         was deleted, trimmed or evicted or Redis lost data{stored}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_a_problem_until_the_alarm_ends_or_for_good_without_an_end() {
        let minute = Duration::from_secs(60);
        assert!(is_alarming(minute - Duration::from_millis(1), Some(minute)));
        assert!(!is_alarming(minute, Some(minute)));
        assert!(is_alarming(minute * 60 * 24, None));
    }

    #[test]
    fn an_upper_bound_is_told_apart_from_a_number_and_from_an_emptied_redis() {
        assert!(what_happened(7, false).starts_with("7 acknowledged events were lost"));
        let bound = what_happened(7, true);
        assert!(bound.starts_with("up to 7 acknowledged events were lost") && bound.ends_with("may be gone, too"));
        assert!(!what_happened(7, false).contains("may be gone"));
        assert!(!what_happened(0, true).contains("events were lost"));
    }
}
