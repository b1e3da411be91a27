//! Streams that are detached from hyper look like any other response.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    http::header,
    routing::get,
};
use eventhorizon::Horizon;
use futures::{StreamExt, stream};
use horizon_axum::{Limits, serve};
use horizon_core::Slug;
use horizon_test_support::raw;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::site::{AxumSite, PATIENCE};

/// Reads until the text read so far contains `text`, and returns that text.
pub(crate) async fn until(socket: &mut TcpStream, text: &str) -> String {
    raw::read_until(socket, text).await.unwrap()
}

#[tokio::test]
async fn a_stream_follows_other_responses_on_a_kept_connection() {
    let site = AxumSite::start().await;
    let mut socket = TcpStream::connect(site.address).await.unwrap();
    for _ in 0..3 {
        socket
            .write_all(b"GET /horizon/stats/hello HTTP/1.1\r\nhost: h\r\n\r\n")
            .await
            .unwrap();
        until(&mut socket, "\"comments\":0}").await;
    }
    socket
        .write_all(b"GET /horizon/live/hello HTTP/1.1\r\nhost: h\r\n\r\n")
        .await
        .unwrap();
    let head = until(&mut socket, "event: comments").await;
    assert!(
        head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("transfer-encoding: chunked"),
        "{head}"
    );
}

#[tokio::test]
async fn a_stream_follows_the_responses_to_earlier_pipelined_requests() {
    let site = AxumSite::start().await;
    let mut socket = TcpStream::connect(site.address).await.unwrap();
    let asked = 500;
    let mut requests = b"GET /horizon/openapi.json HTTP/1.1\r\nhost: h\r\n\r\n".repeat(asked);
    requests.extend_from_slice(b"GET /horizon/live/hello HTTP/1.1\r\nhost: h\r\n\r\n");
    let (mut read, mut write) = socket.split();
    // More than the socket buffer: the responses also fill hyper's buffer.
    let sent = async { write.write_all(&requests).await.unwrap() };
    let came = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let (mut all, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
        while !all.ends_with(b"data: []\n\n\r\n") {
            let length = timeout(PATIENCE, read.read(&mut buffer))
                .await
                .expect("it stopped")
                .unwrap();
            assert!(length > 0, "it ended");
            all.extend_from_slice(&buffer[..length]);
        }
        String::from_utf8(all).unwrap()
    };
    let ((), came) = tokio::join!(sent, came);
    assert_eq!(came.matches("\"openapi\"").count(), asked);
    assert_eq!(came.matches("HTTP/1.1 200 OK").count(), asked + 1);
}

#[tokio::test]
async fn an_old_client_gets_a_stream_without_chunks() {
    let site = AxumSite::start().await;
    let mut socket = TcpStream::connect(site.address).await.unwrap();
    socket
        .write_all(b"GET /horizon/live/hello HTTP/1.0\r\nhost: h\r\n\r\n")
        .await
        .unwrap();
    let came = until(&mut socket, "event: comments\ndata: []\n\n").await;
    assert!(
        !came.contains("transfer-encoding") && came.contains("\n\nevent: live\n"),
        "{came}"
    );
}

#[tokio::test]
async fn further_requests_on_a_stream_are_ignored_and_a_closed_stream_ends_at_once() {
    let site = AxumSite::start().await;
    let mut socket = TcpStream::connect(site.address).await.unwrap();
    let twice = b"GET /horizon/live/hello HTTP/1.1\r\nhost: h\r\n\r\nGET /horizon/stats HTTP/1.1\r\nhost: h\r\n\r\n";
    socket.write_all(twice).await.unwrap();
    until(&mut socket, "event: comments").await;
    socket.write_all(&[b'x'; 10_000]).await.unwrap();
    site.client().send("PUT", "/likes/hello", "").await;
    let more = until(&mut socket, "\"likes\":1").await;
    assert!(!more.contains("HTTP/1.1"), "{more}");
    drop(socket);
    site.metric_is("horizon_live_connections", 0).await;
}

#[tokio::test]
async fn a_stream_whose_client_sends_without_end_is_closed() {
    let site = AxumSite::start().await;
    let mut socket = TcpStream::connect(site.address).await.unwrap();
    socket
        .write_all(b"GET /horizon/live/hello HTTP/1.1\r\nhost: h\r\n\r\n")
        .await
        .unwrap();
    until(&mut socket, "event: comments").await;
    let sent = timeout(PATIENCE, async {
        let mut sent = 0;
        while socket.write_all(&[b'x'; 1024]).await.is_ok() {
            sent += 1024;
        }
        sent
    });
    let sent = sent.await.expect("the server reads on");
    assert!(sent < 16 * 1024 * 1024, "the server took {sent} bytes");
    site.metric_is("horizon_live_connections", 0).await;
    site.metric_is("horizon_connections", 0).await;
}

/// An application with its own stream of numbered lines, as fast as the client reads.
async fn lines(count: u32) -> TcpStream {
    let numbers = move || {
        let lines =
            stream::iter(0..count).map(|number| Ok::<_, Infallible>(Bytes::from(format!("data: {number}\n\n"))));
        async move { ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(lines)) }
    };
    let app = Router::new().route("/numbers", get(numbers));
    let horizon = Horizon::in_memory().start(|_: &Slug| true).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut socket = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    tokio::spawn(async move { serve(listener, app, Limits::default(), std::future::pending(), &horizon).await });
    socket
        .write_all(b"GET /numbers HTTP/1.1\r\nhost: h\r\n\r\n")
        .await
        .unwrap();
    socket
}

/// The data in a body of chunks (RFC 9112 §7.1).
fn unchunked(mut body: &str) -> String {
    let mut data = String::new();
    loop {
        let (size, rest) = body.split_once("\r\n").unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        data.push_str(&rest[..size]);
        body = rest[size..].strip_prefix("\r\n").unwrap();
        if size == 0 {
            assert!(body.is_empty(), "{body}");
            return data;
        }
    }
}

#[tokio::test]
async fn a_slow_reader_of_a_long_stream_misses_no_byte() {
    let count = 200_000;
    let mut socket = lines(count).await;
    let (mut all, mut buffer) = (Vec::new(), vec![0; 60_000]);
    while !all.ends_with(b"\r\n0\r\n\r\n") {
        let length = timeout(PATIENCE, socket.read(&mut buffer))
            .await
            .expect("it stopped")
            .unwrap();
        assert!(length > 0, "it ended");
        all.extend_from_slice(&buffer[..length]);
        tokio::task::yield_now().await;
    }
    let all = String::from_utf8(all).unwrap();
    let (_, body) = all.split_once("\r\n\r\n").unwrap();
    let expected: String = (0..count).map(|number| format!("data: {number}\n\n")).collect();
    assert!(unchunked(body) == expected);
    assert_eq!(
        socket.read(&mut buffer).await.unwrap(),
        0,
        "the connection ends with its stream"
    );
}
