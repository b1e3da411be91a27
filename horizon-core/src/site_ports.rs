use std::{fmt, sync::Arc};

use crate::{CommentStore, EventBus, Presence, SaltStore, StatsStore};

/// The ports of a site. Cloning is cheap.
///
/// ```
/// use std::sync::Arc;
/// use horizon_core::Ports;
/// use horizon_memory::{MemoryBus, MemoryPresence, MemoryStore};
///
/// let store = Arc::new(MemoryStore::new());
/// let (bus, _consumer) = MemoryBus::new(store.clone()); // the consumer is for the accumulator
/// let ports = Ports::with_store(Arc::new(MemoryPresence::default()), Arc::new(bus), store);
/// # drop(ports);
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Ports {
    /// Tracks viewers.
    pub presence: Arc<dyn Presence>,
    /// Takes events and streams totals.
    pub bus: Arc<dyn EventBus>,
    /// Stores totals.
    pub stats: Arc<dyn StatsStore>,
    /// Stores comments.
    pub comments: Arc<dyn CommentStore>,
    /// Stores the salts of visitor keys.
    pub salts: Arc<dyn SaltStore>,
}

impl Ports {
    /// Returns the ports of a site whose store implements all three store ports.
    #[must_use]
    pub fn with_store<S>(presence: Arc<dyn Presence>, bus: Arc<dyn EventBus>, store: Arc<S>) -> Self
    where
        S: StatsStore + CommentStore + SaltStore + 'static,
    {
        Self::new(presence, bus, store.clone(), store.clone(), store)
    }

    /// Returns the ports of a site with a separate store for each store port.
    #[must_use]
    pub fn new(
        presence: Arc<dyn Presence>,
        bus: Arc<dyn EventBus>,
        stats: Arc<dyn StatsStore>,
        comments: Arc<dyn CommentStore>,
        salts: Arc<dyn SaltStore>,
    ) -> Self {
        Self {
            presence,
            bus,
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
