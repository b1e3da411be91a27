use std::{collections::BTreeMap, sync::LazyLock};

use serde::{Deserialize, Serialize};

/// The longest reading time, in seconds: 24 hours.
pub const MAX_READING_SECONDS: u32 = 24 * 3600;

/// The number of bins after bin 0.
const BINS: u8 = 120;

/// The growth of the bins.
const FACTOR: f64 = 1.1;

/// A histogram of the seconds that page visits took.
///
/// Bin 0 is 0 seconds. Bin k covers `[1.1^(k-1), 1.1^k)` seconds, up to [`MAX_READING_SECONDS`].
///
/// ```
/// use horizon_core::reports::ReadingTimes;
///
/// let mut times = ReadingTimes::default();
/// for seconds in [0, 5, 60, 61] {
///     times.add(seconds, 1);
/// }
/// assert_eq!(times.median().map(f64::round), Some(5.0)); // the lower one of an even number
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadingTimes(BTreeMap<u8, i64>);

/// Where each bin ends, in seconds.
static ENDS: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let ends = std::iter::successors(Some(1.0), |end| Some(end * FACTOR));
    ends.take(usize::from(BINS) + 1).collect()
});

impl ReadingTimes {
    /// Adds `count` page visits of this length, or removes them if `count` is negative.
    pub fn add(&mut self, seconds: u32, count: i64) {
        self.add_to_bin(bin_of(seconds), count);
    }

    /// Adds `count` page visits to a bin. Bins above the last one are ignored.
    pub fn add_to_bin(&mut self, bin: u8, count: i64) {
        if bin > BINS {
            return;
        }
        let number = self.0.entry(bin).or_default();
        *number = number.saturating_add(count);
        if *number == 0 {
            self.0.remove(&bin);
        }
    }

    /// Adds the page visits of another histogram.
    pub fn merge(&mut self, other: &Self) {
        for (bin, count) in other.bins() {
            self.add_to_bin(bin, count);
        }
    }

    /// Returns the bins that are not empty, and their numbers of page visits.
    pub fn bins(&self) -> impl Iterator<Item = (u8, i64)> {
        self.0.iter().map(|(bin, count)| (*bin, *count))
    }

    /// Returns whether there is no page visit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the median in seconds: the middle of its bin. Of an even number of page visits, the lower median.
    #[must_use]
    pub fn median(&self) -> Option<f64> {
        let total: i64 = self.0.values().copied().fold(0, i64::saturating_add);
        let middle = total.saturating_add(1) / 2;
        let mut sum = 0_i64;
        for (bin, count) in self.bins() {
            sum = sum.saturating_add(count);
            if sum >= middle && sum > 0 {
                return Some(middle_of(bin));
            }
        }
        None
    }
}

/// Returns the bin of a number of seconds.
fn bin_of(seconds: u32) -> u8 {
    let seconds = f64::from(seconds.min(MAX_READING_SECONDS));
    if seconds < 1.0 {
        return 0;
    }
    let bin = ENDS.partition_point(|end| *end <= seconds);
    u8::try_from(bin).unwrap_or(BINS).min(BINS)
}

/// Returns the arithmetic middle of a bin, in seconds.
fn middle_of(bin: u8) -> f64 {
    let end = |bin: u8| {
        ENDS.get(usize::from(bin))
            .copied()
            .unwrap_or(f64::from(MAX_READING_SECONDS))
    };
    bin.checked_sub(1)
        .map_or(0.0, |before| f64::midpoint(end(before), end(bin)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_second_is_in_a_bin_that_contains_it() {
        assert_eq!((bin_of(0), bin_of(1), bin_of(2)), (0, 1, 8));
        for seconds in 1..=MAX_READING_SECONDS {
            let bin = usize::from(bin_of(seconds));
            let (start, end) = (ENDS[bin - 1], ENDS[bin]);
            assert!(
                start <= f64::from(seconds) && f64::from(seconds) < end,
                "{seconds} in [{start}, {end})"
            );
        }
        assert_eq!(bin_of(u32::MAX), bin_of(MAX_READING_SECONDS));
    }

    #[test]
    fn the_median_of_no_visits_is_unknown_and_removed_visits_are_gone() {
        let mut times = ReadingTimes::default();
        assert_eq!(times.median(), None);
        times.add(30, 1);
        times.add(30, -1);
        assert_eq!(times, ReadingTimes::default());
        times.add(0, 2);
        times.add(100, 1);
        assert_eq!(times.median(), Some(0.0));
    }
}
