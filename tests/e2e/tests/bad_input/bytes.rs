//! Malformed or truncated HTTP.

use anyhow::{Context, ensure};
use horizon_test_support::{DEADLINE, ServerOptions, WebServer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::is_alive;

/// A description, the bytes, and the allowed statuses. A closed connection is allowed too.
type RawCase = (&'static str, Vec<u8>, &'static [u16]);

fn wrong_heads() -> Vec<RawCase> {
    let long = "x".repeat(200_000);
    let get = |header: &str| format!("GET /blog/hello HTTP/1.1\r\nhost: a\r\n{header}\r\n\r\n").into_bytes();
    vec![
        (
            "a TLS hello",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
            &[400],
        ),
        ("no HTTP", b"hello\r\n\r\n".to_vec(), &[400]),
        (
            "an unknown HTTP version",
            b"GET / HTTP/9.9\r\n\r\n".to_vec(),
            &[400, 505],
        ),
        (
            "a NUL in the path",
            b"GET /\0 HTTP/1.1\r\nhost: a\r\n\r\n".to_vec(),
            &[400],
        ),
        (
            "a huge path",
            format!("GET /{long} HTTP/1.1\r\nhost: a\r\n\r\n").into_bytes(),
            &[400, 414, 431],
        ),
        (
            "a header that is not UTF-8",
            b"GET / HTTP/1.1\r\nhost: a\r\ncookie: \xff\xfe\r\n\r\n".to_vec(),
            &[200],
        ),
        ("a header without a colon", get("nonsense"), &[400]),
        ("a bare CR in a header", get("x: a\rb"), &[400]),
        ("a huge header", get(&format!("x: {long}")), &[400, 431]),
        ("a thousand headers", get(&["x: y"; 1_000].join("\r\n")), &[400, 431]),
    ]
}

fn wrong_bodies() -> Vec<RawCase> {
    let both = "content-length: 3\r\ntransfer-encoding: chunked";
    vec![
        ("a negative length", post("content-length: -1", "x"), &[400]),
        (
            "two lengths",
            post("content-length: 1\r\ncontent-length: 2", "x"),
            &[400],
        ),
        (
            "a length without end",
            post("content-length: 99999999999999999999999", "x"),
            &[400, 413],
        ),
        ("a length and chunks", post(both, "0\r\n\r\n"), &[400]),
        (
            "a broken chunk",
            post("transfer-encoding: chunked", "zz\r\nwords\r\n0\r\n\r\n"),
            &[400],
        ),
        (
            "a chunk without end",
            post("transfer-encoding: chunked", "ffffffffffffffffff\r\n"),
            &[400, 413],
        ),
    ]
}

fn post(headers: &str, body: &str) -> Vec<u8> {
    format!(
        "POST /horizon/comments/hello HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n{headers}\r\n\r\n{body}"
    )
    .into_bytes()
}

#[tokio::test]
async fn invalid_http_is_rejected() -> anyhow::Result<()> {
    let server = WebServer::start(ServerOptions::default()).await?;
    for (what, bytes, statuses) in wrong_heads().into_iter().chain(wrong_bodies()) {
        let answer = exchange(&server, &bytes).await.with_context(|| what.to_owned())?;
        let status = answer
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3))
            .and_then(|text| text.parse().ok());
        ensure!(
            status.is_none_or(|status: u16| statuses.contains(&status)),
            "{what} is answered with `{}`",
            answer.lines().next().unwrap_or_default()
        );
    }
    is_alive(&server).await
}

/// Sends the bytes and returns the first part of the response, or nothing if the server closes the connection.
async fn exchange(server: &WebServer, bytes: &[u8]) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(server.address()).await?;
    // A server may close the connection before everything is written.
    let _ = stream.write_all(bytes).await;
    let mut answer = vec![0; 1024];
    let read = timeout(DEADLINE, stream.read(&mut answer))
        .await
        .context("the server neither answers nor hangs up")?;
    answer.truncate(read.unwrap_or(0));
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[tokio::test]
async fn a_connection_with_an_endless_header_is_closed() -> anyhow::Result<()> {
    let server = WebServer::start(ServerOptions::default()).await?;
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(server.address()).await?;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nx: ").await?;
        slow.push(stream);
    }
    is_alive(&server).await?;
    for mut stream in slow {
        let mut rest = Vec::new();
        timeout(DEADLINE, stream.read_to_end(&mut rest))
            .await
            .context("a slow client is waited for")?
            .ok();
    }
    is_alive(&server).await
}

#[tokio::test]
async fn interrupted_requests_leave_no_viewer_and_no_comment() -> anyhow::Result<()> {
    let server = WebServer::start(ServerOptions::default()).await?;
    for _ in 0..50 {
        for bytes in [
            post("content-length: 1000", "{\"body\":"),
            b"GET /horizon/live/hello HTTP/1.1\r\nhost: a\r\nuser-agent: Mozilla/5.0\r\n\r\n".to_vec(),
        ] {
            let mut stream = TcpStream::connect(server.address()).await?;
            stream.write_all(&bytes).await?;
        }
    }
    horizon_test_support::wait_until("the page has no viewers", async || {
        let stats = horizon_test_support::http::get(server.address(), "/horizon/stats/hello")
            .await?
            .json()?;
        ensure!(stats["viewers"] == 0 && stats["comments"] == 0, "the page has {stats}");
        Ok(())
    })
    .await?;
    is_alive(&server).await
}
