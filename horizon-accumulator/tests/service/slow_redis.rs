//! The clock with a slow Redis.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use horizon_core::EventBus;
use horizon_memory::MemoryStore;
use horizon_redis::testing::RedisServer;
use horizon_redis::{RedisBus, RedisConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::accumulator::{AccumulatorProcess, sqlite, visit, wait_until};

/// A relay that delays the responses of the server.
struct Relay {
    address: SocketAddr,
    delay: Arc<AtomicU64>,
    _tasks: JoinSet<io::Result<()>>,
}

impl Relay {
    async fn start(server: u16, delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let millis = Arc::new(AtomicU64::new(0));
        let mut tasks = JoinSet::new();
        let delay_of = Arc::clone(&millis);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (client, _) = listener.accept().await?;
                connections.spawn(relay(client, server, Arc::clone(&delay_of)));
            }
        });
        let relay = Self {
            address,
            delay: millis,
            _tasks: tasks,
        };
        relay.delay(delay);
        relay
    }

    /// Sets the delay of a response.
    fn delay(&self, delay: Duration) {
        self.delay
            .store(delay.as_millis().try_into().unwrap(), Ordering::SeqCst);
    }
}

async fn relay(client: TcpStream, server: u16, delay: Arc<AtomicU64>) -> io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = TcpStream::connect(("127.0.0.1", server)).await?.into_split();
    let (held, mut due) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let hold = async {
        let mut bytes = vec![0; 65_536];
        loop {
            let length = from_server.read(&mut bytes).await?;
            let at = Instant::now() + Duration::from_millis(delay.load(Ordering::SeqCst));
            let answer = bytes.get(..length).unwrap_or_default().to_vec();
            if answer.is_empty() || held.send((at, answer)).is_err() {
                return io::Result::Ok(());
            }
        }
    };
    let answer = async {
        while let Some((at, bytes)) = due.recv().await {
            sleep_until(at).await;
            to_client.write_all(&bytes).await?;
        }
        io::Result::Ok(())
    };
    tokio::select! {
        result = tokio::io::copy(&mut from_client, &mut to_server) => result.map(drop),
        result = hold => result,
        result = answer => result,
    }
}

#[tokio::test]
async fn a_clock_that_is_not_compared_is_a_problem_and_a_slow_redis_is_enough_to_compare_it() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let relay = Relay::start(redis.port(), Duration::from_secs(60)).await;
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(&folder.path().join("numbers.db"));
    let bus = RedisConfig::new(&redis.url()).unwrap();
    let bus = RedisBus::connect(&bus, Arc::new(MemoryStore::new())).unwrap();
    bus.track(visit(1)).await.unwrap();
    let url = format!("redis://{}", relay.address);
    let accumulator = AccumulatorProcess::start(&[("HORIZON_BUS", &url), ("HORIZON_STORE", &store)]).await;
    let problem = "clock: the clock of this machine has not been compared with that of Redis yet";
    wait_until("it reports that the time is unknown", async || {
        let (status, text) = accumulator.get("/readyz").await;
        status == 503 && text.contains(problem)
    })
    .await;
    // Longer than the limit of a trusted clock, and shorter than the timeout of a command.
    relay.delay(Duration::from_millis(1_100));
    wait_until("the event is counted", async || {
        accumulator.metric("horizon_events_counted_total").await == 1
    })
    .await;
    relay.delay(Duration::ZERO);
    accumulator.wait_for_readyz(200).await;
    accumulator.wait_for_line(&["its time is inexact"]).await;
}
