//! A server for HTTP/1.1 and HTTP/2 with the limits that open streams need.

mod activity;
mod connection;
mod http1;
mod http2;
mod request_head;
mod socket;
mod stream;
#[cfg(feature = "tls")]
mod tls;

#[cfg(feature = "tls")]
use std::sync::Arc;
use std::{future::Future, io, net::SocketAddr, pin::pin, time::Duration};

use axum::Router;
use eventhorizon::{ConnectionLimiter, ConnectionLimits, Horizon};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::connection::{Application, ConnectionSettings, Encryption};
#[cfg(feature = "tls")]
pub use self::tls::{Tls, TlsError};

/// The largest request head, and the largest buffer of a connection of HTTP/1: 16 KiB.
const MAX_HEAD: usize = 16 * 1024;

/// How long sent bytes may stay unacknowledged before the connection is closed: 30 seconds.
#[cfg(target_os = "linux")]
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(30);

/// The length of the accept queue: 4,096, unless `net.core.somaxconn` is less. With the usual 128, some of a thousand
/// clients that reconnect at once would have to retry after a second.
const BACKLOG: i32 = 4096;

/// The delay after a failed accept, such as with too many open files: 200 milliseconds.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(200);

/// How long requests of HTTP/2 may take to end after their connections: 1 second.
const TASKS_TIMEOUT: Duration = Duration::from_secs(1);

/// The limits of a server. A connection that exceeds one is closed at once.
///
/// By default 20,000 connections, 512 of one network, and 10 seconds for the head of a request and for the shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Open connections in total. Each needs a file descriptor (`ulimit -n`). A connection of HTTP/2 counts once for
    /// each of its open requests; a request over the limit gets status 503.
    pub connections: usize,
    /// Open connections of one network (an IPv4 address or an IPv6 /64), counted in the same way. All networks of an
    /// IPv6 /48 together have four times this limit. It does not apply to trusted proxies.
    pub connections_per_network: usize,
    /// The time limit for the TLS handshake and for the head of a request, also of the next one on the same
    /// connection. A head has at most 16 KiB.
    pub header_read_timeout: Duration,
    /// How long a shutdown waits for open requests before it closes their connections.
    pub shutdown_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let connections = ConnectionLimits::default();
        Self {
            connections: connections.total,
            connections_per_network: connections.per_network,
            header_read_timeout: Duration::from_secs(10),
            shutdown_timeout: Duration::from_secs(10),
        }
    }
}

/// Serves an application that contains Horizon's router until `shutdown`.
///
/// It speaks HTTP/1.1 (RFC 9112), and HTTP/2 (RFC 9113) with clients that start with it ("prior knowledge"), without
/// TLS. Every request has a [`ClientAddr`](crate::ClientAddr) and axum's `ConnectInfo<SocketAddr>`, a valid `Host`, and
/// a target without a host. On Linux, a connection is closed when sent bytes are not acknowledged for 30 seconds
/// (`TCP_USER_TIMEOUT`, RFC 5482).
///
/// In HTTP/1.1, event streams (`text/event-stream`) are written without the state that a connection needs for further
/// requests, and with a send buffer of 32 KiB. They end when the client sends more than 16 KiB.
///
/// A shutdown stops accepting connections, ends the live streams, waits [`Limits::shutdown_timeout`] for open requests,
/// closes the remaining connections, and closes the site ([`Horizon::close`], at most 10 seconds).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use eventhorizon::{Horizon, Slug};
/// use axum::Router;
/// use horizon_axum::Limits;
/// use tokio::{net::TcpListener, sync::oneshot};
///
/// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
/// let app = Router::new().nest("/horizon", horizon_axum::router(&horizon));
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let (stop, stopped) = oneshot::channel::<()>(); // in a program: `tokio::signal::ctrl_c`
/// let shutdown = async { drop(stopped.await) };
/// let server = async move { horizon_axum::serve(listener, app, Limits::default(), shutdown, &horizon).await };
/// let server = tokio::spawn(server);
/// drop(stop);
/// server.await??;
/// # Ok(()) }
/// ```
///
/// # Errors
/// The listener has no local address, or closing the store fails.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    limits: Limits,
    shutdown: impl Future<Output = ()> + Send,
    horizon: &Horizon,
) -> io::Result<()> {
    let server = Server::new(app, limits, Encryption::Plain, horizon);
    server.run(listener, shutdown).await
}

/// Serves like [`serve`], with TLS 1.2 and 1.3. Clients choose HTTP/2 or HTTP/1.1 in the handshake (ALPN). Needs the
/// feature `tls`.
///
/// The files of the certificate are read again when they change.
///
/// # Errors
/// Those of [`serve`].
#[cfg(feature = "tls")]
pub async fn serve_tls(
    listener: TcpListener,
    app: Router,
    limits: Limits,
    tls: Tls,
    shutdown: impl Future<Output = ()> + Send,
    horizon: &Horizon,
) -> io::Result<()> {
    let tls = Arc::new(tls);
    let server = Server::new(app, limits, Encryption::Tls(Arc::clone(&tls)), horizon);
    tokio::select! {
        served = server.run(listener, shutdown) => served,
        never = tls.reload() => match never {},
    }
}

/// Waits before the next accept, unless the error concerns one connection only. Errors such as too many open files
/// would recur at once.
async fn accept_failed(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    tracing::error!(%error, "accepting connections failed, retrying");
    sleep(ACCEPT_RETRY_DELAY).await;
}

struct Server {
    app: Router,
    limits: Limits,
    horizon: Horizon,
    limiter: ConnectionLimiter,
    settings: ConnectionSettings,
}

impl Server {
    fn new(app: Router, limits: Limits, encryption: Encryption, horizon: &Horizon) -> Self {
        let connections = ConnectionLimits {
            total: limits.connections,
            per_network: limits.connections_per_network,
        };
        Self {
            app,
            limits,
            horizon: horizon.clone(),
            limiter: ConnectionLimiter::new(horizon, connections),
            settings: ConnectionSettings {
                encryption,
                head_timeout: limits.header_read_timeout,
                closing: CancellationToken::new(),
                tasks: TaskTracker::new(),
            },
        }
    }

    async fn run(&self, listener: TcpListener, shutdown: impl Future<Output = ()> + Send) -> io::Result<()> {
        // Calling listen again only changes the backlog.
        socket2::SockRef::from(&listener).listen(BACKLOG)?;
        tracing::info!(address = %listener.local_addr()?, "serving");
        let mut connections = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                Some(_) = connections.join_next() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => self.accept(stream, peer, &mut connections),
                    Err(error) => accept_failed(&error).await,
                },
            }
        }
        drop(listener);
        self.end(connections).await;
        self.horizon.close().await.map_err(io::Error::other)
    }

    fn accept(&self, stream: TcpStream, peer: SocketAddr, connections: &mut JoinSet<()>) {
        let Some(permit) = self.limiter.admit(peer.ip()) else {
            return;
        };
        if let Err(error) = prepare(&stream) {
            tracing::debug!(%error, "connection closed before it was served");
            return;
        }
        let application = Application {
            app: self.app.clone(),
            horizon: self.horizon.clone(),
            limiter: self.limiter.clone(),
            peer,
        };
        let served = connection::serve(stream, application, self.settings.clone());
        connections.spawn(async move {
            served.await;
            drop(permit);
        });
    }

    /// Ends the streams and the connections.
    async fn end(&self, mut connections: JoinSet<()>) {
        tracing::info!(connections = connections.len(), "shutting down");
        self.settings.closing.cancel();
        let ended = async {
            let ended = async { while connections.join_next().await.is_some() {} };
            tokio::join!(self.horizon.end_streams(), ended)
        };
        if timeout(self.limits.shutdown_timeout, ended).await.is_err() {
            while connections.try_join_next().is_some() {}
            tracing::warn!(
                connections = connections.len(),
                "shutdown: closing connections that did not end in time"
            );
        }
        connections.shutdown().await;
        self.settings.tasks.close();
        if timeout(TASKS_TIMEOUT, self.settings.tasks.wait()).await.is_err() {
            let requests = self.settings.tasks.len();
            tracing::warn!(
                requests,
                "shutdown: requests over HTTP/2 still run after their connections closed"
            );
        }
    }
}

/// Sends small messages at once, and detects vanished peers.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(stream).set_tcp_user_timeout(Some(TCP_USER_TIMEOUT))?;
    Ok(())
}
