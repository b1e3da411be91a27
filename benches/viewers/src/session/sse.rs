//! Server-sent events over HTTP/1.1, without an HTTP library and without a buffer per viewer.

use std::{future::poll_fn, mem::MaybeUninit, pin::Pin, task::ready};

use tokio::{
    io::{AsyncRead, AsyncWriteExt, ReadBuf},
    net::TcpStream,
};

use super::Subscriber;
use crate::{
    body::{Body, Chunks},
    client_addresses::USER_AGENT,
    viewer::Failure,
};

/// The size of a read, in bytes. The buffer is on the stack of the only thread.
const SCRATCH: usize = 16 * 1024;

/// The largest response head, in bytes.
const MAX_HEAD: usize = 16 * 1024;

/// The maximum number of header fields of a response.
const MAX_FIELDS: usize = 64;

/// Requests the stream and reads until it ends.
pub(super) async fn listen(mut stream: TcpStream, mut subscriber: Subscriber) -> Failure {
    let (mut body, first) = match open(&mut stream, &mut subscriber).await {
        Err(failure) => return failure,
        Ok(opened) => opened,
    };
    if body
        .content(&first, |content| subscriber.read_content(content))
        .is_err()
    {
        return Failure::Closed;
    }
    drop(first);
    loop {
        subscriber.stall().await;
        let read = read(&mut stream, |bytes| {
            subscriber.count(bytes.len());
            body.content(bytes, |content| subscriber.read_content(content))
        });
        match read.await {
            Ok(Some(Ok(()))) => {}
            Ok(Some(Err(_)) | None) | Err(_) => return Failure::Closed,
        }
    }
}

/// Sends the request and reads the head of the response. Returns the bytes after it.
async fn open(stream: &mut TcpStream, subscriber: &mut Subscriber) -> Result<(Body, Vec<u8>), Failure> {
    stream
        .write_all(request(subscriber).as_bytes())
        .await
        .map_err(|_| Failure::Closed)?;
    let mut head = Vec::new();
    loop {
        let more = read(stream, |bytes| head.extend_from_slice(bytes)).await;
        if !matches!(more, Ok(Some(()))) {
            return Err(Failure::Closed);
        }
        if let Some((body, length)) = parse(&head)? {
            subscriber.open();
            let first = head.split_off(length);
            subscriber.count(first.len());
            return Ok((body, first));
        }
        if head.len() > MAX_HEAD {
            return Err(Failure::Protocol);
        }
    }
}

fn request(subscriber: &Subscriber) -> String {
    format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\nCache-Control: no-cache\r\n\
         User-Agent: {USER_AGENT}\r\nX-Forwarded-For: {}\r\n\r\n",
        subscriber.server.path, subscriber.server.authority, subscriber.viewer.person
    )
}

/// Returns the framing of the body and the length of the head, once the head is complete.
fn parse(bytes: &[u8]) -> Result<Option<(Body, usize)>, Failure> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut head = httparse::Response::new(&mut fields);
    let length = match head.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(Failure::Protocol),
    };
    match head.code {
        Some(200) => {}
        Some(status) => return Err(Failure::Status(status)),
        None => return Err(Failure::Protocol),
    }
    let is_chunked = head.headers.iter().any(|field| {
        field.name.eq_ignore_ascii_case("transfer-encoding") && field.value.eq_ignore_ascii_case(b"chunked")
    });
    let body = if is_chunked {
        Body::Chunked(Chunks::default())
    } else {
        Body::UntilClose
    };
    Ok(Some((body, length)))
}

/// Reads once and passes the bytes on. Returns `None` at the end. After a short read tokio waits for more data without
/// another system call.
async fn read<T>(stream: &mut TcpStream, mut take: impl FnMut(&[u8]) -> T) -> std::io::Result<Option<T>> {
    poll_fn(|context| {
        let mut scratch = [MaybeUninit::<u8>::uninit(); SCRATCH];
        let mut buffer = ReadBuf::uninit(&mut scratch);
        ready!(Pin::new(&mut *stream).poll_read(context, &mut buffer))?;
        let filled = buffer.filled();
        std::task::Poll::Ready(Ok((!filled.is_empty()).then(|| take(filled))))
    })
    .await
}
