//! What happens regularly: visits that last are told again, limiters forget, salts are read ahead.

use std::sync::{Arc, Weak};

use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::{horizon::Inner, rates::FORGET_EVERY, visits::TICK};

/// One tick for all connections and limiters, as long as there is a site.
pub(crate) async fn keep(inner: Weak<Inner>) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (mut forgot, mut lost) = (Instant::now(), 0);
    ticks.tick().await;
    loop {
        let now = ticks.tick().await;
        let Some(inner) = inner.upgrade() else { return };
        inner.register.visits.tick();
        let visitors = Arc::clone(&inner.visitors);
        if now.duration_since(forgot) >= FORGET_EVERY {
            inner.limiters.forget();
            forgot = now;
            lost = report_lost_visits(inner.metrics.visits_failed(), lost);
        }
        // The store may take its time, and nobody's last handle shall have to wait for it.
        drop(inner);
        if let Err(error) = visitors.read_ahead().await {
            tracing::debug!(%error, "the salts cannot be read ahead, trying again");
        }
    }
}

/// One line a minute says what a line for each visit would drown.
fn report_lost_visits(lost: u64, before: u64) -> u64 {
    if lost > before {
        tracing::warn!(
            visits = lost - before,
            "the pipe did not take some visits, and they are lost"
        );
    }
    lost
}
