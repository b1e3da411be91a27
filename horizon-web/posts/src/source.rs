//! Reads the files of the folder.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use crate::{
    folder_tree::FoundDocument,
    front_matter::FileIssue,
    skipped::{SkipReason, SkippedCounts},
};

/// The maximum size of a file, in bytes: 1 MiB.
pub const MAX_FILE_BYTES: u64 = 1 << 20;

/// The maximum size of all files together, in bytes: 256 MiB. Further files are not read.
const MAX_TOTAL_BYTES: usize = 256 << 20;

/// What a Markdown file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FileKind {
    Post,
    Page,
    /// A post if it has a date, else a page.
    PostIfDated,
}

/// A file and its text, or why it cannot be read.
#[derive(Debug, Hash)]
pub(crate) struct SourceFile {
    /// The path on the disk.
    pub(crate) path: PathBuf,
    pub(crate) found: FoundDocument,
    pub(crate) text: Result<String, FileIssue>,
}

/// Reads the documents of the folder `root`.
///
/// A symbolic link out of the folder is not followed: a post must not show other files of the machine.
pub(crate) fn read_all(root: &Path, documents: &[FoundDocument], skipped: &mut SkippedCounts) -> Vec<SourceFile> {
    let real_root = fs::canonicalize(root).unwrap_or_else(|_| root.into());
    let (mut sources, mut bytes) = (Vec::with_capacity(documents.len()), 0);
    for document in documents {
        if bytes > MAX_TOTAL_BYTES {
            skipped.add(SkipReason::TooMany, &document.path);
            continue;
        }
        let source = read(document, root, &real_root);
        bytes += source
            .as_ref()
            .and_then(|source| source.text.as_ref().ok())
            .map_or(0, String::len);
        sources.extend(source);
    }
    sources
}

/// Reads a file. Returns `None` if it was removed since the folder was listed.
fn read(document: &FoundDocument, root: &Path, real_root: &Path) -> Option<SourceFile> {
    let path = root.join(&document.path);
    let text = read_text(&path, real_root);
    let is_gone = fs::symlink_metadata(&path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    if text.is_err() && is_gone {
        return None;
    }
    Some(SourceFile {
        path,
        found: document.clone(),
        text,
    })
}

fn read_text(path: &Path, root: &Path) -> Result<String, FileIssue> {
    let unreadable = |error: io::Error| FileIssue::error(None, format!("the file cannot be read: {error}"));
    // The real path is read, so that a link that changes now is not followed.
    let path = &fs::canonicalize(path).map_err(unreadable)?;
    if !path.starts_with(root) {
        let reason = "this is a symbolic link out of the content folder: move the file into the folder";
        return Err(FileIssue::error(None, reason));
    }
    // Opening a named pipe would block until it has a writer.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(FileIssue::error(None, "this is not a regular file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(FileIssue::error(
            None,
            format!("the file is longer than {MAX_FILE_BYTES} bytes"),
        ));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error
            .as_bytes()
            .get(..error.utf8_error().valid_up_to())
            .unwrap_or_default();
        let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
        FileIssue::error(Some(line), "the file is not UTF-8")
    })?;
    // Some editors write a byte order mark.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
