//! Reads the buckets that a query needs.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;

use horizon_core::reports::{
    DayRange, Dimension, DimensionBucket, DimensionBucketSelection, EventBucket, EventBucketSelection,
    MemoryReportReader, ReportReader, SessionColumns, SiteTimeZone, TopicBucket, TopicBucketSelection, TopicSelection,
};
use horizon_core::{Day, Error, Result, Topic};
use redis::{FromRedisValue, RedisError};

use super::bucket_record::{self, BucketField};
use super::{RedisStore, keys};
use crate::error::map;

/// The maximum number of keys that one round trip reads: a few milliseconds of work for Redis.
const KEYS_PER_READ: usize = 1_000;

/// A reader without buckets that notes which ones a query needs.
pub(super) struct NeededBuckets {
    zone: SiteTimeZone,
    selections: RefCell<Selections>,
}

#[derive(Default)]
struct Selections {
    topics: Vec<(NeededTopics, DayRange)>,
    dimensions: Vec<(Dimension, DayRange)>,
}

/// A [`TopicSelection`] that owns the name of its page.
#[derive(Clone)]
enum NeededTopics {
    Site,
    Page(String),
    Pages,
    All,
}

impl NeededTopics {
    fn of(selection: TopicSelection<'_>) -> Self {
        match selection {
            TopicSelection::Site => Self::Site,
            TopicSelection::Page(page) => Self::Page(page.into()),
            TopicSelection::Pages => Self::Pages,
            TopicSelection::All => Self::All,
        }
    }

    fn contains(&self, topic: &Topic) -> bool {
        let selection = match self {
            Self::Site => TopicSelection::Site,
            Self::Page(page) => TopicSelection::Page(page),
            Self::Pages => TopicSelection::Pages,
            Self::All => TopicSelection::All,
        };
        selection.contains(topic)
    }
}

impl NeededBuckets {
    pub(super) fn new(zone: SiteTimeZone) -> Self {
        Self {
            zone,
            selections: RefCell::default(),
        }
    }
}

impl ReportReader for NeededBuckets {
    type Error = Infallible;

    fn topic_buckets(
        &self,
        selection: &TopicBucketSelection<'_>,
        _: &mut dyn FnMut(TopicBucket<'_>),
    ) -> Result<(), Infallible> {
        let topics = (NeededTopics::of(selection.topics), selection.days);
        self.selections.borrow_mut().topics.push(topics);
        Ok(())
    }

    fn dimension_buckets(
        &self,
        selection: &DimensionBucketSelection,
        _: &mut dyn FnMut(DimensionBucket<'_>),
    ) -> Result<(), Infallible> {
        let values = (selection.dimension, selection.days);
        self.selections.borrow_mut().dimensions.push(values);
        Ok(())
    }

    fn event_buckets(
        &self,
        selection: &EventBucketSelection<'_>,
        _: &mut dyn FnMut(EventBucket<'_>),
    ) -> Result<(), Infallible> {
        let [first, last] = [selection.instants.start, selection.instants.end].map(|at| self.zone.day_of(at));
        let topics = (NeededTopics::of(selection.topics), DayRange::new(first, last));
        self.selections.borrow_mut().topics.push(topics);
        Ok(())
    }

    /// Not called: the store has no rows of sessions.
    fn sessions(&self, _: DayRange, _: bool, _: &mut dyn FnMut(&SessionColumns<'_>)) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Reads the buckets.
pub(super) async fn read(store: &RedisStore, needed: NeededBuckets, zone: &SiteTimeZone) -> Result<MemoryReportReader> {
    let Selections { topics, dimensions } = needed.selections.into_inner();
    let mut reader = MemoryReportReader::default();
    let days = topic_days(store, &topics).await?;
    for days in days.chunks(KEYS_PER_READ) {
        let keys = days.iter().map(|(topic, day)| ("HGETALL", keys::buckets(topic, *day)));
        let buckets: Vec<HashMap<String, String>> = read_keys(store, keys).await?;
        for ((topic, day), fields) in days.iter().zip(&buckets) {
            add_day(&mut reader, zone, topic, *day, fields);
        }
    }
    let values = dimension_days(store, &dimensions).await?;
    for values in values.chunks(KEYS_PER_READ) {
        let keys = values
            .iter()
            .map(|(dimension, day)| ("HGETALL", keys::values(*dimension, *day)));
        let buckets: Vec<HashMap<String, String>> = read_keys(store, keys).await?;
        for ((dimension, day), fields) in values.iter().zip(buckets) {
            add_values(&mut reader, *dimension, *day, fields);
        }
    }
    Ok(reader)
}

/// Returns the days with buckets that are needed.
async fn topic_days(store: &RedisStore, needed: &[(NeededTopics, DayRange)]) -> Result<Vec<(Topic, Day)>> {
    if needed.is_empty() {
        return Ok(Vec::new());
    }
    let mut days = BTreeSet::new();
    let topics: Vec<Topic> = topics(store).await?;
    let is_needed = |topic: &&Topic| needed.iter().any(|(topics, _)| topics.contains(topic));
    let topics: Vec<&Topic> = topics.iter().filter(is_needed).collect();
    for topics in topics.chunks(KEYS_PER_READ) {
        for (topic, stored) in topics.iter().zip(bucket_days(store, topics).await?) {
            let ranges = needed.iter().filter(|(topics, _)| topics.contains(topic));
            for (_, range) in ranges {
                let days_of_range = stored.iter().filter(|day| range.contains(**day));
                days.extend(days_of_range.map(|day| ((*topic).clone(), *day)));
            }
        }
    }
    Ok(days.into_iter().collect())
}

/// Returns the days of the dimensions that are needed. A day with sessions has a bucket of the site.
async fn dimension_days(store: &RedisStore, needed: &[(Dimension, DayRange)]) -> Result<Vec<(Dimension, Day)>> {
    if needed.is_empty() {
        return Ok(Vec::new());
    }
    let days = bucket_days(store, &[&Topic::Site])
        .await?
        .into_iter()
        .next()
        .unwrap_or_default();
    let of_dimension = |(dimension, range): &(Dimension, DayRange)| {
        let (dimension, range) = (*dimension, *range);
        let days = days.iter().filter(move |day| range.contains(**day));
        days.map(move |day| (dimension, *day))
    };
    let unique: BTreeSet<_> = needed.iter().flat_map(of_dimension).collect();
    Ok(unique.into_iter().collect())
}

/// Returns all topics.
pub(super) async fn topics(store: &RedisStore) -> Result<Vec<Topic>> {
    let topics: Vec<String> = store
        .redis
        .query(redis::cmd("SMEMBERS").arg(keys::TOPICS))
        .await
        .map_err(failed)?;
    let invalid =
        |e| Error::permanent(format!("the key {} in Redis holds an invalid topic", keys::TOPICS)).with_source(e);
    topics.into_iter().map(|topic| topic.parse().map_err(invalid)).collect()
}

/// Returns the days with buckets of each topic.
pub(super) async fn bucket_days(store: &RedisStore, topics: &[&Topic]) -> Result<Vec<Vec<Day>>> {
    let keys = topics
        .iter()
        .map(|topic| ("GET", keys::of_topic(topic, keys::BUCKET_DAYS)));
    let days: Vec<Option<Vec<u8>>> = read_keys(store, keys).await?;
    Ok(days.into_iter().map(decode_days).collect())
}

/// Decodes the days of [`keys::BUCKET_DAYS`].
fn decode_days(bytes: Option<Vec<u8>>) -> Vec<Day> {
    let bytes = bytes.unwrap_or_default();
    let (days, _) = bytes.as_chunks();
    let day = |bytes: &[u8; 4]| Day::from_number(i32::from_be_bytes(*bytes).into());
    days.iter().map(day).collect()
}

async fn read_keys<T: FromRedisValue>(
    store: &RedisStore,
    keys: impl Iterator<Item = (&str, String)>,
) -> Result<Vec<T>> {
    let mut pipe = redis::pipe();
    for (command, key) in keys {
        pipe.cmd(command).arg(key);
    }
    store.redis.query_all(&mut pipe).await.map_err(failed)
}

pub(super) fn failed(error: RedisError) -> Error {
    map("the buckets of the reports cannot be read from Redis", error)
}

/// Adds the buckets of a topic on a day.
pub(super) fn add_day(
    reader: &mut MemoryReportReader,
    zone: &SiteTimeZone,
    topic: &Topic,
    day: Day,
    fields: &HashMap<String, String>,
) {
    let start = zone.day_start(day);
    let hour = |index| bucket_record::hour_start(start, index);
    for (field, numbers) in fields {
        match BucketField::parse(field) {
            Some(BucketField::Day) => {
                reader.days.entry((topic.clone(), day)).or_default().counts += bucket_record::decode(numbers);
            }
            Some(BucketField::Hour(index)) => {
                let key = (topic.clone(), hour(index));
                reader.hours.entry(key).or_default().counts += bucket_record::decode(numbers);
            }
            Some(BucketField::Event(index, name)) => {
                let key = (topic.clone(), hour(index), name.into());
                reader.custom_events.insert(key, numbers.parse().unwrap_or(0));
            }
            None => {}
        }
    }
}

/// Adds the values of a dimension on a day.
pub(super) fn add_values(
    reader: &mut MemoryReportReader,
    dimension: Dimension,
    day: Day,
    values: HashMap<String, String>,
) {
    for (value, numbers) in values {
        let key = (dimension, day, value.into());
        reader.dimensions.insert(key, bucket_record::decode(&numbers));
    }
}
