use std::sync::Arc;

use super::{PageColumns, SessionColumns, SessionColumnsError, TextColumn};
use crate::reports::{PageRow, SessionId, SessionRow};
use crate::{Slug, Timestamp};

impl SessionColumns<'_> {
    /// Returns the sessions, ordered by their number.
    ///
    /// # Errors
    /// Fails if the pages are not there, or if a page has an invalid name.
    pub fn to_rows(&self) -> Result<Vec<SessionRow>, SessionColumnsError> {
        let pages = self.pages.as_ref().ok_or(SessionColumnsError::NoPages)?;
        let texts = self.values.map(|texts| texts.to_vec::<Arc<str>>());
        let mut page_reader = PageReader::new(pages)?;
        let mut rows = Vec::with_capacity(self.rows);
        for row in 0..self.rows {
            let mut column = self.values.iter();
            let values = texts.each_ref().map(|texts| {
                let index = column.next().map_or(0, |column| column.indices.get(row));
                text_at(texts, index).cloned().unwrap_or_default()
            });
            rows.push(self.row(row, values, page_reader.next(row, self.start_millis(row))?));
        }
        rows.sort_unstable_by_key(|row| row.id);
        Ok(rows)
    }

    fn row(&self, row: usize, values: [Arc<str>; 13], pages: Vec<PageRow>) -> SessionRow {
        let start = self.start_millis(row);
        SessionRow {
            id: SessionId {
                day: self.day,
                number: number_u32(self.number.get(row)),
            },
            visitor: (row < self.keyed).then(|| number_u32(self.visitor.get(row))),
            start: Timestamp::from_millis(start),
            last: Timestamp::from_millis(start.wrapping_add(self.length.get(row).cast_signed())),
            pageviews: number_u32(self.pageviews.get(row)),
            seconds: number_u32(self.seconds.get(row)),
            is_interactive: self.is_interactive.get(row) != 0,
            values,
            pages,
        }
    }
}

/// Reads the pages of one session after the other.
struct PageReader<'a> {
    columns: &'a PageColumns<'a>,
    slugs: Vec<Slug>,
    next_page: usize,
    /// The session of the next page.
    next_session: u64,
    next_start: usize,
}

impl<'a> PageReader<'a> {
    fn new(columns: &'a PageColumns<'a>) -> Result<Self, SessionColumnsError> {
        let slugs = columns.page.dictionary.iter().map(Slug::new);
        Ok(Self {
            columns,
            slugs: slugs
                .collect::<Result<_, _>>()
                .map_err(|_| SessionColumnsError::Damaged)?,
            next_page: 0,
            next_session: columns.advance.get(0),
            next_start: 0,
        })
    }

    /// Returns the pages of the next session, which starts at `start`.
    fn next(&mut self, session: usize, start: i64) -> Result<Vec<PageRow>, SessionColumnsError> {
        let mut pages = Vec::new();
        while self.next_page < self.columns.rows && self.next_session == session as u64 {
            pages.push(self.next_page(start)?);
        }
        Ok(pages)
    }

    fn next_page(&mut self, start: i64) -> Result<PageRow, SessionColumnsError> {
        let (columns, row) = (self.columns, self.next_page);
        self.next_page += 1;
        self.next_session += columns.advance.get(self.next_page);
        let slug = text_at(&self.slugs, columns.page.indices.get(row));
        let starts = (0..columns.visits.get(row)).map(|_| {
            let distance = columns.starts.get(self.next_start);
            self.next_start += 1;
            Timestamp::from_millis(start.wrapping_add(distance.cast_signed()))
        });
        Ok(PageRow {
            page: slug.cloned().ok_or(SessionColumnsError::Damaged)?,
            starts: starts.collect(),
            pageviews: number_u32(columns.pageviews.get(row)),
            seconds: number_u32(columns.seconds.get(row)),
            finished: number_u32(columns.finished.get(row)),
        })
    }
}

impl<'a> TextColumn<'a> {
    fn to_vec<T: From<&'a str>>(self) -> Vec<T> {
        self.dictionary.iter().map(T::from).collect()
    }
}

fn text_at<T>(texts: &[T], index: u64) -> Option<&T> {
    texts.get(usize::try_from(index).ok()?)
}

fn number_u32(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
