use crate::reports::session_columns::{Dictionary, PageColumns};
use crate::reports::{Dimension, Filter, SessionColumns};

/// The rows of a part that the filters accept.
#[derive(Debug, Default)]
pub(super) struct Selection {
    /// The sessions, in order.
    pub(super) sessions: Vec<u32>,
    /// The pages of these sessions, in order.
    pub(super) pages: Vec<u32>,
    /// The session of each of `pages`.
    pub(super) sessions_of_pages: Vec<u32>,
    is_selected: Vec<bool>,
    indices: Vec<u32>,
    advance: Vec<u32>,
}

impl Selection {
    /// Selects the sessions that all filters on their dimensions accept. Returns `false` if there is none.
    pub(super) fn select_sessions(&mut self, filters: &[Filter], columns: &SessionColumns<'_>) -> bool {
        self.sessions.clear();
        self.sessions.extend((0..).take(columns.len()));
        for filter in filters {
            let position = filter.dimension.session_index();
            let Some(texts) = position.and_then(|position| columns.values.get(position)) else {
                continue;
            };
            let accepted = accepted(texts.dictionary, |text| filter.accepts(text));
            if !accepted.contains(&false) {
                continue;
            }
            if !accepted.contains(&true) {
                return false;
            }
            texts.indices.copy_rows_to(&mut self.indices, &self.sessions, 1);
            let mut indices = self.indices.iter();
            self.sessions
                .retain(|_| indices.next().is_some_and(|index| at(&accepted, *index)));
        }
        !self.sessions.is_empty()
    }

    /// Selects the pages of the selected sessions that all filters on pages accept. Returns `false` if the filters
    /// accept none.
    pub(super) fn select_pages(&mut self, filters: &[Filter], pages: &PageColumns<'_>, sessions: usize) -> bool {
        let filters = filters.iter().filter(|filter| filter.dimension == Dimension::Page);
        let has_filters = filters.clone().next().is_some();
        let accepted = accepted(pages.page.dictionary, |page| {
            filters.clone().all(|filter| filter.accepts(page))
        });
        if has_filters && !accepted.contains(&true) {
            return false;
        }
        self.is_selected.clear();
        self.is_selected.resize(sessions, false);
        for session in &self.sessions {
            if let Some(is_selected) = self.is_selected.get_mut(to_usize(*session)) {
                *is_selected = true;
            }
        }
        pages.page.indices.copy_to(&mut self.indices, pages.rows);
        pages.advance.copy_to(&mut self.advance, pages.rows);
        self.pages.clear();
        self.sessions_of_pages.clear();
        let mut session = 0_u32;
        for ((row, index), advance) in (0..).zip(&self.indices).zip(&self.advance) {
            session = session.saturating_add(*advance);
            if at(&accepted, *index) && at(&self.is_selected, session) {
                self.pages.push(row);
                self.sessions_of_pages.push(session);
            }
        }
        true
    }
}

/// Returns whether each text of a dictionary is accepted.
fn accepted(dictionary: Dictionary<'_>, accepts: impl Fn(&str) -> bool) -> Vec<bool> {
    dictionary.iter().map(accepts).collect()
}

fn at(values: &[bool], index: u32) -> bool {
    values.get(to_usize(index)).copied().unwrap_or(false)
}

fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
