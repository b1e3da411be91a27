//! Sums over the rows of sessions.
//!
//! Of each part of the sessions, [`Selection`] lists the sessions (or the pairs of a session and a page) that the
//! filters accept. Everything else looks only at these: [`Numbers`] reads their columns, [`LocalGroups`] finds their
//! groups, and [`GroupSums`] adds them up.

mod group_sums;
mod keys;
mod numbers;
mod selection;

use super::groups::QueryGroups;
use super::sums::Sums;
use crate::reports::plan::{Plan, ReportSource};
use crate::reports::{Dimension, Metric, Query, ReportReader, SessionColumns};
use group_sums::GroupSums;
use keys::LocalGroups;
use numbers::{Numbers, PageNumbers, PageSums};
use selection::Selection;

/// Reads the sessions that the filters accept. Returns the sums of each group.
pub(super) fn read<R: ReportReader>(
    reader: &R,
    query: &Query,
    plan: &Plan,
    groups: &mut QueryGroups<'_>,
) -> Result<Vec<Sums>, R::Error> {
    let mut scan = Scan::new(query, plan, groups);
    let needs_pages = scan.needs_pages;
    reader.sessions(query.range, needs_pages, &mut |columns| scan.add_part(columns))?;
    Ok(scan.sums.iter().map(GroupSums::to_sums).collect())
}

struct Scan<'a, 'b> {
    query: &'a Query,
    groups: &'a mut QueryGroups<'b>,
    needs_pages: bool,
    /// Whether each page of a session is in a group of its own.
    by_page: bool,
    has_page_filter: bool,
    sums: Vec<GroupSums>,
    selection: Selection,
    numbers: Numbers,
    page_numbers: PageNumbers,
    local_groups: LocalGroups,
}

impl<'a, 'b> Scan<'a, 'b> {
    fn new(query: &'a Query, plan: &Plan, groups: &'a mut QueryGroups<'b>) -> Self {
        let sources = plan.of_metrics.iter().map(|source| plan.sources.get(*source));
        let metrics = query.metrics.iter().copied().zip(sources);
        let metrics: Vec<Metric> = metrics
            .filter(|(_, source)| *source == Some(&ReportSource::Sessions))
            .map(|(metric, _)| metric)
            .collect();
        let has_page_filter = query.filters.iter().any(|filter| filter.dimension == Dimension::Page);
        let by_page = query.dimensions.contains(&Dimension::Page);
        let is_of_pages =
            |metric: &Metric| matches!(metric, Metric::PageVisits | Metric::TimeOnPage | Metric::FinishedShare);
        Self {
            query,
            groups,
            needs_pages: has_page_filter || by_page || metrics.iter().any(is_of_pages),
            by_page,
            has_page_filter,
            sums: Vec::new(),
            selection: Selection::default(),
            numbers: Numbers::new(&metrics),
            page_numbers: PageNumbers::default(),
            local_groups: LocalGroups::default(),
        }
    }

    fn add_part(&mut self, columns: &SessionColumns<'_>) {
        if !self.query.range.contains(columns.day()) || !self.selection.select_sessions(&self.query.filters, columns) {
            return;
        }
        if let Some(pages) = columns.pages.as_ref().filter(|_| self.needs_pages) {
            if !self.selection.select_pages(&self.query.filters, pages, columns.len()) {
                return;
            }
            self.page_numbers.read(pages, &self.selection.pages);
            if self.by_page {
                self.selection.sessions.clone_from(&self.selection.sessions_of_pages);
            } else {
                self.page_numbers.add_up(&mut self.selection, self.has_page_filter);
            }
        }
        self.numbers.read(columns, &self.selection.sessions);
        self.local_groups.read(columns, &self.selection, self.groups);
        self.add_selected();
    }

    fn add_selected(&mut self) {
        let counts_pages = self.by_page || self.has_page_filter;
        for position in 0..self.selection.sessions.len() {
            let session = self.numbers.session(position);
            let pages = if self.needs_pages {
                self.page_numbers.sums(position)
            } else {
                PageSums::default()
            };
            let group = self.local_groups.group(position, self.groups);
            if group >= self.sums.len() {
                self.sums.resize_with(group + 1, GroupSums::default);
            }
            if let Some(sums) = self.sums.get_mut(group) {
                sums.add(session, pages, counts_pages);
            }
        }
    }
}
