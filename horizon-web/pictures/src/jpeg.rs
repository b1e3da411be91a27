//! Reads the segments of a JPEG file up to the size of the picture.

use std::io::{self, Read, Seek, SeekFrom};

/// The maximum number of segments before the size. Cameras write about ten.
const MAX_SEGMENTS: usize = 500;

/// The maximum length of a segment, which the format limits.
const MAX_SEGMENT_BYTES: u16 = u16::MAX;

/// What the segments say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JpegHeader {
    /// Before the picture is turned.
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Whether a decoder must hold all coefficients in memory.
    pub(crate) is_progressive: bool,
    /// The orientation in the Exif data, 1 to 8.
    pub(crate) orientation: u8,
}

/// Reads a file from its start. Returns `None` if it is not a JPEG file with a size.
pub(crate) fn read(file: &mut (impl Read + Seek)) -> io::Result<Option<JpegHeader>> {
    let mut orientation = 1;
    if bytes::<2>(file)? != [0xff, 0xd8] {
        return Ok(None);
    }
    for _ in 0..MAX_SEGMENTS {
        let [0xff, mut marker] = bytes::<2>(file)? else {
            return Ok(None);
        };
        // A marker may be preceded by any number of fill bytes; more than a few are damage.
        for _ in 0..MAX_SEGMENTS {
            if marker != 0xff {
                break;
            }
            [marker] = bytes::<1>(file)?;
        }
        let length = u16::from_be_bytes(bytes(file)?);
        let Some(length) = length.checked_sub(2).filter(|length| *length < MAX_SEGMENT_BYTES) else {
            return Ok(None);
        };
        match marker {
            0xc0..=0xcf if ![0xc4, 0xc8, 0xcc].contains(&marker) => {
                let [_, h1, h0, w1, w0] = bytes(file)?;
                return Ok(Some(JpegHeader {
                    width: u16::from_be_bytes([w1, w0]).into(),
                    height: u16::from_be_bytes([h1, h0]).into(),
                    is_progressive: marker & 3 == 2,
                    orientation,
                }));
            }
            0xe1 => {
                let mut segment = vec![0; length.into()];
                file.read_exact(&mut segment)?;
                orientation = exif_orientation(&segment).unwrap_or(orientation);
            }
            // The picture starts without a size.
            0xda | 0xd9 => return Ok(None),
            _ => {
                file.seek(SeekFrom::Current(length.into()))?;
            }
        }
    }
    Ok(None)
}

fn bytes<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Returns the orientation of an Exif segment: tag 0x0112 of the first directory of a TIFF file.
fn exif_orientation(segment: &[u8]) -> Option<u8> {
    let tiff = segment.strip_prefix(b"Exif\0\0")?;
    let is_little = tiff.starts_with(b"II");
    let u16_at = |at: usize| -> Option<u16> {
        let bytes = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if is_little {
            u16::from_le_bytes(bytes)
        } else {
            u16::from_be_bytes(bytes)
        })
    };
    let (a, b) = (u32::from(u16_at(4)?), u32::from(u16_at(6)?));
    let directory = if is_little { b << 16 | a } else { a << 16 | b };
    let directory = usize::try_from(directory).ok()?;
    let entries = usize::from(u16_at(directory)?);
    let entry = |number: usize| directory.checked_add(2 + 12 * number);
    let found = (0..entries).find_map(|number| entry(number).filter(|at| u16_at(*at) == Some(0x0112)))?;
    let value = u8::try_from(u16_at(found.checked_add(8)?)?).ok()?;
    (1..=8).contains(&value).then_some(value)
}
