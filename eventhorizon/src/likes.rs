//! Likes.

use horizon_core::{Event, EventId, EventKind, ReaderId, Result, Slug, StatsStoreExt, Topic, wire::LikeView};
use tokio::time::Instant;

use crate::{Caller, Decision, ExistingPage, Horizon, Problem, breaker::ANSWER_TIMEOUT, limits::RateClass};

/// A like or its removal, with options. See [`Horizon::like_with`].
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct LikeRequest {
    liked: bool,
    idempotency_key: Option<EventId>,
}

impl LikeRequest {
    /// A like.
    pub fn like() -> Self {
        Self::new(true)
    }

    /// The removal of a like.
    pub fn unlike() -> Self {
        Self::new(false)
    }

    pub(crate) fn new(liked: bool) -> Self {
        Self {
            liked,
            idempotency_key: None,
        }
    }

    /// Sets an id that only the sender knows. A caller without a cookie who sends the same key again, because the
    /// response was lost, is the same reader.
    pub fn idempotency_key(self, key: impl Into<Option<EventId>>) -> Self {
        Self {
            idempotency_key: key.into(),
            ..self
        }
    }
}

/// The result of a like or its removal.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LikeOutcome {
    /// Whether the caller likes the page now, and how many readers do.
    pub view: LikeView,
    /// The `Set-Cookie` header (RFC 6265) to send to a new reader, or to one whose cookie has an older name. The cookie
    /// lasts a year.
    pub set_cookie: Option<String>,
}

impl Horizon {
    /// Likes the page as the caller. Liking it twice changes nothing.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug};
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let bread = horizon.page("bread").await?;
    /// let agent = ("user-agent", "Firefox");
    /// let new = horizon.caller([192, 0, 2, 1].into(), [agent]);
    /// let liked = horizon.like(&bread, &new).await?;
    /// assert_eq!((liked.view.liked, liked.view.likes), (true, 1));
    ///
    /// let cookie = liked.set_cookie.unwrap(); // send it with the response
    /// let known = horizon.caller([192, 0, 2, 1].into(), [agent, ("cookie", cookie.split(';').next().unwrap())]);
    /// assert!(horizon.is_liked_by(&bread, &known).await?);
    /// assert_eq!(horizon.unlike(&bread, &known).await?.view.likes, 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The caller's network exceeds its rate or a limit of the day ([`NetworkLimits`](crate::NetworkLimits)), or the
    /// application's [`EventPolicy`](crate::EventPolicy) rejects the
    /// like. [`Unavailable`](crate::ProblemKind::Unavailable) if a backend is down or the event bus does not
    /// acknowledge within 3 seconds. The like may have been recorded then; sending it again is safe.
    pub async fn like(&self, page: &ExistingPage, caller: &Caller) -> Result<LikeOutcome, Problem> {
        self.like_with(page, caller, LikeRequest::like()).await
    }

    /// Removes the caller's like. Without one, it changes nothing.
    ///
    /// # Errors
    /// Those of [`like`](Self::like).
    pub async fn unlike(&self, page: &ExistingPage, caller: &Caller) -> Result<LikeOutcome, Problem> {
        self.like_with(page, caller, LikeRequest::unlike()).await
    }

    /// Likes the page or removes the like, with options.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{EventId, Horizon, LikeRequest, Slug};
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let bread = horizon.page("bread").await?;
    /// let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
    /// let request = LikeRequest::like().idempotency_key(EventId::from_u128(7));
    /// for _ in 0..2 {
    ///     assert_eq!(horizon.like_with(&bread, &ada, request).await?.view.likes, 1);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of [`like`](Self::like).
    pub async fn like_with(
        &self,
        page: &ExistingPage,
        caller: &Caller,
        request: LikeRequest,
    ) -> Result<LikeOutcome, Problem> {
        self.like_until(page, caller, request, Self::write_deadline()).await
    }

    pub(crate) async fn like_until(
        &self,
        page: &ExistingPage,
        caller: &Caller,
        request: LikeRequest,
        deadline: Instant,
    ) -> Result<LikeOutcome, Problem> {
        let LikeRequest { liked, idempotency_key } = request;
        let inner = &self.0;
        let networks = inner.limits.networks(caller.address());
        inner.limits.check_rate(RateClass::Like, networks)?;
        let topic = Topic::from(page);
        let identity = inner.rules.identity(caller, deadline).await?;
        if !liked && idempotency_key.is_none() && self.known_reader(identity, caller).is_none() {
            // A caller without a reader id has no like to remove.
            let total = inner
                .breaker
                .read_until(deadline, inner.ports.stats.total(&topic))
                .await?;
            let likes = total.stats.likes;
            let view = LikeView { liked, likes };
            return Ok(LikeOutcome { view, set_cookie: None });
        }
        let identified = self.reader_or_new(identity, caller, idempotency_key, &topic)?;
        let reader = identified.reader;
        let kind = if liked {
            EventKind::Like { reader }
        } else {
            EventKind::Unlike { reader }
        };
        if let Decision::Reject(reason) = inner.rules.decide(&topic, &kind, caller, deadline).await? {
            return Err(Problem::refused(reason));
        }
        inner.clock.check()?;
        let is_new = identified.is_new;
        // The store remembers an unlike of a new reader, too.
        if (liked || is_new) && !identity.is_named() {
            let now = inner.clock.now();
            inner.limits.check_likes_of_day(page, reader, is_new, networks, now)?;
        }
        let event = Event::new(inner.clock.stamp()?, topic.clone(), kind);
        self.track_event(event, deadline).await?;
        if liked {
            self.record_interaction(Some(page), caller);
        }
        inner.cache.put_like(&topic, reader, liked, Instant::now());
        inner.hub.note_like(&topic, reader, liked);
        let likes = self.likes_after(&topic, reader, liked, deadline).await;
        Ok(LikeOutcome {
            view: LikeView { liked, likes },
            set_cookie: identified.set_cookie,
        })
    }

    /// Returns whether the caller likes the page, within 900 milliseconds. To render a page, prefer
    /// [`PageReads::is_liked_by`](crate::PageReads::is_liked_by).
    ///
    /// # Errors
    /// Those of the store and of [`Identify`](crate::Identify).
    pub async fn is_liked_by(&self, slug: &Slug, caller: &Caller) -> Result<bool> {
        self.is_liked_by_until(slug, caller, Instant::now() + ANSWER_TIMEOUT)
            .await
    }

    async fn is_liked_by_until(&self, slug: &Slug, caller: &Caller, deadline: Instant) -> Result<bool> {
        let Some(reader) = self.reader_until(caller, deadline).await? else {
            return Ok(false);
        };
        let topic = slug.clone().into();
        let read = self.0.ports.stats.is_liked_by(&topic, reader);
        self.0.breaker.read_until(deadline, read).await
    }

    /// Returns whether the caller likes the page, and how many readers do.
    ///
    /// # Errors
    /// Those of [`is_liked_by`](Self::is_liked_by).
    pub async fn like_view(&self, page: &ExistingPage, caller: &Caller) -> Result<LikeView> {
        self.like_view_until(page, caller, Instant::now() + ANSWER_TIMEOUT)
            .await
    }

    /// Returns what [`like_view`](Self::like_view) returns, before `deadline`.
    pub(crate) async fn like_view_until(
        &self,
        page: &ExistingPage,
        caller: &Caller,
        deadline: Instant,
    ) -> Result<LikeView> {
        let deadline = deadline.min(Instant::now() + ANSWER_TIMEOUT);
        let topic = Topic::from(page.clone());
        let total = self.0.breaker.read_until(deadline, self.0.ports.stats.total(&topic));
        let (liked, total) = tokio::try_join!(self.is_liked_by_until(page, caller, deadline), total)?;
        Ok(LikeView {
            liked,
            likes: total.stats.likes,
        })
    }

    /// Returns the number of likes, including the event that the bus just took.
    ///
    /// The store may not have counted it yet, so the number is corrected by what the store says about this reader. A
    /// failed read is not an error: the like itself succeeded.
    async fn likes_after(&self, topic: &Topic, reader: ReaderId, liked: bool, deadline: Instant) -> u64 {
        if let Some(stats) = self.0.hub.counted_totals(topic) {
            return stats.likes;
        }
        let (breaker, stats) = (&self.0.breaker, &self.0.ports.stats);
        let (counted, total) = tokio::join!(
            breaker.read_until(deadline, stats.is_liked_by(topic, reader)),
            breaker.read_until(deadline, stats.total(topic))
        );
        let cached = self.0.cache.stats(topic).unwrap_or_default().likes;
        let likes = total.map_or(cached, |update| update.stats.likes);
        match counted {
            Ok(counted) if counted == liked => likes,
            _ if liked => likes.saturating_add(1),
            _ => likes.saturating_sub(1),
        }
    }
}
