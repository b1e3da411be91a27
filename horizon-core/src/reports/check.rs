use super::{Capabilities, Dimension, MAX_DIMENSIONS, MAX_FILTER_VALUES, MAX_FILTERS, OrderBy, Query, Refusal};

impl Query {
    /// Checks the rules that do not depend on the store.
    ///
    /// ```
    /// use horizon_core::reports::{DayRange, Dimension, Metric, Query, Refusal};
    /// use horizon_core::Day;
    ///
    /// let query = Query::new(DayRange::new(Day::from_number(0), Day::from_number(6)));
    /// assert_eq!(query.check(), Err(Refusal::NoMetric));
    ///
    /// let query = query.metrics([Metric::Visits]).dimensions([Dimension::Day, Dimension::Month]);
    /// assert_eq!(query.check(), Err(Refusal::TwoTimes(Dimension::Day, Dimension::Month)));
    /// ```
    ///
    /// # Errors
    /// Returns the first rule that the query violates.
    pub fn check(&self) -> Result<(), Refusal> {
        if self.metrics.is_empty() {
            return Err(Refusal::NoMetric);
        }
        self.check_names()?;
        self.check_limits()?;
        if self.range.last < self.range.first {
            return Err(Refusal::EmptyRange);
        }
        let mut times = self.dimensions.iter().filter(|dimension| dimension.is_time());
        if let (Some(first), Some(second)) = (times.next(), times.next()) {
            return Err(Refusal::TwoTimes(*first, *second));
        }
        if let Some(filter) = self.filters.iter().find(|filter| filter.dimension.is_time()) {
            return Err(Refusal::TimeFilter(filter.dimension));
        }
        self.check_order()
    }

    fn check_names(&self) -> Result<(), Refusal> {
        let metrics: Vec<&'static str> = self.metrics.iter().map(|metric| metric.name()).collect();
        let dimensions: Vec<&'static str> = self.dimensions.iter().map(|dimension| dimension.name()).collect();
        match repeated(&metrics).or_else(|| repeated(&dimensions)) {
            Some(name) => Err(Refusal::NamedTwice(name)),
            None => Ok(()),
        }
    }

    fn check_limits(&self) -> Result<(), Refusal> {
        let values = self.filters.iter().map(|filter| filter.values.len()).max();
        let limits = [
            ("dimensions", self.dimensions.len(), MAX_DIMENSIONS),
            ("filters", self.filters.len(), MAX_FILTERS),
            ("values in a filter", values.unwrap_or(0), MAX_FILTER_VALUES),
        ];
        match limits.into_iter().find(|(_, number, max)| number > max) {
            Some((what, _, max)) => Err(Refusal::TooMany { what, max }),
            None => Ok(()),
        }
    }

    fn check_order(&self) -> Result<(), Refusal> {
        for (by, _) in &self.order {
            match by {
                OrderBy::Metric(metric) if !self.metrics.contains(metric) => {
                    return Err(Refusal::UnknownOrder(metric.name()));
                }
                OrderBy::Dimension(dimension) if !self.dimensions.contains(dimension) => {
                    return Err(Refusal::UnknownOrder(dimension.name()));
                }
                OrderBy::Metric(_) | OrderBy::Dimension(_) => {}
            }
        }
        Ok(())
    }

    /// Returns the dimension that is a period of time.
    pub(crate) fn time(&self) -> Option<Dimension> {
        self.dimensions.iter().copied().find(|dimension| dimension.is_time())
    }
}

fn repeated(names: &[&'static str]) -> Option<&'static str> {
    let mut rest = names;
    while let [name, later @ ..] = rest {
        if later.contains(name) {
            return Some(name);
        }
        rest = later;
    }
    None
}

impl Capabilities {
    /// Checks that the store has the metrics and dimensions of a query.
    ///
    /// ```
    /// use horizon_core::reports::{Capabilities, DayRange, Dimension, Metric, Query, Refusal};
    /// use horizon_core::Day;
    ///
    /// let store = Capabilities::new(&[Metric::Visits], &[Dimension::Day], false);
    /// let query = Query::new(DayRange::new(Day::from_number(0), Day::from_number(6)));
    /// let query = query.metrics([Metric::Visits, Metric::BounceRate]);
    /// assert_eq!(store.check(&query), Err(Refusal::Metric(Metric::BounceRate)));
    /// ```
    ///
    /// # Errors
    /// Returns the first metric or dimension that the store does not have.
    pub fn check(&self, query: &Query) -> Result<(), Refusal> {
        if let Some(metric) = query.metrics.iter().find(|metric| !self.metrics.contains(metric)) {
            return Err(Refusal::Metric(*metric));
        }
        let filtered = query.filters.iter().map(|filter| filter.dimension);
        let mut dimensions = query.dimensions.iter().copied().chain(filtered);
        match dimensions.find(|dimension| !self.dimensions.contains(dimension)) {
            Some(dimension) => Err(Refusal::Dimension(dimension)),
            None => Ok(()),
        }
    }
}
