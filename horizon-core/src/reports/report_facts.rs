use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::day_cache::DayCache;
use super::{Dimension, ReportSite, SiteTimeZone, VisitorState};
use crate::{Day, Event, EventKind, Topic, VisitorKey};

/// What a store with reports reads for a batch, besides [`Facts`](crate::Facts).
///
/// In the transaction in which it reads the facts, the store reads the state of the site, the states of
/// [`BatchKeys::visitors`](crate::BatchKeys::visitors), and the numbers of [`ReportFacts::days_of`]. It does not read
/// when these visitors were last seen, because the states contain it.
///
/// ```
/// use horizon_core::reports::{CountedEvents, DayNumbers, MissingFacts, ReportFacts, ReportSite, SiteTimeZone};
/// use horizon_core::{BatchKeys, Error, Event, Facts, Result, Update};
///
/// # struct Transaction;
/// # impl Transaction {
/// #     async fn begin_and_lock() -> Result<Self> { Ok(Self) }
/// #     async fn read(&self, _: &BatchKeys) -> Result<Facts> { Ok(Facts::default()) }
/// #     async fn read_reports(&self, _: &BatchKeys, events: &[Event]) -> Result<ReportFacts> {
/// #         let zone = SiteTimeZone::utc();
/// #         let mut reports = ReportFacts::new(ReportSite::new(zone.clone()));
/// #         for day in ReportFacts::days_of(events, &zone) {
/// #             reports.insert_day(day, DayNumbers::default());
/// #         }
/// #         Ok(reports)
/// #     }
/// #     async fn read_missing(&self, _: &MissingFacts, _: &mut ReportFacts) -> Result<()> { Ok(()) }
/// #     async fn write(&self, _: &CountedEvents) -> Result<()> { Ok(()) }
/// #     async fn commit(self) -> Result<()> { Ok(()) }
/// # }
/// /// The `apply` of a store with reports.
/// async fn apply(events: &[Event]) -> Result<Vec<Update>> {
///     let transaction = Transaction::begin_and_lock().await?;
///     let keys = BatchKeys::of(events);
///     let facts = transaction.read(&keys).await?;
///     let mut reports = transaction.read_reports(&keys, events).await?;
///     let counted = match facts.apply_with_reports(&reports, events) {
///         Ok(counted) => counted,
///         Err(missing) => {
///             transaction.read_missing(&missing, &mut reports).await?; // rarely
///             let counted = facts.apply_with_reports(&reports, events);
///             counted.map_err(|missing| Error::permanent("the batch cannot be counted").with_source(missing))?
///         }
///     };
///     transaction.write(&counted).await?;
///     transaction.commit().await?;
///     Ok(counted.updates)
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// # use horizon_core::{EventKind, Stamp, Timestamp, Topic};
/// # let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [7; 10]);
/// # let updates = apply(&[Event::new(stamp, Topic::Site, EventKind::visit(None))]).await?;
/// # assert_eq!(updates[0].stats.visits, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ReportFacts {
    pub(super) site: ReportSite,
    pub(super) visitors: HashMap<(Topic, VisitorKey), VisitorState>,
    pub(super) days: HashMap<Day, DayNumbers>,
    pub(super) values: HashMap<(Dimension, Day, Arc<str>), bool>,
}

/// The numbers that are stored for a day: all zero if nothing is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayNumbers {
    /// The number of the next session.
    pub sessions: u32,
    /// The number of the next visitor.
    pub visitors: u32,
    /// How many values each of [`Dimension::OF_SESSIONS`] has, without [`OTHER_VALUE`](super::OTHER_VALUE). A value
    /// that was once written is always counted, even if its numbers are zero again.
    pub values: [u32; Dimension::OF_SESSIONS.len()],
}

impl ReportFacts {
    /// Returns the facts of a site in this state: the stored one, otherwise a
    /// [new one](ReportSite::new) in the zone of [`Reports::set_time_zone`](super::Reports::set_time_zone).
    #[must_use]
    pub fn new(site: ReportSite) -> Self {
        Self {
            site,
            visitors: HashMap::new(),
            days: HashMap::new(),
            values: HashMap::new(),
        }
    }

    /// Returns the days whose numbers a batch most likely needs: those of the visits of the site, and the day before
    /// each visit of a visitor, on which the session may have begun. In rare cases a batch needs another day: see
    /// [`MissingFacts`](super::MissingFacts).
    #[must_use]
    pub fn days_of(events: &[Event], zone: &SiteTimeZone) -> BTreeSet<Day> {
        let mut cache = DayCache::new(zone.clone());
        let mut days = BTreeSet::new();
        for event in events.iter().filter(|event| event.topic == Topic::Site) {
            if let EventKind::Visit(visit) = &event.kind {
                let day = cache.local_time(event.at).day;
                days.insert(day);
                days.extend(visit.visitor.map(|_| day.previous()));
            }
        }
        days
    }

    /// Adds the state of a visitor on a topic. A visitor without a state is new.
    pub fn insert_visitor_state(&mut self, topic: Topic, visitor: VisitorKey, state: VisitorState) {
        self.visitors.insert((topic, visitor), state);
    }

    /// Adds the numbers of a day, even if nothing is stored.
    pub fn insert_day(&mut self, day: Day, numbers: DayNumbers) {
        self.days.insert(day, numbers);
    }

    /// Adds whether the value of a dimension is stored on the day. Needed only for
    /// [`MissingFacts::values`](super::MissingFacts::values).
    pub fn insert_value(&mut self, dimension: Dimension, day: Day, value: Arc<str>, is_stored: bool) {
        self.values.insert((dimension, day, value), is_stored);
    }
}
