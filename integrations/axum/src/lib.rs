//! EventHorizon over HTTP: live stream, likes, comments and stats as an axum router.
//!
//! [`router`] nests under any path of an application. [`TrackVisits`] counts visits of pages that have no live stream.
//! [`Requester`], [`Visitor`] and [`Reader`] tell the application's own handlers who asks. [`serve`] runs the
//! application with the limits that a server with open streams needs.
//!
//! | call | does |
//! |---|---|
//! | `GET /live/{slug}`, `GET /live` | server-sent events with the numbers of a page or of the site |
//! | `GET /stats/{slug}`, `GET /stats` | the same numbers once |
//! | `PUT`, `DELETE`, `POST /likes/{slug}` | like a page, take it back |
//! | `GET /likes/{slug}` | whether the reader likes it |
//! | `GET`, `POST /comments/{slug}` | read the comments of a page, write one |
//! | `GET /client.js`, `GET /client.d.ts` | the script for pages of any kind, and how it is used |
//! | `GET /openapi.json` | the contract in full |
//!
//! A body has at most 64 KiB and 10 seconds to come. What writes has to come from a page of this host, of one of
//! [`Config::origins`](eventhorizon::Config::origins), or from no page at all ([`same_origin`](eventhorizon::same_origin));
//! those origins also get the headers of CORS (WHATWG Fetch §3.2). What goes wrong is a [`Problem`].

mod client;
mod problem;
mod routes;
mod serve;
mod visits;

use axum::Router;
pub use client::{ClientAddr, Reader, Requester, Visitor};
pub use eventhorizon;
pub use eventhorizon::{Horizon, Slug, shutdown_signal};
pub use problem::Problem;
pub use serve::{Limits, serve};
pub use visits::{TrackVisits, TrackVisitsService};

/// The routes of a site, to be nested under any path of an application, whatever its state.
///
/// They need to know who asks: [`serve`] the application, or serve it with axum's
/// `into_make_service_with_connect_info`. Otherwise all readers look like one network, and share its rates.
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
///     let answer = app.clone().oneshot(Request::get(path).body(Body::empty())?).await?;
///     assert_eq!(answer.status(), status);
/// }
/// # Ok(()) }
/// ```
pub fn router<S: Clone + Send + Sync + 'static>(horizon: &Horizon) -> Router<S> {
    routes::router(horizon).with_state(horizon.clone())
}

/// Holds the README's example to what compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Holds the examples of the repository's README to what compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct RepositoryReadme;
