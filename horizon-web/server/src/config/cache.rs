use std::{env, ffi::OsString, path::PathBuf};

/// The folder in a cache folder that programs share.
const PROGRAM: &str = "eventhorizon";

/// A folder for files that can be made again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheLocation {
    /// The folder, which may not exist yet.
    pub folder: PathBuf,
    /// Whether the system may remove it at each start.
    pub is_temporary: bool,
}

impl CacheLocation {
    /// Returns the location without a setting: that of systemd, of the user, or the folder for temporary files.
    pub(super) fn from_environment() -> Self {
        Self::find(|name| env::var_os(name).filter(|value| !value.is_empty()))
    }

    fn find(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let of_service = variable("CACHE_DIRECTORY").and_then(|folders| {
            // A service may have several folders.
            let first = env::split_paths(&folders).next();
            first.filter(|folder| folder.is_absolute())
        });
        let of_user = || {
            let caches = variable("XDG_CACHE_HOME").map(PathBuf::from);
            let home = || variable("HOME").map(|home| PathBuf::from(home).join(".cache"));
            let folder = caches.filter(|folder| folder.is_absolute()).or_else(home)?;
            Some(folder.join(PROGRAM))
        };
        match of_service.or_else(of_user) {
            Some(folder) => Self {
                folder,
                is_temporary: false,
            },
            None => Self {
                folder: env::temp_dir().join(PROGRAM),
                is_temporary: true,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_that_of_the_service_then_that_of_the_user() {
        let all = [
            ("CACHE_DIRECTORY", "/var/cache/blog:/var/cache/other"),
            ("XDG_CACHE_HOME", "/caches"),
            ("HOME", "/home/jane"),
        ];
        let found = |known: &[(&str, &str)]| {
            CacheLocation::find(|name| {
                let value = known.iter().find(|(known, _)| *known == name);
                value.map(|(_, value)| OsString::from(value))
            })
        };
        for (known, expected) in [
            (&all[..], "/var/cache/blog"),
            (&all[1..], "/caches/eventhorizon"),
            (&all[2..], "/home/jane/.cache/eventhorizon"),
            (
                &[("XDG_CACHE_HOME", "relative"), all[2]],
                "/home/jane/.cache/eventhorizon",
            ),
        ] {
            let location = found(known);
            assert_eq!((location.folder, location.is_temporary), (expected.into(), false));
        }
        let location = found(&[]);
        assert!(location.is_temporary && location.folder.starts_with(env::temp_dir()));
    }
}
