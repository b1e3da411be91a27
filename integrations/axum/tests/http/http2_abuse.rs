//! Malicious clients of HTTP/2.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    http2_client::{
        CONTINUATION, END_HEADERS, END_STREAM, GOAWAY, HEADERS, Http2Client, PING, PREFACE, RST_STREAM, RawConnection,
        SETTINGS, WINDOW_UPDATE, browser_request, frame, get_fields,
    },
    site::{AxumSite, PATIENCE},
};

/// The error code of RFC 9113 §7 for a client that has to slow down.
const ENHANCE_YOUR_CALM: u32 = 11;

const LIVE: &str = "/horizon/live/hello";

async fn is_well(site: &AxumSite) {
    let mut client = Http2Client::connect(site.address).await;
    assert_eq!(client.status(browser_request("GET", "/stats")).await, 200);
}

/// Writes until the server closes the connection, and returns the number of bytes.
async fn flood(connection: RawConnection, bytes: &[u8]) -> usize {
    let (mut read, mut write) = connection.0.into_split();
    let reading = tokio::spawn(async move { drop(tokio::io::copy(&mut read, &mut tokio::io::sink()).await) });
    let mut sent = 0;
    let flooding = timeout(PATIENCE, async {
        while write.write_all(bytes).await.is_ok() {
            sent += bytes.len();
        }
    });
    flooding.await.expect("the server reads on");
    reading.await.unwrap();
    sent
}

#[tokio::test]
async fn a_slow_client_of_http2_times_out() {
    let site = AxumSite::with(|_, limits| limits.header_read_timeout = Duration::from_millis(300)).await;
    let settings = frame(SETTINGS, 0, 0, &[]);
    let half_a_head = frame(HEADERS, 0, 1, &get_fields(LIVE, "h"));
    for start in [
        b"PRI * HTTP/2.0\r\n".to_vec(),
        PREFACE.to_vec(),
        [PREFACE, &settings].concat(),
        [PREFACE, &settings, &settings[..5]].concat(),
        [PREFACE, &settings, &half_a_head].concat(),
    ] {
        let mut socket = TcpStream::connect(site.address).await.unwrap();
        socket.write_all(&start).await.unwrap();
        let closed = timeout(PATIENCE, socket.read_to_end(&mut Vec::new())).await;
        let _ = closed.unwrap_or_else(|_| panic!("the server waits after {}", String::from_utf8_lossy(&start)));
    }
    let mut pings = RawConnection::connect(site.address).await;
    let dripping = async {
        while pings.0.write_all(&frame(PING, 0, 0, &[0; 8])).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, dripping).await.expect("pings keep a connection open");
    site.metric_is("horizon_connections", 0).await;
}

#[tokio::test]
async fn streams_that_are_reset_at_once_leave_nothing() {
    let site = AxumSite::start().await;
    let mut connection = RawConnection::connect(site.address).await;
    let mut requests = Vec::new();
    for number in 0..10_000_u32 {
        let stream = number * 2 + 1;
        requests.extend(frame(HEADERS, END_STREAM | END_HEADERS, stream, &get_fields(LIVE, "h")));
        requests.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
    }
    // The server may close before everything is written.
    let _ = connection.0.write_all(&requests).await;
    assert_eq!(connection.goaway().await, Some(ENHANCE_YOUR_CALM));
    site.metric_is("horizon_connections", 0).await;
    site.metric_is("horizon_live_connections", 0).await;
    is_well(&site).await;
}

#[tokio::test]
async fn streams_that_the_client_breaks_end_a_connection() {
    let site = AxumSite::start().await;
    let mut connection = RawConnection::connect(site.address).await;
    for number in 0..1_000_u32 {
        let stream = number * 2 + 1;
        let request = frame(HEADERS, END_STREAM | END_HEADERS, stream, &get_fields(LIVE, "h"));
        // The window exceeds the maximum, an error of the stream (RFC 9113 §6.9.1).
        let overflow = frame(WINDOW_UPDATE, 0, stream, &0x7fff_ffff_u32.to_be_bytes());
        if connection.0.write_all(&[request, overflow].concat()).await.is_err() {
            break;
        }
        // Until the server has reset the stream.
        while let Some((kind, _, reset, _)) = connection.next().await
            && (kind, reset) != (RST_STREAM, stream)
        {
            if kind == GOAWAY {
                assert_eq!(number, 256, "the connection ended after {number} errors");
            }
        }
    }
    site.metric_is("horizon_connections", 0).await;
    site.metric_is("horizon_live_connections", 0).await;
    is_well(&site).await;
}

#[tokio::test]
async fn a_head_without_end_is_rejected() {
    let site = AxumSite::start().await;
    let mut connection = RawConnection::connect(site.address).await;
    let start = frame(HEADERS, END_STREAM, 1, &get_fields(LIVE, "h"));
    connection.0.write_all(&start).await.unwrap();
    // A literal field without indexing: name `a`, 100 bytes.
    let field = [&[0, 1, b'a', 100][..], &[b'x'; 100]].concat();
    let sent = flood(connection, &frame(CONTINUATION, 0, 1, &field)).await;
    assert!(sent < 8 * 1024 * 1024, "the server took {sent} bytes");
    is_well(&site).await;
}

#[tokio::test]
async fn a_large_head_is_rejected() {
    let site = AxumSite::start().await;
    let mut client = Http2Client::connect(site.address).await;
    let mut request = browser_request("GET", "/stats");
    request.headers_mut().insert("x", "y".repeat(20_000).parse().unwrap());
    assert_eq!(client.status(request).await, 431);
    assert_eq!(client.status(browser_request("GET", "/stats")).await, 200);
}

#[tokio::test]
async fn frames_without_a_request_end_a_connection() {
    let site = AxumSite::start().await;
    for (name, frames) in [
        ("PING", frame(PING, 0, 0, &[0; 8]).repeat(500)),
        ("SETTINGS", frame(SETTINGS, 0, 0, &[]).repeat(500)),
        ("unknown", frame(200, 0, 0, &[0; 16_384])),
    ] {
        let mut connection = RawConnection::connect(site.address).await;
        let live = frame(HEADERS, END_STREAM | END_HEADERS, 1, &get_fields(LIVE, "h"));
        connection.0.write_all(&live).await.unwrap();
        let sent = flood(connection, &frames).await;
        assert!(sent < 32 * 1024 * 1024, "{name}: the server took {sent} bytes");
        site.metric_is("horizon_live_connections", 0).await;
    }
    is_well(&site).await;
}

#[tokio::test]
async fn the_body_of_a_request_that_nobody_reads_is_bounded() {
    let site = AxumSite::start().await;
    let client = Http2Client::connect(site.address).await;
    let ready = client.requests.clone().ready().await;
    let (response, mut body) = ready
        .unwrap()
        .send_request(browser_request("GET", "/live/hello"), false)
        .unwrap();
    assert_eq!(response.await.unwrap().status(), 200);
    let mut sent = 0;
    body.reserve_capacity(1 << 20);
    while let Ok(Some(Ok(capacity))) = timeout(
        Duration::from_millis(500),
        std::future::poll_fn(|cx| body.poll_capacity(cx)),
    )
    .await
    {
        body.send_data(vec![0; capacity].into(), false).unwrap();
        sent += capacity;
        body.reserve_capacity(1 << 20);
    }
    assert!((1..=64 * 1024).contains(&sent), "the server took {sent} bytes");
}
