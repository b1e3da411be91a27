//! Connects EventHorizon to actix-web. Copy this file. Needs `actix-web`, `eventhorizon` and `futures`.
//!
//! The server needs `.h1_allow_half_closed(false)`, so that closed pages are noticed, and `.disable_signals()` with
//! [`end`] on shutdown, because live streams do not end by themselves.

use std::{convert::Infallible, fmt, net::IpAddr};

use actix_web::{
    Error, HttpRequest, HttpResponse, ResponseError,
    body::MessageBody,
    dev::{ServerHandle, ServiceRequest, ServiceResponse},
    http::StatusCode,
    middleware::Next,
    web::{Data, Payload},
};
use eventhorizon::{Caller, Horizon, OriginalUri, PageLoad, Problem, ResponseBody, StreamBody, http};
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
    // For a caller who signs in before they see the dashboard.
    if let Ok(uri) = request.uri().to_string().parse() {
        forwarded = forwarded.extension(OriginalUri(uri));
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

/// Counts visits without a script, as a middleware around the application. The path of a request is its page.
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
    let load = PageLoad {
        method: request.method().as_str(),
        status: response.status().as_u16(),
        content_type: response.headers().get("content-type").map(|value| value.as_bytes()),
        query: request.uri().query(),
        has_live_stream: true,
    };
    site.track_page_load(request.uri().path(), &caller(&site, request), load);
    Ok(response)
}

/// Returns the caller of a request, for your own handlers.
pub fn caller(site: &Horizon, request: &HttpRequest) -> Caller {
    let headers = request.headers().iter();
    site.caller(
        peer(request),
        headers.map(|(name, value)| (name.as_str(), value.as_bytes())),
    )
}

/// A problem as an HTML page, for your own handlers: `?` converts errors of `Horizon` into it.
#[derive(Debug)]
pub struct ProblemPage(Problem);

impl<E: Into<Problem>> From<E> for ProblemPage {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for ProblemPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for ProblemPage {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status().as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.content_type("text/html; charset=utf-8");
        if let Some(seconds) = self.0.retry_after() {
            response.insert_header(("retry-after", seconds));
        }
        response.body(self.0.to_page())
    }
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
