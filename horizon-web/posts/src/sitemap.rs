use crate::{Library, SiteInfo};

/// All pages for search engines, as sitemaps.org has it.
#[must_use]
pub fn sitemap(_library: &Library, _site: &SiteInfo) -> String {
    String::new()
}

/// What search engines may read (all but `/admin` and the live API), and where the sitemap is.
#[must_use]
pub fn robots(_site: &SiteInfo) -> String {
    String::new()
}
