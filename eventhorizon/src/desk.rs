//! What the author of a site sees and does.

use std::num::NonZeroUsize;

use horizon_core::{Comment, Error, Event, EventId, EventKind, Result, Visibility};

use crate::Horizon;

impl Horizon {
    /// The newest comments of all pages, for the author's eyes: newest first, older than `before`, and with `only`
    /// those in that state.
    #[doc = include_str!("horizon/desk.md")]
    ///
    /// # Errors
    /// Those of the store.
    pub async fn desk(
        &self,
        only: Option<Visibility>,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Vec<Comment>> {
        self.0
            .breaker
            .read(self.ports().comments.desk(only, before, limit))
            .await
    }

    /// Shows or removes a comment. Answers false if there is none with this id. The pipe may take 3 seconds.
    #[doc = include_str!("horizon/moderate.md")]
    ///
    /// # Errors
    /// Those of the store and of the pipe.
    pub async fn moderate(&self, id: EventId, verdict: Visibility) -> Result<bool> {
        let Some(comment) = self.0.breaker.read(self.ports().comments.comment(id)).await? else {
            return Ok(false);
        };
        let wrong = |problem| Error::unavailable("a verdict needs the right time").with_source(problem);
        self.0.clock.check().map_err(wrong)?;
        let kind = EventKind::Moderate { comment: id, verdict };
        self.track(Event::new(self.0.clock.stamp()?, comment.slug.into(), kind))
            .await?;
        Ok(true)
    }
}
