use super::event_factory::{EventFactory, limit, slug};
use super::{StoreHarness, Violation, expect_eq, located};
use crate::{Comment, Event, EventId, Slug, Stats, StatsStoreExt, ThreadPage, Visibility};

/// Posts and reads comments on one page.
pub(super) struct CommentFixture<'a> {
    pub(super) harness: &'a mut dyn StoreHarness,
    pub(super) factory: EventFactory,
    pub(super) slug: Slug,
}

impl<'a> CommentFixture<'a> {
    pub(super) fn new(harness: &'a mut dyn StoreHarness) -> Result<Self, Violation> {
        Ok(Self {
            harness,
            factory: EventFactory::new(),
            slug: slug("post")?,
        })
    }

    pub(super) async fn apply(&mut self, event: Event) -> Result<EventId, Violation> {
        let id = event.id;
        self.harness.open().await?.apply(&[event]).await?;
        Ok(id)
    }

    pub(super) async fn post(&mut self, body: &str, parent: Option<EventId>) -> Result<EventId, Violation> {
        let event = self.factory.comment(&self.slug, body, parent)?;
        self.apply(event).await
    }

    pub(super) async fn post_pending(&mut self, body: &str, parent: Option<EventId>) -> Result<EventId, Violation> {
        let event = self.factory.pending_comment(&self.slug, body, parent)?;
        self.apply(event).await
    }

    pub(super) async fn post_elsewhere(&mut self, body: &str) -> Result<EventId, Violation> {
        let event = self.factory.comment(&slug("elsewhere")?, body, None)?;
        self.apply(event).await
    }

    pub(super) async fn moderate(&mut self, comment: EventId, verdict: Visibility) -> Result<(), Violation> {
        let event = self.factory.moderate(&self.slug, comment, verdict);
        self.apply(event).await.map(drop)
    }

    pub(super) async fn comment(&mut self, id: EventId) -> Result<Option<Comment>, Violation> {
        Ok(self.harness.open().await?.comment(id).await?)
    }

    pub(super) async fn threads(&mut self, before: Option<EventId>, max: usize) -> Result<ThreadPage, Violation> {
        Ok(self
            .harness
            .open()
            .await?
            .threads(&self.slug, before, limit(max))
            .await?)
    }

    /// Returns the author and visibility of the first head on the page.
    pub(super) async fn first_head(&mut self) -> Result<Option<(String, Visibility)>, Violation> {
        let first = self.threads(None, 100).await?.threads.into_iter().next();
        Ok(first.map(|thread| (thread.head.author, thread.head.visibility)))
    }

    pub(super) async fn stats(&mut self) -> Result<Stats, Violation> {
        Ok(self.harness.open().await?.total(&self.slug.clone().into()).await?.stats)
    }

    /// Compares the bodies of the threads on the page and the number of counted comments.
    #[track_caller]
    pub(super) fn expect_page(
        &mut self,
        what: &str,
        want: &[(&str, &[&str])],
        counted: u64,
    ) -> impl Future<Output = Result<(), Violation>> {
        located(async move {
            let page = self.threads(None, 100).await?;
            let got: Vec<(&str, Vec<&str>)> = page
                .threads
                .iter()
                .map(|thread| (thread.head.body.as_str(), bodies(&thread.replies)))
                .collect();
            let want: Vec<_> = want.iter().map(|(head, replies)| (*head, replies.to_vec())).collect();
            expect_eq(&format!("{what}, the page"), &got, &want)?;
            expect_eq(&format!("{what}, the count"), &self.stats().await?.comments, &counted)
        })
    }
}

pub(super) fn bodies(comments: &[Comment]) -> Vec<&str> {
    comments.iter().map(|comment| comment.body.as_str()).collect()
}

pub(super) fn heads(page: &ThreadPage) -> (Vec<&str>, bool) {
    let heads = page.threads.iter().map(|thread| thread.head.body.as_str()).collect();
    (heads, page.has_earlier)
}
