//! Opens live connections, and counts visits that have none.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use horizon_core::{Error, EventKind, Result, Slug, Topic, VisitorKey};
use tokio::time::timeout;

use super::{FramePart, Live, Open};
use crate::{
    Caller, Decision, Horizon, Identity, Problem, Signals,
    attendance::{ViewerSession, VisitorIdentity},
    dice,
    metrics::Metrics,
    rates::RateClass,
    visitors,
};

/// The header that a browser sends when it opens a stream again.
const LAST_EVENT_ID: &str = "last-event-id";

/// A browser waits this long before it opens a lost stream again, in milliseconds, and up to
/// [`RETRY_SPREAD`] longer, so that a restart does not bring all readers back at once.
const RETRY: u32 = 1000;

/// The most that is added to [`RETRY`], in milliseconds.
const RETRY_SPREAD: u32 = 3000;

/// How long the application waits for a visitor's key: one second.
const KEY_WAIT: Duration = Duration::from_secs(1);

impl Horizon {
    /// Opens a live connection to a page, or without one to the whole site. Its reader is counted until it is dropped;
    /// a crawler and somebody [`Uncounted`](Identity::Uncounted) get the same stream.
    ///
    /// `returning` says that the reader was here a moment ago and comes back by themselves, as `?again=1` does in the
    /// HTTP contract: one who asked not to be known again is then no second visit.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug};
    /// use futures::StreamExt;
    ///
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let caller = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Mozilla/5.0 Firefox/130.0")]);
    /// let mut live = horizon.live(Some(&horizon.page("bread")?), &caller, false).await?;
    /// let _retry = live.next().await;
    /// let first = live.next().await.unwrap();
    /// assert!(first.starts_with(b"event: live\ndata: {\"viewers\":1,"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The page does not exist, the network opens too many, or the site is closing. A pipe or a store that is down is
    /// no error: the stream opens, and says what is known.
    pub async fn live(&self, page: Option<&Slug>, caller: &Caller, returning: bool) -> Result<Live, Problem> {
        let inner = &*self.0;
        let (topics, parts): (Arc<[Topic]>, &[FramePart]) = match page {
            None => (Arc::new([Topic::Site]), &[FramePart::Live]),
            Some(slug) => {
                self.check_page(slug)?;
                (Arc::new([slug.clone().into(), Topic::Site]), &FramePart::ALL)
            }
        };
        inner
            .limiters
            .check(RateClass::Live, caller.address(), &inner.metrics)?;
        let stopping = || Problem::unavailable("The server is about to stop.");
        if inner.hub.is_closing() {
            // Before they are counted, because they will come again.
            return Err(stopping());
        }
        let mut attendance = match self.who(&topics, caller, returning) {
            Ok(who) => ViewerSession::begin(inner.register.clone(), Arc::clone(&topics), who),
            Err(reason) => {
                inner.metrics.dropped_visit(reason);
                ViewerSession::Uncounted
            }
        };
        attendance.advance().await;
        let seat = topics.first().and_then(|topic| inner.hub.join(topic));
        let seat = seat.ok_or_else(stopping)?;
        let open = Open::new(inner.metrics.live_connections.clone(), inner.streams.token());
        Ok(Live::new(greeting()?, parts, seat, attendance, open))
    }

    /// Counts a visit of somebody who has the page in front of them but opens no live connection: a reader without
    /// scripts, a page without ours. The same reader's live connection within half an hour is no second visit. A page
    /// that the site does not have is not counted.
    ///
    /// Crawlers, prefetches and empty agents do not count, but many programs that call themselves browsers do: what is
    /// counted this way is an upper bound. It is told apart in the metrics, as `horizon_server_visits`. A reader who asks
    /// not to be known again ([`has_privacy_signal`](crate::has_privacy_signal)) is a visit each time, and one more with a
    /// live connection: where pages open one, leave such readers to it.
    ///
    /// It waits for nothing; the visit is told in the background. It has to be called within a tokio runtime.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug};
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let bread = horizon.page("bread")?;
    /// for agent in ["Mozilla/5.0 Firefox/130.0", "Mozilla/5.0 Firefox/130.0", "Googlebot/2.1"] {
    ///     horizon.visit(&bread, &horizon.caller([192, 0, 2, 1].into(), [("user-agent", agent)]));
    /// }
    /// horizon.close().await?; // what was queued is counted
    /// assert_eq!(horizon.stats(&[bread.into()]).await?[0].visits, 1);
    /// # Ok(()) }
    /// ```
    pub fn visit(&self, slug: &Slug, caller: &Caller) {
        let inner = &*self.0;
        if !inner.rules.pages.exists(slug) {
            return;
        }
        let topics = [slug.clone().into(), Topic::Site];
        let who = match self.who(&topics, caller, false) {
            Ok(who) => who,
            Err(reason) => return inner.metrics.dropped_visit(reason),
        };
        let is_allowed = inner
            .limiters
            .check(RateClass::Visit, caller.address(), &inner.metrics)
            .is_ok();
        let told = |metrics: &Metrics| {
            metrics.server_visits.inc();
        };
        if !is_allowed || !inner.register.late.tell(Arc::new(topics), who, told) {
            inner.metrics.dropped_visit("rate");
        }
    }

    /// Who counts as one person today: nobody if no reader seems to be behind the request, if they asked not to be
    /// known again, or if the application does not count them. At 00:00 UTC everybody becomes somebody else.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug};
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let from = |address: [u8; 4], agent| horizon.caller(address.into(), [("user-agent", agent)]);
    /// let ada = horizon.visitor(&from([192, 0, 2, 1], "Mozilla/5.0 Firefox/130.0")).await?;
    /// let ben = horizon.visitor(&from([192, 0, 2, 2], "Mozilla/5.0 Firefox/130.0")).await?;
    /// assert!(ada.is_some() && ada != ben);
    /// assert_eq!(horizon.visitor(&from([192, 0, 2, 3], "Googlebot/2.1")).await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The salt of the day cannot be had from the store, or not within a second.
    pub async fn visitor(&self, caller: &Caller) -> Result<Option<VisitorKey>> {
        match self.who(&[], caller, false) {
            Ok(who) => self.key_of(&who).await,
            Err(_) => Ok(None),
        }
    }

    async fn key_of(&self, who: &VisitorIdentity) -> Result<Option<VisitorKey>> {
        timeout(KEY_WAIT, self.0.visitors.find(who))
            .await
            .unwrap_or_else(
                |late| Err(Error::unavailable("the salt of the day did not come in time").with_source(late)),
            )
    }

    /// Who comes, or why they do not count.
    fn who(&self, topics: &[Topic], caller: &Caller, returning: bool) -> Result<VisitorIdentity, &'static str> {
        let (headers, rules) = (caller.headers(), &self.0.rules);
        if let Some(reason) = visitors::not_a_reader(headers, &self.0.bots) {
            return Err(reason);
        }
        let identity = rules.identify.identify(caller);
        if identity == Identity::Uncounted {
            return Err("uncounted");
        }
        let kind = EventKind::Visit { visitor: None };
        let refuses = |topic| matches!(rules.decide(topic, &kind, caller), Decision::Reject(_));
        if topics.first().is_some_and(refuses) {
            return Err("refused");
        }
        match self.0.config.signals {
            Signals::Drop if visitors::has_privacy_signal(headers) => Err("signal"),
            Signals::Count if visitors::has_privacy_signal(headers) => Ok(VisitorIdentity::Unnamed {
                returning: returning || headers.contains_key(LAST_EVENT_ID),
            }),
            _ => Ok(match identity {
                Identity::Named(name) => VisitorIdentity::Named(name),
                _ => VisitorIdentity::Known {
                    address: caller.address(),
                    user_agent: visitors::user_agent(headers),
                },
            }),
        }
    }
}

/// When to come back, and the id by which a browser shows that it does.
fn greeting() -> Result<Bytes, Problem> {
    let wait = RETRY + u32::from_be_bytes(dice::random()?) % (RETRY_SPREAD + 1);
    Ok(format!("retry: {wait}\nid: 1\n\n").into())
}
