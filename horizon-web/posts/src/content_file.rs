//! The files of the folder that have no errors.

use std::{cmp::Reverse, path::PathBuf};

use horizon_core::Timestamp;

use crate::{Date, Preview, front_matter::Publication, parse::ParsedDocument};

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

impl ContentFile {
    /// Returns the document as its author sees it while it is not public.
    fn preview(&self, now: Timestamp) -> Preview {
        let mut document = self.document.clone();
        document.set_state(true, document.updated());
        Preview::new(document, self.publication.due_after(now))
    }
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

/// Returns these files as their author sees them, newest first.
pub(crate) fn previews<'a>(hidden: impl Iterator<Item = &'a ContentFile>, now: Timestamp) -> Vec<Preview> {
    let mut previews: Vec<Preview> = hidden.map(|file| file.preview(now)).collect();
    previews.sort_by_key(|preview| Reverse(preview.date()));
    previews
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
