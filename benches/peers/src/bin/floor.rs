//! The least work of a server that sends each message to all viewers: one frame, and one write per socket.
//!
//! A viewer is only a socket in a list: no task, no buffer, no timer, not even an entry in the poller. The difference
//! to another server is the cost of that server's features.

use std::{
    cell::RefCell,
    io::{self, ErrorKind, Write as _},
    net,
};

use futures::{StreamExt, stream::FuturesUnordered};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The largest request, in bytes.
const REQUEST: usize = 64 * 1024;

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n\
    transfer-encoding: chunked\r\n\r\n";

const PUBLISHED: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

/// The connected viewers.
type Viewers = RefCell<Vec<net::TcpStream>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let listener = horizon_bench_peers::listen("floor")?;
    let viewers = Viewers::default();
    let mut connections = FuturesUnordered::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => connections.push(serve(accepted?.0, &viewers)),
            // An error of one connection does not affect others.
            Some(_ended) = connections.next() => {}
        }
    }
}

/// Serves requests until the connection ends or its socket becomes a viewer.
async fn serve(mut connection: TcpStream, viewers: &Viewers) -> io::Result<()> {
    let mut read = Vec::new();
    loop {
        match request(&mut connection, &mut read).await? {
            Request::Publish(text) => {
                publish(viewers, &frame(&text));
                connection.write_all(PUBLISHED).await?;
            }
            Request::View => return admit(connection, viewers),
            Request::End => return Ok(()),
        }
    }
}

/// Removes the socket from the poller and adds it to the list.
fn admit(connection: TcpStream, viewers: &Viewers) -> io::Result<()> {
    let mut viewer = connection.into_std()?;
    viewer.set_nodelay(true)?;
    viewer.write_all(HEAD)?;
    viewers.borrow_mut().push(viewer);
    Ok(())
}

/// Writes once to each socket, and removes those that do not accept all bytes.
fn publish(viewers: &Viewers, frame: &[u8]) {
    let takes = |viewer: &mut net::TcpStream| viewer.write(frame).is_ok_and(|written| written == frame.len());
    viewers.borrow_mut().retain_mut(takes);
}

/// Returns a message of one line as an event in one chunk.
fn frame(text: &[u8]) -> Vec<u8> {
    let event = [b"data: ", text, b"\n\n"].concat();
    [format!("{:x}\r\n", event.len()).as_bytes(), &event, b"\r\n"].concat()
}

/// A request.
#[derive(Debug, PartialEq, Eq)]
enum Request {
    /// Send this to all viewers.
    Publish(Vec<u8>),
    /// Become a viewer.
    View,
    /// The end of the connection.
    End,
}

/// Reads the next request. `read` has the bytes after the previous one.
async fn request(connection: &mut TcpStream, read: &mut Vec<u8>) -> io::Result<Request> {
    loop {
        if let Some((request, end)) = parse(read) {
            read.drain(..end);
            return Ok(request);
        }
        if read.len() > REQUEST {
            return Err(ErrorKind::InvalidData.into());
        }
        if connection.read_buf(read).await? == 0 {
            return Ok(Request::End);
        }
    }
}

/// Returns the first request in `read` and its length, if it is complete.
fn parse(read: &[u8]) -> Option<(Request, usize)> {
    let body = read.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(read.get(..body)?);
    if !head.starts_with("POST /publish ") {
        return Some((Request::View, body));
    }
    let end = body.checked_add(content_length(&head))?;
    Some((Request::Publish(read.get(body..end)?.to_vec()), end))
}

fn content_length(head: &str) -> usize {
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = fields.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = lengths.next().and_then(|(_, value)| value.trim().parse().ok());
    length.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_parsed_once_it_is_complete() {
        let text = b"POST /publish HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\n\r\n";
        let end = text.len() - 18;
        assert_eq!(parse(&text[..end - 1]), None);
        assert_eq!(parse(text), Some((Request::Publish(b"hello".to_vec()), end)));
        assert_eq!(parse(&text[end..]), Some((Request::View, 18)));
    }

    #[test]
    fn a_frame_is_one_chunk() {
        assert_eq!(frame(b"hello"), b"d\r\ndata: hello\n\n\r\n");
    }
}
