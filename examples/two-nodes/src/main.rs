//! Two nodes of one site that share a Redis, and an accumulator.
//!
//! ```text
//! redis-server --appendonly yes &
//! cargo run -p two-nodes -- redis://127.0.0.1
//! ```
//!
//! Open <http://127.0.0.1:3003/bread> and <http://127.0.0.1:3004/bread>: each page shows two viewers, and a like on one
//! appears on the other. `SUBSCRIBE stats:blog:bread` in `redis-cli` shows the updates. The three tasks share only the
//! URL of the Redis, so they could be processes on three machines.

use std::{env, error::Error, sync::Arc};

use axum::{Router, extract::Path, http::StatusCode, response::Html, routing::get};
use eventhorizon::{Horizon, Slug};
use futures::future::try_join3;
use horizon_axum::Limits;
use horizon_backend::{StoreHandle, StoreUrl, now};
use horizon_core::presence::NodeId;
use horizon_redis::{ConsumerConfig, RedisConfig, RedisConsumer};
use tokio::{net::TcpListener, sync::watch};

const PAGE: &str = include_str!("page.html");

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Result {
    tracing_subscriber::fmt().init();
    let redis = env::args().nth(1).unwrap_or_else(|| "redis://127.0.0.1".into());
    let (stop, stopped) = watch::channel(false);
    let listeners = [
        TcpListener::bind("127.0.0.1:3003").await?,
        TcpListener::bind("127.0.0.1:3004").await?,
    ];
    let site = run(&redis, listeners, stopped);
    let shutdown = async {
        eventhorizon::shutdown_signal().await;
        stop.send_replace(true);
    };
    let (site, ()) = futures::future::join(site, shutdown).await;
    site
}

/// Runs both nodes and the accumulator until `stopped` is true.
async fn run(redis: &str, [first, second]: [TcpListener; 2], stopped: watch::Receiver<bool>) -> Result {
    let first = node(redis, "web-1", first, wait_for(stopped.clone()));
    let second = node(redis, "web-2", second, wait_for(stopped.clone()));
    try_join3(first, second, accumulator(redis, wait_for(stopped)))
        .await
        .map(drop)
}

/// A web node: the example `embed-axum` with another URL.
async fn node(redis: &str, name: &str, listener: TcpListener, stop: impl Future<Output = ()> + Send) -> Result {
    let horizon = Horizon::from_urls(redis, redis)?
        .node_name(NodeId::new(name)?)
        .start(is_page)
        .await?;
    let app = Router::new()
        .route("/{slug}", get(page))
        .nest("/horizon", horizon_axum::router(&horizon));
    Ok(horizon_axum::serve(listener, app, Limits::default(), stop, &horizon).await?)
}

/// Counts each event once, however many accumulators there are. `horizon-accumulator` is the same as a program.
async fn accumulator(redis: &str, stop: impl Future<Output = ()> + Send) -> Result {
    let consumer = RedisConsumer::connect(&RedisConfig::new(redis)?, ConsumerConfig::new("counts-1"))?;
    let store = StoreHandle::open(&redis.parse::<StoreUrl>()?)?;
    horizon_backend::run_accumulator(consumer, Arc::clone(&store.stats), now, stop).await;
    Ok(())
}

/// Waits until the value is true or the sender is dropped.
async fn wait_for(mut stopped: watch::Receiver<bool>) {
    drop(stopped.wait_for(|stopped| *stopped).await);
}

fn is_page(slug: &Slug) -> bool {
    matches!(slug.as_str(), "bread" | "soup")
}

async fn page(Path(slug): Path<String>) -> std::result::Result<Html<String>, StatusCode> {
    let slug = Slug::new(&slug).ok().filter(is_page).ok_or(StatusCode::NOT_FOUND)?;
    Ok(Html(PAGE.replace("{slug}", slug.as_str())))
}

#[cfg(test)]
mod tests;
