//! The stores of the benchmark.

use std::{
    ops::{Add, Sub},
    path::{Path, PathBuf},
};

use horizon_benches::{cpu_seconds, cpu_seconds_with_children};
use horizon_core::StatsStore;
use horizon_postgres::{PostgresConfig, PostgresStore};
use horizon_sqlite::SqliteStore;
use horizon_test_support::{PostgresOptions, PostgresServer};
use rusqlite::Connection;
use tempfile::TempDir;

/// The largest tables of SQLite with their bytes.
const SQLITE_TABLES: &str = "SELECT name, sum(pgsize) AS size FROM dbstat GROUP BY name ORDER BY size DESC LIMIT 12";

/// The largest tables of PostgreSQL with their bytes, including indexes.
const POSTGRES_TABLES: &str = "SELECT relname, pg_total_relation_size(oid) AS size FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'eventhorizon'::regnamespace ORDER BY size DESC LIMIT 12";

/// A store with its file or server.
pub(crate) enum ReportDatabase {
    Sqlite {
        store: SqliteStore,
        file: PathBuf,
        _folder: TempDir,
    },
    Postgres {
        store: PostgresStore,
        server: PostgresServer,
    },
}

/// CPU seconds.
#[derive(Clone, Copy, Default)]
pub(crate) struct CpuTime {
    pub(crate) process: f64,
    /// Of all processes of the PostgreSQL server.
    pub(crate) server: f64,
}

impl CpuTime {
    pub(crate) fn sum(self) -> f64 {
        self.process + self.server
    }
}

impl Add for CpuTime {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            process: self.process + other.process,
            server: self.server + other.server,
        }
    }
}

impl Sub for CpuTime {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            process: self.process - other.process,
            server: self.server - other.server,
        }
    }
}

impl ReportDatabase {
    /// Creates a file.
    pub(crate) fn sqlite() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("reports.db");
        Ok(Self::Sqlite {
            store: SqliteStore::open(&file)?,
            file,
            _folder: folder,
        })
    }

    /// Starts a server with default settings.
    pub(crate) async fn postgres() -> anyhow::Result<Self> {
        let options = PostgresOptions {
            is_durable: true,
            ..PostgresOptions::default()
        };
        let server = PostgresServer::start_with(&options).await?;
        let store = PostgresStore::new(&PostgresConfig::new(&server.url())?)?;
        // Opens a connection.
        store.totals(&[]).await?;
        Ok(Self::Postgres { store, server })
    }

    pub(crate) fn store(&self) -> &dyn StatsStore {
        match self {
            Self::Sqlite { store, .. } => store,
            Self::Postgres { store, .. } => store,
        }
    }

    /// Closes the store.
    pub(crate) async fn close(&self) -> anyhow::Result<()> {
        match self {
            Self::Sqlite { store, .. } => store.close().await?,
            Self::Postgres { store, .. } => store.close(),
        }
        Ok(())
    }

    /// Returns the file of SQLite.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite { file, .. } => Some(file),
            Self::Postgres { .. } => None,
        }
    }

    /// Returns the CPU times until now.
    pub(crate) fn cpu(&self) -> anyhow::Result<CpuTime> {
        let server = match self {
            Self::Sqlite { .. } => 0.0,
            Self::Postgres { server, .. } => cpu_seconds_with_children(server.id()?)?,
        };
        Ok(CpuTime {
            process: cpu_seconds()?,
            server,
        })
    }

    /// Returns the size in bytes.
    pub(crate) async fn size(&self) -> anyhow::Result<u64> {
        Ok(match self {
            Self::Sqlite { file, .. } => std::fs::metadata(file)?.len(),
            Self::Postgres { server, .. } => {
                let rows = server
                    .database()
                    .execute("SELECT pg_database_size(current_database())")
                    .await?;
                rows.concat().parse()?
            }
        })
    }

    /// Vacuums the tables and writes changed pages, which PostgreSQL would otherwise do during the next queries.
    pub(crate) async fn settle(&self) -> anyhow::Result<()> {
        if let Self::Postgres { server, .. } = self {
            server.database().execute("VACUUM (ANALYZE)").await?;
            server.database().execute("CHECKPOINT").await?;
        }
        Ok(())
    }

    /// Removes free space.
    pub(crate) async fn vacuum(&self) -> anyhow::Result<()> {
        match self {
            Self::Sqlite { file, .. } => {
                Connection::open(file)?.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")?;
            }
            Self::Postgres { server, .. } => drop(server.database().execute("VACUUM FULL").await?),
        }
        Ok(())
    }

    /// Returns the names and bytes of the largest tables.
    pub(crate) async fn tables(&self) -> anyhow::Result<Vec<(String, u64)>> {
        match self {
            Self::Sqlite { file, .. } => {
                let db = Connection::open(file)?;
                let mut statement = db.prepare(SQLITE_TABLES)?;
                let tables = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))?;
                let tables: Vec<(String, i64)> = tables.collect::<Result<_, _>>()?;
                let table = |(name, size)| Ok((name, u64::try_from(size)?));
                tables.into_iter().map(table).collect()
            }
            Self::Postgres { server, .. } => {
                let tables = server.database().execute(POSTGRES_TABLES).await?;
                let parts = tables.iter().filter_map(|table| table.split_once('|'));
                parts.map(|(name, size)| Ok((name.to_owned(), size.parse()?))).collect()
            }
        }
    }
}
