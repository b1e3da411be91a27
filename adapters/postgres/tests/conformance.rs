//! PostgreSQL passes the conformance suites of a store with reports.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::sync::Arc;

use async_trait::async_trait;
use horizon_core::testing::{Store, StoreHarness};
use horizon_core::{Result, Topic};
use horizon_postgres::{PostgresConfig, PostgresStore};
use horizon_test_support::TestDatabase;

/// Stores that share a database. Each call is for the next one.
struct DatabaseHarness {
    database: TestDatabase,
    stores: Vec<Arc<PostgresStore>>,
}

impl DatabaseHarness {
    /// Opens so many stores in a new database.
    async fn new(stores: usize) -> Self {
        let database = TestDatabase::create().await.unwrap();
        let store = || PostgresStore::new(&PostgresConfig::new(database.url()).unwrap()).unwrap();
        let stores = (0..stores).map(|_| Arc::new(store())).collect();
        Self { database, stores }
    }
}

#[async_trait]
impl StoreHarness for DatabaseHarness {
    async fn open(&mut self) -> Result<Arc<dyn Store>> {
        self.stores.rotate_left(1);
        Ok(self.stores.first().unwrap().clone())
    }

    async fn open_another(&mut self) -> Result<Option<Arc<dyn Store>>> {
        self.open().await.map(Some)
    }

    async fn damage_total(&mut self, topic: &Topic) -> Result<bool> {
        let add = "UPDATE eventhorizon.topics SET visits = visits + 1 WHERE name = $1";
        let client = self.database.connect().await.unwrap();
        let changed = client.execute(add, &[&topic.to_string()]).await.unwrap();
        assert_eq!(changed, 1, "{topic} has no totals");
        Ok(true)
    }
}

mod one_store {
    use super::DatabaseHarness;

    async fn make() -> DatabaseHarness {
        DatabaseHarness::new(1).await
    }

    horizon_core::store_suite!(make, reports);
}

/// As two processes have them.
mod two_stores {
    use super::DatabaseHarness;

    async fn make() -> DatabaseHarness {
        DatabaseHarness::new(2).await
    }

    horizon_core::store_suite!(make, reports);
}
