use horizon_redis::testing::RedisServer;

use crate::accumulator::{Accumulator, run, sqlite};

/// An address where nobody is; nothing is connected before the settings are checked.
const NOWHERE: &str = "redis://127.0.0.1:1";

#[tokio::test]
async fn a_second_one_on_the_same_sqlite_file_is_refused_by_its_name() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(&folder.path().join("numbers.db"));
    let (url, store) = (redis.url(), store.as_str());
    let settings = [("HORIZON_BUS", &*url), ("HORIZON_STORE", store)];
    let first = Accumulator::start(&settings).await;
    let second = run(&settings).await;
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(
        said.contains("HORIZON_STORE") && said.contains("another process") && said.contains("numbers.db"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!(first.stop().await.0.code(), Some(0));
    assert_eq!(Accumulator::start(&settings).await.stop().await.0.code(), Some(0));
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
        let ended = run(&[("HORIZON_BUS", NOWHERE), ("HORIZON_STORE", "memory:"), (name, value)]).await;
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(2), "{name}={value}: {said}");
        assert!(said.contains(name), "{name}={value}: {said}");
        assert!(!said.contains("hunter2") && !said.contains("panicked"), "{said}");
    }
}

#[tokio::test]
async fn an_address_that_is_taken_and_a_folder_that_is_missing_are_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (name, value, sign) in [
        ("HORIZON_ADDR", &*taken, &*taken),
        ("HORIZON_STORE", "sqlite:/no/such/folder/horizon.db", "/no/such/folder"),
    ] {
        let ended = run(&[("HORIZON_BUS", NOWHERE), ("HORIZON_STORE", "memory:"), (name, value)]).await;
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{said}");
        assert!(said.contains(name) && said.contains(sign), "{said}");
    }
}
