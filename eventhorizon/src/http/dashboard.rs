//! `/dashboard` and its live stream.

use std::borrow::Cow;

use form_urlencoded::byte_serialize;
use horizon_core::Slug;
use http::{HeaderName, Method, Response, StatusCode, header};

use super::{
    Handler, HandlerResult, OriginalUri, ResponseBody,
    report_access::{BASIC, BEARER, unauthorized},
    response::{html, see_other, set, stream},
};
use crate::{ExistingPage, Problem, ReportAccess, dashboard, prefers_html};

/// The headers of the dashboard. It has no inline styles and scripts, and belongs into no cache and no search engine.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::CACHE_CONTROL, "private, no-store"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

/// The parameter of the dashboard that makes a browser ask for a token, also where it would be redirected or see the
/// public dashboard.
const BASIC_AUTH: &str = "basic-auth";

impl Handler<'_> {
    /// `/dashboard`
    pub(super) async fn dashboard(&self) -> HandlerResult {
        let access = self.horizon.report_access(self.caller, self.deadline).await?;
        if access != ReportAccess::Full && self.is_password_wanted() {
            return Err(unauthorized(BASIC));
        }
        let is_public = match access {
            ReportAccess::Full => false,
            ReportAccess::Public => {
                self.horizon.check_public_dashboard_rate(self.caller)?;
                true
            }
            ReportAccess::SignIn(path) if prefers_html(self.caller.headers()) => return Ok(self.sign_in(&path)),
            ReportAccess::SignIn(_) => return Err(unauthorized(BEARER)),
            ReportAccess::Denied => return Err(self.denied(BASIC)),
        };
        self.check_reports()?;
        let page = dashboard::document(self.horizon, self.query, is_public).await?;
        let mut response = html(StatusCode::OK, page);
        for (name, value) in HEADERS {
            set(&mut response, name, value);
        }
        Ok(response)
    }

    /// `/dashboard/live`
    pub(super) async fn dashboard_live(&self) -> HandlerResult {
        self.horizon.check_live_rate(self.caller)?;
        let is_public = match self.horizon.report_access(self.caller, self.deadline).await? {
            ReportAccess::Full => false,
            ReportAccess::Public => true,
            ReportAccess::SignIn(_) => return Err(unauthorized(BEARER)),
            ReportAccess::Denied => return Err(self.denied(BEARER)),
        };
        let page = if is_public { None } else { self.dashboard_page().await? };
        if self.method == Method::HEAD {
            return Ok(stream(None));
        }
        let live = dashboard::live(self.horizon, self.caller, page.as_ref(), is_public)?;
        Ok(stream(Some(live)))
    }

    /// Returns whether the browser has to ask for a token, which it otherwise does only for callers who may see nothing
    /// and cannot sign in.
    fn is_password_wanted(&self) -> bool {
        let mut parameters = form_urlencoded::parse(self.query.as_bytes());
        self.horizon.has_report_tokens() && parameters.any(|(name, _)| name == BASIC_AUTH)
    }

    /// Returns the page in the query of the live stream, if the site still has it.
    async fn dashboard_page(&self) -> Result<Option<ExistingPage>, Problem> {
        let page = form_urlencoded::parse(self.query.as_bytes()).find(|(name, _)| name == "page");
        let slug = page.and_then(|(_, page)| Slug::new(&page).ok());
        match slug {
            Some(slug) => Ok(self.horizon.existing_page(&slug, self.deadline).await?),
            None => Ok(None),
        }
    }

    /// Redirects a browser to this path of the application, which may redirect it back.
    fn sign_in(&self, path: &str) -> Response<ResponseBody> {
        let original = self.caller.extensions().get::<OriginalUri>();
        let back = original.and_then(|OriginalUri(uri)| uri.path_and_query());
        let location = match back {
            Some(back) => {
                let separator = if path.contains('?') { '&' } else { '?' };
                let back: String = byte_serialize(back.as_str().as_bytes()).collect();
                Cow::Owned(format!("{path}{separator}back={back}"))
            }
            None => Cow::Borrowed(path),
        };
        see_other(&location)
    }
}
