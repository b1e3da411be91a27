//! Warns once if this version shows files of the content folder that earlier versions did not read.

use std::{collections::BTreeMap, fs, io, path::Path};

use horizon_backend::now;
use horizon_posts::ContentFolder;
use serde::{Deserialize, Serialize};

use crate::config::ContentArgs;

/// The file in the cache folder.
const FILE: &str = "content-state.json";

/// The version of the rules that decide which files are read. Version 1 read `*.md`, `pages/*.md` and `media/`.
const VERSION: u32 = 2;

/// The maximum number of content folders in the file.
const MAX_FOLDERS: usize = 100;

/// The version that read each content folder last.
#[derive(Default, Deserialize, Serialize)]
struct ContentState {
    folders: BTreeMap<String, u32>,
}

/// Logs how many files are public that the version before did not read, unless this version has started before.
pub(crate) fn log_newly_public(args: &ContentArgs, content: &ContentFolder) {
    let cache = args.cache_location().folder;
    let folder = fs::canonicalize(&args.posts).unwrap_or_else(|_| args.posts.clone());
    let folder = folder.to_string_lossy().into_owned();
    let mut state = read(&cache);
    if state.folders.get(&folder).is_some_and(|version| *version >= VERSION) {
        return;
    }
    let library = content.library(now());
    let (documents, files) = (content.newly_public(now()).len(), library.newly_public_files());
    if documents + files > 0 {
        tracing::warn!(
            posts_and_pages = documents,
            files,
            layout = %content.layout(),
            "this version reads sub-folders, so files of the content folder are public that earlier versions did not \
             read: list them with `horizon-web check`, and mark those that are private with `draft: true`"
        );
    }
    if state.folders.len() >= MAX_FOLDERS {
        state.folders.clear();
    }
    state.folders.insert(folder, VERSION);
    if let Err(error) = write(&cache, &state) {
        tracing::debug!(%error, "the version of the reader is not stored; the next start warns again");
    }
}

fn read(cache: &Path) -> ContentState {
    let text = fs::read(cache.join(FILE)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Replaces the file at once.
fn write(cache: &Path, state: &ContentState) -> io::Result<()> {
    fs::create_dir_all(cache)?;
    let new = cache.join(format!("{FILE}.{}", std::process::id()));
    fs::write(&new, serde_json::to_vec(state)?)?;
    fs::rename(new, cache.join(FILE))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use clap::Parser;
    use horizon_posts::ContentOptions;

    use super::*;
    use crate::config::Cli;

    #[test]
    fn the_version_of_the_reader_is_stored_for_each_folder() {
        let folder = tempfile::tempdir().unwrap();
        let (posts, cache) = (folder.path().join("posts"), folder.path().join("cache"));
        fs::create_dir_all(posts.join("2024")).unwrap();
        fs::write(posts.join("2024/one.md"), "---\ntitle: One\ndate: 2026-01-02\n---\n").unwrap();
        let content = ContentFolder::load(&posts, &ContentOptions::default());
        let paths = [posts.as_os_str(), cache.as_os_str()];
        let arguments = ["horizon-web", "--posts", "--cache"].map(OsStr::new);
        let arguments = [arguments[0], arguments[1], paths[0], arguments[2], paths[1]];
        let args = Cli::try_parse_from(arguments).unwrap().serve.content;
        assert!(read(&cache).folders.is_empty());
        log_newly_public(&args, &content);
        let key = fs::canonicalize(&posts).unwrap().to_string_lossy().into_owned();
        assert_eq!(read(&cache).folders.get(&key), Some(&VERSION));
        assert_eq!(
            fs::read_dir(&posts).unwrap().count(),
            1,
            "the content folder is only read"
        );
        fs::write(cache.join(FILE), "not JSON").unwrap();
        log_newly_public(&args, &content);
        assert_eq!(read(&cache).folders.len(), 1, "a broken file is replaced");
    }
}
