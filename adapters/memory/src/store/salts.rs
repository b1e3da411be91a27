use async_trait::async_trait;
use horizon_core::{Day, Result, SaltStore};

use super::{MemoryStore, Tables};

#[async_trait]
impl SaltStore for MemoryStore {
    async fn salt(&self, day: Day, fresh: [u8; 32]) -> Result<[u8; 32]> {
        let mut tables = self.tables();
        tables.expire_salts(day);
        Ok(*tables.salts.entry(day).or_insert(fresh))
    }
}

impl Tables {
    /// Erases the salts that are more than a day older than `today`.
    pub(super) fn expire_salts(&mut self, today: Day) {
        self.salts.retain(|day, _| *day >= today.previous());
    }
}
