use super::numbers::{PageSums, SelectedSession};
use crate::reports::engine::sums::Sums;

/// The sums of the sessions of a group. It fits a cache line, because a scan adds to groups in random order.
#[derive(Clone, Debug, Default)]
#[repr(align(64))]
pub(super) struct GroupSums {
    visits: u32,
    keyed_visits: u32,
    visitors: u32,
    /// The [`SelectedSession::visitor`] that was counted last.
    last_visitor: u32,
    bounces: u32,
    page_visits: u32,
    keyed_page_visits: u32,
    finished: u32,
    pageviews: u64,
    seconds: u64,
    page_seconds: u64,
    duration: u64,
}

impl GroupSums {
    /// Adds a session. `counts_pages` says whether pageviews and seconds are those of the pages.
    #[inline]
    pub(super) fn add(&mut self, session: SelectedSession, pages: PageSums, counts_pages: bool) {
        let (pageviews, seconds) = if counts_pages {
            (pages.pageviews, pages.seconds)
        } else {
            (session.pageviews.into(), session.seconds.into())
        };
        add(&mut self.visits, 1);
        self.pageviews = self.pageviews.saturating_add(pageviews);
        self.seconds = self.seconds.saturating_add(seconds);
        add(&mut self.page_visits, pages.visits);
        if session.visitor == 0 {
            return;
        }
        add(&mut self.keyed_visits, 1);
        self.duration = self.duration.saturating_add(session.duration.into());
        let is_bounce = session.pageviews <= 1 && !session.is_interactive;
        add(&mut self.bounces, is_bounce.into());
        add(&mut self.keyed_page_visits, pages.visits);
        self.page_seconds = self.page_seconds.saturating_add(pages.seconds);
        add(&mut self.finished, pages.finished);
        // The sessions of a visitor follow each other.
        if pageviews > 0 && self.last_visitor != session.visitor {
            self.last_visitor = session.visitor;
            add(&mut self.visitors, 1);
        }
    }

    pub(super) fn to_sums(&self) -> Sums {
        let sum = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        Sums {
            visitors: self.visitors.into(),
            visits: self.visits.into(),
            keyed_visits: self.keyed_visits.into(),
            pageviews: sum(self.pageviews),
            seconds: sum(self.seconds),
            bounces: self.bounces.into(),
            duration: sum(self.duration),
            page_visits: self.page_visits.into(),
            keyed_page_visits: self.keyed_page_visits.into(),
            page_seconds: sum(self.page_seconds),
            finished: self.finished.into(),
            ..Sums::default()
        }
    }
}

fn add(sum: &mut u32, number: u32) {
    *sum = sum.saturating_add(number);
}
