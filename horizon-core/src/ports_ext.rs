use std::future::poll_fn;

use async_trait::async_trait;
use futures_core::stream::BoxStream;

use crate::{
    Draft, Event, EventBus, EventKind, Presence, ReaderId, Result, Slug, Stamp, Stats, StatsStore, Topic, Update,
    VisitorKey,
};

/// Tracks the events of a blog over any [`EventBus`].
///
/// ```
/// use horizon_core::{EventBus, EventBusExt, Draft, ReaderId, Slug, Stamp};
///
/// async fn comment(bus: &dyn EventBus, stamp: Stamp) -> Result<(), Box<dyn std::error::Error>> {
///     let (page, reader, draft) = (Slug::new("hello")?, ReaderId::from_u128(7), Draft::new("Ada", "Hello", None)?);
///     Ok(bus.track_blog_comment(stamp, &page, reader, draft, false).await?)
/// }
/// ```
///
/// # Errors
/// All methods return the errors of [`EventBus::track`].
#[async_trait]
pub trait EventBusExt: EventBus {
    /// Tracks that the visitor has some page of the site open.
    async fn track_site_visit(&self, stamp: Stamp, visitor: Option<VisitorKey>) -> Result<()> {
        self.track(Event::new(stamp, Topic::Site, EventKind::visit(visitor)))
            .await
    }

    /// Tracks that the visitor has this page open.
    async fn track_blog_visit(&self, stamp: Stamp, slug: &Slug, visitor: Option<VisitorKey>) -> Result<()> {
        self.track(Event::new(stamp, slug.clone().into(), EventKind::visit(visitor)))
            .await
    }

    /// Tracks a like of the page, or an unlike if `likes` is false.
    async fn track_blog_like(&self, stamp: Stamp, slug: &Slug, reader: ReaderId, likes: bool) -> Result<()> {
        let kind = if likes {
            EventKind::Like { reader }
        } else {
            EventKind::Unlike { reader }
        };
        self.track(Event::new(stamp, slug.clone().into(), kind)).await
    }

    /// Tracks a comment on the page. A `pending` comment is hidden until a moderator shows it.
    async fn track_blog_comment(
        &self,
        stamp: Stamp,
        slug: &Slug,
        reader: ReaderId,
        draft: Draft,
        pending: bool,
    ) -> Result<()> {
        let kind = EventKind::Comment { reader, draft, pending };
        self.track(Event::new(stamp, slug.clone().into(), kind)).await
    }

    /// Returns the totals of the page: the latest at once, then newer ones.
    fn subscribe_blog_stats(&self, slug: &Slug) -> BoxStream<'static, Stats> {
        self.watch(slug.clone().into())
    }
}

impl<A: EventBus + ?Sized> EventBusExt for A {}

/// Convenience methods for any [`Presence`].
#[async_trait]
pub trait PresenceExt: Presence {
    /// Returns the current number of viewers.
    async fn viewers(&self, topic: Topic) -> u64 {
        let mut counts = self.watch(topic);
        poll_fn(|context| counts.as_mut().poll_next(context)).await.unwrap_or(0)
    }
}

impl<P: Presence + ?Sized> PresenceExt for P {}

/// Convenience methods for any [`StatsStore`].
#[async_trait]
pub trait StatsStoreExt: StatsStore {
    /// Returns the totals of one topic.
    ///
    /// # Errors
    /// Returns the errors of [`StatsStore::totals`].
    async fn total(&self, topic: &Topic) -> Result<Update> {
        let updates = self.totals(std::slice::from_ref(topic)).await?;
        Ok(updates
            .into_iter()
            .next()
            .unwrap_or_else(|| Update::empty(topic.clone())))
    }
}

impl<S: StatsStore + ?Sized> StatsStoreExt for S {}
