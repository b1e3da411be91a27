//! Where symbolic links in the content folder may lead.

use std::path::{Path, PathBuf};

use crate::layout::{FileUse, FolderRoot};

/// The folder that the symbolic links of a root may not leave.
#[derive(Debug)]
pub(crate) struct LinkLimit(PathBuf);

impl LinkLimit {
    /// Returns the limit of a root. `real_root` is the content folder and `real` the root, both without links. Returns
    /// `None` if the root itself is a link that may not be followed.
    pub(crate) fn new(real_root: &Path, real: &Path, folder_root: &FolderRoot) -> Option<Self> {
        let is_whole = real == real_root && !folder_root.path.as_os_str().is_empty();
        if !real.starts_with(real_root) || (is_whole && !folder_root.has_documents()) {
            return None;
        }
        Some(Self(match folder_root.files {
            // As the server follows links.
            FileUse::Media => real_root.join(&folder_root.path),
            // What is elsewhere in the project was not published with it.
            FileUse::Static => real.to_owned(),
            FileUse::None | FileUse::Beside(_) => real_root.to_owned(),
        }))
    }

    /// Returns whether a link may lead to this path, which has no links. A name such as `..data` is one of Kubernetes.
    pub(crate) fn allows(&self, real: &Path) -> bool {
        let is_hidden = |name: &[u8]| name.starts_with(b".") && !name.starts_with(b"..");
        let below = real.strip_prefix(&self.0);
        below.is_ok_and(|below| !below.iter().any(|name| is_hidden(name.as_encoded_bytes())))
    }
}
