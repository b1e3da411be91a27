//! A reader's being here: counted from the moment a live connection opens until it is dropped.

use std::{
    fmt,
    future::Future,
    net::IpAddr,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use horizon_core::{Presence, PresenceGuard, Result, Topic, VisitorKey};
use tokio::time::sleep;

use crate::{
    dice,
    late::{Arrival, LateVisits},
    visits::{Visit, Visits},
};

/// The first wait before something is tried again: 100 milliseconds. It doubles each time.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// The longest wait before something is tried again: 10 seconds.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Who comes.
#[derive(Debug)]
pub(crate) enum VisitorIdentity {
    /// A reader who may be known again today.
    Known { address: IpAddr, user_agent: String },
    /// A user of the application.
    Named(String),
    /// A reader who asked not to be known again: a viewer of their own, and a visit unless they say
    /// that they were here a moment ago.
    Unnamed { returning: bool },
}

/// What it takes to count a reader.
#[derive(Clone)]
pub(crate) struct VisitTracker {
    pub(crate) presence: Arc<dyn Presence>,
    pub(crate) visits: Arc<Visits>,
    pub(crate) late: LateVisits,
}

/// A reader on their way in, or here. The connection polls it beside its frames, so that a backend
/// that is slow or down delays no frame and needs no task, and an end of the connection ends it.
pub(crate) enum ViewerSession {
    /// A bot, or one who shall not be counted.
    Uncounted,
    Entering(BoxFuture<'static, ViewerGuards>),
    Here(#[expect(dead_code, reason = "held for its Drop alone")] ViewerGuards),
}

/// What keeps a reader counted.
pub(crate) struct ViewerGuards {
    _guards: Vec<PresenceGuard>,
    _visit: Option<Visit>,
}

impl ViewerSession {
    /// Begins to count a reader on these topics.
    pub(crate) fn begin(register: VisitTracker, topics: Arc<[Topic]>, who: VisitorIdentity) -> Self {
        Self::Entering(register.enter(topics, who).boxed())
    }

    /// Goes on with it until it is done.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Self::Entering(entering) = self {
            *self = Self::Here(ready!(entering.poll_unpin(cx)));
        }
        Poll::Ready(())
    }

    /// Goes as far as it goes without waiting. With backends in this process that is all the way, and
    /// the first frame already counts its own reader.
    pub(crate) async fn advance(&mut self) {
        std::future::poll_fn(|cx| {
            // One that is not done goes on with the connection.
            let _ = self.poll(cx);
            Poll::Ready(())
        })
        .await;
    }
}

impl fmt::Debug for ViewerSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uncounted => "Uncounted",
            Self::Entering(_) => "Entering",
            Self::Here(_) => "Here",
        })
    }
}

impl VisitTracker {
    async fn enter(self, topics: Arc<[Topic]>, who: VisitorIdentity) -> ViewerGuards {
        let (visitor, visit) = match who {
            VisitorIdentity::Unnamed { returning } => {
                if !returning {
                    self.visits.once(&topics, None);
                }
                (
                    dice::random().map(u128::from_be_bytes).map(VisitorKey::from_u128).ok(),
                    None,
                )
            }
            known => {
                let arrival = Arrival::new(self.late.clone(), Arc::clone(&topics), known);
                let visitor = arrival.key().await;
                (visitor, visitor.map(|visitor| self.open(&topics, visitor)))
            }
        };
        let mut guards = Vec::with_capacity(topics.len());
        if let Some(visitor) = visitor {
            for topic in topics.iter() {
                guards.extend(insist("presence", || self.presence.track(topic.clone(), visitor)).await);
            }
        }
        ViewerGuards {
            _guards: guards,
            _visit: visit,
        }
    }

    fn open(&self, topics: &Arc<[Topic]>, visitor: VisitorKey) -> Visit {
        Visits::open(&self.visits, Arc::clone(topics), visitor)
    }
}

/// Tries until it works, or until trying is of no use. Whoever drops it stops it.
pub(crate) async fn insist<T, F: Future<Output = Result<T>>>(
    what: &'static str,
    mut attempt: impl FnMut() -> F,
) -> Option<T> {
    let mut wait = FIRST_WAIT;
    loop {
        match attempt().await {
            Ok(done) => return Some(done),
            Err(error) if !error.is_retryable() => {
                tracing::error!(%error, "a reader is not counted: {what} cannot be had");
                return None;
            }
            Err(error) => tracing::debug!(%error, ?wait, "{what} cannot be had right now, trying again"),
        }
        sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}
