//! Articles with live readers, views, likes, reactions and comments, on axum and sqlx. Articles and numbers are in one
//! PostgreSQL database.

mod database;
#[cfg(test)]
mod tests;
mod view;

use std::{env, error::Error};

use axum::{
    Form, Router,
    extract::{FromRef, State},
    http::{StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use axum_extra::extract::{CookieJar, cookie::Cookie};
use horizon_axum::{
    Horizon, Limits, Requester,
    eventhorizon::{self, Builder, Decision, EventKind, Identify, Problem, ProblemKind, ProposedEvent},
    shutdown_signal,
};
use maud::Markup;
use serde::Deserialize;
use tokio::net::TcpListener;

use crate::database::{Database, SESSION};

/// The names of the events that the buttons of a page send.
const REACTIONS: [&str; 2] = ["👍", "🎉"];

#[derive(Clone)]
struct App {
    horizon: Horizon,
    database: Database,
}

impl FromRef<App> for Horizon {
    fn from_ref(app: &App) -> Self {
        app.horizon.clone()
    }
}

/// Why a request of the application has no page.
enum AppError {
    NotFound,
    Horizon(Problem),
    Database(sqlx::Error),
}

impl From<Problem> for AppError {
    fn from(problem: Problem) -> Self {
        match problem.kind() {
            ProblemKind::UnknownPage | ProblemKind::InvalidSlug => Self::NotFound,
            _ => Self::Horizon(problem),
        }
    }
}

impl From<eventhorizon::Error> for AppError {
    fn from(error: eventhorizon::Error) -> Self {
        Self::Horizon(error.into())
    }
}

impl From<sqlx::Error> for AppError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        match self {
            Self::NotFound => (StatusCode::NOT_FOUND, view::not_found()).into_response(),
            Self::Horizon(problem) => horizon_axum::ProblemResponse(problem).into_response(),
            Self::Database(error) => {
                tracing::error!(%error, "PostgreSQL failed");
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
        }
    }
}

/// Accepts no events with other names than those of the reactions.
fn policy(proposed: &ProposedEvent<'_>) -> Decision {
    match proposed.kind {
        EventKind::Custom { name, .. } if !REACTIONS.contains(&name.as_str()) => {
            Decision::Reject("There is no such reaction.".into())
        }
        _ => Decision::Accept,
    }
}

/// Sets the rules of the site, wherever its numbers are. `identify` says who the caller is.
fn configure(builder: Builder, identify: impl Identify + 'static) -> Builder {
    builder.event_policy(policy).identify(identify)
}

/// Returns the article with the path of the request.
async fn article(
    State(app): State<App>,
    Requester(caller): Requester,
    cookies: CookieJar,
    uri: Uri,
) -> Result<Markup, AppError> {
    let page = app.horizon.page_from_path(uri.path()).await?;
    let article = app.database.article(&page).await?.ok_or(AppError::NotFound)?;
    let user = app.database.user(&cookies).await?;
    let liked = app.horizon.is_liked_by(&page, &caller).await?;
    let stats = &app.horizon.stats(&[page.clone().into()]).await?[0];
    let popular = app.database.popular().await?;
    Ok(view::article(&article, &page, stats, liked, user.as_ref(), &popular))
}

#[derive(Deserialize)]
struct SignIn {
    name: String,
}

/// Signs a user in. This example asks for no password.
async fn sign_in(
    State(app): State<App>,
    cookies: CookieJar,
    Form(form): Form<SignIn>,
) -> Result<(CookieJar, Redirect), AppError> {
    let session = app.database.sign_in(&form.name).await?.ok_or(AppError::NotFound)?;
    let cookie = Cookie::build((SESSION, session)).path("/").http_only(true);
    Ok((cookies.add(cookie), Redirect::to("/")))
}

async fn sign_out(State(app): State<App>, cookies: CookieJar) -> Result<(CookieJar, Redirect), AppError> {
    if let Some(session) = cookies.get(SESSION) {
        app.database.sign_out(session.value()).await?;
    }
    Ok((cookies.remove(Cookie::build(SESSION).path("/")), Redirect::to("/")))
}

fn routes(app: App) -> Router {
    let horizon = horizon_axum::router(&app.horizon);
    Router::new()
        .route("/", get(article))
        .route("/{*path}", get(article))
        .route("/sign-in", post(sign_in))
        .route("/sign-out", post(sign_out))
        .with_state(app)
        .nest("/horizon", horizon)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let address = env::var("ADDRESS").unwrap_or_else(|_| "127.0.0.1:3000".into());
    let url = env::var("DATABASE_URL")?;
    let database = Database::connect(&url).await?;
    // The numbers are in the same database. The test has them in memory: see `TestSite` in `tests.rs`.
    let builder = Horizon::from_urls("memory:", &url)?;
    let horizon = configure(builder, database.clone()).start(database.clone()).await?;
    let routes = routes(App {
        horizon: horizon.clone(),
        database: database.clone(),
    });
    let listener = TcpListener::bind(&address).await?;
    horizon_axum::serve(listener, routes, Limits::default(), shutdown_signal(), &horizon).await?;
    database.close().await;
    Ok(())
}
