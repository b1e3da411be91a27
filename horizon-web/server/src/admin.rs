//! The author's desk: who gets in, and what they can do to a comment.

use std::{num::NonZeroUsize, time::Duration};

use axum::{
    Form, Router,
    extract::{
        DefaultBodyLimit, Path, Query, State,
        rejection::{FormRejection, PathRejection, QueryRejection},
    },
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use eventhorizon::{Paging, same_origin};
use horizon_app::{Desk, DeskComment, ErrorPage, FileProblem, Login, Page};
use horizon_axum::ClientAddr;
use horizon_backend::now;
use horizon_core::{
    COMMENT_OVERHEAD_BYTES, Comment, EventId, MAX_AUTHOR_CHARS, MAX_BODY_CHARS, MAX_PAGE_BYTES, Result, Visibility,
};
use horizon_posts::{Effect, Problem, Severity};
use serde::Deserialize;
use tower_http::timeout::RequestBodyTimeoutLayer;

use crate::{pages, session::Sessions, state::App};

/// How many comments the desk shows at once.
const ON_THE_DESK: NonZeroUsize = NonZeroUsize::new(50).unwrap();

// The largest comments fill no more than a page of comments may take: a `char` has up to four bytes.
const _: () = assert!(
    ON_THE_DESK.get() * (4 * (MAX_AUTHOR_CHARS + MAX_BODY_CHARS) + COMMENT_OVERHEAD_BYTES) <= MAX_PAGE_BYTES,
    "the desk shows too many comments at once"
);

/// How many files that cannot be shown the desk lists at most.
const PROBLEMS_ON_THE_DESK: usize = 50;

/// The largest form the desk takes, in bytes.
const LARGEST_FORM: usize = 4 * 1024;

/// How long a form may stall before it is given up.
const FORM_WAIT: Duration = Duration::from_secs(10);

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/admin", get(desk))
        .route("/admin/login", post(login))
        .route("/admin/logout", post(logout))
        .route("/admin/comments/{id}", post(moderate))
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .layer(RequestBodyTimeoutLayer::new(FORM_WAIT))
}

#[derive(Debug, Default, Deserialize)]
struct Filter {
    only: Option<String>,
    before: Option<EventId>,
}

#[derive(Deserialize)]
struct Attempt {
    token: String,
}

#[derive(Debug, Deserialize)]
struct Verdict {
    verdict: Visibility,
    #[serde(default)]
    only: Option<String>,
}

async fn desk(State(app): State<App>, filter: Result<Query<Filter>, QueryRejection>, headers: HeaderMap) -> Response {
    if let Some(response) = turn_away(&app, &headers).await {
        return response;
    }
    let Query(filter) = filter.unwrap_or_default();
    // Before the desk is read, so that the numbers of the site get the time that is left.
    let reads = app.horizon.read_session();
    let page = lay_out(&app, &filter).await.map(Page::Desk);
    pages::answer_within(&app, &reads, page).await
}

/// Whether the request comes from the author.
pub(crate) fn is_author(app: &App, headers: &HeaderMap) -> bool {
    app.sessions
        .as_ref()
        .is_some_and(|sessions| sessions.holds(headers, now()))
}

/// What a stranger gets instead of one of the author's pages; nothing for the author.
pub(crate) async fn turn_away(app: &App, headers: &HeaderMap) -> Option<Response> {
    if is_author(app, headers) {
        return None;
    }
    Some(match &app.sessions {
        None => pages::not_found(app).await,
        Some(_) => pages::answer(app, Ok(Page::Login(Login { error: None }))).await,
    })
}

async fn lay_out(app: &App, filter: &Filter) -> Result<Desk> {
    let only_waiting = filter.only.as_deref() == Some("waiting");
    let only = only_waiting.then_some(Visibility::Pending);
    let comments = app
        .horizon
        .recent_comments(only, Paging::default().cursor(filter.before).limit(ON_THE_DESK))
        .await?;
    let older = (comments.len() == ON_THE_DESK.get())
        .then(|| comments.last())
        .flatten()
        .map(|last| {
            format!(
                "/admin?{}before={}",
                if only_waiting { "only=waiting&" } else { "" },
                last.id
            )
        });
    let library = app.library();
    let titled = |comment: Comment| {
        let post = library.post(comment.slug.as_str());
        let post_title = post.map_or_else(|| comment.slug.to_string(), |post| post.title.clone());
        DeskComment { comment, post_title }
    };
    let problems = library.problems().at_least(Severity::Error);
    Ok(Desk {
        comments: comments.into_iter().map(titled).collect(),
        only_waiting,
        older,
        problems: problems.iter().take(PROBLEMS_ON_THE_DESK).map(file_problem).collect(),
        more_problems: problems.len().saturating_sub(PROBLEMS_ON_THE_DESK),
    })
}

fn file_problem(problem: &Problem) -> FileProblem {
    FileProblem {
        place: problem.place(),
        reason: problem.reason.clone(),
        is_last_good_shown: problem.effect == Effect::LastGoodShown,
    }
}

async fn login(
    State(app): State<App>,
    ClientAddr(address): ClientAddr,
    headers: HeaderMap,
    form: Result<Form<Attempt>, FormRejection>,
) -> Response {
    let Some(sessions) = &app.sessions else {
        return pages::not_found(&app).await;
    };
    if !same_origin(&headers) {
        return from_elsewhere(&app).await;
    }
    let now = now();
    if !app.attempts.may_try(address, now) {
        return refuse(
            &app,
            StatusCode::TOO_MANY_REQUESTS,
            "Too many wrong tokens. Try again in a quarter of an hour.",
        )
        .await;
    }
    match form {
        Ok(Form(attempt)) if sessions.opens(&attempt.token) => {
            (sessions.start(&headers, now), Redirect::to("/admin")).into_response()
        }
        Ok(_) => {
            app.attempts.failed(address, now);
            tracing::warn!("a wrong token was sent to /admin");
            refuse(&app, StatusCode::UNAUTHORIZED, "That is not the token.").await
        }
        Err(rejection) => {
            refuse(
                &app,
                rejection.status(),
                "The form did not arrive whole. Send it again.",
            )
            .await
        }
    }
}

async fn refuse(app: &App, status: StatusCode, sentence: &str) -> Response {
    let mut response = pages::answer(
        app,
        Ok(Page::Login(Login {
            error: Some(sentence.into()),
        })),
    )
    .await;
    *response.status_mut() = status;
    if status == StatusCode::TOO_MANY_REQUESTS {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("900"));
    }
    response
}

async fn logout(State(app): State<App>, headers: HeaderMap) -> Response {
    match may_write(&app, &headers) {
        Ok(sessions) => (sessions.end(&headers), Redirect::to("/admin")).into_response(),
        Err(refusal) => refusal.answer(&app).await,
    }
}

async fn moderate(
    State(app): State<App>,
    id: Result<Path<EventId>, PathRejection>,
    headers: HeaderMap,
    form: Result<Form<Verdict>, FormRejection>,
) -> Response {
    if let Err(refusal) = may_write(&app, &headers) {
        return refusal.answer(&app).await;
    }
    let Ok(Path(id)) = id else {
        return pages::not_found(&app).await;
    };
    let Ok(Form(form)) = form else {
        return wrong(
            &app,
            StatusCode::UNPROCESSABLE_ENTITY,
            "`verdict` must be `shown` or `removed`.",
        )
        .await;
    };
    if form.verdict == Visibility::Pending {
        return wrong(
            &app,
            StatusCode::UNPROCESSABLE_ENTITY,
            "`verdict` must be `shown` or `removed`.",
        )
        .await;
    }
    let reads = app.horizon.read_session();
    match app.horizon.moderate(id, form.verdict).await {
        Ok(true) if form.only.as_deref() == Some("waiting") => Redirect::to("/admin?only=waiting").into_response(),
        Ok(true) => Redirect::to("/admin").into_response(),
        Ok(false) => pages::answer_within(&app, &reads, Ok(Page::NotFound)).await,
        Err(error) => pages::answer(&app, Err(error)).await,
    }
}

/// Why a form of the desk is not taken.
enum Refusal {
    NoDesk,
    FromElsewhere,
    SignedOut,
}

fn may_write<'a>(app: &'a App, headers: &HeaderMap) -> Result<&'a Sessions, Refusal> {
    let sessions = app.sessions.as_ref().ok_or(Refusal::NoDesk)?;
    if !same_origin(headers) {
        return Err(Refusal::FromElsewhere);
    }
    if !sessions.holds(headers, now()) {
        return Err(Refusal::SignedOut);
    }
    Ok(sessions)
}

impl Refusal {
    async fn answer(self, app: &App) -> Response {
        match self {
            Self::NoDesk => pages::not_found(app).await,
            Self::FromElsewhere => from_elsewhere(app).await,
            Self::SignedOut => refuse(app, StatusCode::UNAUTHORIZED, "Your session has ended. Sign in again.").await,
        }
    }
}

async fn from_elsewhere(app: &App) -> Response {
    wrong(
        app,
        StatusCode::FORBIDDEN,
        "This form was sent from another site, and so it was not taken.",
    )
    .await
}

async fn wrong(app: &App, status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("Not taken").into();
    pages::answer(
        app,
        Ok(Page::Error(ErrorPage {
            status: status.as_u16(),
            title,
            detail: detail.into(),
        })),
    )
    .await
}
