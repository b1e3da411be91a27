//! The conformance suites of the three ports, against a PostgreSQL server that this file starts.
//!
//! The suites contain the checks. This file opens the stores, each in a schema of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use horizon_core::testing::{Store, StoreHarness};
use horizon_core::{Error, Event, EventKind, Result, Stamp, StatsStore, StatsStoreExt, Timestamp, Topic};
use horizon_test_support::PostgresServer;
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};
use write_an_async_adapter::AsyncStore;

/// Ends with this process.
static SERVER: OnceCell<PostgresServer> = OnceCell::const_new();

/// A new schema of the database, where a store creates its tables.
struct Schema {
    url: String,
    name: String,
}

impl Schema {
    async fn new() -> Self {
        static SCHEMAS: AtomicU32 = AtomicU32::new(0);
        let server = SERVER.get_or_try_init(|| PostgresServer::start(&[])).await.unwrap();
        let name = format!("store_{}", SCHEMAS.fetch_add(1, Ordering::Relaxed));
        let url = format!(
            "{}?application_name={name}&options=-csearch_path%3D{name}",
            server.url()
        );
        let schema = Self { url, name };
        let create = format!("CREATE SCHEMA {}", schema.name);
        schema.client().await.batch_execute(&create).await.unwrap();
        schema
    }

    async fn store(&self) -> AsyncStore {
        AsyncStore::connect(&self.url).await.unwrap()
    }

    /// Returns a connection of the test.
    async fn client(&self) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }
}

mod one_process {
    use super::*;

    async fn make() -> Arc<dyn Store> {
        Arc::new(Schema::new().await.store().await)
    }

    horizon_core::store_suite!(make);
}

/// Two stores share a database. Each call is for the other one.
mod two_processes {
    use super::*;

    struct RoundRobin([Arc<AsyncStore>; 2]);

    #[async_trait]
    impl StoreHarness for RoundRobin {
        async fn open(&mut self) -> Result<Arc<dyn Store>> {
            self.0.rotate_left(1);
            Ok(self.0[0].clone())
        }
    }

    async fn make() -> RoundRobin {
        let schema = Schema::new().await;
        let (one, two) = tokio::join!(schema.store(), schema.store());
        RoundRobin([one, two].map(Arc::new))
    }

    horizon_core::store_suite!(make);
}

/// What the suites cannot know.
mod the_database {
    use super::*;

    fn visit(number: u8) -> Event {
        let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [number; 10]);
        Event::new(stamp, Topic::Site, EventKind::visit(None))
    }

    async fn visits(store: &AsyncStore) -> u64 {
        store.total(&Topic::Site).await.unwrap().stats.visits
    }

    #[tokio::test]
    async fn an_error_in_the_middle_of_a_batch_rolls_back_all_of_it() {
        let schema = Schema::new().await;
        let (store, client) = (schema.store().await, schema.client().await);
        let limit = "ALTER TABLE totals ADD CONSTRAINT few CHECK (visits < 2)";
        client.batch_execute(limit).await.unwrap();
        let error = store.apply(&[visit(1), visit(2)]).await.unwrap_err();
        assert!(!error.is_retryable());
        assert!(format!("{error:?}").contains("few"), "{error:?}");
        client
            .batch_execute("ALTER TABLE totals DROP CONSTRAINT few")
            .await
            .unwrap();
        assert_eq!(visits(&store).await, 0);
        store.apply(&[visit(1), visit(2)]).await.unwrap();
        assert_eq!(visits(&store).await, 2);
    }

    #[tokio::test]
    async fn a_lost_connection_is_a_retryable_error_and_is_opened_again() {
        let schema = Schema::new().await;
        let (store, client) = (schema.store().await, schema.client().await);
        store.apply(&[visit(1)]).await.unwrap();
        let kill = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE application_name = '{}' AND pid <> pg_backend_pid()",
            schema.name
        );
        client.batch_execute(&kill).await.unwrap();
        let counted = retry(async || store.apply(&[visit(2)]).await).await;
        assert_eq!(counted.first().map(|total| total.stats.visits), Some(2));
        assert_eq!(visits(&store).await, 2);
    }

    /// Repeats a call while its errors are retryable.
    async fn retry<T>(mut call: impl AsyncFnMut() -> Result<T>) -> T {
        loop {
            match call().await {
                Err(error) if error.is_retryable() => tokio::task::yield_now().await,
                outcome => return outcome.unwrap(),
            }
        }
    }

    #[tokio::test]
    async fn a_server_that_does_not_respond_is_a_retryable_error_with_its_cause() {
        let url = "postgres://postgres@127.0.0.1:1/postgres";
        let error: Error = AsyncStore::connect(url).await.unwrap_err();
        assert!(error.is_retryable() && error.source().is_some(), "{error:?}");
        assert!(!AsyncStore::connect("mysql://").await.unwrap_err().is_retryable());
    }
}

/// A site in one call.
mod a_site {
    use eventhorizon::{Horizon, NewComment, Paging, Secret, Slug};

    use super::*;

    #[tokio::test]
    async fn likes_and_comments_survive_a_restart() {
        let schema = Schema::new().await;
        for run in 1..=2 {
            let secret = Secret::new("a sentence of at least 32 characters").unwrap();
            let builder = Horizon::from_store(schema.store().await).secret(secret);
            let horizon = builder.start(|_: &Slug| true).await.unwrap();
            let bread = horizon.page("bread").await.unwrap();
            let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
            assert_eq!(horizon.like(&bread, &ada).await.unwrap().view.likes, run);
            horizon
                .comment(&bread, NewComment::new("Ada", "Hello"), &ada)
                .await
                .unwrap();
            let page = horizon.threads(&bread, Paging::default()).await.unwrap();
            assert_eq!(page.threads.len() as u64, run);
            horizon.close().await.unwrap();
        }
    }
}
