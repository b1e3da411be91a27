//! A viewer, counted from the opening of a live connection until it is dropped.

use std::{
    fmt,
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures::{FutureExt, future::BoxFuture};
use horizon_core::{Topic, Visit};
use parking_lot::Mutex;

use crate::visit_tracker::{ViewerGuards, VisitTracker, VisitorIdentity};

/// A viewer who is being counted. The connection polls it along with its frames, so that a slow backend delays no
/// frame, no task is needed, and dropping the connection ends it.
pub(crate) enum LiveViewer {
    /// Not counted, such as a crawler.
    Uncounted,
    /// The mutex is never locked. It makes the stream `Sync`, which the bodies of some frameworks have to be.
    Starting(Mutex<BoxFuture<'static, ViewerGuards>>),
    Active(#[expect(dead_code, reason = "only dropped")] ViewerGuards),
}

impl LiveViewer {
    pub(crate) fn new(tracker: VisitTracker, topics: Arc<[Topic]>, visit: Visit, identity: VisitorIdentity) -> Self {
        Self::Starting(Mutex::new(tracker.start(topics, visit, identity).boxed()))
    }

    /// Is ready once the viewer is counted.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Self::Starting(starting) = self {
            *self = Self::Active(ready!(starting.get_mut().poll_unpin(cx)));
        }
        Poll::Ready(())
    }

    /// Polls once without waiting. With embedded backends that completes it, so the first frame counts this viewer.
    pub(crate) async fn poll_once(&mut self) {
        poll_fn(|cx| {
            let _ = self.poll(cx);
            Poll::Ready(())
        })
        .await;
    }
}

impl fmt::Debug for LiveViewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uncounted => "Uncounted",
            Self::Starting(_) => "Starting",
            Self::Active(_) => "Active",
        })
    }
}
