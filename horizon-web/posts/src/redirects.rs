//! Old addresses of posts and pages.

use crate::Library;

impl Library {
    /// Returns the path of this site to which an old address leads, or `None` if the path is not an old address or is
    /// the path of a page.
    ///
    /// `path` is the path of a request: it starts with `/` and may be percent-encoded. Letter case, the Unicode form,
    /// `.html`, `index.html` and slashes at the end do not matter.
    #[must_use]
    pub fn redirect(&self, path: &str) -> Option<String> {
        let _ = path;
        None
    }
}
