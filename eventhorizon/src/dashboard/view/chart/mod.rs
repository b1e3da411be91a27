//! The course of a metric, as SVG and as a table.

mod scale;
mod table;

use horizon_core::reports::DayRange;
use maud::{Markup, html};
use scale::AxisScale;

use super::{dates, names};
use crate::dashboard::{
    model::{Chart, ChartPoint, ChartStep, Dashboard, Shown},
    state::PeriodChoice,
};

/// The largest number of labels on the axis of time.
const MAX_LABELS: usize = 8;

/// The share of the distance between points that a bar takes.
const BAR_WIDTH: f64 = 0.78;

/// Returns the chart: a bar for each point, a line for the previous period.
pub(super) fn chart(dashboard: &Dashboard, chart: &Chart) -> Markup {
    let scale = AxisScale::new(chart);
    let has_previous = chart.points.iter().any(|point| point.previous.is_some());
    html! {
        figure.chart {
            figcaption {
                h2 { (names::metric(chart.metric)) " per " (step_name(chart.step)) }
                @if has_previous {
                    p.legend aria-hidden="true" { span.this { "this period" } span.previous { "previous period" } }
                }
            }
            div.plot {
                div.y aria-hidden="true" { @for tick in scale.ticks().rev() { span { (scale.label(tick)) } } }
                div.x-y {
                    (plot(dashboard, chart, &scale))
                    (axis(chart))
                }
            }
            (table::table(dashboard, chart, has_previous))
        }
    }
}

const fn step_name(step: ChartStep) -> &'static str {
    match step {
        ChartStep::Hour => "hour",
        ChartStep::Day => "day",
        ChartStep::Week => "week",
        ChartStep::Month => "month",
    }
}

fn plot(dashboard: &Dashboard, chart: &Chart, scale: &AxisScale) -> Markup {
    let label = format!("{} per {}", names::metric(chart.metric), step_name(chart.step));
    // One point is in the order of focus; the arrow keys move from there. The table has all links.
    let focus = chart.points.iter().rposition(|point| point.value.is_some());
    html! {
        svg.points role="group" aria-label=(label) {
            @for tick in scale.ticks() {
                @let y = percent(100.0 - scale.height(tick));
                line x2="100%" y1=(y) y2=(y) {}
            }
            @for (index, point) in chart.points.iter().enumerate() {
                @let content = bar(chart, scale, index, point);
                @match link(dashboard, point) {
                    Some(link) => a href=(link) tabindex=[(focus != Some(index)).then_some("-1")] { (content) },
                    None => g role="img" { (content) },
                }
            }
            (previous(chart, scale))
        }
    }
}

/// Returns the link to the days of a point.
fn link(dashboard: &Dashboard, point: &ChartPoint) -> Option<String> {
    let (first, last) = point.days.filter(|_| !dashboard.is_public && point.value.is_some())?;
    let range = PeriodChoice::Range(DayRange::new(first, last));
    (dashboard.period.range != DayRange::new(first, last)).then(|| dashboard.state.with_period(range).link())
}

fn bar(chart: &Chart, scale: &AxisScale, index: usize, point: &ChartPoint) -> Markup {
    let slot = 100.0 / count(chart.points.len());
    let height = point.value.map_or(0.0, |value| scale.height_of(value));
    let x = count(index) * slot;
    html! {
        title { (description(chart, point)) }
        rect.hit x=(percent(x)) width=(percent(slot)) height="100%" {}
        @if height > 0.0 {
            rect.bar.current[point.is_current] x=(percent(x + slot * (1.0 - BAR_WIDTH) / 2.0))
                y=(percent(100.0 - height)) width=(percent(slot * BAR_WIDTH)) height=(percent(height)) {}
        }
    }
}

/// Returns the text of the tooltip, in lines.
fn description(chart: &Chart, point: &ChartPoint) -> String {
    let text = |value| match value {
        Shown::Value(value) => chart.metric.format(value),
        Shown::Hidden => "hidden".to_owned(),
    };
    let time = dates::point(chart.step, point);
    let name = names::metric(chart.metric);
    let value = match point.value {
        Some(value) if point.is_current => format!("{name}: {} so far", text(value)),
        Some(value) => format!("{name}: {}", text(value)),
        None => "not yet".to_owned(),
    };
    let previous = point
        .previous
        .map(|value| format!("\nprevious period: {}", text(value)));
    format!("{time}\n{value}{}", previous.unwrap_or_default())
}

/// Returns the line of the previous period, which has gaps where a value is not known.
fn previous(chart: &Chart, scale: &AxisScale) -> Markup {
    let points: Vec<_> = chart.points.iter().enumerate().collect();
    let known = |point: &ChartPoint| matches!(point.previous, Some(Shown::Value(_)));
    let lines = points.split(|(_, point)| !known(point)).filter(|line| !line.is_empty());
    html! {
        svg.previous viewBox={ "0 0 " (chart.points.len() * 10) " 100" } preserveAspectRatio="none" aria-hidden="true" {
            @for line in lines {
                polyline points=(positions(line, scale)) {}
            }
        }
    }
}

fn positions(line: &[(usize, &ChartPoint)], scale: &AxisScale) -> String {
    let positions = line.iter().map(|(index, point)| position(*index, point, scale));
    positions.collect::<Vec<_>>().join(" ")
}

fn position(index: usize, point: &ChartPoint, scale: &AxisScale) -> String {
    let height = point.previous.map_or(0.0, |value| scale.height_of(value));
    format!("{},{:.1}", index * 10 + 5, 100.0 - height)
}

/// Returns the labels of the axis of time. Narrow screens hide each second one.
fn axis(chart: &Chart) -> Markup {
    let points = chart.points.len();
    let every = labels_every(chart.step, points);
    let slot = 100.0 / count(points);
    let is_week = chart.step == ChartStep::Day && points <= MAX_LABELS;
    html! {
        svg.x aria-hidden="true" {
            @for (position, (index, point)) in chart.points.iter().enumerate().step_by(every).enumerate() {
                text.minor[position % 2 == 1] x=(percent((count(index) + 0.5) * slot)) y="14" {
                    (dates::axis(chart.step, point, is_week))
                }
            }
        }
    }
}

/// Returns the distance between labels: of days preferably weeks, of hours a divisor of a day.
fn labels_every(step: ChartStep, points: usize) -> usize {
    let steps: &[usize] = match step {
        ChartStep::Hour => &[1, 3, 6, 12],
        ChartStep::Day => &[1, 2, 7, 14, 28, 56],
        ChartStep::Week => &[1, 2, 4, 8, 13, 26, 52],
        ChartStep::Month => &[1, 2, 3, 6, 12, 24, 60],
    };
    let fits =
        |every: &&usize| points.div_ceil(**every) <= MAX_LABELS.max(if step == ChartStep::Month { 13 } else { 0 });
    steps
        .iter()
        .find(fits)
        .copied()
        .unwrap_or_else(|| points.div_ceil(MAX_LABELS))
}

fn percent(number: f64) -> String {
    format!("{number:.2}%")
}

#[expect(clippy::cast_precision_loss, reason = "a chart has at most thousands of points")]
const fn count(number: usize) -> f64 {
    number as f64
}
