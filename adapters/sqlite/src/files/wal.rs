//! Reads a write-ahead log without SQLite, which would create an index next to it.
//!
//! The format: <https://sqlite.org/walformat.html>.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

/// The length of the log's header, in bytes.
const WAL_HEADER: usize = 32;

/// The length of a frame's header, in bytes.
const FRAME_HEADER: usize = 24;

/// The length of the database header at the start of the first page, in bytes.
const DATABASE_HEADER: usize = 100;

/// The offset of `user_version` in the database header, in bytes.
const USER_VERSION: usize = 60;

/// The offset of `application_id` in the database header, in bytes.
const APPLICATION_ID: usize = 68;

/// Returns `application_id` and `user_version` of the last committed first page in the log, if it has one.
///
/// Checksums are not verified, because the result only decides whose file it is.
///
/// # Errors
/// The file cannot be read.
pub(super) fn read_application(log: &Path) -> io::Result<Option<(i32, i64)>> {
    let mut log = BufReader::new(File::open(log)?);
    let mut found = None;
    match read_frames(&mut log, &mut found) {
        Err(error) if error.kind() != ErrorKind::UnexpectedEof => Err(error),
        _ => Ok(found),
    }
}

/// Reads frames until one does not belong to this log or the file ends.
fn read_frames(log: &mut (impl Read + Seek), found: &mut Option<(i32, i64)>) -> io::Result<()> {
    let header = read_array::<WAL_HEADER>(log)?;
    let (page_size, salts) = (i64::from(u32_at(&header, 8)), bytes_at::<8>(&header, 16));
    let mut uncommitted = None;
    loop {
        let frame = read_array::<FRAME_HEADER>(log)?;
        if bytes_at::<8>(&frame, 8) != salts {
            // The rest is from an earlier log.
            return Ok(());
        }
        let mut rest = page_size;
        if u32_at(&frame, 0) == 1 {
            let page = read_array::<DATABASE_HEADER>(log)?;
            rest -= i64::try_from(DATABASE_HEADER).unwrap_or_default();
            uncommitted = Some((i32_at(&page, APPLICATION_ID), i64::from(i32_at(&page, USER_VERSION))));
        }
        // Read the last byte of the page, because a seek past the end succeeds.
        log.seek(SeekFrom::Current(rest - 1))?;
        read_array::<1>(log)?;
        // Only the last frame of a transaction has a database size.
        if u32_at(&frame, 4) != 0 {
            *found = uncommitted.or(*found);
        }
    }
}

fn read_array<const N: usize>(log: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    log.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn bytes_at<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
    let part = bytes.get(offset..).and_then(|rest| rest.first_chunk());
    part.copied().unwrap_or([0; N])
}

fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    u32::from_be_bytes(bytes_at(bytes, offset))
}

fn i32_at(bytes: &[u8], offset: usize) -> i32 {
    i32::from_be_bytes(bytes_at(bytes, offset))
}
