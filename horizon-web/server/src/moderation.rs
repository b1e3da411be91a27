//! `/admin`: sign-in and moderation of comments.

use std::{net::IpAddr, num::NonZeroUsize, time::Duration};

use axum::{
    Form, Router,
    body::Body,
    extract::{
        DefaultBodyLimit, Path, Query, Request, State,
        rejection::{FormRejection, PathRejection, QueryRejection},
    },
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use eventhorizon::{Paging, http::local_path};
use futures::{StreamExt, stream};
use horizon_app::{ErrorPage, ModerationItem, ModerationPage, View};
use horizon_axum::ClientAddr;
use horizon_backend::now;
use horizon_core::{
    COMMENT_OVERHEAD_BYTES, Comment, Error, EventId, MAX_AUTHOR_CHARS, MAX_COMMENT_CHARS, MAX_PAGE_BYTES, Result,
    Visibility,
};
use horizon_posts::Severity;
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};

use crate::{auth, login_limiter, respond, session::Sessions, state::AppState};

/// The number of comments on a page.
const COMMENTS_PER_PAGE: NonZeroUsize = NonZeroUsize::new(50).unwrap();

// The largest comments fit into a page of comments: a `char` has up to four bytes.
const _: () = assert!(
    COMMENTS_PER_PAGE.get() * (4 * (MAX_AUTHOR_CHARS + MAX_COMMENT_CHARS) + COMMENT_OVERHEAD_BYTES) <= MAX_PAGE_BYTES,
    "COMMENTS_PER_PAGE is too large"
);

/// The maximum size of a form, in bytes.
const MAX_FORM_BYTES: usize = 4 * 1024;

/// How long a form may take to arrive: 10 seconds.
const FORM_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/admin", get(comments))
        .route("/admin/login", post(sign_in))
        .route("/admin/logout", post(sign_out))
        .route("/admin/comments/{id}", post(moderate))
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
        .layer(middleware::from_fn(limit_time))
}

/// Ends the body of a request with an error [`FORM_TIMEOUT`] after its head. A timeout for each part would let a client
/// that sends single bytes keep its connection for hours.
async fn limit_time(request: Request, next: Next) -> Response {
    let deadline = Instant::now() + FORM_TIMEOUT;
    let limited = |body: Body| {
        let parts = stream::try_unfold(body.into_data_stream(), move |mut parts| async move {
            let part = timeout_at(deadline, parts.next()).await.map_err(axum::Error::new)?;
            Ok::<_, axum::Error>(part.transpose()?.map(|part| (part, parts)))
        });
        Body::from_stream(parts)
    };
    next.run(request.map(limited)).await
}

#[derive(Debug, Default, Deserialize)]
struct ModerationQuery {
    only: Option<String>,
    before: Option<EventId>,
    /// Where to go after signing in.
    back: Option<String>,
}

#[derive(Deserialize)]
struct SignInForm {
    token: String,
    #[serde(default)]
    back: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ModerateForm {
    verdict: Visibility,
    #[serde(default)]
    only: Option<String>,
}

fn is_only_pending(only: Option<&String>) -> bool {
    only.is_some_and(|only| only == "waiting")
}

async fn comments(
    State(app): State<AppState>,
    query: Result<Query<ModerationQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let Query(query) = query.unwrap_or_default();
    let back = query.back.as_deref().and_then(local_path);
    if let Some(response) = auth::require_session(&app, &headers, back.clone()).await {
        return response;
    }
    if let Some(back) = back {
        return Redirect::to(&back).into_response();
    }
    // Starts the deadline of the reads for the footer before the comments are read.
    let reads = app.horizon.page_reads();
    let page = load(&app, &query).await.map(View::Moderation);
    // After signing out, the browser must not show it again.
    respond::no_store_unless(false, respond::view_with(&app, &reads, page).await)
}

async fn load(app: &AppState, query: &ModerationQuery) -> Result<ModerationPage> {
    let only_pending = is_only_pending(query.only.as_ref());
    let only = only_pending.then_some(Visibility::Pending);
    let comments = app
        .horizon
        .recent_comments(only, Paging::default().cursor(query.before).limit(COMMENTS_PER_PAGE))
        .await?;
    let last = comments.last().filter(|_| comments.len() == COMMENTS_PER_PAGE.get());
    let filter = if only_pending { "only=waiting&" } else { "" };
    let older = last.map(|last| format!("/admin?{filter}before={}", last.id));
    let library = app.library();
    let item = |comment: Comment| {
        let post = library.post(comment.slug.as_str());
        let post_title = post.map_or_else(|| comment.slug.to_string(), |post| post.title.clone());
        ModerationItem { comment, post_title }
    };
    Ok(ModerationPage {
        comments: comments.into_iter().map(item).collect(),
        only_pending,
        older,
        previews: library.previews().to_vec(),
        errors: library.diagnostics().at_least(Severity::Error),
    })
}

async fn sign_in(
    State(app): State<AppState>,
    ClientAddr(address): ClientAddr,
    headers: HeaderMap,
    form: Result<Form<SignInForm>, FormRejection>,
) -> Response {
    let Some(sessions) = &app.sessions else {
        return respond::not_found(&app).await;
    };
    if !app.horizon.is_same_origin(&headers) {
        return WriteError::CrossOrigin.respond(&app).await;
    }
    match form {
        Ok(Form(form)) => {
            let back = form.back.as_deref().and_then(local_path);
            if !sessions.is_token(&form.token) {
                return wrong_token(&app, address, back).await;
            }
            match sessions.start(now()).await {
                Ok(cookie) => redirect_with(cookie, back.as_deref()),
                Err(error) => respond::unavailable(&app, &error).await,
            }
        }
        Err(rejection) => login_page(&app, rejection.status(), "incomplete-form", None).await,
    }
}

/// Rejects a wrong token. Only these are limited: a guess cannot keep the author out.
async fn wrong_token(app: &AppState, address: IpAddr, back: Option<String>) -> Response {
    if !app.login_limiter.count_failure(address, now()) {
        let message = "too-many-tokens";
        let response = login_page(app, StatusCode::TOO_MANY_REQUESTS, message, back).await;
        let retry_after = [(header::RETRY_AFTER, HeaderValue::from(login_limiter::WINDOW.as_secs()))];
        return (retry_after, response).into_response();
    }
    tracing::warn!("a sign-in to /admin with a wrong token was rejected");
    login_page(app, StatusCode::UNAUTHORIZED, "wrong-token", back).await
}

/// Shows the sign-in form with the text that has the id `error`.
async fn login_page(app: &AppState, status: StatusCode, error: &'static str, back: Option<String>) -> Response {
    let form = auth::login_form(app, Some(app.site.texts.get(error)), back);
    let mut response = respond::view(app, form).await;
    *response.status_mut() = status;
    response
}

async fn sign_out(State(app): State<AppState>, headers: HeaderMap) -> Response {
    let sessions = match check_write(&app, &headers).await {
        Ok(sessions) => sessions,
        Err(rejection) => return rejection.respond(&app).await,
    };
    match sessions.end_all().await {
        Ok(removal) => redirect_with(removal, None),
        Err(error) => respond::unavailable(&app, &error).await,
    }
}

/// Returns a redirect that sets a cookie: to this path, or else to the comments.
fn redirect_with(set_cookie: String, path: Option<&str>) -> Response {
    let redirect = Redirect::to(path.unwrap_or("/admin"));
    ([(header::SET_COOKIE, set_cookie)], redirect).into_response()
}

async fn moderate(
    State(app): State<AppState>,
    id: Result<Path<EventId>, PathRejection>,
    headers: HeaderMap,
    form: Result<Form<ModerateForm>, FormRejection>,
) -> Response {
    if let Err(rejection) = check_write(&app, &headers).await {
        return rejection.respond(&app).await;
    }
    let Ok(Path(id)) = id else {
        return respond::not_found(&app).await;
    };
    let form = match form {
        Ok(Form(form)) if form.verdict != Visibility::Pending => form,
        _ => {
            let values = [("shown", "`shown`".into()), ("removed", "`removed`".into())];
            let detail = app.site.texts.with("invalid-verdict", &values);
            return error_page(&app, StatusCode::UNPROCESSABLE_ENTITY, "invalid-form", detail).await;
        }
    };
    let reads = app.horizon.page_reads();
    match app.horizon.moderate(id, form.verdict).await {
        Ok(true) if is_only_pending(form.only.as_ref()) => Redirect::to("/admin?only=waiting").into_response(),
        Ok(true) => Redirect::to("/admin").into_response(),
        Ok(false) => respond::view_with(&app, &reads, Ok(View::NotFound)).await,
        Err(error) => respond::unavailable(&app, &error).await,
    }
}

/// The reason why a form is rejected.
enum WriteError {
    NoAdmin,
    CrossOrigin,
    SignedOut,
    /// The store does not respond, so it is unknown whether the session has ended.
    Unavailable(Error),
}

async fn check_write<'a>(app: &'a AppState, headers: &HeaderMap) -> Result<&'a Sessions, WriteError> {
    let sessions = app.sessions.as_ref().ok_or(WriteError::NoAdmin)?;
    if !app.horizon.is_same_origin(headers) {
        return Err(WriteError::CrossOrigin);
    }
    match sessions.is_valid(headers, now()).await {
        Ok(true) => Ok(sessions),
        Ok(false) => Err(WriteError::SignedOut),
        Err(error) => Err(WriteError::Unavailable(error)),
    }
}

impl WriteError {
    async fn respond(self, app: &AppState) -> Response {
        match self {
            Self::NoAdmin => respond::not_found(app).await,
            Self::CrossOrigin => {
                let detail = app.site.texts.get("other-site").to_owned();
                error_page(app, StatusCode::FORBIDDEN, "forbidden", detail).await
            }
            Self::SignedOut => login_page(app, StatusCode::UNAUTHORIZED, "session-ended", None).await,
            Self::Unavailable(error) => respond::unavailable(app, &error).await,
        }
    }
}

async fn error_page(app: &AppState, status: StatusCode, title: &'static str, detail: String) -> Response {
    let page = ErrorPage {
        status: status.as_u16(),
        title: app.site.texts.get(title).into(),
        detail,
    };
    respond::view(app, View::Error(page)).await
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use tokio::time::sleep;

    use super::*;
    use crate::slow_backends::{TOKEN, TestBlog};

    async fn sign_in(blog: &TestBlog, form: &str) -> Response {
        blog.send(Method::POST, "/admin/login", form.into()).await
    }

    #[tokio::test(start_paused = true)]
    async fn only_wrong_tokens_are_limited() {
        let blog = TestBlog::open(false).await;
        let right = format!("token={TOKEN}");
        for _ in 0..11 {
            assert_eq!(sign_in(&blog, &right).await.status(), StatusCode::SEE_OTHER);
            let incomplete = sign_in(&blog, "other=1").await;
            assert_eq!(incomplete.status(), StatusCode::UNPROCESSABLE_ENTITY);
        }
        for _ in 0..10 {
            let wrong = sign_in(&blog, "token=wrong").await;
            assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
        }
        let response = sign_in(&blog, "token=wrong").await;
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[header::RETRY_AFTER], "900");
        assert_eq!(sign_in(&blog, &right).await.status(), StatusCode::SEE_OTHER);
    }

    #[tokio::test(start_paused = true)]
    async fn a_form_that_arrives_in_single_bytes_is_rejected_in_time() {
        let blog = TestBlog::open(false).await;
        for path in ["/admin/login", "/admin/comments/019ab4f0c1d27a3c8e5f6071829304b0"] {
            let start = Instant::now();
            let bytes = stream::repeat(()).then(async |()| {
                sleep(FORM_TIMEOUT / 10 * 9).await;
                Ok::<_, axum::Error>("a")
            });
            let response = blog.send_body(Method::POST, path, Body::from_stream(bytes)).await;
            assert!(response.status().is_client_error(), "{path}: {}", response.status());
            assert_eq!(start.elapsed().as_secs(), FORM_TIMEOUT.as_secs(), "{path}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_cookie_of_a_session_is_worthless_after_signing_out() {
        let blog = TestBlog::open(false).await;
        let verdict = "/admin/comments/019ab4f0c1d27a3c8e5f6071829304b0";
        let moderate = async || blog.send(Method::POST, verdict, "verdict=shown".into()).await.status();
        assert_eq!(
            moderate().await,
            StatusCode::NOT_FOUND,
            "signed in, but there is no such comment"
        );
        let page = blog.send(Method::GET, "/admin", String::new()).await;
        assert_eq!(page.headers()[header::CACHE_CONTROL], "no-store");
        let signed_out = blog.send(Method::POST, "/admin/logout", String::new()).await;
        assert_eq!(signed_out.status(), StatusCode::SEE_OTHER);
        assert_eq!(moderate().await, StatusCode::UNAUTHORIZED);
        let stream = blog.send(Method::GET, "/cluster/live", String::new()).await;
        assert_eq!(stream.status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test(start_paused = true)]
    async fn signing_out_removes_the_cookie_next_to_one_that_is_not_ascii() {
        let mut blog = TestBlog::open(false).await;
        blog.cookies.insert_str(0, "city=Zürich; ");
        let signed_out = blog.send(Method::POST, "/admin/logout", String::new()).await;
        let removal = signed_out.headers()[header::SET_COOKIE].to_str().unwrap();
        assert!(
            removal.contains("horizon-admin-") && removal.contains("Max-Age=0"),
            "{removal}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_stream_of_the_nodes_ends_when_the_session_ends() {
        let blog = TestBlog::open(false).await;
        let stream = blog.send(Method::GET, "/cluster/live", String::new()).await;
        assert_eq!(stream.status(), StatusCode::OK);
        blog.send(Method::POST, "/admin/logout", String::new()).await;
        axum::body::to_bytes(stream.into_body(), usize::MAX).await.unwrap();
    }
}
