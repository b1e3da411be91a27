//! Who may read the reports.

use tokio::time::Instant;

use crate::{Caller, Horizon, Problem, ReportAccess, limits::RateClass, rules::TokenCheck};

impl Horizon {
    /// Returns what the caller may read of the reports: everything with a token, otherwise what the application's rule
    /// says.
    ///
    /// A wrong token counts against the rate of the caller's network, unless the rule gives full access without it: the
    /// header may be meant for a proxy in front of the application.
    ///
    /// # Errors
    /// The network sent too many wrong tokens, or the rule failed or did not respond before `deadline`.
    pub(crate) async fn report_access(&self, caller: &Caller, deadline: Instant) -> Result<ReportAccess, Problem> {
        let (rules, limits) = (&self.0.rules, &self.0.limits);
        let access = rules.report_access(caller, deadline).await?;
        let is_wrong = rules.report_tokens.check(caller.headers()) == TokenCheck::Wrong;
        if is_wrong && access != ReportAccess::Full && self.has_report_tokens() {
            limits.check_rate(RateClass::WrongToken, limits.networks(caller.address()))?;
            tracing::warn!("a request to the reports with a wrong token was rejected");
        }
        Ok(access)
    }

    /// Counts a document of the public dashboard.
    ///
    /// # Errors
    /// The caller's network exceeds the rate.
    #[cfg(feature = "dashboard")]
    pub(crate) fn check_public_dashboard_rate(&self, caller: &Caller) -> Result<(), Problem> {
        let limits = &self.0.limits;
        limits.check_rate(RateClass::PublicDashboard, limits.networks(caller.address()))
    }

    /// Returns whether a caller without access may send a token.
    pub(crate) fn has_report_tokens(&self) -> bool {
        !self.0.rules.report_tokens.is_empty()
    }
}
