use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    BucketLength, Capabilities, Counts, DayRange, Dimension, DimensionBucketSelection, Discrepancy,
    EventBucketSelection, Period, ReportReader, SessionColumns, SessionColumnsError, SiteTimeZone,
    TopicBucketSelection, TopicSelection,
};
use crate::{Day, EventCounts, Stats, Timestamp, Topic, Update};

/// The maximum number of discrepancies that are returned.
const MAX_DISCREPANCIES: usize = 1_000;

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
/// 1,000 numbers that differ, in a fixed order.
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
    let sums = TopicSums::read(reader, zone)?;
    let mut found = Vec::new();
    for topic in topics {
        sums.compare_totals(topic, &mut found);
    }
    sums.compare_days(&mut found);
    for dimension in Dimension::OF_SESSIONS {
        if capabilities.dimensions.contains(&dimension) {
            compare_dimension(reader, dimension, capabilities, first_session_day, &sums, &mut found)?;
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
    /// Of the hours of a topic on a day, without visitors.
    hours: BTreeMap<(Page, Day), Counts>,
    /// The days of a topic.
    days: BTreeMap<(Page, Day), Counts>,
    events: BTreeMap<(Page, Arc<str>), i64>,
}

impl TopicSums {
    fn read<R: ReportReader>(reader: &R, zone: &SiteTimeZone) -> Result<Self, R::Error> {
        let mut sums = Self::default();
        reader.topic_buckets(&all_buckets(BucketLength::Hour), &mut |bucket| {
            let Period::Hour(hour) = bucket.period else { return };
            *sums.topics.entry(bucket.page.into()).or_default() += *bucket.counts;
            let day = (bucket.page.into(), zone.day_of(hour));
            *sums.hours.entry(day).or_default() += *bucket.counts;
        })?;
        reader.topic_buckets(&all_buckets(BucketLength::Day), &mut |bucket| {
            let Period::Day(day) = bucket.period else { return };
            *sums.days.entry((bucket.page.into(), day)).or_default() += *bucket.counts;
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
        let keys = self
            .hours
            .keys()
            .chain(self.days.keys().filter(|key| !self.hours.contains_key(key)));
        for key in keys {
            let hours = self.hours.get(key).copied().unwrap_or_default();
            let days = self.days.get(key).copied().unwrap_or_default();
            let (page, day) = key;
            for ((name, hours), days) in Counts::NAMES.into_iter().zip(hours.to_array()).zip(days.to_array()) {
                if name != "visitors" {
                    let what = || format!("{name} of the hours of day {} of `{page}`", day.number());
                    found.extend(Discrepancy::between(what, hours, days));
                }
            }
        }
    }
}

/// Compares the values of a dimension on each day with the session rows of the day, and with the site's sessions.
fn compare_dimension<R>(
    reader: &R,
    dimension: Dimension,
    capabilities: &Capabilities,
    first_session_day: Option<Day>,
    sums: &TopicSums,
    found: &mut Vec<Discrepancy>,
) -> Result<(), R::Error>
where
    R: ReportReader,
    R::Error: From<SessionColumnsError>,
{
    let mut values: ValueCounts = BTreeMap::new();
    let mut days: BTreeMap<Day, Counts> = BTreeMap::new();
    let selection = DimensionBucketSelection {
        dimension,
        days: ALL_DAYS,
        needs_day: true,
    };
    reader.dimension_buckets(&selection, &mut |bucket| {
        *values.entry((bucket.day, bucket.value.into())).or_default() += *bucket.counts;
        *days.entry(bucket.day).or_default() += *bucket.counts;
    })?;
    for ((_, day), site) in sums.days.iter().filter(|((page, _), _)| page.is_empty()) {
        let parts = days.get(day).copied().unwrap_or_default();
        let what = || format!("sessions of day {} by {dimension}", day.number());
        found.extend(Discrepancy::between(what, parts.visits, site.visits));
    }
    if !capabilities.has_session_rows {
        return Ok(());
    }
    let first = first_session_day.unwrap_or(ALL_DAYS.first);
    let rows = rows_by_value(reader, dimension, first)?;
    values.retain(|(day, _), counts| *day >= first && !counts.is_zero());
    let missing = rows.keys().filter(|key| !values.contains_key(*key));
    for key in values.keys().chain(missing) {
        let (parts, total) = (
            rows.get(key).copied().unwrap_or_default(),
            values.get(key).copied().unwrap_or_default(),
        );
        for ((name, parts), total) in Counts::NAMES.into_iter().zip(parts.to_array()).zip(total.to_array()) {
            let (day, value) = (key.0.number(), &key.1);
            let what = || format!("{name} of the session rows of day {day} with {dimension} `{value}`");
            found.extend(Discrepancy::between(what, parts, total));
        }
    }
    Ok(())
}

/// Returns what the session rows add up to, by day and value.
fn rows_by_value<R>(reader: &R, dimension: Dimension, first: Day) -> Result<ValueCounts, R::Error>
where
    R: ReportReader,
    R::Error: From<SessionColumnsError>,
{
    let Some(index) = dimension.session_index() else {
        return Ok(BTreeMap::new());
    };
    let (mut sums, mut damaged) = (BTreeMap::new(), None);
    let days = DayRange::new(first, ALL_DAYS.last);
    reader.sessions(days, true, &mut |columns| {
        if let Err(error) = add_rows(columns, index, &mut sums) {
            damaged = Some(error);
        }
    })?;
    damaged.map_or(Ok(sums), |error| Err(error.into()))
}

fn add_rows(columns: &SessionColumns<'_>, index: usize, sums: &mut ValueCounts) -> Result<(), SessionColumnsError> {
    let mut visitors = std::collections::BTreeSet::new();
    for row in columns.to_rows()? {
        let value = row.values.get(index).cloned().unwrap_or_default();
        let is_visitor = row.pageviews > 0
            && row
                .visitor
                .is_some_and(|visitor| visitors.insert((visitor, value.clone())));
        let counts = Counts {
            pageviews: row.pageviews.into(),
            visits: 1,
            keyed_visits: row.visitor.is_some().into(),
            visitors: is_visitor.into(),
            seconds: row.seconds.into(),
            bounces: row.is_bounce().into(),
            duration: i64::try_from(row.duration()).unwrap_or(i64::MAX),
            ..Counts::default()
        };
        *sums.entry((columns.day(), value)).or_default() += counts;
    }
    Ok(())
}

const ALL_DAYS: DayRange = DayRange::new(Day::from_number(i64::MIN), Day::from_number(i64::MAX));
const ALL_INSTANTS: std::ops::Range<Timestamp> = Timestamp::from_millis(i64::MIN)..Timestamp::from_millis(i64::MAX);

fn all_buckets(length: BucketLength) -> TopicBucketSelection<'static> {
    TopicBucketSelection {
        topics: TopicSelection::All,
        length,
        days: ALL_DAYS,
        instants: ALL_INSTANTS,
        needs_period: true,
        needs_page: true,
        needs_reading_times: false,
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
