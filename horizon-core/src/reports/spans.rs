use serde::{Deserialize, Serialize};

use crate::{Timestamp, VISIT_GAP};

/// Periods of activity in order, with more than [`VISIT_GAP`] between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Spans<T>(Vec<Span<T>>);

/// A period of activity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Span<T> {
    /// The first event.
    pub(super) start: Timestamp,
    /// The last event.
    pub(super) last: Timestamp,
    /// What happened in between.
    pub(super) data: T,
}

/// What happened in a span.
pub(super) trait SpanData: Default {
    /// Adds what happened in the span that follows.
    fn merge(&mut self, later: Self);
}

impl<T> Default for Spans<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: SpanData> Spans<T> {
    /// Adds an event. It extends a span, begins a new one, or joins two spans to one. The spans are the same for each
    /// order in which a set of events is added.
    pub(super) fn add(&mut self, at: Timestamp, update: impl FnOnce(&mut T)) {
        let position = self.0.partition_point(|span| span.last.plus(VISIT_GAP) < at);
        match self.0.get_mut(position) {
            Some(span) if span.start <= at.plus(VISIT_GAP) => {
                span.start = span.start.min(at);
                span.last = span.last.max(at);
            }
            _ => self.0.insert(
                position,
                Span {
                    start: at,
                    last: at,
                    data: T::default(),
                },
            ),
        }
        let joined = match self.0.get(position..) {
            Some([span, next, ..]) if next.start <= span.last.plus(VISIT_GAP) => Some(self.0.remove(position + 1)),
            _ => None,
        };
        if let Some(span) = self.0.get_mut(position) {
            if let Some(next) = joined {
                span.last = next.last;
                span.data.merge(next.data);
            }
            update(&mut span.data);
        }
    }

    /// Adds the spans of a later period, of which none overlaps with these.
    pub(super) fn append(&mut self, mut later: Self) {
        self.0.append(&mut later.0);
        self.0.sort_by_key(|span| span.start);
    }
}

impl<T> Spans<T> {
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Span<T>> {
        self.0.iter()
    }

    pub(super) fn iter_mut(&mut self) -> std::slice::IterMut<'_, Span<T>> {
        self.0.iter_mut()
    }

    pub(super) fn retain(&mut self, keep: impl FnMut(&Span<T>) -> bool) {
        self.0.retain(keep);
    }

    /// Returns a span that begins and ends at `at`.
    pub(super) fn at(at: Timestamp, data: T) -> Self {
        Self(vec![Span {
            start: at,
            last: at,
            data,
        }])
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[derive(Clone, Default, Debug, PartialEq)]
    struct Sum(u64);

    impl SpanData for Sum {
        fn merge(&mut self, later: Self) {
            self.0 += later.0;
        }
    }

    #[test]
    fn spans_do_not_depend_on_the_order_of_events() {
        let seed = fastrand::u64(..);
        let mut random = fastrand::Rng::with_seed(seed);
        for _ in 0..300 {
            let mut events: Vec<u64> = (0..random.usize(1..12)).map(|_| random.u64(0..20) * 10).collect();
            let spans = |events: &[u64]| {
                let mut spans = Spans::<Sum>::default();
                for minutes in events {
                    let at = Timestamp::default().plus(Duration::from_secs(60 * minutes));
                    spans.add(at, |sum| sum.0 += minutes);
                }
                spans
            };
            let first = spans(&events);
            random.shuffle(&mut events);
            assert_eq!(spans(&events), first, "seed {seed}");
            events.sort_unstable();
            let gaps = events.windows(2).filter(|pair| pair[1] - pair[0] > 30).count();
            assert_eq!(first.iter().count(), gaps + 1, "seed {seed}: {events:?}");
        }
    }
}
