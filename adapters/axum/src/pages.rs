use horizon_core::Slug;

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
