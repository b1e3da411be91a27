//! Writes a response body to a socket in chunks, with little memory for each connection.

use std::{
    cell::RefCell,
    future::poll_fn,
    io::{self, Write},
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::Body;
use bytes::Bytes;
use http_body::Body as _;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::socket::Socket;

/// The socket's send buffer: 16 KiB, which Linux doubles. The default is megabytes, and a slow client would get minutes
/// of old frames before the current one.
const SEND_BUFFER_SIZE: usize = 16 * 1024;

/// The approximate number of bytes polled from the body before a write: 16 KiB.
const WRITE_SIZE: usize = 16 * 1024;

/// The buffer for bytes from the client, which are dropped: 512 bytes.
const READ_SIZE: usize = 512;

/// The number of bytes from the client after which a stream ends: 16 KiB. A client has nothing to send after its
/// request.
const MAX_RECEIVED: usize = 16 * 1024;

/// The capacity that a thread keeps for its chunks: 64 KiB.
const CHUNKS_CAPACITY: usize = 64 * 1024;

/// The number of reads or writes before a connection yields: 16.
const MAX_ITERATIONS: usize = 16;

/// The chunk that ends a body (RFC 9112 §7.1).
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

thread_local! {
    /// The buffer for chunks. A connection needs memory of its own only for what its socket did not take.
    static CHUNKS: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Writes a body in chunks until it ends or the client is gone. Polls the body only when the socket has taken all
/// previous bytes.
pub(super) async fn drive_stream(socket: Socket, body: Body) -> Result<(), axum::Error> {
    // A socket whose buffer cannot be set keeps the system's size.
    let _ = SockRef::from(socket.tcp()).set_send_buffer_size(SEND_BUFFER_SIZE);
    let mut stream = BodyStream {
        socket,
        body,
        unwritten: Bytes::new(),
        received: 0,
        is_flushed: false,
        has_ended: false,
    };
    poll_fn(|cx| stream.poll(cx)).await
}

struct BodyStream {
    socket: Socket,
    body: Body,
    /// The bytes that the socket did not take.
    unwritten: Bytes,
    /// The number of bytes from the client.
    received: usize,
    /// TLS has passed all bytes on.
    is_flushed: bool,
    has_ended: bool,
}

impl BodyStream {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        if self.is_client_gone(cx).map_err(axum::Error::new)? {
            return Poll::Ready(Ok(()));
        }
        self.write(cx)
    }

    /// Writes until the body is pending or the socket is full.
    fn write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        for _ in 0..MAX_ITERATIONS {
            ready!(self.write_unwritten(cx)).map_err(axum::Error::new)?;
            if self.has_ended {
                return Pin::new(&mut self.socket).poll_shutdown(cx).map_err(axum::Error::new);
            }
            if CHUNKS.with_borrow_mut(|chunks| self.write_next(cx, chunks))?.is_break() && self.is_written() {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Returns whether the client closed the connection or sent too much. Drops what it sends.
    fn is_client_gone(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        for _ in 0..MAX_ITERATIONS {
            let mut buffer = [0; READ_SIZE];
            let mut buffer = ReadBuf::new(&mut buffer);
            if Pin::new(&mut self.socket).poll_read(cx, &mut buffer)?.is_pending() {
                return Ok(false);
            }
            let length = buffer.filled().len();
            self.received += length;
            if length == 0 || self.received > MAX_RECEIVED {
                return Ok(true);
            }
        }
        cx.waker().wake_by_ref();
        Ok(false)
    }

    fn is_written(&self) -> bool {
        self.unwritten.is_empty() && self.is_flushed
    }

    fn write_unwritten(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unwritten.is_empty() {
            let written = ready!(Pin::new(&mut self.socket).poll_write(cx, &self.unwritten))?;
            let _ = self.unwritten.split_to(written);
        }
        if !self.is_flushed {
            ready!(Pin::new(&mut self.socket).poll_flush(cx))?;
            self.is_flushed = true;
        }
        Poll::Ready(Ok(()))
    }

    /// Polls the body and writes what it has. Returns `Break` if the body is pending.
    fn write_next(&mut self, cx: &mut Context<'_>, chunks: &mut Vec<u8>) -> Result<ControlFlow<()>, axum::Error> {
        chunks.clear();
        chunks.shrink_to(CHUNKS_CAPACITY);
        let mut flow = ControlFlow::Continue(());
        while chunks.len() < WRITE_SIZE && !self.has_ended && flow.is_continue() {
            match Pin::new(&mut self.body).poll_frame(cx)? {
                Poll::Ready(Some(frame)) => frame.data_ref().into_iter().for_each(|data| push_chunk(chunks, data)),
                Poll::Ready(None) => {
                    chunks.extend_from_slice(LAST_CHUNK);
                    self.has_ended = true;
                }
                Poll::Pending => flow = ControlFlow::Break(()),
            }
        }
        if !chunks.is_empty() {
            let written = match Pin::new(&mut self.socket).poll_write(cx, chunks) {
                Poll::Ready(written) => written.map_err(axum::Error::new)?,
                Poll::Pending => 0,
            };
            self.unwritten = Bytes::copy_from_slice(chunks.get(written..).unwrap_or_default());
            self.is_flushed = !self.socket.has_write_buffer();
        }
        Ok(flow)
    }
}

/// Appends a chunk (RFC 9112 §7.1). Skips empty data, because an empty chunk ends the body.
fn push_chunk(chunks: &mut Vec<u8>, data: &[u8]) {
    if data.is_empty() {
        return;
    }
    // Writing to a vector cannot fail.
    let _ = write!(chunks, "{:x}\r\n", data.len());
    chunks.extend_from_slice(data);
    chunks.extend_from_slice(b"\r\n");
}
