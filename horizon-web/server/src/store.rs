//! The store that the configuration names, behind the ports.

use std::sync::Arc;

use horizon_core::{Comments, Result, Salts, StatsStore};
use horizon_memory::MemoryStats;
use horizon_sqlite::SqliteStats;

use crate::config::StoreUrl;

/// One store seen through its three ports.
#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) stats: Arc<dyn StatsStore>,
    pub(crate) comments: Arc<dyn Comments>,
    pub(crate) salts: Arc<dyn Salts>,
    sqlite: Option<Arc<SqliteStats>>,
}

impl Store {
    /// Opens the store that `url` names.
    pub(crate) fn open(url: &StoreUrl) -> Result<Self> {
        match url {
            StoreUrl::Memory => {
                let store = Arc::new(MemoryStats::default());
                Ok(Self {
                    stats: store.clone(),
                    comments: store.clone(),
                    salts: store,
                    sqlite: None,
                })
            }
            StoreUrl::Sqlite(path) => {
                let store = Arc::new(SqliteStats::open(path)?);
                Ok(Self {
                    stats: store.clone(),
                    comments: store.clone(),
                    salts: store.clone(),
                    sqlite: Some(store),
                })
            }
        }
    }

    /// Writes what is queued and takes no more.
    pub(crate) async fn close(&self) -> Result<()> {
        match &self.sqlite {
            Some(store) => store.close().await,
            None => Ok(()),
        }
    }

    /// Whether the store can be written to.
    pub(crate) async fn ready(&self) -> Result<()> {
        match &self.sqlite {
            Some(store) => store.check_writable().await,
            None => Ok(()),
        }
    }
}
