//! What a process keeps in a store in PostgreSQL, and how it waits for the server.

use horizon_backend::{
    Backend, BackendConfig, BackendUrls, CorrectedClock, LoginKey, ProgramKind, StoreHandle, StoreUrl, now,
    stored_secret,
};
use horizon_core::error_chain;
use horizon_test_support::{PostgresServer, TestDatabase, wait_until};

async fn database() -> StoreUrl {
    TestDatabase::create().await.unwrap().url().parse().unwrap()
}

#[tokio::test]
async fn the_secret_is_shared_by_all_processes_and_the_same_after_a_restart() {
    let store = database().await;
    let (one, other) = tokio::join!(stored_secret(&store), stored_secret(&store));
    assert_eq!(one.unwrap(), other.unwrap());
    let secret = stored_secret(&store).await.unwrap();
    assert_eq!(stored_secret(&store).await.unwrap(), secret);
    assert_ne!(stored_secret(&database().await).await.unwrap(), secret);
}

#[tokio::test]
async fn a_replaced_login_key_is_gone_for_all_processes() {
    let store = database().await;
    // The first connection creates the schema, which may take longer than a read of the key.
    let secret = stored_secret(&store).await.unwrap();
    let [one, other] = [LoginKey::open(&store).unwrap(), LoginKey::open(&store).unwrap()];
    let before = one.read().await.unwrap();
    assert_eq!(other.read().await.unwrap(), before);
    assert_ne!(before, secret);
    other.replace().await.unwrap();
    let after = one.read().await.unwrap();
    assert_ne!(after, before);
    assert_eq!(LoginKey::open(&store).unwrap().read().await.unwrap(), after);
}

#[tokio::test]
async fn processes_with_one_store_see_one_identity() {
    let store = database().await;
    let identity = async |url| StoreHandle::open(url).unwrap().identity().await.unwrap().unwrap();
    let of_one = identity(&store).await;
    assert!(of_one.starts_with("postgres:"), "{of_one}");
    assert_eq!(identity(&store).await, of_one);
    assert_ne!(identity(&database().await).await, of_one);
}

#[tokio::test]
async fn a_process_that_starts_without_postgresql_is_not_ready_until_it_is_there() {
    let server = PostgresServer::start(&[]).await.unwrap();
    let url = server.url();
    server.stop().await.unwrap();
    let urls = BackendUrls::parse(ProgramKind::Application, "memory:", &url).unwrap();
    let backend = Backend::open(&urls, BackendConfig::new(CorrectedClock::new(now)))
        .await
        .unwrap();
    let problems = backend.readiness().check().await.unwrap_err().problems().join("; ");
    assert!(problems.contains("the store is not writable"), "{problems}");

    let (secret, ()) = tokio::join!(stored_secret(urls.store()), async { server.restart().await.unwrap() });
    assert_eq!(secret.unwrap(), stored_secret(urls.store()).await.unwrap());
    let ready = wait_until("the process is ready", async || Ok(backend.readiness().check().await?));
    assert_eq!(ready.await.unwrap(), "the store is writable");
    backend.close().await.unwrap();
    assert!(backend.readiness().check().await.is_err(), "its connections are closed");
}

#[tokio::test]
async fn an_error_of_the_settings_is_not_waited_for() {
    let url = TestDatabase::create()
        .await
        .unwrap()
        .url()
        .replace("/test_", "/missing_");
    let error = stored_secret(&url.parse().unwrap()).await.unwrap_err();
    assert!(!error.is_retryable(), "{error}");
    let chain = error_chain(&error);
    assert!(chain.contains("missing_"), "the cause names the database: {chain}");
}
