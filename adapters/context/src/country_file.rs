use std::{
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use horizon_core::{Error, Result, error_chain};
use maxminddb::{PathElement, Reader, WithinOptions};
use parking_lot::{Mutex, RwLock};

/// The largest file: 512 MiB. It is read into memory.
const MAX_FILE_BYTES: u64 = 512 << 20;

/// How many networks are read at most to find one with a country.
const PROBED_NETWORKS: usize = 10_000;

/// Where files have the code of the country: those of MaxMind and DB-IP, and those of ip-location-db and IPinfo.
const PATHS: [&[PathElement<'static>]; 3] = [
    &[PathElement::Key("country"), PathElement::Key("iso_code")],
    &[PathElement::Key("country_code")],
    &[PathElement::Key("country")],
];

/// An MMDB file with the countries of addresses, such as GeoLite2 Country, DB-IP Lite or ip-location-db, in memory.
#[derive(Debug)]
pub struct CountryFile {
    path: PathBuf,
    reader: RwLock<Arc<CountryReader>>,
    versions: Mutex<FileVersions>,
}

type CountryReader = Reader<Vec<u8>>;

/// What distinguishes a file from the one that replaces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileVersion {
    modified: Option<SystemTime>,
    bytes: u64,
}

#[derive(Debug)]
struct FileVersions {
    /// The version that was last read, or last failed.
    read: Option<FileVersion>,
    /// The version at the previous check. One that differs may be half written.
    seen: Option<FileVersion>,
}

impl CountryFile {
    /// Reads a file. Blocks.
    ///
    /// # Errors
    /// The file cannot be read, has more than 512 MiB, is no MMDB file, or has no countries. The error names it.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let version = FileVersion::of(&path)?;
        let reader = load(&path, version)?;
        log_loaded(&path, &reader);
        Ok(Self {
            path,
            reader: RwLock::new(Arc::new(reader)),
            versions: Mutex::new(FileVersions {
                read: Some(version),
                seen: Some(version),
            }),
        })
    }

    /// Returns the country of an address, as the file states it, or `None` if the record is damaged.
    pub(crate) fn country(&self, address: IpAddr) -> Option<String> {
        let reader = Arc::clone(&self.reader.read());
        country_of(&reader, address.to_canonical())
    }

    /// Reads the file again if it was replaced, once two calls in a row found the same version, so that it is complete.
    /// If it is broken, the loaded content stays in use and a warning is logged once. Blocks.
    pub(crate) fn refresh(&self) {
        let mut versions = self.versions.lock();
        let found = FileVersion::of(&self.path);
        let version = found.as_ref().ok().copied();
        let is_stable = version == versions.seen;
        versions.seen = version;
        if !is_stable || version == versions.read {
            return;
        }
        versions.read = version;
        match found.and_then(|version| load(&self.path, version)) {
            Ok(reader) => {
                log_loaded(&self.path, &reader);
                *self.reader.write() = Arc::new(reader);
            }
            Err(error) => tracing::warn!(
                error = %error,
                because = error_chain(&error),
                "the countries that are loaded stay in use; repair the file"
            ),
        }
    }
}

impl FileVersion {
    fn of(path: &Path) -> Result<Self> {
        let metadata = fs::metadata(path).map_err(|error| unreadable(path, error))?;
        Ok(Self {
            modified: metadata.modified().ok(),
            bytes: metadata.len(),
        })
    }
}

fn load(path: &Path, version: FileVersion) -> Result<CountryReader> {
    if version.bytes > MAX_FILE_BYTES {
        let (path, mib) = (path.display(), MAX_FILE_BYTES >> 20);
        return Err(Error::permanent(format!(
            "the file of countries {path} has more than {mib} MiB"
        )));
    }
    let content = fs::read(path).map_err(|error| unreadable(path, error))?;
    let reader = Reader::from_source(content).map_err(|error| {
        Error::permanent(format!(
            "the file of countries {} is not a valid MMDB file",
            path.display()
        ))
        .with_source(error)
    })?;
    if !has_countries(&reader) {
        return Err(Error::permanent(format!(
            "the MMDB file {} has no countries: its type is `{}`; use one of the countries or cities of addresses",
            path.display(),
            reader.metadata().database_type
        )));
    }
    Ok(reader)
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::permanent(format!("the file of countries {} cannot be read", path.display())).with_source(error)
}

fn log_loaded(path: &Path, reader: &CountryReader) {
    let metadata = reader.metadata();
    tracing::info!(
        path = %path.display(),
        kind = metadata.database_type,
        built = metadata.build_epoch,
        "countries of addresses are loaded"
    );
}

/// Returns whether one of the first networks has a country.
fn has_countries(reader: &CountryReader) -> bool {
    let options = WithinOptions::default().include_networks_without_data();
    let Ok(networks) = reader.networks(options) else {
        return false;
    };
    let mut probed = networks
        .take(PROBED_NETWORKS)
        .filter_map(|network| network.ok()?.network().ok());
    probed.any(|network| country_of(reader, network.ip()).is_some())
}

fn country_of(reader: &CountryReader, address: IpAddr) -> Option<String> {
    let found = reader.lookup(address).ok()?;
    PATHS.iter().find_map(|path| found.decode_path(path).ok()?)
}
