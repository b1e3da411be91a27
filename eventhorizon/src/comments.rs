//! Comments: writing, reading and moderating them.

mod moderation;
mod snapshot;

use std::num::NonZeroUsize;

use horizon_core::{
    Comment, Draft, DraftErrorReason, Event, EventId, EventKind, MAX_REPLIES, ReaderId, Result, Slug, Stamp, Topic,
    Visibility, clean_text, wire,
};
use tokio::time::Instant;

use crate::{Caller, Decision, ExistingPage, Horizon, Identity, Problem, ProblemKind, render};

pub use self::{moderation::Moderation, snapshot::ThreadsSnapshot};

/// A comment to post with [`Horizon::comment`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct NewComment {
    /// The comment's id, chosen by the sender. Posting the same id again does not add a second comment. Without an
    /// id, each post is a new comment.
    pub id: Option<EventId>,
    /// The author's name, at most 80 characters. It may be empty. It is ignored if the application sets the author
    /// ([`Identity::author`]).
    pub author: String,
    /// The text, 1 to 2,000 characters without surrounding white space ([`Draft::new`]).
    pub body: String,
    /// The comment that this one replies to: a visible top-level comment of the same page with fewer than 200 replies.
    pub parent: Option<EventId>,
}

impl NewComment {
    /// Creates a top-level comment.
    #[must_use]
    pub fn new(author: impl Into<String>, body: impl Into<String>) -> Self {
        Self {
            author: author.into(),
            body: body.into(),
            ..Self::default()
        }
    }
}

/// The result of posting a comment. A JSON API responds with 201 and the view, or 202 if the comment is pending (RFC
/// 9110 §15.3).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CommentOutcome {
    /// The comment as readers see it.
    pub view: wire::CommentView,
    /// Whether the comment is pending.
    pub pending: bool,
    /// The `Set-Cookie` header to send to a new reader, or to one whose cookie has an older name.
    pub set_cookie: Option<String>,
}

/// A part of a list: where it starts and how long it is at most. The default is the first 50 items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Paging {
    /// The id of the item that the previous part ended with. Without it, the list starts at its beginning.
    pub cursor: Option<EventId>,
    /// The largest number of items.
    pub limit: NonZeroUsize,
}

impl Default for Paging {
    fn default() -> Self {
        Self {
            cursor: None,
            limit: DEFAULT_LIMIT,
        }
    }
}

impl Paging {
    /// Sets the cursor.
    #[must_use]
    pub fn cursor(self, cursor: impl Into<Option<EventId>>) -> Self {
        Self {
            cursor: cursor.into(),
            ..self
        }
    }

    /// Sets the limit. Keep it small: each comment is rendered.
    #[must_use]
    pub fn limit(self, limit: NonZeroUsize) -> Self {
        Self { limit, ..self }
    }
}

impl Horizon {
    /// Posts a comment. Its text is a subset of Markdown (paragraphs, emphasis, code, links, lists, quotes). HTML is
    /// escaped, and the output is sanitized.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, NewComment, Slug};
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let caller = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
    /// let new = NewComment::new("Ada", "Well *said*");
    /// let posted = horizon.comment(&horizon.page("bread").await?, new, &caller).await?;
    /// assert_eq!(posted.view.html, "<p>Well <em>said</em></p>\n");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// A field is invalid (the problem names it), the id belongs to another comment, the caller's network exceeds its
    /// rate, or the application's [`EventPolicy`](crate::EventPolicy) rejects the comment.
    /// [`Unavailable`](ProblemKind::Unavailable) if a backend is down or the event bus does not acknowledge within 3
    /// seconds. The comment may have been recorded then; post it again with the same id.
    pub async fn comment(
        &self,
        page: &ExistingPage,
        new: NewComment,
        caller: &Caller,
    ) -> Result<CommentOutcome, Problem> {
        self.comment_until(page, new, caller, Self::write_deadline()).await
    }

    pub(crate) async fn comment_until(
        &self,
        page: &ExistingPage,
        new: NewComment,
        caller: &Caller,
        deadline: Instant,
    ) -> Result<CommentOutcome, Problem> {
        let identity = self.0.rules.identity(caller, deadline).await?;
        let (draft, mut comment) = self.draft(page, &new, identity)?;
        comment.reader = self.known_reader(identity, caller).unwrap_or(NO_READER);
        let (breaker, comments) = (&self.0.breaker, &self.0.ports.comments);
        if let Some(stored) = breaker.read_until(deadline, comments.comment(comment.id)).await? {
            check_same(&stored, &comment)?;
            return Ok(outcome(&stored, None));
        }
        self.check_parent(&comment, deadline).await?;
        match self.decide(&draft, &comment, caller, deadline).await? {
            Decision::Reject(reason) => return Err(Problem::refused(reason)),
            Decision::Pending => comment.visibility = Visibility::Pending,
            Decision::Accept => {}
        }
        // Almost last, so that invalid comments and retries do not count against the rate.
        let (limits, networks) = (&self.0.limits, self.0.limits.networks(caller.address()));
        limits.check_comment(comment.id, networks)?;
        // After the rate, because rendering takes time and fills a cache.
        if !render::is_visible(draft.body()) {
            let reason = format!("{}.", DraftErrorReason::Invisible);
            return Err(Problem::invalid_field("body", reason));
        }
        if !identity.is_named() {
            limits.check_comments_of_day(comment.id, networks, self.0.clock.now())?;
        }
        let posted = self.track_comment(draft, comment, identity, caller, deadline).await?;
        self.record_interaction(Some(page), caller);
        Ok(posted)
    }

    /// Returns what [`comment`](Self::comment) would return for a new comment, without recording it.
    pub(crate) async fn preview_comment(
        &self,
        page: &ExistingPage,
        new: &NewComment,
        caller: &Caller,
        deadline: Instant,
    ) -> Result<CommentOutcome, Problem> {
        let identity = self.0.rules.identity(caller, deadline).await?;
        Ok(outcome(&self.draft(page, new, identity)?.1, None))
    }

    /// Returns the newest threads of a page that are older than the cursor, oldest first, rendered and sanitized.
    ///
    /// Each has its first [`REPLIES_PER_THREAD`](horizon_core::REPLIES_PER_THREAD) replies; [`thread`](Self::thread)
    /// returns the others. The list is shorter if the comments or their HTML exceed
    /// [`MAX_PAGE_BYTES`](horizon_core::MAX_PAGE_BYTES). It takes 900 milliseconds at most. To render a page, prefer
    /// [`PageReads::threads_snapshot`](crate::PageReads::threads_snapshot).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, NewComment, Paging, Slug};
    /// # use std::num::NonZeroUsize;
    /// # let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// # let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
    /// # let bread = horizon.page("bread").await?;
    /// for body in ["One", "Two"] {
    ///     horizon.comment(&bread, NewComment::new("Ada", body), &ada).await?;
    /// }
    /// let paging = Paging::default().limit(NonZeroUsize::MIN);
    /// let newest = horizon.threads(&bread, paging).await?;
    /// assert!(newest.has_earlier);
    /// let earlier = horizon.threads(&bread, paging.cursor(newest.threads[0].comment.id)).await?;
    /// assert_eq!(earlier.threads[0].comment.html, "<p>One</p>\n");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of the store.
    pub async fn threads(&self, slug: &Slug, paging: Paging) -> Result<wire::ThreadsView> {
        let page = self.0.ports.comments.threads(slug, paging.cursor, paging.limit);
        let page = self.0.breaker.read(page).await?;
        Ok(render::threads(&page).await)
    }

    /// Returns a thread with the replies after the cursor, oldest first, or `None` if the page has no visible thread
    /// with this head. Use it where [`has_more_replies`](wire::ThreadView::has_more_replies) is set.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn thread(&self, slug: &Slug, head: EventId, paging: Paging) -> Result<Option<wire::ThreadView>> {
        let thread = self.0.ports.comments.thread(slug, head, paging.cursor, paging.limit);
        let thread = self.0.breaker.read(thread).await?;
        Ok(thread.as_ref().map(render::thread))
    }

    /// Checks the fields, and returns the comment as it will be stored, without its reader.
    fn draft(&self, page: &ExistingPage, new: &NewComment, identity: &Identity) -> Result<(Draft, Comment), Problem> {
        self.0.clock.check()?;
        let stamp = match new.id {
            Some(id) => Stamp {
                id,
                at: self.0.clock.now(),
            },
            None => self.0.clock.stamp()?,
        };
        let draft = match identity.comment_author() {
            Some(author) => author.draft(&new.body, new.parent),
            None => Draft::new(&new.author, &new.body, new.parent),
        };
        let draft = draft.map_err(|invalid| Problem::invalid_field(invalid.field, format!("{}.", invalid.reason)))?;
        let pending = self.0.config.moderation == Moderation::BeforePublishing;
        let comment = Comment::from_draft(stamp, Slug::clone(page), NO_READER, &draft, pending);
        Ok((draft, comment))
    }

    async fn decide(&self, draft: &Draft, comment: &Comment, caller: &Caller, deadline: Instant) -> Result<Decision> {
        let kind = event_kind(draft.clone(), comment, comment.reader);
        let topic = comment.slug.clone().into();
        self.0.rules.decide(&topic, &kind, caller, deadline).await
    }

    async fn check_parent(&self, comment: &Comment, deadline: Instant) -> Result<(), Problem> {
        let Some(id) = comment.parent else { return Ok(()) };
        let (breaker, comments) = (&self.0.breaker, &self.0.ports.comments);
        let parent = breaker.read_until(deadline, comments.comment(id)).await?;
        let parent = parent.filter(|parent| parent.slug == comment.slug && parent.visibility == Visibility::Shown);
        let Some(parent) = parent else {
            return Err(Problem::invalid_field("parent", "must be a comment of this page."));
        };
        if parent.parent.is_some() {
            return Err(Problem::invalid_field("parent", "must not be a reply."));
        }
        if breaker.read_until(deadline, comments.reply_count(id)).await? >= MAX_REPLIES {
            let reason = format!("has {MAX_REPLIES} replies, which is the most.");
            return Err(Problem::invalid_field("parent", reason));
        }
        Ok(())
    }

    /// Hands the comment to the event bus. Returns the stored comment if the store has one with this id, otherwise the
    /// new one.
    ///
    /// Two requests with the same id may get here at the same time. The store keeps the first, and reading it back
    /// shows which one that was.
    async fn track_comment(
        &self,
        draft: Draft,
        comment: Comment,
        identity: &Identity,
        caller: &Caller,
        deadline: Instant,
    ) -> Result<CommentOutcome, Problem> {
        let topic = Topic::from(comment.slug.clone());
        // No idempotency key: a comment's id is public, so it must not determine the reader.
        let identified = self.reader_or_new(identity, caller, None, &topic)?;
        let (id, at) = (comment.id, comment.at);
        let kind = event_kind(draft, &comment, identified.reader);
        self.track_event(Event::new(Stamp { id, at }, topic, kind), deadline)
            .await?;
        let stored = self.0.ports.comments.comment(id);
        match self.0.breaker.read_until(deadline, stored).await {
            Ok(Some(stored)) => {
                check_same(&stored, &comment)?;
                Ok(outcome(&stored, identified.set_cookie))
            }
            Ok(None) => Ok(outcome(&comment, identified.set_cookie)),
            Err(error) => {
                tracing::warn!(%error, "comment accepted, but reading it back failed");
                Ok(outcome(&comment, identified.set_cookie))
            }
        }
    }
}

/// The default [`Paging::limit`]: 50 items.
pub(crate) const DEFAULT_LIMIT: NonZeroUsize = NonZeroUsize::new(50).unwrap();

/// A placeholder for the reader of a comment, for a caller without a reader id.
const NO_READER: ReaderId = ReaderId::from_u128(0);

fn event_kind(draft: Draft, comment: &Comment, reader: ReaderId) -> EventKind {
    EventKind::Comment {
        reader,
        draft,
        pending: comment.visibility == Visibility::Pending,
    }
}

fn outcome(comment: &Comment, set_cookie: Option<String>) -> CommentOutcome {
    CommentOutcome {
        view: render::comment(comment),
        pending: comment.visibility == Visibility::Pending,
        set_cookie,
    }
}

/// Checks that the stored comment with this id is the one that was posted again.
fn check_same(stored: &Comment, posted: &Comment) -> Result<(), Problem> {
    if stored.slug == posted.slug && clean_text(&stored.body).trim() == posted.body {
        return Ok(());
    }
    Err(Problem::new(ProblemKind::IdTaken).field("id", "belongs to another comment."))
}
