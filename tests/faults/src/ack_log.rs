use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use horizon_core::{Event, Slug, Topic, reports::SiteTimeZone, testing::ReportModel};

use crate::counts::PageTotals;

/// The acknowledged events, and the totals that they add up to.
#[derive(Debug, Default)]
pub(crate) struct AckLog {
    /// Of all events but those in `sessions`.
    counts: Mutex<BTreeMap<Topic, PageTotals>>,
    /// The events of visitors with sessions, who have no other events.
    sessions: Mutex<Vec<Event>>,
    comments: Mutex<BTreeMap<Slug, BTreeSet<String>>>,
    events: AtomicU64,
    stopped: AtomicBool,
}

impl AckLog {
    /// Records this number of acknowledged events.
    pub(crate) fn acknowledged(&self, events: u64) {
        self.events.fetch_add(events, Ordering::Relaxed);
    }

    /// Returns the number of acknowledged events.
    pub(crate) fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// Adds to the expected totals of a topic.
    pub(crate) fn add(&self, topic: &Topic, more: PageTotals) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(topic.clone()).or_default() += more;
    }

    /// Adds events of visitors with sessions to the expected totals.
    pub(crate) fn add_events(&self, events: &[Event]) {
        self.sessions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(events);
    }

    /// Records an acknowledged comment.
    pub(crate) fn comment(&self, slug: &Slug, text: String) {
        self.all_comments().entry(slug.clone()).or_default().insert(text);
        let one = PageTotals {
            comments: 1,
            ..PageTotals::default()
        };
        self.add(&slug.clone().into(), one);
    }

    /// Returns the expected totals.
    pub(crate) fn counts(&self) -> BTreeMap<Topic, PageTotals> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let events = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        // No event is late, so that totals do not depend on the time zone.
        let mut model = ReportModel::new(SiteTimeZone::utc());
        model.apply(&events);
        let topics: BTreeSet<&Topic> = events.iter().map(|event| &event.topic).collect();
        for topic in topics {
            *counts.entry(topic.clone()).or_default() += model.totals(topic).into();
        }
        counts
    }

    /// Returns the texts of the acknowledged comments.
    pub(crate) fn comments(&self, slug: &Slug) -> BTreeSet<String> {
        self.all_comments().get(slug).cloned().unwrap_or_default()
    }

    fn all_comments(&self) -> MutexGuard<'_, BTreeMap<Slug, BTreeSet<String>>> {
        self.comments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops all clients after their current write.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Returns whether clients must stop.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}
