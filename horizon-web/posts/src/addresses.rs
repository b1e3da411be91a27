//! Finds what an address leads to, in any of its spellings.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

use crate::{layout::DocumentAddresses, site_files::decoded};

/// The maximum number of categories at the start of an address.
const MAX_CATEGORIES: usize = 16;

/// The maximum length of an address, in bytes. Longer ones lead nowhere.
const MAX_ADDRESS_BYTES: usize = 2_048;

/// Where an address leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AddressTarget {
    /// The URL path.
    pub(crate) url: String,
    /// The path of the document's file in the content folder, or `None` for other files.
    pub(crate) document: Option<PathBuf>,
}

/// The addresses of documents and files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Addresses {
    /// The decoded URL paths of the documents.
    documents: HashSet<String>,
    /// By [`key`].
    by_key: HashMap<String, AddressTarget>,
    /// By the key of what follows any categories.
    after_categories: HashMap<String, AddressTarget>,
}

/// A document and all its addresses.
pub(crate) struct AddressedDocument<'a> {
    pub(crate) path: &'a Path,
    pub(crate) url: String,
    pub(crate) aliases: &'a [String],
    /// Whether relative aliases start at the root of the site, as in Zola, and not in the document's folder.
    pub(crate) has_root_aliases: bool,
    pub(crate) generated: DocumentAddresses,
}

impl Addresses {
    /// The first document of an address has it: first by its own URL, then by those that its author names, then by
    /// those that follow from its name.
    pub(crate) fn new(documents: &[AddressedDocument<'_>]) -> Self {
        let mut this = Self::default();
        for document in documents {
            this.documents.extend(decoded(&document.url));
            this.add(&document.url, document);
        }
        for document in documents {
            for alias in document.aliases {
                this.add(&alias_path(alias, document), document);
            }
        }
        for document in documents {
            document
                .generated
                .likely
                .iter()
                .for_each(|address| this.add(address, document));
        }
        for document in documents {
            document
                .generated
                .possible
                .iter()
                .for_each(|address| this.add(address, document));
            for end in &document.generated.after_categories {
                this.after_categories
                    .entry(key(end))
                    .or_insert_with(|| document.target());
            }
        }
        this
    }

    /// Adds a file. The addresses of documents win.
    pub(crate) fn add_file(&mut self, address: &str, url: &str) {
        let target = || AddressTarget {
            url: url.to_owned(),
            document: None,
        };
        self.by_key.entry(key(address)).or_insert_with(target);
    }

    /// Adds a file of a bundle, by its path in the folder of the bundle.
    pub(crate) fn add_bundle_file(&mut self, bundle: &AddressedDocument<'_>, name: &str, url: &str) {
        for alias in bundle.aliases {
            self.add_file(&in_folder(&alias_path(alias, bundle), name), url);
        }
        for address in bundle.generated.likely.iter().chain(&bundle.generated.possible) {
            self.add_file(&in_folder(address, name), url);
        }
    }

    fn add(&mut self, address: &str, document: &AddressedDocument<'_>) {
        let key = key(address);
        // The home page is not an old address.
        if !key.is_empty() {
            self.by_key.entry(key).or_insert_with(|| document.target());
        }
    }

    /// Returns whether a document has exactly this decoded URL path.
    pub(crate) fn is_document(&self, decoded_path: &str) -> bool {
        self.documents.contains(decoded_path)
    }

    /// Returns where a decoded path leads, in any of its spellings.
    pub(crate) fn find(&self, path: &str) -> Option<&AddressTarget> {
        if path.len() > MAX_ADDRESS_BYTES {
            return None;
        }
        let key = key_of_decoded(path);
        let found = self.by_key.get(&key);
        found.or_else(|| {
            let slashes = key.match_indices('/').map(|(at, _)| at).take(MAX_CATEGORIES);
            let ends = slashes.filter_map(|at| key.get(at..));
            let mut found = ends.filter_map(|end| self.after_categories.get(end));
            found.next()
        })
    }
}

impl AddressedDocument<'_> {
    fn target(&self) -> AddressTarget {
        AddressTarget {
            url: self.url.clone(),
            document: Some(self.path.to_owned()),
        }
    }
}

/// Returns the path of an alias. A relative one is in the folder of the document's own address, or of the root. Of a
/// full URL only the path matters: the old blog may have had another host.
pub(crate) fn alias_path(alias: &str, document: &AddressedDocument<'_>) -> String {
    let alias = alias.trim();
    let after_scheme = alias
        .split_once("://")
        .map(|(_, rest)| rest)
        .or_else(|| alias.strip_prefix("//"));
    if let Some(rest) = after_scheme {
        return rest
            .find('/')
            .and_then(|at| rest.get(at..))
            .unwrap_or_default()
            .to_owned();
    }
    if alias.starts_with('/') {
        return alias.to_owned();
    }
    if document.has_root_aliases {
        return format!("/{alias}");
    }
    let own = document
        .generated
        .likely
        .first()
        .map_or("/", |own| own.trim_end_matches('/'));
    let folder = own.rsplit_once('/').map_or("", |(folder, _)| folder);
    format!("{folder}/{alias}")
}

fn in_folder(address: &str, name: &str) -> String {
    format!("{}/{name}", address.trim_end_matches('/'))
}

/// Returns the form in which addresses are compared: without letter case, percent-encoding, query, file extension,
/// `index.html` and slashes at the end.
pub(crate) fn key(address: &str) -> String {
    let end = address.find(['?', '#']).unwrap_or(address.len());
    let path = address.get(..end).unwrap_or_default();
    key_of_decoded(&decoded(path).unwrap_or_else(|| path.to_owned()))
}

/// Returns the key of a path that is decoded and in normalization form C.
pub(crate) fn key_of_decoded(path: &str) -> String {
    let lower = path.to_lowercase().replace(' ', "-");
    let mut key = lower.trim_end_matches('/');
    for page in ["/index.html", "/index.htm", "/index.php", "/index"] {
        key = key.strip_suffix(page).unwrap_or(key);
    }
    for extension in [".html", ".htm", ".php"] {
        key = key.strip_suffix(extension).unwrap_or(key);
    }
    let key = key.trim_matches('/');
    if key.is_empty() {
        String::new()
    } else {
        format!("/{key}")
    }
}
