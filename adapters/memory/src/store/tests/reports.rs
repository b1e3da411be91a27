//! [`Facts`] with reports changes tables as the ledger of the same tables does.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use horizon_core::reports::{
    CountedEvents, DayNumbers, Dimension, MAX_VALUES, MissingFacts, NumberKind, OTHER_VALUE, ReportFacts, SiteTimeZone,
    apply_events_with_reports,
};
use horizon_core::testing::RandomVisits;
use horizon_core::{
    BatchKeys, ContextValue, Day, Event, EventKind, Facts, Stamp, Timestamp, Topic, Visit, VisitCause, VisitContext,
};

use super::Tables;

const SEEDS: u64 = 100;
const BATCHES: usize = 20;

/// 2026-10-24T22:00:00Z: midnight in Berlin, on the day on which the clocks change.
const START: Timestamp = Timestamp::from_millis(1_792_879_200_000);

/// The numbers of the sources of random visits. The lower ones come in one batch, so that the highest exceed the limit.
const SOURCES: Range<usize> = MAX_VALUES - 15..MAX_VALUES + 5;

/// How often the cases that the test must cover happened.
#[derive(Debug, Default)]
struct Seen {
    batches_without_missing_facts: u32,
    missing_days: u32,
    missing_values_of_full_dimensions: u32,
    other_values: u32,
    late_events: u64,
    removed_sessions: u32,
    sessions_of_an_earlier_day: u32,
}

impl Tables {
    /// Reads the numbers of a day.
    fn day_numbers(&self, day: Day) -> DayNumbers {
        let reports = &self.reports;
        let next = |kind| reports.numbers.get(&(day, kind)).copied().unwrap_or_default();
        DayNumbers {
            sessions: next(NumberKind::Session),
            visitors: next(NumberKind::Visitor),
            values: Dimension::OF_SESSIONS.map(|dimension| {
                let values = reports.values.get(&(day, dimension)).map_or(0, |values| values.len());
                u32::try_from(values).unwrap()
            }),
        }
    }

    /// Reads the facts that a store has before it counts. Sometimes omits a day, as with a wrong time zone, and
    /// sometimes includes whether a value is stored.
    fn report_facts(&self, keys: &BatchKeys, events: &[Event], random: &mut Rng) -> ReportFacts {
        let site = self.reports.site_state();
        let days = ReportFacts::days_of(events, site.time_zone());
        let mut facts = ReportFacts::new(site);
        for key in &keys.visitors {
            if let Some(state) = self.reports.visitors.get(key) {
                facts.insert_visitor_state(key.0.clone(), key.1, state.clone());
            }
        }
        for day in days {
            if random.u8(..16) > 0 {
                facts.insert_day(day, self.day_numbers(day));
            }
            for number in SOURCES.filter(|_| random.u8(..4) == 0) {
                let value = source(number).as_str().into();
                let is_stored = self.has_value(Dimension::Source, day, &value);
                facts.insert_value(Dimension::Source, day, value, is_stored);
            }
        }
        facts
    }

    fn has_value(&self, dimension: Dimension, day: Day, value: &Arc<str>) -> bool {
        let values = self.reports.values.get(&(day, dimension));
        values.is_some_and(|values| values.contains(value))
    }

    fn read_missing(&self, missing: &MissingFacts, facts: &mut ReportFacts) {
        for day in &missing.days {
            facts.insert_day(*day, self.day_numbers(*day));
        }
        for (dimension, day, value) in &missing.values {
            let is_stored = self.has_value(*dimension, *day, value);
            facts.insert_value(*dimension, *day, value.clone(), is_stored);
        }
    }

    fn count(&self, events: &[Event], random: &mut Rng, seen: &mut Seen) -> CountedEvents {
        let keys = BatchKeys::of(events);
        let facts: Facts = self.facts(&keys);
        let mut reports = self.report_facts(&keys, events, random);
        let missing = match facts.apply_with_reports(&reports, events) {
            Ok(counted) => {
                seen.batches_without_missing_facts += 1;
                return counted;
            }
            Err(missing) => missing,
        };
        seen.missing_days += u32::from(!missing.days.is_empty());
        let mut values = missing.values.iter();
        seen.missing_values_of_full_dimensions += u32::from(values.any(|(_, day, _)| !missing.days.contains(day)));
        self.read_missing(&missing, &mut reports);
        facts.apply_with_reports(&reports, events).unwrap()
    }

    fn write_counted(&mut self, counted: CountedEvents, seen: &mut Seen) {
        assert_eq!((counted.changes.visitors.len(), counted.reports.undated.len()), (0, 0));
        self.write(counted.changes);
        for (dimension, day, value) in counted.reports.dimensions.keys() {
            if **value == *OTHER_VALUE {
                seen.other_values += 1;
            } else {
                let values = self.reports.values.entry((*day, *dimension)).or_default();
                values.insert(value.clone());
            }
        }
        self.reports.numbers.extend(counted.numbers);
        seen.removed_sessions += u32::try_from(counted.reports.removed_sessions.len()).unwrap();
        let zone = counted.reports.site.time_zone();
        let sessions = counted.reports.sessions.iter();
        let over_midnight = sessions.filter(|row| zone.day_of(row.last) > row.id.day);
        seen.sessions_of_an_earlier_day += u32::try_from(over_midnight.count()).unwrap();
        self.reports.write(counted.reports);
    }
}

/// Random batches of which some have more sources on the first day than a day may have.
struct RandomSources {
    random: Rng,
    visits: RandomVisits,
    has_many_sources: bool,
    number: usize,
}

impl RandomSources {
    fn new(seed: u64) -> Self {
        Self {
            random: Rng::with_seed(seed),
            visits: RandomVisits::new(seed, START).with_late_events(),
            has_many_sources: seed.is_multiple_of(4),
            number: 0,
        }
    }

    fn batch(&mut self) -> Vec<Event> {
        self.number += 1;
        if self.has_many_sources && self.number == 2 {
            return (0..MAX_VALUES - 5).map(visit_from).collect();
        }
        let mut events = self.visits.batch();
        for event in &mut events {
            if let EventKind::Visit(Visit {
                context: Some(context), ..
            }) = &mut event.kind
                && self.has_many_sources
                && self.random.bool()
            {
                context.source = Some(source(self.random.usize(SOURCES)));
            }
        }
        events
    }
}

fn source(number: usize) -> ContextValue {
    ContextValue::new(&format!("source {number}"))
}

/// Returns the visit of a reader without a key.
fn visit_from(number: usize) -> Event {
    let mut visit = Visit::of(None);
    visit.cause = Some(VisitCause::Open);
    let mut context = VisitContext::default();
    context.source = Some(source(number));
    visit.context = Some(Box::new(context));
    let mut entropy = [255; 10];
    entropy[..8].copy_from_slice(&number.to_be_bytes());
    let at = START.plus(Duration::from_secs(60));
    Event::new(Stamp::new(at, entropy), Topic::Site, EventKind::Visit(visit))
}

fn assert_same_tables(facts_first: &Tables, direct: &Tables, context: &str) {
    assert_eq!(facts_first.likes, direct.likes, "{context}");
    assert_eq!(facts_first.verdicts, direct.verdicts, "{context}");
    assert_eq!(facts_first.totals, direct.totals, "{context}");
    assert_eq!(facts_first.comments.all(), direct.comments.all(), "{context}");
    assert_eq!(facts_first.reports.numbers, direct.reports.numbers, "{context}");
    assert_eq!(
        facts_first.reports.site_state(),
        direct.reports.site_state(),
        "{context}"
    );
    // These are too large to be printed.
    assert!(facts_first.counted == direct.counted, "the ids differ: {context}");
    assert!(
        facts_first.reports.visitors == direct.reports.visitors,
        "the visitors differ: {context}"
    );
    assert!(
        facts_first.reports.values == direct.reports.values,
        "the values differ: {context}"
    );
    assert!(
        facts_first.reports.buckets == direct.reports.buckets,
        "the buckets differ: {context}"
    );
}

#[test]
fn facts_change_the_tables_of_reports_as_the_ledger_does() {
    let mut seen = Seen::default();
    for seed in 1..=SEEDS {
        let (mut events, mut random) = (RandomSources::new(seed), Rng::with_seed(seed));
        let (mut direct, mut facts_first) = (Tables::default(), Tables::default());
        for tables in [&mut direct, &mut facts_first] {
            tables.reports.zone = SiteTimeZone::new("Europe/Berlin").unwrap();
        }
        for number in 1..=BATCHES {
            let batch = events.batch();
            let Ok(wanted) = apply_events_with_reports(&mut direct, &batch);
            let counted = facts_first.count(&batch, &mut random, &mut seen);
            let context = format!("seed {seed}, batch {number}");
            assert_eq!(counted.updates, wanted, "{context}");
            facts_first.write_counted(counted, &mut seen);
            if number.is_multiple_of(5) {
                assert_same_tables(&facts_first, &direct, &context);
            }
            if random.u8(..8) == 0 {
                let now = events.visits.now();
                direct.reports.expire(now);
                facts_first.reports.expire(now);
            }
        }
        seen.late_events += direct.reports.site_state().late_events();
    }
    let Seen {
        batches_without_missing_facts,
        missing_days,
        missing_values_of_full_dimensions,
        other_values,
        late_events,
        removed_sessions,
        sessions_of_an_earlier_day,
    } = seen;
    assert!(batches_without_missing_facts > 500 && missing_days > 100, "{seen:?}");
    assert!(
        missing_values_of_full_dimensions > 100 && other_values > 100,
        "{seen:?}"
    );
    assert!(late_events > 100, "{seen:?}");
    assert!(removed_sessions > 10 && sessions_of_an_earlier_day > 10, "{seen:?}");
}
