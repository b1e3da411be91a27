//! Serves an application over HTTP/1.1 with the limits that open streams need.

mod admission;
mod connection;
mod stream;

use std::{future::Future, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use eventhorizon::Horizon;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use self::{admission::Admission, connection::Application};

/// The largest head of a request, in bytes: 16 KiB. It is also the most that a connection buffers.
const MAX_HEAD: usize = 16 * 1024;

/// How long written bytes may stay unacknowledged before a connection is given up: 30 seconds.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// How many connections may wait to be taken: 4,096, unless the system allows less (`net.core.somaxconn`). With the usual 128
/// a part of a thousand readers who come back at once would wait for a second, until they ask again.
const WAITING_CONNECTIONS: i32 = 4096;

/// How long to wait when the system has no more sockets to give: 200 milliseconds.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// What one server takes before it refuses. A connection that is one too many is closed at once.
///
/// ```
/// use std::time::Duration;
/// use horizon_axum::Limits;
///
/// let mut limits = Limits::default();
/// limits.drain = Duration::from_secs(3);
/// assert_eq!((limits.connections, limits.connections_per_network), (20_000, 512));
/// assert_eq!(limits.head_wait, Duration::from_secs(10));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Open connections in all. Each needs a file descriptor: see that the process may have so many.
    pub connections: usize,
    /// Open connections of one network (an IPv4 address, an IPv6 /64). Trusted proxies have no such limit.
    pub connections_per_network: usize,
    /// How long the head of a request may take to come, also the next one's on a kept connection. It has at most 16
    /// KiB.
    pub head_wait: Duration,
    /// How long open requests have to end after a shutdown, before they are cut off.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 20_000,
            connections_per_network: 512,
            head_wait: Duration::from_secs(10),
            drain: Duration::from_secs(10),
        }
    }
}

/// Serves an application that has Horizon's router in it, until `shutdown`.
///
/// It speaks HTTP/1.1 without TLS (RFC 9112). Every request carries a [`ClientAddr`](crate::ClientAddr) and axum's
/// `ConnectInfo<SocketAddr>`. Up to 4,096 connections may wait to be taken. Small messages go out at once, and on Linux a connection is given up once what was
/// written is not acknowledged for 30 seconds (`TCP_USER_TIMEOUT`, RFC 5482).
///
/// An event stream (`text/event-stream` over HTTP/1.1) is written without what a connection needs for further requests, and
/// the system holds no more than 32 KiB of it for a client who does not read.
///
/// On shutdown no connection is taken any more, the live streams end, open requests get [`Limits::drain`] to end, what
/// is left is cut off, and the site is closed ([`Horizon::close`]): that takes [`Limits::drain`] and 13 seconds at
/// most.
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
/// The listener's, if it has none to give of its own address; the store's, if it cannot be closed.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    limits: Limits,
    shutdown: impl Future<Output = ()> + Send,
    horizon: &Horizon,
) -> io::Result<()> {
    // Who listens again only changes how many may wait.
    socket2::SockRef::from(&listener).listen(WAITING_CONNECTIONS)?;
    tracing::info!(address = %listener.local_addr()?, "serving");
    let server = Server {
        app,
        limits,
        horizon: horizon.clone(),
        admission: Admission::new(limits, horizon.clone()),
    };
    let (closing, mut connections) = (CancellationToken::new(), JoinSet::new());
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => server.take(stream, peer, &closing, &mut connections),
                Err(error) => pause(&error).await,
            },
        }
    }
    drop(listener);
    tracing::info!(connections = connections.len(), "shutting down");
    closing.cancel();
    let ended = async {
        let ended = async { while connections.join_next().await.is_some() {} };
        tokio::join!(horizon.end_streams(), ended)
    };
    if timeout(limits.drain, ended).await.is_err() {
        while connections.try_join_next().is_some() {}
        tracing::warn!(
            connections = connections.len(),
            "some connections did not end in time and are cut off"
        );
    }
    connections.shutdown().await;
    horizon.close().await.map_err(io::Error::other)
}

/// A connection that failed before it was taken concerns nobody else; anything else, such as too
/// many open files, would come back at once and spin.
async fn pause(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    tracing::error!(%error, "no connection can be taken right now");
    sleep(ACCEPT_AGAIN).await;
}

struct Server {
    app: Router,
    limits: Limits,
    horizon: Horizon,
    admission: Arc<Admission>,
}

impl Server {
    fn take(&self, stream: TcpStream, peer: SocketAddr, closing: &CancellationToken, connections: &mut JoinSet<()>) {
        let Some(admitted) = Admission::admit(&self.admission, peer.ip()) else {
            return;
        };
        if let Err(error) = prepare(&stream) {
            tracing::debug!(%error, "a connection was gone before it was served");
            return;
        }
        let application = Application {
            app: self.app.clone(),
            horizon: self.horizon.clone(),
            peer,
        };
        let served = connection::serve(stream, application, self.limits.head_wait, closing.clone());
        connections.spawn(async move {
            served.await;
            drop(admitted);
        });
    }
}

/// Small messages go out at once, and a peer that vanished is noticed.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(stream).set_tcp_user_timeout(Some(UNACKNOWLEDGED))?;
    Ok(())
}
