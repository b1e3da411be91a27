//! Lists the files of the content folder.

use std::{
    collections::{HashSet, VecDeque},
    fs::{self, DirEntry, Metadata},
    io,
    path::{Path, PathBuf},
};

use crate::{
    file_language::{self, PathLanguage},
    file_name, file_type,
    folder_links::LinkLimit,
    folder_rules::{self, FolderRules},
    layout::{FileUse, FolderRoot, Layout, LayoutRoots},
    skipped::{SkipReason, SkippedCounts},
    source::FileKind,
};

/// The maximum number of folders between a root of the content and a file.
pub(crate) const MAX_DEPTH: usize = 16;

/// The maximum number of files and folders in a root of the content. Further ones are not read.
pub(crate) const MAX_ENTRIES: usize = 20_000;

/// The maximum number of files and folders in `media/`. Further ones are served, but no document finds them.
const MAX_MEDIA_ENTRIES: usize = 200_000;

/// Folders of the plain layout whose files are drafts.
const DRAFT_FOLDERS: [&str; 4] = ["draft", "drafts", "private", "unpublished"];

/// A Markdown file.
#[derive(Clone, Debug, Hash)]
pub(crate) struct FoundDocument {
    /// The path in the content folder.
    pub(crate) path: PathBuf,
    /// The name, from which its date, slug and language come; see [`file_name::document_name`].
    pub(crate) name: String,
    pub(crate) kind: FileKind,
    /// Whether it is a draft because of its folder.
    pub(crate) is_draft: bool,
    /// Whether it may have no front matter; it is not shown then.
    pub(crate) is_optional: bool,
    /// Whether it is in a folder below that of the pages, so that the navigation leaves it out.
    pub(crate) is_nested: bool,
    /// What its path says about its translations.
    pub(crate) language: Option<PathLanguage>,
}

/// A file that is not Markdown.
#[derive(Clone, Debug)]
pub(crate) struct FoundFile {
    /// The path in the content folder.
    pub(crate) path: PathBuf,
    /// The path in its root.
    pub(crate) below: PathBuf,
    /// The path on the disk without symbolic links.
    pub(crate) real: PathBuf,
    pub(crate) file_use: FileUse,
    pub(crate) metadata: Metadata,
}

/// The files of the content folder.
#[derive(Debug, Default)]
pub(crate) struct FolderTree {
    pub(crate) documents: Vec<FoundDocument>,
    pub(crate) files: Vec<FoundFile>,
    pub(crate) skipped: SkippedCounts,
    /// The folders that were read, by path in the content folder.
    pub(crate) folders: Vec<PathBuf>,
    /// Folders that must be readable but are not, with the reason.
    pub(crate) unreadable: Vec<(PathBuf, io::Error)>,
    /// Section pages that cannot be understood, so that their folders are not public.
    pub(crate) unclear_sections: Vec<PathBuf>,
}

impl FolderTree {
    /// Lists the files below `root`. Reads each folder once and does not leave `root`.
    pub(crate) fn list(root: &Path, roots: &LayoutRoots) -> Self {
        let real_root = fs::canonicalize(root).unwrap_or_else(|_| root.into());
        let mut tree = Self::default();
        for folder_root in &roots.roots {
            // A folder that does not exist is not a link out of the root.
            let real = fs::canonicalize(root.join(&folder_root.path));
            let real = real.unwrap_or_else(|_| real_root.join(&folder_root.path));
            let Some(limit) = LinkLimit::new(&real_root, &real, folder_root) else {
                tree.skipped.add(SkipReason::Link, &folder_root.path);
                continue;
            };
            TreeWalk {
                limit,
                layout: roots.layout,
                folder_root,
                rules: FolderRules::new(roots.layout, &roots.config.exclusions),
                visited: HashSet::new(),
                queue: VecDeque::new(),
                entries: 0,
                tree: &mut tree,
            }
            .walk(real);
        }
        file_language::add_languages(&mut tree.documents, roots);
        if roots.root_of(Path::new("")).is_none() {
            tree.count_outside(root);
        }
        tree
    }

    /// Counts Markdown in a project's own folder, such as its `README.md`.
    fn count_outside(&mut self, root: &Path) {
        let entries = fs::read_dir(root).into_iter().flatten().flatten();
        let mut names: Vec<PathBuf> = entries.map(|entry| PathBuf::from(entry.file_name())).collect();
        names.sort();
        for name in names.iter().filter(|name| file_name::is_markdown(name)) {
            self.skipped.add(SkipReason::OutsideContent, name);
        }
    }
}

/// The walk through one root of the content.
struct TreeWalk<'a> {
    limit: LinkLimit,
    layout: Layout,
    folder_root: &'a FolderRoot,
    rules: FolderRules<'a>,
    /// The real paths of the folders that are or will be read: a link never leads to one twice.
    visited: HashSet<PathBuf>,
    queue: VecDeque<QueuedFolder>,
    entries: usize,
    tree: &'a mut FolderTree,
}

struct QueuedFolder {
    /// The path in the root.
    below: PathBuf,
    real: PathBuf,
    depth: usize,
    /// Whether it is in the folder of an `index.md`.
    in_bundle: bool,
}

/// A file or folder, after symbolic links.
struct FoundEntry {
    below: PathBuf,
    real: PathBuf,
    metadata: Metadata,
}

impl TreeWalk<'_> {
    /// Reads the folders by depth, so that a limit is reached in the deepest.
    fn walk(mut self, real: PathBuf) {
        self.visited.insert(real.clone());
        self.queue.push_back(QueuedFolder {
            below: PathBuf::new(),
            real,
            depth: 0,
            in_bundle: false,
        });
        while let Some(folder) = self.queue.pop_front() {
            match Self::names(&folder) {
                Ok(entries) => {
                    let path = self.path(&folder.below);
                    self.tree.folders.push(path);
                    self.add_folder(&folder, &entries);
                }
                Err(error) => self.add_unreadable(&folder, error),
            }
        }
    }

    /// Returns the entries of a folder by name.
    fn names(folder: &QueuedFolder) -> io::Result<Vec<DirEntry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&folder.real)? {
            entries.push(entry?);
        }
        entries.sort_by_key(DirEntry::file_name);
        Ok(entries)
    }

    /// A folder that was read by every version must be readable. The folder `pages` may be missing.
    fn add_unreadable(&mut self, folder: &QueuedFolder, error: io::Error) {
        let is_root = folder.depth == 0 && self.folder_root.path.as_os_str().is_empty();
        let path = self.path(&folder.below);
        if is_root || (self.layout == Layout::Plain && path == Path::new("pages")) {
            self.tree.unreadable.push((path, error));
        } else if error.kind() != io::ErrorKind::NotFound {
            self.tree.skipped.add(SkipReason::Unreadable, &path);
        }
    }

    fn path(&self, below: &Path) -> PathBuf {
        self.folder_root.path.join(below)
    }

    fn skip(&mut self, reason: SkipReason, below: &Path) {
        let path = self.path(below);
        self.tree.skipped.add(reason, &path);
    }

    fn add_folder(&mut self, folder: &QueuedFolder, entries: &[DirEntry]) {
        if self.folder_root.has_documents() && self.is_hidden_section(folder, entries) {
            return self.skip(SkipReason::Excluded, &folder.below);
        }
        let has_index = |entry: &DirEntry| file_name::is_index(&folder.below.join(entry.file_name()));
        let has_bundles =
            self.folder_root.has_documents() && matches!(self.layout, Layout::Plain | Layout::Hugo | Layout::Zola);
        let is_bundle = has_bundles && !folder.in_bundle && entries.iter().any(has_index);
        for entry in entries {
            let below = folder.below.join(entry.file_name());
            self.entries += 1;
            if self.entries > self.max_entries() {
                self.skip(SkipReason::TooMany, &below);
            } else if let Some(reason) = self.reason_of_name(folder, &below) {
                self.skip(reason, &below);
            } else {
                self.add_entry(folder, entry, &below, is_bundle);
            }
        }
    }

    fn is_hidden_section(&mut self, folder: &QueuedFolder, entries: &[DirEntry]) -> bool {
        let names: Vec<PathBuf> = entries.iter().map(|entry| entry.file_name().into()).collect();
        let (is_hidden, unclear) = self.rules.read_sections(&folder.real, &folder.below, &names);
        let unclear = unclear.map(|name| self.path(&folder.below.join(name)));
        self.tree.unclear_sections.extend(unclear);
        is_hidden
    }

    fn max_entries(&self) -> usize {
        match self.folder_root.files {
            FileUse::Media => MAX_MEDIA_ENTRIES,
            _ => MAX_ENTRIES,
        }
    }

    /// Returns why a name is not read.
    fn reason_of_name(&self, folder: &QueuedFolder, below: &Path) -> Option<SkipReason> {
        let name = below.file_name()?.as_encoded_bytes();
        let is_well_known = self.folder_root.files == FileUse::Static && folder.depth == 0 && name == b".well-known";
        if name.starts_with(b".") && !is_well_known {
            return Some(SkipReason::Hidden);
        }
        let is_excluded = self.rules.excludes(&self.path(below), below);
        is_excluded.then_some(SkipReason::Excluded)
    }

    fn add_entry(&mut self, folder: &QueuedFolder, entry: &DirEntry, below: &Path, is_bundle: bool) {
        let is_document = self.folder_root.has_documents() && file_name::is_markdown(below);
        let found = self.resolve(folder, entry, below.to_owned());
        match found {
            // What is named like a document but cannot be read is reported when it is read.
            _ if is_document && (found.is_some() || self.is_own_layout(below)) => {
                self.add_document(folder, below, is_bundle);
            }
            Some(found) if self.is_own_pages(below) => self.add_subfolder(folder, found, is_bundle),
            None => self.skip(SkipReason::Link, below),
            Some(found) if found.metadata.is_dir() => self.add_subfolder(folder, found, is_bundle),
            Some(found) if found.metadata.is_file() => self.add_file(found),
            Some(_) => self.skip(SkipReason::FileType, below),
        }
    }

    /// Follows a symbolic link within the content folder.
    fn resolve(&self, folder: &QueuedFolder, entry: &DirEntry, below: PathBuf) -> Option<FoundEntry> {
        let is_link = entry.file_type().ok()?.is_symlink();
        let path = folder.real.join(entry.file_name());
        let real = if is_link { fs::canonicalize(path).ok()? } else { path };
        let metadata = fs::metadata(&real).ok()?;
        // The names of pages elsewhere are listed: each is reported, and none is read.
        let is_listed = !is_link || self.limit.allows(&real) || self.is_own_pages(&below);
        is_listed.then_some(FoundEntry { below, real, metadata })
    }

    fn add_subfolder(&mut self, folder: &QueuedFolder, found: FoundEntry, is_bundle: bool) {
        let path = &found.below;
        if folder.depth == 0 && self.folder_root.without.iter().any(|name| Path::new(name) == path) {
            return;
        }
        let reason = match self.reason_of_folder(path) {
            Some(reason) => Some(reason),
            None if folder.depth + 1 > MAX_DEPTH => Some(SkipReason::TooDeep),
            None if !self.visited.insert(found.real.clone()) => Some(SkipReason::ReadElsewhere),
            None => None,
        };
        if let Some(reason) = reason {
            return self.skip(reason, path);
        }
        self.queue.push_back(QueuedFolder {
            real: found.real,
            depth: folder.depth + 1,
            in_bundle: folder.in_bundle || is_bundle,
            below: found.below,
        });
    }

    fn reason_of_folder(&self, below: &Path) -> Option<SkipReason> {
        let name = below.file_name()?.to_string_lossy().to_lowercase();
        if !self.folder_root.has_documents() {
            return None;
        }
        folder_rules::reason_of_folder(&name, self.layout)
    }

    fn add_document(&mut self, folder: &QueuedFolder, below: &Path, is_bundle: bool) {
        let path = self.path(below);
        let is_own = self.is_own_layout(below);
        let name = below.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let stem = file_name::split_language(name.split_once('.').map_or(name.as_str(), |(stem, _)| stem)).0;
        let in_bundle = folder.in_bundle || (is_bundle && !file_name::is_index(below));
        let reason = match stem {
            _ if is_own => None,
            "_index" => Some(SkipReason::Section),
            "index" | "404" if self.layout != Layout::Plain && folder.depth == 0 => Some(SkipReason::HomePage),
            _ if in_bundle => Some(SkipReason::BundlePart),
            _ if name.starts_with('_') => Some(SkipReason::Underscore),
            _ => None,
        };
        if let Some(reason) = reason {
            return self.tree.skipped.add(reason, &path);
        }
        self.tree.documents.push(FoundDocument {
            name: file_name::document_name(if is_own { Path::new(&*name) } else { below }),
            kind: self.kind(below),
            is_draft: self.is_draft(below),
            is_optional: !is_own,
            is_nested: !is_own && folder.depth > usize::from(file_name::is_index(below)),
            language: None,
            path,
        });
    }

    /// Returns whether it is a file of our own layout: `*.md` or `pages/*.md`.
    fn is_own_layout(&self, below: &Path) -> bool {
        let folder = below.parent().unwrap_or(Path::new(""));
        self.layout == Layout::Plain
            && below.extension().is_some_and(|extension| extension == "md")
            && (folder == Path::new("") || folder == Path::new("pages"))
    }

    /// Returns whether it is the folder of the pages in our own layout.
    fn is_own_pages(&self, below: &Path) -> bool {
        self.layout == Layout::Plain && self.folder_root.has_documents() && below == Path::new("pages")
    }

    fn kind(&self, below: &Path) -> FileKind {
        let folders = file_name::folders(below);
        let has = |name: &str| folders.iter().any(|folder| folder == name);
        if has("pages") {
            FileKind::Page
        } else if self.is_own_layout(below) || (self.layout == Layout::Jekyll && has("_posts")) {
            FileKind::Post
        } else if has("_drafts") {
            FileKind::PostIfDated
        } else {
            self.folder_root.documents.unwrap_or(FileKind::PostIfDated)
        }
    }

    fn is_draft(&self, below: &Path) -> bool {
        let folders = file_name::folders(below);
        let is_of_drafts = |folder: &String| {
            let name = folder.to_lowercase();
            name == "_drafts" || (self.layout == Layout::Plain && DRAFT_FOLDERS.contains(&&*name))
        };
        folders.iter().any(is_of_drafts)
    }

    fn add_file(&mut self, found: FoundEntry) {
        let FoundEntry { below, real, metadata } = found;
        if self.folder_root.has_documents()
            && (file_type::is_other_markup(&below) || file_type::is_html_with_front_matter(&real))
        {
            return self.skip(SkipReason::Format, &below);
        }
        if below.to_str().is_none() {
            return self.skip(SkipReason::NameNotUtf8, &below);
        }
        self.tree.files.push(FoundFile {
            path: self.path(&below),
            file_use: self.folder_root.files,
            below,
            real,
            metadata,
        });
    }
}
