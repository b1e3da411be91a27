//! Sends each message to all viewers with axum alone: its server-sent events over a broadcast channel.

use std::convert::Infallible;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::sse::{Event, KeepAlive, Sse},
    routing::{get, post},
};
use futures::Stream;
use tokio::sync::broadcast;
use tokio_stream::{StreamExt, wrappers::BroadcastStream};

/// The maximum number of messages that wait for a slow viewer. Further ones are lost for it.
const BEHIND: usize = 64;

type Messages = broadcast::Sender<String>;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let app = Router::new()
        .route("/sub", get(subscribe))
        .route("/publish", post(publish))
        .with_state(Messages::new(BEHIND));
    Ok(axum::serve(horizon_bench_peers::listen("plain-axum")?, app).await?)
}

async fn subscribe(State(messages): State<Messages>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let messages = BroadcastStream::new(messages.subscribe());
    let events = messages.filter_map(|message| message.ok().map(|text| Ok(Event::default().data(text))));
    Sse::new(events).keep_alive(KeepAlive::default())
}

async fn publish(State(messages): State<Messages>, text: String) -> StatusCode {
    // There may be no viewer.
    let _ = messages.send(text);
    StatusCode::NO_CONTENT
}
