use crate::reports::SessionColumns;
use crate::reports::engine::sums::{Sums, add};
use crate::reports::session_columns::PageColumns;

/// The numbers of the sessions of a part.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    keyed: usize,
    visitor: Vec<u32>,
    pageviews: Vec<u32>,
    seconds: Vec<u32>,
    duration: Vec<u32>,
    is_interactive: Vec<u32>,
}

/// A session of a part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Session {
    /// The part and the visitor.
    visitor: Option<(u32, u32)>,
    pageviews: u32,
    seconds: u32,
    /// The whole seconds from the first event to the last.
    duration: u32,
    is_interactive: bool,
}

/// The numbers of the pages of the sessions of a part.
#[derive(Debug, Default)]
pub(super) struct PageNumbers {
    per_session: Vec<u32>,
    page: Vec<u32>,
    pageviews: Vec<u32>,
    seconds: Vec<u32>,
    visits: Vec<u32>,
    finished: Vec<u32>,
}

/// The sums of some pages of a session.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PageSums {
    pageviews: i64,
    seconds: i64,
    visits: i64,
    finished: i64,
}

impl Numbers {
    pub(super) fn read(&mut self, columns: &SessionColumns<'_>) {
        let rows = columns.len();
        self.keyed = columns.keyed;
        columns.visitor.copy_to(&mut self.visitor, columns.keyed);
        columns.pageviews.copy_to(&mut self.pageviews, rows);
        columns.seconds.copy_to(&mut self.seconds, rows);
        columns.is_interactive.copy_to(&mut self.is_interactive, rows);
        columns.length.copy_divided_to(&mut self.duration, rows, 1000);
    }

    pub(super) fn session(&self, part: u32, row: usize) -> Session {
        Session {
            visitor: (row < self.keyed).then(|| (part, number(&self.visitor, row))),
            pageviews: number(&self.pageviews, row),
            seconds: number(&self.seconds, row),
            duration: number(&self.duration, row),
            is_interactive: number(&self.is_interactive, row) != 0,
        }
    }
}

impl PageNumbers {
    pub(super) fn read(&mut self, columns: &PageColumns<'_>, sessions: usize) {
        columns.per_session.copy_to(&mut self.per_session, sessions);
        columns.page.indices.copy_to(&mut self.page, columns.rows);
        columns.pageviews.copy_to(&mut self.pageviews, columns.rows);
        columns.seconds.copy_to(&mut self.seconds, columns.rows);
        columns.visits.copy_to(&mut self.visits, columns.rows);
        columns.finished.copy_to(&mut self.finished, columns.rows);
    }

    /// Returns the number of pages of a session.
    pub(super) fn pages_of(&self, session: usize) -> usize {
        usize::try_from(number(&self.per_session, session)).unwrap_or(0)
    }

    /// Returns the number of a page in the dictionary.
    pub(super) fn index(&self, row: usize) -> u32 {
        number(&self.page, row)
    }

    pub(super) fn sums(&self, row: usize) -> PageSums {
        PageSums {
            pageviews: number(&self.pageviews, row).into(),
            seconds: number(&self.seconds, row).into(),
            visits: number(&self.visits, row).into(),
            finished: number(&self.finished, row).into(),
        }
    }
}

impl PageSums {
    pub(super) fn add(&mut self, other: Self) {
        add(&mut self.pageviews, other.pageviews);
        add(&mut self.seconds, other.seconds);
        add(&mut self.visits, other.visits);
        add(&mut self.finished, other.finished);
    }
}

impl Sums {
    /// Adds a session. `counts_pages` says whether pageviews and seconds are those of the pages.
    pub(super) fn add_session(&mut self, session: Session, pages: PageSums, counts_pages: bool) {
        let (pageviews, seconds) = if counts_pages {
            (pages.pageviews, pages.seconds)
        } else {
            (session.pageviews.into(), session.seconds.into())
        };
        add(&mut self.visits, 1);
        add(&mut self.pageviews, pageviews);
        add(&mut self.seconds, seconds);
        add(&mut self.page_visits, pages.visits);
        let Some(visitor) = session.visitor else {
            return;
        };
        add(&mut self.keyed_visits, 1);
        add(&mut self.duration, session.duration.into());
        add(
            &mut self.bounces,
            (session.pageviews <= 1 && !session.is_interactive).into(),
        );
        add(&mut self.keyed_page_visits, pages.visits);
        add(&mut self.page_seconds, pages.seconds);
        add(&mut self.finished, pages.finished);
        // The sessions of a part are ordered by visitor.
        if pageviews > 0 && self.last_visitor != Some(visitor) {
            self.last_visitor = Some(visitor);
            add(&mut self.visitors, 1);
        }
    }
}

fn number(numbers: &[u32], row: usize) -> u32 {
    numbers.get(row).copied().unwrap_or(0)
}
