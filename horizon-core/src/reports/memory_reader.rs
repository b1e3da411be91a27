use std::{collections::BTreeMap, ops::Range, sync::Arc};

use super::{
    BucketLength, Counts, DayRange, Dimension, DimensionBucket, DimensionBucketSelection, EventBucket,
    EventBucketSelection, PackedSessions, Period, ReportReader, SessionColumns, SessionColumnsError, SessionId,
    SessionRow, TopicBucket, TopicBucketSelection, TopicCounts, TopicSelection,
};
use crate::{Day, Timestamp, Topic};

/// Buckets and sessions in memory: a [`ReportReader`] for stores that read everything before they answer.
///
/// The maps have the keys of [`ReportChanges`](super::ReportChanges).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryReportReader {
    /// The hours of each topic, by their start.
    pub hours: BTreeMap<(Topic, Timestamp), TopicCounts>,
    /// The days of each topic.
    pub days: BTreeMap<(Topic, Day), TopicCounts>,
    /// The days of the values of each dimension.
    pub dimensions: BTreeMap<(Dimension, Day, Arc<str>), Counts>,
    /// The numbers of custom events of a topic in an hour, by name.
    pub custom_events: BTreeMap<(Topic, Timestamp, Arc<str>), i64>,
    /// The sessions.
    pub sessions: BTreeMap<SessionId, SessionRow>,
}

impl ReportReader for MemoryReportReader {
    type Error = SessionColumnsError;

    fn topic_buckets(
        &self,
        selection: &TopicBucketSelection<'_>,
        each: &mut dyn FnMut(TopicBucket<'_>),
    ) -> Result<(), Self::Error> {
        let mut bins = Vec::new();
        let mut pass = |period, topic: &Topic, numbers: &TopicCounts| {
            if selection.topics.contains(topic) {
                bins.clear();
                bins.extend(numbers.reading_times.bins());
                each(TopicBucket {
                    page: page_of(topic),
                    period,
                    counts: &numbers.counts,
                    reading_times: &bins,
                });
            }
        };
        match selection.length {
            BucketLength::Hour => {
                let hours = self.hours.iter();
                hours
                    .filter(|((_, start), _)| selection.instants.contains(start))
                    .for_each(|((topic, start), bucket)| pass(Period::Hour(*start), topic, bucket));
            }
            BucketLength::Day => {
                let days = self.days.iter();
                days.filter(|((_, day), _)| selection.days.contains(*day))
                    .for_each(|((topic, day), bucket)| pass(Period::Day(*day), topic, bucket));
            }
        }
        Ok(())
    }

    fn dimension_buckets(
        &self,
        selection: &DimensionBucketSelection,
        each: &mut dyn FnMut(DimensionBucket<'_>),
    ) -> Result<(), Self::Error> {
        let start_of = |day| (selection.dimension, day, Arc::default());
        let days = days_of(selection.days);
        for ((_, day, value), counts) in self.dimensions.range(start_of(days.start)..start_of(days.end)) {
            each(DimensionBucket {
                value,
                day: *day,
                counts,
            });
        }
        Ok(())
    }

    fn event_buckets(
        &self,
        selection: &EventBucketSelection<'_>,
        each: &mut dyn FnMut(EventBucket<'_>),
    ) -> Result<(), Self::Error> {
        for ((topic, hour, name), count) in &self.custom_events {
            if selection.topics.contains(topic) && selection.instants.contains(hour) {
                each(EventBucket {
                    page: page_of(topic),
                    hour: *hour,
                    name,
                    count: *count,
                });
            }
        }
        Ok(())
    }

    fn sessions(
        &self,
        days: DayRange,
        with_pages: bool,
        each: &mut dyn FnMut(&SessionColumns<'_>),
    ) -> Result<(), Self::Error> {
        let first = |day| SessionId { day, number: 0 };
        let days = days_of(days);
        let rows: Vec<_> = self.sessions.range(first(days.start)..first(days.end)).collect();
        for rows in rows.chunk_by(|(a, _), (b, _)| a.day == b.day) {
            let Some((id, _)) = rows.first() else { continue };
            let packed = PackedSessions::new(id.day, rows.iter().map(|(_, row)| (*row).clone()).collect())?;
            each(&SessionColumns::new(
                &packed.sessions,
                with_pages.then_some(&packed.pages),
            )?);
        }
        Ok(())
    }
}

impl TopicSelection<'_> {
    /// Returns whether the topic is selected.
    #[must_use]
    pub fn contains(&self, topic: &Topic) -> bool {
        match (self, topic) {
            (Self::All, _) | (Self::Site, Topic::Site) | (Self::Pages, Topic::Page(_)) => true,
            (Self::Page(page), Topic::Page(slug)) => slug.as_str() == *page,
            (Self::Site, Topic::Page(_)) | (Self::Pages | Self::Page(_), Topic::Site) => false,
        }
    }
}

fn page_of(topic: &Topic) -> &str {
    topic.slug().map_or("", |slug| slug.as_str())
}

/// Returns the days as a range that does not end before its start, which the maps demand.
fn days_of(days: DayRange) -> Range<Day> {
    days.first..days.last.next().max(days.first)
}
