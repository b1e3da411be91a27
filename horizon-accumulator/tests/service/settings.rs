use horizon_redis::testing::RedisServer;

use crate::accumulator::{AccumulatorProcess, run, sqlite};

/// No Redis listens here. Settings are checked before a connection is opened.
const NOWHERE: &str = "redis://127.0.0.1:1";

#[tokio::test]
async fn a_second_one_on_the_same_sqlite_file_is_refused() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(&folder.path().join("numbers.db"));
    let (url, store) = (redis.url(), store.as_str());
    let settings = [("HORIZON_BUS", &*url), ("HORIZON_STORE", store)];
    let first = AccumulatorProcess::start(&settings).await;
    let second = run(&settings).await;
    let stderr = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("HORIZON_STORE") && stderr.contains("another process") && stderr.contains("numbers.db"),
        "{stderr}"
    );
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert_eq!(first.stop().await.0.code(), Some(0));
    assert_eq!(
        AccumulatorProcess::start(&settings).await.stop().await.0.code(),
        Some(0)
    );
}

#[tokio::test]
async fn a_wrong_setting_is_named_and_not_repeated() {
    for (name, value) in [
        ("HORIZON_BUS", "carrier-pigeon:hunter2"),
        ("HORIZON_BUS", "redis://u:hunter2@host/x"),
        ("HORIZON_BUS", "memory:"),
        ("HORIZON_STORE", "mysql://hunter2"),
        ("HORIZON_STORE", "sqlite:"),
        ("HORIZON_ADDR", "localhost"),
        ("HORIZON_NODE", "two words"),
    ] {
        let output = run(&[("HORIZON_BUS", NOWHERE), ("HORIZON_STORE", "memory:"), (name, value)]).await;
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}={value}: {stderr}");
        assert!(stderr.contains(name), "{name}={value}: {stderr}");
        assert!(!stderr.contains("hunter2") && !stderr.contains("panicked"), "{stderr}");
    }
}

#[tokio::test]
async fn an_address_that_is_taken_and_a_folder_that_is_missing_are_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (name, value, text) in [
        ("HORIZON_ADDR", &*taken, &*taken),
        ("HORIZON_STORE", "sqlite:/no/such/folder/horizon.db", "/no/such/folder"),
    ] {
        let output = run(&[("HORIZON_BUS", NOWHERE), ("HORIZON_STORE", "memory:"), (name, value)]).await;
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(name) && stderr.contains(text), "{stderr}");
    }
}
