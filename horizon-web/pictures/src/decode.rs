//! Decodes pictures, within a limit of memory.

use std::io::Cursor;

use png::{ColorType, Limits, Transformations};
use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::JpegDecoder;

use crate::{
    header::{Header, SourceFormat},
    pixels::Pixels,
};

/// The maximum memory for decoding one picture, in bytes: 192 MiB. That is enough for a JPEG photo of 64 megapixels.
pub const MAX_DECODE_BYTES: u64 = 192 << 20;

/// The maximum width or height of a JPEG picture, which the format limits.
const MAX_JPEG_SIDE: usize = 1 << 16;

/// A picture cannot be decoded.
#[derive(Debug, thiserror::Error)]
#[error("the picture cannot be decoded: {0}")]
pub struct PictureDecodeError(String);

/// A decoded picture that is not turned yet.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) pixels: Pixels,
    /// The colour profile, if it is one of RGB colours.
    pub(crate) icc_profile: Option<Vec<u8>>,
}

/// Decodes the bytes of a file that has this header.
pub(crate) fn decode(bytes: &[u8], header: &Header) -> Result<Decoded, PictureDecodeError> {
    if header.decode_bytes > MAX_DECODE_BYTES {
        return Err(PictureDecodeError("it has too many pixels".into()));
    }
    let mut decoded = match header.format {
        Some(SourceFormat::Jpeg) => jpeg(bytes)?,
        Some(SourceFormat::Png) => png(bytes)?,
        Some(SourceFormat::Webp) => webp(bytes)?,
        None => return Err(PictureDecodeError("its format is not supported".into())),
    };
    // The signature of the colour space is at byte 16.
    decoded.icc_profile = decoded.icc_profile.filter(|icc| icc.get(16..20) == Some(b"RGB "));
    Ok(decoded)
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
fn error(error: impl ToString) -> PictureDecodeError {
    PictureDecodeError(error.to_string())
}

fn wrong_length() -> PictureDecodeError {
    PictureDecodeError("the decoder returned the wrong number of pixels".into())
}

fn jpeg(bytes: &[u8]) -> Result<Decoded, PictureDecodeError> {
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(ColorSpace::RGB)
        .set_max_width(MAX_JPEG_SIDE)
        .set_max_height(MAX_JPEG_SIDE);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let rgb = decoder.decode().map_err(|problem| error(format!("{problem:?}")))?;
    let info = decoder.info().ok_or_else(wrong_length)?;
    Ok(Decoded {
        pixels: Pixels::new(info.width.into(), info.height.into(), false, rgb).ok_or_else(wrong_length)?,
        icc_profile: decoder.icc_profile(),
    })
}

fn png(bytes: &[u8]) -> Result<Decoded, PictureDecodeError> {
    let limit = usize::try_from(MAX_DECODE_BYTES).unwrap_or(usize::MAX);
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: limit });
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(error)?;
    let size = reader.output_buffer_size().filter(|size| *size <= limit);
    let mut buffer = vec![0; size.ok_or_else(|| PictureDecodeError("it has too many pixels".into()))?];
    let frame = reader.next_frame(&mut buffer).map_err(error)?;
    let icc_profile = reader.info().icc_profile.as_deref().map(<[u8]>::to_vec);
    let (bytes, has_alpha) = match frame.color_type {
        ColorType::Rgb => (buffer, false),
        ColorType::Rgba => (buffer, true),
        ColorType::Grayscale => (buffer.iter().flat_map(|grey| [*grey; 3]).collect(), false),
        ColorType::GrayscaleAlpha => {
            let pixels = buffer.as_chunks().0.iter();
            (
                pixels.flat_map(|[grey, alpha]| [*grey, *grey, *grey, *alpha]).collect(),
                true,
            )
        }
        // The transformation has replaced the palette.
        ColorType::Indexed => return Err(wrong_length()),
    };
    Ok(Decoded {
        pixels: Pixels::new(frame.width, frame.height, has_alpha, bytes).ok_or_else(wrong_length)?,
        icc_profile,
    })
}

fn webp(bytes: &[u8]) -> Result<Decoded, PictureDecodeError> {
    let limit = usize::try_from(MAX_DECODE_BYTES).unwrap_or(usize::MAX);
    let mut decoder = image_webp::WebPDecoder::new(Cursor::new(bytes)).map_err(error)?;
    decoder.set_memory_limit(limit);
    let size = decoder.output_buffer_size().filter(|size| *size <= limit);
    let mut buffer = vec![0; size.ok_or_else(|| PictureDecodeError("it has too many pixels".into()))?];
    decoder.read_image(&mut buffer).map_err(error)?;
    let (width, height) = decoder.dimensions();
    Ok(Decoded {
        pixels: Pixels::new(width, height, decoder.has_alpha(), buffer).ok_or_else(wrong_length)?,
        icc_profile: decoder.icc_profile().map_err(error)?,
    })
}
