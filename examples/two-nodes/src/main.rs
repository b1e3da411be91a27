//! Two nodes of one site over one Redis, and an accumulator that counts for both.
//!
//! ```text
//! redis-server --appendonly yes &
//! cargo run -p two-nodes -- redis://127.0.0.1
//! ```
//!
//! Then open <http://127.0.0.1:3003/bread> and <http://127.0.0.1:3004/bread>: each page says that two are reading, and a
//! like on one shows on the other. `redis-cli` sees all of it: `SUBSCRIBE stats:blog:bread`. Here the three are tasks of
//! one program so that one command shows them; they share nothing but the address of the Redis, and so they may as well
//! be processes on three machines.

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

type Done = Result<(), Box<dyn Error>>;

#[tokio::main]
async fn main() -> Done {
    tracing_subscriber::fmt().init();
    let redis = env::args().nth(1).unwrap_or_else(|| "redis://127.0.0.1".into());
    let (stop, stopped) = watch::channel(false);
    let listeners = [
        TcpListener::bind("127.0.0.1:3003").await?,
        TcpListener::bind("127.0.0.1:3004").await?,
    ];
    let site = run(&redis, listeners, stopped);
    let until = async {
        eventhorizon::shutdown_signal().await;
        stop.send_replace(true);
    };
    let (site, ()) = futures::future::join(site, until).await;
    site
}

/// Both nodes and the accumulator, until they are told to stop.
async fn run(redis: &str, [first, second]: [TcpListener; 2], stopped: watch::Receiver<bool>) -> Done {
    let nodes = [
        node(redis, "web-1", first, ended(stopped.clone())),
        node(redis, "web-2", second, ended(stopped.clone())),
    ];
    let [one, two] = nodes;
    try_join3(one, two, accumulator(redis, ended(stopped))).await.map(drop)
}

/// One node: what `embed-axum` has, but for the address.
async fn node(redis: &str, name: &str, listener: TcpListener, stop: impl Future<Output = ()> + Send) -> Done {
    let horizon = Horizon::from_urls(redis, redis)?
        .node(NodeId::new(name)?)
        .start(is_page)
        .await?;
    let app = Router::new()
        .route("/{slug}", get(page))
        .nest("/horizon", horizon_axum::router(&horizon));
    Ok(horizon_axum::serve(listener, app, Limits::default(), stop, &horizon).await?)
}

/// What counts. Start as many as you like: each event is counted once. As a program of its own it is `horizon-accumulator`.
async fn accumulator(redis: &str, stop: impl Future<Output = ()> + Send) -> Done {
    let feed = RedisConsumer::connect(&RedisConfig::new(redis)?, ConsumerConfig::new("counts-1"))?;
    let store = StoreHandle::open(&redis.parse::<StoreUrl>()?)?;
    horizon_backend::run_accumulator(feed, Arc::clone(&store.stats), now, stop).await;
    Ok(())
}

async fn ended(mut stopped: watch::Receiver<bool>) {
    // Whoever could say so is gone: that is the end too.
    drop(stopped.wait_for(|stopped| *stopped).await);
}

fn is_page(slug: &Slug) -> bool {
    matches!(slug.as_str(), "bread" | "soup")
}

async fn page(Path(slug): Path<String>) -> Result<Html<String>, StatusCode> {
    let slug = Slug::new(&slug).ok().filter(is_page).ok_or(StatusCode::NOT_FOUND)?;
    Ok(Html(PAGE.replace("{slug}", slug.as_str())))
}

#[cfg(test)]
mod tests;
