use std::{fmt, sync::Arc};

use crate::{Analytics, CommentStore, Presence, SaltStore, StatsStore};

/// The ports that stand behind a site: what an embedder picks.
///
/// Cloning is cheap; all clones are one.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use horizon_core::{Ports, StatsStoreExt, Topic};
/// use horizon_memory::{MemoryPresence, MemoryBus, MemoryStats};
///
/// let store = Arc::new(MemoryStats::new());
/// let (pipe, _feed) = MemoryBus::new(store.clone()); // the feed is for the accumulator
/// let (stats, comments, salts) = (store.clone(), store.clone(), store);
/// let presence = Arc::new(MemoryPresence::default());
/// let ports = Ports { presence, analytics: Arc::new(pipe), stats, comments, salts };
/// assert_eq!(ports.stats.total(&Topic::Site).await?.stats.visits, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Ports {
    /// Who is here now.
    pub presence: Arc<dyn Presence>,
    /// Where events go, and where totals come from.
    pub analytics: Arc<dyn Analytics>,
    /// The totals at rest.
    pub stats: Arc<dyn StatsStore>,
    /// The comments at rest.
    pub comments: Arc<dyn CommentStore>,
    /// The secret of the day under which visitors are hashed.
    pub salts: Arc<dyn SaltStore>,
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ports")
    }
}
