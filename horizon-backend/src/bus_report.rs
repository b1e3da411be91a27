use std::future::Future;
use std::time::Duration;

use horizon_redis::{StreamLoss, StreamMonitor};
use tokio::time::sleep;

use crate::Health;

/// How often the state of the stream is reported: every second.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// The part of the [`Health`] that is reported.
const HEALTH_PART: &str = "bus";

/// Reports lost events and an unusable stream to `health` until `shutdown`.
///
/// A loss remains a problem for `alarm`, or until the process ends if that is `None`.
pub async fn report_stream_problems(
    monitors: &[StreamMonitor],
    alarm: Option<Duration>,
    health: &Health,
    shutdown: impl Future<Output = ()>,
) {
    let report = async {
        loop {
            health.update(HEALTH_PART, problem(monitors, alarm));
            sleep(REPORT_INTERVAL).await;
        }
    };
    tokio::select! {
        () = shutdown => {}
        () = report => {}
    }
}

fn problem(monitors: &[StreamMonitor], alarm: Option<Duration>) -> Option<String> {
    // All monitors of a process see the same losses, so the largest number is the total.
    let losses = monitors.iter().filter_map(StreamMonitor::loss);
    let loss = losses.max_by_key(|loss| (loss.events, loss.emptied));
    let loss = loss.filter(|loss| is_alarming(loss.age, alarm));
    let unusable = monitors.iter().find_map(StreamMonitor::problem);
    let problems = [loss.map(|loss| describe(loss, alarm)), unusable];
    let problems: Vec<_> = problems.into_iter().flatten().collect();
    (!problems.is_empty()).then(|| problems.join("; "))
}

fn is_alarming(age: Duration, alarm: Option<Duration>) -> bool {
    alarm.is_none_or(|alarm| age < alarm)
}

fn describe(loss: StreamLoss, alarm: Option<Duration>) -> String {
    let until = match alarm {
        Some(alarm) => format!("this alarm ends {} s after the last loss", alarm.as_secs()),
        None => "restart this process to clear this alarm".to_owned(),
    };
    let loss = describe_loss(loss.events, loss.is_upper_bound);
    format!("{loss} (see the log for the time); {until}")
}

/// Describes a loss. Zero events mean that Redis was emptied while no event was queued.
fn describe_loss(events: u64, is_upper_bound: bool) -> String {
    let number = match (events, is_upper_bound) {
        (0, _) => {
            return "Redis lost its data or went back to an older state; no event is known to have been queued, but \
                    numbers that are stored in this Redis may be gone"
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
    fn a_loss_is_a_problem_until_the_alarm_ends_or_always_without_an_end() {
        let minute = Duration::from_secs(60);
        assert!(is_alarming(minute - Duration::from_millis(1), Some(minute)));
        assert!(!is_alarming(minute, Some(minute)));
        assert!(is_alarming(minute * 60 * 24, None));
    }

    #[test]
    fn an_upper_bound_differs_from_a_number_and_from_an_emptied_redis() {
        assert!(describe_loss(7, false).starts_with("7 acknowledged events were lost"));
        let bound = describe_loss(7, true);
        assert!(bound.starts_with("up to 7 acknowledged events were lost") && bound.ends_with("may be gone, too"));
        assert!(!describe_loss(7, false).contains("may be gone"));
        assert!(!describe_loss(0, true).contains("events were lost"));
    }
}
