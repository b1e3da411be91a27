//! The application's rules: which pages exist, who the caller is, which events to accept.

use std::borrow::Cow;

use horizon_core::{EventKind, Slug, Topic};

use crate::Caller;

/// Decides which pages the site has. A request for any other slug costs neither memory nor a read.
///
/// Any `Fn(&Slug) -> bool` implements it. It is called on every request, so it has to be fast: if pages come from a
/// database, keep their slugs in memory.
pub trait Pages: Send + Sync {
    /// Returns whether the site has a page with this slug.
    fn exists(&self, slug: &Slug) -> bool;
}

impl<F: Fn(&Slug) -> bool + Send + Sync> Pages for F {
    fn exists(&self, slug: &Slug) -> bool {
        self(slug)
    }
}

/// Identifies callers by what the application knows.
///
/// Any `Fn(&Caller) -> Identity` implements it. It is called on every request that is counted, so it has to be fast.
///
/// ```
/// use eventhorizon::{Caller, Horizon, Identity};
///
/// #[derive(Clone)]
/// struct User(u64); // a middleware of the application adds it to the request
///
/// let builder = Horizon::in_memory().identify(|caller: &Caller| match caller.extensions().get::<User>() {
///     Some(User(number)) => Identity::Named(number.to_string()),
///     None => Identity::Unknown,
/// });
/// # let _ = builder;
/// ```
pub trait Identify: Send + Sync {
    /// Returns the identity of the caller.
    fn identify(&self, caller: &Caller) -> Identity;
}

impl<F: Fn(&Caller) -> Identity + Send + Sync> Identify for F {
    fn identify(&self, caller: &Caller) -> Identity {
        self(caller)
    }
}

/// The application's knowledge of a caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Identity {
    /// An unknown caller. Visitors are told apart by network and user agent, readers by a cookie.
    #[default]
    Unknown,
    /// A user of the application, by a stable name: one person on all their devices, without a cookie. The name is
    /// hashed, and neither stored nor logged.
    Named(String),
    /// A caller who is not counted, such as the author or a monitor. They can read, like and comment.
    Uncounted,
}

/// Decides whether to accept an event before it is recorded.
///
/// Any `Fn(&ProposedEvent<'_>) -> Decision` implements it. It has to be fast. It is called once for a visit, with the
/// page's topic, although the visit also counts for the site. It is not called for the repetition of a stored comment,
/// nor for [`Horizon::moderate`](crate::Horizon::moderate).
///
/// ```
/// use eventhorizon::{Decision, EventKind, Horizon, ProposedEvent};
///
/// let builder = Horizon::in_memory().event_policy(|proposed: &ProposedEvent<'_>| match proposed.kind {
///     EventKind::Comment { draft, .. } if draft.body().contains("casino") => Decision::Pending,
///     EventKind::Comment { .. } if proposed.topic.to_string() == "blog:closed" => {
///         Decision::Reject("Comments are closed.".into())
///     }
///     _ => Decision::Accept,
/// });
/// # let _ = builder;
/// ```
pub trait EventPolicy: Send + Sync {
    /// Returns what to do with the event.
    fn decide(&self, proposed: &ProposedEvent<'_>) -> Decision;
}

impl<F: Fn(&ProposedEvent<'_>) -> Decision + Send + Sync> EventPolicy for F {
    fn decide(&self, proposed: &ProposedEvent<'_>) -> Decision {
        self(proposed)
    }
}

/// An event that is about to be recorded.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ProposedEvent<'a> {
    /// The page.
    pub topic: &'a Topic,
    /// The event. Some of it is not known yet: a visit has no visitor, and the reader of a first comment is zero. The
    /// comment's `pending` follows the site's [`Moderation`](crate::Moderation).
    pub kind: &'a EventKind,
    /// The caller.
    pub caller: &'a Caller,
}

/// The decision on a [`ProposedEvent`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// Record it.
    #[default]
    Accept,
    /// Keep a comment pending until a moderator shows it. Other events are accepted.
    Pending,
    /// Do not record it. A reader who likes or comments gets this sentence; a visitor is not counted and sees the page
    /// as usual.
    Reject(Cow<'static, str>),
}

/// The rules of a site.
pub(crate) struct Rules {
    pub(crate) pages: Box<dyn Pages>,
    pub(crate) identify: Box<dyn Identify>,
    pub(crate) policy: Box<dyn EventPolicy>,
}

impl Rules {
    pub(crate) fn new(pages: impl Pages + 'static) -> Self {
        Self {
            pages: Box::new(pages),
            identify: Box::new(|_: &Caller| Identity::default()),
            policy: Box::new(|_: &ProposedEvent<'_>| Decision::default()),
        }
    }

    pub(crate) fn decide(&self, topic: &Topic, kind: &EventKind, caller: &Caller) -> Decision {
        self.policy.decide(&ProposedEvent { topic, kind, caller })
    }
}
