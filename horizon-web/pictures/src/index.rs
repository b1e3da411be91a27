//! The picture files of the content folder.

use std::{
    collections::HashMap,
    ffi::OsStr,
    fs::{self, File},
    io::{self, BufReader, Read, Seek, SeekFrom},
    panic,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use parking_lot::Mutex;

use crate::{
    encode,
    header::{self, Header},
    name::{PictureId, SAMPLE_BYTES, VariantName},
};

/// The maximum number of picture files that are remembered.
pub const MAX_PICTURES: usize = 20_000;

/// The maximum depth of folders.
const MAX_DEPTH: usize = 16;

/// A smaller file has no variants, because they would save little: 16 KiB.
const MIN_SOURCE_BYTES: u64 = 16 << 10;

/// A larger file has no variants, because it is read into memory: 64 MiB.
const MAX_SOURCE_BYTES: u64 = 64 << 20;

/// The endings of files of which variants can be made.
const EXTENSIONS: [&str; 4] = ["jpeg", "jpg", "png", "webp"];

/// The picture files that were read, by their real path.
#[derive(Debug)]
pub(crate) struct PictureIndex {
    root: PathBuf,
    pictures: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// No picture if the file is not one.
    by_path: HashMap<PathBuf, (FileStamp, Option<Arc<IndexedPicture>>)>,
    by_id: HashMap<PictureId, Arc<IndexedPicture>>,
}

/// Changes with the content of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileStamp {
    length: u64,
    modified: Option<SystemTime>,
}

/// A picture file.
#[derive(Debug)]
pub(crate) struct IndexedPicture {
    /// The real path.
    pub(crate) file: PathBuf,
    pub(crate) id: PictureId,
    pub(crate) header: Header,
    length: u64,
}

impl IndexedPicture {
    /// Returns the names of its variants, by increasing width.
    pub(crate) fn variants(&self) -> impl Iterator<Item = VariantName> + '_ {
        let has_variants = (MIN_SOURCE_BYTES..=MAX_SOURCE_BYTES).contains(&self.length);
        let widths = has_variants.then(|| encode::widths(&self.header));
        widths.into_iter().flatten().map(|width| VariantName {
            id: self.id.clone(),
            width,
        })
    }

    /// Reads the file. Returns `None` if its content is no longer that of the id.
    pub(crate) fn read(&self) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        File::open(&self.file)?
            .take(MAX_SOURCE_BYTES + 1)
            .read_to_end(&mut bytes)?;
        let start = bytes.get(..SAMPLE_BYTES).unwrap_or(&bytes);
        let end = bytes
            .get(bytes.len().saturating_sub(SAMPLE_BYTES)..)
            .unwrap_or_default();
        let is_same = PictureId::new(bytes.len() as u64, start, end) == self.id;
        Ok(is_same.then_some(bytes))
    }
}

impl PictureIndex {
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            pictures: Mutex::default(),
        }
    }

    /// Returns the picture in a file. Returns `None` if it is not a picture, cannot be read, is hidden, or is not in
    /// the folder.
    pub(crate) fn at(&self, file: &Path) -> Option<Arc<IndexedPicture>> {
        // A symbolic link must not show other files of the machine.
        let root = fs::canonicalize(&self.root).ok()?;
        let file = fs::canonicalize(file).ok()?;
        let mut names = file.strip_prefix(&root).ok()?.iter();
        if names.any(is_hidden) {
            return None;
        }
        let metadata = fs::metadata(&file).ok().filter(fs::Metadata::is_file)?;
        let stamp = FileStamp {
            length: metadata.len(),
            modified: metadata.modified().ok(),
        };
        if let Some((known, picture)) = self.pictures.lock().by_path.get(&file)
            && *known == stamp
        {
            return picture.clone();
        }
        // A panic in a library must not keep the other pictures from being read.
        let header = panic::catch_unwind(|| read_header(&file, stamp.length));
        let picture = header.ok().and_then(Result::ok).flatten();
        let picture = picture.map(|(id, header)| {
            Arc::new(IndexedPicture {
                file: file.clone(),
                id,
                header,
                length: stamp.length,
            })
        });
        let mut pictures = self.pictures.lock();
        if pictures.by_path.len() >= MAX_PICTURES || pictures.by_id.len() >= MAX_PICTURES {
            *pictures = Known::default();
        }
        if let Some(picture) = &picture {
            pictures.by_id.insert(picture.id.clone(), Arc::clone(picture));
        }
        pictures.by_path.insert(file, (stamp, picture.clone()));
        picture
    }

    /// Returns the picture with that id, if it was read.
    pub(crate) fn with_id(&self, id: &PictureId) -> Option<Arc<IndexedPicture>> {
        self.pictures.lock().by_id.get(id).cloned()
    }

    /// Reads all files of the folder that seem to be pictures.
    pub(crate) fn scan(&self) {
        let mut folders = vec![(self.root.clone(), 0)];
        let mut files = 0;
        while let Some((folder, depth)) = folders.pop() {
            let Ok(entries) = fs::read_dir(&folder) else {
                continue;
            };
            for entry in entries.flatten() {
                let (path, name) = (entry.path(), entry.file_name());
                if is_hidden(&name) || name == "node_modules" {
                    continue;
                }
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    if depth < MAX_DEPTH {
                        folders.push((path, depth + 1));
                    }
                } else if has_picture_name(&path) {
                    files += 1;
                    if files > MAX_PICTURES {
                        return;
                    }
                    self.at(&path);
                }
            }
        }
    }
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

fn has_picture_name(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known))
}

fn read_header(path: &Path, length: u64) -> io::Result<Option<(PictureId, Header)>> {
    let mut file = File::open(path)?;
    let (mut start, mut end) = (Vec::new(), Vec::new());
    let sample = SAMPLE_BYTES as u64;
    (&mut file).take(sample).read_to_end(&mut start)?;
    file.seek(SeekFrom::Start(length.saturating_sub(sample)))?;
    (&mut file).take(sample).read_to_end(&mut end)?;
    let header = header::read(&mut BufReader::new(file), &start);
    Ok(header.map(|header| (PictureId::new(length, &start, &end), header)))
}
