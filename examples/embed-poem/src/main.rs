//! `cargo run -p embed-poem`, then open <http://127.0.0.1:3003/bread> in two browsers.

use std::error::Error;

use embed_poem::{is_page, serve};
use eventhorizon::{Horizon, shutdown_signal};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let horizon = Horizon::from_urls("memory:", "sqlite:bread.db")?.start(is_page).await?;
    let listener = TcpListener::bind("127.0.0.1:3003").await?;
    serve(listener, &horizon, shutdown_signal()).await
}
