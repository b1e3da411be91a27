use std::{fmt, sync::Arc};

use crate::{Analytics, Comments, Presence, Salts, StatsStore};

/// The ports that stand behind a site: what an embedder picks.
///
/// Cloning is cheap; all clones are one.
#[derive(Clone)]
pub struct Ports {
    /// Who is here now.
    pub presence: Arc<dyn Presence>,
    /// Where events go, and where totals come from.
    pub analytics: Arc<dyn Analytics>,
    /// The totals at rest.
    pub stats: Arc<dyn StatsStore>,
    /// The comments at rest.
    pub comments: Arc<dyn Comments>,
    /// The secret of the day under which visitors are hashed.
    pub salts: Arc<dyn Salts>,
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ports")
    }
}
