use horizon_core::Analytics;
use horizon_redis::{RedisInspector, RedisSetup};

use crate::{Stage, hit, until};

async fn inspect(stage: &Stage) -> RedisSetup {
    RedisInspector::connect(&stage.config).unwrap().inspect().await.unwrap()
}

#[tokio::test]
async fn a_key_of_another_type_in_the_streams_place_is_a_problem_until_it_is_gone() {
    let stage = Stage::new(&[]).await;
    let feed = stage.feed("one");
    stage.redis(&["DEL", "analytics:events"]).await;
    stage.redis(&["SET", "analytics:events", "x"]).await;
    for monitor in [stage.pipe.monitor(), feed.monitor()] {
        let says = || monitor.trouble().unwrap_or_default();
        until("it says why", async || says().contains("rename or delete it")).await;
    }
    assert!(stage.pipe.track(hit(1)).await.is_err());
    stage.redis(&["DEL", "analytics:events"]).await;
    until("an event is taken", async || stage.pipe.track(hit(1)).await.is_ok()).await;
    let monitors = [stage.pipe.monitor(), feed.monitor()];
    until("it is no problem any more", async || {
        monitors.iter().all(|monitor| monitor.trouble().is_none())
    })
    .await;
}

#[tokio::test]
async fn a_write_that_redis_refuses_is_a_problem_until_one_is_taken() {
    let stage = Stage::new(&[]).await;
    stage.redis(&["ACL", "SETUSER", "default", "-xadd"]).await;
    assert!(stage.pipe.track(hit(1)).await.is_err());
    let trouble = stage.pipe.monitor().trouble().unwrap();
    assert!(
        trouble.contains("takes no events") && trouble.contains("no permissions"),
        "{trouble}"
    );
    stage.redis(&["ACL", "SETUSER", "default", "+xadd"]).await;
    stage.track(1..2).await;
    assert_eq!(stage.pipe.monitor().trouble(), None);
}

#[tokio::test]
async fn a_node_of_a_cluster_is_recognised_and_takes_no_event() {
    let stage = Stage::new(&["--cluster-enabled", "yes"]).await;
    stage.redis(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).await;
    until("the cluster is up", async || {
        stage.redis(&["CLUSTER", "INFO"]).await.contains("cluster_state:ok")
    })
    .await;
    let problem = inspect(&stage).await.kind_problem().unwrap();
    assert!(problem.contains("Redis Cluster"), "{problem}");
    let error = stage.pipe.track(hit(1)).await.unwrap_err();
    assert!(
        error.is_retryable() && error.to_string().contains("Redis Cluster"),
        "{error}"
    );
    assert_eq!(stage.redis(&["XLEN", "analytics:events"]).await, "0");
}

#[tokio::test]
async fn a_replica_is_recognised() {
    let stage = Stage::new(&[]).await;
    assert_eq!(inspect(&stage).await.kind_problem(), None);
    stage.redis(&["REPLICAOF", "127.0.0.1", "1"]).await;
    let problem = inspect(&stage).await.kind_problem().unwrap();
    assert!(problem.contains("replica"), "{problem}");
}

#[tokio::test]
async fn settings_that_lose_data_are_named() {
    let stage = Stage::new(&[]).await;
    assert_eq!(inspect(&stage).await.volatile(), Vec::<String>::new());
    for (name, value) in [("maxmemory-policy", "allkeys-lru"), ("appendonly", "no")] {
        stage.redis(&["CONFIG", "SET", name, value]).await;
    }
    let setup = inspect(&stage).await;
    let problems = setup.volatile();
    assert!(
        problems[0].contains("allkeys-lru") && problems[1].contains("appendonly"),
        "{problems:?}"
    );
    assert!(!setup.forbids_config);
}

#[tokio::test]
async fn the_settings_are_found_with_info_or_config_and_unknown_without_both() {
    let stage = Stage::new(&["--maxmemory-policy", "allkeys-lru"]).await;
    stage.redis(&["ACL", "SETUSER", "default", "-config"]).await;
    let setup = inspect(&stage).await;
    assert_eq!(
        (setup.volatile().len(), setup.forbids_config),
        (1, true),
        "INFO says it"
    );
    stage.redis(&["ACL", "SETUSER", "default", "+config", "-info"]).await;
    let setup = inspect(&stage).await;
    assert_eq!(
        (setup.volatile().len(), setup.forbids_config),
        (1, false),
        "CONFIG says it"
    );
    stage.redis(&["ACL", "SETUSER", "default", "-config"]).await;
    let setup = inspect(&stage).await;
    assert!(setup.is_unknown() && setup.volatile().is_empty() && setup.forbids_config);
}

#[tokio::test]
async fn a_config_that_is_refused_in_other_words_is_forbidden() {
    // Redis says "wrong number of arguments" where CONFIG is another command, as services do that rename it.
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
    let stage = Stage::new(&options).await;
    let setup = inspect(&stage).await;
    assert_eq!(
        (setup.volatile().len(), setup.forbids_config),
        (1, true),
        "INFO says it"
    );
}
