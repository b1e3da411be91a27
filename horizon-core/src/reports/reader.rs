use std::ops::Range;

use super::{Counts, DayRange, Dimension, SessionColumns};
use crate::{Day, Timestamp};

/// What [`answer`](super::answer) reads from a store to answer a query.
///
/// A read passes each bucket or part to a function, in any order. Buckets of the same key may come in several parts:
/// the numbers are added. All reads of a query must see the same state of the store, so read in one transaction.
pub trait ReportReader {
    /// The error of the store's driver.
    type Error;

    /// Reads the buckets of topics.
    fn topic_buckets(
        &self,
        selection: &TopicBucketSelection<'_>,
        each: &mut dyn FnMut(TopicBucket<'_>),
    ) -> Result<(), Self::Error>;

    /// Reads the buckets of the values of a dimension.
    fn dimension_buckets(
        &self,
        selection: &DimensionBucketSelection,
        each: &mut dyn FnMut(DimensionBucket<'_>),
    ) -> Result<(), Self::Error>;

    /// Reads the buckets of custom events.
    fn event_buckets(
        &self,
        selection: &EventBucketSelection<'_>,
        each: &mut dyn FnMut(EventBucket<'_>),
    ) -> Result<(), Self::Error>;

    /// Reads the sessions that start on these days. `with_pages` says whether the pages of sessions are needed.
    ///
    /// The sessions of a day may come in several parts, but all sessions of one visitor on a day are in the same part.
    fn sessions(
        &self,
        days: DayRange,
        with_pages: bool,
        each: &mut dyn FnMut(&SessionColumns<'_>),
    ) -> Result<(), Self::Error>;
}

/// The topics whose buckets are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicSelection<'a> {
    /// The site.
    Site,
    /// One page.
    Page(&'a str),
    /// All pages.
    Pages,
    /// The site and all pages.
    All,
}

/// Whether buckets of hours or of days are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BucketLength {
    /// An hour of the site's time zone.
    Hour,
    /// A day of the site's time zone.
    Day,
}

/// The hour or the day of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Period {
    /// The hour that starts at this instant.
    Hour(Timestamp),
    /// The day.
    Day(Day),
}

/// The buckets of topics that a query needs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopicBucketSelection<'a> {
    /// The topics.
    pub topics: TopicSelection<'a>,
    /// Hours or days.
    pub length: BucketLength,
    /// The days.
    pub days: DayRange,
    /// The instants of these days. Hours are selected by their start.
    pub instants: Range<Timestamp>,
    /// Whether the period of each bucket matters. If not, the store may add buckets of several periods and name any of
    /// these periods.
    pub needs_period: bool,
    /// Whether the page of each bucket matters. If not, the store may add buckets of several topics and name any page.
    pub needs_page: bool,
    /// Whether [`TopicBucket::reading_times`] is needed.
    pub needs_reading_times: bool,
}

/// The numbers of a topic in a period.
#[derive(Clone, Copy, Debug)]
pub struct TopicBucket<'a> {
    /// The page; empty for the site.
    pub page: &'a str,
    /// The period.
    pub period: Period,
    /// The numbers.
    pub counts: &'a Counts,
    /// The bins of the [`ReadingTimes`](super::ReadingTimes). May be empty if they are not needed.
    pub reading_times: &'a [(u8, i64)],
}

/// The buckets of a dimension that a query needs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DimensionBucketSelection {
    /// One of [`Dimension::OF_SESSIONS`].
    pub dimension: Dimension,
    /// The days.
    pub days: DayRange,
    /// Whether the day of each bucket matters. If not, the store may add buckets of several days and name any of them.
    pub needs_day: bool,
}

/// The numbers of a value of a dimension on a day.
#[derive(Clone, Copy, Debug)]
pub struct DimensionBucket<'a> {
    /// The value.
    pub value: &'a str,
    /// The day.
    pub day: Day,
    /// The numbers.
    pub counts: &'a Counts,
}

/// The buckets of custom events that a query needs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventBucketSelection<'a> {
    /// The topics.
    pub topics: TopicSelection<'a>,
    /// The instants. Hours are selected by their start.
    pub instants: Range<Timestamp>,
    /// Whether the hour of each bucket matters. If not, the store may add buckets of several hours and name any of
    /// them.
    pub needs_hour: bool,
    /// Whether the page of each bucket matters. If not, the store may add buckets of several topics and name any page.
    pub needs_page: bool,
    /// Whether the name of each bucket matters. If not, the store may add buckets of several names and name any.
    pub needs_name: bool,
}

/// How often a custom event happened on a topic in an hour.
#[derive(Clone, Copy, Debug)]
pub struct EventBucket<'a> {
    /// The page; empty for the site.
    pub page: &'a str,
    /// The start of the hour.
    pub hour: Timestamp,
    /// The name under which the event counts.
    pub name: &'a str,
    /// How often it happened.
    pub count: i64,
}
