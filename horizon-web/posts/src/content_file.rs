//! The files of the folder that have no errors.

use std::path::PathBuf;

use horizon_core::Timestamp;

use crate::{Date, front_matter::Publication, parse::ParsedDocument};

/// A file without errors.
#[derive(Clone, Debug)]
pub(crate) struct ContentFile {
    pub(crate) path: PathBuf,
    pub(crate) document: ParsedDocument,
    pub(crate) publication: Publication,
    /// The name from which the slug is made, unless the front matter has a slug.
    pub(crate) name: Option<String>,
    /// Whether its path has a language.
    pub(crate) is_translation: bool,
    /// Whether it is not one of `*.md` and `pages/*.md`, which every version reads.
    pub(crate) is_new: bool,
}

/// A post or page whose date is in the future.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduledFile {
    /// The file.
    pub path: PathBuf,
    /// Its title.
    pub title: String,
    /// When it becomes public.
    pub until: Date,
}

/// Returns the times at which a file becomes public, expires or counts as updated, in order.
pub(crate) fn change_times(files: &[ContentFile]) -> Vec<Timestamp> {
    let dates = files.iter().flat_map(|file| {
        let publication = file.publication;
        [publication.from, publication.until, file.document.updated()]
    });
    let mut times: Vec<Timestamp> = dates.flatten().map(|date| date.timestamp()).collect();
    times.sort_unstable();
    times
}
