//! Requests of HTTP/1. Hyper drives the connection until a response is an event stream, which then leaves hyper.
//!
//! A live stream is open for minutes and sends little. What hyper keeps for the next request (buffers, timers, the
//! state of a body) would be several kilobytes for each.

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Version, header};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;

use super::{
    MAX_HEAD,
    connection::{Application, ConnectionSettings, DetachedStream},
    socket::{ObservedSocket, SocketState},
};

/// Serves requests. Returns the socket and the body of a detached stream, after its response head is written.
pub(super) async fn serve(
    socket: ObservedSocket,
    application: Application,
    settings: ConnectionSettings,
) -> hyper::Result<Option<DetachedStream>> {
    let detach = Arc::new(DetachState::new(socket.state()));
    let service = service_fn(|request: Request<Incoming>| {
        let is_detachable = is_detachable(&request);
        let response = application.handle(request.map(Body::new));
        let detach = &detach;
        async move {
            response.await.map(|response| {
                if is_detachable {
                    detach.intercept(response)
                } else {
                    response
                }
            })
        }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.head_timeout)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(socket), service);
    let mut closing = pin!(settings.closing.cancelled());
    let mut is_closing = false;
    let detached = poll_fn(|cx| {
        if !is_closing && closing.as_mut().poll(cx).is_ready() {
            is_closing = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        match Pin::new(&mut connection).poll(cx) {
            Poll::Ready(result) => Poll::Ready(result.map(|()| None)),
            Poll::Pending => detach
                .take_body()
                .map_or(Poll::Pending, |body| Poll::Ready(Ok(Some(body)))),
        }
    });
    let body = detached.await?;
    Ok(body.map(|body| (connection.into_parts().io.into_inner().into_inner(), body)))
}

/// Only responses to HTTP/1.1 GET can be detached, because they use chunked encoding.
fn is_detachable(request: &Request<Incoming>) -> bool {
    request.version() == Version::HTTP_11 && request.method() == Method::GET
}

fn is_event_stream(status: StatusCode, headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE);
    status == StatusCode::OK
        && media_type.is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"))
        && !headers.contains_key(header::CONTENT_LENGTH)
}

/// Tracks whether a stream can be detached from hyper: once hyper has written the response head.
struct DetachState {
    socket: Arc<SocketState>,
    body: Mutex<Option<Body>>,
    /// Hyper has polled the body, so the head is in its buffer.
    is_head_buffered: AtomicBool,
}

impl DetachState {
    fn new(socket: Arc<SocketState>) -> Self {
        Self {
            socket,
            body: Mutex::default(),
            is_head_buffered: AtomicBool::default(),
        }
    }

    /// Stores the body of an event stream, and replaces it by one that is always pending.
    fn intercept(self: &Arc<Self>, response: Response) -> Response {
        if !is_event_stream(response.status(), response.headers()) {
            return response;
        }
        let (head, body) = response.into_parts();
        *self.body.lock() = Some(body);
        Response::from_parts(head, Body::new(PendingBody(Arc::clone(self))))
    }

    /// Takes the body, if the head is written.
    fn take_body(&self) -> Option<Body> {
        if !self.is_head_buffered.load(Ordering::Relaxed) || self.socket.is_blocked() {
            return None;
        }
        self.body.lock().take()
    }
}

/// Replaces the body of a stream to detach. Hyper polls it once the head is in its buffer, and flushes the buffer
/// before it waits.
struct PendingBody(Arc<DetachState>);

impl http_body::Body for PendingBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        self.0.is_head_buffered.store(true, Ordering::Relaxed);
        Poll::Pending
    }
}
