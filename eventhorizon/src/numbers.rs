//! The numbers and the comments of a page, as an application shows them: current where the backends answer soon,
//! otherwise the last known.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, future::join_all};
use horizon_core::{Error, PresenceExt, Result, Slug, Stats, Topic, wire};
use tokio::time::{Instant, timeout, timeout_at};

use crate::{
    Horizon,
    breaker::{KNOWN_WAIT, READ_WAIT, Subject, remaining},
    comments::THREADS_A_PAGE,
    render,
};

/// How long the numbers of a page may take in all: 600 milliseconds. Presence over Redis needs 500 where others are
/// silent.
const PAGE_WAIT: Duration = Duration::from_millis(600);

/// How long numbers may take in all that have to be current: one second.
const CURRENT_WAIT: Duration = Duration::from_secs(1);

/// The numbers of a topic, as far as they are known.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use eventhorizon::{Horizon, Slug};
/// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
/// let known = horizon.known_numbers(&[horizon.page("bread")?.into()]).await[0];
/// assert!(known.is_some_and(|known| known.is_current && known.numbers.visits == 0));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LastKnownStats {
    /// The numbers.
    pub numbers: wire::PageStats,
    /// Which comments the page shows: it grows whenever one comes or goes.
    pub comments_revision: u64,
    /// Whether the store answered. If not, these are the last known numbers: show them, and keep no copy of the page.
    pub is_current: bool,
}

/// The newest threads of a page, as far as they are known.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use eventhorizon::{Horizon, Slug};
/// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
/// let known = horizon.known_threads(&horizon.page("bread")?).await.ok_or("nothing is known")?;
/// assert!(known.is_current && known.view.threads.is_empty());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LastKnownThreads {
    /// The threads, rendered and sanitised.
    pub view: wire::ThreadsView,
    /// Whether the store answered. If not, these are the last known threads.
    pub is_current: bool,
}

/// How long reads may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Want {
    /// The last known value will do.
    Known,
    /// Only what the backends say now.
    Current,
}

impl Want {
    /// Until when a look-up that begins now may take.
    fn deadline(self) -> Instant {
        let wait = match self {
            Self::Known => PAGE_WAIT,
            Self::Current => CURRENT_WAIT,
        };
        Instant::now() + wait
    }
}

impl Horizon {
    /// The numbers of these topics, in their order: what the live streams say where somebody watches, otherwise from
    /// presence and the store. A reader whose like or comment was taken by this process finds it in them as soon as the
    /// store has it. A page that the site does not have has zeros, and so have the likes and comments of
    /// [`Topic::Site`]: each belongs to a page.
    ///
    /// It takes one second at most. Where the store or presence does not answer within 50 milliseconds, the last known
    /// numbers are returned; [`known_numbers`](Self::known_numbers) says which those are.
    #[doc = include_str!("horizon/numbers.md")]
    ///
    /// # Errors
    /// Those of the store, where some of the numbers are not known.
    pub async fn stats(&self, topics: &[Topic]) -> Result<Vec<wire::PageStats>> {
        let (known, error) = self.look_up(topics, Want::Known, Want::Known.deadline()).await;
        let numbers: Option<Vec<_>> = known.into_iter().map(|known| Some(known?.numbers)).collect();
        numbers.ok_or_else(|| error.unwrap_or_else(unknown))
    }

    /// The same, as far as they are known: nothing for a topic whose numbers are not. Show such a page without numbers,
    /// because a zero would be a wrong number. A page that needs more than its numbers reads them through
    /// [`page_reads`](Self::page_reads).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug};
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let known = horizon.known_numbers(&[horizon.page("bread")?.into()]).await[0];
    /// let views = known.map_or("views".into(), |known| format!("{} views", known.numbers.visits));
    /// assert_eq!(views, "0 views");
    /// # Ok(()) }
    /// ```
    pub async fn known_numbers(&self, topics: &[Topic]) -> Vec<Option<LastKnownStats>> {
        self.page_reads().known_numbers(topics).await
    }

    /// The newest 50 threads of a page, oldest first, as far as they are known: within 50 milliseconds where the last
    /// known can be returned instead, otherwise within half a second. [`threads`](Self::threads) returns an error
    /// instead.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, NewComment, Slug};
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
    /// let bread = horizon.page("bread")?;
    /// horizon.comment(&bread, NewComment::new("Ada", "Well said"), &ada).await?;
    /// let html = match horizon.known_threads(&bread).await {
    ///     Some(known) => known.view.threads.iter().map(|thread| thread.comment.html.as_str()).collect(),
    ///     None => "Comments cannot be shown right now.".to_owned(),
    /// };
    /// assert_eq!(html, "<p>Well said</p>\n");
    /// # Ok(()) }
    /// ```
    pub async fn known_threads(&self, slug: &Slug) -> Option<LastKnownThreads> {
        self.page_reads().known_threads(slug).await
    }

    /// The newest threads of a page, read until `deadline`.
    pub(crate) async fn threads_until(&self, slug: &Slug, deadline: Instant) -> Option<LastKnownThreads> {
        let inner = &self.0;
        let known = inner.known.threads(slug);
        let is_enough = known.is_some() && !inner.known.is_catching_up(&slug.clone().into());
        let read = {
            let (known, comments) = (Arc::clone(&inner.known), Arc::clone(&inner.ports().comments));
            let (slug, exists) = (slug.clone(), inner.rules.pages.exists(slug));
            async move {
                let began = Instant::now();
                let page = Arc::new(comments.threads(&slug, None, THREADS_A_PAGE).await?);
                if exists {
                    known.keep_threads(&slug, Arc::clone(&page), began);
                }
                Ok(page)
            }
        };
        let wait = if is_enough { KNOWN_WAIT } else { READ_WAIT };
        let wait = wait.min(remaining(deadline));
        let (page, is_current) = match inner.breaker.read_on(Subject::Threads(slug.clone()), wait, read).await {
            Ok(page) => (page, true),
            Err(error) => {
                tracing::debug!(%error, %slug, "the comments of a page cannot be read");
                (inner.known.threads(slug)?, false)
            }
        };
        let view = render::threads(&page).await;
        Some(LastKnownThreads { view, is_current })
    }

    /// The numbers of a topic as the backends say them now.
    pub(crate) async fn current_stats(&self, topic: Topic) -> Result<wire::PageStats> {
        let (known, error) = self.look_up(&[topic], Want::Current, Want::Current.deadline()).await;
        match known.into_iter().next().flatten() {
            Some(known) if known.is_current => Ok(known.numbers),
            _ => Err(error.unwrap_or_else(unknown)),
        }
    }

    /// The numbers of these topics as a page shows them, read until `deadline`.
    pub(crate) async fn numbers_until(&self, topics: &[Topic], deadline: Instant) -> Vec<Option<LastKnownStats>> {
        let deadline = deadline.min(Want::Known.deadline());
        self.look_up(topics, Want::Known, deadline).await.0
    }

    /// The numbers, and why some of them are not current.
    async fn look_up(
        &self,
        topics: &[Topic],
        want: Want,
        deadline: Instant,
    ) -> (Vec<Option<LastKnownStats>>, Option<Error>) {
        let watched: Vec<_> = topics.iter().map(|topic| self.0.hub.settled_numbers(topic)).collect();
        // An open breaker is closed by a read alone.
        if watched.iter().all(Option::is_some) && !self.0.breaker.is_open() {
            return (watched, None);
        }
        let read = self.read_totals(topics, want, deadline).await;
        let is_current = read.is_ok();
        let (totals, error) = match read {
            Ok(totals) => (totals.into_iter().map(Some).collect(), None),
            Err(error) => (
                topics.iter().map(|topic| self.0.known.stats(topic)).collect(),
                Some(error),
            ),
        };
        let totals: Vec<Option<Stats>> = totals;
        let known = topics.iter().zip(watched).zip(totals);
        let known = known.map(async |((topic, watched), stats)| match watched {
            Some(watched) => Some(LastKnownStats { is_current, ..watched }),
            None => {
                let (stats, until) = (stats?, is_current.then_some(deadline));
                let viewers = self.viewers(topic, want, until).await?;
                Some(LastKnownStats {
                    numbers: wire::PageStats::new(viewers, stats),
                    comments_revision: stats.comments_revision,
                    is_current,
                })
            }
        });
        (join_all(known).await, error)
    }

    /// Reads the totals of the topics, and keeps those of the ones that exist.
    async fn read_totals(&self, topics: &[Topic], want: Want, deadline: Instant) -> Result<Vec<Stats>> {
        let inner = &self.0;
        let is_known = |topic| inner.known.stats(topic).is_some() && !inner.known.is_catching_up(topic);
        let wait = if topics.iter().all(is_known) {
            KNOWN_WAIT
        } else {
            READ_WAIT
        };
        let wait = wait.min(remaining(deadline));
        let existing: Vec<bool> = topics.iter().map(|topic| self.exists(topic)).collect();
        let read = {
            let (known, stats) = (Arc::clone(&inner.known), Arc::clone(&inner.ports().stats));
            let topics = topics.to_vec();
            async move {
                let began = Instant::now();
                let updates = stats.get(&topics).await?;
                for ((topic, update), exists) in topics.iter().zip(&updates).zip(existing) {
                    if exists {
                        known.keep_stats(topic, update.stats, began);
                    }
                }
                Ok(updates.into_iter().map(|update| update.stats).collect())
            }
        };
        match want {
            Want::Known => {
                let subject = Subject::Totals(topics.to_vec());
                inner.breaker.read_on(subject, wait, read).await
            }
            Want::Current => inner.breaker.read(read).await,
        }
    }

    /// How many are here: as presence says, or as it said last. Without a moment `until` which to wait nobody waits.
    async fn viewers(&self, topic: &Topic, want: Want, until: Option<Instant>) -> Option<u64> {
        let known = self.0.known.viewers(topic);
        let viewers = self.0.ports().presence.viewers(topic.clone());
        let viewers = match (until, known, want) {
            // Whoever waited for the store in vain waits for nothing else.
            (None, ..) => viewers.now_or_never(),
            (Some(_), Some(_), Want::Known) => timeout(KNOWN_WAIT, viewers).await.ok(),
            (Some(until), ..) => timeout_at(until, viewers).await.ok(),
        };
        if let Some(viewers) = viewers
            && self.exists(topic)
        {
            self.0.known.keep_viewers(topic, viewers);
        }
        viewers.or(known)
    }

    /// Whether something may be kept about the topic: what a stranger can name has no end.
    pub(crate) fn exists(&self, topic: &Topic) -> bool {
        topic.slug().is_none_or(|slug| self.0.rules.pages.exists(slug))
    }
}

fn unknown() -> Error {
    Error::unavailable("the numbers are not known, because presence does not answer")
}
