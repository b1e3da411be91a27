//! The sessions of a day in columns: small to store and fast to scan.
//!
//! A part is the encoded form itself: a header, then one column after the other. A column has a width of 1, 2, 4 or 8
//! bytes per row, or none if all rows have the same number. Numbers are little-endian. Texts are numbers of a
//! dictionary that precedes their column.

mod column;
mod dictionary;
mod input;
mod pack;
mod unpack;

#[cfg(test)]
mod tests;

pub(crate) use column::SessionColumn;
pub(crate) use dictionary::Dictionary;
pub use pack::PackedSessions;

use super::Dimension;
use crate::Day;
use input::Input;

/// The version of the encoding, the first byte of each part.
const VERSION: u8 = 1;

/// Why bytes are not the columns of sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionColumnsError {
    /// Another version of this program wrote the bytes.
    #[error("the sessions have the unknown format {0}; a newer version wrote them")]
    Version(u8),
    /// The bytes end too early or contradict themselves.
    #[error("the sessions of a day are damaged")]
    Damaged,
    /// The pages were not given.
    #[error("the pages of the sessions are missing")]
    NoPages,
    /// There are more rows or longer texts than a part can have.
    #[error("there are too many sessions for one part")]
    TooMany,
    /// The rows are of several days.
    #[error("the sessions are of several days")]
    SeveralDays,
}

/// The sessions of a day, or a part of them, read from [`PackedSessions`]. Borrows the bytes and copies nothing.
///
/// ```
/// use horizon_core::reports::{PackedSessions, SessionColumns};
/// use horizon_core::Day;
///
/// let packed = PackedSessions::new(Day::from_number(20_600), Vec::new())?;
/// let columns = SessionColumns::new(&packed.sessions, Some(&packed.pages))?;
/// assert_eq!((columns.len(), columns.to_rows()?), (0, Vec::new()));
/// assert!(SessionColumns::new(b"garbage", None).is_err());
/// # Ok::<(), horizon_core::reports::SessionColumnsError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SessionColumns<'a> {
    pub(crate) day: Day,
    /// The milliseconds from which starts are counted.
    base: i64,
    rows: usize,
    /// The rows at the start that have a visitor, ordered by it.
    pub(crate) keyed: usize,
    number: SessionColumn<'a>,
    pub(crate) visitor: SessionColumn<'a>,
    start: SessionColumn<'a>,
    /// The milliseconds from the start to the last event.
    pub(crate) length: SessionColumn<'a>,
    pub(crate) pageviews: SessionColumn<'a>,
    pub(crate) seconds: SessionColumn<'a>,
    pub(crate) is_interactive: SessionColumn<'a>,
    pub(crate) values: [TextColumn<'a>; Dimension::OF_SESSIONS.len()],
    pub(crate) pages: Option<PageColumns<'a>>,
}

/// A column of texts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TextColumn<'a> {
    pub(crate) dictionary: Dictionary<'a>,
    pub(crate) indices: SessionColumn<'a>,
}

/// The pages of the sessions, in the order of the sessions.
#[derive(Clone, Debug)]
pub(crate) struct PageColumns<'a> {
    pub(crate) rows: usize,
    /// How many sessions after that of the page before the session of each page is. That before the first page is
    /// session 0.
    pub(crate) advance: SessionColumn<'a>,
    pub(crate) page: TextColumn<'a>,
    pub(crate) pageviews: SessionColumn<'a>,
    pub(crate) seconds: SessionColumn<'a>,
    pub(crate) finished: SessionColumn<'a>,
    /// The number of page visits of each page.
    pub(crate) visits: SessionColumn<'a>,
    /// The milliseconds from the start of the session to that of each page visit.
    starts: SessionColumn<'a>,
}

impl<'a> SessionColumns<'a> {
    /// Reads the columns from [`PackedSessions::sessions`] and, if they are needed, [`PackedSessions::pages`].
    ///
    /// # Errors
    /// Fails if the bytes are damaged, or if a newer version wrote them.
    pub fn new(sessions: &'a [u8], pages: Option<&'a [u8]>) -> Result<Self, SessionColumnsError> {
        let mut input = Input::new(sessions)?;
        let (day, base) = (Day::from_number(input.i64()?), input.i64()?);
        let (rows, keyed) = (input.len()?, input.len()?);
        if keyed > rows {
            return Err(SessionColumnsError::Damaged);
        }
        let columns = Self {
            day,
            base,
            rows,
            keyed,
            number: SessionColumn::read_stored(&mut input, rows)?,
            start: SessionColumn::read(&mut input, rows)?,
            length: SessionColumn::read(&mut input, rows)?,
            pageviews: SessionColumn::read(&mut input, rows)?,
            seconds: SessionColumn::read(&mut input, rows)?,
            is_interactive: SessionColumn::read(&mut input, rows)?,
            visitor: SessionColumn::read(&mut input, keyed)?,
            values: TextColumn::read_all(&mut input, rows)?,
            pages: pages.map(|pages| PageColumns::new(pages, day, rows)).transpose()?,
        };
        input.finish()?;
        Ok(columns)
    }

    /// Returns the day on which the sessions start.
    #[must_use]
    pub const fn day(&self) -> Day {
        self.day
    }

    /// Returns the number of sessions.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows
    }

    /// Returns whether there is no session.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Returns the milliseconds since 1970 at which a session starts.
    pub(crate) fn start_millis(&self, row: usize) -> i64 {
        self.base.wrapping_add(self.start.get(row).cast_signed())
    }
}

impl<'a> TextColumn<'a> {
    fn read(input: &mut Input<'a>, read_column: ReadColumn<'a>, rows: usize) -> Result<Self, SessionColumnsError> {
        let dictionary = Dictionary::read(input)?;
        let indices = read_column(input, rows)?;
        if rows > 0 && indices.max() >= dictionary.len() as u64 {
            return Err(SessionColumnsError::Damaged);
        }
        Ok(Self { dictionary, indices })
    }

    fn read_all<const N: usize>(input: &mut Input<'a>, rows: usize) -> Result<[Self; N], SessionColumnsError> {
        let mut all = [Self::EMPTY; N];
        for texts in &mut all {
            *texts = Self::read(input, SessionColumn::read, rows)?;
        }
        Ok(all)
    }

    const EMPTY: Self = Self {
        dictionary: Dictionary::EMPTY,
        indices: SessionColumn::EMPTY,
    };
}

type ReadColumn<'a> = fn(&mut Input<'a>, usize) -> Result<SessionColumn<'a>, SessionColumnsError>;

impl<'a> PageColumns<'a> {
    fn new(bytes: &'a [u8], day: Day, sessions: usize) -> Result<Self, SessionColumnsError> {
        let mut input = Input::new(bytes)?;
        let (own_day, own_sessions) = (Day::from_number(input.i64()?), input.len()?);
        let (rows, starts) = (input.len()?, input.len()?);
        let columns = Self {
            rows,
            advance: SessionColumn::read(&mut input, rows)?,
            page: TextColumn::read(&mut input, SessionColumn::read_stored, rows)?,
            pageviews: SessionColumn::read(&mut input, rows)?,
            seconds: SessionColumn::read(&mut input, rows)?,
            finished: SessionColumn::read(&mut input, rows)?,
            visits: SessionColumn::read(&mut input, rows)?,
            starts: SessionColumn::read_stored(&mut input, starts)?,
        };
        input.finish()?;
        let has_sums = (own_day, own_sessions) == (day, sessions)
            && columns
                .advance
                .sum(rows)
                .is_some_and(|last| rows == 0 || last < sessions as u64)
            && columns.visits.sum(rows) == Some(starts as u64);
        if has_sums {
            Ok(columns)
        } else {
            Err(SessionColumnsError::Damaged)
        }
    }
}
