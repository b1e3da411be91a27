//! How a number changed since the previous period.

use horizon_core::reports::{Metric, Value};
use maud::{Markup, html};

use crate::dashboard::model::Shown;

/// Changes below half a percent, or half a percentage point, are shown as none.
const SMALLEST: f64 = 0.5;

/// Whether a metric is better if it is higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Better {
    Higher,
    Lower,
    Neither,
}

const fn better(metric: Metric) -> Better {
    match metric {
        Metric::BounceRate => Better::Lower,
        Metric::AnonymousShare => Better::Neither,
        _ => Better::Higher,
    }
}

/// Returns whether the values of a metric are shares, which are compared in percentage points.
pub(super) const fn is_share(metric: Metric) -> bool {
    matches!(
        metric,
        Metric::BounceRate | Metric::AnonymousShare | Metric::FinishedShare
    )
}

/// Returns the change with an arrow, or nothing if one of the values is unknown.
pub(super) fn delta(metric: Metric, value: Shown, previous: Option<Shown>) -> Markup {
    let (Some(now), Some(Shown::Value(before))) = (number(value), previous) else {
        return html! {};
    };
    let Some(past) = before.to_f64() else { return html! {} };
    let Some((change, unit)) = change(metric, now, past) else {
        return html! { span.delta title={ "Before: " (metric.format(before)) } { "new" } };
    };
    if now == 0.0 && past == 0.0 {
        return html! { span.delta { "unchanged" } };
    }
    let (arrow, word) = match change {
        change if change >= SMALLEST => ("↑", "up"),
        change if change <= -SMALLEST => ("↓", "down"),
        _ => ("", "unchanged, "),
    };
    let is_good = match better(metric) {
        Better::Higher => Some(change > 0.0),
        Better::Lower => Some(change < 0.0),
        Better::Neither => None,
    };
    let class = match is_good.filter(|_| !arrow.is_empty()) {
        Some(true) => "delta good",
        Some(false) => "delta bad",
        None => "delta",
    };
    html! {
        span class=(class) {
            span aria-hidden="true" { (arrow) }
            span.sr { (word) " " }
            (percent(change.abs())) (unit)
        }
        span.was { span.sr { ", " } "from " (metric.format(before)) }
    }
}

fn number(value: Shown) -> Option<f64> {
    match value {
        Shown::Value(value) => value.to_f64(),
        Shown::Hidden => None,
    }
}

/// Returns the change and its unit, or `None` if there was nothing before.
fn change(metric: Metric, now: f64, past: f64) -> Option<(f64, &'static str)> {
    if is_share(metric) {
        Some(((now - past) * 100.0, " pp"))
    } else if past > 0.0 {
        Some(((now - past) / past * 100.0, " %"))
    } else {
        (now <= past).then_some((0.0, " %"))
    }
}

/// Returns a rounded number with commas.
fn percent(change: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    let rounded = change.round() as i64;
    Metric::Visitors.format(Value::Count(rounded))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(metric: Metric, now: Value, past: Value) -> String {
        delta(metric, Shown::Value(now), Some(Shown::Value(past))).into_string()
    }

    fn ratio(numerator: i64) -> Value {
        Value::Ratio {
            numerator,
            denominator: 1_000,
        }
    }

    #[test]
    fn a_lower_bounce_rate_is_good_and_fewer_visitors_are_not() {
        let fewer = text(Metric::Visitors, Value::Count(80), Value::Count(100));
        assert!(
            fewer.contains("delta bad") && fewer.contains("↓") && fewer.contains("20 %"),
            "{fewer}"
        );
        let bounces = text(Metric::BounceRate, ratio(400), ratio(432));
        assert!(bounces.contains("delta good") && bounces.contains("3 pp"), "{bounces}");
    }

    #[test]
    fn changes_have_words_besides_colours() {
        let more = text(Metric::Visitors, Value::Count(3_000), Value::Count(100));
        assert!(
            more.contains("up ") && more.contains("2,900 %") && more.contains("from 100"),
            "{more}"
        );
        let same = text(Metric::Visitors, Value::Count(1_001), Value::Count(1_000));
        assert!(same.contains("unchanged") && !same.contains("good"), "{same}");
    }

    #[test]
    fn without_anything_before_there_is_no_percentage() {
        assert!(text(Metric::Likes, Value::Count(3), Value::Count(0)).contains("new"));
        for (metric, zero) in [(Metric::Likes, Value::Count(0)), (Metric::FinishedShare, ratio(0))] {
            let nothing = text(metric, zero, zero);
            assert!(nothing.contains("unchanged") && !nothing.contains('0'), "{nothing}");
        }
        let unknown = Value::Ratio {
            numerator: 0,
            denominator: 0,
        };
        assert_eq!(text(Metric::BounceRate, ratio(1), unknown), "");
        assert_eq!(
            delta(Metric::Likes, Shown::Hidden, Some(Shown::Hidden)).into_string(),
            ""
        );
    }
}
