use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use horizon_core::{Slug, Topic};

use crate::counts::Counts;

/// What was acknowledged, and what it has to add up to.
#[derive(Debug, Default)]
pub(crate) struct Diary {
    counts: Mutex<BTreeMap<Topic, Counts>>,
    comments: Mutex<BTreeMap<Slug, BTreeSet<String>>>,
    events: AtomicU64,
    enough: AtomicBool,
}

impl Diary {
    /// So many events were acknowledged.
    pub(crate) fn acknowledged(&self, events: u64) {
        self.events.fetch_add(events, Ordering::Relaxed);
    }

    /// How many events were acknowledged.
    pub(crate) fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// What acknowledged events add to a topic.
    pub(crate) fn add(&self, topic: &Topic, more: Counts) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = counts.entry(topic.clone()).or_default();
        counts.visits += more.visits;
        counts.likes += more.likes;
        counts.comments += more.comments;
    }

    /// A comment was acknowledged.
    pub(crate) fn comment(&self, slug: &Slug, words: String) {
        self.all_comments().entry(slug.clone()).or_default().insert(words);
        let one = Counts {
            comments: 1,
            ..Counts::default()
        };
        self.add(&slug.clone().into(), one);
    }

    /// What everything adds up to.
    pub(crate) fn counts(&self) -> BTreeMap<Topic, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The words of the comments that were acknowledged.
    pub(crate) fn comments(&self, slug: &Slug) -> BTreeSet<String> {
        self.all_comments().get(slug).cloned().unwrap_or_default()
    }

    fn all_comments(&self) -> MutexGuard<'_, BTreeMap<Slug, BTreeSet<String>>> {
        self.comments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whoever writes in a loop to finish what they are at, and end.
    pub(crate) fn say_enough(&self) {
        self.enough.store(true, Ordering::Relaxed);
    }

    /// Whether no more shall be written.
    pub(crate) fn is_enough(&self) -> bool {
        self.enough.load(Ordering::Relaxed)
    }
}
