//! HTTP/2 without TLS.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes},
    routing::get,
};
use eventhorizon::{Horizon, Slug};
use futures::stream;
use horizon_axum::{Limits, serve};
use http::{Request, header};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpSocket},
    sync::oneshot,
    time::timeout,
};

use crate::{
    http2_client::{
        END_HEADERS, END_STREAM, HEADERS, Http2Client, PREFACE, RawConnection, SETTINGS, WINDOW_UPDATE,
        browser_request, frame, get_fields,
    },
    site::{AxumSite, PATIENCE, eventually, topic},
};

/// The time in which a reader's leaving must be noticed.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(3);

#[tokio::test]
async fn requests_over_http2_get_the_same_responses() {
    let site = AxumSite::start().await;
    let mut client = Http2Client::connect(site.address).await;
    let response = client.response("GET", "/stats/hello").await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    for (origin, status) in [("http://blog.example", 200), ("http://evil.example", 403)] {
        let mut like = browser_request("PUT", "/likes/hello");
        like.headers_mut().insert("origin", origin.parse().unwrap());
        assert_eq!(client.status(like).await, status, "{origin}");
    }
    assert_eq!(client.status(browser_request("GET", "/nothing")).await, 404);
}

#[tokio::test]
async fn a_live_stream_over_http2_ends_when_the_client_resets_it() {
    let site = AxumSite::start().await;
    let mut client = Http2Client::connect(site.address).await;
    let mut first = client.live("/live/hello").await;
    let mut second = client.live("/live/other").await;
    first.until("\"viewers\":1").await;
    second.until("\"viewers\":1").await;
    assert_eq!(site.metric("horizon_live_connections"), 2);
    assert_eq!(site.metric("horizon_connections"), 1);
    let left = Instant::now();
    drop(first);
    site.metric_is("horizon_live_connections", 1).await;
    site.client().send("PUT", "/likes/other", "").await;
    second.until("\"likes\":1").await;
    client.close();
    site.metric_is("horizon_live_connections", 0).await;
    site.metric_is("horizon_connections", 0).await;
    assert!(left.elapsed() < LEAVE_TIMEOUT, "{:?}", left.elapsed());
    assert_eq!(site.visits(topic("hello")).await, 1);
}

#[tokio::test]
async fn a_request_of_http2_needs_one_host() {
    let site = AxumSite::start().await;
    let mut client = Http2Client::connect(site.address).await;
    for (uri, hosts, status) in [
        ("http://h/horizon/stats", &[][..], 200),
        ("http://h/horizon/stats", &["h"], 200),
        ("http://h/horizon/stats", &["other"], 400),
        ("http://h/horizon/stats", &["h", "h"], 400),
        ("http://user@h/horizon/stats", &[], 400),
    ] {
        let mut request = Request::get(uri);
        for host in hosts {
            request = request.header("host", *host);
        }
        let status_now = client.status(request.body(()).unwrap()).await;
        assert_eq!(status_now, status, "{uri} {hosts:?}");
    }
}

#[tokio::test]
async fn the_limits_are_announced() {
    let site = AxumSite::start().await;
    let mut connection = RawConnection::connect(site.address).await;
    let (kind, _, _, settings) = connection.next().await.unwrap();
    assert_eq!(kind, SETTINGS);
    let settings: Vec<_> = settings
        .chunks(6)
        .map(|entry| (entry[1], entry[2..].to_vec()))
        .collect();
    // The identifiers of RFC 9113 §6.5.2: concurrent streams, initial window, header list.
    for (identifier, value) in [(3, 100_u32), (4, 64 * 1024), (6, 16 * 1024)] {
        let expected = (identifier, value.to_be_bytes().to_vec());
        assert!(settings.contains(&expected), "{expected:?} in {settings:?}");
    }
}

#[tokio::test]
async fn each_open_request_counts_in_the_limit_of_a_network() {
    let site = AxumSite::with(|_, limits| limits.connections_per_network = 2).await;
    let mut client = Http2Client::connect(site.address).await;
    let first = client.live("/live/a").await;
    let second = client.live("/live/b").await;
    assert_eq!(client.status(browser_request("GET", "/stats")).await, 503);
    assert_eq!(site.metric("horizon_connections_refused_total{reason=\"network\"}"), 1);
    drop((first, second));
    site.metric_is("horizon_live_connections", 0).await;
    assert_eq!(client.status(browser_request("GET", "/stats")).await, 200);
    client.close();
    site.metric_is("horizon_connections", 0).await;
    let mut again = Http2Client::connect(site.address).await;
    let _both = [again.live("/live/a").await, again.live("/live/b").await];
}

#[tokio::test]
async fn a_live_stream_over_http2_may_last_longer_than_the_head_timeout() {
    let site = AxumSite::with(|_, limits| limits.header_read_timeout = Duration::from_millis(100)).await;
    let mut client = Http2Client::connect(site.address).await;
    let mut live = client.live("/live/hello").await;
    // The server closes an idle connection once the timeout is over.
    RawConnection::connect(site.address).await.goaway().await;
    site.client().send("PUT", "/likes/hello", "").await;
    live.until("\"likes\":1").await;
    drop(live);
    site.metric_is("horizon_connections", 0).await;
}

/// Starts an application with an endless stream. Returns its address and the number of bytes polled from the stream.
async fn endless() -> (SocketAddr, Arc<AtomicUsize>) {
    let polled = Arc::new(AtomicUsize::default());
    let counter = Arc::clone(&polled);
    let endless = move || {
        let chunks = stream::repeat_with(move || {
            counter.fetch_add(1024, Ordering::SeqCst);
            Ok::<_, Infallible>(Bytes::from_static(&[b'\n'; 1024]))
        });
        async move { ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(chunks)) }
    };
    let app = Router::new().route("/endless", get(endless));
    let horizon = Horizon::in_memory().start(|_: &Slug| true).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { serve(listener, app, Limits::default(), std::future::pending(), &horizon).await });
    (address, polled)
}

#[tokio::test]
async fn little_waits_for_a_client_that_does_not_read() {
    let max = u32::MAX >> 1;
    let window = frame(SETTINGS, 0, 0, &[&[0, 4][..], &max.to_be_bytes()].concat());
    let connection_window = frame(WINDOW_UPDATE, 0, 0, &(max - 0xffff).to_be_bytes());
    let request = frame(HEADERS, END_STREAM | END_HEADERS, 1, &get_fields("/endless", "h"));
    for start in [
        b"GET /endless HTTP/1.1\r\nhost: h\r\n\r\n".to_vec(),
        [PREFACE, &window, &connection_window, &request].concat(),
    ] {
        let (address, polled) = endless().await;
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(16 * 1024).unwrap();
        let mut socket = socket.connect(address).await.unwrap();
        socket.write_all(&start).await.unwrap();
        let mut before = 0;
        eventually("the server waits", async || {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let now = polled.load(Ordering::SeqCst);
            std::mem::replace(&mut before, now) == now && now > 0
        })
        .await;
        assert!(before < 256 * 1024, "{before} bytes wait");
    }
}

#[tokio::test]
async fn a_shutdown_aborts_requests_over_http2_that_do_not_end() {
    let (started, is_started) = oneshot::channel::<()>();
    let started = Arc::new(Mutex::new(Some(started)));
    let stuck = async move || {
        drop(started.lock().unwrap().take());
        std::future::pending::<()>().await;
    };
    let app = Router::new().route("/stuck", get(stuck));
    let horizon = Horizon::in_memory().start(|_: &Slug| true).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Http2Client::connect(listener.local_addr().unwrap());
    let mut limits = Limits::default();
    limits.shutdown_timeout = Duration::from_millis(300);
    let shutdown = async { drop(is_started.await) };
    let served = serve(listener, app, limits, shutdown, &horizon);
    let request = async {
        let request = Request::get("http://h/stuck").body(()).unwrap();
        let response = client.await.send(request).await;
        response.await.unwrap_err()
    };
    let (served, _) = timeout(PATIENCE, async { tokio::join!(served, request) })
        .await
        .expect("it does not end");
    served.unwrap();
}

#[tokio::test]
async fn a_shutdown_ends_streams_over_http2() {
    let mut site = AxumSite::start().await;
    let (mut clients, mut streams) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let mut client = Http2Client::connect(site.address).await;
        for _ in 0..10 {
            streams.push(client.live("/live/hello").await);
        }
        clients.push(client);
    }
    let start = Instant::now();
    site.stop();
    for stream in streams {
        stream.ended().await.unwrap();
    }
    let ended = timeout(PATIENCE, &mut site.server).await;
    ended.expect("the server does not end").unwrap().unwrap();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!(site.metric("horizon_live_connections"), 0);
}
