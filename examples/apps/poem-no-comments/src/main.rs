//! Recipes with live readers, views and likes, on poem, without comments.

use std::{env, error::Error, io, net::IpAddr, time::Duration};

use eventhorizon::{Horizon, ResponseBody, Slug, shutdown_signal};
use futures::StreamExt;
use poem::{
    Body, Endpoint, EndpointExt, Request, Response, Route, Server, get, handler,
    http::StatusCode,
    listener::TcpListener,
    web::{Data, Html, Path},
};

const RECIPES: [(&str, &str); 2] = [("bread", "Flour, water, salt, time."), ("soup", "Whatever is left.")];

/// EventHorizon's HTTP API.
struct Contract(Horizon);

impl Endpoint for Contract {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let peer = request.remote_addr().as_socket_addr().map(|peer| peer.ip());
        let peer = peer.unwrap_or(IpAddr::from([0, 0, 0, 0]));
        let (parts, body) = self.0.handle(peer, request.into()).await.into_parts();
        let mut response = Response::builder().status(parts.status).body(match body {
            ResponseBody::Live(live) => Body::from_bytes_stream(live.map(Ok::<_, io::Error>)),
            ResponseBody::Bytes(bytes) => bytes.into(),
            _ => Body::empty(),
        });
        *response.headers_mut() = parts.headers;
        Ok(response)
    }
}

fn recipe(slug: &str) -> Option<&'static str> {
    RECIPES.iter().find(|(name, _)| *name == slug).map(|(_, text)| *text)
}

#[handler]
async fn page(Data(horizon): Data<&Horizon>, Path(slug): Path<String>) -> poem::Result<Html<String>> {
    let text = recipe(&slug).ok_or_else(|| poem::Error::from_status(StatusCode::NOT_FOUND))?;
    let page = horizon.page(&slug).await.map_err(poem::error::InternalServerError)?;
    let stats = horizon.stats(&[page.into()]).await.unwrap_or_default();
    let (views, likes) = stats.first().map_or((0, 0), |stats| (stats.visits, stats.likes));
    Ok(Html(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>{slug}</title>\
         <script type=module src=/horizon/client.js data-slug={slug}></script>\
         <h1>{slug}</h1><p>{text}</p>\
         <p><b data-horizon=viewers>0</b> reading now, <b data-horizon=visits>{views}</b> views</p>\
         <button type=button data-horizon=like>♥ <span data-horizon=likes>{likes}</span></button></html>"
    )))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let address = env::var("ADDRESS").unwrap_or_else(|_| "127.0.0.1:3000".into());
    let horizon = Horizon::from_urls("memory:", "sqlite:numbers.db")?
        // Poem notices at a write that a reader has left.
        .configure(|config| config.heartbeat = Duration::from_secs(5))
        .start(|slug: &Slug| recipe(slug.as_str()).is_some())
        .await?;
    let app = Route::new()
        .nest("/horizon", Contract(horizon.clone()))
        .at("/:slug", get(page))
        .data(horizon.clone());
    let shutdown = async {
        shutdown_signal().await;
        horizon.end_streams().await;
    };
    let server = Server::new(TcpListener::bind(address));
    server
        .run_with_graceful_shutdown(app, shutdown, Some(Duration::from_secs(10)))
        .await?;
    Ok(horizon.close().await?)
}
