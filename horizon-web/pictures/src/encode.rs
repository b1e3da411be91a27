//! Makes the variants of a picture.

use fast_image_resize::ResizeError;
use webp::{Encoder, WebPConfig};

use crate::{
    decode::{self, Decoded, PictureDecodeError},
    header::{Header, SourceFormat},
    pixels::Pixels,
    webp_file,
};

/// The widths of variants, in pixels. The text of a post is 688 CSS pixels wide, so 1,600 is enough for dense screens.
pub const WIDTHS: [u32; 5] = [480, 640, 800, 1200, 1600];

/// The maximum width or height of a WebP picture, in pixels, which the format limits.
const MAX_SIDE: u32 = 16_383;

/// The quality of a photo, from 0 to 100: at 75 a difference to the original is hard to see.
const PHOTO_QUALITY: f32 = 75.0;

/// The quality of a PNG picture, from 0 to 100. It is mostly a drawing or a screenshot, whose edges show losses.
const DRAWING_QUALITY: f32 = 88.0;

/// The variants of a picture cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// The original.
    #[error(transparent)]
    Decode(#[from] PictureDecodeError),
    /// Another size.
    #[error("the picture cannot be resized: {0}")]
    Resize(#[from] ResizeError),
    /// The encoder.
    #[error("the WebP encoder failed: {0}")]
    Webp(String),
}

/// Returns the widths of the variants of a picture, in increasing order: those below the width of the original, and
/// its own if that is not much larger than what a page needs.
pub(crate) fn widths(header: &Header) -> Vec<u32> {
    if header.format.is_none() || header.decode_bytes > decode::MAX_DECODE_BYTES {
        return Vec::new();
    }
    let [.., largest] = WIDTHS;
    let mut widths: Vec<u32> = WIDTHS.into_iter().filter(|width| *width < header.width).collect();
    if header.width <= largest {
        widths.push(header.width);
    }
    widths.retain(|width| height_at(header, *width) <= MAX_SIDE);
    widths
}

/// Returns the height of a variant, in pixels.
fn height_at(header: &Header, width: u32) -> u32 {
    let height = u64::from(header.height) * u64::from(width) / u64::from(header.width.max(1));
    u32::try_from(height).unwrap_or(u32::MAX).max(1)
}

/// A variant: its width, and the bytes of its file; no bytes if the original has fewer.
pub(crate) type EncodedVariant = (u32, Vec<u8>);

/// Makes all variants of a picture whose file has these bytes.
pub(crate) fn variants(bytes: &[u8], header: &Header) -> Result<Vec<EncodedVariant>, EncodeError> {
    let Decoded { pixels, icc_profile } = decode::decode(bytes, header)?;
    let mut variants = Vec::new();
    let mut larger = pixels;
    // Each is made of the next larger one.
    for width in widths(header).into_iter().rev() {
        let height = height_at(header, width);
        let is_turned = header.orientation > 4;
        let (raw_width, raw_height) = if is_turned { (height, width) } else { (width, height) };
        larger = larger.resized(raw_width, raw_height)?;
        let turned = larger.oriented(header.orientation);
        let file = encode(turned.as_ref().unwrap_or(&larger), header.format)?;
        let file = match &icc_profile {
            Some(profile) => webp_file::with_profile(&file, profile, width, height),
            None => file,
        };
        let is_smaller = file.len() < bytes.len();
        variants.push((width, if is_smaller { file } else { Vec::new() }));
    }
    Ok(variants)
}

fn encode(pixels: &Pixels, format: Option<SourceFormat>) -> Result<Vec<u8>, EncodeError> {
    let image = &pixels.image;
    let encoder = if pixels.has_alpha() {
        Encoder::from_rgba(image.buffer(), image.width(), image.height())
    } else {
        Encoder::from_rgb(image.buffer(), image.width(), image.height())
    };
    let mut config = WebPConfig::new().map_err(|()| EncodeError::Webp("its version is wrong".into()))?;
    let is_drawing = format == Some(SourceFormat::Png);
    config.quality = if is_drawing { DRAWING_QUALITY } else { PHOTO_QUALITY };
    // Coloured text keeps its edges.
    config.use_sharp_yuv = is_drawing.into();
    let file = encoder.encode_advanced(&config);
    let file = file.map_err(|error| EncodeError::Webp(format!("{error:?}")))?;
    Ok(file.to_vec())
}
