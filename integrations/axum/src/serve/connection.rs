//! One connection: hyper drives it until a response is an event stream, then [`stream::drive_stream`] does.
//!
//! A live stream is open for minutes and sends little. What hyper keeps for the next request (buffers, timers, the
//! state of a body) would be several kilobytes for each.

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    io::{self, IoSlice},
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
    response::Response,
};
use bytes::Bytes;
use eventhorizon::{Horizon, client_addr};
use http::{HeaderMap, Method, StatusCode, Version, header};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{MAX_HEAD, stream};
use crate::ClientAddr;

/// Handles the requests of a connection.
pub(super) struct Application {
    pub(super) app: Router,
    pub(super) horizon: Horizon,
    pub(super) peer: SocketAddr,
}

/// Serves a connection until it ends. On `closing` it ends after the current response, or at once without one; a stream
/// ends when its body does.
pub(super) fn serve(
    socket: TcpStream,
    application: Application,
    head_wait: Duration,
    closing: CancellationToken,
) -> impl Future<Output = ()> + Send {
    // Boxed, so that its memory is freed while a stream is open.
    let requests = Box::pin(serve_requests(socket, application, head_wait, closing));
    async move {
        let result = match requests.await {
            Ok(None) => return,
            Ok(Some((socket, body))) => stream::drive_stream(socket, body).await,
            Err(error) => Err(axum::Error::new(error)),
        };
        if let Err(error) = result {
            tracing::debug!(%error, "connection failed");
        }
    }
}

/// Serves requests. Returns the socket and the body of a detached stream, after its response head is written.
async fn serve_requests(
    socket: TcpStream,
    application: Application,
    head_wait: Duration,
    closing: CancellationToken,
) -> hyper::Result<Option<(TcpStream, Body)>> {
    let detach = Arc::new(DetachState::default());
    let io = ObservedSocket {
        socket,
        detach: Arc::clone(&detach),
    };
    let service = service_fn(|request| {
        let is_detachable = is_detachable(&request);
        let response = application.handle(request);
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
        .header_read_timeout(head_wait)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(io), service);
    let mut closing = pin!(closing.cancelled());
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
    Ok(body.map(|body| (connection.into_parts().io.into_inner().socket, body)))
}

impl Application {
    fn handle(&self, request: Request<Incoming>) -> impl Future<Output = Result<Response, Infallible>> {
        let mut request = request.map(Body::new);
        let trusted = &self.horizon.config().trusted_proxies;
        let client = client_addr(self.peer.ip(), request.headers(), trusted);
        request.extensions_mut().insert(ConnectInfo(self.peer));
        request.extensions_mut().insert(ClientAddr(client));
        self.app.clone().oneshot(request)
    }
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
#[derive(Default)]
struct DetachState {
    body: Mutex<Option<Body>>,
    /// Hyper has polled the body, so the head is in its buffer.
    is_head_buffered: AtomicBool,
    /// The last write to the socket was incomplete.
    is_blocked: AtomicBool,
}

impl DetachState {
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
        if !self.is_head_buffered.load(Ordering::Relaxed) || self.is_blocked.load(Ordering::Relaxed) {
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

/// A socket that notes whether it took all bytes.
struct ObservedSocket {
    socket: TcpStream,
    detach: Arc<DetachState>,
}

impl ObservedSocket {
    fn note<T>(&self, written: Poll<T>) -> Poll<T> {
        self.detach.is_blocked.store(written.is_pending(), Ordering::Relaxed);
        written
    }
}

impl AsyncRead for ObservedSocket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}

impl AsyncWrite for ObservedSocket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
