//! The routes of the HTTP contract.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
};
use bytes::Bytes;
use eventhorizon::{Horizon, Live, MAX_REQUEST_BYTES, Origin, Problem, ProblemKind, ResponseBody};
use futures::StreamExt;
use http::{HeaderName, Method, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::extractors::address;

/// The time limit for a request body: 10 seconds.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) fn router(horizon: &Horizon) -> Router<Horizon> {
    let router = Router::new().fallback(handle);
    match cors(&horizon.config().origins) {
        Some(cors) => router.layer(cors),
        None => router,
    }
}

async fn handle(State(horizon): State<Horizon>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let peer = address(&horizon, &parts.headers, &parts.extensions);
    // Other methods need no body.
    let body = if parts.method == Method::POST {
        read_body(body).await
    } else {
        Ok(Bytes::new())
    };
    let response = match body {
        Ok(body) => horizon.handle(peer, http::Request::from_parts(parts, body)).await,
        Err(problem) => horizon.error_response(problem, &parts.method, &parts.headers),
    };
    let (head, content) = response.into_parts();
    let body = match content {
        ResponseBody::Live(live) => Body::new(LiveBody(live)),
        ResponseBody::Bytes(bytes) => bytes.into(),
        _ => unknown_length(),
    };
    Response::from_parts(head, body)
}

/// Returns a body for `HEAD`. For one that is known to be empty, axum would add `Content-Length: 0`.
fn unknown_length() -> Body {
    Body::from_stream(futures::stream::empty::<Result<Bytes, Infallible>>())
}

async fn read_body(body: Body) -> Result<Bytes, Problem> {
    match timeout(BODY_TIMEOUT, Limited::new(body, MAX_REQUEST_BYTES).collect()).await {
        Err(_) => {
            let detail = format!("The body must arrive within {} seconds.", BODY_TIMEOUT.as_secs());
            Err(Problem::new(ProblemKind::BodyTimeout).detail(detail))
        }
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(Problem::new(ProblemKind::BodyTooLarge).detail(format!("The limit is {MAX_REQUEST_BYTES} bytes.")))
        }
        Ok(Err(_)) => Err(Problem::new(ProblemKind::MalformedBody).detail("The body is incomplete.")),
    }
}

/// Allows pages of these origins to read and write (the CORS protocol, WHATWG Fetch §3.2).
fn cors(origins: &[Origin]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let origins = origins.iter().map(|origin| origin.as_header().clone());
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::PUT, Method::DELETE, Method::POST])
        .allow_headers([header::CONTENT_TYPE, HeaderName::from_static("idempotency-key")])
        .expose_headers([header::RETRY_AFTER])
        .allow_credentials(true);
    Some(cors)
}

/// A live connection as a response body.
struct LiveBody(Live);

impl http_body::Body for LiveBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        self.0
            .poll_next_unpin(cx)
            .map(|bytes| bytes.map(|bytes| Ok(http_body::Frame::data(bytes))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_request_body_without_end_times_out() {
        let body = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(read_body(body).await.unwrap_err().kind(), ProblemKind::BodyTimeout);
    }
}
