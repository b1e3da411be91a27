//! Periodic work: repeats open visits, shrinks rate limiters, reads salts ahead.

use std::sync::{Arc, Weak};

use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::{horizon::SiteState, limits::CLEANUP_INTERVAL, visit_queue::TICK};

/// Runs until the site is dropped. One timer serves all connections and limiters.
pub(crate) async fn run_maintenance(inner: Weak<SiteState>) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (mut cleaned_up, mut lost) = (Instant::now(), 0);
    ticks.tick().await;
    loop {
        let now = ticks.tick().await;
        let Some(inner) = inner.upgrade() else { return };
        inner.visit_tracker.queue.tick();
        let visitors = Arc::clone(&inner.visitors);
        if now.duration_since(cleaned_up) >= CLEANUP_INTERVAL {
            inner.limits.clean_up(inner.clock.now().day());
            cleaned_up = now;
            lost = report_lost_visits(inner.metrics.visits_failed(), lost);
        }
        // The read below may be slow, and must not keep the site alive.
        drop(inner);
        if let Err(error) = visitors.read_ahead().await {
            tracing::debug!(%error, "reading the salts ahead failed, retrying");
        }
    }
}

/// Logs one line a minute instead of one for each visit.
fn report_lost_visits(lost: u64, before: u64) -> u64 {
    if lost > before {
        tracing::warn!(
            visits = lost - before,
            "visits lost, because the event bus did not accept them"
        );
    }
    lost
}
