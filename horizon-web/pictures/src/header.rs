//! The size of a picture, and what decoding it costs, from the header of its file.

use std::{
    io::{self, BufRead, Read, Seek, SeekFrom},
    str,
};

use imagesize::{Compression, ImageType};

use crate::{jpeg, svg};

/// What the header of a picture says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// As shown, in pixels, at least 1.
    pub(crate) width: u32,
    /// As shown, in pixels, at least 1.
    pub(crate) height: u32,
    /// The format, if variants can be made of it.
    pub(crate) format: Option<SourceFormat>,
    /// The memory that decoding needs, in bytes.
    pub(crate) decode_bytes: u64,
    /// How the pixels are turned to be shown, as in Exif: 1 to 8.
    pub(crate) orientation: u8,
}

/// A format of which variants can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SourceFormat {
    Jpeg,
    Png,
    Webp,
}

/// Reads the header. `start` is the start of the file. The format is that of the content, whatever the file's name is.
pub(crate) fn read(file: &mut (impl BufRead + Seek), start: &[u8]) -> Option<Header> {
    file.seek(SeekFrom::Start(0)).ok()?;
    let header = match imagesize::image_type(start) {
        Ok(ImageType::Jpeg) => jpeg_header(file).ok()?,
        Ok(kind @ (ImageType::Png | ImageType::Webp | ImageType::Gif | ImageType::Heif(Compression::Av1))) => {
            let size = imagesize::reader_size(file).ok()?;
            let (width, height) = (u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?);
            let pixels = u64::from(width) * u64::from(height);
            let (format, bytes_per_pixel) = match kind {
                ImageType::Png if !is_animated_png(start) => (Some(SourceFormat::Png), png_bytes_per_pixel(start)),
                ImageType::Webp if !is_animated_webp(start) => (Some(SourceFormat::Webp), 12),
                _ => (None, 0),
            };
            Some(Header {
                width,
                height,
                format,
                decode_bytes: pixels.saturating_mul(bytes_per_pixel),
                orientation: 1,
            })
        }
        _ => svg_header(start),
    };
    header.filter(|header| header.width > 0 && header.height > 0)
}

fn jpeg_header(file: &mut (impl Read + Seek)) -> io::Result<Option<Header>> {
    let Some(jpeg) = jpeg::read(file)? else {
        return Ok(None);
    };
    // The coefficients of a progressive picture are two bytes for each of three samples.
    let bytes_per_pixel = if jpeg.is_progressive { 9 } else { 3 };
    let (width, height) = if jpeg.orientation > 4 {
        (jpeg.height, jpeg.width)
    } else {
        (jpeg.width, jpeg.height)
    };
    Ok(Some(Header {
        width,
        height,
        format: Some(SourceFormat::Jpeg),
        decode_bytes: (u64::from(width) * u64::from(height)).saturating_mul(bytes_per_pixel),
        orientation: jpeg.orientation,
    }))
}

/// Returns the bytes of a pixel with four channels of eight bits, and those of the decoder.
fn png_bytes_per_pixel(start: &[u8]) -> u64 {
    let is_deep = start.get(24) == Some(&16);
    4 + if is_deep { 8 } else { 4 }
}

fn is_animated_png(start: &[u8]) -> bool {
    let before_pixels = start.windows(4).take_while(|name| *name != b"IDAT");
    before_pixels.into_iter().any(|name| name == b"acTL")
}

fn is_animated_webp(start: &[u8]) -> bool {
    start.get(12..16) == Some(b"VP8X") && start.get(20).is_some_and(|flags| flags & 2 != 0)
}

fn svg_header(start: &[u8]) -> Option<Header> {
    let text = match str::from_utf8(start) {
        Ok(text) => text,
        // The last character may be cut.
        Err(error) => str::from_utf8(start.get(..error.valid_up_to())?).ok()?,
    };
    let (width, height) = svg::size(text.strip_prefix('\u{feff}').unwrap_or(text))?;
    Some(Header {
        width,
        height,
        format: None,
        decode_bytes: 0,
        orientation: 1,
    })
}
