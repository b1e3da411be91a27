use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::{
    BucketLength, Capabilities, Counts, DayRange, Dimension, DimensionBucketSelection, Discrepancy,
    EventBucketSelection, Metric, Period, ReportReader, SessionColumns, SessionColumnsError, SiteTimeZone, TopicBucket,
    TopicBucketSelection, TopicCounts, TopicSelection,
};
use crate::{Day, EventCounts, Stats, Timestamp, Topic, Update};

/// The maximum number of discrepancies that [`verify`] returns.
pub const MAX_DISCREPANCIES: usize = 1_000;

/// The totals of a topic, and what of them is not in a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedTopic {
    /// The topic.
    pub topic: Topic,
    /// The totals.
    pub stats: Stats,
    /// What was counted before the store kept reports.
    pub undated: Counts,
    /// The custom events that were counted before the store kept reports.
    pub undated_events: EventCounts,
}

impl VerifiedTopic {
    /// Returns a topic all of whose events are in buckets.
    #[must_use]
    pub fn dated(totals: &Update) -> Self {
        Self {
            topic: totals.topic.clone(),
            stats: totals.stats.clone(),
            undated: Counts::default(),
            undated_events: EventCounts::default(),
        }
    }
}

/// Compares the totals with the buckets, and the buckets with each other and with the session rows. Returns at most
/// [`MAX_DISCREPANCIES`] numbers that differ, in a fixed order.
///
/// `first_session_day` is the first day whose session rows are kept; `None` if none were erased. Read everything in one
/// transaction.
///
/// # Errors
/// Returns the errors of the reader.
pub fn verify<R>(
    reader: &R,
    zone: &SiteTimeZone,
    capabilities: &Capabilities,
    topics: &[VerifiedTopic],
    first_session_day: Option<Day>,
) -> Result<Vec<Discrepancy>, R::Error>
where
    R: ReportReader,
    R::Error: From<SessionColumnsError>,
{
    let with_reading_times = capabilities.metrics.contains(&Metric::MedianTimeOnPage);
    let sums = TopicSums::read(reader, zone, with_reading_times)?;
    let mut found = Vec::new();
    for topic in topics {
        sums.compare_totals(topic, &mut found);
    }
    sums.compare_days(&mut found);
    let first = first_session_day.unwrap_or(ALL_DAYS.first);
    let rows = capabilities.has_session_rows.then(|| rows_by_value(reader, first));
    let rows = rows.transpose()?;
    for (index, dimension) in Dimension::OF_SESSIONS.into_iter().enumerate() {
        if capabilities.dimensions.contains(&dimension) {
            let values = read_dimension(reader, dimension)?;
            compare_sessions(dimension, &values, &sums, &mut found);
            if let Some(rows) = rows.as_ref().and_then(|rows| rows.get(index)) {
                compare_rows(dimension, first, &values, rows, &mut found);
            }
        }
    }
    found.truncate(MAX_DISCREPANCIES);
    Ok(found)
}

/// The numbers of the values of a dimension, by day.
type ValueCounts = BTreeMap<(Day, Arc<str>), Counts>;

/// The page of a bucket; empty for the site.
type Page = Arc<str>;

/// The sums of all buckets of topics.
#[derive(Default)]
struct TopicSums {
    /// Of all hours of a topic.
    topics: BTreeMap<Page, Counts>,
    /// Of the hours of a topic on a day.
    hours: BTreeMap<(Page, Day), TopicCounts>,
    /// The days of a topic.
    days: BTreeMap<(Page, Day), TopicCounts>,
    events: BTreeMap<(Page, Arc<str>), i64>,
}

impl TopicSums {
    fn read<R>(reader: &R, zone: &SiteTimeZone, with_reading_times: bool) -> Result<Self, R::Error>
    where
        R: ReportReader,
    {
        let mut sums = Self::default();
        reader.topic_buckets(&all_buckets(BucketLength::Hour, with_reading_times), &mut |bucket| {
            let Period::Hour(hour) = bucket.period else { return };
            *sums.topics.entry(bucket.page.into()).or_default() += *bucket.counts;
            let day = (bucket.page.into(), zone.day_of(hour));
            add_bucket(sums.hours.entry(day).or_default(), &bucket);
        })?;
        reader.topic_buckets(&all_buckets(BucketLength::Day, with_reading_times), &mut |bucket| {
            let Period::Day(day) = bucket.period else { return };
            add_bucket(sums.days.entry((bucket.page.into(), day)).or_default(), &bucket);
        })?;
        let selection = EventBucketSelection {
            topics: TopicSelection::All,
            instants: ALL_INSTANTS,
            needs_hour: false,
            needs_page: true,
            needs_name: true,
        };
        reader.event_buckets(&selection, &mut |bucket| {
            let count = sums.events.entry((bucket.page.into(), bucket.name.into())).or_default();
            *count = count.saturating_add(bucket.count);
        })?;
        Ok(sums)
    }

    /// Compares the totals of a topic with the sum of its hours and what is undated.
    fn compare_totals(&self, verified: &VerifiedTopic, found: &mut Vec<Discrepancy>) {
        let VerifiedTopic {
            topic,
            stats,
            undated,
            undated_events,
        } = verified;
        let page: Page = topic.slug().map_or("", |slug| slug.as_str()).into();
        let mut parts = self.topics.get(&page).copied().unwrap_or_default();
        parts += *undated;
        for (what, parts, total) in [
            ("visits", parts.visits, stats.visits),
            ("likes", parts.likes, stats.likes),
            ("comments", parts.comments, stats.comments),
        ] {
            found.extend(Discrepancy::between(
                || format!("{what} of {topic}"),
                parts,
                signed(total),
            ));
        }
        for (name, total) in stats.events.iter() {
            let dated = self.events.get(&(Arc::clone(&page), name.into())).copied().unwrap_or(0);
            let parts = dated.saturating_add(signed(undated_events.get(name)));
            found.extend(Discrepancy::between(
                || format!("events `{name}` of {topic}"),
                parts,
                signed(total),
            ));
        }
        let names = self.events.range((Arc::clone(&page), Arc::default())..);
        for ((_, name), count) in names.take_while(|((of, _), _)| *of == page) {
            if stats.events.get(name) == 0 {
                found.extend(Discrepancy::between(
                    || format!("events `{name}` of {topic}"),
                    *count,
                    0,
                ));
            }
        }
    }

    /// Compares each day of a topic with the sum of its hours. Visitors of hours do not add up.
    fn compare_days(&self, found: &mut Vec<Discrepancy>) {
        let keys: BTreeSet<_> = self.hours.keys().chain(self.days.keys()).collect();
        let none = TopicCounts::default();
        for key in keys {
            let hours = self.hours.get(key).unwrap_or(&none);
            let days = self.days.get(key).unwrap_or(&none);
            let (page, day) = key;
            let topic = if page.is_empty() {
                "the site".to_owned()
            } else {
                format!("`{page}`")
            };
            let numbers = hours.counts.to_array().into_iter().zip(days.counts.to_array());
            for (name, (hours, days)) in Counts::NAMES.into_iter().zip(numbers) {
                if name != "visitors" {
                    let what = || format!("{name} of the hours of {day} of {topic}");
                    found.extend(Discrepancy::between(what, hours, days));
                }
            }
            let bins = |counts: &TopicCounts| counts.reading_times.bins().collect::<BTreeMap<_, _>>();
            let (hours, days) = (bins(hours), bins(days));
            for bin in hours.keys().chain(days.keys()).collect::<BTreeSet<_>>() {
                let number = |bins: &BTreeMap<u8, i64>| bins.get(bin).copied().unwrap_or(0);
                let what = || format!("page visits with reading times of bin {bin} in the hours of {day} of {topic}");
                found.extend(Discrepancy::between(what, number(&hours), number(&days)));
            }
        }
    }
}

fn add_bucket(sum: &mut TopicCounts, bucket: &TopicBucket<'_>) {
    sum.counts += *bucket.counts;
    for (bin, count) in bucket.reading_times {
        sum.reading_times.add_to_bin(*bin, *count);
    }
}

/// Returns the numbers of the values of a dimension.
fn read_dimension<R: ReportReader>(reader: &R, dimension: Dimension) -> Result<ValueCounts, R::Error> {
    let mut values = ValueCounts::new();
    let selection = DimensionBucketSelection {
        dimension,
        days: ALL_DAYS,
        needs_day: true,
    };
    reader.dimension_buckets(&selection, &mut |bucket| {
        *values.entry((bucket.day, bucket.value.into())).or_default() += *bucket.counts;
    })?;
    Ok(values)
}

/// Compares the values of a dimension on each day with the site's sessions.
fn compare_sessions(dimension: Dimension, values: &ValueCounts, sums: &TopicSums, found: &mut Vec<Discrepancy>) {
    let mut days: BTreeMap<Day, Counts> = BTreeMap::new();
    for ((day, _), counts) in values {
        *days.entry(*day).or_default() += *counts;
    }
    for ((_, day), site) in sums.days.iter().filter(|((page, _), _)| page.is_empty()) {
        let parts = days.get(day).copied().unwrap_or_default();
        let what = || format!("sessions of {day} by {dimension}");
        found.extend(Discrepancy::between(what, parts.visits, site.counts.visits));
    }
}

/// Compares the values of a dimension on each day from `first` on with the session rows.
fn compare_rows(
    dimension: Dimension,
    first: Day,
    values: &ValueCounts,
    rows: &ValueCounts,
    found: &mut Vec<Discrepancy>,
) {
    let values_with_rows = values.keys().filter(|(day, _)| *day >= first);
    for key in values_with_rows.chain(rows.keys()).collect::<BTreeSet<_>>() {
        let (parts, total) = (
            rows.get(key).copied().unwrap_or_default(),
            values.get(key).copied().unwrap_or_default(),
        );
        for ((name, parts), total) in Counts::NAMES.into_iter().zip(parts.to_array()).zip(total.to_array()) {
            let (day, value) = key;
            let what = || format!("{name} of the session rows of {day} with {dimension} `{value}`");
            found.extend(Discrepancy::between(what, parts, total));
        }
    }
}

/// Returns what the session rows add up to, for each of [`Dimension::OF_SESSIONS`].
fn rows_by_value<R>(reader: &R, first: Day) -> Result<Vec<ValueCounts>, R::Error>
where
    R: ReportReader,
    R::Error: From<SessionColumnsError>,
{
    let mut sums = vec![ValueCounts::new(); Dimension::OF_SESSIONS.len()];
    let mut damaged = None;
    let days = DayRange::new(first, ALL_DAYS.last);
    reader.sessions(days, true, &mut |columns| {
        if let Err(error) = add_rows(columns, &mut sums) {
            damaged = Some(error);
        }
    })?;
    damaged.map_or(Ok(sums), |error| Err(error.into()))
}

fn add_rows(columns: &SessionColumns<'_>, sums: &mut [ValueCounts]) -> Result<(), SessionColumnsError> {
    let mut of_day: HashMap<(usize, Arc<str>), Counts> = HashMap::new();
    let mut visitors = HashSet::new();
    for row in columns.to_rows()? {
        let mut counts = Counts {
            pageviews: row.pageviews.into(),
            visits: 1,
            keyed_visits: row.visitor.is_some().into(),
            seconds: row.seconds.into(),
            bounces: row.is_bounce().into(),
            duration: i64::try_from(row.duration()).unwrap_or(i64::MAX),
            ..Counts::default()
        };
        let visitor = row.visitor.filter(|_| row.pageviews > 0);
        for (index, value) in row.values.into_iter().enumerate() {
            let is_new = visitor.is_some_and(|visitor| visitors.insert((visitor, index, Arc::clone(&value))));
            counts.visitors = is_new.into();
            *of_day.entry((index, value)).or_default() += counts;
        }
    }
    for ((index, value), counts) in of_day {
        if let Some(sums) = sums.get_mut(index) {
            *sums.entry((columns.day(), value)).or_default() += counts;
        }
    }
    Ok(())
}

const ALL_DAYS: DayRange = DayRange::new(Day::from_number(i64::MIN), Day::from_number(i64::MAX));
const ALL_INSTANTS: std::ops::Range<Timestamp> = Timestamp::from_millis(i64::MIN)..Timestamp::from_millis(i64::MAX);

fn all_buckets(length: BucketLength, needs_reading_times: bool) -> TopicBucketSelection<'static> {
    TopicBucketSelection {
        topics: TopicSelection::All,
        length,
        days: ALL_DAYS,
        instants: ALL_INSTANTS,
        needs_period: true,
        needs_page: true,
        needs_reading_times,
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
