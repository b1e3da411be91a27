//! The names of custom events that this process tracked and that are not counted yet.

use std::{fmt, time::Duration};

use horizon_core::{EventCounts, EventName, Topic};
use parking_lot::Mutex;
use quick_cache::unsync::Cache;
use tokio::time::Instant;

/// The largest number of topics whose names are known: 1,024, about 16 MB. Beyond it, those of rarely used topics are
/// forgotten, and their names may exceed the limit: then the store counts them as other events.
const MAX_TOPICS: usize = 1_024;

/// How long a name is pending at most: one minute. An event that was not tracked, or not counted in this time, no
/// longer uses up the room of other names.
const PENDING_TIME: Duration = Duration::from_secs(60);

/// Names of custom events by topic: at most [`MAX_EVENT_NAMES`](horizon_core::MAX_EVENT_NAMES) for each.
///
/// Without them, many new names at once would all get past a check of the stored totals.
pub(crate) struct PendingNames(Mutex<Cache<Topic, TopicNames>>);

/// The names of a topic.
#[derive(Default)]
struct TopicNames {
    /// The newest known counts: those with the most names, because names do not disappear.
    counts: EventCounts,
    pending: Vec<PendingName>,
}

struct PendingName {
    name: EventName,
    since: Instant,
}

impl PendingName {
    fn is_pending(&self) -> bool {
        self.since.elapsed() < PENDING_TIME
    }
}

impl PendingNames {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Cache::new(MAX_TOPICS)))
    }

    pub(crate) fn contains(&self, topic: &Topic, name: &EventName) -> bool {
        let topics = self.0.lock();
        let is_name = |pending: &PendingName| pending.name == *name && pending.is_pending();
        topics.get(topic).is_some_and(|names| names.pending.iter().any(is_name))
    }

    /// Adds the name if it is new and the topic has room for it. Returns whether events with the name count under it.
    ///
    /// `counts` are those that the caller read. They may be older than those of an earlier call, because reads overlap.
    pub(crate) fn reserve(&self, topic: &Topic, name: &EventName, counts: &EventCounts) -> bool {
        let mut topics = self.0.lock();
        let mut names = topics.remove(topic).map(|(_, names)| names).unwrap_or_default();
        if counts.iter().count() > names.counts.iter().count() {
            names.counts = counts.clone();
        }
        let TopicNames { counts, pending } = &mut names;
        // Pending names of a topic without room count as other events.
        pending.retain(|pending| pending.is_pending() && counts.get(pending.name.as_str()) == 0 && !counts.is_full());
        let is_accepted = counts.accepts(name, pending.iter().map(|pending| &pending.name));
        let is_new = counts.get(name.as_str()) == 0 && !pending.iter().any(|pending| pending.name == *name);
        if is_accepted && is_new {
            pending.push(PendingName {
                name: name.clone(),
                since: Instant::now(),
            });
        }
        topics.insert(topic.clone(), names);
        is_accepted
    }
}

impl fmt::Debug for PendingNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PendingNames")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(number: u32) -> EventName {
        EventName::new(&format!("event-{number}")).unwrap()
    }

    fn counts(numbers: std::ops::Range<u32>) -> EventCounts {
        numbers.map(|number| (name(number).as_str().to_owned(), 1)).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn new_names_use_up_the_room_before_they_are_counted() {
        let (pending, topic) = (PendingNames::new(), Topic::Site);
        let counted = counts(0..62);
        assert!(pending.reserve(&topic, &name(62), &counted) && pending.reserve(&topic, &name(63), &counted));
        assert!(!pending.reserve(&topic, &name(64), &counted));
        assert!(pending.contains(&topic, &name(63)) && !pending.contains(&topic, &name(64)));
        assert!(pending.reserve(&topic, &name(0), &counted) && pending.reserve(&topic, &name(62), &counted));
        tokio::time::advance(PENDING_TIME).await;
        assert!(
            pending.reserve(&topic, &name(64), &counted),
            "the events were not counted"
        );
    }

    #[test]
    fn names_are_not_pending_once_they_are_counted_or_the_topic_has_no_room() {
        let (pending, topic) = (PendingNames::new(), Topic::Site);
        assert!(pending.reserve(&topic, &name(0), &counts(1..2)));
        assert!(pending.reserve(&topic, &name(0), &counts(0..2)));
        assert!(!pending.contains(&topic, &name(0)));
        assert!(pending.reserve(&topic, &name(99), &counts(0..63)));
        assert!(
            !pending.reserve(&topic, &name(99), &counts(0..64)),
            "another node's name was faster"
        );
        assert!(!pending.contains(&topic, &name(99)));
    }

    #[test]
    fn counts_that_were_read_earlier_do_not_make_room_again() {
        let (pending, topic) = (PendingNames::new(), Topic::Site);
        let earlier = counts(0..62);
        assert!(pending.reserve(&topic, &name(62), &earlier));
        // A request with newer counts overtakes one with the earlier ones.
        assert!(pending.reserve(&topic, &name(63), &counts(0..63)));
        assert!(!pending.reserve(&topic, &name(64), &earlier));
        assert!(!pending.reserve(&topic, &name(65), &counts(0..64)));
        assert!(!pending.reserve(&topic, &name(66), &earlier), "the topic has no room");
    }

    #[test]
    fn the_memory_is_bounded() {
        let pending = PendingNames::new();
        for number in 0..3_000 {
            let topic = horizon_core::Slug::new(&format!("page-{number}")).unwrap().into();
            pending.reserve(&topic, &name(0), &EventCounts::default());
        }
        assert!(pending.0.lock().len() <= MAX_TOPICS);
    }
}
