//! What every pair of [`Analytics`] and [`EventConsumer`] keeps.

use std::{future::Future, pin::pin, sync::Arc};

use async_trait::async_trait;
use futures::{
    StreamExt,
    future::{Either, join, join_all, poll_fn, select},
    stream::BoxStream,
};
use tokio::time::{sleep, timeout};

use super::script::{Script, limit, page};
use super::{PATIENCE, QUIET, Violation, same, suite};
use crate::{Analytics, Event, EventConsumer, Result, Stats, StatsStore, Topic, Update, process_batch};

suite! { $
    /// Proves an [`Analytics`](crate::Analytics) and its [`EventConsumer`](crate::Feed): `make` is an async
    /// function that answers a fresh [`BusHarness`](crate::testing::PipeRig).
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use horizon_core::{Analytics, EventConsumer, Result, StatsStore, testing::BusHarness};
    /// # struct Rig;
    /// # impl Rig { fn new() -> Self { Self } }
    /// # #[async_trait::async_trait]
    /// # impl BusHarness for Rig {
    /// #     fn analytics(&self) -> Arc<dyn Analytics> { unimplemented!() }
    /// #     async fn feed(&mut self) -> Result<Box<dyn EventConsumer>> { unimplemented!() }
    /// #     fn store(&self) -> Arc<dyn StatsStore> { unimplemented!() }
    /// # }
    /// async fn make() -> Rig {
    ///     Rig::new() // `BusHarness` shows one
    /// }
    /// horizon_core::pipe_suite!(make);
    /// ```
    pipe_suite, pipe:
    events_come_in_the_order_in_which_they_were_taken
    a_batch_holds_at_most_its_limit
    an_event_is_answered_once_it_went_through_the_accumulator
    what_is_not_acknowledged_comes_again
    what_is_not_acknowledged_comes_again_from_a_new_feed
    what_is_acknowledged_never_comes_again
    giving_up_a_wait_for_a_batch_loses_nothing
    an_event_that_is_tracked_twice_counts_once
    a_watch_says_the_latest_at_once
    a_watch_says_each_newer_total
    a_watch_never_goes_back
    a_slow_watch_skips_to_the_latest
    a_watch_hears_only_its_topic
    a_watch_outlives_the_feed
}

/// How the checks reach a fresh pipe.
///
/// ```
/// use std::sync::Arc;
/// use async_trait::async_trait;
/// use horizon_core::{Analytics, EventConsumer, Result, StatsStore, testing::BusHarness};
/// use horizon_memory::{MemoryConsumer, MemoryBus, MemoryStats}; // yours
///
/// struct Rig {
///     pipe: Arc<MemoryBus>,
///     first: Option<MemoryConsumer>, // what `MemoryBus::new` answered
///     store: Arc<MemoryStats>,
/// }
///
/// #[async_trait]
/// impl BusHarness for Rig {
///     fn analytics(&self) -> Arc<dyn Analytics> {
///         self.pipe.clone()
///     }
///     async fn feed(&mut self) -> Result<Box<dyn EventConsumer>> {
///         Ok(Box::new(match self.first.take() {
///             Some(feed) => feed,
///             None => self.pipe.feed()?,
///         }))
///     }
///     fn store(&self) -> Arc<dyn StatsStore> {
///         self.store.clone()
///     }
/// }
/// ```
#[async_trait]
pub trait BusHarness: Send {
    /// The end that takes events.
    fn analytics(&self) -> Arc<dyn Analytics>;

    /// Opens the other end. The checks drop a feed before they ask for the next.
    async fn feed(&mut self) -> Result<Box<dyn EventConsumer>>;

    /// The store where the pipe's watches find what was counted before they came.
    fn store(&self) -> Arc<dyn StatsStore>;
}

/// Tracks the events one after another while `script` runs, and answers what the script does.
async fn meanwhile<T>(analytics: &dyn Analytics, events: &[Event], script: impl Future<Output = T>) -> T {
    // An adapter may answer before or after the event is acknowledged, so all have to be under way.
    let tracking = pin!(join_all(events.iter().map(|event| analytics.track(event.clone()))));
    match select(tracking, pin!(script)).await {
        Either::Left((_, script)) => script.await,
        Either::Right((answer, _)) => answer,
    }
}

/// Takes as many events as there should be, in batches of at most `most`, and acknowledges them.
async fn take(feed: &mut dyn EventConsumer, count: usize, most: usize) -> Result<Vec<Event>, Violation> {
    let mut taken = Vec::new();
    while taken.len() < count {
        let batch = feed.next_batch(limit(most)).await?;
        if batch.events.is_empty() || batch.events.len() > most {
            return Err(Violation::new(format!(
                "a batch of {} with a limit of {most}",
                batch.events.len()
            )));
        }
        taken.extend(batch.events);
        feed.acknowledge(batch.ack).await?;
    }
    Ok(taken)
}

/// Waits until the head of the feed is these events; hands out nothing to acknowledge.
async fn peek(feed: &mut dyn EventConsumer, want: &[Event]) -> Result<(), Violation> {
    let mut got = Vec::new();
    // The adapter may hand out a part while the rest is on its way.
    let whole = async {
        while got.len() < want.len() {
            got = feed.next_batch(limit(want.len())).await?.events;
            // A part that is there is answered at once; who brings the rest has to get its turn.
            sleep(std::time::Duration::from_millis(1)).await;
        }
        Ok::<_, Violation>(())
    };
    let _ = timeout(PATIENCE / 2, whole).await;
    same("the unacknowledged events", &got, &want.to_vec())
}

async fn expect_nothing(what: &str, feed: &mut dyn EventConsumer) -> Result<(), Violation> {
    match timeout(QUIET, feed.next_batch(limit(1))).await {
        Ok(batch) => Err(Violation::new(format!("{what}: the feed says {batch:?}"))),
        Err(_) => Ok(()),
    }
}

/// Takes one event through the whole pipe and the accumulator.
async fn count(rig: &dyn BusHarness, feed: &mut dyn EventConsumer, event: &Event) -> Result<(), Violation> {
    let (analytics, store, at) = (rig.analytics(), rig.store(), event.at);
    let counting = async { process_batch(feed, &*store, &|| at, limit(1)).await };
    let (tracked, counted) = join(analytics.track(event.clone()), counting).await;
    counted?;
    Ok(tracked?)
}

fn visits(visits: u64) -> Stats {
    Stats::new(visits, 0, 0)
}

fn update(topic: &Topic, revision: u64) -> Update {
    Update::new(topic.clone(), visits(revision), revision)
}

async fn expect(what: &str, totals: &mut BoxStream<'static, Stats>, want: u64) -> Result<(), Violation> {
    match timeout(PATIENCE / 2, totals.next()).await {
        Ok(got) => same(what, &got, &Some(visits(want))),
        Err(_) => Err(Violation::new(format!("{what}: the watch does not say {want}"))),
    }
}

async fn expect_silence(what: &str, totals: &mut BoxStream<'static, Stats>) -> Result<(), Violation> {
    match timeout(QUIET, totals.next()).await {
        Ok(got) => Err(Violation::new(format!("{what}: the watch says {got:?}"))),
        Err(_) => Ok(()),
    }
}

fn hits(count: usize) -> Vec<Event> {
    let mut script = Script::new();
    (0..count).map(|_| script.hit(&Topic::Site)).collect()
}

/// What one publisher tracks comes out in that order, whatever the limit.
pub async fn events_come_in_the_order_in_which_they_were_taken(rig: &mut dyn BusHarness) -> Result<(), Violation> {
    let (mut feed, events) = (rig.feed().await?, hits(20));
    let taken = meanwhile(&*rig.analytics(), &events, take(&mut *feed, 20, 3)).await?;
    same("twenty events", &taken, &events)
}

/// A batch has at least one event and at most as many as asked for.
pub async fn a_batch_holds_at_most_its_limit(rig: &mut dyn BusHarness) -> Result<(), Violation> {
    let (mut feed, events) = (rig.feed().await?, hits(7));
    for most in [1, 2, 100] {
        meanwhile(&*rig.analytics(), &events, take(&mut *feed, 7, most)).await?;
    }
    Ok(())
}

/// `track` answers, and the event is in the store.
pub async fn an_event_is_answered_once_it_went_through_the_accumulator(
    rig: &mut dyn BusHarness,
) -> Result<(), Violation> {
    let mut feed = rig.feed().await?;
    for event in &hits(2) {
        count(rig, &mut *feed, event).await?;
    }
    let totals = rig.store().get(&[Topic::Site]).await?;
    same("two events", &totals.first().map(|u| u.stats), &Some(visits(2)))
}

/// The same feed hands an unacknowledged batch out again.
pub async fn what_is_not_acknowledged_comes_again(rig: &mut dyn BusHarness) -> Result<(), Violation> {
    let (mut feed, events) = (rig.feed().await?, hits(3));
    let twice = async {
        peek(&mut *feed, &events).await?;
        peek(&mut *feed, &events).await
    };
    meanwhile(&*rig.analytics(), &events, twice).await
}

/// A new feed starts with what the old one left unacknowledged.
pub async fn what_is_not_acknowledged_comes_again_from_a_new_feed(rig: &mut dyn BusHarness) -> Result<(), Violation> {
    let (mut feed, events) = (rig.feed().await?, hits(3));
    meanwhile(&*rig.analytics(), &events, peek(&mut *feed, &events)).await?;
    drop(feed);
    peek(&mut *rig.feed().await?, &events).await
}

/// Neither the same feed nor a new one repeats what was acknowledged.
pub async fn what_is_acknowledged_never_comes_again(rig: &mut dyn BusHarness) -> Result<(), Violation> {
    let (mut feed, events) = (rig.feed().await?, hits(3));
    let (first, rest) = events.split_at(2);
    let taken = meanwhile(&*rig.analytics(), first, take(&mut *feed, 2, 1)).await?;
    same("two events", &taken, &first.to_vec())?;
    meanwhile(&*rig.analytics(), rest, peek(&mut *feed, rest)).await?;
    drop(feed);
    let mut feed = rig.feed().await?;
    same("a new feed", &take(&mut *feed, 1, 10).await?, &rest.to_vec())?;
    expect_nothing("all is acknowledged", &mut *feed).await
}

/// Dropping the future of `next_batch` at any point loses no event.
pub async fn giving_up_a_wait_for_a_batch_loses_nothing(rig: &mut dyn BusHarness) -> Result<(), Violation> {
    let (mut feed, events) = (rig.feed().await?, hits(3));
    give_up_after(2, feed.next_batch(limit(3))).await;
    let script = async {
        for polls in 0..5 {
            give_up_after(polls, feed.next_batch(limit(3))).await;
        }
        peek(&mut *feed, &events).await
    };
    meanwhile(&*rig.analytics(), &events, script).await
}

/// Polls a future a few times and drops it.
pub(super) async fn give_up_after<F: Future>(polls: usize, future: F) {
    let mut future = pin!(future);
    for _ in 0..polls {
        let ready = poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_ready())).await;
        if ready {
            return;
        }
        sleep(std::time::Duration::from_millis(1)).await;
    }
}

/// A retry with the same event adds nothing, and is answered.
pub async fn an_event_that_is_tracked_twice_counts_once(rig: &mut dyn BusHarness) -> Result<(), Violation> {
    let (mut feed, events) = (rig.feed().await?, hits(1));
    for event in events.iter().chain(&events) {
        count(rig, &mut *feed, event).await?;
    }
    let totals = rig.store().get(&[Topic::Site]).await?;
    same("one event, twice", &totals.first().map(|u| u.stats), &Some(visits(1)))
}

/// Whoever comes later starts with what was counted before, also when that is nothing.
pub async fn a_watch_says_the_latest_at_once(rig: &mut dyn BusHarness) -> Result<(), Violation> {
    let mut feed = rig.feed().await?;
    for event in &hits(2) {
        count(rig, &mut *feed, event).await?;
    }
    expect("two visits", &mut rig.analytics().watch(Topic::Site), 2).await?;
    expect("no visit", &mut rig.analytics().watch(page("other")?), 0).await
}

/// A watch that is polled hears of every event that is counted.
pub async fn a_watch_says_each_newer_total(rig: &mut dyn BusHarness) -> Result<(), Violation> {
    let mut feed = rig.feed().await?;
    let mut totals = rig.analytics().watch(Topic::Site);
    expect("nothing counted", &mut totals, 0).await?;
    for (event, want) in hits(3).iter().zip(1..) {
        count(rig, &mut *feed, event).await?;
        expect("one more", &mut totals, want).await?;
    }
    Ok(())
}

/// An update with a lower or the same revision is dropped.
pub async fn a_watch_never_goes_back(rig: &mut dyn BusHarness) -> Result<(), Violation> {
    let mut feed = rig.feed().await?;
    let mut totals = rig.analytics().watch(Topic::Site);
    expect("nothing counted", &mut totals, 0).await?;
    feed.publish(&[update(&Topic::Site, 5)]).await?;
    expect("revision 5", &mut totals, 5).await?;
    for old in [3, 5] {
        feed.publish(&[update(&Topic::Site, old)]).await?;
        expect_silence("an old revision", &mut totals).await?;
    }
    feed.publish(&[update(&Topic::Site, 6)]).await?;
    expect("revision 6", &mut totals, 6).await
}

/// What was published while nobody polled is not told one by one later.
pub async fn a_slow_watch_skips_to_the_latest(rig: &mut dyn BusHarness) -> Result<(), Violation> {
    let mut feed = rig.feed().await?;
    let (mut slow, mut quick) = (rig.analytics().watch(Topic::Site), rig.analytics().watch(Topic::Site));
    expect("nothing counted", &mut slow, 0).await?;
    expect("nothing counted", &mut quick, 0).await?;
    for revision in 1..=100 {
        feed.publish(&[update(&Topic::Site, revision)]).await?;
    }
    while quick.next().await.is_some_and(|stats| stats.visits < 100) {}
    expect("a hundred later", &mut slow, 100).await?;
    expect_silence("nothing else happened", &mut slow).await
}

/// Updates of one topic do not wake another's watch.
pub async fn a_watch_hears_only_its_topic(rig: &mut dyn BusHarness) -> Result<(), Violation> {
    let mut feed = rig.feed().await?;
    let (here, there) = (page("here")?, page("there")?);
    let (mut mine, mut other) = (
        rig.analytics().watch(here.clone()),
        rig.analytics().watch(there.clone()),
    );
    expect("nothing counted", &mut mine, 0).await?;
    expect("nothing counted", &mut other, 0).await?;
    feed.publish(&[update(&there, 9), update(&here, 2)]).await?;
    expect("this page", &mut mine, 2).await?;
    expect("the other page", &mut other, 9).await?;
    expect_silence("this page again", &mut mine).await
}

/// The accumulator may go and come again; a watch just goes on.
pub async fn a_watch_outlives_the_feed(rig: &mut dyn BusHarness) -> Result<(), Violation> {
    let feed = rig.feed().await?;
    let mut totals = rig.analytics().watch(Topic::Site);
    expect("nothing counted", &mut totals, 0).await?;
    drop(feed);
    expect_silence("the feed went away", &mut totals).await?;
    rig.feed().await?.publish(&[update(&Topic::Site, 1)]).await?;
    expect("a new feed", &mut totals, 1).await
}
