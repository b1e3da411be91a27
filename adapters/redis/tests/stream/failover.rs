//! A replica is promoted while the old master still takes events that no replica confirms.

use std::net::Ipv4Addr;
use std::sync::Arc;

use horizon_core::EventBus;
use horizon_redis::testing::RedisServer;
use horizon_redis::{ConsumerConfig, RedisBus, RedisConfig, RedisConsumer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::{TestStream, hit, lost, until};

/// Forwards connections to the latest port, and closes those to former ports.
async fn forward(listener: TcpListener, mut master_port: watch::Receiver<u16>) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            changed = master_port.changed() => {
                if changed.is_err() {
                    return;
                }
                open.shutdown().await;
            }
            accepted = listener.accept() => {
                let (mut client, port) = (accepted.unwrap().0, *master_port.borrow());
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
    let mut stream = TestStream::new(&["--repl-diskless-sync-delay", "0"]).await;
    let port = stream.server.port().to_string();
    let replica = RedisServer::start(&["--replicaof", "127.0.0.1", &port]).await.unwrap();
    until("it has everything", async || {
        stream.redis(&["WAIT", "1", "100"]).await == "1"
    })
    .await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("redis://{}?wait=1", listener.local_addr().unwrap());
    let (port_sender, master_port) = watch::channel(stream.server.port());
    let mut tasks = JoinSet::new();
    tasks.spawn(forward(listener, master_port));
    stream.config = RedisConfig::new(&url).unwrap();
    stream.bus = RedisBus::connect(&stream.config, Arc::clone(&stream.store) as _).unwrap();
    let mut consumer = RedisConsumer::connect(&stream.config, ConsumerConfig::new("one")).unwrap();
    stream.track(0..5).await;
    stream.count(&mut consumer, 5).await;
    replica.cli(&["REPLICAOF", "NO", "ONE"]).await.unwrap();
    let unconfirmed = futures::future::join_all((5..9).map(|number| stream.bus.track(hit(number)))).await;
    assert!(unconfirmed.iter().all(Result::is_err));
    stream.checked(4).await;
    port_sender.send_replace(replica.port());
    // It survives the failover, like a master behind a network partition.
    let _old = std::mem::replace(&mut stream.server, replica);
    stream.checked(6).await;
    assert_eq!((lost(&stream.bus.monitor()), lost(&consumer.monitor())), (0, 0));
}
