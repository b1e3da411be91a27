use std::borrow::Cow;

use async_trait::async_trait;

use super::RuleError;
use crate::Caller;

/// Decides who may read the reports: the dashboard and the API.
///
/// Any `Fn(&Caller) -> ReportAccess` implements it. A type that asks a database implements [`access`](Self::access). It
/// has 3 seconds; without an answer, the request fails with 503. A request with a
/// [token](crate::Builder::reports_token) has full access without a question.
///
/// ```
/// use eventhorizon::{Caller, Horizon, ReportAccess};
///
/// #[derive(Clone)]
/// struct Staff; // a middleware of the application adds it to the request
///
/// let builder = Horizon::in_memory().report_policy(|caller: &Caller| match caller.extensions().get::<Staff>() {
///     Some(Staff) => ReportAccess::Full,
///     None => ReportAccess::SignIn("/login".into()),
/// });
/// # let _ = builder;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not decide who may read the reports",
    note = "pass a closure with the type of its argument, `|caller: &Caller| ReportAccess::Denied`",
    note = "to ask a database, implement `ReportPolicy` for a type of yours"
)]
#[async_trait]
pub trait ReportPolicy: Send + Sync {
    /// Returns the access of the caller.
    ///
    /// # Errors
    /// It is unknown, because a database is unavailable for instance.
    async fn access(&self, caller: &Caller) -> Result<ReportAccess, RuleError>;

    /// Returns the access if no waiting is needed, as for closures. [`access`](Self::access) is then not called. The
    /// default returns `None`.
    fn access_now(&self, _caller: &Caller) -> Option<ReportAccess> {
        None
    }
}

#[async_trait]
impl<F: Fn(&Caller) -> ReportAccess + Send + Sync> ReportPolicy for F {
    async fn access(&self, caller: &Caller) -> Result<ReportAccess, RuleError> {
        Ok(self(caller))
    }

    fn access_now(&self, caller: &Caller) -> Option<ReportAccess> {
        Some(self(caller))
    }
}

/// What a caller may read of the reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReportAccess {
    /// Nothing: as if there were no reports.
    #[default]
    Denied,
    /// Nothing before signing in. A browser is redirected to this path of the application, with the path of the
    /// dashboard in the parameter `back`; a program gets 401. With a [token](crate::Builder::reports_token), a browser
    /// asks for it at `/dashboard?basic-auth`.
    SignIn(Cow<'static, str>),
    /// The dashboard without filters, single pages and the API. Values of fewer than three visitors are hidden.
    Public,
    /// Everything.
    Full,
}
