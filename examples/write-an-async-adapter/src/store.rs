//! The connections, and the ports [`StatsStore`] and [`SaltStore`].

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use horizon_core::{
    BatchKeys, DEDUPE_WINDOW, Day, Error, Event, ReaderId, Result, SaltStore, StatsStore, Timestamp, Topic, Update,
    VISITOR_RETENTION,
};
use tokio::sync::Mutex;
use tokio_postgres::{Client, Config, NoTls, Transaction, types::Type};

use crate::error::DbError;
use crate::rows::Param;
use crate::{changes, facts, rows, schema};

const IS_LIKED_BY: &str = "SELECT is_liked FROM likes WHERE topic = $1 AND reader = $2";
const EXPIRE_EVENT_IDS: &str = "DELETE FROM event_ids WHERE at < $1";
const EXPIRE_VISITORS: &str = "DELETE FROM visitors WHERE last_seen < $1";
/// Likes stay. Unlikes stay while an older like may still arrive.
const EXPIRE_UNLIKES: &str = "DELETE FROM likes WHERE NOT is_liked AND at < $1";
const EXPIRE_SALTS: &str = "DELETE FROM salts WHERE day < $1";
const ADD_SALT: &str = "INSERT INTO salts (day, salt) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const SALT: &str = "SELECT salt FROM salts WHERE day = $1";

/// A store in a PostgreSQL database.
///
/// It has two connections, one for writes and one for reads, and opens each again when it is lost. Any number of
/// processes may share the database. Confirmed writes are as durable as the server's `synchronous_commit` says.
pub struct AsyncStore {
    config: Config,
    /// For one transaction at a time: a second one of this process would only wait for the lock.
    writer: Mutex<Option<Client>>,
    /// For any number of queries at a time.
    reader: Mutex<Option<Arc<Client>>>,
}

impl AsyncStore {
    /// Connects to a database, such as `postgres://user@localhost/database`, and creates missing tables.
    ///
    /// # Errors
    /// Retryable if the server is unavailable. Permanent if the URL is invalid or the user may not create tables.
    pub async fn connect(url: &str) -> Result<Self> {
        let invalid =
            |error: tokio_postgres::Error| Error::permanent("the URL of the database is invalid").with_source(error);
        let store = Self {
            config: url.parse().map_err(invalid)?,
            writer: Mutex::default(),
            reader: Mutex::default(),
        };
        let mut writer = store.writer.lock().await;
        let created = async { schema::create(store.open(&mut writer).await?).await }.await;
        created.map_err(|error| error.into_port_error("the tables cannot be created"))?;
        drop(writer);
        Ok(store)
    }

    /// Runs `work` in a transaction that excludes other writers. An error rolls it back, and so does dropping the
    /// future before the commit.
    async fn write<T>(&self, work: impl AsyncFnOnce(&Transaction<'_>) -> Result<T, DbError>) -> Result<T> {
        let mut writer = self.writer.lock().await;
        let written = async {
            let transaction = self.open(&mut writer).await?.transaction().await?;
            schema::lock(&transaction).await?;
            let value = work(&transaction).await?;
            transaction.commit().await?;
            Ok::<T, DbError>(value)
        };
        let written = written.await;
        written.map_err(|error| error.into_port_error("the database cannot be written"))
    }

    /// Runs `work` on the connection for reads.
    pub(crate) async fn read<T>(&self, work: impl AsyncFnOnce(&Client) -> Result<T, DbError>) -> Result<T> {
        let read = async { work(&*self.reader().await?).await };
        read.await
            .map_err(|error| error.into_port_error("the database cannot be read"))
    }

    async fn reader(&self) -> Result<Arc<Client>, DbError> {
        let mut reader = self.reader.lock().await;
        match &*reader {
            Some(client) if !client.is_closed() => Ok(Arc::clone(client)),
            _ => Ok(Arc::clone(reader.insert(Arc::new(connect(&self.config).await?)))),
        }
    }

    /// Returns the open connection, or opens it.
    async fn open<'c>(&self, connection: &'c mut Option<Client>) -> Result<&'c mut Client, DbError> {
        if connection.as_ref().is_none_or(Client::is_closed) {
            *connection = None;
        }
        match connection {
            Some(client) => Ok(client),
            closed => Ok(closed.insert(connect(&self.config).await?)),
        }
    }
}

async fn connect(config: &Config) -> Result<Client, DbError> {
    let (client, connection) = config.connect(NoTls).await?;
    // The task ends when the client is dropped.
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::warn!(%error, "the connection to PostgreSQL was lost: the next call opens it again");
        }
    });
    Ok(client)
}

impl fmt::Debug for AsyncStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl StatsStore for AsyncStore {
    async fn apply(&self, events: &[Event]) -> Result<Vec<Update>> {
        self.write(async |transaction| {
            let facts = facts::read(transaction, &BatchKeys::of(events)).await?;
            let (changes, updates) = facts.apply(events);
            changes::write(transaction, &changes).await?;
            Ok(updates)
        })
        .await
    }

    async fn totals(&self, topics: &[Topic]) -> Result<Vec<Update>> {
        let stored = self.read(async |client| facts::totals(client, topics).await).await?;
        let total = |topic: &Topic| stored.iter().find(|total| total.topic == *topic).cloned();
        let totals = topics
            .iter()
            .map(|topic| total(topic).unwrap_or_else(|| Update::empty(topic.clone())));
        Ok(totals.collect())
    }

    async fn is_liked_by(&self, topic: &Topic, reader: ReaderId) -> Result<bool> {
        let (topic, reader) = (topic.to_string(), rows::bytes(reader.as_u128()));
        self.read(async |client| {
            let key: &[Param<'_>] = &[(&topic, Type::TEXT), (&reader, Type::BYTEA)];
            let row = client.query_typed_opt(IS_LIKED_BY, key).await?;
            Ok(row.map(|row| row.try_get("is_liked")).transpose()?.unwrap_or(false))
        })
        .await
    }

    async fn expire(&self, now: Timestamp) -> Result<()> {
        let oldest_event = now.minus(DEDUPE_WINDOW).as_millis();
        let oldest_visit = now.minus(VISITOR_RETENTION).as_millis();
        self.write(async |transaction| {
            for (sql, oldest) in [
                (EXPIRE_EVENT_IDS, oldest_event),
                (EXPIRE_UNLIKES, oldest_event),
                (EXPIRE_VISITORS, oldest_visit),
                (EXPIRE_SALTS, now.day().previous().number()),
            ] {
                transaction.execute_typed(sql, &[(&oldest, Type::INT8)]).await?;
            }
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl SaltStore for AsyncStore {
    async fn salt(&self, day: Day, fresh: [u8; 32]) -> Result<[u8; 32]> {
        let (oldest, number, fresh) = (day.previous().number(), day.number(), fresh.to_vec());
        self.write(async |transaction| {
            transaction
                .execute_typed(EXPIRE_SALTS, &[(&oldest, Type::INT8)])
                .await?;
            transaction
                .execute_typed(ADD_SALT, &[(&number, Type::INT8), (&fresh, Type::BYTEA)])
                .await?;
            let row = transaction.query_typed_one(SALT, &[(&number, Type::INT8)]).await?;
            let salt: &[u8] = row.try_get("salt")?;
            salt.try_into()
                .map_err(|_| DbError::InvalidRow("the salt has not 32 bytes".into()))
        })
        .await
    }
}
