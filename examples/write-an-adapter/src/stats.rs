//! The ports [`StatsStore`] and [`SaltStore`].

use async_trait::async_trait;
use horizon_core::{
    DEDUPE_WINDOW, Day, Event, ReaderId, Result, SaltStore, StatsStore, Timestamp, Topic, Update, VISITOR_RETENTION,
    apply_events,
};
use redb::{ReadableTable, WriteTransaction};

use crate::RedbStats;
use crate::error::RedbError;
use crate::ledger::{RedbLedger, read_total};
use crate::tables::{COUNTED, CUSTOM_EVENTS, LIKES, SALTS, TOTALS, VISITORS};

#[async_trait]
impl StatsStore for RedbStats {
    async fn apply(&self, events: &[Event]) -> Result<Vec<Update>> {
        let events = events.to_vec();
        self.write(move |transaction| apply_events(&mut RedbLedger(transaction), &events))
            .await
    }

    async fn totals(&self, topics: &[Topic]) -> Result<Vec<Update>> {
        let topics = topics.to_vec();
        self.read(move |transaction| {
            let (totals, events) = (transaction.open_table(TOTALS)?, transaction.open_table(CUSTOM_EVENTS)?);
            topics.iter().map(|topic| read_total(&totals, &events, topic)).collect()
        })
        .await
    }

    async fn is_liked_by(&self, topic: &Topic, reader: ReaderId) -> Result<bool> {
        let topic = topic.to_string();
        self.read(move |transaction| {
            let likes = transaction.open_table(LIKES)?;
            let like = likes.get((topic.as_str(), reader.as_u128()))?;
            Ok(like.is_some_and(|like| like.value().0))
        })
        .await
    }

    async fn expire(&self, now: Timestamp) -> Result<()> {
        let oldest_event = now.minus(DEDUPE_WINDOW).as_millis();
        let oldest_visit = now.minus(VISITOR_RETENTION).as_millis();
        // This scans whole tables while other writers wait. A large store needs indexes on the time.
        self.write(move |transaction| {
            transaction.open_table(COUNTED)?.retain(|_, at| at >= oldest_event)?;
            transaction
                .open_table(VISITORS)?
                .retain(|_, seen| seen >= oldest_visit)?;
            // Likes stay. Unlikes stay while an older like may still arrive.
            let mut likes = transaction.open_table(LIKES)?;
            likes.retain(|_, (is_liked, at, _)| is_liked || at >= oldest_event)?;
            expire_salts(transaction, now.day())
        })
        .await
    }
}

#[async_trait]
impl SaltStore for RedbStats {
    async fn salt(&self, day: Day, fresh: [u8; 32]) -> Result<[u8; 32]> {
        // Read and write in one transaction, so that concurrent callers get the same salt.
        self.write(move |transaction| {
            expire_salts(transaction, day)?;
            let mut salts = transaction.open_table(SALTS)?;
            let known = salts.get(day.number())?.map(|salt| salt.value());
            if let Some(known) = known {
                return Ok(known);
            }
            salts.insert(day.number(), fresh)?;
            Ok(fresh)
        })
        .await
    }
}

/// Erases the salts of all days before the day before `today`.
fn expire_salts(transaction: &WriteTransaction, today: Day) -> Result<(), RedbError> {
    let oldest = today.previous().number();
    Ok(transaction.open_table(SALTS)?.retain(|day, _| day >= oldest)?)
}
