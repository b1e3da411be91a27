use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use horizon_core::{Day, Result, SaltStore, StatsStore, Timestamp};
use horizon_memory::MemoryStats;

use crate::store::{Fault, NeverForgets, rig};
use crate::{caught, names};

struct AlwaysFresh;

#[async_trait]
impl Fault for AlwaysFresh {
    async fn salt(&self, _: &MemoryStats, _: Day, fresh: [u8; 32]) -> Result<[u8; 32]> {
        Ok(fresh)
    }
}

/// Looks first and keeps later, so that two callers both find nothing.
#[derive(Default)]
struct LooksThenKeeps(Mutex<HashMap<Day, [u8; 32]>>);

#[async_trait]
impl Fault for LooksThenKeeps {
    async fn salt(&self, _: &MemoryStats, day: Day, fresh: [u8; 32]) -> Result<[u8; 32]> {
        let known = self.0.lock().unwrap().get(&day).copied();
        tokio::task::yield_now().await;
        let salt = known.unwrap_or(fresh);
        self.0.lock().unwrap().insert(day, salt);
        Ok(salt)
    }
}

struct OneForAllDays;

#[async_trait]
impl Fault for OneForAllDays {
    async fn salt(&self, good: &MemoryStats, _: Day, fresh: [u8; 32]) -> Result<[u8; 32]> {
        good.salt(Day::from_number(0), fresh).await
    }
}

/// Loses the salts of days to come when it forgets.
struct ForgetsTomorrow(AtomicI64);

#[async_trait]
impl Fault for ForgetsTomorrow {
    async fn forget(&self, good: &MemoryStats, now: Timestamp) -> Result<()> {
        self.0.store(now.day().number(), Ordering::Relaxed);
        good.expire(now).await
    }

    async fn salt(&self, good: &MemoryStats, day: Day, fresh: [u8; 32]) -> Result<[u8; 32]> {
        if day.number() > self.0.load(Ordering::Relaxed) {
            return Ok(fresh);
        }
        good.salt(day, fresh).await
    }
}

caught! { salts, salts_suite:
    the_first_salt_of_a_day_is_kept: rig(AlwaysFresh);
    concurrent_callers_get_the_same_salt: rig(LooksThenKeeps::default());
    today_and_yesterday_have_separate_salts: rig(OneForAllDays);
    a_new_day_erases_salts_before_yesterday: rig(LooksThenKeeps::default());
    expire_erases_only_salts_before_yesterday: rig(NeverForgets);
    expire_keeps_the_salt_of_tomorrow: rig(ForgetsTomorrow(i64::MAX.into()));
}
