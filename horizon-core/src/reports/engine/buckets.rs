use std::ops::Range;

use super::groups::{Labels, QueryGroups};
use super::sums::{Sums, add, sums_of};
use crate::Timestamp;
use crate::reports::plan::ReportSource;
use crate::reports::{
    BucketLength, Dimension, DimensionBucketSelection, EventBucketSelection, Filter, FilterOperator, Metric, Period,
    Query, ReportReader, SiteTimeZone, TopicBucketSelection, TopicSelection,
};

/// Reads the buckets of a source. Returns the sums of each group.
pub(super) fn read<R: ReportReader>(
    reader: &R,
    query: &Query,
    source: ReportSource,
    zone: &SiteTimeZone,
    groups: &mut QueryGroups<'_>,
) -> Result<Vec<Sums>, R::Error> {
    let mut scan = BucketScan {
        query,
        instants: zone.day_start(query.range.first)..zone.day_start(query.range.last.next()),
        groups,
        sums: Vec::new(),
    };
    match source {
        ReportSource::Pages => scan.topics(reader, page_selection(query))?,
        ReportSource::Topics => scan.topics(reader, TopicSelection::All)?,
        ReportSource::PageEvents => scan.events(reader, page_selection(query))?,
        ReportSource::Events => scan.events(reader, TopicSelection::All)?,
        ReportSource::Dimension(dimension) => scan.dimension(reader, dimension)?,
        ReportSource::Site | ReportSource::Sessions => scan.topics(reader, TopicSelection::Site)?,
    }
    Ok(scan.sums)
}

/// Returns the pages, or the only one that the filters accept.
fn page_selection(query: &Query) -> TopicSelection<'_> {
    let one = query.filters.iter().find_map(|filter| match filter.values.as_slice() {
        [page] if filter.dimension == Dimension::Page && filter.operator == FilterOperator::Is => Some(page),
        _ => None,
    });
    one.map_or(TopicSelection::Pages, |page| TopicSelection::Page(page))
}

struct BucketScan<'a, 'b> {
    query: &'a Query,
    instants: Range<Timestamp>,
    groups: &'a mut QueryGroups<'b>,
    sums: Vec<Sums>,
}

impl BucketScan<'_, '_> {
    fn topics<R: ReportReader>(&mut self, reader: &R, topics: TopicSelection<'_>) -> Result<(), R::Error> {
        let query = self.query;
        let has_hours = query.time() == Some(Dimension::Hour);
        // Only the buckets of pages have medians. Those of all topics have likes and comments.
        let are_pages = !matches!(topics, TopicSelection::Site | TopicSelection::All);
        let selection = TopicBucketSelection {
            topics,
            length: if has_hours {
                BucketLength::Hour
            } else {
                BucketLength::Day
            },
            days: query.range,
            instants: self.instants.clone(),
            needs_period: query.time().is_some(),
            needs_page: needs(query, Dimension::Page),
            needs_reading_times: are_pages && query.metrics.contains(&Metric::MedianTimeOnPage),
        };
        reader.topic_buckets(&selection, &mut |bucket| {
            if !accepts(query, Dimension::Page, bucket.page) {
                return;
            }
            let labels = Labels {
                period: bucket.period,
                page: bucket.page,
                event: "",
                value: "",
            };
            if let Some(sums) = sums_of(&mut self.sums, self.groups.group_of(&labels)) {
                match topics {
                    TopicSelection::Site => sums.add_sessions(bucket.counts),
                    _ => sums.add_page(bucket.counts, bucket.reading_times),
                }
            }
        })
    }

    fn events<R: ReportReader>(&mut self, reader: &R, topics: TopicSelection<'_>) -> Result<(), R::Error> {
        let query = self.query;
        let selection = EventBucketSelection {
            topics,
            instants: self.instants.clone(),
            needs_hour: query.time().is_some(),
            needs_page: needs(query, Dimension::Page),
            needs_name: needs(query, Dimension::Event),
        };
        reader.event_buckets(&selection, &mut |bucket| {
            let is_accepted =
                accepts(query, Dimension::Page, bucket.page) && accepts(query, Dimension::Event, bucket.name);
            let labels = Labels {
                period: Period::Hour(bucket.hour),
                page: bucket.page,
                event: bucket.name,
                value: "",
            };
            if is_accepted && let Some(sums) = sums_of(&mut self.sums, self.groups.group_of(&labels)) {
                add(&mut sums.events, bucket.count);
            }
        })
    }

    fn dimension<R: ReportReader>(&mut self, reader: &R, dimension: Dimension) -> Result<(), R::Error> {
        let selection = DimensionBucketSelection {
            dimension,
            days: self.query.range,
            needs_day: self.query.time().is_some(),
        };
        reader.dimension_buckets(&selection, &mut |bucket| {
            let labels = Labels {
                period: Period::Day(bucket.day),
                page: "",
                event: "",
                value: bucket.value,
            };
            if let Some(sums) = sums_of(&mut self.sums, self.groups.group_of(&labels)) {
                sums.add_sessions(bucket.counts);
            }
        })
    }
}

/// Returns whether the query groups or filters by the dimension.
fn needs(query: &Query, dimension: Dimension) -> bool {
    let is_filtered = || query.filters.iter().any(|filter| filter.dimension == dimension);
    query.dimensions.contains(&dimension) || is_filtered()
}

/// Returns whether all filters on the dimension accept the value.
fn accepts(query: &Query, dimension: Dimension, value: &str) -> bool {
    let of_dimension = |filter: &&Filter| filter.dimension == dimension;
    query
        .filters
        .iter()
        .filter(of_dimension)
        .all(|filter| filter.accepts(value))
}
