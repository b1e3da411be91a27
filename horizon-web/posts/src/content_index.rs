//! What the documents of a folder may refer to: the other documents, and files.

use std::{
    borrow::Cow,
    collections::HashMap,
    path::{Path, PathBuf},
};

use crate::urls;

/// The documents and files of the content folder, by path in the folder.
#[derive(Clone, Debug, Default)]
pub(crate) struct ContentIndex {
    /// The URL path of each document.
    documents: HashMap<PathBuf, String>,
}

/// Where a reference of a document leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The URL to write into the page. It keeps the query and fragment of the author's URL.
    pub(crate) url: String,
    pub(crate) target: ReferenceTarget,
}

/// The kind of a [`Reference`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReferenceTarget {
    /// A post or page: the path of its Markdown file in the content folder.
    Document(PathBuf),
    /// A file that the server sends: its real path on the disk.
    File(PathBuf),
    /// A part of the same document: the URL is empty or a fragment.
    Anchor,
    /// An address of this site that has neither a page nor a file.
    Missing,
    /// Anything else: another site, or a page of the server such as a list of posts.
    Other,
}

impl ContentIndex {
    pub(crate) fn new(documents: impl IntoIterator<Item = (PathBuf, String)>) -> Self {
        Self {
            documents: documents.into_iter().collect(),
        }
    }

    /// Returns where a link of the document at `from` leads, or `None` if its scheme is not allowed.
    pub(crate) fn link(&self, from: &Path, url: &str) -> Option<Reference> {
        let safe = urls::link(url)?;
        Some(self.document(from, url).unwrap_or_else(|| other(safe)))
    }

    /// Returns the image that the document at `from` shows, or `None` if its scheme is not allowed.
    #[expect(clippy::unused_self, reason = "images beside their post are in the index, too")]
    pub(crate) fn image(&self, _from: &Path, url: &str) -> Option<Reference> {
        urls::image(url).map(other)
    }

    /// Returns the file that the server sends at a URL path of this site, such as `/media/sea.jpg`.
    pub(crate) fn file(&self, url_path: &str) -> Option<&Path> {
        let _ = url_path;
        None
    }

    /// Finds the document that a relative URL such as `./other.md#part` names.
    fn document(&self, from: &Path, url: &str) -> Option<Reference> {
        let end = url.find(['?', '#']).unwrap_or(url.len());
        let (path, rest) = url.split_at(end);
        let path = urls::join(from, path)?;
        let document = self.documents.get(&path)?;
        Some(Reference {
            url: format!("{document}{rest}"),
            target: ReferenceTarget::Document(path),
        })
    }
}

fn other(url: Cow<'_, str>) -> Reference {
    Reference {
        url: url.into_owned(),
        target: ReferenceTarget::Other,
    }
}
