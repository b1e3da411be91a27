use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use horizon_core::{Slug, Topic};

use crate::counts::Counts;

/// The acknowledged events, and the totals that they add up to.
#[derive(Debug, Default)]
pub(crate) struct AckLog {
    counts: Mutex<BTreeMap<Topic, Counts>>,
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
    pub(crate) fn add(&self, topic: &Topic, more: Counts) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = counts.entry(topic.clone()).or_default();
        counts.visits += more.visits;
        counts.likes += more.likes;
        counts.comments += more.comments;
    }

    /// Records an acknowledged comment.
    pub(crate) fn comment(&self, slug: &Slug, text: String) {
        self.all_comments().entry(slug.clone()).or_default().insert(text);
        let one = Counts {
            comments: 1,
            ..Counts::default()
        };
        self.add(&slug.clone().into(), one);
    }

    /// Returns the expected totals.
    pub(crate) fn counts(&self) -> BTreeMap<Topic, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
