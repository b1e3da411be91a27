//! The parts of an address: TLS with the certificates of the machine, user, database.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::sync::Arc;
use std::{env, fs};

use horizon_core::{Event, EventBus, EventKind, Stamp, StatsStore, Timestamp, Topic};
use horizon_memory::MemoryStore;
use horizon_redis::testing::RedisServer;
use horizon_redis::{RedisBus, RedisConfig};
use tokio::process::Command;

/// Runs this test again as a client of this address.
const URL: &str = "HORIZON_TEST_TLS_URL";

#[tokio::test]
async fn only_trusted_certificates_are_accepted() {
    if let Ok(url) = env::var(URL) {
        return track_one_visit(&url).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    fs::write(&cert, pair.cert.pem()).unwrap();
    fs::write(&key, pair.signing_key.serialize_pem()).unwrap();
    let port = free_port().to_string();
    let (cert, key) = (cert.to_str().unwrap(), key.to_str().unwrap());
    let options = [
        "--tls-port",
        &port,
        "--tls-auth-clients",
        "no",
        "--tls-cert-file",
        cert,
        "--tls-key-file",
        key,
    ];
    let server = RedisServer::start(&options).await.unwrap();
    let url = format!("rediss://localhost:{port}");

    // The trusted certificates are set by the environment, which this process must not change.
    let ask = |trusted: &str| {
        let mut copy = Command::new(env::current_exe().unwrap());
        copy.env(URL, &url)
            .env("SSL_CERT_FILE", trusted)
            .env_remove("SSL_CERT_DIR");
        copy.output()
    };
    let stranger = folder.path().join("stranger.pem");
    fs::write(
        &stranger,
        rcgen::generate_simple_self_signed(["localhost".to_owned()])
            .unwrap()
            .cert
            .pem(),
    )
    .unwrap();
    let refused = ask(stranger.to_str().unwrap()).await.unwrap();
    assert!(!refused.status.success(), "an untrusted certificate was accepted");
    let taken = ask(cert).await.unwrap();
    assert!(taken.status.success(), "{}", String::from_utf8_lossy(&taken.stdout));
    assert_eq!(server.cli(&["XLEN", "analytics:events"]).await.unwrap().trim(), "1");
    only_one_side_uses_tls(&url.replace("rediss:", "redis:"), "use `rediss://`").await;
    let plain_port = format!("rediss://127.0.0.1:{}", server.port());
    only_one_side_uses_tls(&plain_port, "use `redis://`").await;
}

/// Checks that the error at the start says what to change.
async fn only_one_side_uses_tls(url: &str, advice: &str) {
    let error = RedisConfig::new(url).unwrap().check_login().await.unwrap_err();
    assert!(!error.is_retryable() && error.to_string().contains(advice), "{error:?}");
}

#[tokio::test]
async fn a_server_that_is_away_or_no_redis_is_retryable_at_the_start() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for port in [1, silent.local_addr().unwrap().port()] {
        let config = RedisConfig::new(&format!("rediss://127.0.0.1:{port}")).unwrap();
        assert!(config.check_login().await.unwrap_err().is_retryable());
    }
}

async fn track_one_visit(url: &str) {
    let bus = RedisBus::connect(&RedisConfig::new(url).unwrap(), Arc::new(MemoryStore::new())).unwrap();
    bus.track(visit()).await.unwrap();
}

fn visit() -> Event {
    let stamp = Stamp::new(Timestamp::from_millis(1), [1; 10]);
    Event::new(stamp, Topic::Site, EventKind::visit(None))
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

#[tokio::test]
async fn user_and_database_of_the_address_are_used() {
    let server = RedisServer::start(&[]).await.unwrap();
    server
        .cli(&[
            "ACL",
            "SETUSER",
            "horizon",
            "on",
            ">secret",
            "~*",
            "&*",
            "+@all",
            "-flushall",
        ])
        .await
        .unwrap();
    let store: Arc<dyn StatsStore> = Arc::new(MemoryStore::new());
    let connect = |user: &str| {
        let url = format!("redis://{user}@127.0.0.1:{}/3", server.port());
        RedisBus::connect(&RedisConfig::new(&url).unwrap(), Arc::clone(&store)).unwrap()
    };
    connect("horizon:secret").track(visit()).await.unwrap();
    assert_eq!(
        server
            .cli(&["-n", "3", "XLEN", "analytics:events"])
            .await
            .unwrap()
            .trim(),
        "1"
    );
    let error = connect("horizon:wrong").track(visit()).await.unwrap_err();
    assert!(
        !error.is_retryable() && !format!("{error:?}").contains("secret"),
        "{error:?}"
    );
}
