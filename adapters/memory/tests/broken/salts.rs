use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use horizon_core::{Day, Result, SaltStore, StatsStore, Timestamp};
use horizon_memory::MemoryStore;

use crate::store::{NeverExpires, StoreDefect, harness};
use crate::{caught, names};

struct NeverStoresSalts;

#[async_trait]
impl StoreDefect for NeverStoresSalts {
    async fn salt(&self, _: &MemoryStore, _: Day, fresh: [u8; 32]) -> Result<[u8; 32]> {
        Ok(fresh)
    }
}

/// Reads and writes separately, so that two callers both store a salt.
#[derive(Default)]
struct NonAtomicSalts(Mutex<HashMap<Day, [u8; 32]>>);

#[async_trait]
impl StoreDefect for NonAtomicSalts {
    async fn salt(&self, _: &MemoryStore, day: Day, fresh: [u8; 32]) -> Result<[u8; 32]> {
        let known = self.0.lock().unwrap().get(&day).copied();
        tokio::task::yield_now().await;
        let salt = known.unwrap_or(fresh);
        self.0.lock().unwrap().insert(day, salt);
        Ok(salt)
    }
}

struct OneSaltForAllDays;

#[async_trait]
impl StoreDefect for OneSaltForAllDays {
    async fn salt(&self, good: &MemoryStore, _: Day, fresh: [u8; 32]) -> Result<[u8; 32]> {
        good.salt(Day::from_number(0), fresh).await
    }
}

/// Erases the salts of future days when it expires old ones.
struct ExpiresFutureSalts(AtomicI64);

#[async_trait]
impl StoreDefect for ExpiresFutureSalts {
    async fn expire(&self, good: &MemoryStore, now: Timestamp) -> Result<()> {
        self.0.store(now.day().number(), Ordering::Relaxed);
        good.expire(now).await
    }

    async fn salt(&self, good: &MemoryStore, day: Day, fresh: [u8; 32]) -> Result<[u8; 32]> {
        if day.number() > self.0.load(Ordering::Relaxed) {
            return Ok(fresh);
        }
        good.salt(day, fresh).await
    }
}

caught! { salts, salts_suite:
    the_first_salt_of_a_day_is_kept: harness(NeverStoresSalts) => "the salt\n   got 2\nwanted 1";
    concurrent_callers_get_the_same_salt: harness(NonAtomicSalts::default())
        => "how many different salts\n   got 16\nwanted 1";
    today_and_yesterday_have_separate_salts: harness(OneSaltForAllDays) => "today's\n   got 1\nwanted 2";
    a_new_day_erases_salts_before_yesterday: harness(NonAtomicSalts::default()) => "two days old\n   got 1\nwanted 3";
    expire_erases_only_salts_before_yesterday: harness(NeverExpires) => "two days old\n   got 1\nwanted 9";
    expire_keeps_the_salt_of_tomorrow: harness(ExpiresFutureSalts(i64::MAX.into())) => "tomorrow's\n   got 9\nwanted 2";
}
