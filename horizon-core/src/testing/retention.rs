//! The checks of [`StatsStore::expire`](crate::StatsStore::expire).

use std::time::Duration;

use super::event_factory::EventFactory;
use super::store::{apply, expect_likes, expect_visits, expire};
use super::{StoreHarness, Violation, expect_eq};
use crate::{DEDUPE_WINDOW, StatsStoreExt, Topic, VISITOR_RETENTION};

const MILLI: Duration = Duration::from_millis(1);

/// `expire` keeps totals and likes.
pub async fn expire_changes_no_total_and_no_like(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut factory, site) = (EventFactory::new(), Topic::Site);
    apply(
        harness,
        &[
            factory.anonymous_visit(&site),
            factory.visit(&site, 1),
            factory.like(&site, 1),
        ],
    )
    .await?;
    let before = harness.open().await?.total(&site).await?;
    expire(harness, factory.now().plus(DEDUPE_WINDOW * 12)).await?;
    expect_eq("the totals", &harness.open().await?.total(&site).await?, &before)?;
    let again = factory.like(&site, 1);
    apply(harness, &[again]).await?;
    expect_likes("the same reader's like", harness, 1).await
}

/// A repeat at the end of the window is recognised.
pub async fn an_id_is_kept_for_the_whole_window(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let hit = EventFactory::new().anonymous_visit(&Topic::Site);
    apply(harness, std::slice::from_ref(&hit)).await?;
    expire(harness, hit.at.plus(DEDUPE_WINDOW)).await?;
    apply(harness, &[hit]).await?;
    expect_visits("a repeat at the end of the window", harness, 1).await
}

/// After `expire`, a repeat counts.
pub async fn expire_erases_ids_past_the_window(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let hit = EventFactory::new().anonymous_visit(&Topic::Site);
    apply(harness, std::slice::from_ref(&hit)).await?;
    expire(harness, hit.at.plus(DEDUPE_WINDOW + MILLI)).await?;
    apply(harness, &[hit]).await?;
    expect_visits("the id is erased", harness, 2).await
}

/// A visitor is known for 24 hours.
pub async fn a_visitor_is_kept_for_a_day(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    seen_and_forgotten(harness, VISITOR_RETENTION, 1).await
}

/// After `expire`, a late event of the visitor counts.
pub async fn expire_erases_visitors_after_a_day(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    seen_and_forgotten(harness, VISITOR_RETENTION + MILLI, 2).await
}

/// After `expire`, an earlier like counts.
pub async fn expire_erases_unlikes_past_the_window(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut factory, site) = (EventFactory::new(), Topic::Site);
    let early = factory.like(&site, 1);
    factory.advance(MILLI);
    let unlike = factory.unlike(&site, 1);
    apply(harness, std::slice::from_ref(&unlike)).await?;
    expire(harness, unlike.at.plus(DEDUPE_WINDOW + MILLI)).await?;
    apply(harness, &[early]).await?;
    expect_likes("the unlike is erased", harness, 1).await
}

async fn seen_and_forgotten(harness: &mut dyn StoreHarness, after: Duration, want: u64) -> Result<(), Violation> {
    let mut factory = EventFactory::new();
    let (early, seen, late) = (
        factory.now(),
        factory.visit(&Topic::Site, 1),
        factory.visit(&Topic::Site, 1),
    );
    apply(harness, &[seen]).await?;
    expire(harness, early.plus(after)).await?;
    apply(harness, &[late]).await?;
    expect_visits(&format!("forgotten after {after:?}"), harness, want).await
}
