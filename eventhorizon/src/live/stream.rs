use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::Stream;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::{Frame, Part, Parts, Seat};
use crate::attendance::Attendance;

/// One live connection: server-sent events, ready to be written, and its reader is counted until it is dropped.
///
/// Ask it for bytes only when the socket takes some: a slow reader then skips to the latest. Readers of one page
/// share the bytes. [`Horizon::live`](crate::Horizon::live) opens it; [`Live::HEADERS`] go in front.
#[must_use = "the reader leaves when the stream is dropped"]
pub struct Live {
    attendance: Attendance,
    frames: WatchStream<Arc<Frame>>,
    frame: Arc<Frame>,
    written: Parts<u64>,
    parts: &'static [Part],
    /// What goes out before the first frame.
    greeting: Option<Bytes>,
    _seat: Seat,
    _open: Open,
}

/// Counts a connection while it is open.
pub(crate) struct Open {
    connections: Gauge,
    _token: TaskTrackerToken,
}

impl Open {
    pub(crate) fn new(connections: Gauge, token: TaskTrackerToken) -> Self {
        connections.inc();
        Self {
            connections,
            _token: token,
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.connections.dec();
    }
}

impl Live {
    /// The headers of a live stream: what it is, that nobody may keep it, and that nginx, and those that follow
    /// it, may not hold it back.
    pub const HEADERS: &'static [(&'static str, &'static str)] = &[
        ("content-type", "text/event-stream"),
        ("cache-control", "no-store"),
        ("x-accel-buffering", "no"),
    ];

    pub(crate) fn new(
        greeting: Bytes,
        parts: &'static [Part],
        (seat, frames): (Seat, watch::Receiver<Arc<Frame>>),
        attendance: Attendance,
        open: Open,
    ) -> Self {
        Self {
            attendance,
            frames: WatchStream::new(frames),
            frame: Arc::default(),
            written: Parts::default(),
            parts,
            greeting: Some(greeting),
            _seat: seat,
            _open: open,
        }
    }

    /// The next bytes that this connection has not written.
    fn unwritten(&mut self) -> Option<Bytes> {
        if !self.frame.ready {
            return None;
        }
        if let Some(greeting) = self.greeting.take() {
            return Some(greeting);
        }
        self.parts.iter().find_map(|&part| {
            let message = self.frame.messages.of(part);
            let written = self.written.of_mut(part);
            (message.revision > *written).then(|| {
                *written = message.revision;
                message.bytes.clone()
            })
        })
    }
}

impl Stream for Live {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.attendance.poll(cx);
        let ended = loop {
            match Pin::new(&mut self.frames).poll_next(cx) {
                Poll::Ready(Some(frame)) => self.frame = frame,
                Poll::Ready(None) => break true,
                Poll::Pending => break false,
            }
        };
        match self.unwritten() {
            Some(bytes) => Poll::Ready(Some(bytes)),
            None if ended => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live")
            .field("attendance", &self.attendance)
            .finish_non_exhaustive()
    }
}
