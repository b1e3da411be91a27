use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt, unfold};
use horizon_core::testing::PresenceHarness;
use horizon_core::{Presence, PresenceGuard, Result, Topic, VisitorKey};
use horizon_memory::MemoryPresence;
use tokio::sync::{mpsc, watch};

use crate::{caught, names};

const GRACE: Duration = Duration::from_secs(3);

#[derive(Clone, Copy, PartialEq)]
enum PresenceDefect {
    CountsWatcher,
    TracksInBackground,
    CountsConnections,
    CountsFirstConnectionOnly,
    MergesVisitors,
    MixesTopics,
    EndsAfterThreeValues,
    QueuesEveryChange,
    RepeatsValues,
    NeedsRuntimeToDrop,
}

struct BrokenPresence {
    good: Arc<MemoryPresence>,
    defect: PresenceDefect,
    seen: Mutex<HashSet<VisitorKey>>,
}

fn harness(defect: PresenceDefect) -> PresenceHarness {
    PresenceHarness {
        presence: Box::new(BrokenPresence {
            good: Arc::default(),
            defect,
            seen: Mutex::default(),
        }),
        grace: GRACE,
    }
}

fn without_grace() -> PresenceHarness {
    PresenceHarness {
        presence: Box::new(MemoryPresence::new(Duration::ZERO)),
        grace: GRACE,
    }
}

struct NeedsRuntime(#[expect(dead_code, reason = "used for its Drop only")] PresenceGuard);

impl Drop for NeedsRuntime {
    fn drop(&mut self) {
        drop(tokio::spawn(async {}));
    }
}

#[async_trait]
impl Presence for BrokenPresence {
    async fn track(&self, topic: Topic, visitor: VisitorKey) -> Result<PresenceGuard> {
        let first = self.seen.lock().unwrap().insert(visitor);
        let (good, topic) = (Arc::clone(&self.good), self.topic(topic));
        match self.defect {
            PresenceDefect::TracksInBackground => {
                let later = tokio::spawn(async move { good.track(topic, visitor).await });
                return Ok(PresenceGuard::new(later));
            }
            PresenceDefect::CountsConnections if !first => return good.track(topic, VisitorKey::from_u128(99)).await,
            PresenceDefect::CountsFirstConnectionOnly if !first => return Ok(PresenceGuard::new(())),
            PresenceDefect::MergesVisitors => return good.track(topic, VisitorKey::from_u128(0)).await,
            PresenceDefect::NeedsRuntimeToDrop => {
                return Ok(PresenceGuard::new(NeedsRuntime(good.track(topic, visitor).await?)));
            }
            _ => {}
        }
        let guard = good.track(topic, visitor).await;
        // Let tasks that forward the watch receive each change.
        tokio::time::sleep(Duration::from_millis(1)).await;
        guard
    }

    fn watch(&self, topic: Topic) -> BoxStream<'static, u64> {
        let counts = self.good.watch(self.topic(topic));
        match self.defect {
            PresenceDefect::CountsWatcher => counts.map(|count| count + 1).boxed(),
            PresenceDefect::EndsAfterThreeValues => counts.take(3).boxed(),
            PresenceDefect::QueuesEveryChange => every_change(counts),
            PresenceDefect::RepeatsValues => every_wake(counts),
            _ => counts,
        }
    }
}

impl BrokenPresence {
    fn topic(&self, topic: Topic) -> Topic {
        if self.defect == PresenceDefect::MixesTopics {
            Topic::Site
        } else {
            topic
        }
    }
}

/// Queues the values that a slow watcher misses.
pub(crate) fn every_change<T: Send + 'static>(mut values: BoxStream<'static, T>) -> BoxStream<'static, T> {
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move { while values.next().await.is_some_and(|value| sender.send(value).is_ok()) {} });
    unfold(receiver, |mut receiver| async {
        Some((receiver.recv().await?, receiver))
    })
    .boxed()
}

/// Repeats the latest value at each wake, changed or not.
fn every_wake(mut counts: BoxStream<'static, u64>) -> BoxStream<'static, u64> {
    let (sender, receiver) = watch::channel(0);
    tokio::spawn(async move { while counts.next().await.is_some_and(|count| sender.send(count).is_ok()) {} });
    unfold(receiver, |mut receiver| async {
        receiver.changed().await.ok()?;
        let count = *receiver.borrow_and_update();
        Some((count, receiver))
    })
    .boxed()
}

caught! { presence, presence_suite:
    a_watch_starts_at_zero: harness(PresenceDefect::CountsWatcher) => "an empty topic\n   got Some(1)\nwanted Some(0)";
    a_tracked_visitor_counts_in_every_watch: harness(PresenceDefect::TracksInBackground)
        => "a new watch\n   got Some(0)\nwanted Some(1)";
    a_second_tab_is_not_a_second_viewer: harness(PresenceDefect::CountsConnections)
        => "a second tab: the watch yields Some(2)";
    a_visitor_stays_while_another_tab_is_open: harness(PresenceDefect::CountsFirstConnectionOnly)
        => "one of two tabs was closed: the watch yields Some(0)";
    two_visitors_count_as_two: harness(PresenceDefect::MergesVisitors)
        => "two visitors\n   got Some(1)\nwanted Some(2)";
    a_visitor_leaves_after_the_grace: without_grace() => "the visitor left after 0ns, before the end of the grace";
    a_reload_within_the_grace_changes_nothing: without_grace() => "within the grace: the watch yields Some(0)";
    a_visitor_can_come_back_after_leaving: harness(PresenceDefect::EndsAfterThreeValues)
        => "the visitor joined\n   got None\nwanted Some(1)";
    topics_are_independent: harness(PresenceDefect::MixesTopics) => "another page\n   got 1\nwanted 0";
    a_slow_watch_skips_to_the_latest: harness(PresenceDefect::QueuesEveryChange)
        => "three joined\n   got Some(1)\nwanted Some(3)";
    a_watch_never_repeats_a_number: harness(PresenceDefect::RepeatsValues)
        => "one left, one joined: the watch yields Some(1)";
    a_guard_may_be_dropped_outside_the_runtime: harness(PresenceDefect::NeedsRuntimeToDrop)
        => "the guard's drop panicked";
}
