//! Sums over the rows of sessions.

mod keys;
mod numbers;

use std::ops::Range;

use super::groups::Groups;
use super::sums::{Sums, sums_of};
use crate::reports::plan::{Plan, Source};
use crate::reports::session_columns::PageColumns;
use crate::reports::{Dimension, Metric, Query, ReportReader, SessionColumns};
use keys::LocalGroups;
use numbers::{Numbers, PageNumbers, PageSums};

/// Reads the sessions that the filters accept. Returns the sums of each group.
pub(super) fn read<R: ReportReader>(
    reader: &R,
    query: &Query,
    plan: &Plan,
    groups: &mut Groups<'_>,
) -> Result<Vec<Sums>, R::Error> {
    let mut scan = Scan::new(query, plan, groups);
    let needs_pages = scan.needs_pages;
    reader.sessions(query.range, needs_pages, &mut |columns| scan.add_part(columns))?;
    Ok(scan.sums)
}

struct Scan<'a, 'b> {
    query: &'a Query,
    groups: &'a mut Groups<'b>,
    needs_pages: bool,
    /// Whether pageviews and seconds are those of pages, not of sessions.
    counts_pages: bool,
    has_page_filter: bool,
    sums: Vec<Sums>,
    local_groups: LocalGroups,
    /// The number of the part, from 1.
    part: u32,
    /// Whether the filters on dimensions of sessions accept each session of the part.
    is_selected: Vec<bool>,
    numbers: Numbers,
    page_numbers: PageNumbers,
    indices: Vec<u32>,
}

impl<'a, 'b> Scan<'a, 'b> {
    fn new(query: &'a Query, plan: &Plan, groups: &'a mut Groups<'b>) -> Self {
        let has_page_filter = query.filters.iter().any(|filter| filter.dimension == Dimension::Page);
        let counts_pages = has_page_filter || query.dimensions.contains(&Dimension::Page);
        let mut sources = plan.of_metrics.iter().map(|source| plan.sources.get(*source));
        let needs_pages = query.metrics.iter().any(|metric| {
            let is_of_pages = matches!(metric, Metric::PageVisits | Metric::TimeOnPage | Metric::FinishedShare);
            sources.next().flatten() == Some(&Source::Sessions) && is_of_pages
        });
        Self {
            query,
            groups,
            needs_pages: needs_pages || counts_pages,
            counts_pages,
            has_page_filter,
            sums: Vec::new(),
            local_groups: LocalGroups::default(),
            part: 0,
            is_selected: Vec::new(),
            numbers: Numbers::default(),
            page_numbers: PageNumbers::default(),
            indices: Vec::new(),
        }
    }

    fn add_part(&mut self, columns: &SessionColumns<'_>) {
        self.part = self.part.saturating_add(1);
        if !self.query.range.contains(columns.day()) || !self.select(columns) {
            return;
        }
        self.numbers.read(columns);
        self.local_groups.read(columns, self.groups);
        match &columns.pages {
            Some(pages) if self.needs_pages => self.add_sessions_with_pages(columns, pages),
            _ => self.add_sessions(columns),
        }
    }

    /// Selects the sessions that the filters accept. Returns `false` if there is none.
    fn select(&mut self, columns: &SessionColumns<'_>) -> bool {
        self.is_selected.clear();
        self.is_selected.resize(columns.len(), true);
        for filter in &self.query.filters {
            let position = filter.dimension.session_index();
            let Some(texts) = position.and_then(|position| columns.values.get(position)) else {
                continue;
            };
            let accepted: Vec<bool> = texts.dictionary.iter().map(|text| filter.accepts(text)).collect();
            if !accepted.contains(&true) {
                return false;
            }
            if !accepted.contains(&false) {
                continue;
            }
            texts.indices.copy_to(&mut self.indices, columns.len());
            for (is_selected, index) in self.is_selected.iter_mut().zip(&self.indices) {
                *is_selected &= at(&accepted, *index);
            }
        }
        true
    }

    fn add_sessions(&mut self, columns: &SessionColumns<'_>) {
        for row in 0..columns.len() {
            if self.is_selected.get(row) != Some(&true) {
                continue;
            }
            let session = self.numbers.session(self.part, row);
            let group = self.local_groups.group_of_session(row, self.groups);
            if let Some(sums) = sums_of(&mut self.sums, group) {
                sums.add_session(session, PageSums::default(), false);
            }
        }
    }

    fn add_sessions_with_pages(&mut self, columns: &SessionColumns<'_>, pages: &PageColumns<'_>) {
        let filters = self
            .query
            .filters
            .iter()
            .filter(|filter| filter.dimension == Dimension::Page);
        let accepts = |page: &str| filters.clone().all(|filter| filter.accepts(page));
        let accepted: Vec<bool> = pages.page.dictionary.iter().map(accepts).collect();
        if self.has_page_filter && !accepted.contains(&true) {
            return;
        }
        self.page_numbers.read(pages, columns.len());
        let mut next = 0;
        for row in 0..columns.len() {
            let first = next;
            next += self.page_numbers.pages_of(row);
            if self.is_selected.get(row) == Some(&true) {
                self.add_session_with_pages(row, first..next, &accepted);
            }
        }
    }

    fn add_session_with_pages(&mut self, row: usize, pages: Range<usize>, accepted: &[bool]) {
        let session = self.numbers.session(self.part, row);
        let (mut sums, mut has_match) = (PageSums::default(), false);
        for page in pages {
            let index = self.page_numbers.index(page);
            if !at(accepted, index) {
                continue;
            }
            has_match = true;
            let page_sums = self.page_numbers.sums(page);
            if self.local_groups.has_pages() {
                let group = self.local_groups.group_of_page(row, index, self.groups);
                if let Some(sums) = sums_of(&mut self.sums, group) {
                    sums.add_session(session, page_sums, true);
                }
            } else {
                sums.add(page_sums);
            }
        }
        if self.local_groups.has_pages() || (self.has_page_filter && !has_match) {
            return;
        }
        let group = self.local_groups.group_of_session(row, self.groups);
        if let Some(group) = sums_of(&mut self.sums, group) {
            group.add_session(session, sums, self.counts_pages);
        }
    }
}

/// Returns the value at an index of a dictionary.
fn at(values: &[bool], index: u32) -> bool {
    usize::try_from(index).is_ok_and(|index| values.get(index) == Some(&true))
}
