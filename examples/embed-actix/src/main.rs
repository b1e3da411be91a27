//! `cargo run -p embed-actix`, then open <http://127.0.0.1:3002/bread> in two browsers.

use std::{error::Error, net::TcpListener};

use embed_actix::{horizon::end, is_page, serve};
use eventhorizon::Horizon;

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let horizon = Horizon::from_urls("memory:", "sqlite:bread.db")?.start(is_page).await?;
    let server = serve(TcpListener::bind("127.0.0.1:3002")?, &horizon)?;
    let handle = server.handle();
    let stop = async {
        eventhorizon::shutdown_signal().await;
        end(&horizon, &handle).await
    };
    let (served, ended) = futures::future::join(server, stop).await;
    served?;
    Ok(ended?)
}
