//! The files of the folder, before they are understood.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use crate::front_matter::Fault;

/// The longest file that is read, in bytes: 1 MiB.
pub const MAX_FILE_BYTES: u64 = 1 << 20;

/// What a file is, by the folder it lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    Post,
    Page,
}

/// A file and what it says, or why it cannot be read.
#[derive(Debug, Hash)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) role: Role,
    pub(crate) text: Result<String, Fault>,
}

/// All files of one role, or why their folder cannot be read.
#[derive(Debug, Hash)]
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    pub(crate) role: Role,
    pub(crate) sources: Result<Vec<Source>, String>,
}

/// Reads all posts and pages. A blog need not have a folder of pages, unless its own folder is missing too.
pub(crate) fn read_all(root: &Path) -> [Folder; 2] {
    [(root.to_owned(), Role::Post), (root.join("pages"), Role::Page)].map(|(path, role)| {
        let sources = match markdown_files(&path) {
            Ok(files) => Ok(files.into_iter().filter_map(|path| read(path, role)).collect()),
            Err(error) if role == Role::Page && error.kind() == io::ErrorKind::NotFound && root.is_dir() => {
                Ok(Vec::new())
            }
            Err(error) => Err(format!("the folder cannot be read: {error}")),
        };
        Folder { path, role, sources }
    })
}

/// The `*.md` files of a folder by name, without hidden ones: editors keep their drafts in these.
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

/// Reads a file; none if it was removed since the folder was listed.
fn read(path: PathBuf, role: Role) -> Option<Source> {
    let text = read_text(&path);
    let is_gone = fs::symlink_metadata(&path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    if text.is_err() && is_gone {
        return None;
    }
    Some(Source { path, role, text })
}

fn read_text(path: &Path) -> Result<String, Fault> {
    let unreadable = |error: io::Error| Fault::error(None, format!("the file cannot be read: {error}"));
    // Opening a named pipe would wait for somebody who writes to it.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(Fault::error(None, "this is a folder or a device, and no file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(Fault::error(
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
        Fault::error(Some(line), "the file is not UTF-8")
    })?;
    // Some editors begin a file with a byte order mark.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
