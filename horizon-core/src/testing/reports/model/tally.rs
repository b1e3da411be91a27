use std::collections::HashSet;

use super::derived::{ModelKeyedVisit, ModelSession, ModelSessionPage, ModelVisit};
use crate::reports::{Metric, ReadingTimes, Value};
use crate::{Timestamp, Topic, VisitorKey};

/// What was counted of a group.
#[derive(Debug, Default)]
pub(super) struct ModelTally {
    pub(super) pageviews: i64,
    pub(super) seconds: i64,
    sessions: i64,
    keyed_sessions: i64,
    bounces: i64,
    duration: i64,
    page_visits: i64,
    keyed_page_visits: i64,
    /// The seconds of the pages of visitors with a key.
    pub(super) page_seconds: i64,
    finished: i64,
    /// The seconds of each page visit of a visitor with a key.
    reading_times: Vec<u32>,
    /// The visitors of each period.
    visitors: HashSet<(Timestamp, VisitorKey)>,
    pub(super) likes: i64,
    pub(super) comments: i64,
    pub(super) events: i64,
}

impl ModelTally {
    /// Adds a visitor with a pageview in the period that starts at an instant.
    pub(super) fn add_visitor(&mut self, period: Timestamp, visitor: Option<VisitorKey>) {
        self.visitors.extend(visitor.map(|visitor| (period, visitor)));
    }

    /// Adds a visit of a topic.
    pub(super) fn add_visit(&mut self, visit: &ModelVisit) {
        if visit.topic == Topic::Site {
            self.add_session(visit.keyed.as_ref());
            return;
        }
        self.page_visits += 1;
        if let Some(keyed) = &visit.keyed {
            self.seconds += keyed.seconds;
            self.page_seconds += keyed.seconds;
            self.keyed_page_visits += 1;
            self.finished += i64::from(keyed.is_finished);
            self.reading_times
                .push(u32::try_from(keyed.seconds).unwrap_or(u32::MAX));
        }
    }

    fn add_session(&mut self, keyed: Option<&ModelKeyedVisit>) {
        self.sessions += 1;
        if let Some(keyed) = keyed {
            self.seconds += keyed.seconds;
            self.keyed_sessions += 1;
            self.bounces += i64::from(keyed.is_bounce);
            self.duration += keyed.duration;
        }
    }

    /// Adds a session with some of its pages. If `only_pages`, pageviews and seconds are those of these pages.
    pub(super) fn add_row(&mut self, session: &ModelSession, pages: &[&ModelSessionPage], only_pages: bool) {
        let seconds_before = self.seconds;
        self.add_session(session.keyed.as_ref());
        let mut pageviews = session.pageviews;
        if only_pages {
            pageviews = pages.iter().map(|page| page.pageviews).sum();
            self.seconds = seconds_before + pages.iter().map(|page| page.seconds).sum::<i64>();
        }
        self.pageviews += pageviews;
        for page in pages {
            self.page_visits += page.visits;
            if session.visitor.is_some() {
                self.keyed_page_visits += page.visits;
                self.page_seconds += page.seconds;
                self.finished += page.finished;
            }
        }
        if pageviews > 0 {
            let day = Timestamp::from_millis(session.periods.day.number());
            self.add_visitor(day, session.visitor);
        }
    }

    pub(super) fn value(&self, metric: Metric) -> Value {
        let ratio = |numerator, denominator| Value::Ratio { numerator, denominator };
        match metric {
            Metric::Visitors => Value::Count(i64::try_from(self.visitors.len()).unwrap_or(i64::MAX)),
            Metric::Visits => Value::Count(self.sessions),
            Metric::Pageviews => Value::Count(self.pageviews),
            Metric::PageVisits => Value::Count(self.page_visits),
            Metric::ViewsPerVisit => ratio(self.pageviews, self.sessions),
            Metric::BounceRate => ratio(self.bounces, self.keyed_sessions),
            Metric::VisitDuration => ratio(self.duration, self.keyed_sessions),
            Metric::AnonymousShare => ratio(self.sessions - self.keyed_sessions, self.sessions),
            Metric::Seconds => Value::Count(self.seconds),
            Metric::TimeOnPage => ratio(self.page_seconds, self.keyed_page_visits),
            Metric::MedianTimeOnPage => Value::Median(self.median()),
            Metric::FinishedShare => ratio(self.finished, self.keyed_page_visits),
            Metric::Likes => Value::Count(self.likes),
            Metric::Comments => Value::Count(self.comments),
            Metric::Events => Value::Count(self.events),
        }
    }

    /// Returns the middle of the bin of the lower median.
    fn median(&self) -> Option<f64> {
        let mut sorted = self.reading_times.clone();
        sorted.sort_unstable();
        let seconds = sorted.get(sorted.len().checked_sub(1)? / 2)?;
        let mut one = ReadingTimes::default();
        one.add(*seconds, 1);
        one.median()
    }
}
