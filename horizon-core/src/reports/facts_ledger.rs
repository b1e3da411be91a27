use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;
use std::sync::Arc;

use super::{
    DayNumbers, Dimension, MAX_VALUES, NumberKind, ReportChanges, ReportFacts, ReportLedger, ReportSite, StoredLike,
    VisitorState, apply_events_with_reports,
};
use crate::facts::FactsLedger;
use crate::{Changes, Day, Event, EventId, Facts, ReaderId, Topic, Update, VisitorKey};

/// What a store with reports writes after [`Facts::apply_with_reports`], in one transaction.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CountedEvents {
    /// The changes that a store without reports also writes. `visitors` is empty.
    pub changes: Changes,
    /// The changes of the reports. `undated` is empty. The store adds the number of new rows of `dimensions`,
    /// without those of [`OTHER_VALUE`](super::OTHER_VALUE), to [`DayNumbers::values`].
    pub reports: ReportChanges,
    /// The next numbers of the days on which they changed. Insert or replace [`DayNumbers::sessions`] and
    /// [`DayNumbers::visitors`].
    pub numbers: BTreeMap<(Day, NumberKind), u32>,
    /// What [`StatsStore::apply`](crate::StatsStore::apply) returns once the changes are durable.
    pub updates: Vec<Update>,
}

/// The facts that are missing to count a batch. The store reads them in the same transaction and inserts all of them;
/// then the batch can be counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("what is stored of {} days and {} values is missing", days.len(), values.len())]
pub struct MissingFacts {
    /// For [`ReportFacts::insert_day`].
    pub days: BTreeSet<Day>,
    /// For [`ReportFacts::insert_value`]: the values of dimensions that have nearly [`MAX_VALUES`] values, or of the
    /// missing days.
    pub values: BTreeSet<(Dimension, Day, Arc<str>)>,
}

impl Facts {
    /// Applies the events by the rules of [`apply_events_with_reports`]. Only for a store that has always kept reports,
    /// so that all of its likes and comments are dated.
    ///
    /// # Errors
    /// Facts are missing. After the store has inserted all of them, the same call succeeds.
    pub fn apply_with_reports(&self, reports: &ReportFacts, events: &[Event]) -> Result<CountedEvents, MissingFacts> {
        let mut ledger = FactsLedger::new(self, ReportBatchFacts::new(reports));
        let Ok(updates) = apply_events_with_reports(&mut ledger, events);
        let (changes, reports) = ledger.into_changes();
        let missing = reports.missing();
        if missing != MissingFacts::default() {
            return Err(missing);
        }
        Ok(CountedEvents {
            changes,
            reports: reports.changes,
            numbers: reports.numbers,
            updates,
        })
    }
}

/// The facts for the reports, and what a batch changes. A missing fact is replaced by a guess, so that one pass finds
/// all missing facts.
struct ReportBatchFacts<'a> {
    facts: &'a ReportFacts,
    changes: ReportChanges,
    numbers: BTreeMap<(Day, NumberKind), u32>,
    claims: HashMap<(Day, Dimension), Claims>,
    missing_days: BTreeSet<Day>,
}

/// The claimed values of a dimension on a day that are not known to be stored.
#[derive(Default)]
struct Claims {
    /// The number of values that may be new and have a place.
    places: usize,
    /// The values that may or may not be stored.
    unknown: Vec<Arc<str>>,
    /// Whether there was no place for one of the values, if all of them are new.
    is_full: bool,
}

impl<'a> ReportBatchFacts<'a> {
    fn new(facts: &'a ReportFacts) -> Self {
        Self {
            facts,
            changes: ReportChanges::new(facts.site.clone()),
            numbers: BTreeMap::new(),
            claims: HashMap::new(),
            missing_days: BTreeSet::new(),
        }
    }

    fn day(&mut self, day: Day) -> DayNumbers {
        self.facts.days.get(&day).copied().unwrap_or_else(|| {
            self.missing_days.insert(day);
            DayNumbers::default()
        })
    }

    /// While there is room for new values, it does not matter whether the value is stored.
    fn claim_value(&mut self, day: Day, dimension: Dimension, value: &str) -> bool {
        let index = dimension.session_index();
        let stored = index.and_then(|index| self.day(day).values.get(index).copied());
        let stored = usize::try_from(stored.unwrap_or(0)).unwrap_or(usize::MAX);
        let key = (dimension, day, Arc::from(value));
        let is_stored = self.facts.values.get(&key).copied();
        if is_stored == Some(true) {
            return true;
        }
        let claims = self.claims.entry((day, dimension)).or_default();
        if is_stored.is_none() {
            claims.unknown.push(key.2);
        }
        let has_place = stored.saturating_add(claims.places) < MAX_VALUES;
        claims.places += usize::from(has_place);
        claims.is_full |= !has_place;
        has_place
    }

    /// Returns the facts that were guessed.
    fn missing(&self) -> MissingFacts {
        let claims = self.claims.iter();
        let guessed = claims.filter(|((day, _), claims)| claims.is_full || self.missing_days.contains(day));
        let values = guessed.flat_map(|((day, dimension), claims)| {
            let values = claims.unknown.iter();
            values.map(|value| (*dimension, *day, Arc::clone(value)))
        });
        MissingFacts {
            days: self.missing_days.clone(),
            values: values.collect(),
        }
    }
}

impl ReportLedger for FactsLedger<'_, ReportBatchFacts<'_>> {
    fn site_state(&mut self) -> Result<ReportSite, Infallible> {
        Ok(self.reports.facts.site.clone())
    }

    fn visitor_state(&mut self, topic: &Topic, visitor: VisitorKey) -> Result<VisitorState, Infallible> {
        let state = self.reports.facts.visitors.get(&(topic.clone(), visitor));
        Ok(state.cloned().unwrap_or_default())
    }

    fn stored_like(&mut self, topic: &Topic, reader: ReaderId) -> Result<Option<StoredLike>, Infallible> {
        let like = self.like(&(topic.clone(), reader));
        Ok(like.map(|(is_liked, stamp)| StoredLike {
            is_liked,
            stamp,
            is_dated: true,
        }))
    }

    fn is_dated_comment(&mut self, _: EventId) -> Result<bool, Infallible> {
        Ok(true)
    }

    fn claim_value(&mut self, day: Day, dimension: Dimension, value: &str) -> Result<bool, Infallible> {
        Ok(self.reports.claim_value(day, dimension, value))
    }

    fn next_number(&mut self, day: Day, kind: NumberKind) -> Result<u32, Infallible> {
        let stored = self.reports.day(day);
        let stored = match kind {
            NumberKind::Session => stored.sessions,
            NumberKind::Visitor => stored.visitors,
        };
        let next = self.reports.numbers.entry((day, kind)).or_insert(stored);
        let number = *next;
        *next = next.saturating_add(1);
        Ok(number)
    }

    fn write_reports(&mut self, changes: ReportChanges) -> Result<(), Infallible> {
        self.reports.changes = changes;
        Ok(())
    }
}
