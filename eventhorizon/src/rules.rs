//! What the application decides: which pages there are, who asks, and what it wants to take.

use std::borrow::Cow;

use horizon_core::{EventKind, Slug, Topic};

use crate::Caller;

/// Which pages there are. A request for a slug that it does not know costs neither memory nor a look into a store.
///
/// Any `Fn(&Slug) -> bool` will do. It is asked on every request, so it has to be quick: where pages come from a
/// database, keep their slugs in memory.
///
/// ```
/// use eventhorizon::{Pages, Slug};
///
/// let pages = |slug: &Slug| matches!(slug.as_str(), "bread" | "soup");
/// assert!(pages.exists(&Slug::new("soup").unwrap()));
/// ```
pub trait Pages: Send + Sync {
    /// Whether there is a page with this slug.
    fn exists(&self, slug: &Slug) -> bool;
}

impl<F: Fn(&Slug) -> bool + Send + Sync> Pages for F {
    fn exists(&self, slug: &Slug) -> bool {
        self(slug)
    }
}

/// Who asks, as far as the application knows.
///
/// Any `Fn(&Caller) -> Identity` will do. It is asked on every request that counts, so it has to be quick.
///
/// ```
/// use eventhorizon::{Caller, Identity};
///
/// // A middleware of the application put its user's number on the request.
/// #[derive(Clone)]
/// struct User(u64);
/// let identify = |caller: &Caller| match caller.extensions().get::<User>() {
///     Some(User(number)) => Identity::Named(number.to_string()),
///     None => Identity::Unknown,
/// };
/// # let _: &dyn eventhorizon::Identify = &identify;
/// ```
pub trait Identify: Send + Sync {
    /// Who it is.
    fn identify(&self, caller: &Caller) -> Identity;
}

impl<F: Fn(&Caller) -> Identity + Send + Sync> Identify for F {
    fn identify(&self, caller: &Caller) -> Identity {
        self(caller)
    }
}

/// Who somebody is, to the application.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use eventhorizon::{Caller, Horizon, Identity, Slug};
/// let by_key = |caller: &Caller| match caller.headers().contains_key("x-monitor") {
///     true => Identity::Uncounted,
///     false => Identity::default(), // it does not know
/// };
/// let horizon = Horizon::in_memory().identify(by_key).start(|_: &Slug| true).await?;
/// let agent = ("user-agent", "Mozilla/5.0 Firefox/130.0");
/// let monitor = horizon.caller([192, 0, 2, 1].into(), [agent, ("x-monitor", "1")]);
/// assert_eq!(horizon.visitor(&monitor).await?, None);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Identity {
    /// It does not know. Network and user agent tell visitors apart, a cookie those who like and comment.
    #[default]
    Unknown,
    /// A user of the application, by a name that stays the same: one person on all their devices. The name is hashed
    /// and neither stored nor logged. Their likes and comments are theirs wherever they sign in, without a cookie.
    Named(String),
    /// Somebody who shall not be counted: the author, a monitor. They may read, like and comment.
    Uncounted,
}

/// Whether something that a caller wants to do is wanted. A verdict of [`Horizon::moderate`](crate::Horizon::moderate) is
/// not asked for: it is the application's own.
///
/// Any `Fn(&ProposedEvent<'_>) -> Decision` will do. It is asked before anything is sent, and has to be quick. A visit of a
/// page is asked about once, by the page's topic, though it counts for the site too. It is not asked about a comment
/// that fills in [`website`](crate::NewComment::website), the repeat of a stored one, and
/// [`Horizon::moderate`](crate::Horizon::moderate).
///
/// ```
/// use eventhorizon::{Decision, EventKind, ProposedEvent};
///
/// let decide = |proposal: &ProposedEvent<'_>| match proposal.kind {
///     EventKind::Comment { draft, .. } if draft.body().contains("casino") => Decision::Pending,
///     EventKind::Comment { .. } if proposal.topic.to_string() == "blog:closed" => {
///         Decision::Reject("Comments are closed.".into())
///     }
///     _ => Decision::Accept,
/// };
/// # let _: &dyn eventhorizon::EventPolicy = &decide;
/// ```
pub trait EventPolicy: Send + Sync {
    /// What to do with it.
    fn decide(&self, proposal: &ProposedEvent<'_>) -> Decision;
}

impl<F: Fn(&ProposedEvent<'_>) -> Decision + Send + Sync> EventPolicy for F {
    fn decide(&self, proposal: &ProposedEvent<'_>) -> Decision {
        self(proposal)
    }
}

/// Something that is about to happen.
///
/// ```
/// use eventhorizon::{Decision, EventKind, ProposedEvent};
///
/// /// Only those who are signed in may like.
/// fn decide(proposal: &ProposedEvent<'_>) -> Decision {
///     match proposal.kind {
///         EventKind::Like { .. } if !proposal.caller.headers().contains_key("authorization") => {
///             Decision::Reject("Sign in to like this.".into())
///         }
///         _ => Decision::Accept,
///     }
/// }
/// # let _: &dyn eventhorizon::EventPolicy = &decide;
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ProposedEvent<'a> {
    /// On which page.
    pub topic: &'a Topic,
    /// What. Some of it is not known yet: a visit has no visitor, and a comment's reader who never liked or wrote anything
    /// is zero. `held` says what the site's [`Moderation`](crate::Moderation) does with a comment.
    pub kind: &'a EventKind,
    /// Who asks for it.
    pub caller: &'a Caller,
}

/// What to do with a [`ProposedEvent`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use eventhorizon::{Decision, Horizon, NewComment, ProposedEvent, Slug};
/// let hold = |_: &ProposedEvent<'_>| Decision::Pending;
/// let horizon = Horizon::in_memory().decide(hold).start(|_: &Slug| true).await?;
/// let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
/// let bread = horizon.page("bread")?;
/// assert!(horizon.comment(&bread, NewComment::new("Ada", "Well said"), &ada).await?.pending);
/// assert!(horizon.like(&bread, true, None, &ada).await?.view.liked);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// Take it.
    #[default]
    Accept,
    /// Let a comment wait until the author shows it. Anything else is taken.
    Pending,
    /// Do not take it. Who likes or comments is told this sentence; a visitor is not counted and sees the page as
    /// usual.
    Reject(Cow<'static, str>),
}

/// The rules of a site.
pub(crate) struct Rules {
    pub(crate) pages: Box<dyn Pages>,
    pub(crate) identify: Box<dyn Identify>,
    pub(crate) decide: Box<dyn EventPolicy>,
}

impl Rules {
    pub(crate) fn new(pages: impl Pages + 'static) -> Self {
        Self {
            pages: Box::new(pages),
            identify: Box::new(|_: &Caller| Identity::default()),
            decide: Box::new(|_: &ProposedEvent<'_>| Decision::default()),
        }
    }

    pub(crate) fn decide(&self, topic: &Topic, kind: &EventKind, caller: &Caller) -> Decision {
        self.decide.decide(&ProposedEvent { topic, kind, caller })
    }
}
