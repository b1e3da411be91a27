//! The files of the folder, before they are understood.

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use crate::Problem;

/// The longest file that is read, in bytes: 1 MiB.
pub const MAX_FILE_BYTES: u64 = 1 << 20;

/// What a file is, by the folder it lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    Post,
    Page,
}

/// A file and what it says.
#[derive(Debug, Hash)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) role: Role,
    pub(crate) text: String,
}

/// Reads all posts and pages; what cannot be read is a problem.
pub(crate) fn read_all(root: &Path, problems: &mut Vec<Problem>) -> Vec<Source> {
    let mut sources = Vec::new();
    for (folder, role) in [(root.to_owned(), Role::Post), (root.join("pages"), Role::Page)] {
        let files = match markdown_files(&folder) {
            Ok(files) => files,
            Err(error) if role == Role::Page && error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                problems.push(Problem::new(
                    &folder,
                    None,
                    format!("the folder cannot be read: {error}"),
                ));
                continue;
            }
        };
        for path in files {
            match read(&path) {
                Ok(text) => sources.push(Source { path, role, text }),
                Err((line, reason)) => problems.push(Problem::new(&path, line, reason)),
            }
        }
    }
    sources
}

/// A number that changes with anything in the files.
pub(crate) fn digest(sources: &[Source]) -> u64 {
    let mut hasher = DefaultHasher::new();
    sources.hash(&mut hasher);
    hasher.finish()
}

/// The `*.md` files of a folder by name, without hidden ones: editors keep their drafts in these.
fn markdown_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.extension().is_some_and(|extension| extension == "md") && !path.is_dir() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<String, (Option<usize>, String)> {
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| (None, format!("the file cannot be read: {error}")))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err((None, format!("the file is longer than {MAX_FILE_BYTES} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error
            .as_bytes()
            .get(..error.utf8_error().valid_up_to())
            .unwrap_or_default();
        let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
        (Some(line), "the file is not UTF-8".to_owned())
    })?;
    // Some editors begin a file with a byte order mark.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
