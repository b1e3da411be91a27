//! Resolves what documents refer to: other documents, and files.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    addresses::Addresses,
    layout::Layout,
    redirects::OldLists,
    site_files::{SiteFiles, decoded},
    unicode::nfc,
    urls,
};

/// The first segments of lists of posts.
const LISTS: [&str; 4] = ["archive", BLOG, "series", "tags"];

/// The first segment of posts and of their list.
const BLOG: &str = "blog";

/// The first segment of files that are not at their old address.
const MEDIA: &str = "media";

/// The documents and files of the content folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ContentIndex {
    pub(crate) layout: Layout,
    /// The blog's own URL.
    pub(crate) base_url: String,
    /// The first path segments of the server's own URLs.
    pub(crate) reserved: &'static [&'static str],
    /// The documents by path in the content folder, as it is and in normalization form C.
    pub(crate) documents: HashMap<PathBuf, IndexedDocument>,
    /// The paths in the content folder of the folders of documents.
    pub(crate) content_roots: Vec<PathBuf>,
    pub(crate) addresses: Addresses,
    pub(crate) lists: OldLists,
    pub(crate) files: Arc<SiteFiles>,
}

/// A document that others may refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IndexedDocument {
    /// The path in the content folder.
    pub(crate) path: PathBuf,
    pub(crate) url: String,
    /// The address that its generator gave it, from which its relative links start.
    pub(crate) old_address: Option<String>,
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

/// What a URL leads to, and the URL to write if it is not the author's.
type Found = (Option<String>, ReferenceTarget);

impl ContentIndex {
    /// Returns where a link of the document at `from` leads, or `None` if its scheme is not allowed.
    pub(crate) fn link(&self, from: &Path, url: &str) -> Option<Reference> {
        let written = urls::link(url)?;
        if matches!(url.chars().next(), None | Some('#')) {
            return Some(reference(&written, ReferenceTarget::Anchor));
        }
        let Some(own) = self.own_part(url) else {
            return Some(reference(&written, ReferenceTarget::Other));
        };
        let (path, rest) = split_path(own);
        let found = self.find(from, path).or_else(|| self.media(&written));
        Some(finish(&written, rest, found))
    }

    /// Returns the picture that the document at `from` shows, or `None` if its scheme is not allowed. A relative URL
    /// that is not near the document is in `media/`.
    pub(crate) fn image(&self, from: &Path, url: &str) -> Option<Reference> {
        let written = urls::image(url)?;
        let Some(own) = self.own_part(url) else {
            return Some(reference(&written, ReferenceTarget::Other));
        };
        let (path, rest) = split_path(own);
        let found = match path.strip_prefix('/') {
            Some(_) => self.find_absolute(path),
            None => self.file_near(from, path).or_else(|| self.by_old_address(from, path)),
        };
        let is_file = |found: &Found| matches!(found.1, ReferenceTarget::File(_));
        let found = found.filter(is_file).or_else(|| self.media(&written));
        Some(finish(&written, rest, found))
    }

    /// Returns the file that the server sends at a URL path of this site, such as `/media/sea.jpg`.
    pub(crate) fn file(&self, url_path: &str) -> Option<&Path> {
        let (path, _) = split_path(url_path);
        self.files.at(&decoded(path)?).map(|file| file.real.as_path())
    }

    /// Returns the part of a URL from its path on, or `None` if it leads to another site.
    fn own_part<'a>(&self, url: &'a str) -> Option<&'a str> {
        if !urls::is_absolute(url) {
            return Some(url);
        }
        if self.base_url.is_empty() || urls::is_external(url, &self.base_url) {
            return None;
        }
        let (_, after) = url.split_once("//")?;
        let path = after.find(['/', '?', '#']).and_then(|at| after.get(at..));
        Some(path.unwrap_or("/"))
    }

    fn find(&self, from: &Path, path: &str) -> Option<Found> {
        if path.is_empty() {
            // Only a query: the same document.
            return Some((None, ReferenceTarget::Other));
        }
        if let Some(path) = path.strip_prefix("@/") {
            return self.in_content(path);
        }
        if path.starts_with('/') {
            return self.find_absolute(path);
        }
        let near = self.document_near(from, path).or_else(|| self.file_near(from, path));
        near.or_else(|| self.by_old_address(from, path))
            .or_else(|| self.by_url(from, path))
            .or_else(|| self.by_end_of_path(path))
    }

    /// Finds the only document whose path ends like this, as `ref` of Hugo does.
    fn by_end_of_path(&self, path: &str) -> Option<Found> {
        let is_used = self.layout == Layout::Hugo && path.ends_with(".md");
        let path = urls::join(Path::new(""), path).filter(|_| is_used)?;
        let mut found = self
            .documents
            .values()
            .filter(|document| document.path.ends_with(&path));
        let first = found.next()?;
        let is_only = found.all(|other| other.path == first.path);
        is_only.then(|| (Some(first.url.clone()), ReferenceTarget::Document(first.path.clone())))
    }

    /// Finds what an absolute path leads to.
    fn find_absolute(&self, path: &str) -> Option<Found> {
        let decoded = decoded(path)?;
        if self.addresses.is_document(&decoded) {
            let target = self.addresses.find(&decoded)?;
            return target
                .document
                .clone()
                .map(|path| (None, ReferenceTarget::Document(path)));
        }
        if let Some(file) = self.files.at(&decoded) {
            return Some((None, ReferenceTarget::File(file.real.clone())));
        }
        if let Some(target) = self.addresses.find(&decoded) {
            let file = || {
                self.file(&target.url)
                    .map(|file| ReferenceTarget::File(file.to_owned()))
            };
            let document = target.document.clone().map(ReferenceTarget::Document);
            return Some((Some(target.url.clone()), document.or_else(file)?));
        }
        if let Some(found) = self.in_content(decoded.trim_start_matches('/')) {
            return Some(found);
        }
        if self.is_of_server(&decoded) {
            return Some((None, ReferenceTarget::Other));
        }
        let list = self.lists.find(&decoded)?;
        Some((Some(list), ReferenceTarget::Other))
    }

    /// Returns whether a path is that of a page of the server. The server has more URLs than those whose targets are
    /// known here, such as `/tags/{tag}`.
    fn is_of_server(&self, decoded: &str) -> bool {
        let path = decoded.trim_matches('/');
        let (segment, below) = path
            .split_once('/')
            .map_or((path, ""), |(segment, below)| (segment, below));
        let is_list = LISTS.contains(&segment) && (segment != BLOG || below.is_empty());
        let is_other = self.reserved.contains(&segment) && segment != BLOG && segment != MEDIA;
        path.is_empty() || is_list || is_other
    }

    /// Finds a document or file by its path in the content, as `@/blog/one.md` in Zola.
    fn in_content(&self, path: &str) -> Option<Found> {
        let mut roots = self.content_roots.iter();
        roots.find_map(|root| {
            let root = root.join("x");
            self.document_near(&root, path).or_else(|| self.file_near(&root, path))
        })
    }

    /// Finds the document that a path relative to the file `from` names, such as `./other.md`.
    fn document_near(&self, from: &Path, path: &str) -> Option<Found> {
        let path = urls::join(from, path)?;
        let composed = |path: PathBuf| path.to_str().map(|path| PathBuf::from(&*nfc(path))).unwrap_or(path);
        let path = if self.documents.contains_key(&path) {
            path
        } else {
            composed(path)
        };
        let document = self.documents.get(&path)?;
        Some((
            Some(document.url.clone()),
            ReferenceTarget::Document(document.path.clone()),
        ))
    }

    /// Finds the file that a path relative to the file `from` names.
    fn file_near(&self, from: &Path, path: &str) -> Option<Found> {
        let file = self.files.at_path(&urls::join(from, path)?)?;
        Some((Some(file.url.clone()), ReferenceTarget::File(file.real.clone())))
    }

    /// Finds what a relative URL led to at the address that the generator gave to the document `from`.
    fn by_old_address(&self, from: &Path, path: &str) -> Option<Found> {
        if self.layout == Layout::Plain {
            return None;
        }
        let old_address = self.documents.get(from)?.old_address.as_deref()?;
        let found = relative_to(old_address, path).and_then(|path| self.find_absolute(&path));
        // Without a slash at the start, some generators begin at the home page.
        let (url, target) = found.or_else(|| self.find_absolute(&format!("/{path}")))?;
        Some((Some(url.unwrap_or_else(|| format!("/{path}"))), target))
    }

    /// Finds what a browser finds: the URL relative to that of the document `from`.
    fn by_url(&self, from: &Path, path: &str) -> Option<Found> {
        let own = &self.documents.get(from)?.url;
        let (_, target) = self.find_absolute(&relative_to(own, path)?)?;
        Some((None, target))
    }

    /// Finds a file in `media/` by the URL to write.
    fn media(&self, written: &str) -> Option<Found> {
        let file = self.file(written)?;
        Some((None, ReferenceTarget::File(file.to_owned())))
    }
}

/// Resolves a relative URL against the path of a page, as a browser does.
fn relative_to(page: &str, path: &str) -> Option<String> {
    let page = page.trim_start_matches('/');
    let page = if page.ends_with('/') {
        format!("{page}x")
    } else {
        page.to_owned()
    };
    let path = urls::join(Path::new(&page), path)?;
    Some(format!("/{}", path.to_str()?))
}

fn reference(url: &str, target: ReferenceTarget) -> Reference {
    Reference {
        url: url.to_owned(),
        target,
    }
}

fn finish(written: &str, rest: &str, found: Option<Found>) -> Reference {
    match found {
        None => reference(written, ReferenceTarget::Missing),
        Some((None, target)) => reference(written, target),
        Some((Some(url), target)) => reference(&(url + rest), target),
    }
}

/// Splits a URL before its query or fragment.
fn split_path(url: &str) -> (&str, &str) {
    url.split_at(url.find(['?', '#']).unwrap_or(url.len()))
}
