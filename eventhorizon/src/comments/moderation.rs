use horizon_core::{Comment, Error, Event, EventId, EventKind, Result, Visibility};
use tokio::time::Instant;

use super::Paging;
use crate::{Horizon, breaker::ANSWER_TIMEOUT, render};

/// When comments are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Moderation {
    /// At once. A moderator can remove them.
    #[default]
    AfterPublishing,
    /// After a moderator shows them ([`Horizon::moderate`](crate::Horizon::moderate)).
    BeforePublishing,
}

impl Horizon {
    /// Returns the newest comments of all pages that are older than the cursor, newest first, including pending and
    /// removed ones. `only` selects one visibility.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn recent_comments(&self, only: Option<Visibility>, paging: Paging) -> Result<Vec<Comment>> {
        let comments = &self.0.ports.comments;
        let comments = comments.recent_comments(only, paging.cursor, paging.limit);
        let comments = self.0.breaker.read(comments).await?;
        Ok(comments.into_iter().map(render::for_moderator).collect())
    }

    /// Shows or removes a comment. Returns whether a comment has this id. It takes 900 milliseconds at most.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Moderation, NewComment, Paging, Slug, Visibility};
    /// let builder = Horizon::in_memory().configure(|config| config.moderation = Moderation::BeforePublishing);
    /// let horizon = builder.start(|_: &Slug| true).await?;
    /// let bread = horizon.page("bread").await?;
    /// let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
    /// horizon.comment(&bread, NewComment::new("Ada", "Well said"), &ada).await?;
    ///
    /// let pending = horizon.recent_comments(Some(Visibility::Pending), Paging::default()).await?;
    /// assert!(horizon.moderate(pending[0].id, Visibility::Shown).await?);
    /// assert_eq!(horizon.threads(&bread, Paging::default()).await?.threads.len(), 1);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of the store and of the event bus. If the bus does not acknowledge in time, the verdict may have been
    /// recorded; calling this again is safe.
    pub async fn moderate(&self, id: EventId, verdict: Visibility) -> Result<bool> {
        let deadline = Instant::now() + ANSWER_TIMEOUT;
        let comment = self.0.ports.comments.comment(id);
        let Some(comment) = self.0.breaker.read_until(deadline, comment).await? else {
            return Ok(false);
        };
        let wrong_clock = |problem| Error::unavailable("moderation needs a correct clock").with_source(problem);
        self.0.clock.check().map_err(wrong_clock)?;
        let kind = EventKind::Moderate { comment: id, verdict };
        let event = Event::new(self.0.clock.stamp()?, comment.slug.into(), kind);
        self.track_event(event, deadline).await?;
        Ok(true)
    }
}
