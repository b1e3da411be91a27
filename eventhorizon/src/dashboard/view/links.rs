//! Links to other states of the dashboard.

use horizon_core::reports::{Dimension, Filter, FilterOperator};

use crate::dashboard::state::DashboardState;

/// Returns the link that shows only this value of a dimension, or that removes the filter if it is there.
pub(super) fn toggle_value(state: &DashboardState, dimension: Dimension, value: &str) -> String {
    match value_filter(state, dimension, value) {
        Some(index) => state.without_filter(index).link(),
        None => state
            .with_filter(Filter::new(dimension, FilterOperator::Is, [value]))
            .link(),
    }
}

/// Returns the position of the filter that selects exactly this value.
pub(super) fn value_filter(state: &DashboardState, dimension: Dimension, value: &str) -> Option<usize> {
    state.filters.iter().position(|filter| {
        filter.dimension == dimension && filter.operator == FilterOperator::Is && filter.values == [value]
    })
}
