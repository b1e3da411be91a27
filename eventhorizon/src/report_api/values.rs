use horizon_core::reports::{Metric, Value};
use serde_json::json;

/// Returns a value as a number in the unit of Plausible: shares are percentages, and mean times are whole seconds. An
/// unknown value is `null`.
pub(super) fn to_json(metric: Metric, value: Value) -> serde_json::Value {
    if let Value::Count(count) = value {
        return json!(count);
    }
    let Some(number) = value.to_f64() else {
        return serde_json::Value::Null;
    };
    match metric {
        Metric::BounceRate | Metric::AnonymousShare | Metric::FinishedShare => json!(percentage(value)),
        #[expect(clippy::cast_possible_truncation, reason = "seconds are far below 2^53")]
        Metric::VisitDuration | Metric::TimeOnPage => json!(number.round() as i64),
        _ => json!(number),
    }
}

/// Returns a share as a percentage. It is divided last, so that half is exactly 50.
fn percentage(share: Value) -> Option<f64> {
    match share {
        Value::Ratio { numerator, denominator } => Value::Ratio {
            numerator: numerator.saturating_mul(100),
            denominator,
        }
        .to_f64(),
        value => value.to_f64(),
    }
}
