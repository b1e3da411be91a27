//! Comments.

use std::num::NonZeroUsize;

use horizon_core::{
    Comment, Draft, Event, EventId, EventKind, MAX_REPLIES, ReaderId, Result, Slug, Stamp, Topic, Visibility, wire,
};
use serde::Deserialize;
use tokio::time::Instant;

use crate::{Caller, Decision, Horizon, Moderation, Problem, ProblemKind, http::id, render};

/// What a reader sends: the fields of a form or of a JSON object. [`Horizon::comment`] checks them.
///
/// ```
/// use eventhorizon::NewComment;
///
/// let mut reply = NewComment::new("Ben", "I agree");
/// reply.parent = Some("0191e2c7b5a07c3f8a1b2c3d4e5f6071".into()); // the id of a comment
/// let sent: NewComment = serde_json::from_str(r#"{"author":"Ada","body":"Well said"}"#)?;
/// assert_eq!(sent.body.as_deref(), Some("Well said"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[non_exhaustive]
pub struct NewComment {
    /// The comment's id, of the sender's own making: 32 hexadecimal digits, or a UUID. The same one sent again is the
    /// same comment. Without it each one sent is another comment, also one that is sent again because its answer was
    /// lost.
    pub id: Option<String>,
    /// What it says: 1 to 2,000 characters, white space around it not counted ([`Draft::new`]).
    pub body: Option<String>,
    /// The name that the reader gives, at most 80 characters; none will do.
    pub author: Option<String>,
    /// The id of the comment that it answers: one that shows on this page, is no reply itself and has fewer than 200.
    pub parent: Option<String>,
    /// A field that no person sees and only a machine fills in. Where it is not empty the comment is dropped, and
    /// answered as if it had been taken.
    pub website: Option<String>,
    /// Where a plain form wants to go back to, for whoever answers it: check that it is a path of your own.
    pub back: Option<String>,
}

impl NewComment {
    /// A comment that says this, under this name.
    ///
    /// ```
    /// let new = eventhorizon::NewComment::new("Ada", "Well said");
    /// assert_eq!((new.author.as_deref(), new.body.as_deref()), (Some("Ada"), Some("Well said")));
    /// ```
    #[must_use]
    pub fn new(author: impl Into<String>, body: impl Into<String>) -> Self {
        Self {
            body: Some(body.into()),
            author: Some(author.into()),
            ..Self::default()
        }
    }
}

/// What became of a comment. A JSON API answers 201 with the view, or 202 if it waits (RFC 9110 §15.3).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use eventhorizon::{Horizon, NewComment, CommentOutcome, Slug};
/// # let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
/// # let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
/// # let bread = horizon.page("bread")?;
/// let posted = horizon.comment(&bread, NewComment::new("Ada", "Well said"), &ada).await?;
/// let CommentOutcome { view, pending, set_cookie, .. } = posted;
/// let status = if pending { 202 } else { 201 };
/// assert_eq!((status, view.author.as_str()), (201, "Ada"));
/// assert!(set_cookie.unwrap().starts_with("horizon_reader="));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CommentOutcome {
    /// The comment as readers get it.
    pub view: wire::CommentView,
    /// Whether it waits until the author shows it.
    pub pending: bool,
    /// The `Set-Cookie` of the answer, for a reader who comes for the first time.
    pub set_cookie: Option<String>,
}

impl Horizon {
    /// The caller comments on the page. The text is Markdown of a few kinds (paragraphs, emphasis, code, links, lists,
    /// quotes); HTML shows as it was typed, and what comes out is sanitised.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, NewComment, Slug};
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let caller = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
    /// let new = NewComment::new("Ada", "Well *said*");
    /// let posted = horizon.comment(&horizon.page("bread")?, new, &caller).await?;
    /// assert_eq!(posted.view.html, "<p>Well <em>said</em></p>\n");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The page does not exist, a field is wrong (the problem names it), the id belongs to another comment, the network
    /// asks too often, or the application refuses. [`Unavailable`](ProblemKind::Unavailable) means that a backend is
    /// down, or that the pipe did not answer within 3 seconds, when nobody knows whether it took the comment: send it
    /// again under its id.
    pub async fn comment(&self, slug: &Slug, new: NewComment, caller: &Caller) -> Result<CommentOutcome, Problem> {
        self.comment_until(slug, new, caller, Self::write_deadline()).await
    }

    /// The same, until `deadline`.
    pub(crate) async fn comment_until(
        &self,
        slug: &Slug,
        new: NewComment,
        caller: &Caller,
        deadline: Instant,
    ) -> Result<CommentOutcome, Problem> {
        self.check_page(slug)?;
        let is_trapped = new.website.as_ref().is_some_and(|website| !website.is_empty());
        let sent = self.read(new)?;
        let mut written = sent.written(slug.clone(), self.0.config.moderation);
        written.reader = self.reader(caller).unwrap_or(NOBODY);
        if is_trapped {
            tracing::debug!(%slug, "a comment fell into the honeypot");
            return Ok(posted(&written, None));
        }
        let (breaker, comments) = (&self.0.breaker, &self.0.ports().comments);
        if let Some(stored) = breaker.read_until(deadline, comments.comment(written.id)).await? {
            is_same(&stored, &written)?;
            return Ok(posted(&stored, None));
        }
        self.check_parent(&written, deadline).await?;
        match self.decide(&sent.draft, &written, caller) {
            Decision::Reject(reason) => return Err(Problem::refused(reason)),
            Decision::Pending => written.visibility = Visibility::Pending,
            Decision::Accept => {}
        }
        // Last, so that a mistake that is mended, or a repeat, costs the reader nothing of their share.
        let (limiters, metrics) = (&self.0.limiters, &self.0.metrics);
        limiters.check_comment(written.id, caller.address(), metrics)?;
        self.keep(sent.draft, written, caller, deadline).await
    }

    /// The newest 50 threads of a page that are older than `before`, oldest first, rendered and sanitised. Each has its
    /// first [`REPLIES_PER_THREAD`](horizon_core::REPLIES_A_THREAD) replies; [`thread`](Self::thread) reads the others.
    /// Fewer come where the comments or their HTML take [`MAX_PAGE_BYTES`](horizon_core::MAX_PAGE_BYTES).
    /// It takes a second at most; a page of an application shows [`known_threads`](Self::known_threads).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, NewComment, Slug};
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
    /// let bread = horizon.page("bread")?;
    /// horizon.comment(&bread, NewComment::new("Ada", "Well said"), &ada).await?;
    /// let page = horizon.threads(&bread, None).await?;
    /// assert_eq!(page.threads[0].comment.author, "Ada");
    /// assert!(!page.has_earlier);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of the store.
    pub async fn threads(&self, slug: &Slug, before: Option<EventId>) -> Result<wire::ThreadsView> {
        self.some_threads(slug, before, THREADS_A_PAGE).await
    }

    /// The same, but at most `limit`. Give it a bound: each comment is rendered.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, NewComment, Slug};
    /// # use std::num::NonZeroUsize;
    /// # let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// # let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
    /// # let bread = horizon.page("bread")?;
    /// horizon.comment(&bread, NewComment::new("Ada", "One"), &ada).await?;
    /// horizon.comment(&bread, NewComment::new("Ada", "Two"), &ada).await?;
    /// let newest = horizon.some_threads(&bread, None, NonZeroUsize::MIN).await?;
    /// assert!(newest.has_earlier);
    /// let id = newest.threads[0].comment.id;
    /// let earlier = horizon.some_threads(&bread, Some(id), NonZeroUsize::MIN).await?;
    /// assert_eq!(earlier.threads[0].comment.html, "<p>One</p>\n");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of the store.
    pub async fn some_threads(
        &self,
        slug: &Slug,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<wire::ThreadsView> {
        let page = self.0.ports().comments.threads(slug, before, limit);
        let page = self.0.breaker.read(page).await?;
        Ok(render::threads(&page).await)
    }

    /// One thread with its first `limit` replies that came after the reply `after`, oldest first: the rest of a thread
    /// that [`has_more_replies`](live::ThreadView::has_more_replies). None if no thread of the page with this head
    /// shows.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, NewComment, Slug};
    /// # use std::num::NonZeroUsize;
    /// # let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// # let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
    /// # let bread = horizon.page("bread")?;
    /// let head = horizon.comment(&bread, NewComment::new("Ada", "One"), &ada).await?.view.id;
    /// for body in ["Two", "Three"] {
    ///     let mut reply = NewComment::new("Ben", body);
    ///     reply.parent = Some(head.to_string());
    ///     horizon.comment(&bread, reply, &ada).await?;
    /// }
    /// let first = horizon.thread(&bread, head, None, NonZeroUsize::MIN).await?.ok_or("it shows")?;
    /// assert!(first.has_more_replies);
    /// let rest = horizon.thread(&bread, head, Some(first.replies[0].id), NonZeroUsize::MIN).await?.ok_or("it shows")?;
    /// assert_eq!(rest.replies[0].html, "<p>Three</p>\n");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of the store.
    pub async fn thread(
        &self,
        slug: &Slug,
        head: EventId,
        after: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Option<wire::ThreadView>> {
        let thread = self.0.ports().comments.thread(slug, head, after, limit);
        let thread = self.0.breaker.read(thread).await?;
        Ok(thread.as_ref().map(render::thread))
    }

    fn read(&self, new: NewComment) -> Result<Sent, Problem> {
        self.0.clock.check()?;
        let stamp = match id("id", new.id.as_deref())? {
            Some(id) => Stamp {
                id,
                at: self.0.clock.now(),
            },
            None => self.0.clock.stamp()?,
        };
        let parent = id("parent", new.parent.as_deref())?;
        let (author, body) = (new.author.unwrap_or_default(), new.body.unwrap_or_default());
        let draft = Draft::new(&author, &body, parent)
            .map_err(|invalid| Problem::field(invalid.field, format!("{}.", invalid.reason)))?;
        Ok(Sent { stamp, draft })
    }

    fn decide(&self, draft: &Draft, written: &Comment, caller: &Caller) -> Decision {
        let kind = EventKind::Comment {
            reader: written.reader,
            draft: draft.clone(),
            pending: written.visibility == Visibility::Pending,
        };
        self.0.rules.decide(&written.slug.clone().into(), &kind, caller)
    }

    async fn check_parent(&self, written: &Comment, deadline: Instant) -> Result<(), Problem> {
        let Some(id) = written.parent else { return Ok(()) };
        let (breaker, comments) = (&self.0.breaker, &self.0.ports().comments);
        let wrong = |reason: String| Err(Problem::field("parent", reason));
        let Some(parent) = breaker.read_until(deadline, comments.comment(id)).await? else {
            return wrong("must be a comment of this page.".into());
        };
        if parent.slug != written.slug || parent.visibility != Visibility::Shown {
            return wrong("must be a comment of this page.".into());
        }
        if parent.parent.is_some() {
            return wrong("must be a comment that is no reply itself.".into());
        }
        if breaker.read_until(deadline, comments.reply_count(id)).await? >= MAX_REPLIES {
            return wrong(format!("has {MAX_REPLIES} replies, and takes no more."));
        }
        Ok(())
    }

    /// Hands the comment to the pipe. Answers it as it is stored, as far as the store has heard of it.
    ///
    /// Two requests with one id may come here at once; the store keeps the first, and the other one
    /// finds out by reading it.
    async fn keep(
        &self,
        draft: Draft,
        written: Comment,
        caller: &Caller,
        deadline: Instant,
    ) -> Result<CommentOutcome, Problem> {
        let topic = Topic::from(written.slug.clone());
        // The id of a comment is public, so no reader is derived from it as a like's is from its key.
        let known = self.reader_or_new(caller, None, &topic)?;
        let (id, at) = (written.id, written.at);
        let kind = EventKind::Comment {
            reader: known.reader,
            draft,
            pending: written.visibility == Visibility::Pending,
        };
        self.track(Event::new(Stamp { id, at }, topic, kind), deadline).await?;
        let stored = self.0.ports().comments.comment(id);
        match self.0.breaker.read_until(deadline, stored).await {
            Ok(Some(stored)) => {
                is_same(&stored, &written)?;
                Ok(posted(&stored, known.set_cookie))
            }
            Ok(None) => Ok(posted(&written, known.set_cookie)),
            Err(error) => {
                tracing::warn!(%error, "a comment was taken, but could not be read back");
                Ok(posted(&written, known.set_cookie))
            }
        }
    }
}

/// The threads of one page of comments, unless another number is asked for.
pub(crate) const THREADS_A_PAGE: NonZeroUsize = NonZeroUsize::new(50).unwrap();

/// Who owns a comment before they own anything.
const NOBODY: ReaderId = ReaderId::from_u128(0);

/// What a reader sent, checked.
struct Sent {
    stamp: Stamp,
    draft: Draft,
}

impl Sent {
    /// The comment as it will be, but for its owner.
    fn written(&self, slug: Slug, moderation: Moderation) -> Comment {
        let pending = moderation == Moderation::BeforePublishing;
        Comment::from_draft(self.stamp, slug, NOBODY, &self.draft, pending)
    }
}

fn posted(comment: &Comment, set_cookie: Option<String>) -> CommentOutcome {
    CommentOutcome {
        view: render::comment(comment),
        pending: comment.visibility == Visibility::Pending,
        set_cookie,
    }
}

/// Whether the comment that has this id already is the one that was sent again.
fn is_same(stored: &Comment, written: &Comment) -> Result<(), Problem> {
    if stored.slug == written.slug && stored.body == written.body {
        return Ok(());
    }
    Err(Problem::new(ProblemKind::IdTaken).naming("id", "belongs to another comment."))
}
