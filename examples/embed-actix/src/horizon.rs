//! All that ties EventHorizon to actix-web: requests in, answers out. To take with you; it needs `actix-web`, `eventhorizon`
//! and `futures`.
//!
//! Two lines of the server belong to it: `.h1_allow_half_closed(false)`, or a reader who closes the page stays for a while,
//! because actix goes on writing to nobody; and `.disable_signals()` with [`end`], or a stop waits for streams that never end.

use std::convert::Infallible;

use actix_web::{
    HttpRequest, HttpResponse,
    dev::ServerHandle,
    http::StatusCode,
    web::{Bytes, Data},
};
use eventhorizon::{Content, Horizon, http};
use futures::StreamExt;

/// Answers what is asked for under the scope whose default service this is.
pub async fn answer(site: Data<Horizon>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let peer = request.peer_addr().map_or([0, 0, 0, 0].into(), |peer| peer.ip());
    let address = format!("{}?{}", request.match_info().unprocessed(), request.query_string());
    let mut asked = http::Request::builder().method(request.method().as_str()).uri(address);
    for (name, value) in request.headers() {
        asked = asked.header(name.as_str(), value.as_bytes());
    }
    let Ok(asked) = asked.body(body) else {
        return HttpResponse::BadRequest().finish();
    };
    let (parts, content) = site.handle(peer, asked).await.into_parts();
    let status = StatusCode::from_u16(parts.status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = HttpResponse::build(status);
    for (name, value) in &parts.headers {
        answer.append_header((name.as_str(), value.as_bytes()));
    }
    match content {
        // Its bytes are ready as they are. The reader is counted until actix drops it.
        Content::Live(live) => answer.streaming(live.map(Ok::<_, Infallible>)),
        Content::Bytes(bytes) => answer.body(bytes),
        _ => answer.finish(),
    }
}

/// Ends it in order: first the streams, then the server, then what it counted with.
///
/// # Errors
/// The store's, if it cannot be closed.
pub async fn end(horizon: &Horizon, server: &ServerHandle) -> eventhorizon::horizon_core::Result<()> {
    horizon.end_streams().await;
    server.stop(true).await;
    horizon.close().await
}
