//! Files with front matter that are not documents: the generator or its theme uses them for something else.

use std::{
    collections::{BTreeMap, HashSet},
    path::{Path, PathBuf},
};

use crate::{
    Layout,
    layout::LayoutRoots,
    parse::ParsedFile,
    skipped::{SkipReason, SkippedCounts},
    source::{FileKind, SourceFile},
};

/// The values of `layout` with which themes of Hugo mark the page of their search or archive. This blog has its own.
pub(crate) const THEME_LAYOUTS: [&str; 3] = ["archive", "archives", "search"];

/// What a file is for, by its front matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileRole {
    /// A post or page, possibly with errors.
    Document,
    /// Its front matter cannot be read.
    Unknown,
    /// It has neither a title nor a date.
    Nameless,
    /// It has one of the [`THEME_LAYOUTS`] and no text.
    ThemePage,
}

/// A file as read and as parsed.
type SourceAndParsed<'a> = (&'a SourceFile, ParsedFile);

/// The result of [`skip`].
pub(crate) struct SkippedRoles<'a> {
    /// The posts and pages.
    pub(crate) kept: Vec<SourceAndParsed<'a>>,
    /// A reason for each skipped page and collection, by path in the content folder.
    pub(crate) notes: Vec<(PathBuf, String)>,
}

/// Skips the pages of themes, and content collections of Astro that are data. Keeps a collection if one of its files is
/// in `shown`, which are the files that were shown before.
pub(crate) fn skip<'a>(
    files: Vec<SourceAndParsed<'a>>,
    roots: &LayoutRoots,
    shown: &HashSet<&Path>,
    skipped: &mut SkippedCounts,
) -> SkippedRoles<'a> {
    let collections = data_collections(&files, roots, shown);
    let (mut kept, mut notes) = (Vec::with_capacity(files.len()), Vec::new());
    for (source, parsed) in files {
        let path = &source.found.path;
        let collection = collection(source, roots).filter(|collection| collections.contains(collection));
        match (parsed.role, collection) {
            (FileRole::ThemePage, _) => {
                skipped.add(SkipReason::ThemePage, path);
                let reason = "skipped: a page for a template of the theme; this blog has its own search and archive";
                notes.push((path.clone(), reason.to_owned()));
            }
            (FileRole::Nameless, Some(_)) => skipped.add(SkipReason::DataCollection, path),
            _ => kept.push((source, parsed)),
        }
    }
    let reason = "skipped: no file of this collection has a title or a date";
    notes.extend(
        collections
            .into_iter()
            .map(|collection| (collection, reason.to_owned())),
    );
    SkippedRoles { kept, notes }
}

/// Returns the collections in which no readable file has a title or a date.
fn data_collections(files: &[SourceAndParsed<'_>], roots: &LayoutRoots, shown: &HashSet<&Path>) -> HashSet<PathBuf> {
    let mut are_data: BTreeMap<PathBuf, bool> = BTreeMap::new();
    for (source, parsed) in files {
        let is_data = parsed.role == FileRole::Nameless && !shown.contains(source.path.as_path());
        if let Some(collection) = collection(source, roots).filter(|_| parsed.role != FileRole::Unknown) {
            *are_data.entry(collection).or_insert(true) &= is_data;
        }
    }
    let data = are_data.into_iter().filter(|(_, are_data)| *are_data);
    data.map(|(collection, _)| collection).collect()
}

/// Returns the path in the content folder of the content collection of Astro that a file is in.
fn collection(source: &SourceFile, roots: &LayoutRoots) -> Option<PathBuf> {
    let path = &source.found.path;
    let root = roots.root_of(path).filter(|_| roots.layout == Layout::Astro)?;
    let mut below = path.strip_prefix(&root.path).ok()?.components();
    let (name, file) = (below.next()?, below.next());
    let is_collection = root.documents == Some(FileKind::PostIfDated) && file.is_some();
    is_collection.then(|| root.path.join(name))
}
