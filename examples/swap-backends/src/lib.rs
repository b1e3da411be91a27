//! An application whose unit tests replace Redis with a fake in memory.
//!
//! In production [`start_on_redis`] opens Redis, or [`start_on_store`] uses a store that you wrote. The tests use
//! `eventhorizon::testing::TestSite` instead: a site on fakes that pass the same conformance suites, with a clock that
//! the test moves and failures on demand. No test sleeps or needs a server. `cargo test -p swap-backends` runs them.

use axum::{Router, extract::State, routing::get};
use eventhorizon::{Horizon, Secret, Slug, Topic};
use horizon_core::{CommentStore, Result, SaltStore, StatsStore};

const RECIPES: [&str; 2] = ["bread", "soup"];

/// Starts the application as it runs in production: many processes on one Redis.
///
/// # Errors
/// The URL is invalid, or Redis refuses the connection.
pub async fn start_on_redis(redis: &str) -> Result<Horizon> {
    Horizon::from_urls(redis, redis)?.start(is_recipe).await
}

/// Starts the application in one process with a store of your own, such as that of `examples/write-an-adapter`.
///
/// # Errors
/// The configuration is invalid.
pub async fn start_on_store<S>(store: S, secret: Secret) -> Result<Horizon>
where
    S: StatsStore + CommentStore + SaltStore + 'static,
{
    Horizon::from_store(store).secret(secret).start(is_recipe).await
}

/// Returns whether the page exists.
#[must_use]
pub fn is_recipe(slug: &Slug) -> bool {
    RECIPES.contains(&slug.as_str())
}

/// Returns the routes, for any backend.
pub fn app(horizon: &Horizon) -> Router {
    Router::new()
        .route("/", get(front_page))
        .with_state(horizon.clone())
        .nest("/horizon", horizon_axum::router(horizon))
}

/// Names the recipe with most viewers. Shows the page without it if the numbers are unavailable.
async fn front_page(State(horizon): State<Horizon>) -> String {
    let recipes = RECIPES.iter().filter_map(|name| Slug::new(name).ok());
    let topics: Vec<Topic> = recipes.map(Topic::from).collect();
    let Ok(stats) = horizon.stats(&topics).await else {
        return "Welcome!".into();
    };
    let most = RECIPES.iter().zip(stats).max_by_key(|(_, stats)| stats.viewers);
    match most {
        Some((name, stats)) if stats.viewers > 0 => {
            format!("Welcome! Most are at the {name} now: {}.", stats.viewers)
        }
        _ => "Welcome! You are the first today.".into(),
    }
}

#[cfg(test)]
mod tests;
