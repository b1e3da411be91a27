//! Adds a colour profile to a WebP file.
//!
//! The format is described at <https://developers.google.com/speed/webp/docs/riff_container>.

/// The bit of an extended file that says that it has a colour profile.
const HAS_PROFILE: u8 = 0x20;

/// The bit of an extended file that says that it has transparent pixels.
const HAS_ALPHA: u8 = 0x10;

/// Returns the file with the profile. Returns it without a profile if its structure is not as expected.
pub(crate) fn with_profile(file: &[u8], profile: &[u8], width: u32, height: u32) -> Vec<u8> {
    add_profile(file, profile, width, height).unwrap_or_else(|| file.to_vec())
}

fn add_profile(file: &[u8], profile: &[u8], width: u32, height: u32) -> Option<Vec<u8>> {
    let chunks = file.get(12..)?;
    // A file with transparent pixels is an extended one already.
    let (flags, chunks) = match chunks.get(..4)? {
        b"VP8X" => (chunks.get(8)? & HAS_ALPHA, chunks.get(18..)?),
        b"VP8L" => (HAS_ALPHA, chunks),
        _ => (0, chunks),
    };
    let mut header = vec![flags | HAS_PROFILE, 0, 0, 0];
    header.extend(width.checked_sub(1)?.to_le_bytes().get(..3)?);
    header.extend(height.checked_sub(1)?.to_le_bytes().get(..3)?);
    let mut body = b"WEBP".to_vec();
    push_chunk(&mut body, *b"VP8X", &header)?;
    push_chunk(&mut body, *b"ICCP", profile)?;
    body.extend(chunks);
    let mut whole = Vec::with_capacity(body.len() + 8);
    push_chunk(&mut whole, *b"RIFF", &body)?;
    Some(whole)
}

fn push_chunk(file: &mut Vec<u8>, name: [u8; 4], data: &[u8]) -> Option<()> {
    file.extend(name);
    file.extend(u32::try_from(data.len()).ok()?.to_le_bytes());
    file.extend(data);
    if data.len() % 2 == 1 {
        file.push(0);
    }
    Some(())
}
