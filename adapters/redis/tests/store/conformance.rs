//! The conformance suite of stores.

use std::sync::Arc;

use async_trait::async_trait;
use horizon_core::{Result, testing::Store, testing::StoreHarness};
use horizon_redis::RedisStore;
use horizon_redis::testing::RedisServer;
use redis::{Client, aio::MultiplexedConnection};

use super::{connect, start};

struct RedisStoreHarness {
    stores: Vec<Arc<RedisStore>>,
    turn: usize,
    /// Flushes the scripts of Redis before every call.
    flush: Option<MultiplexedConnection>,
    _server: RedisServer,
}

impl RedisStoreHarness {
    async fn new(processes: usize, flushes: bool) -> Self {
        let (server, store) = start().await;
        let client = Client::open(server.url()).unwrap();
        let connection = client.get_multiplexed_async_connection().await.unwrap();
        let others = (1..processes).map(|_| connect(&server));
        Self {
            stores: others.chain([store]).collect(),
            turn: 0,
            flush: flushes.then_some(connection),
            _server: server,
        }
    }
}

#[async_trait]
impl StoreHarness for RedisStoreHarness {
    async fn open(&mut self) -> Result<Arc<dyn Store>> {
        if let Some(connection) = &mut self.flush {
            redis::cmd("SCRIPT").arg("FLUSH").exec_async(connection).await.unwrap();
        }
        self.turn = (self.turn + 1) % self.stores.len();
        Ok(Arc::clone(&self.stores[self.turn]) as _)
    }
}

mod one_process {
    async fn make() -> super::RedisStoreHarness {
        super::RedisStoreHarness::new(1, false).await
    }

    horizon_core::store_suite!(make);
}

mod two_processes_in_turn_while_scripts_are_flushed {
    async fn make() -> super::RedisStoreHarness {
        super::RedisStoreHarness::new(2, true).await
    }

    horizon_core::store_suite!(make);
}
