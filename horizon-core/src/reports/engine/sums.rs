use crate::reports::{Counts, Metric, ReadingTimes, Value};

/// The sums of a group, from one source.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    pub(super) visitors: i64,
    pub(super) visits: i64,
    pub(super) keyed_visits: i64,
    pub(super) pageviews: i64,
    pub(super) seconds: i64,
    pub(super) bounces: i64,
    pub(super) duration: i64,
    pub(super) page_visits: i64,
    pub(super) keyed_page_visits: i64,
    /// The seconds of page visits of visitors with a key.
    pub(super) page_seconds: i64,
    pub(super) finished: i64,
    pub(super) likes: i64,
    pub(super) comments: i64,
    pub(super) events: i64,
    /// The page visits in each bin of [`ReadingTimes`]. A scan adds many bins, so they are no map.
    pub(super) reading_times: Vec<i64>,
}

impl Sums {
    /// Adds the numbers of the site or of a value of a dimension.
    pub(super) fn add_sessions(&mut self, counts: &Counts) {
        add(&mut self.visits, counts.visits);
        add(&mut self.keyed_visits, counts.keyed_visits);
        add(&mut self.bounces, counts.bounces);
        add(&mut self.duration, counts.duration);
        self.add_common(counts);
    }

    /// Adds the numbers of a page.
    pub(super) fn add_page(&mut self, counts: &Counts, reading_times: &[(u8, i64)]) {
        add(&mut self.page_visits, counts.visits);
        add(&mut self.keyed_page_visits, counts.keyed_visits);
        add(&mut self.page_seconds, counts.seconds);
        add(&mut self.finished, counts.finished);
        for (bin, count) in reading_times {
            let bin = usize::from(*bin);
            if bin >= self.reading_times.len() {
                self.reading_times.resize(bin + 1, 0);
            }
            if let Some(sum) = self.reading_times.get_mut(bin) {
                add(sum, *count);
            }
        }
        self.add_common(counts);
    }

    fn add_common(&mut self, counts: &Counts) {
        add(&mut self.visitors, counts.visitors);
        add(&mut self.pageviews, counts.pageviews);
        add(&mut self.seconds, counts.seconds);
        add(&mut self.likes, counts.likes);
        add(&mut self.comments, counts.comments);
    }

    fn median(&self) -> Option<f64> {
        let mut times = ReadingTimes::default();
        for (bin, count) in (0..=u8::MAX).zip(&self.reading_times) {
            times.add_to_bin(bin, *count);
        }
        times.median()
    }

    /// Returns the value of a metric.
    pub(super) fn value(&self, metric: Metric) -> Value {
        let ratio = |numerator, denominator| Value::Ratio { numerator, denominator };
        match metric {
            Metric::Visitors => Value::Count(self.visitors),
            Metric::Visits => Value::Count(self.visits),
            Metric::Pageviews => Value::Count(self.pageviews),
            Metric::PageVisits => Value::Count(self.page_visits),
            Metric::ViewsPerVisit => ratio(self.pageviews, self.visits),
            Metric::BounceRate => ratio(self.bounces, self.keyed_visits),
            Metric::VisitDuration => ratio(self.duration, self.keyed_visits),
            Metric::AnonymousShare => ratio(self.visits.saturating_sub(self.keyed_visits), self.visits),
            Metric::Seconds => Value::Count(self.seconds),
            Metric::TimeOnPage => ratio(self.page_seconds, self.keyed_page_visits),
            Metric::MedianTimeOnPage => Value::Median(self.median()),
            Metric::FinishedShare => ratio(self.finished, self.keyed_page_visits),
            Metric::Likes => Value::Count(self.likes),
            Metric::Comments => Value::Count(self.comments),
            Metric::Events => Value::Count(self.events),
        }
    }
}

pub(super) fn add(sum: &mut i64, number: i64) {
    *sum = sum.saturating_add(number);
}

/// Returns the sums of a group.
pub(super) fn sums_of(all: &mut Vec<Sums>, group: usize) -> Option<&mut Sums> {
    if group >= all.len() {
        all.resize_with(group + 1, Sums::default);
    }
    all.get_mut(group)
}
