use std::{fmt, sync::Arc};

use horizon_core::{Analytics, Comments, Presence, Salts, Slug, StatsStore};

/// The ports that stand behind the router: what an embedder picks.
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

/// Which pages there are. A slug that it does not know costs neither memory nor a look into a store.
///
/// Any `Fn(&Slug) -> bool` will do. It is asked on every request, so it has to be quick.
pub trait Pages: Send + Sync {
    /// Whether there is a page with this slug.
    fn exists(&self, slug: &Slug) -> bool;
}

impl<F: Fn(&Slug) -> bool + Send + Sync> Pages for F {
    fn exists(&self, slug: &Slug) -> bool {
        self(slug)
    }
}
