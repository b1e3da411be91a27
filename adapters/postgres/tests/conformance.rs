//! PostgreSQL passes the conformance suites of a store with reports.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::sync::Arc;

use async_trait::async_trait;
use horizon_core::testing::{Store, StoreHarness};
use horizon_core::{Result, Topic};
use horizon_postgres::{PostgresConfig, PostgresStore};
use horizon_test_support::TestDatabase;

/// Stores that share a database. Each call opens the next one.
struct DatabaseHarness {
    database: TestDatabase,
    stores: Vec<Arc<PostgresStore>>,
}

impl DatabaseHarness {
    /// Opens a store of a database at each of these URLs.
    fn new<const N: usize>(database: TestDatabase, urls: [String; N]) -> Self {
        let store = |url: String| Arc::new(PostgresStore::new(&PostgresConfig::new(&url).unwrap()).unwrap());
        Self {
            database,
            stores: urls.map(store).into(),
        }
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
    use super::*;

    async fn make() -> DatabaseHarness {
        let database = TestDatabase::create().await.unwrap();
        let url = database.url().to_owned();
        DatabaseHarness::new(database, [url])
    }

    horizon_core::store_suite!(make, reports);
}

/// The stores of two processes with different options.
mod two_stores {
    use super::*;

    async fn make() -> DatabaseHarness {
        let database = TestDatabase::create().await.unwrap();
        let urls = ["", "?statement_cache=off"].map(|options| format!("{}{options}", database.url()));
        DatabaseHarness::new(database, urls)
    }

    horizon_core::store_suite!(make, reports);
}

/// Each transaction has another connection to the server.
mod behind_pgbouncer {
    use horizon_test_support::{PgBouncer, PostgresServer};
    use tokio::sync::OnceCell;

    use super::*;

    /// Both end with this process.
    static SERVERS: OnceCell<(PostgresServer, PgBouncer)> = OnceCell::const_new();

    /// The connections of PgBouncer to each database. A store has more than that.
    const CONNECTIONS: u32 = 3;

    async fn start() -> anyhow::Result<(PostgresServer, PgBouncer)> {
        let server = PostgresServer::start(&["-c", "max_connections=500"]).await?;
        let bouncer = PgBouncer::start(&server, CONNECTIONS).await?;
        Ok((server, bouncer))
    }

    async fn make() -> DatabaseHarness {
        let (server, bouncer) = SERVERS.get_or_try_init(start).await.unwrap();
        let database = server.create_database().await.unwrap();
        let name = database.url().rsplit('/').next().unwrap();
        let url = format!("{}?statement_cache=off", bouncer.url(name));
        DatabaseHarness::new(database, [url])
    }

    horizon_core::store_suite!(make, reports);
}
