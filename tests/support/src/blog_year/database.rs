//! The year as a database and a folder of posts.

use std::path::Path;

use horizon_core::StatsStore as _;
use horizon_sqlite::SqliteStore;

use super::BlogYear;
use crate::Posts;

/// The events of a batch.
const BATCH_EVENTS: usize = 5_000;

impl BlogYear {
    /// Counts the events into a new SQLite file, as an accumulator does.
    ///
    /// # Errors
    /// The file cannot be written.
    pub async fn write_database(&self, path: &Path) -> anyhow::Result<()> {
        let store = SqliteStore::open(path)?;
        for batch in self.events()?.chunks(BATCH_EVENTS) {
            store.apply(batch).await?;
        }
        Ok(store.close().await?)
    }

    /// Returns a temporary folder with the posts.
    ///
    /// # Errors
    /// A post cannot be written.
    pub fn write_posts(&self) -> anyhow::Result<Posts> {
        let posts = Posts::empty()?;
        for post in &self.posts {
            post.write(&posts)?;
        }
        Ok(posts)
    }
}
