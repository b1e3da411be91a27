//! The folders of a layout that are read, and what is in each.

use std::path::{Path, PathBuf};

use super::{
    Layout,
    config::{self, SiteConfig},
};
use crate::source::FileKind;

/// The folders of a content folder that are read.
#[derive(Clone, Debug, Default)]
pub(crate) struct LayoutRoots {
    pub(crate) layout: Layout,
    pub(crate) roots: Vec<FolderRoot>,
    pub(crate) config: SiteConfig,
}

/// A folder that is read, with all folders in it.
#[derive(Clone, Debug)]
pub(crate) struct FolderRoot {
    /// The path in the content folder.
    pub(crate) path: PathBuf,
    /// What its Markdown files are, if it has any, unless their folders say something else.
    pub(crate) documents: Option<FileKind>,
    /// What its other files are.
    pub(crate) files: FileUse,
    /// Folders in it that are roots themselves or have another use.
    pub(crate) without: &'static [&'static str],
}

/// The use of the files of a root that are not Markdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FileUse {
    /// They are not served.
    None,
    /// They are served below `/media/`, all of them.
    Media,
    /// They are served at `/`.
    Static,
    /// They belong to the documents near them, and are served below `/media/` and this prefix.
    Beside(&'static str),
}

/// The folder of the files that are served below `/media/` in every layout.
pub(crate) const MEDIA: &str = "media";

const MEDIA_ROOT: FolderRoot = FolderRoot {
    path: PathBuf::new(),
    documents: None,
    files: FileUse::Media,
    without: &[],
};

impl FolderRoot {
    fn documents(path: impl Into<PathBuf>, files: FileUse, without: &'static [&'static str]) -> Self {
        Self {
            path: path.into(),
            documents: Some(FileKind::PostIfDated),
            files,
            without,
        }
    }

    /// Returns whether its Markdown files are posts and pages.
    pub(crate) fn has_documents(&self) -> bool {
        self.documents.is_some()
    }

    /// Makes pages of all its files.
    fn of_pages(self) -> Self {
        Self {
            documents: Some(FileKind::Page),
            ..self
        }
    }

    fn files(path: impl Into<PathBuf>, files: FileUse) -> Self {
        Self {
            path: path.into(),
            files,
            ..MEDIA_ROOT
        }
    }
}

impl LayoutRoots {
    /// Detects the layout of the content folder and reads the generator's configuration.
    pub(crate) fn detect(root: &Path) -> Self {
        let layout = Layout::detect(root);
        let config = SiteConfig::read(layout, root);
        let mut roots = match layout {
            Layout::Plain => vec![
                FolderRoot::documents("", FileUse::Beside(""), &[MEDIA, "static"]),
                FolderRoot::files("static", FileUse::Static),
            ],
            Layout::Jekyll => vec![jekyll(root)],
            Layout::Hugo | Layout::Zola => content_and_static(root, &config),
            Layout::Astro => astro(root),
        };
        roots.push(FolderRoot::files(MEDIA, FileUse::Media));
        Self { layout, roots, config }
    }

    /// Returns the root that contains a path of the content folder.
    pub(crate) fn root_of(&self, path: &Path) -> Option<&FolderRoot> {
        let containing = self.roots.iter().filter(|root| path.starts_with(&root.path));
        containing.max_by_key(|root| root.path.as_os_str().len())
    }

    /// Returns the part of a path below the root that contains it.
    pub(crate) fn below_root<'a>(&self, path: &'a Path) -> &'a Path {
        let root = self.root_of(path).map_or(Path::new(""), |root| &root.path);
        path.strip_prefix(root).unwrap_or(path)
    }
}

fn content_and_static(root: &Path, config: &SiteConfig) -> Vec<FolderRoot> {
    let content = config.content_folder.as_deref().unwrap_or("content");
    if !root.join(content).is_dir() {
        // The folder is the project's content folder.
        return vec![FolderRoot::documents("", FileUse::Beside(""), &[MEDIA])];
    }
    let statics = config.static_folder.as_deref().unwrap_or("static");
    vec![
        FolderRoot::documents(content, FileUse::Beside(""), &[]),
        FolderRoot::files(statics, FileUse::Static),
    ]
}

/// Other files than posts are pages in a project of Jekyll. Without its configuration, `_posts` may be all that is left
/// of the project.
fn jekyll(root: &Path) -> FolderRoot {
    let folder = FolderRoot::documents("", FileUse::Static, &[MEDIA]);
    if config::exists_for_jekyll(root) {
        folder.of_pages()
    } else {
        folder
    }
}

fn astro(root: &Path) -> Vec<FolderRoot> {
    let mut roots = vec![
        FolderRoot::documents("src/pages", FileUse::None, &[]).of_pages(),
        FolderRoot::files("src/assets", FileUse::Beside("assets")),
        FolderRoot::files("public", FileUse::Static),
    ];
    for collections in ["src/content", "src/data"] {
        if root.join(collections).is_dir() {
            roots.push(FolderRoot::documents(collections, FileUse::Beside(""), &[]));
        }
    }
    roots
}
