//! What the author of a site sees and does.

use std::num::NonZeroUsize;

use horizon_core::{Comment, Error, Event, EventId, EventKind, Result, Visibility};
use tokio::time::Instant;

use crate::{Horizon, breaker::ANSWER_WAIT};

impl Horizon {
    /// The newest comments of all pages, for the author's eyes: newest first, older than `before`, and with `only`
    /// those in that state.
    #[doc = include_str!("horizon/desk.md")]
    ///
    /// # Errors
    /// Those of the store.
    pub async fn recent_comments(
        &self,
        only: Option<Visibility>,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Vec<Comment>> {
        self.0
            .breaker
            .read(self.ports().comments.recent_comments(only, before, limit))
            .await
    }

    /// Shows or removes a comment. Answers false if there is none with this id. It takes 900 milliseconds at most;
    /// where the pipe does not answer in that time, nobody knows whether it took the verdict: giving it again does no
    /// harm.
    #[doc = include_str!("horizon/moderate.md")]
    ///
    /// # Errors
    /// Those of the store and of the pipe.
    pub async fn moderate(&self, id: EventId, verdict: Visibility) -> Result<bool> {
        let deadline = Instant::now() + ANSWER_WAIT;
        let comment = self.ports().comments.comment(id);
        let Some(comment) = self.0.breaker.read_until(deadline, comment).await? else {
            return Ok(false);
        };
        let wrong = |problem| Error::unavailable("a verdict needs the right time").with_source(problem);
        self.0.clock.check().map_err(wrong)?;
        let kind = EventKind::Moderate { comment: id, verdict };
        let event = Event::new(self.0.clock.stamp()?, comment.slug.into(), kind);
        self.track(event, deadline).await?;
        Ok(true)
    }
}
