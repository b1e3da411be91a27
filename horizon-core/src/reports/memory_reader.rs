use std::{collections::BTreeMap, ops::Range, sync::Arc};

use super::{
    BucketLength, Counts, DayRange, Dimension, DimensionBucket, DimensionBucketSelection, EventBucket,
    EventBucketSelection, PackedSessions, Period, ReadingTimes, ReportReader, SessionColumns, SessionColumnsError,
    SessionId, SessionRow, TopicBucket, TopicBucketSelection, TopicSelection,
};
use crate::{Day, Timestamp, Topic};

/// Buckets and sessions in memory: a [`ReportReader`] for stores that read everything before they answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryReportReader {
    /// The hours of each topic, by their start.
    pub hours: BTreeMap<(Timestamp, Topic), TopicCounts>,
    /// The days of each topic.
    pub days: BTreeMap<(Day, Topic), TopicCounts>,
    /// The days of the values of each dimension.
    pub dimensions: BTreeMap<(Dimension, Day, Arc<str>), Counts>,
    /// The number of custom events of each hour, topic and name.
    pub events: BTreeMap<(Timestamp, Topic, Arc<str>), i64>,
    /// The sessions.
    pub sessions: BTreeMap<SessionId, SessionRow>,
}

/// The numbers of a topic in an hour or on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicCounts {
    /// The numbers.
    pub counts: Counts,
    /// The reading times of the page visits.
    pub reading_times: ReadingTimes,
}

impl TopicCounts {
    /// Returns whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_zero() && self.reading_times.is_empty()
    }

    /// Adds the numbers of another bucket or a change.
    pub fn merge(&mut self, other: &Self) {
        self.counts += other.counts;
        self.reading_times.merge(&other.reading_times);
    }
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
        // The site is before all pages.
        match selection.length {
            BucketLength::Hour => {
                let instants = instants_of(&selection.instants);
                for ((start, topic), numbers) in self
                    .hours
                    .range((instants.start, Topic::Site)..(instants.end, Topic::Site))
                {
                    pass(Period::Hour(*start), topic, numbers);
                }
            }
            BucketLength::Day => {
                let days = days_of(selection.days);
                for ((day, topic), numbers) in self.days.range((days.start, Topic::Site)..(days.end, Topic::Site)) {
                    pass(Period::Day(*day), topic, numbers);
                }
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
        let start_of = |at| (at, Topic::Site, Arc::default());
        let instants = instants_of(&selection.instants);
        for ((hour, topic, name), count) in self.events.range(start_of(instants.start)..start_of(instants.end)) {
            if selection.topics.contains(topic) {
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

fn instants_of(instants: &Range<Timestamp>) -> Range<Timestamp> {
    instants.start..instants.end.max(instants.start)
}
