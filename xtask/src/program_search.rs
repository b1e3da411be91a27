//! Finds installed programs.

use std::{env, ffi::OsStr, fs, path::PathBuf};

/// Folders of programs that are not on the `PATH` of a Debian user: nginx, Apache, HAProxy and PgBouncer are there.
const SYSTEM_FOLDERS: [&str; 2] = ["/usr/sbin", "/sbin"];

/// Where Debian installs each version of PostgreSQL. Its servers are not on the `PATH`.
const POSTGRES_VERSIONS: &str = "/usr/lib/postgresql";

/// Returns whether the program is on the `PATH` or in a folder where Debian installs servers.
pub(crate) fn found(program: &str) -> bool {
    let name = format!("{program}{}", env::consts::EXE_SUFFIX);
    let path = env::var_os("PATH").unwrap_or_default();
    search_path(&path)
        .chain(postgres_folders())
        .any(|folder| folder.join(&name).is_file())
}

/// Returns the folders of the programs of each installed version of PostgreSQL.
fn postgres_folders() -> impl Iterator<Item = PathBuf> {
    let versions = fs::read_dir(POSTGRES_VERSIONS).into_iter().flatten();
    versions.filter_map(|version| Some(version.ok()?.path().join("bin")))
}

/// Returns the folders of a `PATH`, and then [`SYSTEM_FOLDERS`].
fn search_path(path: &OsStr) -> impl Iterator<Item = PathBuf> {
    let system = SYSTEM_FOLDERS.iter().map(PathBuf::from);
    env::split_paths(path).chain(system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_of_debian_are_found_without_their_folder_on_the_path() {
        let folders: Vec<_> = search_path(OsStr::new("/usr/local/bin:/usr/bin")).collect();
        assert_eq!(
            folders,
            ["/usr/local/bin", "/usr/bin", "/usr/sbin", "/sbin"].map(PathBuf::from)
        );
    }
}
