use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::Stream;
use http_body::Body;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::{Frame, Part, Parts, Seat};
use crate::attendance::Attendance;

/// One live connection: writes what is newer than what it wrote, and keeps its reader counted.
///
/// It is asked for bytes only when the socket takes some, so a slow reader skips to the latest.
/// Everything that a connection holds ends with it.
pub(crate) struct LiveBody {
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

impl LiveBody {
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

impl Body for LiveBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        self.attendance.poll(cx);
        let ended = loop {
            match Pin::new(&mut self.frames).poll_next(cx) {
                Poll::Ready(Some(frame)) => self.frame = frame,
                Poll::Ready(None) => break true,
                Poll::Pending => break false,
            }
        };
        match self.unwritten() {
            Some(bytes) => Poll::Ready(Some(Ok(http_body::Frame::data(bytes)))),
            None if ended => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}
