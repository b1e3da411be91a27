use horizon_core::EventBus;
use horizon_redis::{RedisInspector, RedisSetup};

use crate::{TestStream, hit, until};

async fn inspect(stream: &TestStream) -> RedisSetup {
    RedisInspector::connect(&stream.config)
        .unwrap()
        .inspect()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_key_of_another_type_is_a_problem_until_it_is_deleted() {
    let stream = TestStream::new(&[]).await;
    let consumer = stream.consumer("one");
    stream.redis(&["DEL", "analytics:events"]).await;
    stream.redis(&["SET", "analytics:events", "x"]).await;
    for monitor in [stream.bus.monitor(), consumer.monitor()] {
        let problem = || monitor.problem().unwrap_or_default();
        until("the problem is reported", async || {
            problem().contains("rename or delete it")
        })
        .await;
    }
    assert!(stream.bus.track(hit(1)).await.is_err());
    stream.redis(&["DEL", "analytics:events"]).await;
    until("an event is accepted", async || stream.bus.track(hit(1)).await.is_ok()).await;
    let monitors = [stream.bus.monitor(), consumer.monitor()];
    until("the problem is gone", async || {
        monitors.iter().all(|monitor| monitor.problem().is_none())
    })
    .await;
}

#[tokio::test]
async fn a_rejected_write_is_a_problem_until_one_succeeds() {
    let stream = TestStream::new(&[]).await;
    stream.redis(&["ACL", "SETUSER", "default", "-xadd"]).await;
    assert!(stream.bus.track(hit(1)).await.is_err());
    let problem = stream.bus.monitor().problem().unwrap();
    assert!(
        problem.contains("accepts no events") && problem.contains("no permissions"),
        "{problem}"
    );
    stream.redis(&["ACL", "SETUSER", "default", "+xadd"]).await;
    stream.track(1..2).await;
    assert_eq!(stream.bus.monitor().problem(), None);
}

#[tokio::test]
async fn a_cluster_node_is_detected_and_rejects_events() {
    let stream = TestStream::new(&["--cluster-enabled", "yes"]).await;
    stream.redis(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).await;
    until("the cluster is up", async || {
        stream.redis(&["CLUSTER", "INFO"]).await.contains("cluster_state:ok")
    })
    .await;
    let problem = inspect(&stream).await.unsupported_reason().unwrap();
    assert!(problem.contains("Redis Cluster"), "{problem}");
    let error = stream.bus.track(hit(1)).await.unwrap_err();
    assert!(
        error.is_retryable() && error.to_string().contains("Redis Cluster"),
        "{error}"
    );
    assert_eq!(stream.redis(&["XLEN", "analytics:events"]).await, "0");
}

#[tokio::test]
async fn a_replica_is_detected() {
    let stream = TestStream::new(&[]).await;
    assert_eq!(inspect(&stream).await.unsupported_reason(), None);
    stream.redis(&["REPLICAOF", "127.0.0.1", "1"]).await;
    let problem = inspect(&stream).await.unsupported_reason().unwrap();
    assert!(problem.contains("replica"), "{problem}");
}

#[tokio::test]
async fn settings_that_can_lose_data_are_reported() {
    let stream = TestStream::new(&[]).await;
    assert_eq!(inspect(&stream).await.durability_problems(), Vec::<String>::new());
    for (name, value) in [("maxmemory-policy", "allkeys-lru"), ("appendonly", "no")] {
        stream.redis(&["CONFIG", "SET", name, value]).await;
    }
    let setup = inspect(&stream).await;
    let problems = setup.durability_problems();
    assert!(
        problems[0].contains("allkeys-lru") && problems[1].contains("appendonly"),
        "{problems:?}"
    );
    assert!(!setup.forbids_config);
}

#[tokio::test]
async fn settings_are_read_from_info_or_config_and_unknown_without_both() {
    let stream = TestStream::new(&["--maxmemory-policy", "allkeys-lru"]).await;
    stream.redis(&["ACL", "SETUSER", "default", "-config"]).await;
    let setup = inspect(&stream).await;
    assert_eq!(
        (setup.durability_problems().len(), setup.forbids_config),
        (1, true),
        "from INFO"
    );
    stream.redis(&["ACL", "SETUSER", "default", "+config", "-info"]).await;
    let setup = inspect(&stream).await;
    assert_eq!(
        (setup.durability_problems().len(), setup.forbids_config),
        (1, false),
        "from CONFIG"
    );
    stream.redis(&["ACL", "SETUSER", "default", "-config"]).await;
    let setup = inspect(&stream).await;
    assert!(setup.is_unknown() && setup.durability_problems().is_empty() && setup.forbids_config);
}

#[tokio::test]
async fn a_renamed_config_command_counts_as_forbidden() {
    // Redis replies "wrong number of arguments" if CONFIG is another command, as in services that rename it.
    let options = [
        "--maxmemory-policy",
        "allkeys-lru",
        "--rename-command",
        "CONFIG",
        "X",
        "--rename-command",
        "GET",
        "CONFIG",
    ];
    let stream = TestStream::new(&options).await;
    let setup = inspect(&stream).await;
    assert_eq!(
        (setup.durability_problems().len(), setup.forbids_config),
        (1, true),
        "from INFO"
    );
}
