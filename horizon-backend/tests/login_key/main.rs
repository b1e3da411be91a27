//! The key of login sessions and the secret in PostgreSQL, over a slow network.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod slow_proxy;

use std::time::Duration;

use futures::future::join_all;
use horizon_backend::{Backend, BackendConfig, BackendUrls, CorrectedClock, ProgramKind, now};
use horizon_core::Topic;
use horizon_test_support::{TestDatabase, wait_until};
use slow_proxy::SlowProxy;

/// The maximum number of connections of a process, according to `docs/postgres.md`.
const MAX_CONNECTIONS: u32 = 8;

async fn open(url: &str) -> Backend {
    let urls = BackendUrls::parse(ProgramKind::Application, "memory:", url).unwrap();
    let backend = Backend::open(&urls, BackendConfig::new(CorrectedClock::new(now)));
    backend.await.unwrap()
}

#[tokio::test]
async fn a_key_is_known_although_a_connection_takes_longer_than_a_read() {
    let database = TestDatabase::create().await.unwrap();
    let proxy = SlowProxy::start(database.url(), Duration::from_millis(50))
        .await
        .unwrap();
    let backend = open(proxy.url()).await;
    // The first read opens a connection and creates the key, which takes more than ten round trips of 100 ms.
    let key = backend.login_key().unwrap();
    let read = wait_until("the key is read", async || Ok(key.read().await?))
        .await
        .unwrap();
    backend.close().await.unwrap();

    let direct = open(database.url()).await;
    let other = direct.login_key().unwrap();
    assert_eq!(other.read().await.unwrap(), read, "all processes have one key");
    assert_eq!(direct.secret().await.unwrap(), direct.secret().await.unwrap());
    direct.close().await.unwrap();
}

#[tokio::test]
async fn a_process_opens_no_connections_for_its_key_and_its_secret() {
    let database = TestDatabase::create().await.unwrap();
    let proxy = SlowProxy::start(database.url(), Duration::ZERO).await.unwrap();
    let backend = open(proxy.url()).await;
    let key = backend.login_key().unwrap();
    let ports = backend.ports();
    // More calls at once than the pools have connections.
    let calls = (0..20).map(async |_| {
        tokio::join!(
            backend.secret(),
            key.read(),
            key.replace(),
            ports.stats.totals(&[Topic::Site])
        )
    });
    for (secret, read, replaced, totals) in join_all(calls).await {
        assert!(secret.is_ok() && read.is_ok() && replaced.is_ok() && totals.is_ok());
    }
    let connections = proxy.connections();
    assert!(
        (2..=MAX_CONNECTIONS).contains(&connections),
        "{connections} connections"
    );
    backend.close().await.unwrap();
}
