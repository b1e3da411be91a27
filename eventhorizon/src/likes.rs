//! Likes.

use horizon_core::{Event, EventId, EventKind, ReaderId, Slug, StatsStoreExt, Topic, wire::LikeView};

use tokio::time::Instant;

use crate::{Caller, Decision, Horizon, Problem, rates::RateClass};

/// What became of a like, or of its being taken back.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use eventhorizon::{Horizon, LikeOutcome, Slug};
/// # let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
/// # let bread = horizon.page("bread")?;
/// let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
/// let LikeOutcome { view, set_cookie, .. } = horizon.like(&bread, true, None, &ada).await?;
/// assert_eq!(serde_json::to_string(&view)?, r#"{"liked":true,"likes":1}"#);
/// assert!(set_cookie.unwrap().contains("; HttpOnly; SameSite=Lax; "));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LikeOutcome {
    /// What the reader is told.
    pub view: LikeView,
    /// The `Set-Cookie` of the answer (RFC 6265), for a reader who comes for the first time. It lasts a year.
    pub set_cookie: Option<String>,
}

impl Horizon {
    /// The caller likes the page, or takes that back. Saying the same twice changes nothing.
    ///
    /// `key` is an id that only the sender knows, such as an `Idempotency-Key`: one who is not known by a cookie yet
    /// and sends the same again, because the answer was lost, is one reader and not two.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug};
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let caller = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
    /// let liked = horizon.like(&horizon.page("bread")?, true, None, &caller).await?;
    /// assert_eq!((liked.view.liked, liked.view.likes), (true, 1));
    /// assert!(liked.set_cookie.is_some());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The page does not exist, the network asks too often, or the application refuses.
    /// [`Unavailable`](crate::ProblemKind::Unavailable) means that a backend is down, or that the pipe did not answer
    /// within 3 seconds, when nobody knows whether it took the like: sending it again does no harm.
    pub async fn like(
        &self,
        slug: &Slug,
        liked: bool,
        key: Option<EventId>,
        caller: &Caller,
    ) -> Result<LikeOutcome, Problem> {
        self.like_until(slug, liked, key, caller, Self::write_deadline()).await
    }

    /// The same, until `deadline`.
    pub(crate) async fn like_until(
        &self,
        slug: &Slug,
        liked: bool,
        key: Option<EventId>,
        caller: &Caller,
        deadline: Instant,
    ) -> Result<LikeOutcome, Problem> {
        self.check_page(slug)?;
        self.0
            .limiters
            .check(RateClass::Like, caller.address(), &self.0.metrics)?;
        let topic = Topic::from(slug.clone());
        if !liked && key.is_none() && self.reader(caller).is_none() {
            // Nobody has nothing to take back.
            let total = self.0.ports().stats.total(&topic);
            let total = self.0.breaker.read_until(deadline, total).await?;
            let likes = total.stats.likes;
            let view = LikeView { liked, likes };
            return Ok(LikeOutcome { view, set_cookie: None });
        }
        let known = self.reader_or_new(caller, key, &topic)?;
        let reader = known.reader;
        let kind = if liked {
            EventKind::Like { reader }
        } else {
            EventKind::Unlike { reader }
        };
        if let Decision::Reject(reason) = self.0.rules.decide(&topic, &kind, caller) {
            return Err(Problem::refused(reason));
        }
        self.0.clock.check()?;
        let event = Event::new(self.0.clock.stamp()?, topic.clone(), kind);
        self.track(event, deadline).await?;
        self.0.known.keep_like(&topic, reader, liked, Instant::now());
        let likes = self.likes_after(&topic, reader, liked, deadline).await;
        Ok(LikeOutcome {
            view: LikeView { liked, likes },
            set_cookie: known.set_cookie,
        })
    }

    /// Whether the caller likes the page. [`numbers`](Self::numbers) says how many do. It takes 900 milliseconds at
    /// most; a page of an application shows [`PageReads::known_like`](crate::PageReads::known_like).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug};
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let bread = horizon.page("bread")?;
    /// let agent = ("user-agent", "Firefox");
    /// let stranger = horizon.caller([192, 0, 2, 1].into(), [agent]);
    /// let cookie = horizon.like(&bread, true, None, &stranger).await?.set_cookie.unwrap();
    /// let known = horizon.caller([192, 0, 2, 1].into(), [agent, ("cookie", cookie.split(';').next().unwrap())]);
    /// assert!(horizon.is_liked_by(&bread, &known).await? && !horizon.is_liked_by(&bread, &stranger).await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of the store.
    pub async fn is_liked_by(&self, slug: &Slug, caller: &Caller) -> horizon_core::Result<bool> {
        match self.reader(caller) {
            None => Ok(false),
            Some(reader) => {
                let topic = slug.clone().into();
                self.0
                    .breaker
                    .read(self.0.ports().stats.is_liked_by(&topic, reader))
                    .await
            }
        }
    }

    /// The same, and how many do.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug};
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
    /// let view = horizon.like_view(&horizon.page("bread")?, &ada).await?;
    /// assert_eq!((view.liked, view.likes), (false, 0));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The page does not exist, or the store cannot be read.
    pub async fn like_view(&self, slug: &Slug, caller: &Caller) -> Result<LikeView, Problem> {
        self.check_page(slug)?;
        let topic = Topic::from(slug.clone());
        let total = self.0.breaker.read(self.0.ports().stats.total(&topic));
        let (liked, total) = tokio::try_join!(self.is_liked_by(slug, caller), total)?;
        Ok(LikeView {
            liked,
            likes: total.stats.likes,
        })
    }

    /// How many like the page, this reader's word included.
    ///
    /// The pipe took the word, but the store may hear of it later. And whatever the store does now, the
    /// like is taken: an answer that is a little off is better than one that says it failed.
    async fn likes_after(&self, topic: &Topic, reader: ReaderId, liked: bool, deadline: Instant) -> u64 {
        if let Some(stats) = self.0.hub.counted(topic) {
            return stats.likes;
        }
        let (breaker, stats) = (&self.0.breaker, &self.0.ports().stats);
        let (counted, total) = tokio::join!(
            breaker.read_until(deadline, stats.is_liked_by(topic, reader)),
            breaker.read_until(deadline, stats.total(topic))
        );
        let known = self.0.known.stats(topic).unwrap_or_default().likes;
        let likes = total.map_or(known, |update| update.stats.likes);
        match counted {
            Ok(counted) if counted == liked => likes,
            _ if liked => likes.saturating_add(1),
            _ => likes.saturating_sub(1),
        }
    }
}
