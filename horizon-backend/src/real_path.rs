use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The most symbolic links that lead from one to the next, as on Linux.
const MAX_LINKS: usize = 40;

/// Returns the one path of a file, whatever path was given for it: without symbolic links, `.` and `..`.
///
/// The file need not exist yet, but its folder has to. Two paths of one file have the same real path, so that what is
/// kept beside the file, such as a lock, is found by both. Hard links are several files to it.
///
/// ```
/// use horizon_backend::real_path;
///
/// let folder = tempfile::tempdir()?;
/// let given = folder.path().join(".").join("numbers.db"); // not made yet
/// assert_eq!(real_path(&given)?, folder.path().canonicalize()?.join("numbers.db"));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// The folder does not exist, or the links lead in a circle.
pub fn real_path(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_path_buf();
    for _ in 0..MAX_LINKS {
        match fs::canonicalize(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            found => return found,
        }
        // There is no such file. A link to where it will be leads on; `join` keeps an absolute target as it is.
        match fs::read_link(&path) {
            Ok(target) => path = folder_of(&path).join(target),
            Err(_) => {
                let name = path.file_name().ok_or(io::ErrorKind::NotFound)?;
                return Ok(fs::canonicalize(folder_of(&path))?.join(name));
            }
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

fn folder_of(path: &Path) -> &Path {
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
    fn every_path_of_a_file_is_one_before_and_after_it_is_made() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("data")).unwrap();
        symlink("data", at("linked")).unwrap();
        symlink("linked/n.db", at("relative.db")).unwrap();
        symlink(at("relative.db"), at("absolute.db")).unwrap();
        let real = folder.path().canonicalize().unwrap().join("data/n.db");
        for is_made in [false, true] {
            for name in [
                "data/n.db",
                "data/../data/./n.db",
                "linked/n.db",
                "relative.db",
                "absolute.db",
            ] {
                assert_eq!(real_path(&at(name)).unwrap(), real, "{name}, made: {is_made}");
            }
            fs::write(at("data/n.db"), "").unwrap();
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_in_a_circle_and_a_missing_folder_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("circle.db", folder.path().join("circle.db")).unwrap();
        assert!(real_path(&folder.path().join("circle.db")).is_err());
        assert!(real_path(&folder.path().join("missing/n.db")).is_err());
    }

    #[test]
    fn a_name_alone_is_a_file_of_the_current_folder() {
        let expected = std::env::current_dir()
            .unwrap()
            .canonicalize()
            .unwrap()
            .join("not-there.db");
        assert_eq!(real_path(Path::new("not-there.db")).unwrap(), expected);
    }
}
