//! How soon a server notices that a viewer is gone.

use std::{future::pending, net::SocketAddr, time::Duration};

use axum::{Router, body::Bytes};
use eventhorizon::{Config, Horizon, Live, LiveOptions, Slug, Topic};
use futures::StreamExt;
use horizon_axum::{Limits, serve};
use horizon_test_support::{Closing, raw, time_to_leave};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::Instant,
};

use crate::{client::FIREFOX, site::eventually};

/// How long a viewer counts after leaving, in a site in memory.
const GRACE: Duration = Duration::from_secs(3);

/// The time for a busy machine.
const SLACK: Duration = Duration::from_secs(3);

/// A heartbeat that is longer than the slack.
const HEARTBEAT: Duration = Duration::from_secs(4);

async fn site(heartbeat: Duration) -> (Horizon, TcpListener, SocketAddr) {
    let builder = Horizon::in_memory().configure(|config| config.heartbeat = heartbeat);
    let horizon = builder.start(|_: &Slug| true).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (horizon, listener, address)
}

fn app(horizon: &Horizon) -> Router {
    Router::new().nest("/horizon", horizon_axum::router(horizon))
}

async fn leaves_without_a_write(address: SocketAddr) {
    for (slug, closing) in [("bread", Closing::Finish), ("soup", Closing::Reset)] {
        let time = time_to_leave(address, "/horizon", slug, closing).await.unwrap();
        assert!(time <= GRACE + SLACK, "{closing:?}: {time:?}");
    }
}

#[tokio::test]
async fn our_server_notices_a_closed_connection_without_a_write() {
    let (horizon, listener, address) = site(Config::MAX_HEARTBEAT).await;
    let app = app(&horizon);
    tokio::spawn(async move { serve(listener, app, Limits::default(), pending(), &horizon).await });
    leaves_without_a_write(address).await;
}

#[tokio::test]
async fn the_server_of_axum_notices_a_closed_connection_without_a_write() {
    let (horizon, listener, address) = site(Config::MAX_HEARTBEAT).await;
    let service = app(&horizon).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    leaves_without_a_write(address).await;
}

/// Writes a live stream as a framework does whose body runs in another task: the connection ends at once, and the body
/// when it has something to write.
async fn write_from_another_task(mut live: Live, socket: TcpStream) {
    let (sender, mut messages) = mpsc::channel::<Bytes>(1);
    let (mut reader, mut writer) = socket.into_split();
    tokio::spawn(async move {
        let mut byte = [0];
        tokio::select! {
            _ = reader.read(&mut byte) => {}
            _ = async {
                while let Some(bytes) = messages.recv().await {
                    writer.write_all(&bytes).await?;
                }
                std::io::Result::Ok(())
            } => {}
        }
    });
    while let Some(bytes) = live.next().await {
        if sender.send(bytes).await.is_err() {
            return;
        }
    }
}

/// Writes a live stream without reading from the connection.
async fn write_only(mut live: Live, mut socket: TcpStream) {
    while let Some(bytes) = live.next().await {
        if socket.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

async fn leaves_writer_within<F>(write: impl FnOnce(Live, TcpStream) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let (horizon, listener, address) = site(HEARTBEAT).await;
    let page = horizon.page("bread").await.unwrap();
    let caller = horizon.caller([127, 0, 0, 1].into(), [("user-agent", FIREFOX)]);
    let live = horizon.live(&caller, LiveOptions::page(&page)).await.unwrap();
    let mut client = TcpStream::connect(address).await.unwrap();
    let (socket, _) = listener.accept().await.unwrap();
    tokio::spawn(write(live, socket));
    raw::read_until(&mut client, "event: comments").await.unwrap();
    drop(client);
    let closed = Instant::now();
    eventually("the leaving", async || {
        horizon.stats(&[Topic::from(&page)]).await.unwrap()[0].viewers == 0
    })
    .await;
    let time = closed.elapsed();
    assert!(time <= HEARTBEAT + GRACE + SLACK, "{time:?}");
}

#[tokio::test]
async fn a_body_in_another_task_is_dropped_within_a_heartbeat() {
    leaves_writer_within(write_from_another_task).await;
}

#[tokio::test]
async fn a_server_that_only_writes_notices_within_a_heartbeat() {
    leaves_writer_within(write_only).await;
}
