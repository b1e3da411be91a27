//! The store beyond its ports: secrets, an identity, and how it is opened.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use horizon_core::{
    Error, Event, EventKind, Stamp, StatsStore, StatsStoreExt, Timestamp, Topic, error_chain, reports::Reports,
};
use horizon_postgres::{PostgresConfig, PostgresStore};
use horizon_test_support::{PostgresServer, TestDatabase, wait_until};

fn open(url: &str) -> PostgresStore {
    PostgresStore::new(&PostgresConfig::new(url).unwrap()).unwrap()
}

#[tokio::test]
async fn the_first_secret_is_that_of_all_processes_and_survives_a_restart() {
    let database = TestDatabase::create().await.unwrap();
    let [one, other] = [open(database.url()), open(database.url())];
    let (first, second) = tokio::join!(one.secret([1; 32]), other.secret([2; 32]));
    let secret = first.unwrap();
    assert_eq!(second.unwrap(), secret);
    assert!(secret == [1; 32] || secret == [2; 32]);
    assert_eq!(open(database.url()).secret([3; 32]).await.unwrap(), secret);
}

#[tokio::test]
async fn a_replaced_login_key_is_gone_for_all_processes_and_the_secret_stays() {
    let database = TestDatabase::create().await.unwrap();
    let [one, other] = [open(database.url()), open(database.url())];
    one.secret([9; 32]).await.unwrap();
    assert_eq!(one.login_key([1; 32]).await.unwrap(), [1; 32]);
    assert_eq!(other.login_key([2; 32]).await.unwrap(), [1; 32]);
    other.replace_login_key([3; 32]).await.unwrap();
    assert_eq!(one.login_key([4; 32]).await.unwrap(), [3; 32]);
    assert_eq!(one.secret([4; 32]).await.unwrap(), [9; 32]);
}

#[tokio::test]
async fn stores_of_one_schema_have_one_identity_and_others_another() {
    let database = TestDatabase::create().await.unwrap();
    let identity = async |options: &str| open(&format!("{}{options}", database.url())).identity().await.unwrap();
    let of_one = identity("").await;
    assert_eq!(identity("").await, of_one);
    assert_ne!(identity("?schema=other").await, of_one);
}

#[tokio::test]
async fn a_store_is_writable_while_its_server_runs_and_until_it_is_closed() {
    let server = PostgresServer::start(&[]).await.unwrap();
    let store = open(&server.url());
    store.check_writable().await.unwrap();
    server.stop().await.unwrap();
    assert!(store.check_writable().await.unwrap_err().is_retryable());
    server.restart().await.unwrap();
    wait_until("it is writable again", async || Ok(store.check_writable().await?))
        .await
        .unwrap();

    server
        .database()
        .execute("ALTER DATABASE postgres SET default_transaction_read_only = on")
        .await
        .unwrap();
    open(&server.url()).check_writable().await.unwrap();
    store.close();
    assert!(!store.check_writable().await.unwrap_err().is_retryable());
}

#[tokio::test]
async fn the_error_of_a_missing_table_is_permanent_and_names_it() {
    let database = TestDatabase::create().await.unwrap();
    let store = open(&format!("{}?statement_cache=off", database.url()));
    store.total(&Topic::Site).await.unwrap();
    let drop = "DROP TABLE eventhorizon.topics CASCADE";
    database.execute(drop).await.unwrap();
    // The replies arrive together or one by one.
    for _ in 0..50 {
        let error = store.total(&Topic::Site).await.unwrap_err();
        // The error is not the one of a statement in a transaction that has already failed.
        assert!(
            !error.is_retryable() && error_chain(&error).contains(r#"relation "topics" does not exist"#),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_program_notices_that_a_newer_one_has_migrated_the_schema() {
    let database = TestDatabase::create().await.unwrap();
    let store = open(database.url());
    let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [7; 10]);
    let visit = Event::new(stamp, Topic::Site, EventKind::visit(None));
    store.check_writable().await.unwrap();
    let migrate = "UPDATE eventhorizon.schema_version SET version = version + 1";
    database.execute(migrate).await.unwrap();
    let refused = |error: Error| {
        let is_newer = !error.is_retryable() && error_chain(&error).contains("start a newer program");
        assert!(is_newer, "{error:?}");
    };
    // On a connection of before the migration, and on another one.
    refused(store.apply(std::slice::from_ref(&visit)).await.unwrap_err());
    refused(store.apply(&[visit]).await.unwrap_err());
    refused(store.total(&Topic::Site).await.unwrap_err());
    refused(store.status().await.unwrap_err());
    let counted = "SELECT count(*) FROM eventhorizon.event_ids";
    assert_eq!(database.execute(counted).await.unwrap(), ["0"]);
}

#[tokio::test]
async fn an_existing_store_is_neither_created_nor_migrated() {
    let database = TestDatabase::create().await.unwrap();
    let existing = || PostgresStore::open_existing(&PostgresConfig::new(database.url()).unwrap()).unwrap();
    let missing = existing().total(&Topic::Site).await.unwrap_err();
    assert!(!missing.is_retryable());
    assert!(
        error_chain(&missing).contains("there are no numbers in the schema `eventhorizon`"),
        "{missing:?}"
    );
    let schemas = database
        .execute("SELECT 1 FROM pg_namespace WHERE nspname = 'eventhorizon'")
        .await
        .unwrap();
    assert!(schemas.is_empty());

    open(database.url()).check_writable().await.unwrap();
    assert_eq!(existing().total(&Topic::Site).await.unwrap().stats.visits, 0);
    database
        .execute("UPDATE eventhorizon.schema_version SET version = version + 1")
        .await
        .unwrap();
    let newer = existing().total(&Topic::Site).await.unwrap_err();
    assert!(
        !newer.is_retryable() && error_chain(&newer).contains("start a newer program"),
        "{newer:?}"
    );
}
