use super::script::{Script, limit, slug};
use super::{StoreHarness, Violation, same};
use crate::{Comment, Event, EventId, Slug, Stats, StatsStoreExt, ThreadPage, Visibility};

/// What the checks of comments say and see on one page.
pub(super) struct Desk<'a> {
    pub(super) rig: &'a mut dyn StoreHarness,
    pub(super) script: Script,
    pub(super) slug: Slug,
}

impl<'a> Desk<'a> {
    pub(super) fn new(rig: &'a mut dyn StoreHarness) -> Result<Self, Violation> {
        Ok(Self {
            rig,
            script: Script::new(),
            slug: slug("post")?,
        })
    }

    pub(super) async fn apply(&mut self, event: Event) -> Result<EventId, Violation> {
        let id = event.id;
        self.rig.open().await?.apply(&[event]).await?;
        Ok(id)
    }

    pub(super) async fn say(&mut self, body: &str, parent: Option<EventId>) -> Result<EventId, Violation> {
        let event = self.script.comment(&self.slug, body, parent)?;
        self.apply(event).await
    }

    pub(super) async fn hold(&mut self, body: &str, parent: Option<EventId>) -> Result<EventId, Violation> {
        let event = self.script.held(&self.slug, body, parent)?;
        self.apply(event).await
    }

    pub(super) async fn elsewhere(&mut self, body: &str) -> Result<EventId, Violation> {
        let event = self.script.comment(&slug("elsewhere")?, body, None)?;
        self.apply(event).await
    }

    pub(super) async fn moderate(&mut self, comment: EventId, verdict: Visibility) -> Result<(), Violation> {
        let event = self.script.moderate(&self.slug, comment, verdict);
        self.apply(event).await.map(drop)
    }

    pub(super) async fn find(&mut self, id: EventId) -> Result<Option<Comment>, Violation> {
        Ok(self.rig.open().await?.comment(id).await?)
    }

    pub(super) async fn threads(&mut self, before: Option<EventId>, most: usize) -> Result<ThreadPage, Violation> {
        Ok(self.rig.open().await?.threads(&self.slug, before, limit(most)).await?)
    }

    /// Author and state of the first head on the page.
    pub(super) async fn first_head(&mut self) -> Result<Option<(String, Visibility)>, Violation> {
        let first = self.threads(None, 100).await?.threads.into_iter().next();
        Ok(first.map(|thread| (thread.head.author, thread.head.visibility)))
    }

    pub(super) async fn stats(&mut self) -> Result<Stats, Violation> {
        Ok(self.rig.open().await?.total(&self.slug.clone().into()).await?.stats)
    }

    /// The page must look like this: each thread as its head and its replies, and so many must count.
    pub(super) async fn expect(&mut self, what: &str, want: &[(&str, &[&str])], counted: u64) -> Result<(), Violation> {
        let page = self.threads(None, 100).await?;
        let got: Vec<(&str, Vec<&str>)> = page
            .threads
            .iter()
            .map(|thread| (thread.head.body.as_str(), bodies(&thread.replies)))
            .collect();
        let want: Vec<_> = want.iter().map(|(head, replies)| (*head, replies.to_vec())).collect();
        same(&format!("{what}, the page"), &got, &want)?;
        same(&format!("{what}, the count"), &self.stats().await?.comments, &counted)
    }
}

pub(super) fn bodies(comments: &[Comment]) -> Vec<&str> {
    comments.iter().map(|comment| comment.body.as_str()).collect()
}

pub(super) fn heads(page: &ThreadPage) -> (Vec<&str>, bool) {
    let heads = page.threads.iter().map(|thread| thread.head.body.as_str()).collect();
    (heads, page.has_earlier)
}
