use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::spans::{SpanData, Spans};
use super::visitor_state::add_seconds;
use super::{Dimension, PageRow, SessionId};
use crate::{ContextValue, Event, Slug, Timestamp, Visit, VisitCause, VisitContext};

/// The maximum number of pages of a session that are recorded: 500. Further pages count in its numbers only.
const MAX_PAGES: usize = 500;

/// The values of [`Dimension::OF_SESSIONS`].
pub(super) type SessionValues = [Arc<str>; Dimension::OF_SESSIONS.len()];

/// When an event happened, and its id: the order of the events of a session.
type Order = (Timestamp, u128);

/// What happened in a session, apart from the numbers that every visit has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SessionState {
    /// The stored row, if there is one.
    pub(super) row: Option<SessionId>,
    pub(super) is_interactive: bool,
    /// The first page.
    entry: Option<(Order, Slug)>,
    /// The last page.
    exit: Option<(Order, Slug)>,
    /// The values of the first context. Those of the pages are empty.
    context: Option<(Order, SessionValues)>,
    /// Ordered by name.
    pages: Vec<SessionPage>,
}

/// A page of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SessionPage {
    page: Slug,
    visits: Spans<PageVisit>,
    pageviews: u32,
    seconds: u32,
}

/// A visit of a page within a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct PageVisit {
    is_finished: bool,
}

impl SessionState {
    /// Adds an event of the session.
    pub(super) fn add(&mut self, event: &Event, visit: &Visit) {
        let order = (event.at, event.id.as_u128());
        self.is_interactive |= visit.interactive;
        if let Some(context) = &visit.context {
            keep_first(&mut self.context, Some((order, context_values(context))));
        }
        let Some(page) = &visit.page else { return };
        keep_first(&mut self.entry, Some((order, page.clone())));
        keep_last(&mut self.exit, Some((order, page.clone())));
        if let Some(state) = self.page_state(page) {
            state.pageviews = state
                .pageviews
                .saturating_add((visit.cause() == VisitCause::Open).into());
            state.seconds = add_seconds(state.seconds, visit);
            state.visits.add(event.at, |data| data.is_finished |= visit.finished);
        }
    }

    /// Returns the state of a page, or `None` if there are too many pages.
    fn page_state(&mut self, page: &Slug) -> Option<&mut SessionPage> {
        let position = match self.pages.binary_search_by(|state| state.page.cmp(page)) {
            Ok(position) => position,
            Err(_) if self.pages.len() >= MAX_PAGES => return None,
            Err(position) => {
                self.pages.insert(position, SessionPage::new(page.clone()));
                position
            }
        };
        self.pages.get_mut(position)
    }

    /// Returns the values of [`Dimension::OF_SESSIONS`].
    pub(super) fn values(&self) -> SessionValues {
        let mut values = self
            .context
            .as_ref()
            .map(|(_, values)| values.clone())
            .unwrap_or_default();
        let pages = [&self.entry, &self.exit];
        for (value, page) in values.iter_mut().zip(pages) {
            *value = page.as_ref().map(|(_, page)| page.as_str().into()).unwrap_or_default();
        }
        values
    }

    /// Returns the rows of the pages.
    pub(super) fn page_rows(&self) -> Vec<PageRow> {
        self.pages.iter().map(SessionPage::row).collect()
    }
}

impl SpanData for SessionState {
    fn merge(&mut self, later: Self) {
        self.row = self.row.or(later.row);
        self.is_interactive |= later.is_interactive;
        keep_first(&mut self.entry, later.entry);
        keep_last(&mut self.exit, later.exit);
        keep_first(&mut self.context, later.context);
        for page in later.pages {
            if let Some(state) = self.page_state(&page.page) {
                state.merge(page);
            }
        }
    }
}

impl SessionPage {
    fn new(page: Slug) -> Self {
        Self {
            page,
            visits: Spans::default(),
            pageviews: 0,
            seconds: 0,
        }
    }

    fn merge(&mut self, later: Self) {
        self.pageviews = self.pageviews.saturating_add(later.pageviews);
        self.seconds = self.seconds.saturating_add(later.seconds);
        self.visits.append(later.visits);
    }

    fn row(&self) -> PageRow {
        let finished = self.visits.iter().filter(|visit| visit.data.is_finished).count();
        PageRow {
            page: self.page.clone(),
            starts: self.visits.iter().map(|visit| visit.start).collect(),
            pageviews: self.pageviews,
            seconds: self.seconds,
            finished: u32::try_from(finished).unwrap_or(u32::MAX),
        }
    }
}

impl SpanData for PageVisit {
    fn merge(&mut self, later: Self) {
        self.is_finished |= later.is_finished;
    }
}

fn keep_first<T>(kept: &mut Option<(Order, T)>, other: Option<(Order, T)>) {
    if let Some(other) = other
        && kept.as_ref().is_none_or(|(order, _)| other.0 < *order)
    {
        *kept = Some(other);
    }
}

fn keep_last<T>(kept: &mut Option<(Order, T)>, other: Option<(Order, T)>) {
    if let Some(other) = other
        && kept.as_ref().is_none_or(|(order, _)| other.0 > *order)
    {
        *kept = Some(other);
    }
}

/// Returns the values of a context, without those of the pages.
pub(super) fn context_values(context: &VisitContext) -> SessionValues {
    let text = |value: &Option<ContextValue>| value.as_ref().map(|value| value.as_str().into()).unwrap_or_default();
    Dimension::OF_SESSIONS.map(|dimension| match dimension {
        Dimension::Source => text(&context.source),
        Dimension::Channel => text(&context.channel),
        Dimension::Medium => text(&context.medium),
        Dimension::Campaign => text(&context.campaign),
        Dimension::Term => text(&context.term),
        Dimension::Content => text(&context.content),
        Dimension::Browser => text(&context.browser),
        Dimension::System => text(&context.system),
        Dimension::Device => text(&context.device),
        Dimension::Country => text(&context.country),
        Dimension::Language => text(&context.language),
        _ => Arc::default(),
    })
}
