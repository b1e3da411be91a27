//! The conformance suite of stores.

use std::sync::Arc;

use async_trait::async_trait;
use horizon_core::testing::{Store, StoreHarness};
use horizon_core::{Error, Result, Topic};
use horizon_redis::RedisStore;
use horizon_redis::testing::RedisServer;
use redis::{Client, aio::MultiplexedConnection};

use super::{connect, start};

/// Turns the keys into those of the last version.
const MAKE_UNDATED: &str = include_str!("make_undated.lua");

struct RedisStoreHarness {
    stores: Vec<Arc<RedisStore>>,
    turn: usize,
    /// Flushes the scripts of Redis before every call.
    flush: Option<MultiplexedConnection>,
    server: RedisServer,
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
            server,
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

    async fn open_another(&mut self) -> Result<Option<Arc<dyn Store>>> {
        Ok(Some(connect(&self.server)))
    }

    async fn make_undated(&mut self) -> Result<bool> {
        let made = self.server.cli(&["EVAL", MAKE_UNDATED, "0"]).await;
        made.map_err(|e| Error::unavailable("the keys cannot be changed").with_source(e))?;
        Ok(true)
    }

    async fn damage_total(&mut self, topic: &Topic) -> Result<bool> {
        let total = format!("horizon:{{{topic}}}:total");
        let damaged = self.server.cli(&["HINCRBY", &total, "visits", "1"]).await;
        damaged.map_err(|e| Error::unavailable("the total cannot be changed").with_source(e))?;
        Ok(true)
    }
}

mod one_process {
    async fn make() -> super::RedisStoreHarness {
        super::RedisStoreHarness::new(1, false).await
    }

    horizon_core::store_suite!(make, reports);
}

mod two_processes_in_turn_while_scripts_are_flushed {
    async fn make() -> super::RedisStoreHarness {
        super::RedisStoreHarness::new(2, true).await
    }

    horizon_core::store_suite!(make, reports);
}
