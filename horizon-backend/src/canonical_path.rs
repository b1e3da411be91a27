use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// The maximum number of symbolic links to follow, as on Linux.
const MAX_LINKS: usize = 40;

/// Returns the absolute path of a file without symbolic links, `.` and `..`. Unlike [`fs::canonicalize`] it accepts a
/// file that does not exist yet.
///
/// # Errors
/// The folder does not exist, or there are too many symbolic links.
pub(crate) fn canonical_path(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_path_buf();
    for _ in 0..MAX_LINKS {
        match fs::canonicalize(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            found => return found,
        }
        // The file does not exist, but a link to it may.
        match fs::read_link(&path) {
            Ok(target) => path = parent(&path).join(target),
            Err(_) => {
                let name = path.file_name().ok_or(io::ErrorKind::NotFound)?;
                return Ok(fs::canonicalize(parent(&path))?.join(name));
            }
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// Appends `extension` to the file name.
pub(crate) fn append_extension(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(extension);
    name.into()
}

/// Lets only the owner access a file that is created with these options.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn all_paths_of_a_file_are_one_before_and_after_it_is_created() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("data")).unwrap();
        symlink("data", at("linked")).unwrap();
        symlink("linked/n.db", at("relative.db")).unwrap();
        symlink(at("relative.db"), at("absolute.db")).unwrap();
        let canonical = folder.path().canonicalize().unwrap().join("data/n.db");
        for exists in [false, true] {
            for name in [
                "data/n.db",
                "data/../data/./n.db",
                "linked/n.db",
                "relative.db",
                "absolute.db",
            ] {
                assert_eq!(
                    canonical_path(&at(name)).unwrap(),
                    canonical,
                    "{name}, exists: {exists}"
                );
            }
            fs::write(at("data/n.db"), "").unwrap();
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_in_a_circle_and_a_missing_folder_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("circle.db", folder.path().join("circle.db")).unwrap();
        assert!(canonical_path(&folder.path().join("circle.db")).is_err());
        assert!(canonical_path(&folder.path().join("missing/n.db")).is_err());
    }

    #[test]
    fn a_bare_file_name_is_in_the_current_folder() {
        let current = std::env::current_dir().unwrap().canonicalize().unwrap();
        assert_eq!(
            canonical_path(Path::new("not-there.db")).unwrap(),
            current.join("not-there.db")
        );
    }
}
