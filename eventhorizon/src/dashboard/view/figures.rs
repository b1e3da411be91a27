//! The numbers at the top.

use maud::{Markup, html};

use super::{delta::delta, names, shown};
use crate::dashboard::model::{Dashboard, Figure, Shown};

/// The longest text of a number in large type, in characters: 7, as in `123,456`.
const MAX_LARGE: usize = 7;

/// Returns the figures. Each sets the metric of the chart.
pub(super) fn figures(dashboard: &Dashboard) -> Markup {
    html! {
        ul.figures { @for figure in &dashboard.figures { li { (linked(dashboard, figure)) } } }
    }
}

fn linked(dashboard: &Dashboard, figure: &Figure) -> Markup {
    let chart = dashboard.chart.as_ref();
    let is_current = chart.is_some_and(|chart| chart.metric == figure.metric);
    let link = chart
        .filter(|chart| chart.metrics.contains(&figure.metric))
        .map(|_| format!("{}#chart", dashboard.state.with_metric(figure.metric).link()));
    let meaning = names::meaning(figure.metric);
    html! {
        @match link {
            Some(link) => a href=(link) title=(meaning) aria-current=[is_current.then_some("true")] {
                (content(figure))
            },
            None => div title=(meaning) { (content(figure)) },
        }
    }
}

fn content(figure: &Figure) -> Markup {
    html! {
        span.label { (names::metric(figure.metric)) } " "
        b.long[is_long(figure)] { (shown(figure.metric, figure.value)) } " "
        span.change { (delta(figure.metric, figure.value, figure.previous)) }
        @if let Some(of_site) = figure.of_site { span.change { "site " (shown(figure.metric, of_site)) } }
    }
}

fn is_long(figure: &Figure) -> bool {
    matches!(figure.value, Shown::Value(value) if figure.metric.format(value).len() > MAX_LARGE)
}
