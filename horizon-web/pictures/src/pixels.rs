//! Pixels in memory: how they are scaled and turned.

use fast_image_resize::{PixelType, ResizeError, Resizer, images::Image};

/// A picture in memory.
#[derive(Debug)]
pub(crate) struct Pixels {
    pub(crate) image: Image<'static>,
}

impl Pixels {
    /// Creates pixels of three (RGB) or four (RGBA) bytes. Returns `None` if the number of bytes is not right.
    pub(crate) fn new(width: u32, height: u32, has_alpha: bool, bytes: Vec<u8>) -> Option<Self> {
        let kind = if has_alpha { PixelType::U8x4 } else { PixelType::U8x3 };
        let image = Image::from_vec_u8(width, height, bytes, kind).ok()?;
        Some(Self { image })
    }

    pub(crate) fn has_alpha(&self) -> bool {
        self.image.pixel_type() == PixelType::U8x4
    }

    /// Returns the picture in another size, with a Lanczos filter.
    pub(crate) fn resized(&self, width: u32, height: u32) -> Result<Self, ResizeError> {
        let mut image = Image::new(width, height, self.image.pixel_type());
        Resizer::new().resize(&self.image, &mut image, None)?;
        Ok(Self { image })
    }

    /// Returns the picture as it is shown with this orientation of Exif, or `None` if that does not change it.
    pub(crate) fn oriented(&self, orientation: u8) -> Option<Self> {
        if !(2..=8).contains(&orientation) {
            return None;
        }
        let (width, height) = (self.image.width(), self.image.height());
        let is_turned = orientation > 4;
        let (new_width, new_height) = if is_turned { (height, width) } else { (width, height) };
        let size = if self.has_alpha() { 4 } else { 3 };
        let source = self.image.buffer();
        let mut bytes = Vec::with_capacity(source.len());
        for y in 0..new_height {
            for x in 0..new_width {
                // The orientation names where row and column 0 are shown.
                let (across, down) = match orientation {
                    2 => (width - 1 - x, y),
                    3 => (width - 1 - x, height - 1 - y),
                    4 => (x, height - 1 - y),
                    5 => (y, x),
                    6 => (y, height - 1 - x),
                    7 => (width - 1 - y, height - 1 - x),
                    _ => (width - 1 - y, x),
                };
                let at = (down as usize * width as usize + across as usize) * size;
                bytes.extend_from_slice(source.get(at..at + size).unwrap_or_default());
            }
        }
        Self::new(new_width, new_height, size == 4, bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_orientation_turns_and_mirrors_the_pixels() {
        // a b c
        // d e f
        for (orientation, expected) in [
            (2, (3, "cbafed")),
            (3, (3, "fedcba")),
            (4, (3, "defabc")),
            (5, (2, "adbecf")),
            (6, (2, "daebfc")),
            (7, (2, "fcebda")),
            (8, (2, "cfbead")),
        ] {
            let bytes = b"abcdef".iter().flat_map(|byte| [*byte, 0, 0]).collect();
            let turned = Pixels::new(3, 2, false, bytes).unwrap().oriented(orientation).unwrap();
            let letters: String = turned
                .image
                .buffer()
                .iter()
                .step_by(3)
                .map(|byte| char::from(*byte))
                .collect();
            assert_eq!((turned.image.width(), letters.as_str()), expected, "{orientation}");
        }
    }
}
