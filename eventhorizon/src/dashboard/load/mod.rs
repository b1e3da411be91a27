//! From the state of a URL to the page that it shows, by reports.

mod chart;
mod figures;
mod lists;
mod notes;
mod selection;
mod source;
#[cfg(test)]
mod tests;
mod titles;

use std::time::Duration;

use horizon_core::{
    Error, Slug, Timestamp, Topic,
    reports::{DayRange, Query, ReportError},
};
use tokio::time::timeout;

use super::{
    model::{Card, Chart, Dashboard, Figure, PageHeading},
    state::{DashboardState, ResolvedPeriod},
};
use crate::{Horizon, PageDescription, ReportAccess};
use notes::NoteSubjects;
use selection::Selection;
use source::{Lacks, ReportSource};

/// The time limit of a page of the dashboard: 30 seconds, as for a report.
const LOAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Loads the page that a URL asks for. `notes` are those of [`DashboardState::parse`]; they come first. With public
/// access, only a period of a name and the lists of cards are used.
///
/// # Errors
/// The store keeps no reports, cannot be read, or does not respond within 30 seconds.
pub(crate) async fn load(
    horizon: &Horizon,
    state: DashboardState,
    notes: Vec<String>,
    access: &ReportAccess,
) -> Result<Dashboard, ReportError> {
    let loading = load_unlimited(horizon, state, notes, access);
    timeout(LOAD_TIMEOUT, loading).await.unwrap_or_else(|elapsed| {
        let error = Error::unavailable("the reports of the dashboard were not ready in time");
        Err(error.with_source(elapsed).into())
    })
}

async fn load_unlimited(
    horizon: &Horizon,
    state: DashboardState,
    mut notes: Vec<String>,
    access: &ReportAccess,
) -> Result<Dashboard, ReportError> {
    let is_public = *access == ReportAccess::Public;
    let state = if is_public { state.in_public(&mut notes) } else { state };
    let loader = Loader::new(horizon, &state).await?;
    let total_visits = loader.total_visits().await?;
    let (status, page) = tokio::join!(loader.source.reports().status(), loader.page());
    let (status, content) = (status?, loader.content().await?);
    notes.extend(loader.notes(&NoteSubjects {
        status: &status,
        figures: &content.figures,
        anonymous_share: content.anonymous_share,
        cards: &content.cards,
        lacks: &content.lacks,
        total_visits,
    }));
    let descriptions = loader.titles(&content.cards, None);
    Ok(Dashboard {
        site: horizon.config().site.clone(),
        period: loader.period,
        time_zone: horizon.time_zone().name().to_owned(),
        is_public,
        now: None,
        page,
        figures: content.figures,
        chart: content.chart,
        cards: content.cards,
        notes,
        descriptions,
        links: horizon.config().dashboard_links.clone(),
        state,
    })
}

/// Loads the parts of a page.
struct Loader<'a> {
    horizon: &'a Horizon,
    state: &'a DashboardState,
    source: ReportSource<'a>,
    selection: Selection,
    period: ResolvedPeriod,
    now: Timestamp,
}

/// The parts of a page that come from reports.
struct Content {
    figures: Vec<Figure>,
    anonymous_share: Option<horizon_core::reports::Value>,
    chart: Option<Chart>,
    cards: Vec<Card>,
    lacks: Lacks,
}

impl<'a> Loader<'a> {
    async fn new(horizon: &'a Horizon, state: &'a DashboardState) -> Result<Self, ReportError> {
        let source = ReportSource::new(horizon)?;
        let now = horizon.0.clock.now();
        let today = horizon.time_zone().day_of(now);
        let first = match state.period {
            super::state::PeriodChoice::All => source.first_day(today).await?,
            _ => None,
        };
        Ok(Self {
            horizon,
            state,
            source,
            selection: Selection::new(&state.filters),
            period: state.period.resolve(today, first.unwrap_or(today)),
            now,
        })
    }

    async fn content(&self) -> Result<Content, ReportError> {
        if let Some(list) = self.state.list {
            let (cards, lacks) = self.only_list(list).await?;
            return Ok(Content {
                figures: Vec::new(),
                anonymous_share: None,
                chart: None,
                cards,
                lacks,
            });
        }
        let (figures, chart, cards) = tokio::try_join!(self.figures(), self.chart(), self.cards())?;
        let mut lacks = figures.lacks;
        lacks.merge(chart.1);
        lacks.merge(cards.1);
        Ok(Content {
            figures: figures.figures,
            anonymous_share: figures.anonymous_share,
            chart: chart.0,
            cards: cards.0,
            lacks,
        })
    }

    /// Returns the page that is selected.
    async fn page(&self) -> Option<PageHeading> {
        let Selection::Page(slug) = &self.selection else {
            return None;
        };
        let reads = self.horizon.page_reads();
        let stats = reads.stats_snapshots(&[Topic::Page(slug.clone())]).await;
        Some(PageHeading {
            slug: slug.clone(),
            viewers: stats
                .into_iter()
                .next()
                .flatten()
                .map(|snapshot| snapshot.stats.viewers),
        })
    }

    /// Returns a query of days with the filters.
    fn query(&self, range: DayRange) -> Query {
        let mut query = Query::new(range);
        query.filters.clone_from(&self.state.filters);
        query
    }

    /// Returns the previous period, if it is compared.
    fn previous(&self) -> Option<DayRange> {
        self.period.previous.filter(|_| self.state.compares)
    }

    fn describe(&self, page: &Slug) -> Option<PageDescription> {
        (self.horizon.0.rules.descriptions)(page)
    }
}
