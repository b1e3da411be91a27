use std::future::poll_fn;

use async_trait::async_trait;
use futures_core::stream::BoxStream;

use crate::{
    Analytics, Draft, Event, EventKind, Presence, ReaderId, Result, Slug, Stamp, Stats, StatsStore, Topic, Update,
    VisitorKey,
};

/// The words of the blog, over any [`Analytics`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use std::{num::NonZeroUsize, sync::Arc};
/// # use futures::StreamExt;
/// # use horizon_core::{AnalyticsExt, Draft, ReaderId, Slug, Stamp, Timestamp, process_batch};
/// # use horizon_memory::{MemoryBus, MemoryStats};
/// # let store = Arc::new(MemoryStats::new());
/// # let (pipe, mut feed) = MemoryBus::new(store.clone());
/// # let now = || Timestamp::from_millis(1_800_000_000_000);
/// # tokio::spawn(async move { while process_batch(&mut feed, &*store, &now, NonZeroUsize::MIN).await.is_ok() {} });
/// # let stamp = |random| Stamp::new(now(), [random; 10]);
/// let (hello, reader) = (Slug::new("hello")?, ReaderId::from_u128(7));
/// pipe.track_site_visit(stamp(1), None).await?; // an accumulator runs beside this
/// pipe.track_blog_visit(stamp(2), &hello, None).await?;
/// pipe.track_blog_like(stamp(3), &hello, reader, true).await?;
/// pipe.track_blog_comment(stamp(4), &hello, reader, Draft::new("Ada", "Hello", None)?, false).await?;
/// let stats = pipe.subscribe_blog_stats(&hello).next().await.ok_or("a watch does not end")?;
/// assert_eq!((stats.visits, stats.likes, stats.comments), (1, 1, 1));
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait AnalyticsExt: Analytics {
    /// The visitor has some page of the site open. See [`EventKind::Visit`] for when it counts.
    ///
    /// # Errors
    /// Those of [`Analytics::track`].
    async fn track_site_visit(&self, stamp: Stamp, visitor: Option<VisitorKey>) -> Result<()> {
        self.track(Event::new(stamp, Topic::Site, EventKind::Visit { visitor }))
            .await
    }

    /// The visitor has this page open. See [`EventKind::Visit`] for when it counts.
    ///
    /// # Errors
    /// Those of [`Analytics::track`].
    async fn track_blog_visit(&self, stamp: Stamp, slug: &Slug, visitor: Option<VisitorKey>) -> Result<()> {
        self.track(Event::new(stamp, slug.clone().into(), EventKind::Visit { visitor }))
            .await
    }

    /// The reader likes the page, or with `likes` false takes that back.
    ///
    /// # Errors
    /// Those of [`Analytics::track`].
    async fn track_blog_like(&self, stamp: Stamp, slug: &Slug, reader: ReaderId, likes: bool) -> Result<()> {
        let kind = if likes {
            EventKind::Like { reader }
        } else {
            EventKind::Unlike { reader }
        };
        self.track(Event::new(stamp, slug.clone().into(), kind)).await
    }

    /// The reader comments on the page; with `held` it waits for moderation.
    ///
    /// # Errors
    /// Those of [`Analytics::track`].
    async fn track_blog_comment(
        &self,
        stamp: Stamp,
        slug: &Slug,
        reader: ReaderId,
        draft: Draft,
        held: bool,
    ) -> Result<()> {
        self.track(Event::new(
            stamp,
            slug.clone().into(),
            EventKind::Comment {
                reader,
                draft,
                pending: held,
            },
        ))
        .await
    }

    /// The totals of the page: the latest at once, then each newer one.
    fn subscribe_blog_stats(&self, slug: &Slug) -> BoxStream<'static, Stats> {
        self.watch(slug.clone().into())
    }
}

impl<A: Analytics + ?Sized> AnalyticsExt for A {}

/// Conveniences over any [`Presence`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_core::{PresenceExt, Topic};
/// use horizon_memory::MemoryPresence;
///
/// assert_eq!(MemoryPresence::default().viewers(Topic::Site).await, 0);
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait PresenceExt: Presence {
    /// How many visitors are here now.
    async fn viewers(&self, topic: Topic) -> u64 {
        let mut counts = self.watch(topic);
        poll_fn(|context| counts.as_mut().poll_next(context)).await.unwrap_or(0)
    }
}

impl<P: Presence + ?Sized> PresenceExt for P {}

/// Conveniences over any [`StatsStore`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_core::{StatsStoreExt, Topic};
/// use horizon_memory::MemoryStats;
///
/// assert_eq!(MemoryStats::new().total(&Topic::Site).await?.revision, 0);
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait StatsStoreExt: StatsStore {
    /// The totals of one topic.
    ///
    /// # Errors
    /// Those of [`StatsStore::get`].
    async fn total(&self, topic: &Topic) -> Result<Update> {
        let updates = self.get(std::slice::from_ref(topic)).await?;
        Ok(updates
            .into_iter()
            .next()
            .unwrap_or_else(|| Update::empty(topic.clone())))
    }
}

impl<S: StatsStore + ?Sized> StatsStoreExt for S {}
