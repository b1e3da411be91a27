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
enum Fault {
    CountsItself,
    CountsLater,
    CountsTabs,
    KnowsOnlyTheFirstTab,
    SeesOneVisitorOnly,
    MixesTopics,
    EndsAfterThree,
    TellsEveryChange,
    RepeatsItself,
    NeedsTheRuntimeToDrop,
}

struct Broken {
    good: Arc<MemoryPresence>,
    fault: Fault,
    seen: Mutex<HashSet<VisitorKey>>,
}

fn rig(fault: Fault) -> PresenceHarness {
    PresenceHarness {
        presence: Box::new(Broken {
            good: Arc::default(),
            fault,
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

struct NeedsRuntime(#[expect(dead_code, reason = "held for its Drop alone")] PresenceGuard);

impl Drop for NeedsRuntime {
    fn drop(&mut self) {
        drop(tokio::spawn(async {}));
    }
}

#[async_trait]
impl Presence for Broken {
    async fn track(&self, topic: Topic, visitor: VisitorKey) -> Result<PresenceGuard> {
        let first = self.seen.lock().unwrap().insert(visitor);
        let (good, topic) = (Arc::clone(&self.good), self.topic(topic));
        match self.fault {
            Fault::CountsLater => {
                let later = tokio::spawn(async move { good.track(topic, visitor).await });
                return Ok(PresenceGuard::new(later));
            }
            Fault::CountsTabs if !first => return good.track(topic, VisitorKey::from_u128(99)).await,
            Fault::KnowsOnlyTheFirstTab if !first => return Ok(PresenceGuard::new(())),
            Fault::SeesOneVisitorOnly => return good.track(topic, VisitorKey::from_u128(0)).await,
            Fault::NeedsTheRuntimeToDrop => {
                return Ok(PresenceGuard::new(NeedsRuntime(good.track(topic, visitor).await?)));
            }
            _ => {}
        }
        let guard = good.track(topic, visitor).await;
        // Lets those who listen in a task of their own hear of each change.
        tokio::time::sleep(Duration::from_millis(1)).await;
        guard
    }

    fn watch(&self, topic: Topic) -> BoxStream<'static, u64> {
        let counts = self.good.watch(self.topic(topic));
        match self.fault {
            Fault::CountsItself => counts.map(|count| count + 1).boxed(),
            Fault::EndsAfterThree => counts.take(3).boxed(),
            Fault::TellsEveryChange => every_change(counts),
            Fault::RepeatsItself => each_wake(counts),
            _ => counts,
        }
    }
}

impl Broken {
    fn topic(&self, topic: Topic) -> Topic {
        if self.fault == Fault::MixesTopics {
            Topic::Site
        } else {
            topic
        }
    }
}

/// What was missed is told later, one by one.
pub(crate) fn every_change<T: Send + 'static>(mut values: BoxStream<'static, T>) -> BoxStream<'static, T> {
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move { while values.next().await.is_some_and(|value| sender.send(value).is_ok()) {} });
    unfold(receiver, |mut receiver| async {
        Some((receiver.recv().await?, receiver))
    })
    .boxed()
}

/// The latest whenever something happened, changed or not.
fn each_wake(mut counts: BoxStream<'static, u64>) -> BoxStream<'static, u64> {
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
    a_watch_starts_at_zero: rig(Fault::CountsItself);
    a_tracked_visitor_counts_in_every_watch: rig(Fault::CountsLater);
    a_second_tab_is_not_a_second_viewer: rig(Fault::CountsTabs);
    a_visitor_stays_while_another_tab_is_open: rig(Fault::KnowsOnlyTheFirstTab);
    two_visitors_count_as_two: rig(Fault::SeesOneVisitorOnly);
    a_visitor_leaves_after_the_grace: without_grace();
    a_reload_within_the_grace_changes_nothing: without_grace();
    a_visitor_can_come_back_after_leaving: rig(Fault::EndsAfterThree);
    topics_are_independent: rig(Fault::MixesTopics);
    a_slow_watch_skips_to_the_latest: rig(Fault::TellsEveryChange);
    a_watch_never_repeats_a_number: rig(Fault::RepeatsItself);
    a_guard_may_be_dropped_outside_the_runtime: rig(Fault::NeedsTheRuntimeToDrop);
}
