//! What happens on a connection of HTTP/2.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use eventhorizon::ConnectionPermit;
use http_body::{Frame, SizeHint};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{MAX_HEAD, connection::Application, socket::SocketState};

/// The bytes that a client may send in addition to its requests: 1 MiB. Responses to pings need 74 KB a day.
const UNREQUESTED_ALLOWANCE: u64 = 1024 * 1024;

/// Counts the streams and the bytes of a connection.
pub(super) struct ConnectionActivity {
    socket: Arc<SocketState>,
    open_streams: AtomicUsize,
    /// When the connection last had no stream.
    idle_since: Mutex<Instant>,
    streams: AtomicU64,
    /// The bytes of request and response bodies.
    body_bytes: AtomicU64,
}

/// Counts an open stream until it is dropped.
pub(super) struct StreamGuard {
    activity: Arc<ConnectionActivity>,
    _permit: Option<ConnectionPermit>,
}

impl ConnectionActivity {
    pub(super) fn new(socket: Arc<SocketState>) -> Self {
        Self {
            socket,
            open_streams: AtomicUsize::default(),
            idle_since: Mutex::new(Instant::now()),
            streams: AtomicU64::default(),
            body_bytes: AtomicU64::default(),
        }
    }

    /// Returns `None` if the stream exceeds a limit. The first open stream needs no permit, because the connection has
    /// one.
    pub(super) fn open_stream(this: &Arc<Self>, application: &Application) -> Option<StreamGuard> {
        this.streams.fetch_add(1, Ordering::Relaxed);
        let is_first = this.open_streams.fetch_add(1, Ordering::Relaxed) == 0;
        let mut guard = StreamGuard {
            activity: Arc::clone(this),
            _permit: None,
        };
        if !is_first {
            guard._permit = Some(application.limiter.admit_request(application.peer.ip())?);
        }
        Some(guard)
    }

    /// Returns when the connection has had no stream for `timeout`, if none opens until then.
    pub(super) fn idle_deadline(&self, timeout: Duration) -> Instant {
        let since = if self.open_streams.load(Ordering::Relaxed) == 0 {
            *self.idle_since.lock()
        } else {
            Instant::now()
        };
        since + timeout
    }

    /// Returns whether the client sent far more than its requests need, such as endless pings, settings or window
    /// updates. The HTTP/2 library limits other floods: resets, CONTINUATION and small DATA frames.
    pub(super) fn is_flooded(&self) -> bool {
        let heads = self.streams.load(Ordering::Relaxed).saturating_mul(MAX_HEAD as u64);
        let bodies = self.body_bytes.load(Ordering::Relaxed).saturating_mul(2);
        let allowed = UNREQUESTED_ALLOWANCE.saturating_add(heads).saturating_add(bodies);
        self.socket.received() > allowed
    }
}

impl Drop for StreamGuard {
    fn drop(&mut self) {
        if self.activity.open_streams.fetch_sub(1, Ordering::Relaxed) == 1 {
            *self.activity.idle_since.lock() = Instant::now();
        }
    }
}

/// A body of a request or a response that counts its bytes. That of a response keeps its stream open.
pub(super) struct TrackedBody {
    body: Body,
    activity: Arc<ConnectionActivity>,
    _stream: Option<StreamGuard>,
}

impl TrackedBody {
    pub(super) fn new(body: Body, activity: Arc<ConnectionActivity>, stream: Option<StreamGuard>) -> Self {
        Self {
            body,
            activity,
            _stream: stream,
        }
    }
}

impl http_body::Body for TrackedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
        {
            let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
            self.activity.body_bytes.fetch_add(length, Ordering::Relaxed);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
