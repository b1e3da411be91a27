//! EventHorizon for axum: live streams, likes, comments and stats as a router.
//!
//! ```no_run
//! use axum::{Router, extract::State, routing::get};
//! use horizon_axum::{Horizon, Limits, ProblemResponse, Requester, Slug, shutdown_signal};
//!
//! /// A handler of the application, which knows the reader and the numbers.
//! async fn hello(State(horizon): State<Horizon>, Requester(caller): Requester) -> Result<String, ProblemResponse> {
//!     let page = horizon.page("hello").await?;
//!     let liked = horizon.is_liked_by(&page, &caller).await?;
//!     let viewers = horizon.stats(&[page.into()]).await?[0].viewers;
//!     Ok(format!("{viewers} reading now, liked by you: {liked}"))
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let is_page = |slug: &Slug| slug.as_str() == "hello"; // which pages exist
//!     let horizon = Horizon::from_urls("memory:", "sqlite:numbers.db")?.start(is_page).await?;
//!     let app = Router::new()
//!         .route("/hello", get(hello))
//!         .with_state(horizon.clone())
//!         .nest("/horizon", horizon_axum::router(&horizon));
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     Ok(horizon_axum::serve(listener, app, Limits::default(), shutdown_signal(), &horizon).await?)
//! }
//! ```
//!
//! | item | what it is |
//! |---|---|
//! | [`router`] | the routes below, for any path of an application |
//! | [`serve`], [`Limits`], [`shutdown_signal`] | a server with the limits that open streams need |
//! | `serve_tls`, `Tls`, `TlsError` | the same with TLS (feature `tls`) |
//! | [`TrackVisits`], [`TrackVisitsService`] | a layer that counts visits of pages without a live stream |
//! | [`Requester`], [`Visitor`], [`Reader`], [`ClientAddr`] | extractors for the application's handlers |
//! | [`HasHorizon`] | a router's state that contains the [`Horizon`], which the extractors need |
//! | [`ProblemResponse`] | an error response |
//! | [`problem_pages`] | a middleware that sends errors as HTML to browsers that ask for it |
//! | [`Horizon`], [`Slug`] and the rest of [`eventhorizon`] | likes, comments, stats and live streams for handlers |
//!
//! # Routes
//!
//! | route | what it does |
//! |---|---|
//! | `GET /live/{slug}`, `GET /live` | streams the stats of a page or of the site as server-sent events |
//! | `GET /live?page=a&page=b` | also streams the stats of these pages, such as the pages of a list |
//! | `GET /stats/{slug}`, `GET /stats` | returns the same stats once |
//! | `PUT`, `DELETE`, `POST /likes/{slug}` | likes a page, or removes the like |
//! | `GET /likes/{slug}` | returns whether the reader likes the page |
//! | `GET`, `POST /comments/{slug}` | returns the comments of a page, or adds one |
//! | `POST /events/{slug}`, `POST /events` | tracks a custom event of a page or of the site |
//! | `POST /finished/{slug}` | reports that the end of a page was on the reader's screen |
//! | `GET /client.js`, `/comments.js`, `/events.js`, `/finished.js` | returns the script for pages, and its parts |
//! | `GET /client.d.ts` | returns the documentation of the script |
//! | `GET /dashboard` | shows the reports as pages, to callers with a token or as the application's rule says |
//! | `GET /dashboard/live` | streams what happens now, for these pages |
//! | `GET /dashboard.css`, `/dashboard.js` | returns their style sheet and script |
//! | `POST /api/v2/query` | answers a question about the past, in the form of the Stats API v2 of Plausible |
//! | `GET /reports/{name}.csv` | returns a list of the dashboard, or the course of its numbers, as a file |
//! | `GET /openapi.json` | describes all routes |
//!
//! [`Horizon::handle`] handles them, and has their limits. Requests that write must come from a page of this site
//! ([`Horizon::is_same_origin`]), of one of [`Config::origins`](eventhorizon::Config::origins), or from no page. Errors
//! are [`ProblemResponse`]s. Static files and responses of at least 1 KiB are compressed with brotli or gzip if the
//! client accepts it.
//!
//! # Features
//!
//! | feature | default | what it gives | crates, at most |
//! |---|---|---|---|
//! | `bots` | yes | known crawlers do not count; without it, only headless browsers and prefetches do not | 6 |
//! | `comments` | yes | comments: their routes, rendering as safe HTML, and moderation | 55 |
//! | `context` | yes | source, browser, system, device, country and language of visits, for reports | 13 |
//! | `dashboard` | yes | `/dashboard`: the reports as pages; without it, only the API and CSV files | 5 |
//! | `metrics` | yes | `Horizon::metrics`: metrics in the OpenMetrics text format | 4 |
//! | `sqlite` | yes | stores `sqlite:PATH`: stats, comments and the secret in local files | 9 |
//! | `postgres` | no | stores `postgres://…`: stats, comments and the secret in a schema of your PostgreSQL | 52 |
//! | `redis` | no | event buses and stores `redis://HOST`: many processes serve one site | 55 |
//! | `log` | no | `start_log`: a bounded log on standard error that never blocks | 12 |
//! | `tls` | no | `serve_tls`: `serve` with TLS, and certificates that are read again when they change | 10 |
//!
//! # Related crates and documents
//!
//! [`eventhorizon`] lists everything that handlers can do. The README shows a page with its script and a state of your
//! own; that of the repository describes proxies, several processes and the log. `docs/contract.md` there describes the
//! messages over Redis.

mod extractors;
mod problem;
mod routes;
mod serve;
mod shared_caller;
mod visits;

use axum::{Router, routing::any};
pub use eventhorizon;
pub use eventhorizon::{Horizon, Slug, shutdown_signal};
pub use extractors::{ClientAddr, HasHorizon, Reader, Requester, Visitor};
pub use problem::{ProblemResponse, problem_pages};
pub use serve::{Limits, serve};
#[cfg(feature = "tls")]
pub use serve::{Tls, TlsError, serve_tls};
pub use visits::{TrackVisits, TrackVisitsService};

/// Returns the routes of a site, to nest under any path of an application with any state. The application may have a
/// catch-all route, such as `/{*path}`.
///
/// They need the client's address: run the application with [`serve`], or with axum's
/// `into_make_service_with_connect_info`. Otherwise all clients share the limits of one network.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use axum::{Router, body::Body};
/// use eventhorizon::{Horizon, Slug};
/// use http::Request;
/// use tower::ServiceExt;
///
/// let horizon = Horizon::in_memory().start(|slug: &Slug| slug.as_str() == "bread").await?;
/// let app: Router = Router::new().nest("/horizon", horizon_axum::router(&horizon));
/// for (path, status) in [("/horizon/stats/bread", 200), ("/horizon/stats/stew", 404)] {
///     let response = app.clone().oneshot(Request::get(path).body(Body::empty())?).await?;
///     assert_eq!(response.status(), status);
/// }
/// # Ok(()) }
/// ```
pub fn router<S: Clone + Send + Sync + 'static>(horizon: &Horizon) -> Router<S> {
    Router::new()
        // The application's catch-all route goes before a nested fallback, but not before a nested route.
        .route("/{*horizon_path}", any(routes::handle))
        .fallback(routes::handle)
        .with_state(horizon.clone())
}

/// Compiles the README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

/// Compiles the example of the page about frameworks.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/frameworks.md")]
struct FrameworksPage;

/// Compiles and runs the examples of the repository's README.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct RepositoryReadme;
