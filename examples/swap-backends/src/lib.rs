//! An application whose unit tests swap Redis for memory in one line, and break it on purpose.
//!
//! In production [`in_production`] opens a Redis. The tests below open `horizon_memory::testing::Fake` instead:
//! the same ports, proved by the same suites, with a clock that moves when the test says so and failures that come when
//! the test wants them. No test sleeps, and none needs a server. `cargo test -p swap-backends` runs them.

use axum::{Router, extract::State, routing::get};
use eventhorizon::{Horizon, Slug, Topic};
use horizon_core::Result;

/// The recipes that there are.
const RECIPES: [&str; 2] = ["bread", "soup"];

/// The application as it runs: many processes on one Redis.
///
/// # Errors
/// The address is none, or the Redis refuses us.
pub async fn in_production(redis: &str) -> Result<Horizon> {
    Horizon::from_urls(redis, redis)?.start(is_recipe).await
}

/// Which pages there are.
#[must_use]
pub fn is_recipe(slug: &Slug) -> bool {
    RECIPES.contains(&slug.as_str())
}

/// Its routes, whatever is behind them.
pub fn app(horizon: &Horizon) -> Router {
    Router::new()
        .route("/", get(front_page))
        .with_state(horizon.clone())
        .nest("/horizon", horizon_axum::router(horizon))
}

/// Says which recipe is read most. A number that cannot be had is no reason to show no page.
async fn front_page(State(horizon): State<Horizon>) -> String {
    let recipes = RECIPES.iter().filter_map(|name| Slug::new(name).ok());
    let topics: Vec<Topic> = recipes.map(Topic::from).collect();
    let Ok(numbers) = horizon.stats(&topics).await else {
        return "Welcome!".into();
    };
    let most = RECIPES.iter().zip(numbers).max_by_key(|(_, numbers)| numbers.viewers);
    match most {
        Some((name, numbers)) if numbers.viewers > 0 => {
            format!("Welcome! Most are at the {name} now: {}.", numbers.viewers)
        }
        _ => "Welcome! You are the first today.".into(),
    }
}

#[cfg(test)]
mod tests;
