//! Writes a response body to a socket in chunks, with little memory for each connection.

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

/// The socket's send buffer: 16 KiB, which Linux doubles. The default is megabytes, and a slow client would get minutes
/// of old frames before the current one.
const SEND_BUFFER_SIZE: usize = 16 * 1024;

/// The approximate number of bytes polled from the body before a write: 16 KiB.
const WRITE_SIZE: usize = 16 * 1024;

/// The buffer for bytes from the client, which are dropped: 512 bytes.
const READ_SIZE: usize = 512;

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
pub(super) async fn drive_stream(socket: TcpStream, body: Body) -> Result<(), axum::Error> {
    // A socket whose buffer cannot be set keeps the system's size.
    let _ = SockRef::from(&socket).set_send_buffer_size(SEND_BUFFER_SIZE);
    let mut stream = BodyStream {
        socket,
        body,
        unwritten: Bytes::new(),
        has_ended: false,
    };
    poll_fn(|cx| stream.poll(cx)).await
}

struct BodyStream {
    socket: TcpStream,
    body: Body,
    /// The bytes that the socket did not take.
    unwritten: Bytes,
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
                return Poll::Ready(Ok(()));
            }
            if CHUNKS.with_borrow_mut(|chunks| self.write_next(cx, chunks))?.is_break() && self.unwritten.is_empty() {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Returns whether the client closed the connection. Drops what it sends.
    fn is_client_gone(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        for _ in 0..MAX_ITERATIONS {
            if self.socket.poll_read_ready(cx)?.is_pending() {
                return Ok(false);
            }
            let read = self.socket.try_io(Interest::READABLE, || {
                (&*SockRef::from(&self.socket)).read(&mut [0; READ_SIZE])
            });
            match read {
                Ok(0) => return Ok(true),
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
        }
        cx.waker().wake_by_ref();
        Ok(false)
    }

    fn write_unwritten(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unwritten.is_empty() {
            ready!(self.socket.poll_write_ready(cx))?;
            let written = try_write(&self.socket, &self.unwritten)?;
            let _ = self.unwritten.split_to(written);
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
            let written = try_write(&self.socket, chunks).map_err(axum::Error::new)?;
            self.unwritten = Bytes::copy_from_slice(chunks.get(written..).unwrap_or_default());
        }
        Ok(flow)
    }
}

/// Writes what the socket takes without blocking.
fn try_write(socket: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    match socket.try_write(bytes) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        written => written,
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
