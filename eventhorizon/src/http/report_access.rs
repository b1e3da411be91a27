//! The responses to requests that may not read the reports.

use super::Handler;
use crate::{Problem, ProblemKind, ReportAccess, prefers_html};

/// A challenge that makes a browser ask for the token (RFC 7617 §2.1).
pub(super) const BASIC: &str = "Basic realm=\"Reports\", charset=\"UTF-8\"";

/// A challenge to a program, at which a browser asks for nothing (RFC 6750 §3).
pub(super) const BEARER: &str = "Bearer";

impl Handler<'_> {
    /// Checks that the caller may read all reports, and that there are any.
    ///
    /// # Errors
    /// The caller may not, sent too many wrong tokens, the application's rule failed, or the store keeps no reports.
    pub(super) async fn check_full_report_access(&self) -> Result<(), Problem> {
        let is_navigation = prefers_html(self.caller.headers());
        let challenge = if is_navigation { BASIC } else { BEARER };
        match self.horizon.report_access(self.caller, self.deadline).await? {
            ReportAccess::Full => self.check_reports(),
            ReportAccess::SignIn(_) => Err(unauthorized(BEARER)),
            ReportAccess::Denied | ReportAccess::Public => Err(self.denied(challenge)),
        }
    }

    /// Checks that the store keeps reports. A store of the application may keep none.
    pub(super) fn check_reports(&self) -> Result<(), Problem> {
        match self.horizon.ports().stats.reports() {
            Some(_) => Ok(()),
            None => Err(Problem::new(ProblemKind::NotFound).detail("The store of this site keeps no reports.")),
        }
    }

    /// Returns the problem of a caller without access. Without tokens, it is as if there were no reports.
    pub(super) fn denied(&self, challenge: &'static str) -> Problem {
        if self.horizon.has_report_tokens() {
            unauthorized(challenge)
        } else {
            Problem::new(ProblemKind::NotFound)
        }
    }
}

pub(super) fn unauthorized(challenge: &'static str) -> Problem {
    let detail = "Sign in, or send a token for the reports.";
    Problem::new(ProblemKind::Unauthorized)
        .detail(detail)
        .with_challenge(challenge)
}
