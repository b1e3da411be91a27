//! What every [`SaltStore`](crate::Salts) keeps.

use futures::future::join_all;

use super::script::Script;
use super::{StoreHarness, Violation, same, suite};
use crate::Day;

suite! { $
    /// Proves a [`SaltStore`](crate::Salts): `make` is an async function that answers a fresh
    /// [`StoreHarness`](crate::testing::StoreRig).
    #[doc = include_str!("stores.md")]
    salts_suite, salts:
    the_first_salt_of_a_day_stays
    many_who_ask_at_the_same_time_get_the_same_salt
    a_day_and_the_day_before_have_their_own_salts
    a_new_day_erases_the_salts_before_the_previous
    forgetting_erases_salts_of_days_before_yesterday_and_no_others
    forgetting_keeps_the_salt_of_tomorrow
}

const TODAY: i64 = 20_000;

async fn salt(rig: &mut dyn StoreHarness, day: i64, fresh: u8) -> Result<u8, Violation> {
    let day = Day::from_number(day);
    let [first, ..] = rig.open().await?.salt(day, [fresh; 32]).await?;
    Ok(first)
}

/// Whoever asks later gets what the first one brought.
pub async fn the_first_salt_of_a_day_stays(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    for fresh in [1, 2, 3] {
        same("the salt", &salt(rig, TODAY, fresh).await?, &1)?;
    }
    let whole = rig.open().await?.salt(Day::from_number(TODAY), [9; 32]).await?;
    same("all its bytes", &whole, &[1; 32])
}

/// Of many first ones one wins, and all of them learn it.
pub async fn many_who_ask_at_the_same_time_get_the_same_salt(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let store = rig.open().await?;
    let asked = (1..=16).map(|fresh| store.salt(Day::from_number(TODAY), [fresh; 32]));
    let mut salts = Vec::new();
    for answer in join_all(asked).await {
        salts.push(answer?);
    }
    drop(store);
    salts.dedup();
    same("how many different salts", &salts.len(), &1)
}

/// Shortly after midnight both are needed.
pub async fn a_day_and_the_day_before_have_their_own_salts(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    same("yesterday's", &salt(rig, TODAY - 1, 1).await?, &1)?;
    same("today's", &salt(rig, TODAY, 2).await?, &2)?;
    same("yesterday's again", &salt(rig, TODAY - 1, 3).await?, &1)
}

/// Asking for a day's salt erases the old ones, which shows in that a new one takes their place.
pub async fn a_new_day_erases_the_salts_before_the_previous(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    salt(rig, TODAY - 2, 1).await?;
    salt(rig, TODAY, 2).await?;
    same("two days old", &salt(rig, TODAY - 2, 3).await?, &3)
}

/// `expire` keeps today's and yesterday's salt.
pub async fn forgetting_erases_salts_of_days_before_yesterday_and_no_others(
    rig: &mut dyn StoreHarness,
) -> Result<(), Violation> {
    let now = Script::new().now();
    let today = now.day().number();
    salt(rig, today - 2, 1).await?;
    salt(rig, today - 1, 2).await?;
    rig.open().await?.expire(now).await?;
    same("yesterday's", &salt(rig, today - 1, 8).await?, &2)?;
    same("two days old", &salt(rig, today - 2, 9).await?, &9)
}

/// Tomorrow's salt is asked for ahead, and all processes keep the one that they got.
pub async fn forgetting_keeps_the_salt_of_tomorrow(rig: &mut dyn StoreHarness) -> Result<(), Violation> {
    let now = Script::new().now();
    let today = now.day().number();
    salt(rig, today, 1).await?;
    salt(rig, today + 1, 2).await?;
    rig.open().await?.expire(now).await?;
    same("today's", &salt(rig, today, 8).await?, &1)?;
    same("tomorrow's", &salt(rig, today + 1, 9).await?, &2)
}
