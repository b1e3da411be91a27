//! The server: limits, timeouts, shutdown.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::site::{AxumSite, PATIENCE, topic};

async fn closed_after(stream: &mut TcpStream) -> Duration {
    let (start, mut rest) = (Instant::now(), Vec::new());
    let _ = timeout(PATIENCE, stream.read_to_end(&mut rest))
        .await
        .expect("the server keeps it open");
    start.elapsed()
}

#[tokio::test]
async fn a_slow_request_head_times_out() {
    let site = AxumSite::with(|_, limits| limits.header_read_timeout = Duration::from_millis(300)).await;
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let dripping = async {
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, dripping).await.expect("the server reads on");
    site.metric_is("horizon_connections", 0).await;
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let site = AxumSite::with(|_, limits| limits.header_read_timeout = Duration::from_millis(300)).await;
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    assert!(closed_after(&mut stream).await < PATIENCE);
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    stream
        .write_all(b"GET /horizon/stats HTTP/1.1\r\nhost: h\r\n\r\n")
        .await
        .unwrap();
    assert!(closed_after(&mut stream).await < PATIENCE);
}

#[tokio::test]
async fn a_live_stream_may_last_longer_than_the_head_timeout() {
    let site = AxumSite::with(|_, limits| limits.header_read_timeout = Duration::from_millis(100)).await;
    let mut live = site.client().live("/live/hello").await;
    live.viewers(1).await;
    // The server closes an idle connection once the wait for a head is over.
    closed_after(&mut TcpStream::connect(site.address).await.unwrap()).await;
    site.client().send("PUT", "/likes/hello", "").await;
    live.until("live", |numbers: &horizon_core::wire::PageStats| numbers.likes == 1)
        .await;
}

#[tokio::test]
async fn the_connections_of_a_network_are_limited() {
    let site = AxumSite::with(|_, limits| limits.connections_per_network = 2).await;
    let first = site.client().live("/live/hello").await;
    let _second = site.client().live("/live/hello").await;
    let mut third = TcpStream::connect(site.address).await.unwrap();
    closed_after(&mut third).await;
    assert_eq!(site.metric("horizon_connections_refused_total{reason=\"network\"}"), 1);
    drop(first);
    site.metric_is("horizon_connections", 1).await;
    assert_eq!(site.client().get("/stats").await.status, 200);
}

#[tokio::test]
async fn a_trusted_proxy_has_only_the_total_limit() {
    let site = AxumSite::with(|config, limits| {
        config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        (limits.connections_per_network, limits.connections) = (1, 2);
    })
    .await;
    let _open = [site.client().live("/live/a").await, site.client().live("/live/b").await];
    closed_after(&mut TcpStream::connect(site.address).await.unwrap()).await;
    assert_eq!(site.metric("horizon_connections_refused_total{reason=\"total\"}"), 1);
}

#[tokio::test]
async fn a_shutdown_ends_open_streams_and_tracks_their_visits() {
    let mut site = AxumSite::start().await;
    let mut streams = Vec::new();
    for number in 0..50 {
        streams.push(site.client().agent(number).live("/live/hello").await);
    }
    let start = Instant::now();
    site.stop();
    for stream in &mut streams {
        while stream.next().await.is_some() {}
    }
    timeout(PATIENCE, &mut site.server)
        .await
        .expect("the server does not end")
        .unwrap()
        .unwrap();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!(site.visits(topic("hello")).await, 50);
    assert_eq!(
        site.metric("horizon_live_connections") + site.metric("horizon_live_pages"),
        0
    );
    assert!(TcpStream::connect(site.address).await.is_err());
}

#[tokio::test]
async fn a_shutdown_aborts_connections_that_do_not_end() {
    let mut site = AxumSite::with(|_, limits| limits.shutdown_timeout = Duration::from_millis(500)).await;
    let mut stuck = TcpStream::connect(site.address).await.unwrap();
    stuck
        .write_all(b"POST /horizon/comments/hello HTTP/1.1\r\nhost: h\r\n")
        .await
        .unwrap();
    site.metric_is("horizon_connections", 1).await;
    site.stop();
    timeout(PATIENCE, &mut site.server)
        .await
        .expect("the server does not end")
        .unwrap()
        .unwrap();
    closed_after(&mut stuck).await;
}
