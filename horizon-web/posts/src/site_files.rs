//! The files that are served next to the documents: nothing else of the content folder has a URL.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::{
    file_name,
    file_type::ServedTypes,
    folder_tree::{FoundDocument, FoundFile},
    layout::{FileUse, Layout, LayoutRoots},
    skipped::{SkipReason, SkippedCounts},
    unicode::nfc,
};

/// The characters of a path that are written as they are.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'+')
    .remove(b',')
    .remove(b'=')
    .remove(b'@')
    .remove(b'!');

/// First segments of the server's URLs below which there may also be files.
const SHARED_SEGMENTS: [&str; 3] = ["blog", "media", "tags"];

/// The file of the server that one of the author replaces.
const REPLACEABLE: &str = "/robots.txt";

/// A file that is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SiteFile {
    /// The URL path, percent-encoded.
    pub(crate) url: String,
    /// The path on the disk without symbolic links.
    pub(crate) real: PathBuf,
    /// The length in bytes.
    pub(crate) length: u64,
    pub(crate) modified: Option<SystemTime>,
    /// The documents that it belongs to, by path in the content folder. It is public if one of them is, or if it
    /// belongs to no document.
    pub(crate) owners: Arc<[PathBuf]>,
    /// Whether the last version did not serve it.
    pub(crate) is_new: bool,
}

/// The files that are served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SiteFiles {
    /// By decoded URL path in normalization form C.
    by_url: HashMap<String, Arc<SiteFile>>,
    /// The decoded URL paths by path in the content folder, in normalization form C.
    by_path: HashMap<String, String>,
    /// The addresses that a generator gives to files beside documents.
    old_addresses: Vec<(String, Arc<SiteFile>)>,
}

/// Returns a path of a URL as it is in [`SiteFiles`], without percent-encoding.
pub(crate) fn decoded(url_path: &str) -> Option<String> {
    let decoded = percent_decode_str(url_path).decode_utf8().ok()?;
    Some(match nfc(&decoded) {
        Cow::Borrowed(_) => decoded.into_owned(),
        Cow::Owned(composed) => composed,
    })
}

/// Returns a path for a URL.
pub(crate) fn encoded(path: &str) -> String {
    utf8_percent_encode(path, PATH).to_string()
}

impl SiteFiles {
    /// Selects the files that are served. `reserved` are the first segments of the server's own URLs.
    pub(crate) fn new(
        files: Vec<FoundFile>,
        documents: &[FoundDocument],
        roots: &LayoutRoots,
        reserved: &[&str],
        skipped: &mut SkippedCounts,
    ) -> Self {
        let owners = DocumentFolders::new(documents, roots);
        let mut site_files = Self::default();
        let mut files: Vec<(u8, FoundFile)> = files.into_iter().map(|file| (rank(file.file_use), file)).collect();
        files.sort_by_key(|(rank, _)| *rank);
        for (_, file) in files {
            if let Err(reason) = site_files.add(&file, &owners, roots, reserved) {
                skipped.add(reason, &file.path);
            }
        }
        site_files
    }

    fn add(
        &mut self,
        file: &FoundFile,
        folders: &DocumentFolders,
        roots: &LayoutRoots,
        reserved: &[&str],
    ) -> Result<(), SkipReason> {
        let below = file.below.to_str().ok_or(SkipReason::NameNotUtf8)?;
        let file_use = match file.file_use {
            // Only `_posts` and `_drafts` are read.
            FileUse::Static if roots.layout == Layout::Jekyll && below.contains("_posts/") => FileUse::Beside(""),
            FileUse::Static if roots.layout == Layout::Jekyll && below.contains("_drafts/") => FileUse::Beside(""),
            file_use => file_use,
        };
        let owners = match file_use {
            FileUse::Beside("") => folders.owners(&file.path).ok_or(SkipReason::FileType)?,
            _ => Owners::default(),
        };
        let types = match file_use {
            FileUse::None => return Err(SkipReason::FileType),
            FileUse::Media => None,
            // The project's own folder has files of tools, too.
            FileUse::Static if roots.layout == Layout::Jekyll && !below.contains('/') => Some(ServedTypes::Published),
            FileUse::Static => Some(ServedTypes::All),
            FileUse::Beside(_) if owners.is_bundle => Some(ServedTypes::All),
            FileUse::Beside(_) => Some(ServedTypes::Media),
        };
        let is_in_well_known = file_use == FileUse::Static && below.starts_with(".well-known/");
        // A link has the type of what it leads to, too.
        let is_served =
            |types: ServedTypes, path: &Path| (is_in_well_known && path.extension().is_none()) || types.contains(path);
        let names = [&file.below, &file.real];
        if types.is_some_and(|types| !names.into_iter().all(|path| is_served(types, path))) {
            return Err(SkipReason::FileType);
        }
        let url = url_path(file_use, below);
        if file_use == FileUse::Static && url != REPLACEABLE && is_reserved(&url, reserved) {
            return Err(SkipReason::ReservedUrl);
        }
        let site_file = Arc::new(SiteFile {
            url: encoded(&url),
            real: file.real.clone(),
            length: file.metadata.len(),
            modified: file.metadata.modified().ok(),
            owners: owners.documents,
            is_new: file_use != FileUse::Media,
        });
        if matches!(file_use, FileUse::Beside(_)) {
            self.old_addresses.push((format!("/{below}"), Arc::clone(&site_file)));
        }
        if let Some(path) = file.path.to_str() {
            self.by_path.insert(nfc(path).into_owned(), url.clone());
        }
        // A file of the same name that comes earlier wins.
        self.by_url.entry(url).or_insert(site_file);
        Ok(())
    }

    /// Returns the file at a decoded URL path.
    pub(crate) fn at(&self, decoded_path: &str) -> Option<&Arc<SiteFile>> {
        self.by_url.get(decoded_path)
    }

    /// Returns the file at a path of the content folder.
    pub(crate) fn at_path(&self, path: &Path) -> Option<&Arc<SiteFile>> {
        let path = path.to_str()?;
        self.by_url.get(self.by_path.get(&*nfc(path))?)
    }

    /// Returns the addresses that a generator gives to files beside documents.
    pub(crate) fn old_addresses(&self) -> impl Iterator<Item = (&str, &SiteFile)> {
        self.old_addresses
            .iter()
            .map(|(address, file)| (address.as_str(), &**file))
    }

    /// Returns the files that are public if these documents are.
    pub(crate) fn public(&self, documents: &HashSet<&Path>) -> Self {
        let is_public = |file: &SiteFile| {
            file.owners.is_empty() || file.owners.iter().any(|owner| documents.contains(owner.as_path()))
        };
        let by_url = self.by_url.iter().filter(|(_, file)| is_public(file));
        let old_addresses = self.old_addresses.iter().filter(|(_, file)| is_public(file));
        Self {
            by_url: by_url.map(|(url, file)| (url.clone(), Arc::clone(file))).collect(),
            by_path: HashMap::new(),
            old_addresses: old_addresses.cloned().collect(),
        }
    }

    /// Returns the number of files that the last version did not serve.
    pub(crate) fn new_count(&self) -> usize {
        self.by_url.values().filter(|file| file.is_new).count()
    }
}

/// The order in which files of the same URL win.
fn rank(file_use: FileUse) -> u8 {
    match file_use {
        FileUse::Media => 0,
        FileUse::Beside(_) => 1,
        FileUse::Static => 2,
        FileUse::None => 3,
    }
}

fn url_path(file_use: FileUse, below: &str) -> String {
    let path = match file_use {
        FileUse::Static | FileUse::None => format!("/{below}"),
        FileUse::Media | FileUse::Beside("") => format!("/media/{below}"),
        FileUse::Beside(prefix) => format!("/media/{prefix}/{below}"),
    };
    nfc(&path).into_owned()
}

/// Returns whether a decoded path is one of the server's own that no file and no old address can have.
pub(crate) fn is_reserved(url: &str, reserved: &[&str]) -> bool {
    let segment = url.trim_start_matches('/').split('/').next().unwrap_or_default();
    reserved.contains(&segment) && !SHARED_SEGMENTS.contains(&segment)
}

/// The documents in each folder.
struct DocumentFolders {
    documents: HashMap<PathBuf, Owners>,
    /// Whether files of deeper folders without documents belong to the documents in the content folder itself.
    owns_below_root: bool,
}

#[derive(Clone)]
struct Owners {
    documents: Arc<[PathBuf]>,
    is_bundle: bool,
}

impl Default for Owners {
    fn default() -> Self {
        Self {
            documents: Arc::from([]),
            is_bundle: false,
        }
    }
}

impl DocumentFolders {
    fn new(documents: &[FoundDocument], roots: &LayoutRoots) -> Self {
        let mut folders: HashMap<PathBuf, (Vec<PathBuf>, bool)> = HashMap::new();
        for document in documents {
            let is_index = file_name::is_index(roots.below_root(&document.path));
            let folder = document.path.parent().unwrap_or(Path::new("")).to_owned();
            let (paths, is_bundle) = folders.entry(folder).or_default();
            // The files of a bundle belong to its own document only.
            if is_index && !*is_bundle {
                paths.clear();
                *is_bundle = true;
            }
            if is_index || !*is_bundle {
                paths.push(document.path.clone());
            }
        }
        let owners = folders.into_iter().map(|(folder, (documents, is_bundle))| {
            let documents = documents.into();
            (folder, Owners { documents, is_bundle })
        });
        Self {
            documents: owners.collect(),
            owns_below_root: roots.layout != Layout::Plain,
        }
    }

    /// Returns the owners of a file: the documents in the nearest folder that has some. A file in a folder of the plain
    /// layout without documents is not served, because earlier versions ignored it.
    fn owners(&self, file: &Path) -> Option<Owners> {
        let mut folders = file.ancestors().skip(1);
        let nearest = folders.find_map(|folder| Some((folder, self.documents.get(folder)?)));
        let Some((folder, owners)) = nearest else {
            return self.owns_below_root.then(Owners::default);
        };
        let is_near = self.owns_below_root || folder != Path::new("") || file.parent() == Some(folder);
        is_near.then(|| owners.clone())
    }
}
