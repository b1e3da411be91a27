//! Reads a write-ahead log without SQLite, which makes an index beside it.
//!
//! The format: <https://sqlite.org/walformat.html>.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

/// The lengths of the log's header and of a frame's header, in bytes.
const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// How much of the first page is read, in bytes: the header of the database.
const DATABASE_HEADER: usize = 100;

/// Where the header of the database has its version and the mark of its program, in bytes.
const USER_VERSION: usize = 60;
const APPLICATION_ID: usize = 68;

/// Returns the mark of the program (`application_id`) and the version (`user_version`) that the newest first page in
/// the log has; nothing if no committed one is in it.
///
/// Checksums are not looked at: the mark decides only whose file it is.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn mark(log: &Path) -> io::Result<Option<(i32, i64)>> {
    let mut log = BufReader::new(File::open(log)?);
    let mut found = None;
    match walk(&mut log, &mut found) {
        Err(error) if error.kind() != ErrorKind::UnexpectedEof => Err(error),
        _ => Ok(found),
    }
}

/// Goes from frame to frame, until one is not of this log or the file ends.
fn walk(log: &mut (impl Read + Seek), found: &mut Option<(i32, i64)>) -> io::Result<()> {
    let header = take::<HEADER>(log)?;
    let (page_size, salts) = (i64::from(number(&header, 8)), part::<8>(&header, 16));
    let mut written = None;
    loop {
        let frame = take::<FRAME_HEADER>(log)?;
        if part::<8>(&frame, 8) != salts {
            // What is left of a log before this one.
            return Ok(());
        }
        let mut rest = page_size;
        if number(&frame, 0) == 1 {
            let page = take::<DATABASE_HEADER>(log)?;
            rest -= i64::try_from(DATABASE_HEADER).unwrap_or_default();
            written = Some((signed(&page, APPLICATION_ID), i64::from(signed(&page, USER_VERSION))));
        }
        // A seek may go behind the end, so the last byte is read.
        log.seek(SeekFrom::Current(rest - 1))?;
        take::<1>(log)?;
        // The last frame of a transaction has the size of the database.
        if number(&frame, 4) != 0 {
            *found = written.or(*found);
        }
    }
}

fn take<const N: usize>(log: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    log.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn part<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let part = bytes.get(at..).and_then(|rest| rest.first_chunk());
    part.copied().unwrap_or([0; N])
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(part(bytes, at))
}

fn signed(bytes: &[u8], at: usize) -> i32 {
    i32::from_be_bytes(part(bytes, at))
}
