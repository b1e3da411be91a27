//! The bodies of requests and responses.

use std::{
    convert::Infallible,
    future::poll_fn,
    mem,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures::{Stream, StreamExt};
use http_body::{Body, Frame, SizeHint};
use tokio::time::timeout;

use crate::{Live, Problem, ProblemKind};

/// The largest body of a request, in bytes: 64 KiB.
pub const MAX_REQUEST_BYTES: usize = 64 * 1024;

/// How much of a body that is too large is read before the response, in bytes: 1 MiB. Proxies such as Apache send their
/// client 502 if the server responds and closes the connection while they still send.
const MAX_DISCARDED_BYTES: usize = 1024 * 1024;

/// The time limit for the body of a request: 10 seconds.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Reads the body of a request, within the limits of time and size.
pub(super) async fn read<B: Body>(body: B) -> Result<Bytes, Problem> {
    let read = timeout(REQUEST_TIMEOUT, collect(body)).await;
    read.unwrap_or_else(|_| {
        let detail = format!("The body must arrive within {} seconds.", REQUEST_TIMEOUT.as_secs());
        Err(Problem::new(ProblemKind::BodyTimeout).detail(detail))
    })
}

async fn collect<B: Body>(body: B) -> Result<Bytes, Problem> {
    let mut body = pin!(body);
    let (mut bytes, mut length) = (BytesMut::new(), 0_usize);
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let frame = frame.map_err(|_| Problem::new(ProblemKind::MalformedBody).detail("The body is incomplete."))?;
        // Trailers contain nothing that a route needs.
        let Ok(data) = frame.into_data() else {
            continue;
        };
        length = length.saturating_add(data.remaining());
        if length > MAX_DISCARDED_BYTES {
            break;
        }
        if length <= MAX_REQUEST_BYTES {
            bytes.put(data);
        }
    }
    if length > MAX_REQUEST_BYTES {
        let detail = format!("The limit is {MAX_REQUEST_BYTES} bytes.");
        return Err(Problem::new(ProblemKind::BodyTooLarge).detail(detail));
    }
    Ok(bytes.freeze())
}

/// The body of a request as a stream of bytes, for frameworks whose bodies are no [`Body`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use eventhorizon::{Horizon, Slug};
/// use eventhorizon::{StreamBody, http::Request};
/// use futures::stream;
///
/// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
/// let chunks = stream::iter(["liked=", "true"]).map(|text| Ok::<_, std::io::Error>(text.as_bytes()));
/// # use futures::{Stream, StreamExt};
/// let request = Request::post("/likes/bread").header("content-type", "application/x-www-form-urlencoded");
/// let response = horizon.handle([192, 0, 2, 1].into(), request.body(StreamBody::new(chunks))?).await;
/// assert_eq!(response.status(), 303); // back to the page
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct StreamBody<S>(Pin<Box<S>>);

impl<S> StreamBody<S> {
    /// Creates a body from this stream.
    pub fn new(stream: S) -> Self {
        Self(Box::pin(stream))
    }
}

impl<S: Stream<Item = Result<D, E>>, D: Buf, E> Body for StreamBody<S> {
    type Data = D;
    type Error = E;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<D>, E>>> {
        let data = self.0.as_mut().poll_next(cx);
        data.map(|data| data.map(|data| data.map(Frame::data)))
    }
}

/// The body of a response. It is a [`Body`] for servers that send one.
#[derive(Debug)]
#[non_exhaustive]
pub enum ResponseBody {
    /// A complete body.
    Bytes(Bytes),
    /// No body, because the request was `HEAD`. `Content-Length` is that of the response to `GET`, or missing for a
    /// stream.
    Empty,
    /// A live stream. The caller counts as a viewer until it is dropped.
    Live(Live),
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = match self.get_mut() {
            Self::Live(live) => {
                return live
                    .poll_next_unpin(cx)
                    .map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))));
            }
            Self::Bytes(bytes) => mem::take(bytes),
            Self::Empty => Bytes::new(),
        };
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Bytes(bytes) if bytes.is_empty())
    }

    /// Returns the length, if it is known. For an empty body with the length 0, servers would add `Content-Length: 0`
    /// to responses to `HEAD`.
    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Empty | Self::Live(_) => SizeHint::default(),
        }
    }
}
