//! The numbers of a chart as a table.

use maud::{Markup, html};

use super::{link, step_name};
use crate::dashboard::{
    model::{Chart, Dashboard},
    view::{dates, names, shown},
};

/// Returns the numbers of the chart, which the reader opens.
pub(super) fn table(dashboard: &Dashboard, chart: &Chart, has_previous: bool) -> Markup {
    html! {
        details #numbers .numbers {
            summary { "Show as a table" }
            table {
                thead {
                    tr {
                        th scope="col" { (step_name(chart.step)) }
                        th scope="col" { (names::metric(chart.metric)) }
                        @if has_previous { th scope="col" { "Previous period" } }
                    }
                }
                tbody {
                    @for point in &chart.points {
                        tr {
                            th scope="row" {
                                @let time = dates::point(chart.step, point);
                                @match link(dashboard, point) {
                                    Some(link) => a href=(link) { (time) },
                                    None => (time),
                                }
                            }
                            td { @if let Some(value) = point.value { (shown(chart.metric, value)) } }
                            @if has_previous {
                                td { @if let Some(value) = point.previous { (shown(chart.metric, value)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
