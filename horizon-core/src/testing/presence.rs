//! The checks of a [`Presence`].

use std::time::Duration;

use futures::{StreamExt, stream::BoxStream};
use tokio::time::{Instant, timeout};

use super::{CHECK_TIMEOUT, SILENCE, Violation, expect_eq, located, suite};
use crate::{Presence, PresenceExt, PresenceGuard, Slug, Topic, VisitorKey};

suite! { $
    /// Generates the tests of a [`Presence`](crate::Presence). `make` is an async function that returns a new
    /// [`PresenceHarness`](crate::testing::PresenceHarness).
    presence_suite, presence:
    a_watch_starts_at_zero
    a_tracked_visitor_counts_in_every_watch
    a_second_tab_is_not_a_second_viewer
    a_visitor_stays_while_another_tab_is_open
    two_visitors_count_as_two
    a_visitor_leaves_after_the_grace
    a_reload_within_the_grace_changes_nothing
    a_visitor_can_come_back_after_leaving
    topics_are_independent
    a_slow_watch_skips_to_the_latest
    a_watch_never_repeats_a_number
    a_guard_may_be_dropped_outside_the_runtime
}

const ADA: VisitorKey = VisitorKey::from_u128(1);
const BOB: VisitorKey = VisitorKey::from_u128(2);
const EVE: VisitorKey = VisitorKey::from_u128(3);

/// A new presence adapter and its grace.
pub struct PresenceHarness {
    /// The adapter under test.
    pub presence: Box<dyn Presence>,
    /// The adapter's grace, longer than 100 ms.
    pub grace: Duration,
}

impl std::fmt::Debug for PresenceHarness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PresenceHarness")
            .field("grace", &self.grace)
            .finish_non_exhaustive()
    }
}

impl PresenceHarness {
    async fn track(&self, visitor: VisitorKey) -> Result<PresenceGuard, Violation> {
        Ok(self.presence.track(Topic::Site, visitor).await?)
    }

    fn watch(&self) -> BoxStream<'static, u64> {
        self.presence.watch(Topic::Site)
    }

    async fn viewers(&self) -> u64 {
        self.presence.viewers(Topic::Site).await
    }

    fn longer_than_grace(&self) -> Duration {
        self.grace * 2 + SILENCE
    }
}

#[track_caller]
fn expect(what: &str, counts: &mut BoxStream<'static, u64>, want: u64) -> impl Future<Output = Result<(), Violation>> {
    located(async move {
        match timeout(CHECK_TIMEOUT / 2, counts.next()).await {
            Ok(got) => expect_eq(what, &got, &Some(want)),
            Err(_) => Err(Violation::new(format!("{what}: the watch does not yield {want}"))),
        }
    })
}

#[track_caller]
fn expect_silence(
    what: &str,
    counts: &mut BoxStream<'static, u64>,
    wait: Duration,
) -> impl Future<Output = Result<(), Violation>> {
    located(async move {
        match timeout(wait, counts.next()).await {
            Ok(got) => Err(Violation::new(format!("{what}: the watch yields {got:?}"))),
            Err(_) => Ok(()),
        }
    })
}

/// A watch of an empty topic yields 0 at once.
pub async fn a_watch_starts_at_zero(harness: &mut PresenceHarness) -> Result<(), Violation> {
    expect("an empty topic", &mut harness.watch(), 0).await
}

/// When `track` returns, open watches and new ones include the visitor.
pub async fn a_tracked_visitor_counts_in_every_watch(harness: &mut PresenceHarness) -> Result<(), Violation> {
    let mut before = harness.watch();
    expect("before anyone joined", &mut before, 0).await?;
    let _ada = harness.track(ADA).await?;
    expect("a new watch", &mut harness.watch(), 1).await?;
    expect("a watch from before", &mut before, 1).await
}

/// Two guards of one visitor count once.
pub async fn a_second_tab_is_not_a_second_viewer(harness: &mut PresenceHarness) -> Result<(), Violation> {
    let _first = harness.track(ADA).await?;
    let mut counts = harness.watch();
    expect("one tab", &mut counts, 1).await?;
    let _second = harness.track(ADA).await?;
    expect_silence("a second tab", &mut counts, SILENCE).await?;
    expect_eq("a second tab", &harness.viewers().await, &1)
}

/// One of two guards keeps the visitor present.
pub async fn a_visitor_stays_while_another_tab_is_open(harness: &mut PresenceHarness) -> Result<(), Violation> {
    let first = harness.track(ADA).await?;
    let _second = harness.track(ADA).await?;
    let mut counts = harness.watch();
    expect("two tabs", &mut counts, 1).await?;
    drop(first);
    expect_silence("one of two tabs was closed", &mut counts, harness.longer_than_grace()).await
}

/// Each visitor counts.
pub async fn two_visitors_count_as_two(harness: &mut PresenceHarness) -> Result<(), Violation> {
    let _ada = harness.track(ADA).await?;
    let _bob = harness.track(BOB).await?;
    expect("two visitors", &mut harness.watch(), 2).await
}

/// Dropping the last guard counts after the grace, not earlier.
pub async fn a_visitor_leaves_after_the_grace(harness: &mut PresenceHarness) -> Result<(), Violation> {
    let ada = harness.track(ADA).await?;
    let mut counts = harness.watch();
    expect("a visitor", &mut counts, 1).await?;
    let start = Instant::now();
    drop(ada);
    expect("the visitor left", &mut counts, 0).await?;
    let waited = start.elapsed();
    if waited < harness.grace {
        return Err(Violation::new(format!(
            "the visitor left after {waited:?}, before the end of the grace"
        )));
    }
    Ok(())
}

/// A watch does not see a visitor leave and return within the grace.
pub async fn a_reload_within_the_grace_changes_nothing(harness: &mut PresenceHarness) -> Result<(), Violation> {
    let before = harness.track(ADA).await?;
    let mut counts = harness.watch();
    expect("a visitor", &mut counts, 1).await?;
    drop(before);
    expect_silence("within the grace", &mut counts, SILENCE.min(harness.grace / 2)).await?;
    let _after = harness.track(ADA).await?;
    expect_silence("after the reload", &mut counts, harness.longer_than_grace()).await
}

/// A visitor who left counts again when they return, in the same watch.
pub async fn a_visitor_can_come_back_after_leaving(harness: &mut PresenceHarness) -> Result<(), Violation> {
    let mut counts = harness.watch();
    expect("no visitor", &mut counts, 0).await?;
    for _ in 0..2 {
        let ada = harness.track(ADA).await?;
        expect("the visitor joined", &mut counts, 1).await?;
        drop(ada);
        expect("the visitor left", &mut counts, 0).await?;
    }
    Ok(())
}

/// Joining and leaving one page does not change another.
pub async fn topics_are_independent(harness: &mut PresenceHarness) -> Result<(), Violation> {
    let page = |slug| Ok::<_, Violation>(Topic::from(Slug::new(slug).map_err(|e| Violation::new(e.to_string()))?));
    let (here, there) = (page("here")?, page("there")?);
    let guard = harness.presence.track(here.clone(), ADA).await?;
    expect_eq("another page", &harness.presence.viewers(there.clone()).await, &0)?;
    let _there = harness.presence.track(there.clone(), ADA).await?;
    let mut counts = harness.presence.watch(there);
    expect("both pages", &mut counts, 1).await?;
    drop(guard);
    expect(
        "the page that was left",
        &mut harness.presence.watch(here).skip(1).boxed(),
        0,
    )
    .await?;
    expect_silence("the page that was not left", &mut counts, SILENCE).await
}

/// Numbers between two polls are skipped.
pub async fn a_slow_watch_skips_to_the_latest(harness: &mut PresenceHarness) -> Result<(), Violation> {
    let mut slow = harness.watch();
    expect("no visitor", &mut slow, 0).await?;
    let mut guards = Vec::new();
    for visitor in [ADA, BOB, EVE] {
        guards.push(harness.track(visitor).await?);
    }
    expect("three joined", &mut slow, 3).await?;
    expect_silence("nothing else happened", &mut slow, SILENCE).await
}

/// One visitor leaves and another joins between two polls: the watch yields nothing.
pub async fn a_watch_never_repeats_a_number(harness: &mut PresenceHarness) -> Result<(), Violation> {
    let ada = harness.track(ADA).await?;
    let (mut slow, mut quick) = (harness.watch(), harness.watch());
    expect("a visitor", &mut slow, 1).await?;
    expect("a visitor", &mut quick, 1).await?;
    drop(ada);
    expect("the visitor left", &mut quick, 0).await?;
    let _bob = harness.track(BOB).await?;
    expect("another joined", &mut quick, 1).await?;
    expect_silence("one left, one joined", &mut slow, SILENCE).await
}

/// Dropping a guard is synchronous and needs no runtime.
pub async fn a_guard_may_be_dropped_outside_the_runtime(harness: &mut PresenceHarness) -> Result<(), Violation> {
    let guard = harness.track(ADA).await?;
    let mut counts = harness.watch();
    expect("a visitor", &mut counts, 1).await?;
    std::thread::spawn(move || drop(guard))
        .join()
        .map_err(|_| Violation::new("the guard's drop panicked"))?;
    expect("the visitor left", &mut counts, 0).await
}
