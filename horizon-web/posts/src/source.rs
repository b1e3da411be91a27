//! Reads the files of the folder.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use crate::front_matter::FileIssue;

/// The maximum size of a file, in bytes: 1 MiB.
pub const MAX_FILE_BYTES: u64 = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FileKind {
    Post,
    Page,
}

/// A file and its text, or why it cannot be read.
#[derive(Debug, Hash)]
pub(crate) struct SourceFile {
    pub(crate) path: PathBuf,
    pub(crate) kind: FileKind,
    pub(crate) text: Result<String, FileIssue>,
}

/// All files of one kind, or why their folder cannot be read.
#[derive(Debug, Hash)]
pub(crate) struct SourceFolder {
    pub(crate) path: PathBuf,
    pub(crate) kind: FileKind,
    pub(crate) sources: Result<Vec<SourceFile>, String>,
}

/// Reads all posts and pages. The folder `pages` may be missing if its parent exists.
///
/// A symbolic link out of the folder is not followed: a post must not show other files of the machine.
pub(crate) fn read_all(root: &Path) -> [SourceFolder; 2] {
    let real_root = fs::canonicalize(root).unwrap_or_else(|_| root.into());
    [(root.to_owned(), FileKind::Post), (root.join("pages"), FileKind::Page)].map(|(path, kind)| {
        let sources = match markdown_files(&path) {
            Ok(files) => Ok(files
                .into_iter()
                .filter_map(|path| read(path, kind, &real_root))
                .collect()),
            Err(error) if kind == FileKind::Page && error.kind() == io::ErrorKind::NotFound && root.is_dir() => {
                Ok(Vec::new())
            }
            Err(error) => Err(format!("the folder cannot be read: {error}")),
        };
        SourceFolder { path, kind, sources }
    })
}

/// Returns the `*.md` files of a folder by name, without hidden files, in which editors keep their drafts.
fn markdown_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.extension().is_some_and(|extension| extension == "md") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Reads a file. Returns `None` if it was removed since the folder was listed.
fn read(path: PathBuf, kind: FileKind, root: &Path) -> Option<SourceFile> {
    let text = read_text(&path, root);
    let is_gone = fs::symlink_metadata(&path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    if text.is_err() && is_gone {
        return None;
    }
    Some(SourceFile { path, kind, text })
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
