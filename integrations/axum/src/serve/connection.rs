//! One connection: the TLS handshake, the detection of the protocol, then its requests. After those, a live stream that
//! has left hyper is driven by [`stream::drive_stream`].

#[cfg(feature = "tls")]
use std::sync::Arc;
use std::{
    convert::Infallible,
    future::{Future, ready},
    io,
    net::SocketAddr,
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
    response::{IntoResponse, Response},
};
use bytes::BytesMut;
use eventhorizon::{ConnectionLimiter, Horizon};
use futures::future::Either;
use http::{HeaderValue, Version, header};
use tokio::{io::AsyncReadExt, net::TcpStream, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

#[cfg(feature = "tls")]
use super::tls::Tls;
use super::{
    http1, http2,
    request_head::{self, RequestHeadError},
    socket::{ObservedSocket, Socket},
    stream,
};
use crate::ClientAddr;

/// What a client of HTTP/2 sends first (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The length of [`PREFACE`] in bytes.
const PREFACE_LENGTH: u64 = 24;

/// Handles the requests of a connection.
pub(super) struct Application {
    pub(super) app: Router,
    pub(super) horizon: Horizon,
    pub(super) limiter: ConnectionLimiter,
    pub(super) peer: SocketAddr,
}

/// How connections are served.
#[derive(Clone)]
pub(super) struct ConnectionSettings {
    pub(super) encryption: Encryption,
    /// The time limit for the TLS handshake, for the head of a request, and for the next request.
    pub(super) head_timeout: Duration,
    /// Connections end after the current response, or at once without one.
    pub(super) closing: CancellationToken,
    /// The tasks of HTTP/2 streams.
    pub(super) tasks: TaskTracker,
}

/// What a connection uses below HTTP.
#[derive(Clone)]
pub(super) enum Encryption {
    /// TCP only.
    Plain,
    #[cfg(feature = "tls")]
    Tls(Arc<Tls>),
}

/// The protocol that a client chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HttpProtocol {
    Http1,
    Http2,
}

/// The socket and the body of a live stream that has left hyper.
pub(super) type DetachedStream = (Socket, Body);

/// Serves a connection until it ends. A stream ends when its body does.
pub(super) fn serve(
    socket: TcpStream,
    application: Application,
    settings: ConnectionSettings,
) -> impl Future<Output = ()> + Send {
    // Boxed, so that its memory is freed while a stream is open.
    let requests = Box::pin(serve_requests(socket, application, settings));
    async move {
        let result = match requests.await {
            Ok(None) => return,
            Ok(Some((socket, body))) => stream::drive_stream(socket, body).await,
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            tracing::debug!(%error, "connection failed");
        }
    }
}

async fn serve_requests(
    socket: TcpStream,
    application: Application,
    settings: ConnectionSettings,
) -> Result<Option<DetachedStream>, axum::Error> {
    let open = timeout(settings.head_timeout, open(socket, &settings.encryption));
    let Some(opened) = settings.closing.run_until_cancelled(open).await else {
        return Ok(None);
    };
    let (protocol, socket) = opened.map_err(axum::Error::new)?.map_err(axum::Error::new)?;
    match protocol {
        HttpProtocol::Http1 => {
            let served = Box::pin(http1::serve(socket, application, settings));
            served.await.map_err(axum::Error::new)
        }
        HttpProtocol::Http2 => {
            Box::pin(http2::serve(socket, application, settings)).await?;
            Ok(None)
        }
    }
}

/// Opens the encryption, and detects the protocol.
async fn open(socket: TcpStream, encryption: &Encryption) -> io::Result<(HttpProtocol, ObservedSocket)> {
    match encryption {
        Encryption::Plain => detect_protocol(socket).await,
        #[cfg(feature = "tls")]
        Encryption::Tls(tls) => {
            let (protocol, stream) = tls.accept(socket).await?;
            let socket = Socket::Tls(Box::new(stream));
            Ok((protocol, ObservedSocket::new(bytes::Bytes::new(), socket)))
        }
    }
}

/// Reads until the bytes differ from the preface of HTTP/2, or are all of it.
async fn detect_protocol(mut socket: TcpStream) -> io::Result<(HttpProtocol, ObservedSocket)> {
    let mut start = BytesMut::new();
    let mut preface = AsyncReadExt::take(&mut socket, PREFACE_LENGTH);
    while PREFACE.starts_with(&start) && start.len() < PREFACE.len() {
        if preface.read_buf(&mut start).await? == 0 {
            break;
        }
    }
    let protocol = if *start == *PREFACE {
        HttpProtocol::Http2
    } else {
        HttpProtocol::Http1
    };
    Ok((protocol, ObservedSocket::new(start.freeze(), Socket::Plain(socket))))
}

impl Application {
    pub(super) fn handle(&self, request: Request) -> impl Future<Output = Result<Response, Infallible>> + Send + use<> {
        let (mut head, body) = request.into_parts();
        if let Err(error) = request_head::normalize(&mut head) {
            return Either::Left(ready(Ok(rejection(head.version, error))));
        }
        let client = self.horizon.client_addr(self.peer.ip(), &head.headers);
        head.extensions.insert(ConnectInfo(self.peer));
        head.extensions.insert(ClientAddr(client));
        Either::Right(self.app.clone().oneshot(Request::from_parts(head, body)))
    }
}

/// Ends the connection in HTTP/1, where the end of the request is uncertain.
fn rejection(version: Version, error: RequestHeadError) -> Response {
    let mut response = (error.status(), error.text()).into_response();
    if version < Version::HTTP_2 {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}
