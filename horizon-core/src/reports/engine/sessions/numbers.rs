use super::selection::Selection;
use crate::reports::session_columns::PageColumns;
use crate::reports::{Metric, SessionColumns};

/// The numbers of the selected sessions of a part. Those that no metric needs are 0.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// The number of each visitor of a day, counted over all parts from 1; 0 for a reader without a key.
    visitor: Vec<u32>,
    last_visitor: u32,
    pageviews: Vec<u32>,
    seconds: Vec<u32>,
    duration: Vec<u32>,
    is_interactive: Vec<u32>,
    needs_seconds: bool,
    needs_duration: bool,
    needs_interactive: bool,
}

/// A selected session.
#[derive(Clone, Copy, Debug)]
pub(super) struct SelectedSession {
    /// Differs for each visitor of a day. 0 for a reader without a key.
    pub(super) visitor: u32,
    pub(super) pageviews: u32,
    pub(super) seconds: u32,
    /// The whole seconds from the first event to the last.
    pub(super) duration: u32,
    pub(super) is_interactive: bool,
}

/// The numbers of the selected pages of a part.
#[derive(Debug, Default)]
pub(super) struct PageNumbers {
    pageviews: Vec<u32>,
    seconds: Vec<u32>,
    visits: Vec<u32>,
    finished: Vec<u32>,
    /// The sums of each selected session or, by page, of each selected page.
    sums: Vec<PageSums>,
}

/// The sums of some pages of a session.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PageSums {
    pub(super) pageviews: u64,
    pub(super) seconds: u64,
    pub(super) visits: u32,
    pub(super) finished: u32,
}

impl Numbers {
    /// Returns no numbers, to which those are added that the metrics need.
    pub(super) fn new(metrics: &[Metric]) -> Self {
        Self {
            needs_seconds: metrics.contains(&Metric::Seconds),
            needs_duration: metrics.contains(&Metric::VisitDuration),
            needs_interactive: metrics.contains(&Metric::BounceRate),
            ..Self::default()
        }
    }

    /// Reads the numbers of some sessions, one of which may be there several times in a row.
    pub(super) fn read(&mut self, columns: &SessionColumns<'_>, sessions: &[u32]) {
        columns.pageviews.copy_rows_to(&mut self.pageviews, sessions, 1);
        if self.needs_seconds {
            columns.seconds.copy_rows_to(&mut self.seconds, sessions, 1);
        }
        if self.needs_duration {
            columns.length.copy_rows_to(&mut self.duration, sessions, 1000);
        }
        if self.needs_interactive {
            columns
                .is_interactive
                .copy_rows_to(&mut self.is_interactive, sessions, 1);
        }
        // The sessions with a visitor are the first ones, ordered by it.
        let keyed = u32::try_from(columns.keyed).unwrap_or(u32::MAX);
        let keyed = sessions.partition_point(|session| *session < keyed);
        columns
            .visitor
            .copy_rows_to(&mut self.visitor, sessions.get(..keyed).unwrap_or_default(), 1);
        let mut last = None;
        for visitor in &mut self.visitor {
            if last != Some(*visitor) {
                last = Some(*visitor);
                self.last_visitor = self.last_visitor.saturating_add(1);
            }
            *visitor = self.last_visitor;
        }
    }

    #[inline]
    pub(super) fn session(&self, position: usize) -> SelectedSession {
        SelectedSession {
            visitor: number(&self.visitor, position),
            pageviews: number(&self.pageviews, position),
            seconds: number(&self.seconds, position),
            duration: number(&self.duration, position),
            is_interactive: number(&self.is_interactive, position) != 0,
        }
    }
}

impl PageNumbers {
    /// Reads the numbers of some pages.
    pub(super) fn read(&mut self, columns: &PageColumns<'_>, pages: &[u32]) {
        columns.pageviews.copy_rows_to(&mut self.pageviews, pages, 1);
        columns.seconds.copy_rows_to(&mut self.seconds, pages, 1);
        columns.visits.copy_rows_to(&mut self.visits, pages, 1);
        columns.finished.copy_rows_to(&mut self.finished, pages, 1);
        self.sums.clear();
        let numbers = self
            .pageviews
            .iter()
            .zip(&self.seconds)
            .zip(&self.visits)
            .zip(&self.finished);
        self.sums
            .extend(numbers.map(|(((pageviews, seconds), visits), finished)| PageSums {
                pageviews: (*pageviews).into(),
                seconds: (*seconds).into(),
                visits: *visits,
                finished: *finished,
            }));
    }

    /// Adds the numbers of the pages of each session. With `only_with_pages`, sessions without a selected page are no
    /// longer selected.
    pub(super) fn add_up(&mut self, selection: &mut Selection, only_with_pages: bool) {
        let mut pages = selection.sessions_of_pages.iter().zip(&self.sums).peekable();
        let mut sums_of_sessions = Vec::with_capacity(selection.sessions.len());
        selection.sessions.retain(|session| {
            let mut sums = PageSums::default();
            let mut has_page = false;
            while let Some((_, page)) = pages.next_if(|(of, _)| *of == session) {
                sums.add(*page);
                has_page = true;
            }
            let is_selected = has_page || !only_with_pages;
            if is_selected {
                sums_of_sessions.push(sums);
            }
            is_selected
        });
        self.sums = sums_of_sessions;
    }

    #[inline]
    pub(super) fn sums(&self, position: usize) -> PageSums {
        self.sums.get(position).copied().unwrap_or_default()
    }
}

impl PageSums {
    #[inline]
    fn add(&mut self, other: Self) {
        self.pageviews = self.pageviews.saturating_add(other.pageviews);
        self.seconds = self.seconds.saturating_add(other.seconds);
        self.visits = self.visits.saturating_add(other.visits);
        self.finished = self.finished.saturating_add(other.finished);
    }
}

#[inline]
fn number(numbers: &[u32], position: usize) -> u32 {
    numbers.get(position).copied().unwrap_or(0)
}
