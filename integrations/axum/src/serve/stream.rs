//! A stream on a socket of its own: the least that a reader costs.

use std::{
    cell::RefCell,
    future::poll_fn,
    io::{self, Read, Write},
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::Body;
use bytes::Bytes;
use http_body::Body as _;
use socket2::SockRef;
use tokio::{io::Interest, net::TcpStream};

/// How much the system may hold for a reader who does not read, in bytes: 16 KiB, of which Linux makes 32. Left to
/// itself it takes megabytes, and a reader who is late would be shown minutes of the past before the present.
const UNREAD: usize = 16 * 1024;

/// About how much is asked of a stream at once, in bytes: 16 KiB.
const AT_ONCE: usize = 16 * 1024;

/// How much of what a client says into its stream is read at once, to be dropped: 512 bytes.
const HEARD: usize = 512;

/// How much memory a thread keeps for putting chunks together, in bytes: 64 KiB.
const KEPT: usize = 64 * 1024;

/// How many times a connection reads, and how many times it writes, before others have their turn: 16.
const IN_A_ROW: usize = 16;

/// The chunk that ends a body (RFC 9112 §7.1).
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

thread_local! {
    /// Where chunks are put together. What a socket takes at once, as nearly always, needs no memory of its own.
    static CHUNKS: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Writes a body in chunks until it ends or the reader is gone. The body is polled only when the socket has taken
/// everything before.
pub(super) async fn carry(socket: TcpStream, body: Body) -> Result<(), axum::Error> {
    // A socket whose buffer cannot be set keeps the system's size.
    let _ = SockRef::from(&socket).set_send_buffer_size(UNREAD);
    let mut stream = Stream {
        socket,
        body,
        unwritten: Bytes::new(),
        has_ended: false,
    };
    poll_fn(|cx| stream.poll(cx)).await
}

struct Stream {
    socket: TcpStream,
    body: Body,
    /// What the socket did not take.
    unwritten: Bytes,
    has_ended: bool,
}

impl Stream {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        if self.is_gone(cx).map_err(axum::Error::new)? {
            return Poll::Ready(Ok(()));
        }
        self.go_on(cx)
    }

    /// Writes until there is nothing to write or the socket takes no more.
    fn go_on(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        for _ in 0..IN_A_ROW {
            ready!(self.write_rest(cx)).map_err(axum::Error::new)?;
            if self.has_ended {
                return Poll::Ready(Ok(()));
            }
            if CHUNKS.with_borrow_mut(|chunks| self.write_next(cx, chunks))?.is_break() && self.unwritten.is_empty() {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Whether the client closed the connection. What else it says is not answered any more.
    fn is_gone(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        for _ in 0..IN_A_ROW {
            if self.socket.poll_read_ready(cx)?.is_pending() {
                return Ok(false);
            }
            let heard = self.socket.try_io(Interest::READABLE, || {
                (&*SockRef::from(&self.socket)).read(&mut [0; HEARD])
            });
            match heard {
                Ok(0) => return Ok(true),
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
        }
        cx.waker().wake_by_ref();
        Ok(false)
    }

    fn write_rest(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unwritten.is_empty() {
            ready!(self.socket.poll_write_ready(cx))?;
            let written = take(&self.socket, &self.unwritten)?;
            let _ = self.unwritten.split_to(written);
        }
        Poll::Ready(Ok(()))
    }

    /// Asks the body for what it has, and writes it. Breaks if the body had no more.
    fn write_next(&mut self, cx: &mut Context<'_>, chunks: &mut Vec<u8>) -> Result<ControlFlow<()>, axum::Error> {
        chunks.clear();
        chunks.shrink_to(KEPT);
        let mut flow = ControlFlow::Continue(());
        while chunks.len() < AT_ONCE && !self.has_ended && flow.is_continue() {
            match Pin::new(&mut self.body).poll_frame(cx)? {
                Poll::Ready(Some(frame)) => frame.data_ref().into_iter().for_each(|data| push(chunks, data)),
                Poll::Ready(None) => {
                    chunks.extend_from_slice(LAST_CHUNK);
                    self.has_ended = true;
                }
                Poll::Pending => flow = ControlFlow::Break(()),
            }
        }
        if !chunks.is_empty() {
            let written = take(&self.socket, chunks).map_err(axum::Error::new)?;
            self.unwritten = Bytes::copy_from_slice(chunks.get(written..).unwrap_or_default());
        }
        Ok(flow)
    }
}

/// Writes as much as the socket takes now.
fn take(socket: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    match socket.try_write(bytes) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        written => written,
    }
}

/// Adds a chunk (RFC 9112 §7.1). An empty one would be the last.
fn push(chunks: &mut Vec<u8>, data: &[u8]) {
    if data.is_empty() {
        return;
    }
    // A vector takes all that is written to it.
    let _ = write!(chunks, "{:x}\r\n", data.len());
    chunks.extend_from_slice(data);
    chunks.extend_from_slice(b"\r\n");
}
