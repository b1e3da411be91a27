//! Restricts the admin pages and the dashboard to signed-in requests, and marks the comments of the author.

use std::sync::{Arc, OnceLock};

use axum::{http::HeaderMap, response::Response};
use eventhorizon::{Author, Badge, Caller, Identify, Identity, ReportAccess, ReportPolicy, RuleError, async_trait};
use horizon_app::{LoginPage, Texts, View};
use horizon_backend::now;
use horizon_core::{MAX_AUTHOR_CHARS, Result};

use crate::{reports, respond, session::Sessions, state::AppState};

/// Gives the comments of a signed-in request the name of the site, which is also the author of its feeds, and a badge.
#[derive(Clone)]
pub(crate) struct SignedInAuthor {
    identity: Identity,
    /// Empty until the sessions have their key, which depends on the secret of the site.
    sessions: Arc<OnceLock<Arc<Sessions>>>,
}

impl SignedInAuthor {
    pub(crate) fn new(title: &str, texts: &Texts) -> Self {
        let identity = author(title, texts.get("badge-author")).unwrap_or_else(|error| {
            tracing::warn!(%error, "HORIZON_TITLE is not a valid name, so comments of the author have none");
            Identity::unknown()
        });
        Self {
            identity,
            sessions: Arc::default(),
        }
    }

    /// Returns whether the caller is signed in.
    async fn is_author(&self, caller: &Caller) -> Result<bool> {
        match self.sessions.get() {
            Some(sessions) => sessions.is_valid(caller.headers(), now()).await,
            None => Ok(false),
        }
    }

    /// Sets the sessions, once.
    pub(crate) fn set_sessions(&self, sessions: Arc<Sessions>) {
        let _ = self.sessions.set(sessions);
    }
}

fn author(title: &str, badge: &str) -> anyhow::Result<Identity> {
    let name: String = title.chars().take(MAX_AUTHOR_CHARS).collect();
    let author = Author::new(&name)?.badge(Badge::new(badge)?);
    Ok(Identity::unknown().author(author))
}

#[async_trait]
impl Identify for SignedInAuthor {
    async fn identify(&self, caller: &Caller) -> Result<Identity, RuleError> {
        Ok(if self.is_author(caller).await? {
            self.identity.clone()
        } else {
            Identity::unknown()
        })
    }

    fn identify_now(&self, caller: &Caller) -> Option<Identity> {
        let may_be_author = self.sessions.get()?.has_cookie(caller.headers());
        (!may_be_author).then(Identity::unknown)
    }
}

/// Gives the author full access to the reports, and others that of the configuration.
#[derive(Clone)]
pub(crate) struct AuthorReports {
    pub(crate) author: SignedInAuthor,
    /// The access of others.
    pub(crate) others: ReportAccess,
}

#[async_trait]
impl ReportPolicy for AuthorReports {
    async fn access(&self, caller: &Caller) -> Result<ReportAccess, RuleError> {
        Ok(if self.author.is_author(caller).await? {
            ReportAccess::Full
        } else {
            self.others.clone()
        })
    }
}

/// Returns whether the request has a valid session.
///
/// # Errors
/// The store does not respond.
pub(crate) async fn is_signed_in(app: &AppState, headers: &HeaderMap) -> Result<bool> {
    match &app.sessions {
        None => Ok(false),
        Some(sessions) => sessions.is_valid(headers, now()).await,
    }
}

/// Returns the sign-in form. After signing in, the browser goes `back`.
pub(crate) fn login_form(app: &AppState, error: Option<&str>, back: Option<String>) -> View {
    let dashboard = back.as_deref().filter(|_| app.has_reports_token);
    let token_path = dashboard.and_then(reports::token_path);
    View::Login(LoginPage {
        error: error.map(str::to_owned),
        back,
        token_path,
    })
}

/// Returns the response to a request without a session, or `None` if it has one. After signing in, the browser goes
/// `back`.
pub(crate) async fn require_session(app: &AppState, headers: &HeaderMap, back: Option<String>) -> Option<Response> {
    match is_signed_in(app, headers).await {
        Ok(true) => None,
        Ok(false) if app.sessions.is_none() => Some(respond::not_found(app).await),
        Ok(false) => {
            let form = login_form(app, None, back);
            Some(respond::view(app, form).await)
        }
        Err(error) => Some(respond::unavailable(app, &error).await),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, StatusCode};

    use crate::slow_backends::TestBlog;

    /// Posts a comment, and returns the newest comment as JSON.
    async fn post(blog: &TestBlog, body: &str) -> serde_json::Value {
        let form = format!("body={body}&author=Mallory&badge=Author&back=/blog/hello");
        let posted = blog.send(Method::POST, "/horizon/comments/hello", form).await;
        assert_eq!(posted.status(), StatusCode::SEE_OTHER);
        let list = blog.send(Method::GET, "/horizon/comments/hello", String::new()).await;
        let bytes = axum::body::to_bytes(list.into_body(), usize::MAX).await.unwrap();
        let list: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let newest = list["threads"].as_array().unwrap().last().unwrap()["comment"].clone();
        assert!(newest["html"].as_str().unwrap().contains(body), "{newest}");
        newest
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_signed_in_author_has_the_name_of_the_site_and_a_badge() {
        let mut blog = TestBlog::open(true).await;
        let of_author = post(&blog, "one").await;
        assert_eq!(
            (&of_author["author"], &of_author["badge"]),
            (&"EventHorizon".into(), &"Author".into())
        );
        let page = blog.send(Method::GET, "/blog/hello", String::new()).await;
        let page = axum::body::to_bytes(page.into_body(), usize::MAX).await.unwrap();
        assert!(String::from_utf8_lossy(&page).contains("<bdi data-badge class=\"badge\">Author</bdi>"));

        let signed_in = blog.cookies.clone();
        let forged = signed_in.replacen('=', "=x", 1);
        blog.cookies = forged;
        let forged = post(&blog, "two").await;
        assert_eq!((&forged["author"], forged.get("badge")), (&"Mallory".into(), None));
        blog.cookies = signed_in;
        blog.send(Method::POST, "/admin/logout", String::new()).await;
        let signed_out = post(&blog, "three").await;
        assert_eq!(
            (&signed_out["author"], signed_out.get("badge")),
            (&"Mallory".into(), None)
        );
    }
}
