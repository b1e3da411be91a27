use super::column::SessionColumn;
use super::dictionary::{DictionaryBuilder, len_u32};
use super::{SessionColumnsError, VERSION};
use crate::Day;
use crate::reports::{PageRow, SessionRow};

/// The sessions of a day, or a part of them, as bytes to store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PackedSessions {
    /// The sessions without their pages.
    pub sessions: Vec<u8>,
    /// The pages of the sessions, which most queries do not need.
    pub pages: Vec<u8>,
}

impl PackedSessions {
    /// Returns the sessions of a day. All sessions of a visitor must be in the same part.
    ///
    /// # Errors
    /// Fails if a session starts on another day, or if there are more than [`u32::MAX`] rows.
    pub fn new(day: Day, mut rows: Vec<SessionRow>) -> Result<Self, SessionColumnsError> {
        if rows.iter().any(|row| row.id.day != day) {
            return Err(SessionColumnsError::SeveralDays);
        }
        rows.sort_unstable_by_key(|row| (row.visitor.is_none(), row.visitor, row.start, row.id.number));
        Ok(Self {
            sessions: pack_sessions(day, &rows)?,
            pages: pack_pages(day, &rows)?,
        })
    }
}

fn pack_sessions(day: Day, rows: &[SessionRow]) -> Result<Vec<u8>, SessionColumnsError> {
    let base = rows.iter().map(|row| row.start.as_millis()).min().unwrap_or(0);
    let keyed = rows.iter().filter(|row| row.visitor.is_some()).count();
    let mut out = vec![VERSION];
    out.extend(day.number().to_le_bytes());
    out.extend(base.to_le_bytes());
    out.extend(len_u32(rows.len())?.to_le_bytes());
    out.extend(len_u32(keyed)?.to_le_bytes());
    SessionColumn::write_stored(&mut out, rows.iter().map(|row| row.id.number.into()));
    let mut write = |number: fn(&SessionRow, i64) -> u64| {
        SessionColumn::write(&mut out, rows.iter().map(|row| number(row, base)));
    };
    write(|row, base| distance(base, row.start.as_millis()));
    write(|row, _| distance(row.start.as_millis(), row.last.as_millis()));
    write(|row, _| row.pageviews.into());
    write(|row, _| row.seconds.into());
    write(|row, _| row.is_interactive.into());
    SessionColumn::write(&mut out, rows.iter().filter_map(|row| row.visitor.map(u64::from)));
    for dimension in 0..crate::reports::Dimension::OF_SESSIONS.len() {
        let texts = rows
            .iter()
            .map(|row| row.values.get(dimension).map_or("", |value| value));
        let numbers = write_dictionary(&mut out, texts)?;
        SessionColumn::write(&mut out, numbers.into_iter());
    }
    Ok(out)
}

fn pack_pages(day: Day, rows: &[SessionRow]) -> Result<Vec<u8>, SessionColumnsError> {
    let pages = || {
        rows.iter()
            .flat_map(|row| row.pages.iter().map(move |page| (row, page)))
    };
    let starts = pages().flat_map(|(row, page)| {
        let start = row.start.as_millis();
        page.starts.iter().map(move |at| distance(start, at.as_millis()))
    });
    let mut out = vec![VERSION];
    out.extend(day.number().to_le_bytes());
    for len in [rows.len(), pages().count(), starts.clone().count()] {
        out.extend(len_u32(len)?.to_le_bytes());
    }
    SessionColumn::write(&mut out, advances(rows).into_iter());
    let numbers = write_dictionary(&mut out, pages().map(|(_, page)| page.page.as_str()))?;
    SessionColumn::write_stored(&mut out, numbers.into_iter());
    let mut write = |number: fn(&PageRow) -> u64| {
        SessionColumn::write(&mut out, pages().map(|(_, page)| number(page)));
    };
    write(|page| page.pageviews.into());
    write(|page| page.seconds.into());
    write(|page| page.finished.into());
    write(|page| page.starts.len() as u64);
    SessionColumn::write_stored(&mut out, starts);
    Ok(out)
}

/// Returns how many sessions after that of the page before the session of each page is.
fn advances(rows: &[SessionRow]) -> Vec<u64> {
    let mut before = 0;
    let sessions = (0..)
        .zip(rows)
        .flat_map(|(session, row)| row.pages.iter().map(move |_| session));
    let advances = sessions.map(|session: u64| session.saturating_sub(std::mem::replace(&mut before, session)));
    advances.collect()
}

/// Appends a dictionary of the texts. Returns the number of each text.
fn write_dictionary<'a>(
    out: &mut Vec<u8>,
    texts: impl Iterator<Item = &'a str>,
) -> Result<Vec<u64>, SessionColumnsError> {
    let mut dictionary = DictionaryBuilder::default();
    let numbers = texts.map(|text| dictionary.number_of(text)).collect::<Result<_, _>>()?;
    dictionary.write(out)?;
    Ok(numbers)
}

/// Returns the milliseconds from one instant to another. Wraps, so that adding it again gives `to`.
const fn distance(from: i64, to: i64) -> u64 {
    to.wrapping_sub(from).cast_unsigned()
}
