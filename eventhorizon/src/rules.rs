//! The application's rules: which pages exist, who the caller is, which events to accept.

mod author;
mod error;
mod identity;
mod page_answers;
mod page_description;
mod report_access;
mod report_tokens;

use std::{borrow::Cow, future::Future, time::Duration};

use async_trait::async_trait;
use horizon_core::{EventKind, Result, Slug, Topic};
use tokio::time::{Instant, timeout_at};

use self::page_answers::PageAnswers;
pub use self::{
    author::Author,
    error::RuleError,
    identity::Identity,
    page_description::PageDescription,
    report_access::{ReportAccess, ReportPolicy},
};
pub(crate) use self::{
    page_description::PageDescriptions,
    report_tokens::{ReportTokens, TokenCheck},
};
use crate::Caller;

/// The time limit of one question to a rule: 3 seconds.
pub(crate) const RULE_TIMEOUT: Duration = Duration::from_secs(3);

/// Decides which pages the site has. A request for any other slug costs neither memory nor a read of the store.
///
/// Any `Fn(&Slug) -> bool` implements it. It is called on every request and not cached, so it has to be fast. A type
/// that asks a database implements [`exists`](Self::exists). Its answers are cached: "yes" for a minute, "no" for 10
/// seconds, of at most 10,000 slugs. Concurrent requests for one slug ask once. An answer takes 3 seconds at most;
/// without one, the request fails with 503.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::collections::BTreeMap;
/// use eventhorizon::{Horizon, Pages, ProblemKind, RuleError, Slug, async_trait};
/// # struct Database(tokio::sync::RwLock<BTreeMap<String, String>>);
/// # impl Database {
/// #     async fn title(&self, slug: &str) -> Result<Option<String>, std::io::Error> {
/// #         Ok(self.0.read().await.get(slug).cloned())
/// #     }
/// # }
///
/// struct Articles(Database);
///
/// #[async_trait]
/// impl Pages for Articles {
///     async fn exists(&self, slug: &Slug) -> Result<bool, RuleError> {
///         Ok(self.0.title(slug.as_str()).await?.is_some())
///     }
/// }
///
/// # let database = Database(tokio::sync::RwLock::new([("bread".to_owned(), "Bread".to_owned())].into()));
/// let horizon = Horizon::in_memory().start(Articles(database)).await?;
/// assert!(horizon.page("bread").await.is_ok());
/// assert_eq!(horizon.page("stew").await.unwrap_err().kind(), ProblemKind::UnknownPage);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not decide which pages exist",
    note = "pass a closure with the type of its argument, `|slug: &Slug| slug.as_str() == \"hello\"`",
    note = "to ask a database, implement `Pages` for a type of yours"
)]
#[async_trait]
pub trait Pages: Send + Sync {
    /// Returns whether the site has a page with this slug.
    ///
    /// # Errors
    /// It is unknown, because a database is unavailable for instance. Errors are not cached.
    async fn exists(&self, slug: &Slug) -> Result<bool, RuleError>;

    /// Returns the answer if no waiting is needed, as for closures. [`exists`](Self::exists) is then not called, and
    /// nothing is cached. The default returns `None`.
    fn exists_now(&self, _slug: &Slug) -> Option<bool> {
        None
    }
}

#[async_trait]
impl<F: Fn(&Slug) -> bool + Send + Sync> Pages for F {
    async fn exists(&self, slug: &Slug) -> Result<bool, RuleError> {
        Ok(self(slug))
    }

    fn exists_now(&self, slug: &Slug) -> Option<bool> {
        Some(self(slug))
    }
}

/// Identifies callers by what the application knows.
///
/// Any `Fn(&Caller) -> Identity` implements it. A type that asks a database implements [`identify`](Self::identify). It
/// is called once for a [`Caller`] and its clones, so at most once for a request, and it has 3 seconds; without an
/// answer, the request fails with 503. A visit without an answer is not counted.
///
/// ```
/// use eventhorizon::{Caller, Horizon, Identity};
///
/// #[derive(Clone)]
/// struct User(u64); // a middleware of the application adds it to the request
///
/// let builder = Horizon::in_memory().identify(|caller: &Caller| match caller.extensions().get::<User>() {
///     Some(User(number)) => Identity::named(number.to_string()),
///     None => Identity::unknown(),
/// });
/// # let _ = builder;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not identify callers",
    note = "pass a closure with the type of its argument, `|caller: &Caller| Identity::unknown()`",
    note = "to ask a database, implement `Identify` for a type of yours"
)]
#[async_trait]
pub trait Identify: Send + Sync {
    /// Returns the identity of the caller.
    ///
    /// # Errors
    /// It is unknown, because a database is unavailable for instance.
    async fn identify(&self, caller: &Caller) -> Result<Identity, RuleError>;

    /// Returns the identity if no waiting is needed, as for closures. [`identify`](Self::identify) is then not called.
    /// The default returns `None`.
    fn identify_now(&self, _caller: &Caller) -> Option<Identity> {
        None
    }
}

#[async_trait]
impl<F: Fn(&Caller) -> Identity + Send + Sync> Identify for F {
    async fn identify(&self, caller: &Caller) -> Result<Identity, RuleError> {
        Ok(self(caller))
    }

    fn identify_now(&self, caller: &Caller) -> Option<Identity> {
        Some(self(caller))
    }
}

/// Decides whether to accept an event before it is recorded.
///
/// Any `Fn(&ProposedEvent<'_>) -> Decision` implements it. A type that asks a database implements
/// [`decide`](Self::decide). It has 3 seconds; without an answer, the request fails with 503, and a visit is not
/// counted. It is called once for a visit, with the page's topic, although the visit also counts for the site. A like,
/// a comment or a custom event is also a visit of the site, so it is called a second time, with the kind of a visit. It
/// is not called for the repetition of a stored comment, nor for [`Horizon::moderate`](crate::Horizon::moderate).
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
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not decide on events",
    note = "pass a closure with the type of its argument, `|proposed: &ProposedEvent<'_>| Decision::Accept`",
    note = "to ask a database, implement `EventPolicy` for a type of yours"
)]
#[async_trait]
pub trait EventPolicy: Send + Sync {
    /// Returns what to do with the event.
    ///
    /// # Errors
    /// It is unknown, because a database is unavailable for instance.
    async fn decide(&self, proposed: &ProposedEvent<'_>) -> Result<Decision, RuleError>;

    /// Returns the decision if no waiting is needed, as for closures. [`decide`](Self::decide) is then not called. The
    /// default returns `None`.
    fn decide_now(&self, _proposed: &ProposedEvent<'_>) -> Option<Decision> {
        None
    }
}

#[async_trait]
impl<F: Fn(&ProposedEvent<'_>) -> Decision + Send + Sync> EventPolicy for F {
    async fn decide(&self, proposed: &ProposedEvent<'_>) -> Result<Decision, RuleError> {
        Ok(self(proposed))
    }

    fn decide_now(&self, proposed: &ProposedEvent<'_>) -> Option<Decision> {
        Some(self(proposed))
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
    /// Do not record it. A reader who likes, comments or sends a custom event gets this sentence; a visitor is not
    /// counted and sees the page as usual.
    Reject(Cow<'static, str>),
}

/// The rules of a site.
pub(crate) struct Rules {
    pub(crate) pages: Box<dyn Pages>,
    pub(crate) identify: Box<dyn Identify>,
    pub(crate) policy: Box<dyn EventPolicy>,
    pub(crate) report_policy: Box<dyn ReportPolicy>,
    pub(crate) report_tokens: ReportTokens,
    pub(crate) descriptions: PageDescriptions,
    page_answers: PageAnswers,
}

impl Rules {
    pub(crate) fn new(pages: impl Pages + 'static) -> Self {
        Self {
            pages: Box::new(pages),
            identify: Box::new(|_: &Caller| Identity::default()),
            policy: Box::new(|_: &ProposedEvent<'_>| Decision::default()),
            report_policy: Box::new(|_: &Caller| ReportAccess::default()),
            report_tokens: ReportTokens::default(),
            descriptions: Box::new(|_: &Slug| None),
            page_answers: PageAnswers::new(),
        }
    }

    /// Returns whether the page exists, or `None` if that is not known without waiting.
    pub(crate) fn page_exists_now(&self, slug: &Slug) -> Option<bool> {
        self.pages.exists_now(slug).or_else(|| self.page_answers.get(slug))
    }

    /// # Errors
    /// The rule failed, or did not respond before `deadline`.
    pub(crate) async fn page_exists(&self, slug: &Slug, deadline: Instant) -> Result<bool> {
        if let Some(exists) = self.pages.exists_now(slug) {
            return Ok(exists);
        }
        let answer = self.page_answers.get_or_ask(slug, self.pages.exists(slug));
        let answer = within(deadline, answer).await;
        answer.map_err(|error| error.into_error(format_args!("`Pages` for the page {:?}", slug.as_str())))
    }

    /// Returns the identity of the caller. It asks once for a caller and its clones.
    ///
    /// # Errors
    /// The rule failed, or did not respond before `deadline`.
    pub(crate) async fn identity<'a>(&self, caller: &'a Caller, deadline: Instant) -> Result<&'a Identity> {
        let cell = caller.identity();
        let identity = cell.get_or_try_init(async || match self.identify.identify_now(caller) {
            Some(identity) => Ok(identity),
            None => self.identify.identify(caller).await,
        });
        within(deadline, identity)
            .await
            .map_err(|error| error.into_error("`Identify`"))
    }

    /// Returns the access of the caller: everything with a token, otherwise what the rule says.
    ///
    /// # Errors
    /// The rule failed, or did not respond before `deadline`.
    pub(crate) async fn report_access(&self, caller: &Caller, deadline: Instant) -> Result<ReportAccess> {
        if self.report_tokens.check(caller.headers()) == TokenCheck::Valid {
            return Ok(ReportAccess::Full);
        }
        if let Some(access) = self.report_policy.access_now(caller) {
            return Ok(access);
        }
        let access = within(deadline, self.report_policy.access(caller)).await;
        access.map_err(|error| error.into_error("`ReportPolicy`"))
    }

    /// # Errors
    /// The rule failed, or did not respond before `deadline`.
    pub(crate) async fn decide(
        &self,
        topic: &Topic,
        kind: &EventKind,
        caller: &Caller,
        deadline: Instant,
    ) -> Result<Decision> {
        let proposed = ProposedEvent { topic, kind, caller };
        if let Some(decision) = self.policy.decide_now(&proposed) {
            return Ok(decision);
        }
        let decision = within(deadline, self.policy.decide(&proposed)).await;
        decision.map_err(|error| error.into_error(format_args!("`EventPolicy` for {:?}", topic.to_string())))
    }
}

/// Returns the deadline of a question that starts now, outside of a request with an earlier one.
pub(crate) fn rule_deadline() -> Instant {
    Instant::now() + RULE_TIMEOUT
}

/// Waits for the answer of a rule, [`RULE_TIMEOUT`] at most.
async fn within<T>(deadline: Instant, answer: impl Future<Output = Result<T, RuleError>>) -> Result<T, RuleError> {
    let answer = timeout_at(deadline.min(rule_deadline()), answer).await;
    answer.unwrap_or_else(|_| Err(RuleError::new("it did not respond in time")))
}

#[cfg(test)]
mod tests;
