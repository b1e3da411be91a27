//! The checks of a [`SaltStore`](crate::SaltStore).

use futures::future::join_all;

use super::event_factory::EventFactory;
use super::{StoreHarness, Violation, expect_eq, suite};
use crate::Day;

suite! { $
    /// Generates the tests of a [`SaltStore`](crate::SaltStore); see [`store_suite!`](crate::store_suite).
    /// `make` is an async function that returns a new [`StoreHarness`](crate::testing::StoreHarness).
    salts_suite, salts:
    the_first_salt_of_a_day_is_kept
    concurrent_callers_get_the_same_salt
    today_and_yesterday_have_separate_salts
    a_new_day_erases_salts_before_yesterday
    expire_erases_only_salts_before_yesterday
    expire_keeps_the_salt_of_tomorrow
}

const TODAY: i64 = 20_000;

async fn salt(harness: &mut dyn StoreHarness, day: i64, fresh: u8) -> Result<u8, Violation> {
    let day = Day::from_number(day);
    let [first, ..] = harness.open().await?.salt(day, [fresh; 32]).await?;
    Ok(first)
}

/// Later calls return the salt of the first call.
pub async fn the_first_salt_of_a_day_is_kept(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    for fresh in [1, 2, 3] {
        expect_eq("the salt", &salt(harness, TODAY, fresh).await?, &1)?;
    }
    let whole = harness.open().await?.salt(Day::from_number(TODAY), [9; 32]).await?;
    expect_eq("all its bytes", &whole, &[1; 32])
}

/// One of several concurrent first calls sets the salt for all of them.
pub async fn concurrent_callers_get_the_same_salt(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let store = harness.open().await?;
    let requested = (1..=16).map(|fresh| store.salt(Day::from_number(TODAY), [fresh; 32]));
    let mut salts = Vec::new();
    for result in join_all(requested).await {
        salts.push(result?);
    }
    drop(store);
    salts.dedup();
    expect_eq("how many different salts", &salts.len(), &1)
}

/// Both salts are needed shortly after midnight.
pub async fn today_and_yesterday_have_separate_salts(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    expect_eq("yesterday's", &salt(harness, TODAY - 1, 1).await?, &1)?;
    expect_eq("today's", &salt(harness, TODAY, 2).await?, &2)?;
    expect_eq("yesterday's again", &salt(harness, TODAY - 1, 3).await?, &1)
}

/// After a call for a new day, a call for an old day sets a new salt.
pub async fn a_new_day_erases_salts_before_yesterday(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    salt(harness, TODAY - 2, 1).await?;
    salt(harness, TODAY, 2).await?;
    expect_eq("two days old", &salt(harness, TODAY - 2, 3).await?, &3)
}

/// `expire` keeps yesterday's salt and erases older ones.
pub async fn expire_erases_only_salts_before_yesterday(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let now = EventFactory::new().now();
    let today = now.day().number();
    salt(harness, today - 2, 1).await?;
    salt(harness, today - 1, 2).await?;
    harness.open().await?.expire(now).await?;
    expect_eq("yesterday's", &salt(harness, today - 1, 8).await?, &2)?;
    expect_eq("two days old", &salt(harness, today - 2, 9).await?, &9)
}

/// `expire` keeps the salts of today and tomorrow.
pub async fn expire_keeps_the_salt_of_tomorrow(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let now = EventFactory::new().now();
    let today = now.day().number();
    salt(harness, today, 1).await?;
    salt(harness, today + 1, 2).await?;
    harness.open().await?.expire(now).await?;
    expect_eq("today's", &salt(harness, today, 8).await?, &1)?;
    expect_eq("tomorrow's", &salt(harness, today + 1, 9).await?, &2)
}
