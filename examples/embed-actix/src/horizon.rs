//! All that ties EventHorizon to actix-web: requests in, answers out.

use std::convert::Infallible;

use actix_web::{
    HttpRequest, HttpResponse,
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
    let (parts, content) = site.answer(peer, asked).await.into_parts();
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
