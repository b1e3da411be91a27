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
/// let ports = Ports::with_store(Arc::new(MemoryPresence::default()), Arc::new(pipe), store);
/// assert_eq!(ports.stats.total(&Topic::Site).await?.stats.visits, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[non_exhaustive]
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

impl Ports {
    /// Returns the ports of a site whose store implements all three store ports.
    #[must_use]
    pub fn with_store<S>(presence: Arc<dyn Presence>, analytics: Arc<dyn Analytics>, store: Arc<S>) -> Self
    where
        S: StatsStore + CommentStore + SaltStore + 'static,
    {
        Self::new(presence, analytics, store.clone(), store.clone(), store)
    }

    /// Returns the ports of a site, each on its own.
    #[must_use]
    pub fn new(
        presence: Arc<dyn Presence>,
        analytics: Arc<dyn Analytics>,
        stats: Arc<dyn StatsStore>,
        comments: Arc<dyn CommentStore>,
        salts: Arc<dyn SaltStore>,
    ) -> Self {
        Self {
            presence,
            analytics,
            stats,
            comments,
            salts,
        }
    }
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ports")
    }
}
