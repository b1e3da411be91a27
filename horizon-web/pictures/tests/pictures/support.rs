//! A content folder with pictures, and a cache.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use horizon_pictures::{CacheFolder, PictureFile, PictureStore, VARIANTS_PATH};
use horizon_posts::{Picture, PictureLookup as _};
use tempfile::TempDir;

/// A content folder, and a cache of its own.
pub(crate) struct PictureFolder {
    content: TempDir,
    cache: TempDir,
}

impl PictureFolder {
    pub(crate) fn new() -> Self {
        Self {
            content: TempDir::new().unwrap(),
            cache: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn content(&self) -> &Path {
        self.content.path()
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.cache.path().join("pictures")
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.content().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Opens a store, as a process does.
    pub(crate) fn store(&self) -> Arc<PictureStore> {
        let cache = CacheFolder::open(self.cache.path()).unwrap();
        Arc::new(PictureStore::new(self.content(), Some(cache)))
    }

    /// Writes a file and looks it up.
    pub(crate) fn look_up(&self, name: &str, bytes: &[u8]) -> Option<Picture> {
        let path = self.write(name, bytes);
        self.store().picture(&path)
    }

    /// Returns the names of the files in the cache.
    pub(crate) fn cached(&self) -> Vec<String> {
        let entries = fs::read_dir(self.cache()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

/// Requests the file of a URL.
pub(crate) async fn request(store: &Arc<PictureStore>, url: &str) -> Option<PictureFile> {
    let name = url.strip_prefix(VARIANTS_PATH).unwrap().strip_prefix('/').unwrap();
    store.file(name.parse().unwrap()).await
}

/// Returns the pixels of a picture that looks like a photo: soft shapes with some noise, always the same.
pub(crate) fn photo(width: u32, height: u32, channels: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(17);
    let mut bytes = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let (x, y) = (f64::from(x) / f64::from(width), f64::from(y) / f64::from(height));
            for offset in [0.0, 20.0, -20.0, 100.0].into_iter().take(channels) {
                let shape = (x * 9.0 + y * 4.0).sin() * 50.0 + (y * 13.0 - x * 3.0).cos() * 50.0;
                let value = 120.0 + shape + offset + f64::from(random.u8(..12));
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0 to 255")]
                bytes.push(value.clamp(0.0, 255.0) as u8);
            }
        }
    }
    bytes
}

/// Returns a PNG file of [`photo`].
pub(crate) fn png_photo(width: u32, height: u32) -> Vec<u8> {
    png(width, height, png::ColorType::Rgb, &photo(width, height, 3))
}

pub(crate) fn png(width: u32, height: u32, color: png::ColorType, pixels: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(color);
    encoder.set_compression(png::Compression::Fast);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
    file
}

/// Returns a JPEG file of [`photo`].
pub(crate) fn jpeg_photo(width: u16, height: u16) -> Vec<u8> {
    let mut file = Vec::new();
    let pixels = photo(width.into(), height.into(), 3);
    let encoder = jpeg_encoder::Encoder::new(&mut file, 90);
    encoder
        .encode(&pixels, width, height, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    file
}

/// Inserts a segment behind the start of a JPEG file.
pub(crate) fn with_segment(jpeg: &[u8], marker: u8, segment: &[u8]) -> Vec<u8> {
    let length = u16::try_from(segment.len() + 2).unwrap().to_be_bytes();
    let (start, rest) = jpeg.split_at(2);
    [start, &[0xff, marker], &length, segment, rest].concat()
}

/// Returns an Exif segment with an orientation and a place.
pub(crate) fn exif(orientation: u8) -> Vec<u8> {
    let mut segment = b"Exif\0\0MM\0*\0\0\0\x08\0\x02".to_vec();
    segment.extend([0x01, 0x0e, 0, 2, 0, 0, 0, 4]);
    segment.extend(b"home");
    segment.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    segment.extend([0; 4]);
    segment
}
