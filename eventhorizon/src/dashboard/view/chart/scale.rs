//! The axis of values.

use horizon_core::reports::{Metric, Value};

use crate::dashboard::{
    model::{Chart, Shown},
    view::delta::is_share,
};

/// The largest number of lines above that of 0.
const MAX_TICKS: f64 = 4.0;

/// Distances between lines that people count in: seconds, minutes, hours.
const SECONDS: [f64; 13] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0,
];

/// From 0 to a round number that is at least the highest value.
pub(super) struct AxisScale {
    metric: Metric,
    /// The distance between two lines.
    step: f64,
    /// The number of lines above that of 0.
    ticks: u32,
}

impl AxisScale {
    pub(super) fn new(chart: &Chart) -> Self {
        let values = chart.points.iter().flat_map(|point| [point.value, point.previous]);
        let highest = values.flatten().map(number).fold(0.0, f64::max);
        let step = round_step(chart.metric, highest / MAX_TICKS);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and MAX_TICKS"
        )]
        let ticks = (highest / step).ceil().clamp(1.0, MAX_TICKS) as u32;
        Self {
            metric: chart.metric,
            step,
            ticks,
        }
    }

    /// Returns the values of the lines, the lowest first.
    pub(super) fn ticks(&self) -> impl DoubleEndedIterator<Item = f64> {
        let step = self.step;
        (0..=self.ticks).map(move |tick| f64::from(tick) * step)
    }

    /// Returns the height of a value, in percent.
    pub(super) fn height(&self, value: f64) -> f64 {
        (value / (f64::from(self.ticks) * self.step) * 100.0).clamp(0.0, 100.0)
    }

    pub(super) fn height_of(&self, value: Shown) -> f64 {
        self.height(number(value))
    }

    /// Returns the label of a line.
    pub(super) fn label(&self, tick: f64) -> String {
        if is_share(self.metric) {
            return format!("{} %", (tick * 1_000.0).round() / 10.0);
        }
        if is_time(self.metric) {
            return Metric::MedianTimeOnPage.format(Value::Median(Some(tick)));
        }
        match tick {
            tick if tick >= 1_000_000.0 => format!("{}M", tick / 1_000_000.0),
            tick if tick >= 1_000.0 => format!("{}k", tick / 1_000.0),
            tick => format!("{}", (tick * 100.0).round() / 100.0),
        }
    }
}

fn number(value: Shown) -> f64 {
    match value {
        Shown::Value(value) => value.to_f64().unwrap_or(0.0),
        Shown::Hidden => 0.0,
    }
}

const fn is_time(metric: Metric) -> bool {
    matches!(
        metric,
        Metric::VisitDuration | Metric::Seconds | Metric::TimeOnPage | Metric::MedianTimeOnPage
    )
}

/// Returns the smallest round distance that is at least `step`.
fn round_step(metric: Metric, step: f64) -> f64 {
    if is_time(metric)
        && let Some(step) = SECONDS.into_iter().find(|round| *round >= step)
    {
        return step;
    }
    let unit = if is_time(metric) { 3_600.0 } else { 1.0 };
    let smallest = match metric {
        metric if is_share(metric) => 0.01,
        Metric::ViewsPerVisit => 0.1,
        _ => unit,
    };
    if step <= smallest {
        return smallest;
    }
    let power = 10_f64.powf((step / unit).log10().floor());
    let rounds = [1.0, 2.0, 2.5, 5.0, 10.0].map(|factor| factor * power * unit);
    let is_whole = |round: &f64| smallest < 1.0 || (round / unit).fract() == 0.0;
    let found = rounds
        .into_iter()
        .filter(is_whole)
        .find(|round| *round >= step * 0.999_999);
    found.unwrap_or(10.0 * power * unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::model::{ChartPoint, ChartStep};

    fn labels(metric: Metric, highest: Value) -> Vec<String> {
        let point = ChartPoint {
            label: String::new(),
            days: None,
            value: Some(Shown::Value(highest)),
            previous: None,
            is_current: false,
        };
        let scale = AxisScale::new(&Chart {
            metric,
            metrics: Vec::new(),
            step: ChartStep::Day,
            points: vec![point],
        });
        scale.ticks().map(|tick| scale.label(tick)).collect()
    }

    #[test]
    fn lines_have_round_numbers_above_the_highest_value() {
        let share = |numerator| Value::Ratio {
            numerator,
            denominator: 1_000,
        };
        for (metric, highest, expected) in [
            (Metric::Visitors, Value::Count(0), vec!["0", "1"]),
            (Metric::Visitors, Value::Count(3), vec!["0", "1", "2", "3"]),
            (Metric::Visitors, Value::Count(7), vec!["0", "2", "4", "6", "8"]),
            (
                Metric::Visitors,
                Value::Count(950),
                vec!["0", "250", "500", "750", "1k"],
            ),
            (
                Metric::Visitors,
                Value::Count(12_345_678),
                vec!["0", "5M", "10M", "15M"],
            ),
            (
                Metric::BounceRate,
                share(612),
                vec!["0 %", "20 %", "40 %", "60 %", "80 %"],
            ),
            (
                Metric::VisitDuration,
                Value::Median(Some(200.0)),
                vec!["0:00", "1:00", "2:00", "3:00", "4:00"],
            ),
            (Metric::ViewsPerVisit, share(1_900), vec!["0", "0.5", "1", "1.5", "2"]),
        ] {
            assert_eq!(labels(metric, highest), expected, "{metric} {highest:?}");
        }
    }
}
