use axum::{Json, extract::State};
use eventhorizon::Horizon;
use horizon_core::{Topic, live::Numbers};

use crate::{Problem, extract::Page};

/// `GET /stats`: the numbers of the site.
pub(super) async fn site(State(horizon): State<Horizon>) -> Result<Json<Numbers>, Problem> {
    numbers(&horizon, Topic::Site).await
}

/// `GET /stats/{slug}`: the numbers of a page.
pub(super) async fn page(State(horizon): State<Horizon>, Page(slug): Page) -> Result<Json<Numbers>, Problem> {
    numbers(&horizon, slug.into()).await
}

async fn numbers(horizon: &Horizon, topic: Topic) -> Result<Json<Numbers>, Problem> {
    let numbers = horizon.numbers(&[topic]).await?;
    Ok(Json(numbers.into_iter().next().unwrap_or_default()))
}
