use std::{
    fmt, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
#[cfg(feature = "dashboard")]
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
#[cfg(feature = "dashboard")]
use parking_lot::Mutex;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::{Frame, FramePart, LatestReceiver, ObservedPages, PerPart, ReaderMessages, TopicLease};
use crate::{
    limits::{StreamPermit, ViewerPermit},
    live_viewer::LiveViewer,
    metrics::Gauge,
};

/// A live connection: a stream of server-sent events (WHATWG HTML §9.2) for a response body. The caller counts as a
/// viewer until it is dropped.
///
/// Poll it only when the socket takes bytes; a slow client then skips to the latest frame. All connections of a page
/// share their bytes. [`Horizon::live`](crate::Horizon::live) opens it; send [`Live::HEADERS`] before it.
///
/// It starts with the reconnection time (1 to 4 seconds). Within a second it sends everything that is known: `live`,
/// the stats of the page; `site`, those of the site; `comments`, the newest five. Then it sends what changed, at most
/// ten times a second (`site` once), and repeats `live` after a silence of half a
/// [`Config::heartbeat`](crate::Config::heartbeat). `page` carries the stats of a page that it
/// [observes](crate::LiveOptions::observe), at most once a second for each. `reader` tells a
/// [named](crate::Identity::named) reader whether they like the page: after the first messages, and when it changes, on
/// this or another device. While a backend does not respond, it sends
/// cached stats, and leaves out what is not cached. It ends when the site closes.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use eventhorizon::{Horizon, LiveOptions, Slug};
/// use futures::StreamExt;
///
/// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
/// let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Mozilla/5.0 Firefox/130.0")]);
/// let live = horizon.live(&ada, LiveOptions::page(&horizon.page("bread").await?)).await?;
/// let bytes = live.take(4).collect::<Vec<_>>().await.concat();
/// let text = String::from_utf8(bytes)?;
/// let names: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
/// assert_eq!(names, ["live", "site", "comments"]);
/// # Ok(()) }
/// ```
#[must_use = "the viewer leaves when the stream is dropped"]
pub struct Live(LiveKind);

enum LiveKind {
    Viewer(ViewerStream),
    /// The mutex is never locked. It makes the stream `Sync`, which the bodies of some frameworks have to be.
    #[cfg(feature = "dashboard")]
    Dashboard(Mutex<BoxStream<'static, Bytes>>),
}

/// The messages of a page or of the site to a viewer.
pub(crate) struct ViewerStream {
    frames: LatestReceiver<Frame>,
    frame: Arc<Frame>,
    /// The revisions that were written last.
    written: PerPart<u64>,
    parts: &'static [FramePart],
    has_greeted: bool,
    /// Whether the viewer is counted, or known not to count.
    has_started: bool,
    /// Boxed, because most streams have neither.
    extras: Option<Box<ExtraMessages>>,
    /// Boxed, so that sending a frame to thousands of connections touches less memory.
    cold: Box<ColdState>,
}

/// The messages that only some streams have.
#[derive(Default)]
struct ExtraMessages {
    reader: Option<ReaderMessages>,
    observed: Option<ObservedPages>,
}

impl ExtraMessages {
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Bytes> {
        if let Some(reader) = &mut self.reader
            && let Poll::Ready(message) = reader.poll_message(cx)
        {
            return Poll::Ready(message);
        }
        match &mut self.observed {
            Some(observed) => observed.poll_message(cx),
            None => Poll::Pending,
        }
    }
}

/// The state that sending a frame does not need.
struct ColdState {
    greeting: Bytes,
    viewer: LiveViewer,
    _lease: TopicLease,
    _open: OpenConnection,
}

/// Counts a live connection while it is open.
pub(crate) struct OpenConnection {
    connections: Gauge,
    _token: TaskTrackerToken,
    _stream: StreamPermit,
    /// `None` if the viewer does not count, or without a limit.
    _viewer: Option<ViewerPermit>,
}

impl OpenConnection {
    pub(crate) fn new(
        connections: Gauge,
        token: TaskTrackerToken,
        stream: StreamPermit,
        viewer: Option<ViewerPermit>,
    ) -> Self {
        connections.inc();
        Self {
            connections,
            _token: token,
            _stream: stream,
            _viewer: viewer,
        }
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.connections.dec();
    }
}

impl Live {
    /// The headers of a live stream: its media type, no caching, and no buffering by nginx and compatible proxies.
    pub const HEADERS: &'static [(&'static str, &'static str)] = &[
        ("content-type", "text/event-stream"),
        ("cache-control", "no-store"),
        ("x-accel-buffering", "no"),
    ];

    /// Returns the live stream of the dashboard. Its reader is not counted as a viewer.
    #[cfg(feature = "dashboard")]
    pub(crate) fn dashboard(messages: BoxStream<'static, Bytes>) -> Self {
        Self(LiveKind::Dashboard(Mutex::new(messages)))
    }
}

impl From<ViewerStream> for Live {
    fn from(stream: ViewerStream) -> Self {
        Self(LiveKind::Viewer(stream))
    }
}

impl ViewerStream {
    pub(crate) fn new(
        greeting: Bytes,
        parts: &'static [FramePart],
        (lease, frames): (TopicLease, LatestReceiver<Frame>),
        viewer: LiveViewer,
        open: OpenConnection,
    ) -> Self {
        Self {
            frames,
            frame: Arc::default(),
            written: PerPart::default(),
            parts,
            has_greeted: false,
            has_started: false,
            extras: None,
            cold: Box::new(ColdState {
                greeting,
                viewer,
                _lease: lease,
                _open: open,
            }),
        }
    }

    /// Adds the messages of observed pages.
    pub(crate) fn with_observed(mut self, observed: ObservedPages) -> Self {
        self.extras.get_or_insert_default().observed = Some(observed);
        self
    }

    /// Adds the messages for a named reader.
    pub(crate) fn with_reader(mut self, reader: ReaderMessages) -> Self {
        self.extras.get_or_insert_default().reader = Some(reader);
        self
    }

    /// Returns the next message that was not written yet.
    fn next_message(&mut self) -> Option<Bytes> {
        // Sent at once, so that the browser knows that the stream is open.
        if !mem::replace(&mut self.has_greeted, true) {
            return Some(mem::take(&mut self.cold.greeting));
        }
        if !self.frame.ready {
            return None;
        }
        self.parts.iter().find_map(|&part| {
            let message = self.frame.messages.get(part);
            let written = self.written.get_mut(part);
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
        match &mut self.0 {
            LiveKind::Viewer(stream) => stream.poll_next_unpin(cx),
            #[cfg(feature = "dashboard")]
            LiveKind::Dashboard(messages) => messages.get_mut().poll_next_unpin(cx),
        }
    }
}

impl Stream for ViewerStream {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if !self.has_started {
            self.has_started = self.cold.viewer.poll(cx).is_ready();
        }
        loop {
            let next = Pin::new(&mut self.frames).poll_next(cx);
            let has_ended = matches!(next, Poll::Ready(None));
            let is_idle = next.is_pending();
            if let Poll::Ready(Some(frame)) = next {
                self.frame = frame;
            }
            match self.next_message() {
                Some(bytes) => return Poll::Ready(Some(bytes)),
                None if has_ended => return Poll::Ready(None),
                None if is_idle => {
                    // The stream's own page comes first.
                    let is_ready = self.frame.ready;
                    return match &mut self.extras {
                        Some(extras) if is_ready => extras.poll_message(cx).map(Some),
                        _ => Poll::Pending,
                    };
                }
                None => {}
            }
        }
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Live");
        match &self.0 {
            LiveKind::Viewer(stream) => {
                debug.field("viewer", &stream.cold.viewer);
            }
            #[cfg(feature = "dashboard")]
            LiveKind::Dashboard(_) => {}
        }
        debug.finish_non_exhaustive()
    }
}
