//! Writes links of the dashboard.

use horizon_core::reports::{Filter, FilterOperator, Metric};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::{
    list_kind::ListKind,
    parse::OPERATORS,
    state::{DashboardState, PeriodChoice},
};

/// The characters that mean something in a URL's query or in HTML.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'\'')
    .add(b'+')
    .add(b'<')
    .add(b'=')
    .add(b'>')
    .add(b'\\')
    .add(b'`');

impl DashboardState {
    /// Returns the relative link, `?` without parameters. Parameters with their default are left out.
    pub(crate) fn link(&self) -> String {
        let mut link = String::new();
        for (name, value) in self.parameters() {
            link.push(if link.is_empty() { '?' } else { '&' });
            link.push_str(&name);
            link.push('=');
            link.extend(utf8_percent_encode(&value, ENCODED));
        }
        if link.is_empty() { "?".to_owned() } else { link }
    }

    /// Returns the parameters, decoded and in a fixed order, for links and the hidden fields of forms.
    pub(crate) fn parameters(&self) -> Vec<(String, String)> {
        let mut parameters = self.parameters_of_period();
        let mut add = |name: &str, value: String| parameters.push((name.to_owned(), value));
        if !self.compares {
            add("compare", "off".to_owned());
        }
        if let Some(metric) = self.metric {
            add("metric", metric.name().to_owned());
        }
        if let Some(list) = self.list {
            add("list", list.name().to_owned());
            if self.offset > 0 {
                add("offset", self.offset.to_string());
            }
        }
        for tab in &self.tabs {
            add(tab.card().name(), tab.name().to_owned());
        }
        for filter in &self.filters {
            let name = format!("{}{}", filter.dimension, sign(filter.operator));
            for value in &filter.values {
                add(&name, value.clone());
            }
        }
        parameters
    }

    fn parameters_of_period(&self) -> Vec<(String, String)> {
        let parameter = |name: &str, value: String| (name.to_owned(), value);
        match self.period {
            PeriodChoice::Range(range) => vec![
                parameter("from", range.first.to_string()),
                parameter("to", range.last.to_string()),
            ],
            period if period == PeriodChoice::default() => Vec::new(),
            period => period
                .name()
                .map(|name| parameter("period", name.to_owned()))
                .into_iter()
                .collect(),
        }
    }

    /// Returns the state with another period, at the start of its list.
    pub(crate) fn with_period(&self, period: PeriodChoice) -> Self {
        Self {
            period,
            offset: 0,
            ..self.clone()
        }
    }

    /// Returns the state with a filter, which replaces one with the same dimension and operator. It shows no list.
    pub(crate) fn with_filter(&self, filter: Filter) -> Self {
        let mut state = Self {
            list: None,
            offset: 0,
            ..self.clone()
        };
        let is_same = |other: &&mut Filter| other.dimension == filter.dimension && other.operator == filter.operator;
        match state.filters.iter_mut().find(is_same) {
            Some(other) => *other = filter,
            None => state.filters.push(filter),
        }
        state
    }

    /// Returns the state without the filter at a position, at the start of its list.
    pub(crate) fn without_filter(&self, index: usize) -> Self {
        let mut state = self.with_offset(0);
        if index < state.filters.len() {
            state.filters.remove(index);
        }
        state
    }

    /// Returns the state with a list in its card.
    pub(crate) fn with_tab(&self, list: ListKind) -> Self {
        let mut state = self.clone();
        state.show_in_card(list);
        state
    }

    /// Returns the state with another metric in the chart.
    pub(crate) fn with_metric(&self, metric: Metric) -> Self {
        Self {
            metric: Some(metric).filter(|metric| *metric != Metric::Visitors),
            ..self.clone()
        }
    }

    /// Returns the state with only this list, from its start. `None` shows the overview.
    pub(crate) fn with_list(&self, list: Option<ListKind>) -> Self {
        Self {
            list,
            offset: 0,
            ..self.clone()
        }
    }

    /// Returns the state without the first rows of its list.
    pub(crate) fn with_offset(&self, offset: usize) -> Self {
        Self { offset, ..self.clone() }
    }

    /// Returns the state with or without a comparison with the previous period.
    pub(crate) fn with_compare(&self, compares: bool) -> Self {
        Self {
            compares,
            ..self.clone()
        }
    }
}

fn sign(operator: FilterOperator) -> &'static str {
    let mut operators = OPERATORS.iter();
    operators
        .find(|(_, other)| *other == operator)
        .map_or("", |(sign, _)| sign)
}

#[cfg(test)]
mod tests {
    use horizon_core::reports::Dimension;

    use super::*;

    fn round_trip(state: &DashboardState) -> String {
        let link = state.link();
        let (parsed, notes) = DashboardState::parse(link.strip_prefix('?').unwrap());
        assert_eq!((&parsed, notes), (state, Vec::new()), "{link}");
        link
    }

    #[test]
    fn a_link_leaves_out_defaults_and_keeps_its_order() {
        let state = DashboardState::default();
        assert_eq!(round_trip(&state), "?");
        let google = Filter::new(Dimension::Source, FilterOperator::Is, ["google"]);
        let state = state.with_tab(ListKind::Countries).with_filter(google.clone());
        assert_eq!(round_trip(&state), "?source=google");
        let state = state.with_tab(ListKind::Browsers).with_tab(ListKind::ExitPages);
        let state = state.with_period(PeriodChoice::Days7).with_compare(false);
        let state = state.with_metric(Metric::Likes);
        assert_eq!(
            round_trip(&state),
            "?period=7d&compare=off&metric=likes&pages=exit-pages&devices=browsers&source=google"
        );
        let state = state.with_list(Some(ListKind::Pages)).with_offset(100);
        assert!(round_trip(&state).contains("&list=pages&offset=100&"));
        assert_eq!(state.with_period(PeriodChoice::All).offset, 0);
        assert_eq!(state.without_filter(0).filters, []);
        assert_eq!(state.without_filter(1).filters, [google]);
        let bing = Filter::new(Dimension::Source, FilterOperator::Is, ["bing"]);
        let clicked = state.with_filter(bing.clone());
        assert_eq!((clicked.filters, clicked.list), (vec![bing], None));
        let state = state.with_tab(ListKind::Pages).with_metric(Metric::Visitors);
        assert_eq!((state.tabs, state.metric), (vec![ListKind::Browsers], None));
    }

    #[test]
    fn every_text_survives_a_link() {
        let texts = [
            "",
            "a b+c",
            "&=#?%",
            "100%25",
            "\"'<>`\\",
            "é\u{202e}🦀",
            "\0\n\r\t",
            "(other)",
            "docs/a!~",
        ];
        for operator in [
            FilterOperator::Is,
            FilterOperator::IsNot,
            FilterOperator::Contains,
            FilterOperator::ContainsNot,
        ] {
            let filter = Filter::new(Dimension::Campaign, operator, texts);
            let link = round_trip(&DashboardState::default().with_filter(filter));
            assert!(link.is_ascii() && !link.contains(['"', '\'', '<', '>', ' ']), "{link}");
        }
    }

    #[test]
    fn every_choice_survives_a_link() {
        for period in PeriodChoice::NAMED {
            round_trip(&DashboardState::default().with_period(period));
        }
        for list in ListKind::ALL {
            round_trip(&DashboardState::default().with_list(Some(list)).with_tab(list));
        }
        for metric in Metric::ALL {
            round_trip(&DashboardState::default().with_metric(metric));
        }
        for (dimension, operator) in Dimension::ALL.into_iter().flat_map(|d| OPERATORS.map(|(_, o)| (d, o))) {
            if !dimension.is_time() {
                let filter = Filter::new(dimension, operator, ["x"]);
                round_trip(&DashboardState::default().with_filter(filter));
            }
        }
    }
}
