//! The files of the folder that are not read, and why.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

/// Why a file or folder is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SkipReason {
    /// The name starts with a dot.
    Hidden,
    /// The name starts with an underscore.
    Underscore,
    /// A folder of templates, tools, or output of a site generator.
    GeneratorFolder,
    /// The generator's configuration, or the section page of a folder, says that it is not public.
    Excluded,
    /// Markdown outside of the folders in which the generator's content is.
    OutsideContent,
    /// A section page of a site generator, `_index.md`.
    Section,
    /// The home page of a site generator, or its page of the error 404.
    HomePage,
    /// A text format other than Markdown.
    Format,
    /// Markdown that belongs to the bundle of another document.
    BundlePart,
    /// A Markdown file without front matter in a folder that is not only for posts or pages.
    NoFrontMatter,
    /// A page for a template of the theme, such as its search, whose text is empty.
    ThemePage,
    /// A file of a content collection of Astro in which no file has a title or a date.
    DataCollection,
    /// A symbolic link out of the content folder, out of a folder of static files, to a hidden file, or to nothing.
    Link,
    /// A folder that is read elsewhere, because of a symbolic link.
    ReadElsewhere,
    /// A file name that is not UTF-8.
    NameNotUtf8,
    /// A file type that is not served.
    FileType,
    /// A file whose URL is one of the server's own.
    ReservedUrl,
    /// A folder below too many others.
    TooDeep,
    /// There are too many files.
    TooMany,
    /// The folder cannot be read.
    Unreadable,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hidden => "the name starts with a dot",
            Self::Underscore => "the name starts with an underscore",
            Self::GeneratorFolder => "a folder of templates, tools or output",
            Self::Excluded => "excluded by the generator's configuration or by a section page (_index.md)",
            Self::OutsideContent => "Markdown outside of the content folders of the generator",
            Self::Section => "a section page (_index.md)",
            Self::HomePage => "the generator's home page or 404 page",
            Self::Format => "a text format other than Markdown",
            Self::BundlePart => "Markdown that is part of another post or page (in the folder of an index.md)",
            Self::NoFrontMatter => "no front matter",
            Self::ThemePage => "a page for a template of the theme",
            Self::DataCollection => "a collection in which no file has a title or a date",
            Self::Link => "a symbolic link to nothing, a hidden file, or out of the folder",
            Self::ReadElsewhere => "a symbolic link to a folder that is read already",
            Self::NameNotUtf8 => "the file name is not UTF-8",
            Self::FileType => "a file type that is not served",
            Self::ReservedUrl => "its URL is one of the server's own",
            Self::TooDeep => "the folder is below too many others",
            Self::TooMany => "there are too many files",
            Self::Unreadable => "the folder cannot be read",
        })
    }
}

/// The files and folders that are not read for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SkippedFiles {
    /// The reason.
    pub reason: SkipReason,
    /// Their number. A folder counts as one.
    pub count: usize,
    /// The path of the first one in the content folder.
    pub example: PathBuf,
}

/// Counts what is not read.
#[derive(Clone, Debug, Default)]
pub(crate) struct SkippedCounts(BTreeMap<SkipReason, SkippedFiles>);

impl SkippedCounts {
    pub(crate) fn add(&mut self, reason: SkipReason, path: &Path) {
        let new = || SkippedFiles {
            reason,
            count: 0,
            example: path.to_owned(),
        };
        self.0.entry(reason).or_insert_with(new).count += 1;
    }

    pub(crate) fn has(&self, reason: SkipReason) -> bool {
        self.0.contains_key(&reason)
    }

    pub(crate) fn into_list(self) -> Vec<SkippedFiles> {
        self.0.into_values().collect()
    }
}
