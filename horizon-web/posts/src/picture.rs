//! The sizes and variants of pictures.

use std::{fmt, path::Path, sync::Arc};

/// The size of a picture, and the URLs of smaller ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// The width in CSS pixels, at least 1.
    pub width: u32,
    /// The height in CSS pixels, at least 1.
    pub height: u32,
    /// Copies with fewer pixels, by increasing width; empty if the original is the best.
    pub variants: Vec<PictureVariant>,
}

/// A copy of a picture with fewer pixels or fewer bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureVariant {
    /// The path and query of the URL; only characters that need no escaping in HTML.
    pub url: String,
    /// The width in pixels.
    pub width: u32,
}

/// Knows the pictures of the content folder.
pub trait PictureLookup: fmt::Debug + Send + Sync {
    /// Returns the size and the variants of a picture, or `None` if the file is not a picture or cannot be read. Blocks
    /// on the disk.
    ///
    /// `file` is a path on the disk. A file outside the content folder is not read.
    fn picture(&self, file: &Path) -> Option<Picture>;
}

/// The pictures of a library; none by default.
#[derive(Clone, Debug, Default)]
pub struct Pictures(Option<Arc<dyn PictureLookup>>);

impl Pictures {
    /// Creates the pictures that `lookup` knows.
    #[must_use]
    pub fn new(lookup: Arc<dyn PictureLookup>) -> Self {
        Self(Some(lookup))
    }

    pub(crate) fn picture(&self, file: &Path) -> Option<Picture> {
        self.0.as_ref()?.picture(file)
    }
}

impl Picture {
    /// Returns the value of the attribute `srcset`, or `None` without variants.
    #[must_use]
    pub fn srcset(&self) -> Option<String> {
        let candidate = |variant: &PictureVariant| format!("{} {}w", variant.url, variant.width);
        let candidates: Vec<_> = self.variants.iter().map(candidate).collect();
        (!candidates.is_empty()).then(|| candidates.join(", "))
    }

    /// Returns the attribute `sizes` of the picture in the text of a post or above it.
    ///
    /// On the densest screens, which are those of phones, less than two pixels for each CSS pixel look the same as
    /// three and need a third of the bytes.
    #[must_use]
    pub fn prose_sizes(&self) -> String {
        let width = self.width.min(PROSE_WIDTH);
        format!("(max-width: 46rem) and (min-resolution: 2.5dppx) 52vw, (max-width: {width}px) 92vw, {width}px")
    }
}

/// The width that a picture in a post needs, in CSS pixels. The text is 688 wide (`--measure` in the style sheet).
/// Chromium also chooses a variant that is a little too narrow, so this is more.
const PROSE_WIDTH: u32 = 736;

/// Returns the attributes of an `img` in a post, each after a space. The first one is loaded at once.
pub(crate) fn attributes(picture: Option<&Picture>, is_first: bool) -> String {
    let mut attributes = picture.map(size_attributes).unwrap_or_default();
    attributes += if is_first {
        " fetchpriority=\"high\""
    } else {
        " loading=\"lazy\" decoding=\"async\""
    };
    attributes
}

fn size_attributes(picture: &Picture) -> String {
    let Picture { width, height, .. } = picture;
    let size = format!(" width=\"{width}\" height=\"{height}\"");
    match picture.srcset() {
        Some(srcset) => format!(" srcset=\"{srcset}\" sizes=\"{}\"{size}", picture.prose_sizes()),
        None => size,
    }
}
