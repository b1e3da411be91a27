use std::fmt;

use futures::{FutureExt, StreamExt, stream::BoxStream};
use horizon_core::Stats;
use tokio::task::unconstrained;

/// The totals of a page as they were published last, for whoever cannot wait for the page's next frame.
pub(super) struct Heard {
    news: BoxStream<'static, Stats>,
    latest: Option<Stats>,
}

impl Heard {
    pub(super) fn new(news: BoxStream<'static, Stats>) -> Self {
        Self { news, latest: None }
    }

    /// Nothing as long as the first totals are being read.
    pub(super) fn latest(&mut self) -> Option<Stats> {
        // Unconstrained: a task that had its share would hear nothing, and take old totals for the latest.
        while let Some(Some(stats)) = unconstrained(self.news.next()).now_or_never() {
            self.latest = Some(stats);
        }
        self.latest
    }
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heard")
            .field("latest", &self.latest)
            .finish_non_exhaustive()
    }
}
