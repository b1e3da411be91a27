//! A replica is promoted while the old master still takes events that no replica confirms.

use std::net::Ipv4Addr;
use std::sync::Arc;

use horizon_core::Analytics;
use horizon_redis::testing::RedisServer;
use horizon_redis::{ConsumerConfig, RedisBus, RedisConfig, RedisConsumer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::{Stage, hit, lost, until};

/// Forwards the connections of one port to the server that was told last, and cuts the older ones.
async fn forward(listener: TcpListener, mut told: watch::Receiver<u16>) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            changed = told.changed() => {
                if changed.is_err() {
                    return;
                }
                open.shutdown().await;
            }
            accepted = listener.accept() => {
                let (mut client, port) = (accepted.unwrap().0, *told.borrow());
                open.spawn(async move {
                    if let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
                        let _ = copy_bidirectional(&mut client, &mut server).await;
                    }
                });
            }
        }
    }
}

#[tokio::test]
async fn events_that_no_replica_confirmed_are_not_lost_with_the_old_master() {
    let mut stage = Stage::new(&["--repl-diskless-sync-delay", "0"]).await;
    let port = stage.server.port().to_string();
    let replica = RedisServer::start(&["--replicaof", "127.0.0.1", &port]).await.unwrap();
    until("it has everything", async || {
        stage.redis(&["WAIT", "1", "100"]).await == "1"
    })
    .await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("redis://{}?wait=1", listener.local_addr().unwrap());
    let (leads_to, told) = watch::channel(stage.server.port());
    let mut tasks = JoinSet::new();
    tasks.spawn(forward(listener, told));
    stage.config = RedisConfig::new(&url).unwrap();
    stage.pipe = RedisBus::connect(&stage.config, Arc::clone(&stage.store) as _).unwrap();
    let mut feed = RedisConsumer::connect(&stage.config, ConsumerConfig::new("one")).unwrap();
    stage.track(0..5).await;
    stage.count(&mut feed, 5).await;
    replica.cli(&["REPLICAOF", "NO", "ONE"]).await.unwrap();
    let unconfirmed = futures::future::join_all((5..9).map(|number| stage.pipe.track(hit(number)))).await;
    assert!(unconfirmed.iter().all(Result::is_err));
    stage.looked(4).await;
    leads_to.send_replace(replica.port());
    // It outlives the turn, as a master does that is cut off.
    let _old = std::mem::replace(&mut stage.server, replica);
    stage.looked(6).await;
    assert_eq!((lost(&stage.pipe.monitor()), lost(&feed.monitor())), (0, 0));
}
