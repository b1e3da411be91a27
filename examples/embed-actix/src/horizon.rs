//! Connects EventHorizon to actix-web. Copy this file. Needs `actix-web`, `eventhorizon` and `futures`.
//!
//! The server needs `.h1_allow_half_closed(false)`, so that closed pages are noticed, and `.disable_signals()` with
//! [`end`] on shutdown, because live streams do not end by themselves.

use std::{convert::Infallible, net::IpAddr};

use actix_web::{
    Error, HttpRequest, HttpResponse,
    body::MessageBody,
    dev::{ServerHandle, ServiceRequest, ServiceResponse},
    http::StatusCode,
    middleware::Next,
    web::{Data, Payload},
};
use eventhorizon::{Horizon, PageLoad, ResponseBody, StreamBody, http};
use futures::StreamExt;

/// The path of the scope.
pub const SCOPE: &str = "/horizon";

/// Handles all requests of the scope [`SCOPE`], as its default service.
pub async fn handle(site: Data<Horizon>, request: HttpRequest, payload: Payload) -> HttpResponse {
    // The path as it was sent: that of `match_info` is decoded already.
    let path = request.uri().path();
    let path = path.strip_prefix(SCOPE).unwrap_or(path);
    let uri = format!("{path}?{}", request.query_string());
    let mut forwarded = http::Request::builder().method(request.method().as_str()).uri(uri);
    for (name, value) in request.headers() {
        forwarded = forwarded.header(name.as_str(), value.as_bytes());
    }
    let Ok(forwarded) = forwarded.body(StreamBody::new(payload)) else {
        return HttpResponse::BadRequest().finish();
    };
    let (parts, body) = site.handle(peer(&request), forwarded).await.into_parts();
    let status = StatusCode::from_u16(parts.status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    for (name, value) in &parts.headers {
        response.append_header((name.as_str(), value.as_bytes()));
    }
    match body {
        // The viewer counts until actix drops the stream.
        ResponseBody::Live(live) => response.streaming(live.map(Ok::<_, Infallible>)),
        ResponseBody::Bytes(bytes) => response.body(bytes),
        _ => response.finish(),
    }
}

/// Counts visits without a script, as a middleware around routes with a parameter `slug`.
///
/// # Errors
/// Those of the routes.
pub async fn track_page_loads(
    site: Data<Horizon>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let response = next.call(request).await?;
    let request = response.request();
    if let Some(slug) = request.match_info().get("slug") {
        let headers = request.headers().iter();
        let headers = headers.map(|(name, value)| (name.as_str(), value.as_bytes()));
        let caller = site.caller(peer(request), headers);
        let load = PageLoad {
            method: request.method().as_str(),
            status: response.status().as_u16(),
            content_type: response.headers().get("content-type").map(|value| value.as_bytes()),
            has_live_stream: true,
        };
        site.track_page_load(slug, &caller, load);
    }
    Ok(response)
}

fn peer(request: &HttpRequest) -> IpAddr {
    request.peer_addr().map_or([0, 0, 0, 0].into(), |peer| peer.ip())
}

/// Ends the live streams, the server and the backend, in this order.
///
/// # Errors
/// The store cannot be closed.
pub async fn end(horizon: &Horizon, server: &ServerHandle) -> eventhorizon::horizon_core::Result<()> {
    horizon.end_streams().await;
    server.stop(true).await;
    horizon.close().await
}
