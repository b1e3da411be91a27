//! What every [`Presence`] keeps.

use std::time::Duration;

use futures::{StreamExt, stream::BoxStream};
use tokio::time::{Instant, timeout};

use super::{PATIENCE, QUIET, Violation, same, suite};
use crate::{Presence, PresenceExt, PresenceGuard, Slug, Topic, VisitorKey};

suite! { $
    /// Proves a [`Presence`](crate::Presence): `make` is an async function that answers a fresh
    /// [`PresenceHarness`](crate::testing::PresenceRig).
    ///
    /// ```
    /// use std::time::Duration;
    /// use horizon_core::testing::PresenceHarness;
    /// use horizon_memory::MemoryPresence; // yours
    ///
    /// async fn make() -> PresenceHarness {
    ///     let grace = Duration::from_secs(3);
    ///     PresenceHarness { presence: Box::new(MemoryPresence::new(grace)), grace }
    /// }
    /// horizon_core::presence_suite!(make, start_paused = true);
    /// ```
    presence_suite, presence:
    nobody_is_here_at_first
    once_tracked_a_visitor_counts_in_every_watch
    a_second_tab_is_not_a_second_viewer
    a_closed_tab_is_not_a_leave_while_another_is_open
    two_visitors_are_two
    a_visitor_leaves_when_the_grace_is_over
    a_reload_within_the_grace_shows_no_change
    a_visitor_may_come_back_after_leaving
    topics_do_not_touch_each_other
    a_slow_watch_skips_to_the_latest
    a_watch_never_says_the_same_number_twice_in_a_row
    a_guard_may_be_dropped_outside_the_runtime
}

const ADA: VisitorKey = VisitorKey::from_u128(1);
const BOB: VisitorKey = VisitorKey::from_u128(2);
const EVE: VisitorKey = VisitorKey::from_u128(3);

/// A fresh presence and how long it waits before a leave counts.
///
/// ```
/// use std::time::Duration;
/// use horizon_core::testing::PresenceHarness;
/// use horizon_memory::MemoryPresence;
///
/// let grace = Duration::from_secs(3);
/// let rig = PresenceHarness { presence: Box::new(MemoryPresence::new(grace)), grace };
/// assert_eq!(rig.grace, grace);
/// ```
pub struct PresenceHarness {
    /// The adapter.
    pub presence: Box<dyn Presence>,
    /// Its grace. The checks let events of 100 ms happen within it.
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
        self.grace * 2 + QUIET
    }
}

async fn expect(what: &str, counts: &mut BoxStream<'static, u64>, want: u64) -> Result<(), Violation> {
    match timeout(PATIENCE / 2, counts.next()).await {
        Ok(got) => same(what, &got, &Some(want)),
        Err(_) => Err(Violation::new(format!("{what}: the watch does not say {want}"))),
    }
}

async fn expect_silence(what: &str, counts: &mut BoxStream<'static, u64>, wait: Duration) -> Result<(), Violation> {
    match timeout(wait, counts.next()).await {
        Ok(got) => Err(Violation::new(format!("{what}: the watch says {got:?}"))),
        Err(_) => Ok(()),
    }
}

/// A watch says 0 at once when nobody is here.
pub async fn nobody_is_here_at_first(rig: &mut PresenceHarness) -> Result<(), Violation> {
    expect("an empty topic", &mut rig.watch(), 0).await
}

/// After `track` answered, a watch that is open says so, and a new one starts with it.
pub async fn once_tracked_a_visitor_counts_in_every_watch(rig: &mut PresenceHarness) -> Result<(), Violation> {
    let mut before = rig.watch();
    expect("before anyone came", &mut before, 0).await?;
    let _ada = rig.track(ADA).await?;
    expect("a new watch", &mut rig.watch(), 1).await?;
    expect("a watch from before", &mut before, 1).await
}

/// Two guards of one visitor count once.
pub async fn a_second_tab_is_not_a_second_viewer(rig: &mut PresenceHarness) -> Result<(), Violation> {
    let _first = rig.track(ADA).await?;
    let mut counts = rig.watch();
    expect("one tab", &mut counts, 1).await?;
    let _second = rig.track(ADA).await?;
    expect_silence("a second tab", &mut counts, QUIET).await?;
    same("a second tab", &rig.viewers().await, &1)
}

/// Of two guards of one visitor, one is enough to be here.
pub async fn a_closed_tab_is_not_a_leave_while_another_is_open(rig: &mut PresenceHarness) -> Result<(), Violation> {
    let first = rig.track(ADA).await?;
    let _second = rig.track(ADA).await?;
    let mut counts = rig.watch();
    expect("two tabs", &mut counts, 1).await?;
    drop(first);
    expect_silence("one of two tabs was closed", &mut counts, rig.longer_than_grace()).await
}

/// Different visitors count each.
pub async fn two_visitors_are_two(rig: &mut PresenceHarness) -> Result<(), Violation> {
    let _ada = rig.track(ADA).await?;
    let _bob = rig.track(BOB).await?;
    expect("two visitors", &mut rig.watch(), 2).await
}

/// The last guard's drop counts after the grace, not before.
pub async fn a_visitor_leaves_when_the_grace_is_over(rig: &mut PresenceHarness) -> Result<(), Violation> {
    let ada = rig.track(ADA).await?;
    let mut counts = rig.watch();
    expect("a visitor", &mut counts, 1).await?;
    let start = Instant::now();
    drop(ada);
    expect("the visitor left", &mut counts, 0).await?;
    let waited = start.elapsed();
    if waited < rig.grace {
        return Err(Violation::new(format!("the leave counted after {waited:?} already")));
    }
    Ok(())
}

/// Going and coming back within the grace is never seen.
pub async fn a_reload_within_the_grace_shows_no_change(rig: &mut PresenceHarness) -> Result<(), Violation> {
    let before = rig.track(ADA).await?;
    let mut counts = rig.watch();
    expect("a visitor", &mut counts, 1).await?;
    drop(before);
    expect_silence("within the grace", &mut counts, QUIET.min(rig.grace / 2)).await?;
    let _after = rig.track(ADA).await?;
    expect_silence("after the reload", &mut counts, rig.longer_than_grace()).await
}

/// Who left is counted again when they come again, and the watch still listens.
pub async fn a_visitor_may_come_back_after_leaving(rig: &mut PresenceHarness) -> Result<(), Violation> {
    let mut counts = rig.watch();
    expect("nobody", &mut counts, 0).await?;
    for _ in 0..2 {
        let ada = rig.track(ADA).await?;
        expect("the visitor came", &mut counts, 1).await?;
        drop(ada);
        expect("the visitor left", &mut counts, 0).await?;
    }
    Ok(())
}

/// A visitor of one page is nowhere else, and leaves no other page when they leave one.
pub async fn topics_do_not_touch_each_other(rig: &mut PresenceHarness) -> Result<(), Violation> {
    let page = |slug| Ok::<_, Violation>(Topic::from(Slug::new(slug).map_err(|e| Violation::new(e.to_string()))?));
    let (here, there) = (page("here")?, page("there")?);
    let guard = rig.presence.track(here.clone(), ADA).await?;
    same("another page", &rig.presence.viewers(there.clone()).await, &0)?;
    let _there = rig.presence.track(there.clone(), ADA).await?;
    let mut counts = rig.presence.watch(there);
    expect("both pages", &mut counts, 1).await?;
    drop(guard);
    expect(
        "the page that was left",
        &mut rig.presence.watch(here).skip(1).boxed(),
        0,
    )
    .await?;
    expect_silence("the page that was not left", &mut counts, QUIET).await
}

/// What was missed while nobody polled is not told later.
pub async fn a_slow_watch_skips_to_the_latest(rig: &mut PresenceHarness) -> Result<(), Violation> {
    let mut slow = rig.watch();
    expect("nobody", &mut slow, 0).await?;
    let mut guards = Vec::new();
    for visitor in [ADA, BOB, EVE] {
        guards.push(rig.track(visitor).await?);
    }
    expect("three came meanwhile", &mut slow, 3).await?;
    expect_silence("nothing else happened", &mut slow, QUIET).await
}

/// One leaves and another comes while nobody polls: that is no change.
pub async fn a_watch_never_says_the_same_number_twice_in_a_row(rig: &mut PresenceHarness) -> Result<(), Violation> {
    let ada = rig.track(ADA).await?;
    let (mut slow, mut quick) = (rig.watch(), rig.watch());
    expect("a visitor", &mut slow, 1).await?;
    expect("a visitor", &mut quick, 1).await?;
    drop(ada);
    expect("the visitor left", &mut quick, 0).await?;
    let _bob = rig.track(BOB).await?;
    expect("another came", &mut quick, 1).await?;
    expect_silence("one left, one came", &mut slow, QUIET).await
}

/// A guard's drop is synchronous and needs no runtime.
pub async fn a_guard_may_be_dropped_outside_the_runtime(rig: &mut PresenceHarness) -> Result<(), Violation> {
    let guard = rig.track(ADA).await?;
    let mut counts = rig.watch();
    expect("a visitor", &mut counts, 1).await?;
    std::thread::spawn(move || drop(guard))
        .join()
        .map_err(|_| Violation::new("the guard's drop panicked"))?;
    expect("the visitor left", &mut counts, 0).await
}
