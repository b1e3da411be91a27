use std::num::NonZeroUsize;

use super::random_visits::{CONTEXT_VALUES, EVENT_NAMES, PAGES};
use crate::Day;
use crate::reports::{
    Capabilities, DayRange, Dimension, Direction, Filter, FilterOperator, MAX_DIMENSIONS, MAX_FILTER_VALUES,
    MAX_FILTERS, Metric, OrderBy, Query,
};

/// The dimensions that are times.
const TIMES: [Dimension; 4] = [Dimension::Hour, Dimension::Day, Dimension::Week, Dimension::Month];

/// The metrics of a session dimension.
const SESSION_METRICS: [Metric; 11] = [
    Metric::Visitors,
    Metric::Visits,
    Metric::Pageviews,
    Metric::PageVisits,
    Metric::ViewsPerVisit,
    Metric::BounceRate,
    Metric::VisitDuration,
    Metric::AnonymousShare,
    Metric::Seconds,
    Metric::TimeOnPage,
    Metric::FinishedShare,
];

/// Generates random queries about the events of [`RandomVisits`](super::RandomVisits) from a seed, with all metrics,
/// dimensions and operators. Four in five are within the capabilities of a store; some are invalid.
///
/// ```
/// use horizon_core::Day;
/// use horizon_core::reports::{Capabilities, DayRange};
/// use horizon_core::testing::RandomQueries;
///
/// let days = DayRange::new(Day::from_number(20_600), Day::from_number(20_606));
/// let mut queries = RandomQueries::new(7, days, Capabilities::ALL);
/// assert_ne!(queries.query(), queries.query());
/// ```
#[derive(Clone, Debug)]
pub struct RandomQueries {
    rng: fastrand::Rng,
    range: DayRange,
    capabilities: Capabilities,
}

impl RandomQueries {
    /// Returns a generator of queries about days in and around `range`.
    #[must_use]
    pub fn new(seed: u64, range: DayRange, capabilities: Capabilities) -> Self {
        Self {
            rng: fastrand::Rng::with_seed(seed),
            range,
            capabilities,
        }
    }

    /// Returns a query.
    pub fn query(&mut self) -> Query {
        let mut query = Query::new(self.range());
        match self.rng.u8(..14) {
            // Neither grouped nor filtered, except by time.
            0 | 1 => query.metrics = self.metrics(&Metric::ALL),
            2..5 => self.ask_about_pages(&mut query),
            5 => self.ask_about_event_names(&mut query),
            6..8 => {
                query.metrics = self.metrics(&SESSION_METRICS);
                query.dimensions.extend(self.rng.choice(Dimension::OF_SESSIONS));
            }
            8..11 => self.ask_about_rows(&mut query),
            11 => self.ask_anything(&mut query),
            _ => {
                query.metrics = self.metrics(&Metric::ALL);
                self.break_rule(&mut query);
                return query;
            }
        }
        if query.dimensions.len() < MAX_DIMENSIONS && self.rng.bool() {
            let index = self.rng.usize(..=query.dimensions.len());
            let time = self.rng.choice(TIMES).unwrap_or(Dimension::Day);
            query.dimensions.insert(index, time);
        }
        if self.rng.u8(..5) > 0 {
            self.keep_to_capabilities(&mut query);
        }
        self.add_order(&mut query);
        query
    }

    fn ask_about_pages(&mut self, query: &mut Query) {
        query.metrics = self.metrics(&Metric::ALL);
        let is_grouped = self.rng.bool();
        if is_grouped {
            query.dimensions.push(Dimension::Page);
        }
        for _ in 0..self.rng.usize(usize::from(!is_grouped)..3) {
            query.filters.push(self.filter(Dimension::Page));
        }
    }

    fn ask_about_event_names(&mut self, query: &mut Query) {
        query.metrics = vec![Metric::Events];
        for dimension in [Dimension::Event, Dimension::Page] {
            if self.rng.bool() {
                query.dimensions.push(dimension);
            }
            if self.rng.u8(..3) == 0 {
                query.filters.push(self.filter(dimension));
            }
        }
    }

    fn ask_about_rows(&mut self, query: &mut Query) {
        query.metrics = self.metrics(&SESSION_METRICS);
        for _ in 0..self.rng.usize(..=MAX_DIMENSIONS) {
            let dimension = self.dimension_of_rows();
            if !query.dimensions.contains(&dimension) {
                query.dimensions.push(dimension);
            }
        }
        for _ in 0..self.rng.usize(..3) {
            let dimension = self.dimension_of_rows();
            query.filters.push(self.filter(dimension));
        }
    }

    /// Asks for combinations that are mostly refused.
    fn ask_anything(&mut self, query: &mut Query) {
        query.metrics = self.metrics(&Metric::ALL);
        for _ in 0..self.rng.usize(..=MAX_DIMENSIONS) {
            query.dimensions.extend(self.rng.choice(Dimension::ALL));
        }
        for _ in 0..self.rng.usize(..3) {
            let dimension = self.rng.choice(Dimension::ALL).unwrap_or(Dimension::Page);
            query.filters.push(self.filter(dimension));
        }
    }

    /// Makes a query invalid in one or two ways.
    fn break_rule(&mut self, query: &mut Query) {
        for _ in 0..=self.rng.u8(..2) {
            match self.rng.u8(..9) {
                0 => query.metrics.clear(),
                1 => query.metrics.extend(query.metrics.first().copied()),
                2 => query.dimensions.extend([Dimension::Page, Dimension::Page]),
                3 => query
                    .dimensions
                    .extend([Dimension::Page, Dimension::Source, Dimension::Day]),
                4 => query.filters = vec![self.filter(Dimension::Page); MAX_FILTERS + 1],
                5 => {
                    let values = (0..=MAX_FILTER_VALUES).map(|number| number.to_string());
                    query
                        .filters
                        .push(Filter::new(Dimension::Page, FilterOperator::Is, values));
                }
                6 => query.range = DayRange::new(query.range.last.next(), query.range.first),
                7 => query.dimensions.extend([Dimension::Week, Dimension::Hour]),
                _ => {
                    query.filters.push(self.filter(Dimension::Month));
                    query
                        .order
                        .push((OrderBy::Dimension(Dimension::Term), Direction::Ascending));
                }
            }
        }
    }

    fn range(&mut self) -> DayRange {
        let (first, last) = (self.range.first.number(), self.range.last.number());
        let mut day = || self.rng.i64(first - 1..=last + 1);
        let (one, other) = (day(), day());
        let (first, last) = match self.rng.u8(..4) {
            0 => (first, last),
            1 => (one, one),
            _ => (one.min(other), one.max(other)),
        };
        DayRange::new(Day::from_number(first), Day::from_number(last))
    }

    /// Returns one to four metrics, each once.
    fn metrics(&mut self, all: &[Metric]) -> Vec<Metric> {
        let count = self.rng.usize(1..=4);
        self.rng.choose_multiple(all.iter().copied(), count)
    }

    fn dimension_of_rows(&mut self) -> Dimension {
        let dimension = self.rng.choice(Dimension::OF_SESSIONS).unwrap_or(Dimension::Source);
        if self.rng.u8(..4) == 0 {
            Dimension::Page
        } else {
            dimension
        }
    }

    fn filter(&mut self, dimension: Dimension) -> Filter {
        let operators = [
            FilterOperator::Is,
            FilterOperator::IsNot,
            FilterOperator::Contains,
            FilterOperator::ContainsNot,
        ];
        let operator = self.rng.choice(operators).unwrap_or(FilterOperator::Is);
        let values: Vec<String> = (0..self.rng.usize(1..3))
            .map(|_| self.value(dimension, operator))
            .collect();
        Filter::new(dimension, operator, values)
    }

    /// Returns a value of the dimension or, for a comparison of parts, often its first character.
    fn value(&mut self, dimension: Dimension, operator: FilterOperator) -> String {
        let values: &[&str] = match dimension {
            Dimension::Page | Dimension::EntryPage | Dimension::ExitPage => &PAGES,
            Dimension::Event => &EVENT_NAMES,
            _ => &CONTEXT_VALUES,
        };
        let value = match self.rng.u8(..8) {
            0 => "",
            1 => "unknown",
            _ => self.rng.choice(values).copied().unwrap_or_default(),
        };
        let is_part = matches!(operator, FilterOperator::Contains | FilterOperator::ContainsNot);
        let length = if is_part && self.rng.bool() { 1 } else { usize::MAX };
        value.chars().take(length).collect()
    }

    fn keep_to_capabilities(&mut self, query: &mut Query) {
        let capabilities = self.capabilities;
        query.metrics.retain(|metric| capabilities.metrics.contains(metric));
        if query.metrics.is_empty() {
            query.metrics.extend(capabilities.metrics.first());
        }
        query
            .dimensions
            .retain(|dimension| capabilities.dimensions.contains(dimension));
        query
            .filters
            .retain(|filter| capabilities.dimensions.contains(&filter.dimension));
        if !capabilities.has_session_rows {
            query.filters.retain(|filter| filter.dimension == Dimension::Page);
        }
    }

    fn add_order(&mut self, query: &mut Query) {
        for _ in 0..self.rng.usize(..3) {
            let metric = self.rng.choice(&query.metrics).map(|metric| OrderBy::Metric(*metric));
            let dimension = self
                .rng
                .choice(&query.dimensions)
                .map(|dimension| OrderBy::Dimension(*dimension));
            let by = if self.rng.bool() { metric } else { dimension };
            let direction = if self.rng.bool() {
                Direction::Ascending
            } else {
                Direction::Descending
            };
            query.order.extend(by.map(|by| (by, direction)));
        }
        if self.rng.u8(..4) == 0 {
            query.limit = NonZeroUsize::new(self.rng.usize(1..10));
            query.offset = self.rng.usize(..4);
        }
    }
}
