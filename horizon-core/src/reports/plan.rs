use super::{Capabilities, Dimension, FilterOperator, Metric, Query, Refusal};

/// Where the numbers of a metric come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReportSource {
    /// The buckets of the site.
    Site,
    /// The buckets of the pages.
    Pages,
    /// The buckets of the site and the pages.
    Topics,
    /// The buckets of custom events of the pages.
    PageEvents,
    /// The buckets of custom events of the site and the pages.
    Events,
    /// The buckets of a dimension.
    Dimension(Dimension),
    /// The rows of sessions.
    Sessions,
}

/// The source of each metric of a query.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// The sources, each once.
    pub(super) sources: Vec<ReportSource>,
    /// The position in `sources` of each metric's source.
    pub(super) of_metrics: Vec<usize>,
}

impl Plan {
    /// Returns the source of each metric, or why one has none.
    pub(super) fn new(query: &Query, capabilities: &Capabilities) -> Result<Self, Refusal> {
        query.check()?;
        capabilities.check(query)?;
        let shape = QueryShape::new(query);
        let mut plan = Self {
            sources: Vec::new(),
            of_metrics: Vec::new(),
        };
        for metric in &query.metrics {
            let source = shape.source_of(*metric)?;
            let position = plan.sources.iter().position(|known| *known == source);
            plan.of_metrics.push(position.unwrap_or(plan.sources.len()));
            if position.is_none() {
                plan.sources.push(source);
            }
        }
        if !capabilities.has_session_rows {
            shape.check_without_sessions(&plan)?;
        }
        Ok(plan)
    }

    /// Returns whether a metric comes from the rows of sessions.
    pub(super) fn needs_sessions(&self) -> bool {
        self.sources.contains(&ReportSource::Sessions)
    }
}

impl Query {
    /// Returns whether a store with these capabilities answers from the rows of sessions, which it may have erased.
    ///
    /// ```
    /// use horizon_core::reports::{Capabilities, DayRange, Dimension, Filter, FilterOperator, Metric, Query};
    /// use horizon_core::Day;
    ///
    /// let visits = Query::new(DayRange::new(Day::from_number(0), Day::from_number(6))).metrics([Metric::Visits]);
    /// assert_eq!(visits.needs_session_rows(&Capabilities::ALL), Ok(false));
    /// let germans = visits.filter(Filter::new(Dimension::Country, FilterOperator::Is, ["DE"]));
    /// assert_eq!(germans.needs_session_rows(&Capabilities::ALL), Ok(true));
    /// ```
    ///
    /// # Errors
    /// Returns why the store refuses the query.
    pub fn needs_session_rows(&self, capabilities: &Capabilities) -> Result<bool, Refusal> {
        Plan::new(self, capabilities).map(|plan| plan.needs_sessions())
    }
}

/// The parts of a query that decide where its numbers come from.
struct QueryShape<'a> {
    query: &'a Query,
    /// The dimensions that are not times.
    groups: Vec<Dimension>,
    filtered: Vec<Dimension>,
}

impl<'a> QueryShape<'a> {
    fn new(query: &'a Query) -> Self {
        let groups = query.dimensions.iter().copied();
        Self {
            query,
            groups: groups.filter(|dimension| !dimension.is_time()).collect(),
            filtered: query.filters.iter().map(|filter| filter.dimension).collect(),
        }
    }

    fn source_of(&self, metric: Metric) -> Result<ReportSource, Refusal> {
        self.check(metric)?;
        let is_page = |dimension: &Dimension| *dimension == Dimension::Page;
        let has_hours = self.query.time() == Some(Dimension::Hour);
        let has_event = self.groups.contains(&Dimension::Event) || self.filtered.contains(&Dimension::Event);
        Ok(match (self.groups.as_slice(), self.filtered.as_slice()) {
            _ if has_event => ReportSource::Events,
            ([], []) => overall(metric),
            (groups, filtered) if groups.iter().chain(filtered).all(is_page) => self.by_page(metric),
            ([dimension], []) if !has_hours => by_dimension(metric, *dimension),
            _ => ReportSource::Sessions,
        })
    }

    /// Checks that the metric has the dimensions.
    fn check(&self, metric: Metric) -> Result<(), Refusal> {
        if metric != Metric::Events {
            self.check_none(metric, |dimension| dimension == Dimension::Event)?;
        }
        if has_no_sessions(metric) {
            self.check_none(metric, |dimension| dimension.session_index().is_some())?;
        }
        Ok(())
    }

    fn check_none(&self, metric: Metric, is_refused: impl Fn(Dimension) -> bool) -> Result<(), Refusal> {
        if let Some(dimension) = self.groups.iter().copied().find(|dimension| is_refused(*dimension)) {
            return Err(Refusal::Grouping { metric, dimension });
        }
        match self.filtered.iter().copied().find(|dimension| is_refused(*dimension)) {
            Some(dimension) => Err(Refusal::Filtering { metric, dimension }),
            None => Ok(()),
        }
    }

    /// Returns the source if the query groups and filters only by pages.
    fn by_page(&self, metric: Metric) -> ReportSource {
        match metric {
            Metric::Visits
            | Metric::ViewsPerVisit
            | Metric::BounceRate
            | Metric::VisitDuration
            | Metric::AnonymousShare => ReportSource::Sessions,
            // One visitor may be on several pages.
            Metric::Visitors if self.groups.is_empty() && !self.has_one_page() => ReportSource::Sessions,
            Metric::Events => ReportSource::PageEvents,
            Metric::Visitors
            | Metric::Pageviews
            | Metric::PageVisits
            | Metric::Seconds
            | Metric::TimeOnPage
            | Metric::MedianTimeOnPage
            | Metric::FinishedShare
            | Metric::Likes
            | Metric::Comments => ReportSource::Pages,
        }
    }

    fn has_one_page(&self) -> bool {
        match self.query.filters.as_slice() {
            [filter] => filter.operator == FilterOperator::Is && filter.values.len() == 1,
            _ => false,
        }
    }

    /// Refuses a query that needs sessions, and names what needs them.
    fn check_without_sessions(&self, plan: &Plan) -> Result<(), Refusal> {
        let sources = plan.of_metrics.iter().map(|position| plan.sources.get(*position));
        let mut metrics = self.query.metrics.iter().zip(sources);
        let Some((metric, _)) = metrics.find(|(_, source)| *source == Some(&ReportSource::Sessions)) else {
            return Ok(());
        };
        if let Some(filter) = self.query.filters.first() {
            return Err(Refusal::Filter {
                dimension: filter.dimension,
                operator: filter.operator,
            });
        }
        match self.query.dimensions.as_slice() {
            [first, second] => Err(Refusal::TwoDimensions(*first, *second)),
            [dimension] => Err(Refusal::Grouping {
                metric: *metric,
                dimension: *dimension,
            }),
            _ => Err(Refusal::Metric(*metric)),
        }
    }
}

/// Returns whether the metric is not a number of sessions.
const fn has_no_sessions(metric: Metric) -> bool {
    matches!(
        metric,
        Metric::MedianTimeOnPage | Metric::Likes | Metric::Comments | Metric::Events
    )
}

/// Returns the source if the query groups and filters by nothing but time.
const fn overall(metric: Metric) -> ReportSource {
    match metric {
        Metric::Visitors
        | Metric::Visits
        | Metric::Pageviews
        | Metric::ViewsPerVisit
        | Metric::BounceRate
        | Metric::VisitDuration
        | Metric::AnonymousShare
        | Metric::Seconds => ReportSource::Site,
        Metric::PageVisits | Metric::TimeOnPage | Metric::MedianTimeOnPage | Metric::FinishedShare => {
            ReportSource::Pages
        }
        Metric::Likes | Metric::Comments => ReportSource::Topics,
        Metric::Events => ReportSource::Events,
    }
}

/// Returns the source if the query groups by one dimension of sessions and has no filter.
const fn by_dimension(metric: Metric, dimension: Dimension) -> ReportSource {
    match metric {
        Metric::PageVisits | Metric::TimeOnPage | Metric::FinishedShare => ReportSource::Sessions,
        _ => ReportSource::Dimension(dimension),
    }
}
