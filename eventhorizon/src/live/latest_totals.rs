use std::fmt;

use futures::{FutureExt, StreamExt, stream::BoxStream};
use horizon_core::Stats;
use tokio::task::unconstrained;

/// The latest totals that the bus published for a topic, for a caller that cannot wait for the next frame.
pub(super) struct LatestTotals {
    updates: BoxStream<'static, Stats>,
    latest: Option<Stats>,
}

impl LatestTotals {
    pub(super) fn new(updates: BoxStream<'static, Stats>) -> Self {
        Self { updates, latest: None }
    }

    /// Returns `None` until the first totals are read.
    pub(super) fn get(&mut self) -> Option<Stats> {
        // Opt out of tokio's cooperative budget: with the budget exhausted the stream returns `Pending`, and the totals
        // would be stale.
        while let Some(Some(stats)) = unconstrained(self.updates.next()).now_or_never() {
            self.latest = Some(stats);
        }
        self.latest.clone()
    }
}

impl fmt::Debug for LatestTotals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LatestTotals")
            .field("latest", &self.latest)
            .finish_non_exhaustive()
    }
}
