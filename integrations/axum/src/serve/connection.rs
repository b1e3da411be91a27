//! One connection: hyper's until an answer is a stream without an end, ours from then on.
//!
//! A reader's live stream is open for minutes and says little. All that hyper keeps for the next request (buffers, timers, the
//! state of a body) would be several kilobytes for each of them.

use std::{
    future::{Future, poll_fn},
    io::{self, IoSlice},
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
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
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{MAX_HEAD, stream};
use crate::ClientAddr;

/// What answers the requests of a connection.
pub(super) struct Application {
    pub(super) app: Router,
    pub(super) horizon: Horizon,
    pub(super) peer: SocketAddr,
}

/// Serves a connection until it ends. On `closing` it ends after the answer that is on its way, or at once if there is none; a
/// stream ends when its body does.
pub(super) fn serve(
    socket: TcpStream,
    application: Application,
    head_wait: Duration,
    closing: CancellationToken,
) -> impl Future<Output = ()> + Send {
    // In a box of its own, which is gone while a stream is open.
    let conversation = Box::pin(converse(socket, application, head_wait, closing));
    async move {
        let ended = match conversation.await {
            Ok(None) => return,
            Ok(Some((socket, body))) => stream::carry(socket, body).await,
            Err(error) => Err(axum::Error::new(error)),
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection broke off");
        }
    }
}

/// Requests and answers. What comes out is a socket that has the head of an answer written to it, and the stream that
/// follows.
async fn converse(
    socket: TcpStream,
    application: Application,
    head_wait: Duration,
    closing: CancellationToken,
) -> hyper::Result<Option<(TcpStream, Body)>> {
    let departure = Arc::new(Departure::default());
    let io = Watched {
        socket,
        departure: Arc::clone(&departure),
    };
    let service = service_fn(|request| {
        let is_open_ended = is_open_ended(&request);
        let answer = application.answer(request);
        let departure = &departure;
        async move {
            answer
                .await
                .map(|answer| if is_open_ended { departure.of(answer) } else { answer })
        }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_wait)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(io), service);
    let mut closing = pin!(closing.cancelled());
    let mut is_closing = false;
    let leaving = poll_fn(|cx| {
        if !is_closing && closing.as_mut().poll(cx).is_ready() {
            is_closing = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        match Pin::new(&mut connection).poll(cx) {
            Poll::Ready(ended) => Poll::Ready(ended.map(|()| None)),
            Poll::Pending => departure
                .take()
                .map_or(Poll::Pending, |body| Poll::Ready(Ok(Some(body)))),
        }
    });
    let body = leaving.await?;
    Ok(body.map(|body| (connection.into_parts().io.into_inner().socket, body)))
}

impl Application {
    fn answer(&self, request: Request<Incoming>) -> impl Future<Output = Result<Response, std::convert::Infallible>> {
        let mut request = request.map(Body::new);
        let trusted = &self.horizon.config().trusted_proxies;
        let client = client_addr(self.peer.ip(), request.headers(), trusted);
        request.extensions_mut().insert(ConnectInfo(self.peer));
        request.extensions_mut().insert(ClientAddr(client));
        self.app.clone().oneshot(request)
    }
}

/// Whether an answer to this may leave hyper, which writes chunks only to whom that is known to be read by.
fn is_open_ended(request: &Request<Incoming>) -> bool {
    request.version() == Version::HTTP_11 && request.method() == Method::GET
}

fn is_event_stream(status: StatusCode, headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    status == StatusCode::OK
        && kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
        && !headers.contains_key(header::CONTENT_LENGTH)
}

/// A stream leaves hyper as soon as hyper has written the head that stands before it.
#[derive(Default)]
struct Departure {
    body: Mutex<Option<Body>>,
    /// The head is in hyper's buffer.
    is_announced: AtomicBool,
    /// The socket took less than there was.
    is_blocked: AtomicBool,
}

impl Departure {
    /// Keeps the body of a stream back, and gives hyper one that says nothing.
    fn of(self: &Arc<Self>, answer: Response) -> Response {
        if !is_event_stream(answer.status(), answer.headers()) {
            return answer;
        }
        let silence = Body::new(Silence(Arc::clone(self)));
        let (head, body) = answer.into_parts();
        *self.body() = Some(body);
        Response::from_parts(head, silence)
    }

    /// The stream, once all that stands before it is written.
    fn take(&self) -> Option<Body> {
        if !self.is_announced.load(Ordering::Relaxed) || self.is_blocked.load(Ordering::Relaxed) {
            return None;
        }
        self.body().take()
    }

    fn body(&self) -> MutexGuard<'_, Option<Body>> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stands for the body of a stream that leaves. Hyper asks for it when the head is in the buffer, and writes the buffer
/// before it waits.
struct Silence(Arc<Departure>);

impl http_body::Body for Silence {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        self.0.is_announced.store(true, Ordering::Relaxed);
        Poll::Pending
    }
}

/// A socket of which is known whether it took everything.
struct Watched {
    socket: TcpStream,
    departure: Arc<Departure>,
}

impl Watched {
    fn note<T>(&self, written: Poll<T>) -> Poll<T> {
        self.departure.is_blocked.store(written.is_pending(), Ordering::Relaxed);
        written
    }
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Watched {
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
