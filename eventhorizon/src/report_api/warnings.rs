use std::collections::BTreeMap;

use horizon_core::reports::{Metric, Table};
use serde::Serialize;

/// What a reader of a metric should know.
#[derive(Serialize)]
pub(super) struct MetricWarning {
    code: &'static str,
    warning: &'static str,
}

const DAILY_VISITORS: MetricWarning = MetricWarning {
    code: "sum_of_days",
    warning: "Visitors are the sum of the days: nobody is recognised on another day.",
};

const CUSTOM_EVENTS: MetricWarning = MetricWarning {
    code: "custom_events_only",
    warning: "Events are custom events. They do not include pageviews.",
};

/// Returns the warnings about the metrics of a table.
pub(super) fn of_metrics(table: &Table) -> BTreeMap<&'static str, MetricWarning> {
    let has_visitors = table.sums_daily_visitors && table.metrics.contains(&Metric::Visitors);
    let visitors = has_visitors.then_some((Metric::Visitors.name(), DAILY_VISITORS));
    let has_events = table.metrics.contains(&Metric::Events);
    let events = has_events.then_some((Metric::Events.name(), CUSTOM_EVENTS));
    visitors.into_iter().chain(events).collect()
}
