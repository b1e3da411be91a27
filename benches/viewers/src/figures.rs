//! Quantiles of latencies, and ratios.

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::clock::millis;

/// Significant digits of a latency.
const DIGITS: u8 = 3;

/// The longest latency in the histogram, in microseconds: one hour.
const LONGEST: u64 = 3_600_000_000;

/// The median, the 99th percentile and the maximum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Quantiles {
    /// The median.
    pub p50: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The maximum.
    pub max: f64,
}

/// A histogram of latencies in microseconds.
#[derive(Debug)]
pub struct Latencies(Histogram<u64>);

impl Latencies {
    /// Creates an empty histogram.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self(Histogram::new_with_bounds(1, LONGEST, DIGITS)?))
    }

    /// Returns the quantiles of these latencies in milliseconds, or `None` if there are none.
    pub fn quantiles_of(all: impl IntoIterator<Item = u64>) -> anyhow::Result<Option<Quantiles>> {
        let mut latencies = Self::new()?;
        for micros in all {
            latencies.add(micros);
        }
        Ok(latencies.quantiles())
    }

    /// Adds a latency.
    pub fn add(&mut self, micros: u64) {
        self.0.saturating_record(micros);
    }

    /// Returns the quantiles in milliseconds, or `None` if there are no latencies.
    #[must_use]
    pub fn quantiles(&self) -> Option<Quantiles> {
        (!self.0.is_empty()).then(|| Quantiles {
            p50: millis(self.0.value_at_quantile(0.5)),
            p99: millis(self.0.value_at_quantile(0.99)),
            max: millis(self.0.max()),
        })
    }
}

/// Returns the ratio, or 0 if `whole` is 0.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Converts a count to a floating-point number.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_in_milliseconds() {
        let quantiles = Latencies::quantiles_of((1..=100).map(|n| n * 1_000)).unwrap().unwrap();
        assert!((49.9..50.1).contains(&quantiles.p50), "{quantiles:?}");
        assert!((98.9..99.1).contains(&quantiles.p99), "{quantiles:?}");
        assert!((99.9..100.1).contains(&quantiles.max), "{quantiles:?}");
        assert_eq!(Latencies::quantiles_of([]).unwrap(), None);
    }
}
