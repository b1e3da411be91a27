//! A poem application with live readers, visits and likes on its two pages.
//!
//! [`horizon`] connects the two; copy it into your application. The pages are plain HTML, in which the script of
//! EventHorizon fills in the numbers.

pub mod horizon;

use std::{error::Error, future::Future, time::Duration};

use eventhorizon::{Horizon, Slug};
use poem::{
    EndpointExt, Route, Server, get, handler,
    listener::TcpAcceptor,
    web::{Data, Html, Path},
};
use tokio::net::TcpListener;

use crate::horizon::{Contract, problem, track_page_loads};

const PAGE: &str = include_str!("page.html");

/// How long a shutdown waits for open requests: 10 seconds.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves the application on this listener until `shutdown`.
///
/// # Errors
/// The listener cannot be used, or the store cannot be closed.
pub async fn serve(
    listener: TcpListener,
    horizon: &Horizon,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Box<dyn Error>> {
    let app = Route::new()
        .nest("/horizon", Contract(horizon.clone()))
        .at("/:slug", get(page))
        .around(track_page_loads)
        .data(horizon.clone());
    // Live streams do not end by themselves.
    let shutdown = async {
        shutdown.await;
        horizon.end_streams().await;
    };
    let server = Server::new_with_acceptor(TcpAcceptor::from_tokio(listener)?);
    server
        .run_with_graceful_shutdown(app, shutdown, Some(SHUTDOWN_TIMEOUT))
        .await?;
    Ok(horizon.close().await?)
}

/// Returns whether there is such a page. Called for every request.
#[must_use]
pub fn is_page(slug: &Slug) -> bool {
    matches!(slug.as_str(), "bread" | "soup")
}

#[handler]
async fn page(Data(horizon): Data<&Horizon>, Path(slug): Path<String>) -> poem::Result<Html<String>> {
    let slug = horizon.page(&slug).await.map_err(problem)?;
    Ok(Html(PAGE.replace("{slug}", slug.as_str())))
}

#[cfg(test)]
mod tests;
