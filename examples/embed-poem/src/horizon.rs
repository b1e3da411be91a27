//! Connects EventHorizon to poem. Copy this file. Needs `poem`, `eventhorizon` and `futures`.
//!
//! Poem reads nothing from a connection while it writes a stream, so it notices a closed page at the second write:
//! `Config::heartbeat` sets how long that takes.

use std::{io, net::IpAddr, sync::Arc};

use eventhorizon::{Caller, Horizon, OriginalUri, PageLoad, Problem, ResponseBody, http};
use futures::StreamExt;
use poem::{Body, Endpoint, Error, Request, Response, Result};

/// Handles all requests below a path: `Route::new().nest("/horizon", Contract(horizon))`.
#[derive(Debug)]
pub struct Contract(pub Horizon);

impl Endpoint for Contract {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        // The original URI is for a caller who signs in before they see the dashboard.
        let (peer, original) = (peer(&request), OriginalUri(request.original_uri().clone()));
        let mut request: http::Request<_> = request.into();
        request.extensions_mut().insert(original);
        let (parts, body) = self.0.handle(peer, request).await.into_parts();
        let mut response = Response::builder().status(parts.status).body(match body {
            // The viewer counts until poem drops the stream.
            ResponseBody::Live(live) => Body::from_bytes_stream(live.map(Ok::<_, io::Error>)),
            ResponseBody::Bytes(bytes) => bytes.into(),
            _ => Body::empty(),
        });
        *response.headers_mut() = parts.headers;
        Ok(response)
    }
}

/// Counts visits without a script, around the application: `app.around(track_page_loads).data(horizon)`. The path of a
/// request is its page.
///
/// # Errors
/// Those of the endpoint.
pub async fn track_page_loads(endpoint: Arc<impl Endpoint>, request: Request) -> Result<Response> {
    let site = request.data::<Horizon>().cloned();
    let uri = request.uri().clone();
    let (method, caller) = (
        request.method().clone(),
        site.as_ref().map(|site| caller(site, &request)),
    );
    let response = endpoint.get_response(request).await;
    if let Some((site, caller)) = site.zip(caller) {
        let load = PageLoad {
            method: method.as_str(),
            status: response.status().as_u16(),
            content_type: response.headers().get("content-type").map(|value| value.as_bytes()),
            query: uri.query(),
            has_live_stream: true,
        };
        site.track_page_load(uri.path(), &caller, load);
    }
    Ok(response)
}

/// Returns the sender of a request.
pub fn caller(site: &Horizon, request: &Request) -> Caller {
    site.caller(peer(request), request.headers())
}

/// Returns an error of `Horizon` as one of poem, with its status: `horizon.page("bread").await.map_err(problem)?`.
pub fn problem(error: impl Into<Problem>) -> Error {
    let problem = error.into();
    let status = problem.status();
    Error::new(problem, status)
}

fn peer(request: &Request) -> IpAddr {
    let peer = request.remote_addr().as_socket_addr();
    peer.map_or([0, 0, 0, 0].into(), |peer| peer.ip())
}
