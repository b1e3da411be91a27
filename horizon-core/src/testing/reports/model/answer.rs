//! Groups, values and the order of rows.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::derived::{Derived, ModelPeriods, ModelSession};
use super::query_rules::MetricSource;
use super::tally::ModelTally;
use crate::reports::{
    Dimension, Direction, Filter, FilterOperator, Metric, OTHER_VALUE, OrderBy, Query, Row, Table, Value,
};
use crate::{Timestamp, Topic};

/// The values of the dimensions of a group.
type GroupKey = Vec<Arc<str>>;

type ModelGroups = BTreeMap<GroupKey, ModelTally>;

/// Returns the answer to a query whose metrics have these sources.
pub(super) fn table(query: &Query, sources: &[MetricSource], derived: &Derived) -> Table {
    let needed: BTreeSet<MetricSource> = sources.iter().copied().collect();
    let groups = needed
        .into_iter()
        .map(|source| (source, groups(query, source, derived)));
    let groups: BTreeMap<MetricSource, ModelGroups> = groups.collect();
    let mut keys: BTreeSet<&GroupKey> = groups.values().flat_map(BTreeMap::keys).collect();
    let no_dimensions = GroupKey::new();
    if query.dimensions.is_empty() {
        keys.insert(&no_dimensions);
    }
    let empty = ModelTally::default();
    let mut rows: Vec<Row> = Vec::new();
    for key in keys {
        let columns = query.metrics.iter().zip(sources);
        let values = columns.map(|(metric, source)| {
            let group = groups.get(source).and_then(|groups| groups.get(key));
            group.unwrap_or(&empty).value(*metric)
        });
        let values: Vec<Value> = values.collect();
        if query.dimensions.is_empty() || !values.iter().all(|value| is_zero_or_unknown(*value)) {
            rows.push(Row::new(key.clone(), values));
        }
    }
    let has_other = rows.iter().any(|row| has_other(query, row));
    rows.sort_by(|one, other| compare_rows(query, one, other));
    let total_rows = rows.len();
    let limit = query.limit.map_or(usize::MAX, std::num::NonZeroUsize::get);
    Table {
        dimensions: query.dimensions.clone(),
        metrics: query.metrics.clone(),
        rows: rows.into_iter().skip(query.offset).take(limit).collect(),
        total_rows,
        has_other,
        sums_daily_visitors: sums_daily_visitors(query),
    }
}

fn groups(query: &Query, source: MetricSource, derived: &Derived) -> ModelGroups {
    let mut groups = ModelGroups::new();
    match source {
        MetricSource::SessionDimension | MetricSource::Rows => {
            for session in &derived.sessions {
                add_session(&mut groups, query, session);
            }
        }
        MetricSource::Site | MetricSource::Pages | MetricSource::AllTopics | MetricSource::EventNames => {
            add_topics(&mut groups, query, source, derived);
        }
    }
    groups
}

fn add_topics(groups: &mut ModelGroups, query: &Query, source: MetricSource, derived: &Derived) {
    let is_included = |topic: &Topic, periods: &ModelPeriods| {
        let is_source = match source {
            MetricSource::Site => *topic == Topic::Site,
            MetricSource::Pages => *topic != Topic::Site,
            _ => true,
        };
        is_source && query.range.contains(periods.day) && passes(query, Dimension::Page, page_value(topic))
    };
    let by_hour = query.dimensions.contains(&Dimension::Hour);
    for open in &derived.opens {
        if is_included(&open.topic, &open.periods) {
            let tally = topic_group(groups, query, &open.topic, &open.periods, "");
            tally.pageviews += 1;
            let day = Timestamp::from_millis(open.periods.day.number());
            tally.add_visitor(if by_hour { open.periods.hour } else { day }, open.visitor);
        }
    }
    for visit in &derived.visits {
        if is_included(&visit.topic, &visit.periods) {
            topic_group(groups, query, &visit.topic, &visit.periods, "").add_visit(visit);
        }
    }
    for (topic, periods, seconds) in &derived.late_seconds {
        if is_included(topic, periods) {
            let tally = topic_group(groups, query, topic, periods, "");
            tally.seconds += seconds;
            tally.page_seconds += seconds;
        }
    }
    for (topic, periods) in &derived.likes {
        if is_included(topic, periods) {
            topic_group(groups, query, topic, periods, "").likes += 1;
        }
    }
    for (topic, periods) in &derived.comments {
        if is_included(topic, periods) {
            topic_group(groups, query, topic, periods, "").comments += 1;
        }
    }
    for (topic, periods, name) in &derived.custom_events {
        if is_included(topic, periods) && passes(query, Dimension::Event, name) {
            topic_group(groups, query, topic, periods, name).events += 1;
        }
    }
}

fn topic_group<'a>(
    groups: &'a mut ModelGroups,
    query: &Query,
    topic: &Topic,
    periods: &ModelPeriods,
    event_name: &str,
) -> &'a mut ModelTally {
    let key = query.dimensions.iter().map(|dimension| match dimension {
        Dimension::Page => page_value(topic).into(),
        Dimension::Event => event_name.into(),
        time => periods.label(*time),
    });
    groups.entry(key.collect()).or_default()
}

fn add_session(groups: &mut ModelGroups, query: &Query, session: &ModelSession) {
    let values = Dimension::OF_SESSIONS.into_iter().zip(&session.values);
    let value_of = |wanted: Dimension| {
        let found = values.clone().find(|(dimension, _)| *dimension == wanted);
        found.map(|(_, value)| value)
    };
    let passes_values = values.clone().all(|(dimension, value)| passes(query, dimension, value));
    if !query.range.contains(session.periods.day) || !passes_values {
        return;
    }
    let pages = session.pages.iter();
    let pages: Vec<_> = pages
        .filter(|(page, _)| passes(query, Dimension::Page, page.as_str()))
        .collect();
    let is_filtered = query.filters.iter().any(|filter| filter.dimension == Dimension::Page);
    let key = |page: &str| {
        let parts = query.dimensions.iter().map(|dimension| match dimension {
            Dimension::Page => page.into(),
            dimension => value_of(*dimension).map_or_else(|| session.periods.label(*dimension), Arc::clone),
        });
        parts.collect::<GroupKey>()
    };
    if query.dimensions.contains(&Dimension::Page) {
        for (name, page) in pages {
            groups
                .entry(key(name.as_str()))
                .or_default()
                .add_row(session, &[page], true);
        }
    } else if !is_filtered || !pages.is_empty() {
        let pages: Vec<_> = pages.into_iter().map(|(_, page)| page).collect();
        groups.entry(key("")).or_default().add_row(session, &pages, is_filtered);
    }
}

/// Returns the value of the dimension `page`, which is empty for the site.
fn page_value(topic: &Topic) -> &str {
    topic.slug().map_or("", crate::Slug::as_str)
}

/// Returns whether all filters of the dimension accept the value.
fn passes(query: &Query, dimension: Dimension, value: &str) -> bool {
    let mut filters = query.filters.iter().filter(|filter| filter.dimension == dimension);
    filters.all(|filter| accepts(filter, value))
}

fn accepts(filter: &Filter, value: &str) -> bool {
    match filter.operator {
        FilterOperator::Is => filter.values.iter().any(|other| other == value),
        FilterOperator::IsNot => filter.values.iter().all(|other| other != value),
        FilterOperator::Contains => filter.values.iter().any(|part| value.contains(part)),
        FilterOperator::ContainsNot => !filter.values.iter().any(|part| value.contains(part)),
    }
}

fn is_zero_or_unknown(value: Value) -> bool {
    match value {
        Value::Count(count) => count == 0,
        Value::Ratio { numerator, denominator } => numerator == 0 || denominator == 0,
        Value::Median(median) => median.is_none_or(|median| median == 0.0),
    }
}

fn has_other(query: &Query, row: &Row) -> bool {
    let mut values = query.dimensions.iter().zip(&row.dimensions);
    values.any(|(dimension, value)| !dimension.is_time() && **value == *OTHER_VALUE)
}

fn sums_daily_visitors(query: &Query) -> bool {
    let by_day = |dimension: &Dimension| matches!(dimension, Dimension::Hour | Dimension::Day);
    query.metrics.contains(&Metric::Visitors)
        && !query.dimensions.iter().any(by_day)
        && query.range.first < query.range.last
}

fn compare_rows(query: &Query, one: &Row, other: &Row) -> Ordering {
    let by_metric = |metric: Metric| {
        let index = query.metrics.iter().position(|asked| *asked == metric);
        let value = |row: &Row| index.and_then(|index| row.metrics.get(index).copied());
        compare_values(value(one), value(other))
    };
    let by_dimension = |dimension: Dimension| {
        let index = query.dimensions.iter().position(|asked| *asked == dimension);
        let value = |row: &Row| index.and_then(|index| row.dimensions.get(index).cloned());
        let is_other = |value: &Option<Arc<str>>| value.as_deref() == Some(OTHER_VALUE);
        let (one, other) = (value(one), value(other));
        is_other(&one).cmp(&is_other(&other)).then(one.cmp(&other))
    };
    let time = query.dimensions.iter().copied().find(|dimension| dimension.is_time());
    let default = match (time, query.metrics.first()) {
        (Some(time), _) => vec![(OrderBy::Dimension(time), Direction::Ascending)],
        (None, Some(metric)) => vec![(OrderBy::Metric(*metric), Direction::Descending)],
        (None, None) => Vec::new(),
    };
    let order = if query.order.is_empty() { &default } else { &query.order };
    let mut ordering = Ordering::Equal;
    for (by, direction) in order {
        let compared = match by {
            OrderBy::Metric(metric) => by_metric(*metric),
            OrderBy::Dimension(dimension) => by_dimension(*dimension),
        };
        ordering = ordering.then(match direction {
            Direction::Ascending => compared,
            Direction::Descending => compared.reverse(),
        });
    }
    let ties = query.dimensions.iter().map(|dimension| by_dimension(*dimension));
    ties.fold(ordering, Ordering::then)
}

/// Compares ratios as fractions. An unknown value is less than any other.
fn compare_values(one: Option<Value>, other: Option<Value>) -> Ordering {
    match (one, other) {
        (Some(Value::Count(one)), Some(Value::Count(other))) => one.cmp(&other),
        (Some(Value::Median(one)), Some(Value::Median(other))) => one.partial_cmp(&other).unwrap_or(Ordering::Equal),
        (Some(one), Some(other)) => {
            let (one, other) = (fraction(one), fraction(other));
            match (one, other) {
                (Some((a, b)), Some((c, d))) => (a * d).cmp(&(c * b)),
                (one, other) => one.is_some().cmp(&other.is_some()),
            }
        }
        (one, other) => one.is_some().cmp(&other.is_some()),
    }
}

fn fraction(value: Value) -> Option<(i128, i128)> {
    match value {
        Value::Ratio { numerator, denominator } => {
            (denominator != 0).then(|| (i128::from(numerator), i128::from(denominator)))
        }
        Value::Count(_) | Value::Median(_) => None,
    }
}
