//! SQLite keeps every promise of a store, also when it is reopened between any two calls.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::sync::Arc;

use async_trait::async_trait;
use horizon_core::{Result, testing::Store, testing::StoreRig};
use horizon_sqlite::SqliteStats;
use tempfile::TempDir;

struct Rig {
    store: Arc<SqliteStats>,
    folder: TempDir,
    reopens: bool,
}

impl Rig {
    fn new(reopens: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStats::open(folder.path().join("horizon.db")).unwrap();
        Self {
            store: Arc::new(store),
            folder,
            reopens,
        }
    }
}

#[async_trait]
impl StoreRig for Rig {
    async fn open(&mut self) -> Result<Arc<dyn Store>> {
        if self.reopens {
            self.store.close().await?;
            self.store = Arc::new(SqliteStats::open(self.folder.path().join("horizon.db"))?);
        }
        Ok(Arc::clone(&self.store) as _)
    }
}

mod kept_open {
    async fn make() -> super::Rig {
        super::Rig::new(false)
    }

    mod stats {
        horizon_core::stats_suite!(super::make);
    }
    mod comments {
        horizon_core::comments_suite!(super::make);
    }
    mod salts {
        horizon_core::salts_suite!(super::make);
    }
}

mod reopened_between_any_two_calls {
    async fn make() -> super::Rig {
        super::Rig::new(true)
    }

    mod stats {
        horizon_core::stats_suite!(super::make);
    }
    mod comments {
        horizon_core::comments_suite!(super::make);
    }
    mod salts {
        horizon_core::salts_suite!(super::make);
    }
}
