use std::{
    fmt, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::Stream;
use prometheus_client::metrics::gauge::Gauge;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::{Frame, FramePart, LatestReceiver, Parts, Seat};
use crate::viewer_session::ViewerSession;

/// One live connection: server-sent events (WHATWG HTML §9.2), ready to be written, and its reader is counted until it
/// is dropped.
///
/// Ask it for bytes only when the socket takes some: a slow reader then skips to the latest. Readers of one page
/// share the bytes. [`Horizon::live`](crate::Horizon::live) opens it; [`Live::HEADERS`] go in front.
///
/// It says at once when to come back (after 1 to 4 seconds), and then everything that is known, after one second at
/// most: `live`, the page's numbers; `site`, the site's; `comments`, the newest five. After that each one that changed,
/// at most ten times a second, `site` once a second, and `live` also after 20 seconds of silence. While a backend does
/// not answer, the numbers are the last known, and a message of which nothing is known is left out until it is. It ends
/// when the site closes.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use eventhorizon::{Horizon, LiveOptions, Slug};
/// use futures::StreamExt;
///
/// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
/// let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Mozilla/5.0 Firefox/130.0")]);
/// let live = horizon.live(&ada, LiveOptions::page(&horizon.page("bread")?)).await?;
/// let bytes = live.take(4).collect::<Vec<_>>().await.concat();
/// let text = String::from_utf8(bytes)?;
/// let names: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
/// assert_eq!(names, ["live", "site", "comments"]);
/// # Ok(()) }
/// ```
#[must_use = "the reader leaves when the stream is dropped"]
pub struct Live {
    frames: LatestReceiver<Frame>,
    frame: Arc<Frame>,
    written: Parts<u64>,
    parts: &'static [FramePart],
    /// Whether it said when to come back, which goes out at once.
    has_greeted: bool,
    /// Whether the reader is counted, or will not be.
    has_entered: bool,
    /// What no frame needs, kept apart from what each of them needs: a frame for ten thousand is as slow as the memory
    /// that it touches.
    kept: Box<Kept>,
}

struct Kept {
    greeting: Bytes,
    session: ViewerSession,
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
    ///
    /// ```
    /// use eventhorizon::Live;
    ///
    /// let mut answer = http::Response::builder();
    /// for (name, value) in Live::HEADERS {
    ///     answer = answer.header(*name, *value);
    /// }
    /// let answer = answer.body(()).unwrap(); // with a `Live` as its body
    /// assert_eq!(answer.headers()["content-type"], "text/event-stream");
    /// ```
    pub const HEADERS: &'static [(&'static str, &'static str)] = &[
        ("content-type", "text/event-stream"),
        ("cache-control", "no-store"),
        ("x-accel-buffering", "no"),
    ];

    pub(crate) fn new(
        greeting: Bytes,
        parts: &'static [FramePart],
        (seat, frames): (Seat, LatestReceiver<Frame>),
        session: ViewerSession,
        open: Open,
    ) -> Self {
        Self {
            frames,
            frame: Arc::default(),
            written: Parts::default(),
            parts,
            has_greeted: false,
            has_entered: false,
            kept: Box::new(Kept {
                greeting,
                session,
                _seat: seat,
                _open: open,
            }),
        }
    }

    /// The next bytes that this connection has not written.
    fn unwritten(&mut self) -> Option<Bytes> {
        // Before anything is known: the browser learns at once that the stream is there.
        if !mem::replace(&mut self.has_greeted, true) {
            return Some(mem::take(&mut self.kept.greeting));
        }
        if !self.frame.ready {
            return None;
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
        if !self.has_entered {
            self.has_entered = self.kept.session.poll(cx).is_ready();
        }
        loop {
            let next = Pin::new(&mut self.frames).poll_next(cx);
            let is_over = matches!(next, Poll::Ready(None));
            let is_idle = next.is_pending();
            if let Poll::Ready(Some(frame)) = next {
                self.frame = frame;
            }
            match self.unwritten() {
                Some(bytes) => return Poll::Ready(Some(bytes)),
                None if is_over => return Poll::Ready(None),
                None if is_idle => return Poll::Pending,
                None => {}
            }
        }
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live")
            .field("session", &self.kept.session)
            .finish_non_exhaustive()
    }
}
