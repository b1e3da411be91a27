//! Sizes of pictures, and variants with fewer pixels for small windows.
//!
//! [`PictureStore`] reads the size of a picture from the header of its file, so that a page has the space for it before
//! it is loaded. It makes lossy WebP variants of JPEG, PNG and WebP files, one picture at a time, and keeps them in a
//! [`CacheFolder`]. The content folder is only read. GIF, AVIF, SVG and animated files have a size and no variants.

mod cache;
mod decode;
mod encode;
mod header;
mod index;
mod jpeg;
mod name;
mod pixels;
mod store;
mod svg;
mod webp_file;

pub use cache::{CacheFolder, MAX_CACHE_BYTES, UNUSED_AFTER};
pub use decode::{MAX_DECODE_BYTES, PictureDecodeError};
pub use encode::{EncodeError, WIDTHS};
pub use index::MAX_PICTURES;
pub use name::{ParseVariantNameError, VariantName};
pub use store::{PictureFile, PictureStore, VARIANTS_PATH};
