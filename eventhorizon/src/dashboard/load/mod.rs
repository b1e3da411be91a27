//! From the state of a URL to the page that it shows, by reports.

mod chart;
mod figures;
mod lists;
mod notes;
mod scope;
mod store_reports;
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
    state::{DashboardState, PeriodChoice, ResolvedPeriod},
};
use crate::{Horizon, NowSnapshot, PageDescription, ReportAccess};
use notes::NoteSubjects;
use scope::FilterScope;
use store_reports::{MissingNumbers, StoreReports};

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
    let loader = DashboardLoader::new(horizon, &state).await?;
    let total_visits = loader.total_visits().await?;
    let (page, now) = tokio::join!(loader.page(), loader.now_snapshot());
    let (status, content) = (loader.store.reports().status().await?, loader.content().await?);
    notes.extend(loader.notes(&NoteSubjects {
        status: &status,
        figures: &content.figures,
        anonymous_share: content.anonymous_share,
        cards: &content.cards,
        missing: &content.missing,
        total_visits,
    }));
    let descriptions = loader.titles(&content.cards, now.as_ref());
    Ok(Dashboard {
        site: horizon.config().site.clone(),
        period: loader.period,
        is_public,
        has_visits: loader.has_visits().await?,
        now,
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
struct DashboardLoader<'a> {
    horizon: &'a Horizon,
    state: &'a DashboardState,
    store: StoreReports<'a>,
    scope: FilterScope,
    period: ResolvedPeriod,
    now: Timestamp,
}

/// The parts of a page that come from reports.
struct DashboardContent {
    figures: Vec<Figure>,
    anonymous_share: Option<horizon_core::reports::Value>,
    chart: Option<Chart>,
    cards: Vec<Card>,
    missing: MissingNumbers,
}

impl<'a> DashboardLoader<'a> {
    async fn new(horizon: &'a Horizon, state: &'a DashboardState) -> Result<Self, ReportError> {
        let store = StoreReports::new(horizon)?;
        let now = horizon.0.clock.now();
        let today = horizon.time_zone().day_of(now);
        let first = match state.period {
            PeriodChoice::All => horizon.first_report_day().await?,
            _ => None,
        };
        Ok(Self {
            horizon,
            state,
            store,
            scope: FilterScope::new(&state.filters),
            period: state.period.resolve(today, first.unwrap_or(today)),
            now,
        })
    }

    async fn content(&self) -> Result<DashboardContent, ReportError> {
        if let Some(list) = self.state.list {
            let (cards, missing) = self.only_list(list).await?;
            return Ok(DashboardContent {
                figures: Vec::new(),
                anonymous_share: None,
                chart: None,
                cards,
                missing,
            });
        }
        let (figures, chart, cards) = tokio::try_join!(self.figures(), self.chart(), self.cards())?;
        let mut missing = figures.missing;
        missing.merge(chart.1);
        missing.merge(cards.1);
        Ok(DashboardContent {
            figures: figures.figures,
            anonymous_share: figures.anonymous_share,
            chart: chart.0,
            cards: cards.0,
            missing,
        })
    }

    async fn has_visits(&self) -> Result<bool, ReportError> {
        let totals = self.horizon.ports().stats.totals(&[Topic::Site]).await?;
        Ok(totals.iter().any(|update| update.stats.visits > 0))
    }

    /// Returns what happens now, unless only a list is shown.
    async fn now_snapshot(&self) -> Option<NowSnapshot> {
        match self.state.list {
            Some(_) => None,
            None => Some(self.horizon.now().await),
        }
    }

    /// Returns the page that is selected.
    async fn page(&self) -> Option<PageHeading> {
        let FilterScope::Page(slug) = &self.scope else {
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
